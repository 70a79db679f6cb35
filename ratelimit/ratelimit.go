// Package ratelimit limits how often something may happen, with token buckets.
// A [Limiter] takes tokens from the buckets of a [Driver] and serves the calls
// under /v1/ratelimit; [NewMemory] is the driver of a single machine.
package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/cpodkit/cpodkit/internal/portable"
)

// Limiter takes tokens from buckets by key. It is safe for concurrent use.
//
// Errors of its methods are [cpodkit.Error] values: validation_failed for a key,
// limit or cost out of bounds, unavailable while the driver cannot serve, timeout
// when the context's deadline passed, and internal. A cancelled context's error
// is returned as it is. A refusal is no error but a [Decision]; [Decision.Err]
// makes it one.
//
// All keys share one space. Those of [Limiter.For] begin with an encoded tenant
// id; begin keys of your own with "$", which never stands in one.
type Limiter struct {
	driver      Driver
	memory      *Memory // the driver, when it is one
	take, reset *portable.Operation
	counts      *counts   // nil when nobody measures
	single      sync.Pool // of *[1]Bucket: what is handed to an interface escapes
}

// Option configures [New].
type Option func(*options)

type options struct {
	tracers trace.TracerProvider
	meters  metric.MeterProvider
}

// WithTelemetry makes a span of every call to the driver ("ratelimit.take"),
// measures how long it takes, counts its errors by code, and counts what the
// policies of a [Limiter.Middleware] decide (docs/operations.md). Nothing of it
// holds a key. A nil provider leaves out its half, as does New without this option.
func WithTelemetry(tracers trace.TracerProvider, meters metric.MeterProvider) Option {
	return func(o *options) { o.tracers, o.meters = tracers, meters }
}

// New returns a limiter that keeps its buckets in driver. The limiter owns the
// driver: [Limiter.Close] closes it.
func New(driver Driver, opts ...Option) (*Limiter, error) {
	if driver == nil {
		return nil, errors.New("ratelimit: the driver is nil")
	}
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	calls, err := portable.NewCalls("ratelimit", o.tracers, o.meters, sentence)
	if err != nil {
		return nil, fmt.Errorf("ratelimit: %w", err)
	}
	l := &Limiter{driver: driver, take: calls.Operation("take"), reset: calls.Operation("reset")}
	if o.meters != nil {
		if l.counts, err = newCounts(o.meters); err != nil {
			return nil, fmt.Errorf("ratelimit: %w", err)
		}
	}
	l.memory, _ = driver.(*Memory)
	l.single.New = func() any { return new([1]Bucket) }
	return l, nil
}

// Close closes the driver. The limiter is not used afterwards.
func (l *Limiter) Close() error { return l.driver.Close() }

// Decision is the answer to a call: the state of the bucket that bound it.
type Decision struct {
	State
	Limit Limit // the limit that bound
}

// Take takes cost tokens, 1 to limit.Tokens, from the bucket of key, or none when
// it has fewer. A cost of 0 is [Limiter.Peek].
func (l *Limiter) Take(ctx context.Context, key string, limit Limit, cost int64) (Decision, error) {
	if err := checkBucket(key, &limit, cost); err != nil {
		return Decision{}, err
	}
	if m := l.memory; m != nil && !l.take.IsMeasured() && ctx.Err() == nil { // as below, for less
		state, err := m.takeOne(key, limit, cost)
		if err == nil {
			return Decision{State: state, Limit: limit}, nil
		}
	}
	ctx, call := l.take.Start(ctx)
	if m := l.memory; m != nil {
		err := ctx.Err()
		var state State
		if err == nil {
			state, err = m.takeOne(key, limit, cost)
		}
		if err = call.End(ctx, err); err != nil {
			return Decision{}, err
		}
		return Decision{State: state, Limit: limit}, nil
	}
	b := l.single.Get().(*[1]Bucket) //nolint:errcheck,forcetypeassert // nothing else is put
	b[0] = Bucket{Key: key, Limit: limit}
	err := l.driver.Take(ctx, b[:], cost)
	d := Decision{State: b[0].State, Limit: limit}
	b[0] = Bucket{} // the pool keeps no key
	l.single.Put(b)
	if err = call.End(ctx, err); err != nil {
		return Decision{}, err
	}
	return d, nil
}

// TakeAll takes cost tokens from each of 1 to [MaxBuckets] buckets with different
// keys if all of them have so many, and else none. It fills in the states of
// buckets. The decision is that of the bucket that bound: of those that refuse,
// the one that takes longest to have enough; when none does, the one with the
// fewest tokens left.
func (l *Limiter) TakeAll(ctx context.Context, buckets []Bucket, cost int64) (Decision, error) {
	if err := checkBuckets(buckets, cost); err != nil {
		return Decision{}, err
	}
	ctx, call := l.take.Start(ctx)
	if err := call.End(ctx, l.driver.Take(ctx, buckets, cost)); err != nil {
		return Decision{}, err
	}
	bound := &buckets[0]
	for i := range buckets[1:] {
		if b := &buckets[i+1]; b.bindsBefore(bound.State) {
			bound = b
		}
	}
	return Decision{State: bound.State, Limit: bound.Limit}, nil
}

// bindsBefore reports whether s limits the caller more than other does.
func (s State) bindsBefore(other State) bool {
	switch {
	case s.Allowed != other.Allowed:
		return !s.Allowed
	case !s.Allowed:
		return s.RetryAfter > other.RetryAfter
	case s.Remaining != other.Remaining:
		return s.Remaining < other.Remaining
	}
	return s.Reset > other.Reset
}

// Peek returns the state of the bucket of key and takes nothing. Allowed says
// whether there is a token, and RetryAfter when there will be one.
func (l *Limiter) Peek(ctx context.Context, key string, limit Limit) (Decision, error) {
	return l.Take(ctx, key, limit, 0)
}

// Reset makes the bucket of key full.
func (l *Limiter) Reset(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	ctx, call := l.reset.Start(ctx)
	return call.End(ctx, l.driver.Reset(ctx, key))
}
