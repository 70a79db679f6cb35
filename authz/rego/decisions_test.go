package rego_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz/rego"
)

// running runs an engine until the test ends.
func running(t testing.TB, e *rego.Engine) *rego.Engine {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = e.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	return e
}

func evaluate(t testing.TB, e *rego.Engine, tenantID, path, input string) rego.Decision {
	t.Helper()
	d, err := e.Evaluate(t.Context(), tenantID, path, json.RawMessage(input))
	must(t, err)
	return d
}

const double = "package shop\ndouble := input.n * 2\nbig if input.n > 5\n"

// Each decision of evaluate is readable on every replica within 2 s, masked, and by its
// tenant alone.
func TestDecisionsAreLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := rego.NewMemory()
		mask := rego.WithMasker(func(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
			if ctx.Err() != nil {
				t.Error("the context of the masker has ended")
			}
			if strings.Contains(string(input), "unmaskable") {
				return input, errors.New("it is not masked")
			}
			return json.RawMessage(strings.ReplaceAll(string(input), "secret", "[MASKED]")), nil
		})
		var hooked atomic.Int64
		hook := rego.WithDecisionHook(func(_ context.Context, d rego.LoggedDecision) {
			hooked.Add(1)
			if d.Input != nil || d.ID == "" || d.TenantID != "acme" || d.Kind != rego.KindEvaluate {
				t.Errorf("the hook gets %+v", d)
			}
		})
		here := running(t, onStore(t, store, mask, hook, operator(map[string]string{"shop.rego": double, "echo.rego": "package echo\nwho := input.who"}, nil)))
		there := onStore(t, store)
		ctx, cancel := context.WithCancel(t.Context())
		made, err := here.Evaluate(ctx, "acme", "shop/double", json.RawMessage(`{"n":4,"who":"secret"}`))
		must(t, err)
		cancel()
		hidden := evaluate(t, here, "acme", "shop/double", `{"n":4,"who":"unmaskable"}`)
		began := time.Now()
		same, err := here.Logged(t.Context(), "acme", made.ID) // waits until it is stored
		must(t, err)
		if waited := time.Since(began); waited > 2*time.Second {
			t.Errorf("it takes %s", waited)
		}
		echo, err := here.Logged(t.Context(), "acme", evaluate(t, here, "acme", "echo/who", `{"who":"secret"}`).ID)
		must(t, err)
		if string(echo.Result) != `"[MASKED]"` {
			t.Errorf("the result of a rule that returns its input is stored as %s", echo.Result)
		}
		got, err := there.Logged(t.Context(), "acme", made.ID)
		must(t, err)
		if string(got.Input) != `{"n":4,"who":"[MASKED]"}` || string(got.Result) != "8" || !got.Allowed || got.Path != "data.shop.double" ||
			got.Revision != made.Revision || got.Kind != rego.KindEvaluate || string(same.Input) != string(got.Input) {
			t.Errorf("logged is %+v", got)
		}
		if got, err = there.Logged(t.Context(), "acme", hidden.ID); err != nil || got.Input != nil || string(got.Result) != "8" {
			t.Errorf("what cannot be masked is %s, %v", got.Input, err)
		}
		_, err = there.Explain(t.Context(), got)
		wantCode(t, "an input that is not kept", err, cpodkit.CodeNotFound)
		for tenant, code := range map[string]cpodkit.Code{"globex": cpodkit.CodeNotFound, "": cpodkit.CodeMissingToken} {
			_, err := there.Logged(t.Context(), tenant, made.ID)
			wantCode(t, "the decision of another tenant", err, code)
		}
		if hooked.Load() != 3 {
			t.Errorf("the hook got %d decisions", hooked.Load())
		}
	})
}

// What waits when Run ends is stored. A store that is down gets it later.
func TestDecisionsOfABrokenStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &failing{Memory: rego.NewMemory()}
		e := onStore(t, store, operator(map[string]string{"shop.rego": double}, nil))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); _ = e.Run(ctx) }()
		evaluate(t, e, "acme", "shop/double", `{"n":0}`)
		store.down.Store(true)
		first := evaluate(t, e, "acme", "shop/double", `{"n":1}`)
		time.Sleep(time.Minute)
		_, err := e.Logged(t.Context(), "acme", first.ID)
		wantCode(t, "while the store is down", err, cpodkit.CodeUnavailable)
		store.down.Store(false)
		time.Sleep(6 * time.Second)
		must(t, second1(store.Decision(t.Context(), "acme", first.ID)))
		last := evaluate(t, e, "acme", "shop/double", `{"n":2}`)
		cancel()
		<-ended
		must(t, second1(store.Decision(t.Context(), "acme", last.ID)))
	})
}

// failing is a store that can be down.
type failing struct {
	*rego.Memory
	down atomic.Bool
}

func (f *failing) AppendDecisions(ctx context.Context, decisions []rego.LoggedDecision) error {
	if f.down.Load() {
		return cpodkit.CodeUnavailable
	}
	return f.Memory.AppendDecisions(ctx, decisions)
}

func (f *failing) Head(ctx context.Context, tenantID string) (rego.Head, error) {
	if f.down.Load() {
		return rego.Head{}, cpodkit.CodeUnavailable
	}
	return f.Memory.Head(ctx, tenantID)
}

// A queue that is full drops decisions, and counts them. One tenant leaves room for others.
func TestFullQueue(t *testing.T) {
	t.Parallel()
	reader := sdkmetric.NewManualReader()
	e := onStore(t, rego.NewMemory(), operator(map[string]string{"shop.rego": double}, nil),
		rego.WithTelemetry(nil, sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))))
	large := `{"n":1,"filler":"` + strings.Repeat("x", 60<<10) + `"}`
	for range 200 { // an eighth of 64 MiB is about 136 of them
		evaluate(t, e, "acme", "shop/double", large)
	}
	evaluate(t, e, "globex", "shop/double", large)
	running(t, e)
	var all metricdata.ResourceMetrics
	must(t, reader.Collect(t.Context(), &all))
	dropped := int64(0)
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if sum, ok := m.Data.(metricdata.Sum[int64]); ok && m.Name == "cpodkit.policy.decisions.dropped" {
				for _, p := range sum.DataPoints {
					if reason, _ := p.Attributes.Value(attribute.Key("reason")); reason.AsString() == "queue_full" {
						dropped += p.Value
					}
				}
			}
		}
	}
	if dropped < 50 || dropped > 80 {
		t.Errorf("%d decisions are dropped", dropped)
	}
}

// Old decisions go, and with them what made them. What is in force stays, and so does the
// content of a revision whose decisions are kept.
func TestRetention(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, ctx := rego.NewMemory(), t.Context()
		e := running(t, onStore(t, store, rego.WithRetention(24*time.Hour), operator(map[string]string{"o": "package o\nx := 1"}, nil)))
		must(t, second1(e.PutModule(ctx, "acme", "shop", double, rego.Condition{})))
		time.Sleep(10 * 24 * time.Hour)
		first := evaluate(t, e, "acme", "shop/double", `{"n":1}`)
		must(t, second1(e.PutModule(ctx, "acme", "shop", strings.Replace(double, "* 2", "* 3", 1), rego.Condition{})))
		time.Sleep(23 * time.Hour)
		logged, err := e.Logged(ctx, "acme", first.ID)
		must(t, err)
		x, err := e.Explain(ctx, logged)
		if err != nil || string(x.Result) != "2" {
			t.Errorf("the explanation is %s, %v", x.Result, err)
		}
		time.Sleep(2*time.Hour + time.Minute)
		_, err = e.Logged(ctx, "acme", first.ID)
		wantCode(t, "after the retention", err, cpodkit.CodeNotFound)
		time.Sleep(24 * time.Hour)
		_, err = e.Explain(ctx, logged)
		wantCode(t, "the revision that decided", err, cpodkit.CodeNotFound)
		if d := evaluate(t, e, "acme", "shop/double", `{"n":1}`); string(d.Result) != "3" {
			t.Errorf("the policy in force gives %s", d.Result)
		}
		must(t, second1(e.Modules(ctx, "acme")))
	})
	for _, wrong := range []rego.Option{rego.WithRetention(time.Minute), rego.WithSampling(-1)} {
		if _, err := rego.New(rego.NewMemory(), wrong); err == nil {
			t.Error("a wrong option is accepted")
		}
	}
}

// A decision is explained by the revision that made it: of the operator, whose policy has
// changed on another replica, and of the tenant.
func TestExplain(t *testing.T) {
	t.Parallel()
	store, ctx := rego.NewMemory(), t.Context()
	source := fixed("package base\nx := input.n + data.more\n")
	source.set(map[string]any{"more": json.Number("1")}, "package base\nx := input.n + data.more\n")
	e := running(t, onStore(t, store, rego.WithSource(source)))
	must(t, second1(e.PutModule(ctx, "acme", "shop", double, rego.Condition{})))
	ours := evaluate(t, e, "acme", "shop/double", `{"n":2}`)
	base := evaluate(t, e, "acme", "base/x", `{"n":2}`)
	first, err := e.Logged(ctx, "acme", ours.ID)
	must(t, err)
	second, err := e.Logged(ctx, "acme", base.ID)
	must(t, err)
	eventually(t, "the operator's content is kept", func() bool {
		_, err := store.Blob(ctx, "", first.Operator)
		return err == nil
	})
	source.set(map[string]any{"more": json.Number("5")}, "package base\nx := input.n * data.more\n")
	must(t, second1(e.DeleteModule(ctx, "acme", "shop", rego.Condition{})))
	if d := evaluate(t, e, "acme", "base/x", `{"n":2}`); string(d.Result) != "10" || d.Revision == base.Revision {
		t.Errorf("now it is %+v", d)
	}
	for _, c := range []struct {
		logged rego.LoggedDecision
		want   string
	}{{first, "4"}, {second, "3"}} {
		x, err := onStore(t, store).Explain(ctx, c.logged) // another replica
		if err != nil || string(x.Result) != c.want || !x.Allowed || !strings.Contains(strings.Join(x.Trace, "\n"), "input.n") {
			t.Errorf("%s: the explanation is %+v, %v; want %s", c.logged.Path, x, err, c.want)
		}
	}
}

// eventually waits until something is so.
func eventually(t testing.TB, what string, isSo func() bool) {
	t.Helper()
	late := time.After(30 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !isSo() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("it never came that %s", what)
		}
	}
}

// Of logged decisions a dry run finds those that its modules would change.
func TestDryRun(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	e := running(t, onStore(t, rego.NewMemory(), operator(map[string]string{"o": "package o\nx := 1"}, nil),
		rego.WithMasker(func(_ context.Context, input json.RawMessage) (json.RawMessage, error) {
			return json.RawMessage(strings.ReplaceAll(string(input), `"n":99`, `"n":0`)), nil
		})))
	must(t, second1(e.PutModule(ctx, "acme", "shop", double, rego.Condition{})))
	must(t, second1(e.PutModule(ctx, "acme", "other", "package other\ny := 1", rego.Condition{})))
	var ids []string
	for n := range 10 {
		ids = append(ids, evaluate(t, e, "acme", "shop/double", fmt.Sprintf(`{"n":%d}`, n)).ID)
	}
	ids = append(ids, evaluate(t, e, "acme", "shop/double", `{"n":99}`).ID)
	for _, id := range ids {
		must(t, second1(e.Logged(ctx, "acme", id)))
	}
	before := evaluate(t, e, "acme", "other/y", `null`)
	tried := map[string]string{"shop": "package shop\ndouble := input.n * 2 if input.n < 7\ndouble := 0 if input.n >= 7\n", "new": "package new\nz := data.other.y"}
	trial := func(n int) rego.Trial {
		return rego.Trial{Path: "shop/double", Input: json.RawMessage(`{"n":8}`), Modules: tried, CompareLast: n}
	}
	r, err := e.DryRun(ctx, "acme", trial(rego.MaxCompared))
	must(t, err)
	if string(r.Result) != "0" || r.Compared != 11 || len(r.Trace) == 0 || r.Revision == before.Revision {
		t.Errorf("the trial is %+v", r)
	}
	var changes []string
	for _, c := range r.Changes {
		changes = append(changes, fmt.Sprintf("%s: %s %s", c.DecisionID, c.Before, c.After))
	}
	// The newest comes first. Where masking alone makes a difference, nothing would change.
	want := []string{ids[9] + ": 18 0", ids[8] + ": 16 0", ids[7] + ": 14 0"}
	if strings.Join(changes, "\n") != strings.Join(want, "\n") {
		t.Errorf("the changes are %q, want %q", changes, want)
	}
	if r, err := e.DryRun(ctx, "acme", trial(2)); err != nil || r.Compared != 2 || len(r.Changes) != 1 {
		t.Errorf("of the last 2 decisions: %+v, %v", r, err)
	}
	if r, err := e.DryRun(ctx, "acme", rego.Trial{Path: "shop/double", Input: json.RawMessage(`{"n":8}`), CompareLast: 100}); err != nil ||
		string(r.Result) != "16" || len(r.Changes) != 0 || r.Revision != before.Revision {
		t.Errorf("without modules: %+v, %v", r, err)
	}
	if d := evaluate(t, e, "acme", "shop/double", `{"n":8}`); string(d.Result) != "16" || d.Revision != before.Revision {
		t.Errorf("a trial is in force: %+v", d)
	}
	_, err = e.Logged(ctx, "acme", r.ID)
	wantCode(t, "a trial is logged", err, cpodkit.CodeNotFound)
	for name, c := range map[string]struct {
		trial rego.Trial
		code  cpodkit.Code
	}{
		"no rule":        {rego.Trial{Path: "shop/no"}, cpodkit.CodeNotFound},
		"undefined":      {rego.Trial{Path: "shop/double"}, cpodkit.CodeNotFound},
		"no path":        {rego.Trial{}, cpodkit.CodeValidationFailed},
		"broken":         {rego.Trial{Path: "shop/x", Modules: map[string]string{"shop": "package"}}, cpodkit.CodeValidationFailed},
		"a wrong name":   {rego.Trial{Path: "shop/x", Modules: map[string]string{"..": "package x"}}, cpodkit.CodeValidationFailed},
		"a large one":    {rego.Trial{Path: "shop/x", Modules: map[string]string{"x": strings.Repeat("x", 1<<17)}}, cpodkit.CodeValidationFailed},
		"too many":       {trial(rego.MaxCompared + 1), cpodkit.CodeValidationFailed},
		"less than 0":    {trial(-1), cpodkit.CodeValidationFailed},
		"a broken input": {rego.Trial{Path: "shop/double", Input: json.RawMessage(`{`)}, cpodkit.CodeValidationFailed},
	} {
		_, err := e.DryRun(ctx, "acme", c.trial)
		wantCode(t, name, err, c.code)
	}
	_, err = e.DryRun(ctx, "", trial(0))
	wantCode(t, "no tenant", err, cpodkit.CodeMissingToken)
}

// A change on one replica is in force on the others within 2 s, and an old one stays in force
// while the store is down.
func TestReplicas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		memory, ctx := rego.NewMemory(), t.Context()
		store := &failing{Memory: memory}
		here, there := running(t, onStore(t, memory)), running(t, onStore(t, store))
		put := func(n int) {
			t.Helper()
			must(t, second1(here.PutModule(ctx, "acme", "m", fmt.Sprintf("package m\nx := %d", n), rego.Condition{})))
		}
		sees := func(e *rego.Engine, n int) {
			t.Helper()
			if d := evaluate(t, e, "acme", "m/x", "null"); string(d.Result) != fmt.Sprint(n) {
				t.Errorf("it is %s, want %d", d.Result, n)
			}
		}
		put(1)
		sees(there, 1)
		put(2)
		sees(here, 2)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		sees(there, 2)
		store.down.Store(true)
		put(3)
		time.Sleep(time.Minute)
		sees(there, 2)
		store.down.Store(false)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		sees(there, 3)
	})
}
