package flags_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/flags"
)

// withRule is a definition of one flag with a rule.
func withRule(rule string) string {
	return `{"flags": {"f": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off", "targeting": ` + rule + `}}}`
}

// nested is a rule that nests so many objects in arrays.
func nested(levels int) string {
	return strings.Repeat(`{"!":[`, levels) + "true" + strings.Repeat("]}", levels)
}

// wrong is what a definition must not hold: the pointers of its faults, and a part of
// what the first says.
func wrong() map[string]struct {
	definition string
	says       string
	pointers   []string
} {
	type fault = struct {
		definition string
		says       string
		pointers   []string
	}
	const rule = "/flags/f/targeting"
	ofRule := func(rule, says string, pointers ...string) fault { return fault{withRule(rule), says, pointers} }
	ofFlag := func(flag, says string, pointers ...string) fault {
		return fault{`{"flags": {"f": ` + flag + `}}`, says, pointers}
	}
	ofEvaluators := func(evaluators, says string, pointers ...string) fault {
		return fault{`{"flags": {"f": {"state": "ENABLED", "variants": {"on": true}, "targeting": {"if": [{"$ref": "a"}, "on"]}}},
			"$evaluators": ` + evaluators + `}`, says, pointers}
	}
	return map[string]fault{
		"nothing":            {``, "valid JSON", []string{""}},
		"no JSON":            {`{"flags": `, "ends too early", []string{""}},
		"two values":         {`{"flags": {}} {}`, "more than one", []string{""}},
		"no object":          {`[]`, "must be an object", []string{""}},
		"no flags":           {`{}`, "must be an object of flags", []string{"/flags"}},
		"flags of a number":  {`{"flags": 5}`, "must be an object of flags", []string{"/flags"}},
		"a member twice":     {`{"flags": {}, "flags": {}}`, "more than once", []string{"/flags"}},
		"half a surrogate":   {`{"flags": {}, "x": "\ud800"}`, "surrogate", []string{"/x"}},
		"too deep":           {withRule(nested(40)), "deeper than 64", []string{""}},
		"metadata":           {`{"flags": {}, "metadata": []}`, "must be an object", []string{"/metadata"}},
		"nested metadata":    {`{"flags": {}, "metadata": {"a": {}}}`, "must be a string", []string{"/metadata/a"}},
		"another bucketing":  {`{"flags": {}, "metadata": {"bucketing": "v1"}}`, "v0.12", []string{"/metadata/bucketing"}},
		"evaluators":         {`{"flags": {}, "$evaluators": []}`, "must be an object", []string{"/$evaluators"}},
		"an empty key":       {`{"flags": {"": {"state": "ENABLED", "variants": {"on": 1}}}}`, "empty key", []string{"/flags/"}},
		"no key":             {`{"flags": [{"state": "ENABLED", "variants": {"on": 1}}]}`, "with a key", []string{"/flags/0"}},
		"one key twice":      {`{"flags": [{"key": "a", "state": "ENABLED", "variants": {"on": 1}}, {"key": "a"}]}`, "two flags", []string{"/flags/1/key"}},
		"a flag of text":     ofFlag(`"on"`, "must be an object", "/flags/f"),
		"no state":           ofFlag(`{"variants": {"on": 1}}`, "ENABLED", "/flags/f/state"),
		"another state":      ofFlag(`{"state": "enabled", "variants": {"on": 1}}`, "ENABLED", "/flags/f/state"),
		"no variants":        ofFlag(`{"state": "ENABLED"}`, "at least one", "/flags/f/variants"),
		"empty variants":     ofFlag(`{"state": "ENABLED", "variants": {}}`, "at least one", "/flags/f/variants"),
		"an unnamed variant": ofFlag(`{"state": "ENABLED", "variants": {"": true}, "defaultVariant": ""}`, "empty name", "/flags/f/variants/"),
		"a null variant":     ofFlag(`{"state": "ENABLED", "variants": {"on": null}}`, "must be a boolean", "/flags/f/variants/on"),
		"mixed variants":     ofFlag(`{"state": "ENABLED", "variants": {"a": 1, "b": "x"}}`, "is a string", "/flags/f/variants/b"),
		"a large number":     ofFlag(`{"state": "ENABLED", "variants": {"a": 9007199254740992}}`, "2^53-1", "/flags/f/variants/a"),
		"no number":          ofFlag(`{"state": "ENABLED", "variants": {"a": 1e999}}`, "2^53-1", "/flags/f/variants/a"),
		"no number inside":   ofFlag(`{"state": "ENABLED", "variants": {"a": {"b": 1e999}}}`, "too large", "/flags/f/variants/a"),
		"no default variant": ofFlag(`{"state": "ENABLED", "variants": {"a": 1}, "defaultVariant": "b"}`, `no variant "b"`, "/flags/f/defaultVariant"),
		"a default of 1":     ofFlag(`{"state": "ENABLED", "variants": {"a": 1}, "defaultVariant": 1}`, "a string, or null", "/flags/f/defaultVariant"),
		"flag metadata":      ofFlag(`{"state": "ENABLED", "variants": {"a": 1}, "metadata": {"a": []}}`, "must be a string", "/flags/f/metadata/a"),
		"two faults":         ofFlag(`{"state": "ON", "variants": {"a": 1}, "defaultVariant": "b"}`, "", "/flags/f/defaultVariant", "/flags/f/state"),
		"targeting of text":  ofRule(`"on"`, "must be an object", rule),

		"an unknown operator":  ofRule(`{"if": [{"equals": [1, 1]}, "on", "off"]}`, `"equals" is unknown`, rule+"/if/0/equals"),
		"two operators":        ofRule(`{"==": [1, 1], "!": true}`, `"!", "=="`, rule),
		"an escaped pointer":   ofRule(`{"a/b~c": 1}`, "unknown", rule+"/a~1b~0c"),
		"too few operands":     ofRule(`{"==": [1]}`, "2 operands, not 1", rule+"/=="),
		"too many operands":    ofRule(`{"<": [1, 2, 3, 4]}`, "2 to 3 operands", rule+"/<"),
		"no operand":           ofRule(`{"+": []}`, "1 or more", rule+"/+"),
		"one operand too many": ofRule(`{"!": [1, 2]}`, "1 operand, not 2", rule+"/!"),
		"too large a number":   ofRule(`{"==": [1e999, 1]}`, "too large", rule+"/==/0"),
		"another $flagd":       ofRule(`{"var": "$flagd.key"}`, "$flagd.flagKey", rule+"/var"),
		"starts_with a number": ofRule(`{"starts_with": [{"var": "a"}, 5]}`, "takes strings", rule+"/starts_with/1"),
		"no version":           ofRule(`{"sem_ver": [{"var": "v"}, ">", "one"]}`, "not a version", rule+"/sem_ver/2"),
		"no comparison":        ofRule(`{"sem_ver": [{"var": "v"}, "=>", "1.0.0"]}`, "must be one of", rule+"/sem_ver/1"),

		"a variant that is not there":      ofRule(`{"if": [true, "on", "of"]}`, `no variant "of"`, rule+"/if/2"),
		"true is no variant":               ofRule(`{"if": [true, true]}`, `no variant "true"`, rule+"/if/1"),
		"a list is no variant":             ofRule(`{"if": [true, ["on"]]}`, "is no variant", rule+"/if/1"),
		"a variant of or":                  ofRule(`{"or": [{"var": "v"}, "none"]}`, `no variant "none"`, rule+"/or/1"),
		"a share that is not there":        ofRule(`{"fractional": [["on", 1], ["none", 1]]}`, `no variant "none"`, rule+"/fractional/1/0"),
		"a nested share that is not there": ofRule(`{"fractional": [[{"if": [true, "none"]}, 1]]}`, `no variant "none"`, rule+"/fractional/0/0/if/1"),

		"fractional of text":      ofRule(`{"fractional": "on"}`, "takes an array", rule+"/fractional"),
		"fractional of nothing":   ofRule(`{"fractional": []}`, "at least one", rule+"/fractional"),
		"fractional by 5":         ofRule(`{"fractional": [5, ["on", 1]]}`, "bucketing value", rule+"/fractional/0"),
		"only a bucketing value":  ofRule(`{"fractional": [{"var": "a"}]}`, "at least one", rule+"/fractional"),
		"no share":                ofRule(`{"fractional": [["on"], "off"]}`, "must be an array", rule+"/fractional/1"),
		"an empty share":          ofRule(`{"fractional": [[]]}`, "must be an array", rule+"/fractional/0"),
		"a share of three":        ofRule(`{"fractional": [["on", 1, 2]]}`, "must be an array", rule+"/fractional/0"),
		"a negative weight":       ofRule(`{"fractional": [["on", -1], ["off", 5]]}`, "negative", rule+"/fractional/0/1"),
		"a weight of a half":      ofRule(`{"fractional": [["on", 25.5], ["off", 5]]}`, "integer", rule+"/fractional/0/1"),
		"a weight of text":        ofRule(`{"fractional": [["on", "5"]]}`, "integer or a rule", rule+"/fractional/0/1"),
		"a large weight":          ofRule(`{"fractional": [["on", 2147483648]]}`, "at most", rule+"/fractional/0/1"),
		"weights of nothing":      ofRule(`{"fractional": [["on", 0], ["off", 0]]}`, "sum to nothing", rule+"/fractional"),
		"weights of too much":     ofRule(`{"fractional": [["on", 2147483647], ["off", 1]]}`, "more than 2147483647", rule+"/fractional"),
		"weights beside a rule":   ofRule(`{"fractional": [["on", 2147483647], ["off", 1], ["on", {"var": "n"}]]}`, "more than", rule+"/fractional"),
		"no evaluator":            ofRule(`{"$ref": "none"}`, `no evaluator "none"`, rule+"/$ref"),
		"an evaluator of 5":       ofRule(`{"$ref": 5}`, "must be the name", rule+"/$ref"),
		"an evaluator of itself":  ofEvaluators(`{"a": {"!": [{"$ref": "a"}]}}`, "a → a", "/$evaluators/a/!/0/$ref"),
		"evaluators in a circle":  ofEvaluators(`{"a": {"$ref": "b"}, "b": {"$ref": "c"}, "c": {"!": {"$ref": "a"}}}`, "a → b → c → a", "/$evaluators/c/!/$ref"),
		"a fault in an evaluator": ofEvaluators(`{"a": {"nor": []}}`, "unknown", "/$evaluators/a/nor"),
		"references that nest too deep": ofEvaluators(`{"a": `+strings.Replace(nested(20), "true", `{"$ref": "b"}`, 1)+`,
			"b": `+strings.Replace(nested(20), "true", `{"$ref": "c"}`, 1)+`, "c": `+nested(28)+`}`, "deeper than 64", "/$evaluators/a"),
		"references that multiply": ofEvaluators(multiplying(), "more than 100000 operations", "/$evaluators/b"),
		"too many bytes":           {`{"flags": {}, "x": "` + strings.Repeat("x", flags.MaxDefinition) + `"}`, "at most 1048576", []string{""}},
		"too many flags":           {manyFlags(flags.MaxFlags + 1), "at most 10000", []string{"/flags"}},
	}
}

// multiplying are evaluators that refer to the next one ten times each.
func multiplying() string {
	all := `"g": {"var": "x"}`
	for name, next := range map[string]string{"a": "b", "b": "c", "c": "d", "d": "e", "e": "f", "f": "g"} {
		all += fmt.Sprintf(`, %q: {"or": [%s]}`, name, strings.Join(slices.Repeat([]string{fmt.Sprintf(`{"$ref": %q}`, next)}, 10), ", "))
	}
	return "{" + all + "}"
}

func manyFlags(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`"f%d": {"state": "ENABLED", "variants": {"on": true}}`, i)
	}
	return `{"flags": {` + strings.Join(all, ",") + "}}"
}

func TestWrongDefinitions(t *testing.T) {
	t.Parallel()
	for name, c := range wrong() {
		set, err := flags.Parse([]byte(c.definition))
		e, ok := errors.AsType[*cpodkit.Error](err)
		if !ok || e.Code != cpodkit.CodeValidationFailed || set != nil {
			t.Errorf("%s: the error is %v", name, err)
			continue
		}
		pointers, said := []string{}, false
		for _, f := range e.Fields {
			pointers = append(pointers, f.Pointer)
			said = said || strings.Contains(f.Detail, c.says)
		}
		if !slices.Equal(pointers, c.pointers) || !said {
			t.Errorf("%s: the error is %v; want %q at %q", name, err, c.says, c.pointers)
		}
	}
}

// A flag with a fault is alone in that, and evaluates to what flagd makes of it.
func TestParseLenient(t *testing.T) {
	t.Parallel()
	set, faults, err := flags.ParseLenient([]byte(`{"flags": {
		"good": {"state": "ENABLED", "variants": {"on": true}, "defaultVariant": "on"},
		"unknown-operator": {"state": "ENABLED", "variants": {"on": true}, "defaultVariant": "on", "targeting": {"invalid": 1}},
		"unknown-variant": {"state": "ENABLED", "variants": {"on": true}, "defaultVariant": "on", "targeting": {"if": [{"var": "x"}, "of", "on"]}},
		"wrong-evaluator": {"state": "ENABLED", "variants": {"on": true}, "defaultVariant": "on", "targeting": {"if": [{"$ref": "a"}, "on"]}},
		"no-flag": 5
	}, "$evaluators": {"a": {"nor": 1}}}`))
	if err != nil || len(faults) != 4 {
		t.Fatalf("the faults are %v, %v", faults, err)
	}
	x := &flags.Context{Attributes: map[string]any{"x": true}}
	for key, want := range map[string]flags.ErrorCode{
		"good": "", "unknown-operator": flags.ErrorParse, "unknown-variant": flags.ErrorGeneral, "no-flag": flags.ErrorParse,
		"wrong-evaluator": flags.ErrorParse,
	} {
		if r := set.Evaluate(key, x); r.ErrorCode != want || r.HasValue() != (want == "") {
			t.Errorf("%s evaluates to %+v", key, r)
		}
	}
	if r := set.Evaluate("unknown-variant", nil); r.Variant != "on" {
		t.Errorf("the other branch evaluates to %+v", r)
	}
	for name, c := range wrong() {
		set, faults, err := flags.ParseLenient([]byte(c.definition))
		if err == nil && (set == nil || len(faults) == 0) {
			t.Errorf("%s: the faults are %v", name, faults)
		}
	}
}

func TestFaultsAreFew(t *testing.T) {
	t.Parallel()
	_, err := flags.Parse([]byte(strings.ReplaceAll(manyFlags(1000), "ENABLED", "ON")))
	e, ok := errors.AsType[*cpodkit.Error](err)
	if !ok || len(e.Fields) != 20 {
		t.Errorf("the error is %v", err)
	}
}

// Definitions that flagd takes.
func TestGoodDefinitions(t *testing.T) {
	t.Parallel()
	for name, definition := range map[string]string{
		"no flags":            `{"flags": {}}`,
		"many flags":          manyFlags(flags.MaxFlags),
		"an array of flags":   `{"flags": [{"key": "a", "state": "ENABLED", "variants": {"on": true}}]}`,
		"unknown members":     `{"$schema": "x", "flags": {"f": {"state": "ENABLED", "variants": {"on": true}, "description": "x"}}, "other": 1}`,
		"metadata of null":    `{"flags": {"f": {"state": "ENABLED", "variants": {"on": true}, "metadata": {"a": null}}}}`,
		"an unused evaluator": `{"flags": {}, "$evaluators": {"a": {"==": [1, 1]}}}`,
		"a reference twice": `{"flags": {"f": {"state": "ENABLED", "variants": {"on": true}, "targeting": {"if": [{"and": [{"$ref": "a"}, {"$ref": "a"}]}, "on"]}}},
			"$evaluators": {"a": {"var": "x"}}}`,
		"a weight of 1.0": withRule(`{"fractional": [["on", 1.0], ["off", 1e1]]}`),
		"one share":       withRule(`{"fractional": [["on"]]}`),
		"as deep as can":  withRule(nested(30)),
	} {
		if _, err := flags.Parse([]byte(definition)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPosition(t *testing.T) {
	t.Parallel()
	const text = "\n{\n  \"flags\": {\n    \"a/b\": {\"state\": \"ON\", \"variants\": [1, {\"x\":2}]}\n  },\n\t\"metadata\" : 5\n}\n"
	for pointer, want := range map[string]string{
		"":                         "2:1",
		"/flags":                   "3:3",
		"/flags/a~1b":              "4:5",
		"/flags/a~1b/state":        "4:13",
		"/flags/a~1b/variants/0":   "4:41",
		"/flags/a~1b/variants/1":   "4:44",
		"/flags/a~1b/variants/1/x": "4:45",
		"/flags/a~1b/variants/2":   "4:28",
		"/flags/a~1b/none":         "4:5",
		"/metadata":                "6:2",
		"/metadata/deeper":         "6:2",
		"/none":                    "2:1",
	} {
		if line, column := flags.Position([]byte(text), pointer); fmt.Sprintf("%d:%d", line, column) != want {
			t.Errorf("%q is at %d:%d; want %s", pointer, line, column, want)
		}
	}
	if line, column := flags.Position([]byte("{\"a\": [1,"), "/a/1"); line != 1 || column != 10 {
		t.Errorf("in broken JSON it is at %d:%d", line, column)
	}
	if line, column := flags.Position(nil, ""); line != 1 || column != 1 {
		t.Errorf("in nothing it is at %d:%d", line, column)
	}
}

func TestParseContext(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ data, pointer string }{
		"no object":        {`[]`, ""},
		"no JSON":          {`{`, ""},
		"a number as key":  {`{"targetingKey": 5}`, "/targetingKey"},
		"a member twice":   {`{"a": 1, "a": 2}`, "/a"},
		"too large":        {`{"a": "` + strings.Repeat("x", flags.MaxContext) + `"}`, ""},
		"too many members": {`{"a": [` + strings.TrimSuffix(strings.Repeat("1,", 1000), ",") + `]}`, ""},
		"no number":        {`{"a": [1e999]}`, "/a/0"},
		"too deep":         {strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65), ""},
	} {
		_, err := flags.ParseContext([]byte(c.data))
		e, ok := errors.AsType[*cpodkit.Error](err)
		if !ok || e.Code != cpodkit.CodeValidationFailed || len(e.Fields) != 1 || e.Fields[0].Pointer != c.pointer {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
	for _, data := range []string{"", "null", "{}", `{"a": [` + strings.TrimSuffix(strings.Repeat("1,", 999), ",") + `]}`, `{"targetingKey": null}`} {
		if _, err := flags.ParseContext([]byte(data)); err != nil {
			t.Errorf("%.20s: %v", data, err)
		}
	}
}

// Whatever a definition and a context hold, there is an answer and no panic.
func FuzzParse(f *testing.F) {
	for _, c := range wrong() {
		if len(c.definition) < 10_000 {
			f.Add([]byte(c.definition), []byte(`{"x": 1}`))
		}
	}
	f.Add([]byte(everything), []byte(`{"targetingKey": "ann", "email": "ann@example.com"}`))
	f.Fuzz(func(t *testing.T, definition, data []byte) {
		set, faults, err := flags.ParseLenient(definition)
		if strict, strictErr := flags.Parse(definition); (strictErr == nil) != (err == nil && len(faults) == 0) || (strict == nil) != (strictErr != nil) {
			t.Fatalf("strictly it is %v, and leniently %v, %v", strictErr, faults, err)
		}
		for _, fault := range faults {
			if line, column := flags.Position(definition, fault.Pointer); line < 1 || column < 1 {
				t.Errorf("%s is at %d:%d", fault.Pointer, line, column)
			}
		}
		c, contextErr := flags.ParseContext(data)
		if err != nil || contextErr != nil {
			return
		}
		for _, r := range set.EvaluateAll(c) {
			if (r.ErrorCode != "") != (r.Reason == flags.ReasonError) || r.HasValue() && r.Value == nil {
				t.Errorf("the result is %+v", r)
			}
		}
	})
}
