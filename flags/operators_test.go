package flags_test

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"github.com/cpodkit/cpodkit/flags"
)

// outcome is what a rule computes for a context.
type outcome struct {
	rule, context string
	want          string // JSON; "NaN" for that
}

// documented are the operators as the pages of JsonLogic and flagd show them.
func documented() []outcome {
	const pie = `{"pie": {"filling": "apple"}}`
	return []outcome{
		// var
		{`{"var": ["a"]}`, `{"a": 1, "b": 2}`, `1`},
		{`{"var": "a"}`, `{"a": 1, "b": 2}`, `1`},
		{`{"var": ["z", 26]}`, `{"a": 1}`, `26`},
		{`{"var": "champ.name"}`, `{"champ": {"name": "Fezzig", "height": 223}}`, `"Fezzig"`},
		{`{"var": "list.1"}`, `{"list": ["a", "b", "c"]}`, `"b"`},
		{`{"var": ""}`, `{"a": 1}`, ``},
		{`{"var": ["a", 5]}`, `{"a": null}`, `null`},
		{`{"var": {"var": "which"}}`, `{"which": "a", "a": 7}`, `7`},
		{`{"var": "a.b.c"}`, `{"a": null}`, `null`},
		{`{"var": ["list.7", "none"]}`, `{"list": [1]}`, `"none"`},
		{`{"var": "list.01"}`, `{"list": [1, 2]}`, `null`},
		{`{"var": "$flagd.flagKey"}`, `{"$flagd": {"flagKey": "forged"}}`, `"the-flag"`},
		{`{"var": "targetingKey"}`, `{"targetingKey": "ann"}`, `"ann"`},
		// missing
		{`{"missing": ["a", "b"]}`, `{"a": "apple", "c": "carrot"}`, `["b"]`},
		{`{"missing": ["a", "b"]}`, `{"a": "apple", "b": "banana"}`, `[]`},
		{`{"if": [{"missing": ["a", "b"]}, "Not enough fruit", "OK to proceed"]}`, `{"a": 1, "b": 2}`, `"OK to proceed"`},
		{`{"missing": {"merge": ["vin", {"if": [{"var": "financing"}, ["apr", "term"], []]}]}}`, `{"financing": true}`, `["vin", "apr", "term"]`},
		{`{"missing_some": [1, ["a", "b", "c"]]}`, `{"a": "apple"}`, `[]`},
		{`{"missing_some": [2, ["a", "b", "c"]]}`, `{"a": "apple"}`, `["b", "c"]`},
		// if
		{`{"if": [true, "yes", "no"]}`, ``, `"yes"`},
		{`{"if": [false, "yes", "no"]}`, ``, `"no"`},
		{`{"if": [{"<": [{"var": "temp"}, 0]}, "freezing", {"<": [{"var": "temp"}, 100]}, "liquid", "gas"]}`, `{"temp": 55}`, `"liquid"`},
		{`{"if": [{"<": [{"var": "temp"}, 0]}, "freezing", {"<": [{"var": "temp"}, 100]}, "liquid", "gas"]}`, `{"temp": 155}`, `"gas"`},
		{`{"if": [false, "yes"]}`, ``, `null`},
		{`{"if": []}`, ``, `null`},
		{`{"if": ["alone"]}`, ``, `"alone"`},
		{`{"?:": [true, 1, 2]}`, ``, `1`},
		// equality
		{`{"==": [1, 1]}`, ``, `true`},
		{`{"==": [1, "1"]}`, ``, `true`},
		{`{"==": [0, false]}`, ``, `true`},
		{`{"==": [null, false]}`, ``, `false`},
		{`{"==": [null, 0]}`, ``, `false`},
		{`{"==": ["", 0]}`, ``, `true`},
		{`{"==": [[1, 2], "1,2"]}`, ``, `true`},
		{`{"===": [1, 1]}`, ``, `true`},
		{`{"===": [1, "1"]}`, ``, `false`},
		{`{"!=": [1, 2]}`, ``, `true`},
		{`{"!=": [1, "1"]}`, ``, `false`},
		{`{"!==": [1, 2]}`, ``, `true`},
		{`{"!==": [1, "1"]}`, ``, `true`},
		// truth
		{`{"!": [true]}`, ``, `false`},
		{`{"!": true}`, ``, `false`},
		{`{"!": {"in": ["Spring", "Springfield"]}}`, ``, `false`},
		{`{"!!": [[]]}`, ``, `false`},
		{`{"!!": ["0"]}`, ``, `true`},
		{`{"!!": [0]}`, ``, `false`},
		{`{"!!": [""]}`, ``, `false`},
		{`{"!!": [{}]}`, ``, `true`},
		{`{"or": [true, false]}`, ``, `true`},
		{`{"or": [false, true]}`, ``, `true`},
		{`{"or": [false, "apple"]}`, ``, `"apple"`},
		{`{"or": [false, null, "apple"]}`, ``, `"apple"`},
		{`{"or": [0, ""]}`, ``, `""`},
		{`{"and": [true, true]}`, ``, `true`},
		{`{"and": [true, false]}`, ``, `false`},
		{`{"and": [true, "apple", false]}`, ``, `false`},
		{`{"and": [true, "apple", 3.14]}`, ``, `3.14`},
		// numbers
		{`{">": [2, 1]}`, ``, `true`},
		{`{">=": [1, 1]}`, ``, `true`},
		{`{"<": [1, 2]}`, ``, `true`},
		{`{"<=": [1, 1]}`, ``, `true`},
		{`{"<": [1, 2, 3]}`, ``, `true`},
		{`{"<": [1, 1, 3]}`, ``, `false`},
		{`{"<": [1, 4, 3]}`, ``, `false`},
		{`{"<=": [1, 1, 3]}`, ``, `true`},
		{`{"<": [0, {"var": "temp"}, 100]}`, `{"temp": 37}`, `true`},
		{`{">": [3, 2, 1]}`, ``, `true`},
		{`{"<": ["10", 9]}`, ``, `false`},
		{`{"<": ["10", "9"]}`, ``, `true`},
		{`{"<": [null, 1]}`, ``, `true`},
		{`{"<": ["x", 1]}`, ``, `false`},
		{`{"max": [1, 2, 3]}`, ``, `3`},
		{`{"min": [1, 2, 3]}`, ``, `1`},
		{`{"max": [1, "x"]}`, ``, `NaN`},
		{`{"+": [4, 2]}`, ``, `6`},
		{`{"-": [4, 2]}`, ``, `2`},
		{`{"*": [4, 2]}`, ``, `8`},
		{`{"/": [4, 2]}`, ``, `2`},
		{`{"+": [2, 2, 2, 2, 2]}`, ``, `10`},
		{`{"*": [2, 2, 2, 2, 2]}`, ``, `32`},
		{`{"-": [2]}`, ``, `-2`},
		{`{"-": 2}`, ``, `-2`},
		{`{"+": "3.14"}`, ``, `3.14`},
		{`{"+": ["3 apples", "4"]}`, ``, `7`},
		{`{"+": [null]}`, ``, `NaN`},
		{`{"%": [101, 2]}`, ``, `1`},
		{`{"%": [-7, 3]}`, ``, `-1`},
		{`{"/": ["0x10", 2]}`, ``, `8`},
		// lists
		{`{"map": [{"var": "integers"}, {"*": [{"var": ""}, 2]}]}`, `{"integers": [1, 2, 3, 4, 5]}`, `[2, 4, 6, 8, 10]`},
		{`{"filter": [{"var": "integers"}, {"%": [{"var": ""}, 2]}]}`, `{"integers": [1, 2, 3, 4, 5]}`, `[1, 3, 5]`},
		{`{"reduce": [{"var": "integers"}, {"+": [{"var": "current"}, {"var": "accumulator"}]}, 0]}`, `{"integers": [1, 2, 3, 4, 5]}`, `15`},
		{`{"all": [[1, 2, 3], {">": [{"var": ""}, 0]}]}`, ``, `true`},
		{`{"some": [[-1, 0, 1], {">": [{"var": ""}, 0]}]}`, ``, `true`},
		{`{"none": [[-3, -2, -1], {">": [{"var": ""}, 0]}]}`, ``, `true`},
		{`{"all": [[], true]}`, ``, `false`},
		{`{"none": [[], true]}`, ``, `true`},
		{`{"some": [{"var": "pies"}, {"==": [{"var": "filling"}, "apple"]}]}`, `{"pies": [{"filling": "pumpkin"}, {"filling": "apple"}]}`, `true`},
		{`{"map": [{"var": "none"}, 1]}`, ``, `[]`},
		{`{"reduce": [null, 1, "initial"]}`, ``, `"initial"`},
		{`{"merge": [[1, 2], [3, 4]]}`, ``, `[1, 2, 3, 4]`},
		{`{"merge": [1, 2, [3, 4]]}`, ``, `[1, 2, 3, 4]`},
		{`{"in": ["Ringo", ["John", "Paul", "George", "Ringo"]]}`, ``, `true`},
		{`{"in": [{"var": "x"}, ["a", "b", "c", "d", "e", "f", "g", "h", "i"]]}`, `{"x": "i"}`, `true`},
		{`{"in": [{"var": "x"}, ["a", "b", "c", "d", "e", "f", "g", "h", "1"]]}`, `{"x": 1}`, `false`},
		{`{"in": ["1", [1]]}`, ``, `false`},
		// texts
		{`{"in": ["Spring", "Springfield"]}`, ``, `true`},
		{`{"in": ["Illinois", "Springfield"]}`, ``, `false`},
		{`{"in": ["x", null]}`, ``, `false`},
		{`{"cat": ["I love", " pie"]}`, ``, `"I love pie"`},
		{`{"cat": ["I love ", {"var": "pie.filling"}, " pie"]}`, pie, `"I love apple pie"`},
		{`{"cat": [1, null, true, 1e21, 0.1, [1, null, 2]]}`, ``, `"1true1e+210.11,,2"`},
		{`{"substr": ["jsonlogic", 4]}`, ``, `"logic"`},
		{`{"substr": ["jsonlogic", -5]}`, ``, `"logic"`},
		{`{"substr": ["jsonlogic", 1, 3]}`, ``, `"son"`},
		{`{"substr": ["jsonlogic", 4, -2]}`, ``, `"log"`},
		{`{"substr": ["äöü", 1, 1]}`, ``, `"ö"`},
		{`{"substr": ["short", 99]}`, ``, `""`},
		{`{"log": "apple"}`, ``, `"apple"`},
		// flagd's
		{`{"starts_with": ["192.168.0.1", "192.168"]}`, ``, `true`},
		{`{"starts_with": ["10.0.0.1", "192.168"]}`, ``, `false`},
		{`{"starts_with": [{"var": "none"}, "192.168"]}`, ``, `null`},
		{`{"ends_with": ["noreply@example.com", "@example.com"]}`, ``, `true`},
		{`{"ends_with": ["noreply@example.com", "@test.com"]}`, ``, `false`},
		{`{"sem_ver": ["1.1.2", ">=", "1.0.0"]}`, ``, `true`},
		{`{"sem_ver": [{"var": "v"}, "=", "1.0.0"]}`, `{"v": "v1.0.0+build"}`, `true`},
		{`{"sem_ver": [{"var": "v"}, "!=", "1.0.0"]}`, `{"v": "1.0.1"}`, `true`},
		{`{"sem_ver": [{"var": "v"}, "<", "1.0.0"]}`, `{"v": "1.0.0-beta.11"}`, `true`},
		{`{"sem_ver": ["1.0.0-beta.2", "<", "1.0.0-beta.11"]}`, ``, `true`},
		{`{"sem_ver": ["1.0.0-alpha", "<", "1.0.0-alpha.1"]}`, ``, `true`},
		{`{"sem_ver": ["1.0.0-1", "<", "1.0.0-alpha"]}`, ``, `true`},
		{`{"sem_ver": ["1.9.0", "~", "1.9.7"]}`, ``, `true`},
		{`{"sem_ver": ["1.8.0", "~", "1.9.7"]}`, ``, `false`},
		{`{"sem_ver": ["1.8.0", "^", "1.9.7"]}`, ``, `true`},
		{`{"sem_ver": ["2.8.0", "^", "1.9.7"]}`, ``, `false`},
		{`{"sem_ver": ["99999999999999999999.0.0", ">", "99999999999999999998.0.0"]}`, ``, `true`},
		{`{"sem_ver": [{"var": "v"}, ">", "1.0.0"]}`, `{"v": "one"}`, `null`},
		{`{"sem_ver": [{"var": "v"}, ">", "1.0.0"]}`, `{"v": "01.0.0"}`, `null`},
		{`{"sem_ver": [{"var": "v"}, "=", "1.2"]}`, `{"v": 1.2}`, `true`},
	}
}

func TestOperators(t *testing.T) {
	t.Parallel()
	for _, o := range documented() {
		c, err := flags.ParseContext([]byte(o.context))
		if err != nil {
			t.Fatal(err)
		}
		got, code, faults := flags.ApplyRule([]byte(o.rule), "the-flag", c, "")
		if len(faults) > 0 || code != "" {
			t.Errorf("%s: %q, %v", o.rule, code, faults)
			continue
		}
		if o.want == "" { // the whole context
			continue
		}
		if f, ok := got.(float64); o.want == "NaN" && ok && math.IsNaN(f) {
			continue
		}
		var want any
		if err := json.Unmarshal([]byte(o.want), &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s with %s is %#v; want %s", o.rule, o.context, got, o.want)
		}
	}
}

// sameOutcome is reflect.DeepEqual, where NaN is NaN.
func sameOutcome(a, b any) bool {
	switch a := a.(type) {
	case float64:
		b, ok := b.(float64)
		return ok && (a == b || math.IsNaN(a) && math.IsNaN(b))
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !sameOutcome(a[i], b[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for name := range a {
			if !sameOutcome(a[name], b[name]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(a, b)
}

// The rules that are compiled compute what the plain interpreter computes.
func FuzzRules(f *testing.F) {
	for _, o := range documented() {
		f.Add([]byte(o.rule), []byte(o.context), false)
	}
	for _, rule := range []string{
		`{"fractional": [["a", 1], ["b", {"var": "n"}]]}`,
		`{"fractional": [{"var": "email"}, [{"if": [{"var": "x"}, "a"]}, 50], [true, 50], [null]]}`,
		`{"map": [[{"var": ""}], {"fractional": [["a"], ["b"], [{"var": "targetingKey"}]]}]}`,
		`{"reduce": [{"var": "l"}, {"merge": [{"var": "accumulator"}, {"cat": [{"var": "current"}, "-"]}]}, []]}`,
		`{"filter": [{"var": "l"}, {"in": [{"var": "name"}, {"var": "names"}]}]}`,
		`{"missing_some": [{"var": "n"}, {"var": "l"}]}`,
	} {
		f.Add([]byte(rule), []byte(`{"targetingKey": "ann", "n": -3, "email": "a@b.c", "l": [1, "a", {"name": "x"}], "names": ["x"]}`), true)
	}
	f.Fuzz(func(t *testing.T, rule, data []byte, v012 bool) {
		c, err := flags.ParseContext(data)
		if err != nil {
			return
		}
		bucketing := ""
		if v012 {
			bucketing = "v0.12"
		}
		got, code, faults := flags.ApplyRule(rule, "the-flag", c, bucketing)
		if len(faults) > 0 || code != "" {
			return
		}
		var plain any
		if err := json.Unmarshal(rule, &plain); err != nil {
			t.Fatalf("%s is compiled, and is not JSON: %v", rule, err)
		}
		in := interpreter{flagKey: "the-flag", v012: v012}
		want := in.apply(plain, in.root(c.Attributes))
		if again, _, _ := flags.ApplyRule(rule, "the-flag", c, bucketing); !sameOutcome(got, want) && !sameOutcome(again, want) {
			t.Errorf("%s with %s is %#v; want %#v", rule, data, got, want)
		}
	})
}
