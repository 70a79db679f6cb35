package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/open-feature/flagd/core/pkg/evaluator"
	"github.com/open-feature/flagd/core/pkg/logger"
	"github.com/open-feature/flagd/core/pkg/store"
	"github.com/open-feature/flagd/core/pkg/sync"
	sdk "github.com/open-feature/go-sdk/openfeature"
	"github.com/open-feature/go-sdk/openfeature/isolated"
	"github.com/open-feature/go-sdk/openfeature/memprovider"
	"go.uber.org/zap"

	"github.com/cpodkit/cpodkit/flags"
	"github.com/cpodkit/cpodkit/flags/openfeature"
)

const (
	users  = 10_000
	tenant = "acme"

	// targeting is of the boolean: true for half of the users.
	targeting = `{"if": [{"and": [{"ends_with": [{"var": "email"}, "@example.com"]}, {"in": [{"var": "plan"}, ["pro", "team"]]}]}, "on", "off"]}`

	definition = `{"flags": {
		"boolean": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off", "targeting": ` + targeting + `},
		"fractional": {"state": "ENABLED", "variants": {"red": "r", "green": "g", "blue": "b"}, "defaultVariant": "red",
			"targeting": {"fractional": [["red", 25], ["green", 25], ["blue", 50]]}},
		"by-email": {"state": "ENABLED", "variants": {"red": "r", "green": "g", "blue": "b"}, "defaultVariant": "red",
			"targeting": {"fractional": [{"cat": [{"var": "$flagd.flagKey"}, {"var": "email"}]}, ["red", 25], ["green", 25], ["blue", 50]]}}
	}}`
)

// attributes are what is known of a user.
func attributes(user int) map[string]any {
	plan := "pro"
	if user%2 == 1 {
		plan = "free"
	}
	return map[string]any{"email": fmt.Sprintf("user-%d@example.com", user), "plan": plan}
}

func key(user int) string { return fmt.Sprintf("user-%d", user) }

// manyFlags is a definition of so many targeted flags.
func manyFlags(n int, revision string) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`"flag-%d": {"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"off","targeting":%s}`, i, targeting)
		if n > 1000 { // so that 10,000 fit into 1 MiB
			all[i] = fmt.Sprintf(`"f%d":{"state":"ENABLED","variants":{"on":1},"targeting":{"if":[{"var":%q},"on"]}}`, i, revision)
		}
	}
	return `{"flags": {` + strings.Join(all, ",") + `}}`
}

// newFlagd returns flagd's evaluator with a definition.
func newFlagd(definition string) (*evaluator.JSON, error) {
	e := evaluator.NewJSON(logger.NewLogger(zap.NewNop(), false), store.NewFlags())
	_, _, err := e.SetState(sync.DataSync{FlagData: definition, Source: "bench"})
	return e, err
}

func prepare(ctx context.Context) ([]row, error) {
	contexts, maps := make([]*flags.Context, users), make([]map[string]any, users)
	evalContexts := make([]sdk.EvaluationContext, users)
	for i := range users {
		contexts[i] = &flags.Context{TargetingKey: key(i), Attributes: attributes(i)}
		maps[i] = attributes(i)
		maps[i]["targetingKey"] = key(i)
		evalContexts[i] = sdk.NewEvaluationContext(key(i), attributes(i))
	}
	source := flags.NewMemory()
	if err := source.Set(tenant, []byte(definition)); err != nil {
		return nil, err
	}
	all, err := flags.New(source)
	if err != nil {
		return nil, err
	}
	set, err := all.Set(ctx, tenant)
	if err != nil {
		return nil, err
	}
	flagd, err := newFlagd(definition)
	if err != nil {
		return nil, err
	}
	handle := all.Trusted(tenant)
	boolean := row{name: "a targeted boolean", bar: "300 ns, 1 allocation", ways: []way{
		{name: "ours", call: func(i int) error { return isRight(set.Evaluate("boolean", contexts[i]).Value == (i%2 == 0)) }},
		{name: "flagd", call: func(i int) error {
			on, _, _, _, err := flagd.ResolveBooleanValue(ctx, "", "boolean", maps[i])
			if err != nil {
				return err
			}
			return isRight(on == (i%2 == 0))
		}},
	}}
	handled := row{name: "the same, by a handle", ways: []way{{name: "ours", call: func(i int) error {
		on, err := handle.Bool(ctx, "boolean", false, contexts[i])
		if err != nil {
			return err
		}
		return isRight(on == (i%2 == 0))
	}}}}
	rows := []row{boolean, handled}
	for name, bar := range map[string]string{"fractional": "400 ns", "by-email": "400 ns"} {
		rows = append(rows, row{name: "a rollout, " + map[string]string{"fractional": "by targeting key", "by-email": "by email"}[name], bar: bar, ways: []way{
			{name: "ours", call: func(i int) error { return isRight(set.Evaluate(name, contexts[i]).HasValue()) }},
			{name: "flagd", call: func(i int) error {
				_, _, _, _, err := flagd.ResolveStringValue(ctx, "", name, maps[i])
				return err
			}},
		}})
	}
	slices.SortStableFunc(rows[2:], func(a, b row) int { return strings.Compare(b.name, a.name) })
	clients, err := clientRows(ctx, all, maps, evalContexts)
	if err != nil {
		return nil, err
	}
	bulk, err := bulkRow(ctx, contexts, maps)
	return append(append(rows, clients...), bulk), err
}

func isRight(right bool) error {
	if !right {
		return fmt.Errorf("the value is wrong")
	}
	return nil
}

// clientRows measure the boolean through the client of the SDK, and what the provider
// takes of that.
func clientRows(ctx context.Context, all *flags.Flags, maps []map[string]any, contexts []sdk.EvaluationContext) ([]row, error) {
	provider, err := openfeature.New(ctx, openfeature.InProcess(all, tenant))
	if err != nil {
		return nil, err
	}
	variants := map[string]any{"on": true, "off": false}
	byContext := func(f memprovider.InMemoryFlag, c sdk.FlattenedContext) (any, sdk.ProviderResolutionDetail) {
		email, _ := c["email"].(string)
		plan, _ := c["plan"].(string)
		variant := "off"
		if strings.HasSuffix(email, "@example.com") && slices.Contains([]string{"pro", "team"}, plan) {
			variant = "on"
		}
		return f.Variants[variant], sdk.ProviderResolutionDetail{Reason: sdk.TargetingMatchReason, Variant: variant}
	}
	memory := memprovider.NewInMemoryProvider(map[string]memprovider.InMemoryFlag{
		"boolean": {Key: "boolean", State: memprovider.Enabled, DefaultVariant: "off", Variants: variants, ContextEvaluator: &byContext},
		"static":  {Key: "static", State: memprovider.Enabled, DefaultVariant: "on", Variants: variants},
	})
	ours, err := clientOf(ctx, provider)
	if err != nil {
		return nil, err
	}
	theirs, err := clientOf(ctx, memory)
	if err != nil {
		return nil, err
	}
	through := func(c *sdk.Client, key string) func(int) error {
		return func(i int) error {
			on, err := c.BooleanValue(ctx, key, false, contexts[i])
			if err != nil {
				return err
			}
			return isRight(on == (i%2 == 0) || key == "static")
		}
	}
	alone := func(p sdk.FeatureProvider, key string) func(int) error {
		return func(i int) error {
			return isRight(p.BooleanEvaluation(ctx, key, false, maps[i]).Value == (i%2 == 0) || key == "static")
		}
	}
	const same, static = "in-memory, the same in Go", "in-memory, without targeting"
	return []row{
		{name: "a targeted boolean, through the OpenFeature client", bar: "1.00", ways: []way{
			{name: "ours", call: through(ours, "boolean")},
			{name: same, call: through(theirs, "boolean")},
			{name: static, call: through(theirs, "static")},
		}},
		{name: "what the provider takes of that", ways: []way{
			{name: "ours", call: alone(provider, "boolean")},
			{name: same, call: alone(memory, "boolean")},
			{name: static, call: alone(memory, "static")},
		}},
	}, nil
}

func clientOf(ctx context.Context, provider sdk.FeatureProvider) (*sdk.Client, error) {
	api := isolated.NewAPI()
	return api.NewClient(), api.SetProviderAndWait(ctx, provider)
}

// bulkRow measures 1,000 flags at once.
func bulkRow(ctx context.Context, contexts []*flags.Context, maps []map[string]any) (row, error) {
	const n = 1000
	text := manyFlags(n, "")
	set, err := flags.Parse([]byte(text))
	if err != nil {
		return row{}, err
	}
	flagd, err := newFlagd(text)
	if err != nil {
		return row{}, err
	}
	return row{name: "1,000 targeted flags at once", bar: "0.3 ms", ways: []way{
		{name: "ours", call: func(i int) error { return isRight(len(set.EvaluateAll(contexts[i])) == n) }},
		{name: "flagd", call: func(i int) error {
			values, _, err := flagd.ResolveAllValues(ctx, "", maps[i])
			if err != nil {
				return err
			}
			return isRight(len(values) == n)
		}},
	}}, nil
}
