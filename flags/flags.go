// Package flags evaluates feature flags in flagd's definition format
// (https://flagd.dev/reference/flag-definitions) by the rules of the OpenFeature
// specification. [Parse] compiles a definition. A [Flags] keeps the compiled flags of
// each tenant current with its [Source]: [NewMemory], [NewFile], or another driver.
package flags

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/portable"
)

const (
	defaultInterval   = 2 * time.Second
	defaultMaxTenants = 1000
)

// Flags is the flags of all tenants. It is safe for concurrent use, except that Run
// runs once at a time.
//
// A tenant's flags are loaded at the first use. From then on an evaluation reads memory
// alone: a reload compiles beside it and takes effect at once. When a reload fails, the
// last good flags stay. Errors of its methods are [cpodkit.Error] values: unavailable,
// timeout and internal while a tenant's flags have never been read. A cancelled
// context's error is returned as it is.
type Flags struct {
	options
	web

	source        Source
	isShared      bool
	load, version *portable.Operation

	mu      sync.Mutex
	tenants map[string]*tenant
	dirty   map[string]struct{} // that the source has reported; "" for all
	woken   chan struct{}

	known    sync.Map // tenant id to *tenant, the same as tenants, for evaluations
	compiled compiledCache
	stale    atomic.Int64 // tenants whose flags are not current
}

// Option configures [New].
type Option func(*options)

type options struct {
	webOptions

	tracers    trace.TracerProvider
	meters     metric.MeterProvider
	log        *slog.Logger
	interval   time.Duration
	maxTenants int
	claims     func(context.Context, cpodkit.Identity) map[string]any
}

// WithTelemetry makes a span of every call to the source ("flags.load"), measures how
// long it takes, counts its errors by code, and reports how many tenants' flags are not
// current ("cpodkit.flags.stale"; docs/operations.md). Nothing of it holds a key. A nil
// provider leaves out its half, as does New without this option.
func WithTelemetry(tracers trace.TracerProvider, meters metric.MeterProvider) Option {
	return func(o *options) { o.tracers, o.meters = tracers, meters }
}

// WithLog sets where it is logged that a tenant's flags cannot be read: each distinct
// failure once, and once when it is over. Without it nothing is logged.
func WithLog(log *slog.Logger) Option { return func(o *options) { o.log = log } }

// WithInterval sets how often Run asks a source that does not report its changes, and
// repeats a load that failed: more than 0, and 2 s without it. A source that reports its
// changes is asked every minute besides.
func WithInterval(d time.Duration) Option { return func(o *options) { o.interval = d } }

// WithMaxTenants sets how many tenants' flags are kept in memory, at least 1; 1,000
// without it. With more, those go that were not used for longest, roughly, and are
// loaded again when they are needed. Those that somebody watches stay.
func WithMaxTenants(n int) Option { return func(o *options) { o.maxTenants = n } }

// WithClaims sets what rules find in identity.claims: a function that returns what it
// chooses of the claims of the request's credential, as JSON decodes it. It is called
// when a rule asks for them.
func WithClaims(claims func(context.Context, cpodkit.Identity) map[string]any) Option {
	return func(o *options) { o.claims = claims }
}

// New returns the flags of a source. Without [Flags.Run] they stay as they were when
// they were first used.
func New(source Source, opts ...Option) (*Flags, error) {
	if source == nil {
		return nil, errors.New("flags: the source is nil")
	}
	f := &Flags{
		options: options{interval: defaultInterval, maxTenants: defaultMaxTenants},
		source:  source, isShared: isShared(source),
		tenants: map[string]*tenant{},
		dirty:   map[string]struct{}{},
		woken:   make(chan struct{}, 1),
	}
	for _, opt := range opts {
		opt(&f.options)
	}
	if f.interval <= 0 || f.maxTenants < 1 {
		return nil, fmt.Errorf("flags: the interval is %s, with at most %d tenants; both must be more than 0", f.interval, f.maxTenants)
	}
	calls, err := portable.NewCalls("flags", f.tracers, f.meters, sentence)
	if err != nil {
		return nil, fmt.Errorf("flags: %w", err)
	}
	f.load, f.version = calls.Operation("load"), calls.Operation("version")
	if f.web, err = newWeb(calls, f.webOptions); err != nil {
		return nil, fmt.Errorf("flags: %w", err)
	}
	if f.meters != nil {
		if err := f.observe(); err != nil {
			return nil, fmt.Errorf("flags: %w", err)
		}
	}
	return f, nil
}

func (f *Flags) observe() error {
	meter := f.meters.Meter("github.com/cpodkit/cpodkit/flags")
	_, err := meter.Int64ObservableGauge("cpodkit.flags.stale",
		metric.WithUnit("{tenant}"),
		metric.WithDescription("Tenants whose flags in effect are not current, since they cannot be read; at least 1 while the source is broken."),
		metric.WithInt64Callback(func(ctx context.Context, o metric.Int64Observer) error {
			n := f.stale.Load()
			if f.pingSource(ctx) != nil {
				n = max(n, 1)
			}
			o.Observe(n)
			return nil
		}))
	return err
}

func (f *Flags) pingSource(ctx context.Context) error {
	if pinger, ok := f.source.(cpodkit.Pinger); ok {
		return pinger.Ping(ctx)
	}
	return nil
}

// Set returns the flags of a tenant as they are now.
func (f *Flags) Set(ctx context.Context, tenantID string) (*Set, error) {
	_, set, err := f.current(ctx, tenantID)
	return set, err
}

// current returns a tenant whose flags have been read, and these.
func (f *Flags) current(ctx context.Context, tenantID string) (*tenant, *Set, error) {
	t := f.tenant(tenantID)
	if set := t.set.Load(); set != nil {
		return t, set, nil
	}
	if err := f.reload(ctx, t, false); err != nil {
		return nil, nil, err
	}
	return t, t.set.Load(), nil
}

// Refresh loads the flags of a tenant anew, if they are in memory. It is for code that
// has just changed them. The last good flags stay when it fails.
func (f *Flags) Refresh(ctx context.Context, tenantID string) error {
	t, ok := f.known.Load(f.id(tenantID))
	if !ok {
		return nil
	}
	return f.reload(ctx, t.(*tenant), true) //nolint:errcheck,forcetypeassert // nothing else is stored
}

// Ping returns nil, or why flags are in effect that are not current: the source is
// broken, or a definition is wrong. It asks the source only where that is a [cpodkit.Pinger].
func (f *Flags) Ping(ctx context.Context) error {
	err := f.pingSource(ctx)
	if n := f.stale.Load(); n > 0 {
		err = errors.Join(err, fmt.Errorf("the flags of %d tenants could not be read: the last good ones are in effect", n))
	}
	return err
}
