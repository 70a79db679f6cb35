package flags_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/flags"
)

// mustParse ends the test when the definition is wrong.
func mustParse(t testing.TB, definition string) *flags.Set {
	t.Helper()
	set, err := flags.Parse([]byte(definition))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

const rollouts = `{
	"flags": {
		"color": {
			"state": "ENABLED", "variants": {"red": "r", "green": "g", "blue": "b"}, "defaultVariant": "red",
			"targeting": {"fractional": [["red", 25], ["green", 25], ["blue", 50]]}
		},
		"thirds": {
			"state": "ENABLED", "variants": {"red": "r", "green": "g", "blue": "b"}, "defaultVariant": "red",
			"targeting": {"fractional": [
				{"cat": [{"var": "$flagd.flagKey"}, {"var": "email"}]}, ["red"], ["green"], ["blue"]
			]}
		},
		"rare": {
			"state": "ENABLED", "variants": {"red": "r", "green": "g"}, "defaultVariant": "red",
			"targeting": {"fractional": [["red", 1], ["green", 100000]]}
		}
	},
	"metadata": {%s}
}`

// The variants of the users user-0, user-1, … as flagd's core v0.12.1 chose them, and as
// its pull request 1909 says.
func TestRolloutsMoveNobody(t *testing.T) {
	t.Parallel()
	for bucketing, flagsWant := range map[string]map[string]string{
		`"bucketing": "v0.12"`: {
			"color": "blue green red blue green red green green green red blue red blue blue red green " +
				"green red green green green blue blue blue",
			"thirds": "blue green green blue red blue red red red blue blue green blue red blue green blue " +
				"green green red red blue red green",
			"rare": strings.Repeat("green ", 24),
		},
		``: {
			"color": "blue red blue blue blue blue blue red red blue green red green green red red red " +
				"blue red red red blue green green",
			"thirds": "green red red green blue green blue red blue green green red green blue green red " +
				"green red blue blue blue green blue blue",
			"rare": strings.Repeat("green ", 24),
		},
	} {
		set := mustParse(t, fmt.Sprintf(rollouts, bucketing))
		for key, want := range flagsWant {
			for i, variant := range strings.Fields(want) {
				user := fmt.Sprintf("user-%d", i)
				c := &flags.Context{TargetingKey: user, Attributes: map[string]any{"email": user + "@example.com"}}
				if r := set.Evaluate(key, c); r.Variant != variant || r.Reason != flags.ReasonTargetingMatch {
					t.Errorf("%s: %s for %s is %q (%s); want %q", bucketing, key, user, r.Variant, r.Reason, variant)
				}
			}
		}
	}
	// A weight of 1 among 100,001 gets its share, which percents could not give.
	r := mustParse(t, fmt.Sprintf(rollouts, "")).Evaluate("rare", &flags.Context{TargetingKey: "user-135232"})
	if r.Variant != "red" {
		t.Errorf("the rare variant is %q", r.Variant)
	}
}

func TestRolloutsKeepTheirWeights(t *testing.T) {
	t.Parallel()
	const keys = 100_000
	users := make([]*flags.Context, keys)
	for i := range users {
		user := fmt.Sprintf("user-%d", i)
		users[i] = &flags.Context{TargetingKey: user, Attributes: map[string]any{"email": user + "@example.com"}}
	}
	for name, c := range map[string]struct {
		rule string
		want map[string]float64
	}{
		"halves":     {`[["a", 50], ["b", 50]]`, map[string]float64{"a": 50, "b": 50}},
		"thirds":     {`[["a"], ["b"], ["c"]]`, map[string]float64{"a": 100. / 3, "b": 100. / 3, "c": 100. / 3}},
		"1 and 9":    {`[["a", 10], ["b", 90]]`, map[string]float64{"a": 10, "b": 90}},
		"large":      {`[["a", 2000000000], ["b", 147483647]]`, map[string]float64{"a": 93.1323, "b": 6.8677}},
		"by email":   {`[{"var": "email"}, ["a", 1], ["b", 2], ["c", 1]]`, map[string]float64{"a": 25, "b": 50, "c": 25}},
		"computed":   {`[["a", {"+": [10, 20]}], ["b", {"-": [{"var": "none"}, 5]}], ["c", 70]]`, map[string]float64{"a": 30, "c": 70}},
		"nothing":    {`[["a", 0], ["b", 1]]`, map[string]float64{"b": 100}},
		"one nested": {`[[{"if": [true, "a", "b"]}, 1], ["c", 3]]`, map[string]float64{"a": 25, "c": 75}},
		"independent": {
			`[["a", 1], [{"fractional": [{"cat": ["inner", {"var": "targetingKey"}]}, ["b"], ["c"]]}, 1]]`,
			map[string]float64{"a": 50, "b": 25, "c": 25},
		},
	} {
		for _, metadata := range []string{``, `"bucketing": "v0.12"`} {
			set := mustParse(t, `{"flags": {"split": {
				"state": "ENABLED", "variants": {"a": 1, "b": 2, "c": 3}, "defaultVariant": "a",
				"targeting": {"fractional": `+c.rule+`}}}, "metadata": {`+metadata+`}}`)
			counts := map[string]float64{}
			for _, user := range users {
				counts[set.Evaluate("split", user).Variant]++
			}
			for _, variant := range []string{"a", "b", "c", ""} {
				if percent := counts[variant] * 100 / keys; math.Abs(percent-c.want[variant]) > 1 {
					t.Errorf("%s %s: %.2f %% have %q; want %.2f %%", name, metadata, percent, variant, c.want[variant])
				}
			}
		}
	}
}

// A fractional whose outcome cannot be computed is null, and the default variant holds.
func TestRolloutsWithoutAnOutcome(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ rule, context string }{
		"no targeting key":                {`[["a", 1], ["b", 1]]`, `{}`},
		"the bucketing value is a number": {`[{"var": "n"}, ["a", 1], ["b", 1]]`, `{"n": 5, "targetingKey": "x"}`},
		"a computed weight is a text":     {`[["a", {"var": "s"}], ["b", 1]]`, `{"s": "5", "targetingKey": "x"}`},
		"a computed weight is NaN":        {`[["a", {"/": [0, 0]}], ["b", 1]]`, `{"targetingKey": "x"}`},
		"a computed weight is too large":  {`[["a", {"+": [2147483647, 1]}], ["b", 1]]`, `{"targetingKey": "x"}`},
		"the sum is too large":            {`[["a", {"+": [2147483647]}], ["b", 1]]`, `{"targetingKey": "x"}`},
		"the computed weights are below 0": {
			`[["a", {"-": [1]}], ["b", {"-": [2]}]]`, `{"targetingKey": "x"}`,
		},
		"the variant is null": {`[[null, 1]]`, `{"targetingKey": "x"}`},
	} {
		set := mustParse(t, `{"flags": {"split": {
			"state": "ENABLED", "variants": {"a": 1, "b": 2, "none": 0}, "defaultVariant": "none",
			"targeting": {"fractional": `+c.rule+`}}}}`)
		context, err := flags.ParseContext([]byte(c.context))
		if err != nil {
			t.Fatal(err)
		}
		if r := set.Evaluate("split", context); r.Variant != "none" || r.Reason != flags.ReasonDefault || r.ErrorCode != "" {
			t.Errorf("%s: the result is %+v", name, r)
		}
	}
	// A bucketing value that is null leaves the key of the flag and of the target.
	set := mustParse(t, `{"flags": {"color": {
		"state": "ENABLED", "variants": {"red": "r", "green": "g", "blue": "b"}, "defaultVariant": "red",
		"targeting": {"fractional": [{"var": "none"}, ["red", 25], ["green", 25], ["blue", 50]]}}}}`)
	if r := set.Evaluate("color", &flags.Context{TargetingKey: "user-10"}); r.Variant != "green" {
		t.Errorf("the variant is %q", r.Variant)
	}
}
