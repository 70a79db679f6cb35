package flags_test

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

func isTrue(x any) bool {
	switch x := x.(type) {
	case bool:
		return x
	case float64:
		return x != 0 && !math.IsNaN(x)
	case string:
		return x != ""
	case []any:
		return len(x) > 0
	}
	return x != nil
}

func toText(x any) string {
	switch x := x.(type) {
	case nil:
		return "null"
	case bool:
		if x {
			return "true"
		}
		return "false"
	case float64:
		return numberText(x)
	case string:
		return x
	case []any:
		parts := make([]string, len(x))
		for i, item := range x {
			if item != nil {
				parts[i] = toText(item)
			}
		}
		return strings.Join(parts, ",")
	}
	return "[object Object]"
}

func numberText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case f == 0:
		return "0"
	case math.IsInf(f, 0):
		return map[bool]string{true: "Infinity", false: "-Infinity"}[f > 0]
	}
	if a := math.Abs(f); a >= 1e-6 && a < 1e21 {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	s := strconv.FormatFloat(f, 'e', -1, 64)
	return strings.ReplaceAll(strings.ReplaceAll(s, "e-0", "e-"), "e+0", "e+")
}

func toNumber(x any) float64 {
	switch x := x.(type) {
	case nil:
		return 0
	case bool:
		if x {
			return 1
		}
		return 0
	case float64:
		return x
	case string:
		return textNumber(x)
	case []any:
		return textNumber(toText(x))
	}
	return math.NaN()
}

// isDecimal reports whether s is a decimal literal of ECMAScript.
func isDecimal(s string) bool {
	s = strings.TrimLeft(s, "+-")
	_, err := strconv.ParseFloat(s, 64)
	return (err == nil || strings.Contains(err.Error(), "range")) && s != "" &&
		strings.Trim(s, "0123456789.eE+-") == "" && !strings.HasPrefix(s, "+") && !strings.HasPrefix(s, "-")
}

func textNumber(s string) float64 {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return 0
	case s == "Infinity" || s == "+Infinity":
		return math.Inf(1)
	case s == "-Infinity":
		return math.Inf(-1)
	case isDecimal(s) && (len(s) < 2 || !strings.Contains("+-", s[1:2])):
		f, _ := strconv.ParseFloat(s, 64)
		return f
	case len(s) > 2 && s[0] == '0' && strings.Contains("xXoObB", s[1:2]) && !strings.Contains("+-_", s[2:3]):
		if u, err := strconv.ParseUint(s, 0, 64); err == nil && !strings.Contains(s, "_") {
			return float64(u)
		}
	}
	return math.NaN()
}

// leadingNumber tries ever shorter beginnings of a text.
func leadingNumber(x any) float64 {
	switch x := x.(type) {
	case nil, bool:
		return math.NaN()
	case float64:
		return x
	}
	s := strings.TrimLeftFunc(toText(x), unicode.IsSpace)
	for n := len(s); n > 0; n-- {
		if unicode.IsSpace(rune(s[n-1])) || len(s[:n]) > 1 && s[0] == '0' && strings.Contains("xXoObB", s[1:2]) && n > 1 {
			continue
		}
		if f := textNumber(s[:n]); !math.IsNaN(f) && strings.TrimSpace(s[:n]) == s[:n] {
			return f
		}
	}
	return math.NaN()
}

func strictlyEqual(a, b any) bool {
	switch a := a.(type) {
	case nil:
		return b == nil
	case bool, string, float64:
		switch b.(type) {
		case bool, string, float64:
			return a == b
		}
	}
	return false
}

func looselyEqual(a, b any) bool {
	isPlain := func(x any) bool {
		switch x.(type) {
		case bool, string, float64:
			return true
		}
		return false
	}
	isObject := func(x any) bool { return x != nil && !isPlain(x) }
	switch {
	case a == nil || b == nil:
		return a == nil && b == nil
	case isObject(a) && isObject(b):
		return false
	case isObject(a):
		return looselyEqual(toText(a), b)
	case isObject(b):
		return looselyEqual(a, toText(b))
	}
	_, textA := a.(string)
	_, textB := b.(string)
	if textA && textB {
		return a == b
	}
	return toNumber(a) == toNumber(b)
}

func compares(operator string, a, b any) bool {
	primitive := func(x any) any {
		switch x.(type) {
		case []any, map[string]any:
			return toText(x)
		}
		return x
	}
	a, b = primitive(a), primitive(b)
	textA, okA := a.(string)
	textB, okB := b.(string)
	order := 0
	if okA && okB {
		order = strings.Compare(textA, textB)
	} else {
		x, y := toNumber(a), toNumber(b)
		switch {
		case math.IsNaN(x) || math.IsNaN(y):
			return false
		case x < y:
			order = -1
		case x > y:
			order = 1
		}
	}
	switch operator {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}
