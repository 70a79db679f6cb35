package ululelimit_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	libredis "github.com/redis/go-redis/v9"
	"github.com/ulule/limiter/v3"
	"github.com/ulule/limiter/v3/drivers/store/memory"
	"github.com/ulule/limiter/v3/drivers/store/redis"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/ulule/ululelimit"
	"github.com/cpodkit/cpodkit/internal/testservice"
	"github.com/cpodkit/cpodkit/ratelimit"
	"github.com/cpodkit/cpodkit/ratelimit/ratelimittest"
)

func newMemory(testing.TB) limiter.Store {
	return memory.NewStoreWithOptions(limiter.StoreOptions{Prefix: "test"})
}

func newRedis(t testing.TB) limiter.Store {
	t.Helper()
	o, err := libredis.ParseURL(testservice.RedisURL(t))
	if err != nil {
		t.Fatal(err)
	}
	client := libredis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	store, err := redis.NewStoreWithOptions(client, limiter.StoreOptions{Prefix: "test:" + rand.Text()})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func open(t testing.TB, store limiter.Store) *ululelimit.Driver {
	t.Helper()
	d, err := ululelimit.New(store)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func stores() map[string]func(testing.TB) limiter.Store {
	return map[string]func(testing.TB) limiter.Store{"memory": newMemory, "redis": newRedis}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, newStore := range stores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ratelimittest.Run(t, func(t testing.TB) ratelimit.Driver {
				switch name := t.Name(); {
				case strings.Contains(name, "AllOrNothing"):
					t.Skip("several buckets are not supported")
				case strings.HasSuffix(name, "/Linearizable"):
					t.Skip("a refused cost above 1 may use tokens up")
				}
				return open(t, newStore(t))
			}, ratelimittest.FixedWindow())
		})
	}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	for name, newStore := range stores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, newStore(t))
			limit := ratelimit.Limit{Tokens: 3, Window: 500 * time.Millisecond}
			b := []ratelimit.Bucket{{Key: "k", Limit: limit}}
			for i, want := range []ratelimit.State{
				{Allowed: true, Remaining: 1}, {Remaining: 1}, {Allowed: true}, {},
			} {
				cost := int64(2 - i/2)
				if err := d.Take(t.Context(), b, cost); err != nil {
					t.Fatal(err)
				}
				got := b[0].State
				if got.Allowed != want.Allowed || got.Remaining != want.Remaining || got.Reset <= 0 || got.Reset > limit.Window {
					t.Errorf("call %d: %+v, want %+v", i, got, want)
				}
			}
			end := time.NewTimer(b[0].RetryAfter)
			defer end.Stop()
			<-end.C
			if err := d.Take(t.Context(), b, 3); err != nil || !b[0].Allowed {
				t.Errorf("in the next window: %+v, %v", b[0].State, err)
			}
		})
	}
}

func TestNotSupported(t *testing.T) {
	t.Parallel()
	limit := ratelimit.Limit{Tokens: 3, Window: time.Second}
	err := open(t, newMemory(t)).Take(t.Context(), []ratelimit.Bucket{{Key: "a", Limit: limit}, {Key: "b", Limit: limit}}, 1)
	if !errors.Is(err, cpodkit.CodeNotSupported) {
		t.Errorf("several buckets: %v", err)
	}
	l, err := ratelimit.New(open(t, newMemory(t)))
	if err != nil {
		t.Fatal(err)
	}
	a, b := limit, limit
	a.Name, b.Name = "a", "b"
	if _, err := l.Middleware(ratelimit.Policy{Limit: a, Key: ratelimit.ByIdentity()}, ratelimit.Policy{Limit: b, Key: ratelimit.ByIdentity()}); err == nil {
		t.Error("a middleware of two policies is accepted")
	}
	if _, err := l.Middleware(ratelimit.Policy{Limit: a, Key: ratelimit.ByIdentity()}); err != nil {
		t.Error(err)
	}
	if _, err := ululelimit.New(nil); err == nil {
		t.Error("no store is accepted")
	}
}

// broken is a store whose system is down.
type broken struct{ limiter.Store }

func (broken) Increment(context.Context, string, int64, limiter.Rate) (limiter.Context, error) {
	return limiter.Context{}, &net.OpError{Op: "dial", Err: errors.New("10.0.0.1 refused")}
}

func TestStoreDown(t *testing.T) {
	t.Parallel()
	d := open(t, broken{newMemory(t)})
	for range 10 {
		err := d.Take(t.Context(), []ratelimit.Bucket{{Key: "k", Limit: ratelimit.Limit{Tokens: 1, Window: time.Second}}}, 1)
		if !errors.Is(err, cpodkit.CodeUnavailable) {
			t.Fatal(err)
		}
	}
}
