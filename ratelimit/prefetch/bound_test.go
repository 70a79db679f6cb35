package prefetch_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit/ratelimit"
	"github.com/cpodkit/cpodkit/ratelimit/prefetch"
)

type admitted struct {
	at   time.Duration
	cost int64
}

// TestBounds drives three replicas on one driver with more calls than the
// limit allows, in bursts, and holds what they let through against the bound.
func TestBounds(t *testing.T) {
	t.Parallel()
	const replicas, callers = 3, 5
	for name, c := range map[string]struct {
		limit ratelimit.Limit
		every time.Duration // between a caller's calls, on average
		most  int64         // cost
	}{
		"a second":           {ratelimit.Limit{Tokens: 1000, Window: time.Second}, 2 * time.Millisecond, 1},
		"a second, fast":     {ratelimit.Limit{Tokens: 100_000, Window: time.Second}, 100 * time.Microsecond, 20},
		"a minute":           {ratelimit.Limit{Tokens: 5000, Window: time.Minute}, time.Millisecond, 3},
		"too small to slice": {ratelimit.Limit{Tokens: 10, Window: time.Second}, time.Millisecond, 1},
		"short window":       {ratelimit.Limit{Tokens: 1000, Window: 20 * time.Millisecond}, 200 * time.Microsecond, 7},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStore()
				s.delay = 150 * time.Microsecond
				start := time.Now()
				const span = time.Second
				ctx, cancel := context.WithTimeout(t.Context(), span)
				defer cancel()
				var mu sync.Mutex
				var all []admitted
				var wg sync.WaitGroup
				for r := range replicas {
					l := newDriver(t, s)
					for caller := range callers {
						random := rand.New(rand.NewPCG(uint64(r), uint64(caller)))
						wg.Go(func() {
							b := []ratelimit.Bucket{{Key: "k", Limit: c.limit}}
							for ctx.Err() == nil {
								cost := 1 + random.Int64N(c.most)
								if err := l.Take(ctx, b, cost); err != nil {
									return
								}
								if b[0].Allowed {
									mu.Lock()
									all = append(all, admitted{time.Since(start), cost})
									mu.Unlock()
								}
								pause := time.Duration(random.ExpFloat64() * float64(c.every))
								if random.IntN(500) == 0 {
									pause += 200 * time.Millisecond
								}
								<-time.After(pause)
							}
						})
					}
				}
				wg.Wait()
				slice := int64(prefetch.DefaultMaxSlice * float64(c.limit.Tokens))
				checkBound(t, all, c.limit, replicas*slice, span)
				t.Logf("%d round trips", s.trips.Load())
			})
		})
	}
}

// checkBound fails if in any span of time more was let through than a full
// bucket, what flowed in, and extra; or in the whole span less than that by more
// than extra.
func checkBound(t *testing.T, all []admitted, limit ratelimit.Limit, extra int64, span time.Duration) {
	t.Helper()
	rate := float64(limit.Tokens) / float64(limit.Window)
	most := float64(limit.Tokens + extra)
	level, last, total := most, time.Duration(0), int64(0)
	for _, a := range all {
		level = min(level+float64(a.at-last)*rate, most) - float64(a.cost)
		last = a.at
		total += a.cost
		if level < -1e-6 {
			t.Fatalf("at %v %.1f tokens too many were given", a.at, -level)
		}
	}
	fair := float64(limit.Tokens) + float64(span)*rate
	t.Logf("%d tokens given, %.0f could be", total, fair)
	if float64(total) < 0.9*fair-float64(extra) {
		t.Errorf("%d tokens were given, %.0f could have been", total, fair)
	}
}
