package flags

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// kind is the type of a JSON value.
type kind uint8

const (
	null kind = iota
	boolean
	number
	text
	list
	object
)

// value is a JSON value that a rule computes with. It is passed by value, so that a
// rule allocates nothing for it. The zero value is null.
type value struct {
	kind kind
	num  float64 // of a number; 1 for true
	str  string
	ref  any // of a list: []value or []any; of an object: map[string]any
}

func boolValue(b bool) value {
	if b {
		return value{kind: boolean, num: 1}
	}
	return value{kind: boolean}
}

func numberValue(f float64) value   { return value{kind: number, num: f} }
func textValue(s string) value      { return value{kind: text, str: s} }
func listValue(items []value) value { return value{kind: list, ref: items} }

// valueOf returns the value of what JSON decodes to, and of Go's other plain types:
// integers, time.Time as RFC 3339 text, and what encoding/json makes of the rest. It
// reports false for what JSON cannot hold: NaN, infinities, functions, channels.
func valueOf(x any) (value, bool) {
	switch x := x.(type) {
	case nil:
		return value{}, true
	case string:
		return textValue(x), true
	case bool:
		return boolValue(x), true
	case float64:
		return numberValue(x), !math.IsNaN(x) && !math.IsInf(x, 0)
	case int:
		return numberValue(float64(x)), true
	case int64:
		return numberValue(float64(x)), true
	case map[string]any:
		return value{kind: object, ref: x}, true
	case []any:
		return value{kind: list, ref: x}, true
	case value:
		return x, true
	}
	return otherValue(x)
}

func otherValue(x any) (value, bool) {
	switch x := x.(type) {
	case int8:
		return numberValue(float64(x)), true
	case int16:
		return numberValue(float64(x)), true
	case int32:
		return numberValue(float64(x)), true
	case uint:
		return numberValue(float64(x)), true
	case uint8:
		return numberValue(float64(x)), true
	case uint16:
		return numberValue(float64(x)), true
	case uint32:
		return numberValue(float64(x)), true
	case uint64:
		return numberValue(float64(x)), true
	case float32:
		return valueOf(float64(x))
	case json.Number:
		f, err := x.Float64()
		return numberValue(f), err == nil
	case time.Time:
		return textValue(x.Format(time.RFC3339Nano)), true
	}
	return encodedValue(x)
}

// encodedValue goes through JSON, which is slow and right for every type.
func encodedValue(x any) (value, bool) {
	encoded, err := json.Marshal(x)
	if err != nil {
		return value{}, false
	}
	var decoded any
	if err := json.Unmarshal(encoded, &decoded); err != nil {
		return value{}, false
	}
	return valueOf(decoded)
}

// length returns how many elements a list has; 0 for everything else.
func (v value) length() int {
	switch items := v.ref.(type) {
	case []value:
		return len(items)
	case []any:
		return len(items)
	}
	return 0
}

// at returns an element of a list. One that JSON cannot hold is null; see env.at.
func (v value) at(i int) value {
	switch items := v.ref.(type) {
	case []value:
		return items[i]
	case []any:
		element, _ := valueOf(items[i])
		return element
	}
	return value{}
}

// cost returns how many steps it is to read the value, beside the one of an operation.
func (v value) cost() int {
	const bytesPerStep, elementsPerStep = 64, 16
	steps := len(v.str)/bytesPerStep + v.length()/elementsPerStep
	for i := range v.length() {
		steps += v.at(i).cost()
	}
	return steps
}

// truthy is JsonLogic's idea of truth: null, false, 0, NaN, "" and an empty list are
// false, everything else is true, "0" included.
func (v value) truthy() bool {
	switch v.kind {
	case boolean:
		return v.num != 0
	case number:
		return v.num != 0 && !math.IsNaN(v.num)
	case text:
		return v.str != ""
	case list:
		return v.length() > 0
	case object:
		return true
	case null:
	}
	return false
}

// toNumber is the Number() of ECMAScript.
func (v value) toNumber() float64 {
	switch v.kind {
	case boolean, number:
		return v.num
	case text:
		return numberOf(v.str)
	case list:
		return numberOf(v.toText())
	case object:
		return math.NaN()
	case null:
	}
	return 0
}

// numberOf reads a whole text as a numeric literal of ECMAScript.
func numberOf(s string) float64 {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0
	}
	if len(s) > 2 && s[0] == '0' {
		if base := map[byte]int{'x': 16, 'o': 8, 'b': 2}[s[1]|0x20]; base != 0 {
			n, err := strconv.ParseUint(s[2:], base, 64)
			if err != nil {
				return math.NaN()
			}
			return float64(n)
		}
	}
	if n := decimalPrefix(s); n != len(s) {
		return math.NaN()
	}
	return decimal(s)
}

// parseFloat is the function of ECMAScript of that name: it reads the number that a
// text begins with. Only text and numbers begin with one.
func (v value) parseFloat() float64 {
	if v.kind == number {
		return v.num
	}
	s := strings.TrimLeft(v.toText(), " \t\r\n\v\f\u00a0\ufeff")
	if v.kind == boolean || v.kind == null {
		return math.NaN()
	}
	n := decimalPrefix(s)
	if n == 0 {
		return math.NaN()
	}
	return decimal(s[:n])
}

// decimalPrefix returns how many bytes at the beginning of s are a decimal number or
// Infinity with an optional sign.
func decimalPrefix(s string) int {
	i, digits := 0, 0
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	if strings.HasPrefix(s[i:], "Infinity") {
		return i + len("Infinity")
	}
	for ; i < len(s) && isDigit(s[i]); i++ {
		digits++
	}
	if i < len(s) && s[i] == '.' {
		fraction := i + 1
		for ; fraction < len(s) && isDigit(s[fraction]); fraction++ {
			digits++
		}
		if digits > 0 {
			i = fraction
		}
	}
	if digits == 0 {
		return 0
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		exponent := i + 1
		if exponent < len(s) && (s[exponent] == '+' || s[exponent] == '-') {
			exponent++
		}
		first := exponent
		for exponent < len(s) && isDigit(s[exponent]) {
			exponent++
		}
		if exponent > first {
			i = exponent
		}
	}
	return i
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// decimal reads what decimalPrefix found. Too large a number is infinite.
func decimal(s string) float64 {
	f, _ := strconv.ParseFloat(strings.Replace(s, "Infinity", "Inf", 1), 64) // it returns an infinity with its error
	return f
}

// toText is the String() of ECMAScript.
func (v value) toText() string {
	switch v.kind {
	case boolean:
		return strconv.FormatBool(v.num != 0)
	case number:
		return formatNumber(v.num)
	case text:
		return v.str
	case list:
		return v.joined()
	case object:
		return "[object Object]"
	case null:
	}
	return "null"
}

// joined is the join(",") of ECMAScript, where null is "".
func (v value) joined() string {
	var parts []string
	for i := range v.length() {
		if element := v.at(i); element.kind == null {
			parts = append(parts, "")
		} else {
			parts = append(parts, element.toText())
		}
	}
	return strings.Join(parts, ",")
}

// formatNumber writes a number as ECMAScript does (ECMA-262, Number::toString).
func formatNumber(f float64) string {
	switch {
	case f == 0:
		return "0"
	case math.IsInf(f, 0):
		return strings.Replace(strconv.FormatFloat(f, 'f', -1, 64), "Inf", "Infinity", 1)[boolInt(f > 0):]
	case math.IsNaN(f):
		return "NaN"
	case math.Abs(f) < 1e-6 || math.Abs(f) >= 1e21:
		// Go pads the exponent to two digits.
		mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
		return mantissa + "e" + exponent[:1] + strings.TrimLeft(exponent[1:], "0")
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// same is ECMAScript's ===, where a list or an object equals nothing.
func (v value) same(w value) bool {
	if v.kind != w.kind {
		return false
	}
	switch v.kind {
	case boolean, number:
		return v.num == w.num
	case text:
		return v.str == w.str
	case null:
		return true
	case list, object:
	}
	return false
}

// equal is ECMAScript's ==, where two lists or objects never are.
func (v value) equal(w value) bool {
	if v.kind == w.kind {
		return v.same(w)
	}
	isV, isW := v.kind >= list, w.kind >= list
	switch {
	case v.kind == null || w.kind == null, isV && isW:
		return false
	case v.kind == boolean || w.kind == boolean, !isV && !isW:
		return v.toNumber() == w.toNumber()
	case isV:
		return textValue(v.toText()).equal(w)
	}
	return v.equal(textValue(w.toText()))
}

// less returns whether v < w, or v <= w with orEqual, by ECMAScript's rules,
// except that texts compare by code points.
func (v value) less(w value, orEqual bool) bool {
	if v.kind >= list {
		v = textValue(v.toText())
	}
	if w.kind >= list {
		w = textValue(w.toText())
	}
	if v.kind == text && w.kind == text {
		return v.str < w.str || orEqual && v.str == w.str
	}
	a, b := v.toNumber(), w.toNumber()
	return a < b || orEqual && a == b
}
