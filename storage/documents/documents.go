// Package documents stores JSON values by collection and key, and finds them by
// their members.
//
// A [Store] is the portable type over a [Driver]. [Store.For] binds it to an
// identity; nothing that is done through the [Handle] leaves the spaces of this
// identity (see [storage.Caller.Authorize]). Documents mean the same on every driver:
//
//   - A value comes back as it was set, byte for byte, but for the whitespace
//     between its parts. Numbers of any size keep their digits, members their
//     order.
//   - Values of different types are never equal, and no range of one type holds
//     a value of another. A sort orders them: missing, null, false, true,
//     numbers, strings (by their UTF-8 bytes), arrays, objects. Numbers compare
//     by value, exactly; arrays and objects match as a whole, the order of an
//     object's members not counting.
//   - Every write gives a document another version. A version never comes again.
package documents

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/keylock"
	"github.com/cpodkit/cpodkit/internal/portable"
	"github.com/cpodkit/cpodkit/internal/seal"
	"github.com/cpodkit/cpodkit/storage"
)

// Store is a set of collections for every identity. It is safe for concurrent
// use.
type Store struct {
	options

	driver  Driver
	calls   calls
	cursors *seal.Box
	keys    keylock.Locks // of documents whose size must not change; with a quota
}

// Option configures [New].
type Option func(*options)

type options struct {
	secret       []byte
	now          func() time.Time
	queryTimeout time.Duration
	tracers      trace.TracerProvider
	meters       metric.MeterProvider
	gate         storage.Gate
	quota        storage.Quota
}

// WithSecret sets what cursors are sealed with, at least 16 bytes. Every replica
// needs the same secret, and a cursor lives as long as it does. Without it New
// makes a random one, which is fine for one process.
func WithSecret(secret []byte) Option { return func(o *options) { o.secret = secret } }

// WithClock sets where a document's UpdatedAt comes from; [time.Now] without it.
func WithClock(now func() time.Time) Option { return func(o *options) { o.now = now } }

// WithGate has each write that sets a document ask the gate first. A nil gate is no gate.
func WithGate(gate storage.Gate) Option { return func(o *options) { o.gate = gate } }

// WithTelemetry makes a span of every call to the driver ("storage.documents.query"),
// measures how long it takes, and counts its errors by code (docs/operations.md).
// Nothing of it holds a key, a collection's name or a value. A nil provider leaves
// out its half, as does New without this option.
func WithTelemetry(tracers trace.TracerProvider, meters metric.MeterProvider) Option {
	return func(o *options) { o.tracers, o.meters = tracers, meters }
}

// New returns a store that keeps its documents in driver, and closes it in the
// end. It fails when driver is nil or an option is wrong.
func New(driver Driver, opts ...Option) (*Store, error) {
	o := options{secret: []byte(rand.Text()), now: time.Now, queryTimeout: defaultQueryTimeout}
	for _, opt := range opts {
		opt(&o)
	}
	s := &Store{options: o, driver: driver}
	var wrong, err1, err2 error
	switch {
	case driver == nil:
		wrong = errors.New("the driver is nil")
	case o.now == nil:
		wrong = errors.New("WithClock(nil): there is no clock")
	case o.queryTimeout <= 0:
		wrong = fmt.Errorf("WithQueryTimeout(%v): it must be positive", o.queryTimeout)
	}
	s.cursors, err1 = seal.New(o.secret, "documents cursor")
	s.calls, err2 = newCalls(o.tracers, o.meters)
	if err := errors.Join(wrong, err1, err2); err != nil {
		return nil, fmt.Errorf("documents: %w", err)
	}
	return s, nil
}

// Close closes the driver. Nothing of the store is used afterwards.
func (s *Store) Close() error { return s.driver.Close() }

// For returns the handle of id, in the private tier.
func (s *Store) For(id cpodkit.Identity) Handle { return Handle{s, storage.For(id)} }

// Trusted returns the handle of an owner, in the private tier, for code that acts for
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
