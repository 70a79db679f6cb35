//go:build unix

package redislimit_test

import (
	"crypto/rand"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/backends/redis/redislimit"
	"github.com/cpodkit/cpodkit/internal/testservice"
	"github.com/cpodkit/cpodkit/ratelimit"
	"github.com/cpodkit/cpodkit/ratelimit/prefetch"
)

func prefetched(t testing.TB, store ratelimit.Driver, opts ...prefetch.Option) *prefetch.Driver {
	t.Helper()
	d, err := prefetch.New(store, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestPrefetchReplicas drives three replicas that prefetch from one Redis as hard
// as they can. Together they stay within what package prefetch promises.
func TestPrefetchReplicas(t *testing.T) {
	t.Parallel()
	const replicas, callers = 3, 4
	url := testservice.RedisURL(t)
	prefix := "test:" + rand.Text() + ":"
	limit := ratelimit.Limit{Tokens: 50_000, Window: 2 * time.Second}
	began := time.Now()
	var given, calls atomic.Int64
	var wg sync.WaitGroup
	for range replicas {
		l := prefetched(t, newDriver(t, open(t, url), redislimit.WithPrefix(prefix)))
		for range callers {
			wg.Go(func() {
				b := []ratelimit.Bucket{{Key: "k", Limit: limit}}
				for time.Since(began) < limit.Window {
					if err := l.Take(t.Context(), b, 1); err != nil {
						t.Error(err)
						return
					}
					calls.Add(1)
					if b[0].Allowed {
						given.Add(1)
					}
				}
			})
		}
	}
	wg.Wait()
	flown := limit.Tokens * int64(time.Since(began)) / int64(limit.Window)
	slices := replicas * int64(prefetch.DefaultMaxSlice*float64(limit.Tokens))
	most := limit.Tokens + flown + slices
	t.Logf("%d of %d calls allowed, at most %d", given.Load(), calls.Load(), most)
	if got := given.Load(); got > most || got < limit.Tokens-slices {
		t.Errorf("%d calls were allowed, want %d to %d", got, limit.Tokens-slices, most)
	}
}

// TestLeasedGivesBack finds what a slice held too long in the bucket again.
func TestLeasedGivesBack(t *testing.T) {
	t.Parallel()
	d := newDriver(t, open(t, testservice.RedisURL(t)), redislimit.WithPrefix("test:"+rand.Text()+":"))
	l := prefetched(t, d, prefetch.WithHold(time.Second))
	limit := ratelimit.Limit{Tokens: 10_000, Window: 1000 * time.Hour}
	const calls = 100
	for range calls {
		takeOne(t, l, "k", limit, 1)
	}
	if got := takeOne(t, d, "k", limit, 0).Remaining; got >= limit.Tokens-calls {
		t.Fatalf("%d left, so no slice is held", got)
	}
	hold := time.NewTimer(time.Second + 50*time.Millisecond)
	defer hold.Stop()
	<-hold.C
	takeOne(t, l, "k", limit, 1)
	// What the call's own slice holds is missing.
	if got := takeOne(t, l, "k", limit, 0).Remaining; got != limit.Tokens-calls-1 {
		t.Errorf("%d left, want %d", got, limit.Tokens-calls-1)
	}
}
