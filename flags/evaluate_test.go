package flags_test

import (
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/flags"
)

const everything = `{
	"$schema": "https://flagd.dev/schema/v0/flags.json",
	"flags": {
		"static": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "on", "description": "ignored"},
		"empty-targeting": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "on", "targeting": {}},
		"null-targeting": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "on", "targeting": null},
		"targeted": {
			"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off",
			"targeting": {"if": [{"$ref": "staff"}, "on", null]}, "metadata": {"team": "web", "version": 17, "beta": true}
		},
		"shorthand": {
			"state": "ENABLED", "variants": {"true": "yes", "false": "no"}, "defaultVariant": "false",
			"targeting": {"ends_with": [{"var": "email"}, "@example.com"]}
		},
		"by-number": {
			"state": "ENABLED", "variants": {"1": "one", "2": "two"}, "defaultVariant": "1", "targeting": {"+": [1, {"var": "n"}]}
		},
		"disabled": {
			"state": "DISABLED", "variants": {"on": true, "off": false}, "defaultVariant": "on", "targeting": {"if": [true, "on"]}
		},
		"no-default": {"state": "ENABLED", "variants": {"on": true}},
		"null-default": {
			"state": "ENABLED", "variants": {"on": true}, "defaultVariant": null, "targeting": {"if": [{"$ref": "staff"}, "on"]}
		},
		"wrong-variant": {"state": "ENABLED", "variants": {"on": true}, "defaultVariant": "on", "targeting": {"var": "email"}},
		"in-list": {"state": "ENABLED", "variants": {"true": 1, "false": 0}, "targeting": {"in": [null, {"var": "list"}]}},
		"in-loop": {"state": "ENABLED", "variants": {"true": 1, "false": 0}, "targeting": {"some": [{"var": "list"}, {"!": {"var": ""}}]}},
		"element": {"state": "ENABLED", "variants": {"true": 1, "false": 0}, "targeting": {"!": {"var": "list.1"}}},
		"a-list": {"state": "ENABLED", "variants": {"on": true}, "defaultVariant": "on", "targeting": {"merge": ["on"]}},
		"string": {"state": "ENABLED", "variants": {"v": "text"}, "defaultVariant": "v"},
		"integer": {"state": "ENABLED", "variants": {"v": 10.0}, "defaultVariant": "v"},
		"fraction": {"state": "ENABLED", "variants": {"v": 3.14}, "defaultVariant": "v"},
		"largest": {"state": "ENABLED", "variants": {"v": 9007199254740991}, "defaultVariant": "v"},
		"object": {"state": "ENABLED", "variants": {"v": {"a": [1, {"b": null}]}}, "defaultVariant": "v"},
		"array": {"state": "ENABLED", "variants": {"v": [1, "a"]}, "defaultVariant": "v"}
	},
	"$evaluators": {
		"staff": {"and": [{"$ref": "company"}, {"!": [{"$ref": "guest"}]}]},
		"company": {"ends_with": [{"var": "email"}, "@example.com"]},
		"guest": {"starts_with": [{"var": "email"}, "guest"]}
	},
	"metadata": {"flagSetId": "shop", "version": 1}
}`

func TestEvaluate(t *testing.T) {
	t.Parallel()
	set := mustParse(t, everything)
	staff := map[string]any{"email": "ann@example.com"}
	general := flags.Result{Reason: flags.ReasonError, ErrorCode: flags.ErrorGeneral}
	for name, c := range map[string]struct {
		key        string
		attributes map[string]any
		want       flags.Result
	}{
		"static":           {"static", staff, flags.Result{Value: true, Variant: "on", Reason: flags.ReasonStatic}},
		"empty targeting":  {"empty-targeting", staff, flags.Result{Value: true, Variant: "on", Reason: flags.ReasonStatic}},
		"null targeting":   {"null-targeting", staff, flags.Result{Value: true, Variant: "on", Reason: flags.ReasonStatic}},
		"targeted":         {"targeted", staff, flags.Result{Value: true, Variant: "on", Reason: flags.ReasonTargetingMatch}},
		"not targeted":     {"targeted", map[string]any{"email": "guest@example.com"}, flags.Result{Value: false, Variant: "off", Reason: flags.ReasonDefault}},
		"no context":       {"targeted", nil, flags.Result{Value: false, Variant: "off", Reason: flags.ReasonDefault}},
		"shorthand":        {"shorthand", staff, flags.Result{Value: "yes", Variant: "true", Reason: flags.ReasonTargetingMatch}},
		"shorthand, false": {"shorthand", map[string]any{"email": ""}, flags.Result{Value: "no", Variant: "false", Reason: flags.ReasonTargetingMatch}},
		"shorthand, null":  {"shorthand", nil, flags.Result{Value: "no", Variant: "false", Reason: flags.ReasonDefault}},
		"by number":        {"by-number", map[string]any{"n": 1}, flags.Result{Value: "two", Variant: "2", Reason: flags.ReasonTargetingMatch}},
		"disabled":         {"disabled", staff, flags.Result{Reason: flags.ReasonDisabled}},
		"no default":       {"no-default", staff, flags.Result{Reason: flags.ReasonDefault}},
		"null default":     {"null-default", staff, flags.Result{Value: true, Variant: "on", Reason: flags.ReasonTargetingMatch}},
		"nothing chosen":   {"null-default", nil, flags.Result{Reason: flags.ReasonDefault}},
		"wrong variant":    {"wrong-variant", staff, general},
		"wrong number":     {"by-number", map[string]any{"n": 2}, general},
		"NaN is chosen":    {"by-number", nil, general},
		"a list is chosen": {"a-list", nil, general},
		"unknown":          {"unknown", staff, flags.Result{Reason: flags.ReasonError, ErrorCode: flags.ErrorFlagNotFound}},
		"NaN in the context": {
			"targeted", map[string]any{"email": math.NaN()}, flags.Result{Reason: flags.ReasonError, ErrorCode: flags.ErrorInvalidContext},
		},
		"NaN in a list": {
			"in-list", map[string]any{"list": []any{1, math.NaN()}}, flags.Result{Reason: flags.ReasonError, ErrorCode: flags.ErrorInvalidContext},
		},
		"NaN in a list that is looped over": {
			"in-loop", map[string]any{"list": []any{1, math.NaN()}}, flags.Result{Reason: flags.ReasonError, ErrorCode: flags.ErrorInvalidContext},
		},
		"NaN as an element": {
			"element", map[string]any{"list": []any{1, math.NaN()}}, flags.Result{Reason: flags.ReasonError, ErrorCode: flags.ErrorInvalidContext},
		},
		"a channel in the context": {
			"targeted", map[string]any{"email": make(chan int)}, flags.Result{Reason: flags.ReasonError, ErrorCode: flags.ErrorInvalidContext},
		},
	} {
		var context *flags.Context
		if c.attributes != nil {
			context = &flags.Context{Attributes: c.attributes}
		}
		got := set.Evaluate(c.key, context)
		if (got.ErrorCode == "") != (got.ErrorMessage == "") {
			t.Errorf("%s: the message is %q", name, got.ErrorMessage)
		}
		c.want.Key, c.want.ErrorMessage, c.want.Metadata = c.key, got.ErrorMessage, got.Metadata
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: the result is %+v; want %+v", name, got, c.want)
		}
	}
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	set := mustParse(t, everything)
	ofSet := map[string]any{"flagSetId": "shop", "version": 1.0}
	for key, want := range map[string]map[string]any{
		"static":   ofSet,
		"disabled": ofSet,
		"unknown":  ofSet,
		"targeted": {"flagSetId": "shop", "version": 17.0, "team": "web", "beta": true},
	} {
		if got := set.Evaluate(key, nil).Metadata; !maps.Equal(got, want) {
			t.Errorf("the metadata of %s is %v; want %v", key, got, want)
		}
	}
	if !maps.Equal(set.Metadata(), ofSet) {
		t.Errorf("the metadata of the set is %v", set.Metadata())
	}
}

func TestEvaluateAll(t *testing.T) {
	t.Parallel()
	set := mustParse(t, everything)
	c := &flags.Context{Attributes: map[string]any{"email": "ann@example.com", "n": 1}}
	all := set.EvaluateAll(c)
	if len(all) != set.Len() || set.Len() != len(slices.Collect(set.Keys())) {
		t.Fatalf("%d results of %d flags", len(all), set.Len())
	}
	for i, key := range slices.Collect(set.Keys()) {
		if want := set.Evaluate(key, c); all[i].Key != key || !reflect.DeepEqual(all[i], want) {
			t.Errorf("the result of %s is %+v; want %+v", key, all[i], want)
		}
	}
}

func TestTypes(t *testing.T) {
	t.Parallel()
	set := mustParse(t, everything)
	read := map[string]func(flags.Result) (any, flags.Result){
		"bool":   func(r flags.Result) (any, flags.Result) { v, r := r.Bool(true); return v, r },
		"string": func(r flags.Result) (any, flags.Result) { v, r := r.String("def"); return v, r },
		"int":    func(r flags.Result) (any, flags.Result) { v, r := r.Int(-7); return v, r },
		"float":  func(r flags.Result) (any, flags.Result) { v, r := r.Float(-0.5); return v, r },
		"object": func(r flags.Result) (any, flags.Result) { v, r := r.Object("def"); return v, r },
	}
	defaults := map[string]any{"bool": true, "string": "def", "int": int64(-7), "float": -0.5, "object": "def"}
	values := map[string]map[string]any{
		"targeted": {"bool": false},
		"string":   {"string": "text"},
		"integer":  {"int": int64(10), "float": 10.0},
		"fraction": {"float": 3.14},
		"largest":  {"int": int64(1<<53 - 1), "float": float64(1<<53 - 1)},
		"object":   {"object": map[string]any{"a": []any{1.0, map[string]any{"b": nil}}}},
		"array":    {"object": []any{1.0, "a"}},
	}
	for key, of := range values {
		for name, as := range read {
			got, r := as(set.Evaluate(key, nil))
			want, ok := of[name]
			if !ok && (!reflect.DeepEqual(got, defaults[name]) || r.ErrorCode != flags.ErrorTypeMismatch || r.HasValue()) {
				t.Errorf("%s as %s is %v, %+v", key, name, got, r)
			}
			if ok && (!reflect.DeepEqual(got, want) || r.ErrorCode != "") {
				t.Errorf("%s as %s is %v, %+v; want %v", key, name, got, r, want)
			}
		}
	}
	for _, key := range []string{"disabled", "no-default", "unknown"} {
		for name, as := range read {
			before := set.Evaluate(key, nil)
			if got, r := as(before); !reflect.DeepEqual(got, defaults[name]) || !reflect.DeepEqual(r, before) {
				t.Errorf("%s as %s is %v, %+v", key, name, got, r)
			}
		}
	}
}

// A context holds Go's plain types as well as those of JSON.
func TestContextTypes(t *testing.T) {
	t.Parallel()
	type plan string
	since := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		x    any
		rule string
	}{
		"int":      {7, `{"==": [{"var": "x"}, 7]}`},
		"int8":     {int8(-7), `{"<": [{"var": "x"}, 0]}`},
		"int16":    {int16(7), `{"===": [{"var": "x"}, 7]}`},
		"int32":    {int32(7), `{"===": [{"var": "x"}, 7]}`},
		"int64":    {int64(7), `{"===": [{"var": "x"}, 7]}`},
		"uint":     {uint(7), `{"===": [{"var": "x"}, 7]}`},
		"uint8":    {uint8(7), `{"===": [{"var": "x"}, 7]}`},
		"uint16":   {uint16(7), `{"===": [{"var": "x"}, 7]}`},
		"uint32":   {uint32(7), `{"===": [{"var": "x"}, 7]}`},
		"uint64":   {uint64(7), `{"===": [{"var": "x"}, 7]}`},
		"float32":  {float32(0.5), `{"===": [{"var": "x"}, 0.5]}`},
		"bool":     {true, `{"===": [{"var": "x"}, true]}`},
		"time":     {since, `{"===": [{"var": "x"}, "2026-05-01T12:00:00Z"]}`},
		"named":    {plan("pro"), `{"===": [{"var": "x"}, "pro"]}`},
		"map":      {map[string]map[string]int{"a": {"b": 3}}, `{"===": [{"var": "x.a.b"}, 3]}`},
		"list":     {[]string{"a", "b"}, `{"in": ["b", {"var": "x"}]}`},
		"any list": {[]any{"a", 2}, `{"in": [2, {"var": "x"}]}`},
		"struct":   {struct{ Name string }{"ann"}, `{"===": [{"var": "x.Name"}, "ann"]}`},
		"pointer":  {&struct{ Name string }{"ann"}, `{"===": [{"var": "x.Name"}, "ann"]}`},
		"nil":      {(*int)(nil), `{"===": [{"var": "x"}, null]}`},
	} {
		set := mustParse(t, `{"flags": {"f": {"state": "ENABLED", "variants": {"true": true, "false": false}, "targeting": `+c.rule+`}}}`)
		if on, r := set.Evaluate("f", &flags.Context{Attributes: map[string]any{"x": c.x}}).Bool(false); !on {
			t.Errorf("%s: %s is %+v", name, c.rule, r)
		}
	}
}

// Loops and references do not let a small definition compute for long.
func TestStepsAreBounded(t *testing.T) {
	t.Parallel()
	const flag = `{"flags": {"f": {"state": "ENABLED", "variants": {"on": true}, "defaultVariant": "on", "targeting": %s}}}`
	numbers := make([]string, 1000)
	for i := range numbers {
		numbers[i] = strconv.Itoa(i)
	}
	list := "[" + strings.Join(numbers, ",") + "]"
	nested := `{"var": ""}`
	for range 6 {
		nested = `{"map": [` + list + `, ` + nested + `]}`
	}
	doubling := `{"reduce": [` + list + `, {"cat": [{"var": "accumulator"}, {"var": "accumulator"}]}, "x"]}`
	merging := `{"reduce": [` + list + `, {"merge": [{"var": "accumulator"}, {"var": "accumulator"}]}, [1]]}`
	looped := func(rule string) string { return `{"map": [` + list + `, {"map": [` + list + `, ` + rule + `]}]}` }
	long := strings.Repeat("1", 500_000)
	for name, rule := range map[string]string{
		"nested loops": nested, "a text that doubles": doubling, "a list that doubles": merging,
		"a long literal": looped(`{"substr": ["` + long + `", 0, 1]}`),
		"a long sum":     `{"reduce": [` + list + `, {"if": [{"<": [{"var": "accumulator"}, 1]}, 1, {"var": "accumulator"}]}, "` + long + `"]}`,
	} {
		set := mustParse(t, strings.Replace(flag, "%s", rule, 1))
		began := time.Now()
		if r := set.Evaluate("f", nil); r.ErrorCode != flags.ErrorGeneral || r.HasValue() {
			t.Errorf("%s: the result is %+v", name, r)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%s took %s", name, took)
		}
	}
}

func TestTimestamp(t *testing.T) {
	t.Parallel()
	set := mustParse(t, `{"flags": {"f": {"state": "ENABLED", "variants": {"true": 1, "false": 0},
		"targeting": {">": [{"var": "$flagd.timestamp"}, 1700000000]}}}}`)
	if r := set.Evaluate("f", nil); r.Variant != "true" {
		t.Errorf("the result is %+v", r)
	}
}
