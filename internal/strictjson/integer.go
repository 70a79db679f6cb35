package strictjson

import (
	"strconv"
	"strings"
)

// maxDigits is how many digits the largest integer that a Go integer holds has.
const maxDigits = 20

// integer returns a JSON number that is an integer in plain digits: "60" for 60,
// 60.0 and 6e1. It reports false for a fraction, and for an integer of more than
// [maxDigits] digits. It takes no more memory than the text has bytes, whatever
// the exponent.
func integer(text string) (string, bool) {
	if !strings.ContainsAny(text, ".eE") {
		return unsignedZero(text), true
	}
	mantissa, exponent := text, 0
	if e := strings.IndexAny(text, "eE"); e >= 0 {
		mantissa = text[:e]
		// What is out of range becomes the least or the largest int.
		exponent, _ = strconv.Atoi(text[e+1:])
	}
	mantissa, isNegative := strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	significant := strings.TrimRight(digits, "0")
	if significant == "" {
		return "0", true
	}
	// Beyond these bounds the exponent decides alone.
	exponent = min(max(exponent, -len(text)-1), len(text)+maxDigits+1)
	zeros := exponent - len(fraction) + len(digits) - len(significant)
	if zeros < 0 || len(significant)+zeros > maxDigits {
		return "", false
	}
	plain := significant + strings.Repeat("0", zeros)
	if isNegative {
		plain = "-" + plain
	}
	return plain, true
}

// unsignedZero returns "0" for "-0", which is no unsigned integer to strconv.
func unsignedZero(text string) string {
	if text == "-0" {
		return "0"
	}
	return text
}
