// Package ululelimit makes any store of github.com/ulule/limiter/v3 a driver of
// package ratelimit, with fixed windows instead of token buckets.
package ululelimit

import (
	"context"
	"errors"
	"time"

	"github.com/ulule/limiter/v3"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/internal/circuit"
	"github.com/cpodkit/cpodkit/ratelimit"
)

// Driver counts in a store of ulule/limiter. It is safe for concurrent use.
//
// It is a fixed window: the first call on a key begins a window of the limit's
// length, in which the limit's tokens can be taken, and when it ends all of them
// are there again. So around the end of a window twice the limit may be taken
// within a short time. What a store of ulule/limiter cannot do, it does not do:
//
//   - a call on several buckets is not_supported, because they cannot be taken
//     from in one step: give each policy a middleware of its own
//   - a changed limit is not rescaled: tokens taken in the window count against
//     the new number, and a new length holds from the next window on
//   - of calls with a cost above 1 that compete for the last tokens, one that is
//     refused may use them up until the window ends. None gets too much
//   - Reset and RetryAfter are to the second, rounded up, and never longer than
//     the window
//
// Memory, expiry, and whether a call is sent again when an answer is lost are the
// store's. A cost of 0 or 1 is one call of the store, a higher cost two.
type Driver struct {
	store   limiter.Store
	breaker *circuit.Breaker
}

var (
	_ ratelimit.Driver  = (*Driver)(nil)
	_ ratelimit.Bounded = (*Driver)(nil)
)

// New returns a driver on store, which stays the caller's.
func New(store limiter.Store) (*Driver, error) {
	if store == nil {
		return nil, errors.New("ululelimit: the store is nil")
	}
	return &Driver{store: store, breaker: circuit.New("rate limiter's store")}, nil
}

// MaxBuckets implements [ratelimit.Bounded]: 1.
func (*Driver) MaxBuckets() int { return 1 }

// Take implements [ratelimit.Driver] for one bucket.
func (d *Driver) Take(ctx context.Context, buckets []ratelimit.Bucket, cost int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(buckets) != 1 {
		return cpodkit.Errorf(cpodkit.CodeNotSupported,
			"This rate limiter's store cannot take from several buckets in one step; use one limit for each call.")
	}
	b := &buckets[0]
	rate := limiter.Rate{Period: b.Limit.Window, Limit: b.Limit.Tokens}
	return d.breaker.Do(ctx, func(ctx context.Context) error {
		// A refused call of one token uses nothing up, for nothing was left.
		if cost != 1 {
			window, err := d.store.Peek(ctx, b.Key, rate)
			if err != nil {
				return err
			}
			b.State = state(window, b.Limit, window.Remaining >= max(cost, 1))
			if cost == 0 || !b.Allowed {
				return nil
			}
		}
		window, err := d.store.Increment(ctx, b.Key, cost, rate)
		if err != nil {
			return err
		}
		b.State = state(window, b.Limit, !window.Reached)
		return nil
	})
}

func state(window limiter.Context, limit ratelimit.Limit, allowed bool) ratelimit.State {
	s := ratelimit.State{Allowed: allowed, Remaining: window.Remaining}
	if s.Remaining < limit.Tokens {
		// The store cuts the second off in which the window ends.
		end := time.Unix(window.Reset+1, 0)
		s.Reset = min(max(time.Until(end), 1), limit.Window)
	}
	if !allowed {
		s.RetryAfter = s.Reset
	}
	return s
}

// Reset implements [ratelimit.Driver].
func (d *Driver) Reset(ctx context.Context, key string) error {
	return d.breaker.Do(ctx, func(ctx context.Context) error {
		_, err := d.store.Reset(ctx, key, limiter.Rate{Period: time.Second, Limit: 1})
		return err
	})
}

// Close implements [ratelimit.Driver]. It leaves the store open.
func (d *Driver) Close() error { return nil }
