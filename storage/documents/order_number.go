package documents

import "strconv"

// numberEnd ends a number within an array, and every negative one has
// negativeEnd, so that a shorter run of digits sorts as its value does.
const (
	numberEnd   = '!'
	negativeEnd = '~'
)

// number appends the key of the number at e.pos (RFC 8259 section 6): its sign,
// its decimal exponent, and its significant digits. Nothing is rounded, and an
// exponent may have any number of digits.
func (e *encoder) number() error {
	in, i := e.in, e.pos
	negative := i < len(in) && in[i] == '-'
	if negative {
		i++
	}
	whole := digitsAt(in, i)
	if len(whole) == 0 || len(whole) > 1 && whole[0] == '0' {
		return e.fault(i)
	}
	i += len(whole)
	var fraction, power []byte
	if i < len(in) && in[i] == '.' {
		if fraction = digitsAt(in, i+1); len(fraction) == 0 {
			return e.fault(i)
		}
		i += 1 + len(fraction)
	}
	powerNegative := false
	if i < len(in) && (in[i] == 'e' || in[i] == 'E') {
		i++
		if i < len(in) && (in[i] == '+' || in[i] == '-') {
			powerNegative = in[i] == '-'
			i++
		}
		if power = digitsAt(in, i); len(power) == 0 {
			return e.fault(i)
		}
		i += len(power)
	}
	e.pos = i

	e.out = append(e.out, tagNumber)
	exponent := int64(len(whole)) - 1 // of the first digit
	lead := leadingZeros(whole)
	exponent -= int64(lead)
	if whole = whole[lead:]; len(whole) == 0 {
		lead = leadingZeros(fraction)
		exponent -= int64(lead)
		fraction = fraction[lead:]
	}
	fraction = trimZeros(fraction)
	if len(fraction) == 0 {
		whole = trimZeros(whole)
	}
	if len(whole) == 0 && len(fraction) == 0 {
		e.out = append(e.out, '0', numberEnd)
		return nil
	}
	if negative {
		e.out = append(e.out, '-')
		e.appendExponent(power, powerNegative, exponent, true)
		for _, digits := range [2][]byte{whole, fraction} {
			for _, c := range digits {
				e.out = append(e.out, '0'+'9'-c)
			}
		}
		e.out = append(e.out, negativeEnd)
		return nil
	}
	e.out = append(e.out, '1')
	e.appendExponent(power, powerNegative, exponent, false)
	e.out = append(e.out, whole...)
	e.out = append(e.out, fraction...)
	e.out = append(e.out, numberEnd)
	return nil
}

// appendExponent appends power (negative or not) plus shift, or with negate the
// negative of it, as text that sorts as the integer does.
func (e *encoder) appendExponent(power []byte, negative bool, shift int64, negate bool) {
	power = power[leadingZeros(power):]
	var digits []byte
	if len(power) <= 18 {
		var n int64
		for _, c := range power {
			n = n*10 + int64(c-'0')
		}
		if negative {
			n = -n
		}
		if n += shift; n < 0 {
			negative, n = true, -n
		} else {
			negative = false
		}
		var buf [20]byte
		digits = strconv.AppendInt(buf[:0], n, 10)
		negate = negate && n != 0
	} else {
		if negative {
			shift = -shift
		}
		digits = addDecimal(power, shift)
	}
	e.appendInteger(digits, negative != negate)
}

// appendInteger appends an integer as its sign and number of digits in one
// letter, then the digits; for a negative one everything runs backwards. One
// of more than nine digits has, between the two, its number of digits behind
// how many digits that has.
func (e *encoder) appendInteger(digits []byte, negative bool) {
	letter := byte(min(len(digits), 10))
	var long []byte
	if len(digits) > 9 {
		long = strconv.AppendInt(nil, int64(len(digits)), 10)
		long = append([]byte{'0' + byte(len(long))}, long...)
	}
	if !negative {
		e.out = append(e.out, 'P'+letter)
		e.out = append(e.out, long...)
		e.out = append(e.out, digits...)
		return
	}
	e.out = append(e.out, 'P'-letter)
	for _, part := range [2][]byte{long, digits} {
		for _, c := range part {
			e.out = append(e.out, '0'+'9'-c)
		}
	}
}

// addDecimal returns digits + n, where the sum is not negative.
func addDecimal(digits []byte, n int64) []byte {
	sum := append([]byte{'0'}, digits...)
	for i := len(sum) - 1; n != 0 && i >= 0; i-- {
		n += int64(sum[i] - '0')
		rest := n % 10
		if n /= 10; rest < 0 {
			rest += 10
			n--
		}
		sum[i] = '0' + byte(rest)
	}
	return sum[leadingZeros(sum):]
}

func digitsAt(in []byte, i int) []byte {
	end := i
	for end < len(in) && '0' <= in[end] && in[end] <= '9' {
		end++
	}
	return in[min(i, len(in)):end]
}

func leadingZeros(digits []byte) int {
	n := 0
	for n < len(digits) && digits[n] == '0' {
		n++
	}
	return n
}

func trimZeros(digits []byte) []byte {
	for len(digits) > 0 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	return digits
}
