package masking

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// stringEnd returns where the string at pos ends, and whether it has escapes; 0 when it may
// go on.
func (j *jsonMasker) stringEnd() (end int, escaped bool, err error) {
	src := j.src
	high := false
	for i := j.pos + 1; i < len(src); i++ {
		switch c := src[i]; {
		case c == '"':
			if high && !utf8.ValidString(src[j.pos:i]) {
				return 0, false, j.fail("it is not UTF-8")
			}
			return i + 1, escaped, nil
		case c == '\\':
			escaped = true
			n := escapeLength(src[i:])
			if n == 0 {
				return 0, false, j.fail("an escape in a string is not valid")
			}
			i += n - 1
		case c < ' ':
			return 0, false, j.fail("a string has a control character")
		case c >= 0x80:
			high = true
		}
	}
	return 0, false, nil
}

// escapeLength returns the length of the escape that text starts with, 0 for one that is
// not valid. An escape that text does not have to its end has the length that it would have.
func escapeLength(text string) int {
	if len(text) < 2 {
		return 2
	}
	if text[1] != 'u' {
		if strings.IndexByte(`"\/bfnrt`, text[1]) < 0 {
			return 0
		}
		return 2
	}
	for i := 2; i < min(len(text), 6); i++ {
		if !isHex(text[i]) {
			return 0
		}
	}
	return 6
}

// unescape returns the text of a valid string. Half of a surrogate pair becomes U+FFFD.
func unescape(raw string) string {
	out := make([]byte, 0, len(raw))
	for {
		i := strings.IndexByte(raw, '\\')
		if i < 0 {
			return string(append(out, raw...))
		}
		out = append(out, raw[:i]...)
		c := raw[i+1]
		if c != 'u' {
			if at := strings.IndexByte("bfnrt", c); at >= 0 {
				c = "\b\f\n\r\t"[at]
			}
			out, raw = append(out, c), raw[i+2:]
			continue
		}
		r := hexRune(raw[i+2 : i+6])
		raw = raw[i+6:]
		if utf16.IsSurrogate(r) {
			second := rune(0)
			if strings.HasPrefix(raw, `\u`) {
				second = hexRune(raw[2:6])
			}
			if r = utf16.DecodeRune(r, second); r != utf8.RuneError {
				raw = raw[6:]
			}
		}
		out = utf8.AppendRune(out, r)
	}
}

func hexRune(digits string) rune {
	r := rune(0)
	for _, c := range []byte(digits) {
		if c >= 'a' {
			c -= 'a' - '0' - 10
		} else if c >= 'A' {
			c -= 'A' - '0' - 10
		}
		r = r<<4 | rune(c-'0')
	}
	return r
}

// appendQuoted appends text as a JSON string. html says whether characters of HTML are
// escaped, as they were in the string before.
func appendQuoted(dst, text []byte, html bool) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c < ' ' || html && (c == '<' || c == '>' || c == '&'):
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// number takes in the number at pos (RFC 8259, section 6).
func (j *jsonMasker) number(final bool) error {
	end := j.pos
	for end < len(j.src) && (isDigit(j.src[end]) || strings.IndexByte("+-.eE", j.src[end]) >= 0) {
		end++
	}
	if end == len(j.src) && !final {
		return nil
	}
	text := j.src[j.pos:end]
	digits, ok := isNumber(text)
	if !ok {
		return j.fail("a number is not valid")
	}
	f := j.field()
	if f != nil && f.textOnly {
		f = nil
	}
	j.scalar(text, end, f, digits && len(text) >= minDigits, false)
	return nil
}

// isNumber reports whether text is a JSON number, and whether it has digits alone.
func isNumber(text string) (digits, ok bool) {
	rest := strings.TrimPrefix(text, "-")
	n := countDigits(rest)
	if n == 0 || n > 1 && rest[0] == '0' {
		return false, false
	}
	digits = n == len(text)
	rest = rest[n:]
	if strings.HasPrefix(rest, ".") {
		if n = countDigits(rest[1:]); n == 0 {
			return false, false
		}
		rest = rest[1+n:]
	}
	if rest != "" && rest[0]|0x20 == 'e' {
		rest = rest[1:]
		if rest != "" && (rest[0] == '+' || rest[0] == '-') {
			rest = rest[1:]
		}
		if n = countDigits(rest); n == 0 {
			return false, false
		}
		rest = rest[n:]
	}
	return digits, rest == ""
}

func countDigits(text string) int {
	n := 0
	for n < len(text) && isDigit(text[n]) {
		n++
	}
	return n
}
