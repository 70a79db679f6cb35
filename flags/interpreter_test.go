package flags_test

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// interpreter computes rules the plain way: it walks over the JSON at each evaluation,
// and shares nothing with the compiler. Values are those of encoding/json.
type interpreter struct {
	flagKey string
	v012    bool
}

func (in interpreter) root(attributes map[string]any) map[string]any {
	data := map[string]any{"$flagd": map[string]any{"flagKey": in.flagKey, "timestamp": float64(time.Now().Unix())}}
	for name, x := range attributes {
		if name != "$flagd" {
			data[name] = x
		}
	}
	return data
}

func (in interpreter) apply(rule, data any) any {
	switch rule := rule.(type) {
	case []any:
		return in.applyAll(rule, data)
	case map[string]any:
		for operator, operand := range rule {
			args, isArray := operand.([]any)
			if !isArray {
				args = []any{operand}
			}
			return in.operator(operator, args, data)
		}
	}
	return rule
}

func (in interpreter) applyAll(rules []any, data any) []any {
	all := make([]any, len(rules))
	for i, rule := range rules {
		all[i] = in.apply(rule, data)
	}
	return all
}

func (in interpreter) operator(name string, args []any, data any) any {
	switch name {
	case "if", "?:":
		for ; len(args) > 1; args = args[2:] {
			if isTrue(in.apply(args[0], data)) {
				return in.apply(args[1], data)
			}
		}
		if len(args) == 1 {
			return in.apply(args[0], data)
		}
		return nil
	case "and", "or":
		var last any
		for _, arg := range args {
			if last = in.apply(arg, data); isTrue(last) == (name == "or") {
				break
			}
		}
		return last
	case "map", "filter", "all", "none", "some", "reduce":
		return in.loop(name, args, data)
	case "fractional":
		return in.fractional(args, data)
	}
	values := in.applyAll(args, data)
	switch name {
	case "var":
		return in.variable(values, data)
	case "missing":
		if len(values) > 0 {
			if keys, ok := values[0].([]any); ok {
				values = keys
			}
		}
		return in.missing(values, data)
	case "missing_some":
		keys, isArray := values[1].([]any)
		if !isArray {
			keys = []any{values[1]}
		}
		absent := in.missing(keys, data)
		if float64(len(keys)-len(absent)) >= toNumber(values[0]) {
			return []any{}
		}
		return absent
	}
	return compute(name, values)
}

func (in interpreter) variable(values []any, data any) any {
	var fallback any
	if len(values) == 2 {
		fallback = values[1]
	}
	if len(values) == 0 || values[0] == nil || values[0] == "" {
		return data
	}
	for step := range strings.SplitSeq(toText(values[0]), ".") {
		var ok bool
		switch at := data.(type) {
		case map[string]any:
			data, ok = at[step]
		case []any:
			i, err := strconv.Atoi(step)
			if ok = err == nil && i >= 0 && i < len(at) && strconv.Itoa(i) == step; ok {
				data = at[i]
			}
		}
		if !ok {
			return fallback
		}
	}
	return data
}

func (in interpreter) missing(keys []any, data any) []any {
	absent := []any{}
	for _, key := range keys {
		if x := in.variable([]any{key}, data); x == nil || x == "" {
			absent = append(absent, key)
		}
	}
	return absent
}

func (in interpreter) loop(name string, args []any, data any) any {
	items, _ := in.apply(args[0], data).([]any)
	if name == "reduce" {
		accumulator := in.apply(args[2], data)
		for _, item := range items {
			accumulator = in.apply(args[1], map[string]any{"current": item, "accumulator": accumulator})
		}
		return accumulator
	}
	mapped, kept := []any{}, []any{}
	for _, item := range items {
		x := in.apply(args[1], item)
		mapped = append(mapped, x)
		if isTrue(x) {
			kept = append(kept, item)
		}
	}
	switch name {
	case "map":
		return mapped
	case "filter":
		return kept
	case "all":
		return len(items) > 0 && len(kept) == len(items)
	case "some":
		return len(kept) > 0
	}
	return len(kept) == 0
}

func (in interpreter) fractional(args []any, data any) any {
	var key any
	if _, isArray := args[0].([]any); !isArray {
		key = in.apply(args[0], data)
		args = args[1:]
	}
	if key == nil {
		targetingKey, ok := in.variable([]any{"targetingKey"}, data).(string)
		if !ok {
			return nil
		}
		flagKey, _ := in.variable([]any{"$flagd.flagKey"}, data).(string)
		key = flagKey + targetingKey
	}
	bucketed, ok := key.(string)
	if !ok {
		return nil
	}
	weights, total := make([]int64, len(args)), int64(0)
	for i, arg := range args {
		weights[i] = 1
		if pair := arg.([]any); len(pair) == 2 {
			weight, ok := in.apply(pair[1], data).(float64)
			if !ok || math.IsNaN(weight) || weight > math.MaxInt32 {
				return nil
			}
			weights[i] = int64(max(0, weight))
		}
		total += weights[i]
	}
	if total > math.MaxInt32 || total == 0 {
		return nil
	}
	hash := plainMurmur3([]byte(bucketed))
	end, percent := int64(0), 0.0
	for i, weight := range weights {
		end += weight
		percent += 100 * float64(weight) / float64(total)
		isHere := int64(uint64(hash)*uint64(total)>>32) < end
		if in.v012 {
			isHere = math.Abs(float64(int32(hash)))/math.MaxInt32*100 < percent
		}
		if isHere {
			return in.apply(args[i].([]any)[0], data)
		}
	}
	return ""
}

// compute computes the operators that see values alone.
func compute(name string, v []any) any {
	switch name {
	case "!":
		return !isTrue(v[0])
	case "!!":
		return isTrue(v[0])
	case "==":
		return looselyEqual(v[0], v[1])
	case "!=":
		return !looselyEqual(v[0], v[1])
	case "===":
		return strictlyEqual(v[0], v[1])
	case "!==":
		return !strictlyEqual(v[0], v[1])
	case "<", "<=", ">", ">=":
		for i := range len(v) - 1 {
			if !compares(name, v[i], v[i+1]) {
				return false
			}
		}
		return true
	case "max", "min", "+", "*", "-", "/", "%":
		return calculate(name, v)
	case "merge":
		merged := []any{}
		for _, x := range v {
			if items, ok := x.([]any); ok {
				merged = append(merged, items...)
			} else {
				merged = append(merged, x)
			}
		}
		return merged
	case "in":
		switch hay := v[1].(type) {
		case string:
			return strings.Contains(hay, toText(v[0]))
		case []any:
			return slices.ContainsFunc(hay, func(x any) bool { return strictlyEqual(v[0], x) })
		}
		return false
	case "cat":
		all := ""
		for _, x := range v {
			if x != nil {
				all += toText(x)
			}
		}
		return all
	case "substr":
		return substring(v)
	case "log":
		return v[0]
	case "starts_with", "ends_with":
		a, okA := v[0].(string)
		b, okB := v[1].(string)
		if !okA || !okB {
			return nil
		}
		if name == "starts_with" {
			return len(a) >= len(b) && a[:len(b)] == b
		}
		return len(a) >= len(b) && a[len(a)-len(b):] == b
	case "sem_ver":
		return compareVersions(v)
	}
	panic("unknown operator " + name)
}

func calculate(name string, v []any) any {
	if name == "-" && len(v) == 1 {
		return -toNumber(v[0])
	}
	var all float64
	for i, x := range v {
		f := toNumber(x)
		if name == "+" || name == "*" {
			f = leadingNumber(x)
		}
		switch {
		case i == 0:
			all = f
		case name == "max":
			all = math.Max(all, f)
		case name == "min":
			all = math.Min(all, f)
		case name == "+":
			all += f
		case name == "*":
			all *= f
		case name == "-":
			all -= f
		case name == "/":
			all /= f
		case name == "%":
			all = math.Mod(all, f)
		}
	}
	return all
}

func substring(v []any) any {
	runes := []rune(toText(v[0]))
	clip := func(x any) int {
		f := toNumber(x)
		if math.IsNaN(f) {
			return 0
		}
		n := int(math.Trunc(max(min(f, 1e9), -1e9)))
		if n < 0 {
			n = max(0, len(runes)+n)
		}
		return min(n, len(runes))
	}
	runes = runes[clip(v[1]):]
	if len(v) == 3 {
		runes = runes[:clip(v[2])]
	}
	return string(runes)
}
