package openfeature_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	sdk "github.com/open-feature/go-sdk/openfeature"
	"github.com/open-feature/go-sdk/openfeature/isolated"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/flags"
	"github.com/cpodkit/cpodkit/flags/openfeature"
)

const definition = `{
	"flags": {
		"boolean": {
			"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off",
			"targeting": {"if": [{"==": [{"var": "plan"}, "pro"]}, "on", null]}, "metadata": {"team": "web"}
		},
		"string": {"state": "ENABLED", "variants": {"v": "text"}, "defaultVariant": "v"},
		"integer": {"state": "ENABLED", "variants": {"v": 10}, "defaultVariant": "v"},
		"float": {"state": "ENABLED", "variants": {"v": 0.5}, "defaultVariant": "v"},
		"object": {"state": "ENABLED", "variants": {"v": {"a": [1, {"b": true}]}}, "defaultVariant": "v"},
		"disabled": {"state": "DISABLED", "variants": {"on": true}, "defaultVariant": "on"},
		"code-default": {"state": "ENABLED", "variants": {"on": true}, "defaultVariant": null},
		"key": {"state": "ENABLED", "variants": {"ann": "ann", "bob": "bob"}, "targeting": {"var": "targetingKey"}},
		"nested": {"state": "ENABLED", "variants": {"true": true, "false": false}, "targeting": {">": [{"var": "since"}, "2026"]}},
		"wrong": {"state": "ENABLED", "variants": {"on": true}, "defaultVariant": "on", "targeting": {"var": "plan"}}
	},
	"metadata": {"set": "shop"}
}`

const patience = 30 * time.Second

// api is the SDK with a provider on a tenant's flags.
type api struct {
	*sdk.EvaluationAPI
	client *sdk.Client
	source *source // nil for a remote one
	events chan event
}

type event struct {
	kind    sdk.EventType
	details sdk.EventDetails
}

// source is a source in memory that fails when it is told to.
type source struct {
	*flags.Memory
	broken atomic.Bool
}

func (s *source) Load(ctx context.Context, tenantID string) ([]flags.Definition, error) {
	if s.broken.Load() {
		return nil, cpodkit.CodeUnavailable
	}
	return s.Memory.Load(ctx, tenantID)
}

func (s *source) Version(ctx context.Context, tenantID string) (string, error) {
	if s.broken.Load() {
		return "", cpodkit.CodeUnavailable
	}
	return s.Memory.Version(ctx, tenantID)
}

func start(t *testing.T, opts ...openfeature.Option) *api {
	t.Helper()
	in := &source{Memory: flags.NewMemory()}
	if err := in.Set("acme", []byte(definition)); err != nil {
		t.Fatal(err)
	}
	all, err := flags.New(in, flags.WithInterval(5*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	go all.Run(t.Context())
	p, err := openfeature.New(t.Context(), openfeature.InProcess(all, "acme"), append(opts, openfeature.WithInterval(5*time.Millisecond))...)
	if err != nil {
		t.Fatal(err)
	}
	a := newAPI(t, p)
	a.source = in
	return a
}

// newAPI returns the SDK with a provider, until the test ends.
func newAPI(t *testing.T, p *openfeature.Provider) *api {
	t.Helper()
	a := &api{EvaluationAPI: isolated.NewAPI(), events: make(chan event, 100)}
	a.client = a.NewClient()
	for _, kind := range []sdk.EventType{sdk.ProviderReady, sdk.ProviderConfigChange, sdk.ProviderStale, sdk.ProviderError} {
		seen := func(details sdk.EventDetails) { a.events <- event{kind, details} }
		a.client.AddHandler(kind, &seen)
	}
	if err := a.SetProviderAndWait(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
		defer cancel()
		if err := a.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	return a
}

// next waits for the next event.
func (a *api) next(t *testing.T, want sdk.EventType) sdk.EventDetails {
	t.Helper()
	select {
	case e := <-a.events:
		if e.kind != want {
			t.Fatalf("the event is %s (%s); want %s", e.kind, e.details.Message, want)
		}
		return e.details
	case <-time.After(patience):
		t.Fatalf("there is no event %s", want)
	}
	return sdk.EventDetails{}
}

// nextState waits for the next event that is not of a change.
func (a *api) nextState(t *testing.T) event {
	t.Helper()
	for {
		select {
		case e := <-a.events:
			if e.kind != sdk.ProviderConfigChange {
				return e
			}
		case <-time.After(patience):
			t.Fatal("there is no event")
		}
	}
}

func TestTypes(t *testing.T) {
	t.Parallel()
	a := start(t)
	ctx, ann := t.Context(), sdk.NewEvaluationContext("ann", map[string]any{"plan": "pro", "since": time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)})
	b, err := a.client.BooleanValueDetails(ctx, "boolean", false, ann)
	if err != nil || !b.Value || b.Variant != "on" || b.Reason != sdk.TargetingMatchReason {
		t.Errorf("the boolean is %+v, %v", b, err)
	}
	if team, err := b.FlagMetadata.GetString("team"); team != "web" || err != nil {
		t.Errorf("the metadata is %v, %v", b.FlagMetadata, err)
	}
	if v, err := a.client.BooleanValueDetails(ctx, "boolean", true, sdk.EvaluationContext{}); v.Value || err != nil || v.Reason != sdk.DefaultReason {
		t.Errorf("without a context the boolean is %+v, %v", v, err)
	}
	if v, err := a.client.StringValue(ctx, "string", "", ann); v != "text" || err != nil {
		t.Errorf("the string is %q, %v", v, err)
	}
	if v, err := a.client.IntValue(ctx, "integer", 0, ann); v != 10 || err != nil {
		t.Errorf("the integer is %d, %v", v, err)
	}
	if v, err := a.client.FloatValue(ctx, "integer", 0, ann); v != 10 || err != nil {
		t.Errorf("the integer as a float is %v, %v", v, err)
	}
	if v, err := a.client.FloatValue(ctx, "float", 0, ann); v != 0.5 || err != nil {
		t.Errorf("the float is %v, %v", v, err)
	}
	if v, err := a.client.StringValue(ctx, "key", "", ann); v != "ann" || err != nil {
		t.Errorf("the targeting key is %q, %v", v, err)
	}
	if v, err := a.client.BooleanValue(ctx, "nested", false, ann); !v || err != nil {
		t.Errorf("the time in the context is %t, %v", v, err)
	}
	want := map[string]any{"a": []any{1.0, map[string]any{"b": true}}}
	for range 2 { // a caller may change what it gets
		v, err := a.client.ObjectValue(ctx, "object", nil, ann)
		if err != nil || !reflect.DeepEqual(v, want) {
			t.Fatalf("the object is %v, %v", v, err)
		}
		object, _ := v.(map[string]any)
		items, _ := object["a"].([]any)
		items[0], object["b"] = "changed", 1
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	a := start(t)
	ctx, pro := t.Context(), sdk.NewEvaluationContext("", map[string]any{"plan": "pro"})
	for key, want := range map[string]struct {
		reason sdk.Reason
		code   sdk.ErrorCode
	}{
		"disabled":     {sdk.DisabledReason, ""},
		"code-default": {sdk.DefaultReason, ""},
		"unknown":      {sdk.ErrorReason, sdk.FlagNotFoundCode},
		"string":       {sdk.ErrorReason, sdk.TypeMismatchCode},
		"wrong":        {sdk.ErrorReason, sdk.GeneralCode},
	} {
		for _, def := range []bool{true, false} {
			v, err := a.client.BooleanValueDetails(ctx, key, def, pro)
			if v.Value != def || v.Reason != want.reason || v.ErrorCode != want.code || (err == nil) != (want.code == "") || v.Variant != "" {
				t.Errorf("%s is %+v, %v; want %v", key, v, err, want)
			}
		}
	}
}

// An identity of the tenant counts, and no other.
func TestIdentity(t *testing.T) {
	t.Parallel()
	a := start(t)
	for tenant, want := range map[string]string{"acme": "bob", "other": "nobody"} {
		id := cpodkit.Identity{TenantID: tenant, AppID: "shop", UserID: "bob"}
		ctx := cpodkit.WithIdentity(t.Context(), id)
		if v, _ := a.client.StringValue(ctx, "key", "nobody", sdk.EvaluationContext{}); v != want {
			t.Errorf("for an identity of %s the targeting key is %q; want %q", tenant, v, want)
		}
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	a := start(t, openfeature.WithGrace(50*time.Millisecond))
	a.next(t, sdk.ProviderReady)
	// The watch of the provider begins in the background: a change that is not in time
	// for it is made again.
	changed := make(chan sdk.EventDetails, 1)
	go func() { changed <- a.next(t, sdk.ProviderConfigChange) }()
	for i := 0; ; i++ {
		value := []string{"x", "y"}[i%2]
		if err := a.source.Set("acme", []byte(`{"flags": {"string": {"state": "ENABLED", "variants": {"v": "`+value+`"}, "defaultVariant": "v"}}}`)); err != nil {
			t.Fatal(err)
		}
		select {
		case details := <-changed:
			if !slices.Contains(details.FlagChanges, "string") || details.EventMetadata["version"] == "" {
				t.Errorf("the event of the change is %+v", details)
			}
		case <-time.After(20 * time.Millisecond):
			continue
		}
		break
	}
	a.source.broken.Store(true)
	if err := a.source.Set("acme", []byte(definition)); err != nil { // what is reported is read
		t.Fatal(err)
	}
	if e := a.nextState(t); e.kind != sdk.ProviderStale || e.details.Message == "" {
		t.Errorf("the event is %+v", e)
	}
	if v, err := a.client.StringValue(t.Context(), "string", "none", sdk.EvaluationContext{}); v == "none" || err != nil {
		t.Errorf("the stale provider says %q, %v", v, err)
	}
	if details := a.next(t, sdk.ProviderError); details.Message == "" {
		t.Errorf("the event is %+v", details)
	}
	if v, err := a.client.StringValue(t.Context(), "string", "none", sdk.EvaluationContext{}); v == "none" || err != nil {
		t.Errorf("the provider in error says %q, %v", v, err)
	}
	a.source.broken.Store(false)
	if e := a.nextState(t); e.kind != sdk.ProviderReady {
		t.Errorf("the event is %+v", e)
	}
	if state := a.client.State(); state != sdk.ReadyState {
		t.Errorf("the state is %s", state)
	}
}

// A provider that cannot start is in error, and evaluates to the caller's defaults.
func TestNotReady(t *testing.T) {
	t.Parallel()
	s := &source{Memory: flags.NewMemory()}
	s.broken.Store(true)
	all, err := flags.New(s)
	if err != nil {
		t.Fatal(err)
	}
	p, err := openfeature.New(t.Context(), openfeature.InProcess(all, "acme"))
	if err != nil {
		t.Fatal(err)
	}
	api := isolated.NewAPI()
	defer func() { _ = api.Shutdown(context.WithoutCancel(t.Context())) }()
	if err := api.SetProviderAndWait(t.Context(), p); err == nil {
		t.Error("the provider is set")
	}
	v, err := api.NewClient().BooleanValueDetails(t.Context(), "boolean", true, sdk.EvaluationContext{})
	if err == nil || !v.Value || v.ErrorCode != sdk.ProviderNotReadyCode || v.Reason != sdk.ErrorReason {
		t.Errorf("the boolean is %+v, %v", v, err)
	}
}

// hook counts the calls of its stages.
type hook struct {
	sdk.UnimplementedHook
	before, after atomic.Int64
}

func (h *hook) Before(context.Context, sdk.HookContext, sdk.HookHints) (*sdk.EvaluationContext, error) {
	h.before.Add(1)
	c := sdk.NewTargetlessEvaluationContext(map[string]any{"plan": "pro"})
	return &c, nil
}

func (h *hook) After(context.Context, sdk.HookContext, sdk.InterfaceEvaluationDetails, sdk.HookHints) error {
	h.after.Add(1)
	return nil
}

func TestHooksAndTracking(t *testing.T) {
	t.Parallel()
	h, tracked := &hook{}, make(chan string, 1)
	a := start(t, openfeature.WithName("mine"), openfeature.WithHooks(h),
		openfeature.WithTracker(func(_ context.Context, event string, c sdk.EvaluationContext, details sdk.TrackingEventDetails) {
			if details.Value() == 99.5 && c.TargetingKey() == "ann" {
				tracked <- event
			}
		}))
	if v, err := a.client.BooleanValue(t.Context(), "boolean", false, sdk.EvaluationContext{}); !v || err != nil {
		t.Errorf("the context of the hook leads to %t, %v", v, err)
	}
	if h.before.Load() != 1 || h.after.Load() != 1 {
		t.Errorf("the hook was called %d and %d times", h.before.Load(), h.after.Load())
	}
	a.client.Track(t.Context(), "bought", sdk.NewEvaluationContext("ann", nil), sdk.NewTrackingEventDetails(99.5))
	select {
	case event := <-tracked:
		if event != "bought" {
			t.Errorf("the event is %q", event)
		}
	default:
		t.Error("nothing is tracked")
	}
	if details := a.next(t, sdk.ProviderReady); details.ProviderName != "mine" {
		t.Errorf("the provider is %q", details.ProviderName)
	}
}

// answer is a backend that always says the same.
type answer struct {
	result flags.Result
	err    error
}

func (a answer) Evaluate(context.Context, string, flags.Context) (*flags.Result, error) {
	return &a.result, a.err
}

// Every code and error has its word in the SDK.
func TestErrorCodes(t *testing.T) {
	t.Parallel()
	for code, want := range map[cpodkit.Code]sdk.ErrorCode{
		cpodkit.CodeUnavailable: sdk.ProviderNotReadyCode, cpodkit.CodeTimeout: sdk.ProviderNotReadyCode,
		cpodkit.CodeMissingToken: sdk.GeneralCode,
	} {
		check(t, answer{err: code}, want)
	}
	for code, want := range map[flags.ErrorCode]sdk.ErrorCode{
		flags.ErrorFlagNotFound: sdk.FlagNotFoundCode, flags.ErrorParse: sdk.ParseErrorCode, flags.ErrorTypeMismatch: sdk.TypeMismatchCode,
		flags.ErrorTargetingKeyMissing: sdk.TargetingKeyMissingCode, flags.ErrorInvalidContext: sdk.InvalidContextCode,
		flags.ErrorNotReady: sdk.ProviderNotReadyCode, flags.ErrorFatal: sdk.ProviderFatalCode, flags.ErrorGeneral: sdk.GeneralCode, "ANOTHER": sdk.GeneralCode,
	} {
		check(t, answer{result: flags.Result{Reason: flags.ReasonError, ErrorCode: code, ErrorMessage: "x"}}, want)
	}
}

func check(t *testing.T, backend answer, want sdk.ErrorCode) {
	t.Helper()
	p, err := openfeature.New(t.Context(), backend)
	if err != nil {
		t.Fatal(err)
	}
	r := p.BooleanEvaluation(t.Context(), "f", true, nil)
	if d := r.ResolutionDetail(); !r.Value || d.ErrorCode != want || d.Reason != sdk.ErrorReason {
		t.Errorf("%+v becomes %+v; want %s", backend, d, want)
	}
	if err := p.Init(sdk.EvaluationContext{}); err != nil {
		t.Error(err)
	}
	if err := errors.Join(p.ShutdownWithContext(t.Context())); err != nil {
		t.Error(err)
	}
}
