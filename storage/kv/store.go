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

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
)

const (
	// MaxValue is the most bytes of a value: 1 MiB.
	MaxValue = 1 << 20

	// MaxTTL is the longest time to live: 10 years of 365 days.
	MaxTTL = 10 * 365 * 24 * time.Hour
)

// Store is the key-value store of all tenants. It is safe for concurrent use.
type Store struct{ driver Driver }

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
	driver, err := observe(driver, o.telemetry)
	if err != nil {
		return nil, fmt.Errorf("kv: %w", err)
	}
	return &Store{driver}, nil
}

// Close closes the driver. The store is not used afterwards.
func (s *Store) Close() error { return s.driver.Close() }

// For returns the entries of id in the private tier.
func (s *Store) For(id cpodkit.Identity) Handle {
	return Handle{driver: s.driver, identity: id, tier: storage.Private}
}

type handleKey struct{}

// Middleware puts the [Handle] of the request's identity into the context. A
// request without an identity passes without a handle.
func (s *Store) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id, ok := cpodkit.IdentityFromContext(r.Context()); ok {
			r = r.WithContext(context.WithValue(r.Context(), handleKey{}, s.For(id)))
		}
		next.ServeHTTP(w, r)
	})
}

// FromContext returns the handle that [Store.Middleware] stored.
func FromContext(ctx context.Context) (Handle, bool) {
	h, ok := ctx.Value(handleKey{}).(Handle)
	return h, ok
}
