// Package secrets resolves the secrets of tenants from a [Provider]: the environment,
// files, a sealed store in the database, Vault, or a chain of them. A secret can rotate
// while it is in use, and a [Value] cannot be printed, logged or marshalled by accident.
package secrets

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/keylock"
	"github.com/cpodkit/cpodkit/internal/portable"
	"github.com/cpodkit/cpodkit/internal/seal"
	"github.com/cpodkit/cpodkit/internal/shares"
)

// Limits of secrets, in bytes where nothing else is said.
const (
	MaxName    = 512
	MaxValue   = 64 << 10
	MaxApps    = 100 // apps in a grant or a bundle
	MaxResolve = 100 // names in one Resolve
	MaxBundle  = 100 // variables and files of a bundle together
)

// CheckName returns an invalid_key error unless name may name a secret or a bundle: 1 to
// [MaxName] bytes of UTF-8 without control characters, no slash at the start, no empty,
// "." or ".." segment.
func CheckName(name string) error {
	fault := ""
	switch {
	case name == "" || len(name) > MaxName:
		fault = fmt.Sprintf("has %d bytes; 1 to %d are allowed", len(name), MaxName)
	case !utf8.ValidString(name):
		fault = "is not UTF-8"
	case strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c >= 0x7f && c < 0xa0 }):
		fault = "has a control character"
	default:
		for segment := range strings.SplitSeq(name, "/") {
			if segment == "" || segment == "." || segment == ".." {
				fault = "has an empty segment, or one of dots"
			}
		}
	}
	if fault == "" {
		return nil
	}
	return cpodkit.Errorf(cpodkit.CodeInvalidKey, "The name of the secret %s.", fault)
}

const (
	defaultTTL       = 30 * time.Second
	defaultStale     = 10 * time.Minute
	defaultCacheSize = 10_000
)

// Secrets is the secrets of all tenants. It is safe for concurrent use, except that Run
// runs once at a time.
//
// Values and grants are cached for the time of [WithTTL]; a cached read makes no call to
// the provider. Errors of its methods are [cpodkit.Error] values. A cancelled context's
// error is returned as it is. No error holds a value.
type Secrets struct {
	options
	cache
	watches

	provider Provider
	records  Records
	calls    operations
	writes   keylock.Locks // by tenant and name
	cursors  *seal.Box
}

// Option configures [New].
type Option func(*options)

type options struct {
	tracers      trace.TracerProvider
	meters       metric.MeterProvider
	log          *slog.Logger
	ttl          time.Duration
	stale        time.Duration
	cacheSize    int
	hook         func(context.Context, Read) error
	cursorSecret []byte
}

// WithTelemetry makes a span of every call to the provider and to the records
// ("secrets.get"), measures how long it takes, and counts its errors by code. It counts the
// reads that the cache served ("cpodkit.secrets.reads"), and reports how many secrets in the
// cache could not be read again in the last minute ("cpodkit.secrets.stale";
// docs/operations.md). Nothing of it holds a name or a value.
// A nil provider leaves out its half, as does New without this option.
func WithTelemetry(tracers trace.TracerProvider, meters metric.MeterProvider) Option {
	return func(o *options) { o.tracers, o.meters = tracers, meters }
}

// WithLog sets where it is logged that secrets cannot be read: once, and once when that has
// been over for a minute. Without it nothing is logged.
func WithLog(log *slog.Logger) Option { return func(o *options) { o.log = log } }

// WithTTL sets for how long a value and a grant are served from the cache before they are
// read again: more than 0, and 30 s without it. What a [Watcher] reports is read again at
// once.
func WithTTL(d time.Duration) Option { return func(o *options) { o.ttl = d } }

// WithStale sets for how long after its last good read a value or a grant is served while
// the provider or the records fail: 0 for never, and 10 min without it.
func WithStale(d time.Duration) Option { return func(o *options) { o.stale = d } }

// WithCacheSize sets how many secrets are cached, at least 1; 10,000 without it. A value of
// more than 4 KiB takes one place more for each 4 KiB. Each tenant has a share of the cache.
func WithCacheSize(n int) Option { return func(o *options) { o.cacheSize = n } }

// WithReadHook sets what receives each read that hands out a value, from the cache as
// well. An error of it refuses the read: unavailable. It is called concurrently, and a read
// waits for it. Nil is none.
func WithReadHook(hook func(context.Context, Read) error) Option {
	return func(o *options) { o.hook = hook }
}

// Read says who got which secret.
type Read struct {
	TenantID string
	AppID    string // "" for trusted code
	UserID   string // "" for none
	Name     string
	Version  int64  // 0 where the provider has no versions
	Bundle   string // by which the value was handed out; "" for none
}

// New returns the secrets of a provider. The records say who may read them, also where the
// provider is another system. One driver may be both.
func New(provider Provider, records Records, opts ...Option) (*Secrets, error) {
	if provider == nil || records == nil {
		return nil, errors.New("secrets: the provider or the records are nil")
	}
	s := &Secrets{
		options:  options{ttl: defaultTTL, stale: defaultStale, cacheSize: defaultCacheSize},
		provider: provider, records: records,
		watches: watches{woken: map[key]map[chan struct{}]struct{}{}},
	}
	for _, opt := range opts {
		opt(&s.options)
	}
	if s.ttl <= 0 || s.stale < 0 || s.cacheSize < 1 {
		return nil, fmt.Errorf("secrets: the TTL is %s, stale values are served for %s, and the cache has %d places; "+
			"the first and the last must be more than 0, and the second not less", s.ttl, s.stale, s.cacheSize)
	}
	calls, err := portable.NewCalls("secrets", s.tracers, s.meters, sentence)
	if err != nil {
		return nil, fmt.Errorf("secrets: %w", err)
	}
	s.calls = newOperations(calls)
	if s.cursors, err = newCursors(s.cursorSecret); err != nil {
		return nil, fmt.Errorf("secrets: %w", err)
	}
	s.start, s.entries = time.Now(), shares.NewCache[key, *entry](s.cacheSize)
	if s.meters != nil {
		if err := s.observe(); err != nil {
			return nil, fmt.Errorf("secrets: %w", err)
		}
	}
	return s, nil
}

// operations are the calls to the provider and to the records.
type operations struct {
	get, put, remove, list                         *portable.Operation
	getGrant, putGrant, removeGrant, listGrants    *portable.Operation
	getBundle, putBundle, removeBundle, listBundle *portable.Operation
}

func newOperations(calls *portable.Calls) operations {
	op := calls.Operation
	return operations{
		op("get"), op("put"), op("delete"), op("list"),
		op("get_grant"), op("put_grant"), op("delete_grant"), op("list_grants"),
		op("get_bundle"), op("put_bundle"), op("delete_bundle"), op("list_bundles"),
	}
}

// observe reports what the cache does. It counts nothing on the way of a read but the read.
func (s *Secrets) observe() error {
	meter := s.meters.Meter("github.com/cpodkit/cpodkit/secrets")
	reads, err1 := meter.Int64ObservableCounter("cpodkit.secrets.reads",
		metric.WithUnit("{read}"),
		metric.WithDescription("Reads that the cache served, by whether the value was fresh or stale."))
	failing, err2 := meter.Int64ObservableGauge("cpodkit.secrets.stale",
		metric.WithUnit("{secret}"),
		metric.WithDescription("Secrets in the cache that could not be read again in the last minute."))
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	outcome := func(o string) metric.MeasurementOption {
		return metric.WithAttributes(attribute.String("cpodkit.secrets.outcome", o))
	}
	fresh, stale := outcome("fresh"), outcome("stale")
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		o.ObserveInt64(reads, s.served.Load(), fresh)
		o.ObserveInt64(reads, s.old.Load(), stale)
		o.ObserveInt64(failing, s.failing())
		return nil
	}, reads, failing)
	return err
}

// measured makes a call to a driver.
func measured[T any](ctx context.Context, op *portable.Operation, do func(context.Context) (T, error)) (T, error) {
	ctx, call := op.Start(ctx)
	result, err := recovered(ctx, do)
	return result, call.End(ctx, err)
}

// recovered is do. A panic of it is an error: no server could recover it in a goroutine of
// ours. What it panicked with may hold a value, and is not shown.
func recovered[T any](ctx context.Context, do func(context.Context) (T, error)) (result T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("secrets: a driver panicked with a %T: %s", p, debug.Stack())
		}
	}()
	return do(ctx)
}

// Ping returns nil, or why the provider or the records do not serve. It asks those that
// are a [cpodkit.Pinger].
func (s *Secrets) Ping(ctx context.Context) error { return ping(ctx, s.drivers()) }

// ping asks the drivers that can say whether they serve.
func ping[T any](ctx context.Context, drivers []T) error {
	var errs []error
	for _, driver := range drivers {
		if pinger, ok := any(driver).(cpodkit.Pinger); ok {
			errs = append(errs, pinger.Ping(ctx))
		}
	}
	return errors.Join(errs...)
}

// drivers returns the provider and the records, or the one driver that is both.
func (s *Secrets) drivers() []any {
	if reflect.TypeOf(s.provider).Comparable() && any(s.provider) == any(s.records) {
		return []any{s.provider}
	}
	return []any{s.provider, s.records}
}
