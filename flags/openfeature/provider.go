// Package openfeature is a provider for the OpenFeature SDK
// (github.com/open-feature/go-sdk). [InProcess] evaluates flags in this process; any
// other [Backend] plugs in.
package openfeature

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	sdk "github.com/open-feature/go-sdk/openfeature"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/flags"
)

// Backend evaluates flags for a [Provider]. It is safe for concurrent use. What only
// some can do are [Starter], [Watcher] and cpodkit.Pinger.
type Backend interface {
	// Evaluate returns the value of a flag, as [flags.Handle.Resolve] does. Nobody changes
	// the result. An error is that there is no answer; the caller's default holds.
	Evaluate(ctx context.Context, key string, c flags.Context) (*flags.Result, error)
}

// Starter is a backend that takes time until it can evaluate.
type Starter interface {
	// Start returns when the backend can evaluate, or why it cannot.
	Start(ctx context.Context) error
}

// Watcher is a backend that knows when flags change.
type Watcher interface {
	// Watch yields the changes until ctx ends. After an error it yields nothing more.
	Watch(ctx context.Context) iter.Seq2[flags.Change, error]
}

// Tracker takes what the application tracks, such as a purchase.
type Tracker func(ctx context.Context, event string, evalCtx sdk.EvaluationContext, details sdk.TrackingEventDetails)

// Provider is a provider for the OpenFeature SDK. It is safe for concurrent use.
//
// It is ready when the backend has started. It emits PROVIDER_CONFIGURATION_CHANGED with
// the keys of the flags that have changed; PROVIDER_STALE when the backend's Ping fails,
// while the last good flags are in effect; PROVIDER_ERROR when that lasts; and
// PROVIDER_READY when it is over.
type Provider struct {
	options
	backend Backend
	events  chan sdk.Event

	begin func() (context.Context, context.CancelFunc)

	mu      sync.Mutex
	stop    context.CancelFunc // nil while the provider does not run
	running sync.WaitGroup
}

// Option configures [New].
type Option func(*options)

type options struct {
	name     string
	hooks    []sdk.Hook
	tracker  Tracker
	interval time.Duration
	grace    time.Duration
}

// WithName sets the name of the provider; "cpodkit" without it.
func WithName(name string) Option { return func(o *options) { o.name = name } }

// WithHooks sets hooks that run around every evaluation, such as the SDK's logging hook.
func WithHooks(hooks ...sdk.Hook) Option { return func(o *options) { o.hooks = hooks } }

// WithTracker sets what takes tracking events. Without it they are dropped.
func WithTracker(tracker Tracker) Option { return func(o *options) { o.tracker = tracker } }

// WithInterval sets the time between two pings of the backend, more than 0; 1 s without
// it.
func WithInterval(d time.Duration) Option { return func(o *options) { o.interval = d } }

// WithGrace sets for how long the provider is stale before it is in error: 0 or more, and
// 5 minutes without it. It evaluates meanwhile, and afterwards.
func WithGrace(d time.Duration) Option { return func(o *options) { o.grace = d } }

// New returns a provider. What it does in the background begins when the SDK initializes
// it, and ends when the SDK shuts it down, or ctx ends.
func New(ctx context.Context, backend Backend, opts ...Option) (*Provider, error) {
	if backend == nil {
		return nil, errors.New("openfeature: the backend is nil")
	}
	const buffered = 16 // events until the SDK reads them
	p := &Provider{
		options: options{name: "cpodkit", interval: time.Second, grace: 5 * time.Minute},
		backend: backend,
		events:  make(chan sdk.Event, buffered),
		begin:   func() (context.Context, context.CancelFunc) { return context.WithCancel(ctx) },
	}
	for _, opt := range opts {
		opt(&p.options)
	}
	if p.interval <= 0 || p.grace < 0 {
		return nil, fmt.Errorf("openfeature: the interval is %s, which must be more than 0, and the grace %s, which must not be negative", p.interval, p.grace)
	}
	return p, nil
}

// Metadata returns the name of the provider.
func (p *Provider) Metadata() sdk.Metadata { return sdk.Metadata{Name: p.name} }

// Hooks returns those of [WithHooks].
func (p *Provider) Hooks() []sdk.Hook { return p.hooks }

// Track hands a tracking event to the [Tracker].
func (p *Provider) Track(ctx context.Context, event string, evalCtx sdk.EvaluationContext, details sdk.TrackingEventDetails) {
	if p.tracker != nil {
		p.tracker(ctx, event, evalCtx, details)
	}
}

// EventChannel returns what the SDK reads events from. It is never closed.
func (p *Provider) EventChannel() <-chan sdk.Event { return p.events }

// BooleanEvaluation returns the value of a boolean flag.
func (p *Provider) BooleanEvaluation(ctx context.Context, key string, def bool, c sdk.FlattenedContext) sdk.BoolResolutionDetail {
	r, err := p.evaluate(ctx, key, c)
	if v, ok := r.Value.(bool); ok && err == nil { // as below, for less
		return sdk.BoolResolutionDetail{Value: v, ProviderResolutionDetail: sdk.ProviderResolutionDetail{
			Reason: sdk.Reason(r.Reason), Variant: r.Variant, FlagMetadata: r.Metadata,
		}}
	}
	v, result := r.Bool(def)
	return sdk.BoolResolutionDetail{Value: v, ProviderResolutionDetail: detail(&result, err)}
}

// StringEvaluation returns the value of a string flag.
func (p *Provider) StringEvaluation(ctx context.Context, key, def string, c sdk.FlattenedContext) sdk.StringResolutionDetail {
	r, err := p.evaluate(ctx, key, c)
	v, result := r.String(def)
	return sdk.StringResolutionDetail{Value: v, ProviderResolutionDetail: detail(&result, err)}
}

// FloatEvaluation returns the value of a number flag.
func (p *Provider) FloatEvaluation(ctx context.Context, key string, def float64, c sdk.FlattenedContext) sdk.FloatResolutionDetail {
	r, err := p.evaluate(ctx, key, c)
	v, result := r.Float(def)
	return sdk.FloatResolutionDetail{Value: v, ProviderResolutionDetail: detail(&result, err)}
}

// IntEvaluation returns the value of a number flag that has no fraction.
func (p *Provider) IntEvaluation(ctx context.Context, key string, def int64, c sdk.FlattenedContext) sdk.IntResolutionDetail {
	r, err := p.evaluate(ctx, key, c)
	v, result := r.Int(def)
	return sdk.IntResolutionDetail{Value: v, ProviderResolutionDetail: detail(&result, err)}
}

// ObjectEvaluation returns the value of an object flag, a copy that the caller may
// change.
func (p *Provider) ObjectEvaluation(ctx context.Context, key string, def any, c sdk.FlattenedContext) sdk.InterfaceResolutionDetail {
	r, err := p.evaluate(ctx, key, c)
	v, result := r.Object(def)
	if result.HasValue() {
		v = clone(v)
	}
	return sdk.InterfaceResolutionDetail{Value: v, ProviderResolutionDetail: detail(&result, err)}
}

// evaluate asks the backend. The targeting key is an attribute of the context. With an
// error the result is empty.
func (p *Provider) evaluate(ctx context.Context, key string, c sdk.FlattenedContext) (*flags.Result, error) {
	r, err := p.backend.Evaluate(ctx, key, flags.Context{Attributes: c})
	if err != nil {
		r = &flags.Result{}
	}
	return r, err
}

// detail returns a result in the SDK's words.
func detail(r *flags.Result, err error) sdk.ProviderResolutionDetail {
	if err == nil {
		return sdk.ProviderResolutionDetail{
			ResolutionError: resolutionError(r), Reason: sdk.Reason(r.Reason), Variant: r.Variant, FlagMetadata: r.Metadata,
		}
	}
	d := sdk.ProviderResolutionDetail{Reason: sdk.ErrorReason}
	switch message := err.Error(); cpodkit.CodeOf(err) {
	case cpodkit.CodeUnavailable, cpodkit.CodeTimeout:
		d.ResolutionError = sdk.NewProviderNotReadyResolutionError(message)
	default:
		d.ResolutionError = sdk.NewGeneralResolutionError(message, err)
	}
	return d
}

func resolutionError(r *flags.Result) sdk.ResolutionError {
	switch r.ErrorCode {
	case "":
		return sdk.ResolutionError{}
	case flags.ErrorFlagNotFound:
		return sdk.NewFlagNotFoundResolutionError(r.ErrorMessage)
	case flags.ErrorParse:
		return sdk.NewParseErrorResolutionError(r.ErrorMessage)
	case flags.ErrorTypeMismatch:
		return sdk.NewTypeMismatchResolutionError(r.ErrorMessage)
	case flags.ErrorTargetingKeyMissing:
		return sdk.NewTargetingKeyMissingResolutionError(r.ErrorMessage)
	case flags.ErrorInvalidContext:
		return sdk.NewInvalidContextResolutionError(r.ErrorMessage)
	case flags.ErrorNotReady:
		return sdk.NewProviderNotReadyResolutionError(r.ErrorMessage)
	case flags.ErrorFatal:
		return sdk.NewProviderFatalResolutionError(r.ErrorMessage)
	case flags.ErrorGeneral:
	}
	return sdk.NewGeneralResolutionError(r.ErrorMessage)
}

// clone copies what JSON decodes to.
func clone(x any) any {
	switch x := x.(type) {
	case map[string]any:
		all := make(map[string]any, len(x))
		for name, member := range x {
			all[name] = clone(member)
		}
		return all
	case []any:
		all := make([]any, len(x))
		for i, element := range x {
			all[i] = clone(element)
		}
		return all
	}
	return x
}
