// Package kv stores short-lived strings by key: sessions, locks, counters,
// one-time tokens. A [Store] binds a [Driver] to identities and serves the calls
// under /v1/storage/kv; [NewMemory] is the driver of a single machine.
package kv

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/portable"
	"github.com/cpodkit/cpodkit/storage"
)

const (
	// MaxValue is the most bytes of a value: 1 MiB.
	MaxValue = 1 << 20

	// MaxTTL is the longest time to live: 10 years of 365 days.
	MaxTTL = 10 * 365 * 24 * time.Hour
)

// Store is the key-value store of all tenants. It is safe for concurrent use.
type Store struct {
	driver Driver
	gate   storage.Gate // nil for none

	get, exists, set, remove, incr, ttl, erase *portable.Operation
}

// Option configures [New].
type Option func(*options)

type options struct {
	tracers trace.TracerProvider
	meters  metric.MeterProvider
	gate    storage.Gate
}

// WithTelemetry makes a span of every call to the driver ("storage.kv.get"),
// measures how long it takes, and counts its errors by code
// (docs/operations.md). Nothing of it holds a key or a value. A nil provider
// leaves out its half, as does New without this option.
func WithTelemetry(tracers trace.TracerProvider, meters metric.MeterProvider) Option {
	return func(o *options) { o.tracers, o.meters = tracers, meters }
}

// WithGate has each write that stores something ask the gate first. A nil gate is none.
func WithGate(gate storage.Gate) Option { return func(o *options) { o.gate = gate } }

// New returns a store that keeps its entries in driver. The store owns the
// driver: [Store.Close] closes it.
func New(driver Driver, opts ...Option) (*Store, error) {
	if driver == nil {
		return nil, errors.New("kv: the driver is nil")
	}
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	calls, err := portable.NewCalls("storage.kv", o.tracers, o.meters, sentence)
	if err != nil {
		return nil, fmt.Errorf("kv: %w", err)
	}
	return &Store{
		driver: driver, gate: o.gate,
		get:    calls.Operation("get"),
		exists: calls.Operation("exists"),
		set:    calls.Operation("set"),
		remove: calls.Operation("delete"),
		incr:   calls.Operation("incr"),
		ttl:    calls.Operation("ttl"),
		erase:  calls.Operation("erase"),
	}, nil
}

// Close closes the driver. The store is not used afterwards.
func (s *Store) Close() error { return s.driver.Close() }

// For returns the entries of id in the private tier.
func (s *Store) For(id cpodkit.Identity) Handle { return Handle{s, storage.For(id)} }

// Trusted returns the entries of an owner in the private tier, for code that acts for
// no request, such as a cron job. No scope is needed. An id that cannot be encoded is
// an error of each call. Never build an owner from what a client sent.
func (s *Store) Trusted(owner storage.Owner) Handle { return Handle{s, storage.Trusted(owner)} }

// Attach is middleware: inside of next, [FromContext] returns the handle of the
// request's identity.
func (s *Store) Attach(next http.Handler) http.Handler { return portable.Attach(next, s.For) }

// FromContext returns the handle of the identity in ctx. Every call of it is
// missing_token when there is none, or when [Store.Attach] is not around the handler.
func FromContext(ctx context.Context) Handle {
	return portable.FromContext[Handle](ctx)
}
