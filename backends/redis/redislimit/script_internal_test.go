package redislimit

import (
	"context"
	"crypto/rand"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"github.com/cpodkit/cpodkit/backends/redis/internal/redisguard"
	"github.com/cpodkit/cpodkit/internal/testservice"
	"github.com/cpodkit/cpodkit/ratelimit"
)

// atClock is the script with a clock that the test sets. Since real time passes
// too, its keys stay for a minute.
func atClock(micros int64) redisguard.Script {
	clock := "{'" + strconv.FormatInt(micros/1e6, 10) + "', '" + strconv.FormatInt(micros%1e6, 10) + "'}"
	return redisguard.NewScript(strings.NewReplacer("call('TIME')", clock, "math.floor(left / 1000) + 2", "60000").Replace(takeSource))
}

func openShared(t testing.TB) *Driver {
	t.Helper()
	o, err := redis.ParseURL(testservice.RedisURL(t))
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	d, err := New(client, WithPrefix("test:"+rand.Text()+":"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// at makes a call at a time of the test's choice.
func (d *Driver) at(ctx context.Context, micros int64, buckets []ratelimit.Bucket, cost int64) error {
	driver := *d
	driver.script = atClock(micros)
	return driver.Take(ctx, buckets, cost)
}

// model is one bucket in rational numbers.
type model struct {
	limit  ratelimit.Limit
	tokens *big.Rat
	at     int64
	known  bool
}

func (m *model) look(limit ratelimit.Limit, now int64) {
	full := new(big.Rat).SetInt64(limit.Tokens)
	if !m.known {
		m.limit, m.tokens, m.at, m.known = limit, full, now, true
		return
	}
	flown := big.NewRat(max(now-m.at, 0), rateOf(m.limit).Window)
	flown.Mul(flown, new(big.Rat).SetInt64(m.limit.Tokens))
	m.tokens.Add(m.tokens, flown)
	m.at = now
	if old := new(big.Rat).SetInt64(m.limit.Tokens); m.tokens.Cmp(old) > 0 {
		m.tokens.Set(old)
	}
	m.tokens.Mul(m.tokens, big.NewRat(limit.Tokens, m.limit.Tokens))
	m.limit = limit
}

func (m *model) has(cost int64) bool { return m.tokens.Cmp(new(big.Rat).SetInt64(cost)) >= 0 }

func (m *model) take(cost int64) { m.tokens.Sub(m.tokens, new(big.Rat).SetInt64(cost)) }

func (m *model) remaining() int64 {
	return new(big.Int).Quo(m.tokens.Num(), m.tokens.Denom()).Int64()
}

// until is how many whole microseconds pass until there are so many tokens.
func (m *model) until(tokens int64) time.Duration {
	missing := new(big.Rat).Sub(new(big.Rat).SetInt64(tokens), m.tokens)
	if missing.Sign() <= 0 {
		return 0
	}
	missing.Mul(missing, big.NewRat(rateOf(m.limit).Window, m.limit.Tokens))
	micros, rest := new(big.Int).QuoRem(missing.Num(), missing.Denom(), new(big.Int))
	if rest.Sign() > 0 {
		micros.Add(micros, big.NewInt(1))
	}
	return time.Duration(micros.Int64()) * time.Microsecond
}

// TestScriptIsExact holds the script against the model, at times of its choice,
// for limits from the smallest to the largest.
func TestScriptIsExact(t *testing.T) {
	t.Parallel()
	d := openShared(t)
	tokens := rapid.OneOf(rapid.Int64Range(1, 10), rapid.Int64Range(1, ratelimit.MaxTokens),
		rapid.SampledFrom([]int64{1, 3, 7, ratelimit.MaxTokens - 1, ratelimit.MaxTokens}))
	windows := rapid.OneOf(rapid.Int64Range(int64(ratelimit.MinWindow), int64(ratelimit.MaxWindow)),
		rapid.SampledFrom([]int64{int64(ratelimit.MinWindow), int64(time.Second), int64(time.Hour), int64(ratelimit.MaxWindow)}))
	rapid.Check(t, func(t *rapid.T) {
		limits := make([]ratelimit.Limit, rapid.IntRange(1, 3).Draw(t, "buckets"))
		models := make([]model, len(limits))
		names := make([]string, len(limits))
		smallest, longest := int64(ratelimit.MaxTokens), int64(0)
		for i := range limits {
			limits[i] = ratelimit.Limit{Tokens: tokens.Draw(t, "tokens"), Window: time.Duration(windows.Draw(t, "window"))}
			smallest, longest = min(smallest, limits[i].Tokens), max(longest, rateOf(limits[i]).Window)
			names[i] = rand.Text()
		}
		now := int64(1_790_000_000_123_456)
		for range rapid.IntRange(1, 12).Draw(t, "calls") {
			now += rapid.OneOf(rapid.Int64Range(0, 3), rapid.Int64Range(0, longest/smallest+1),
				rapid.Int64Range(0, 2*longest)).Draw(t, "passed")
			cost := rapid.OneOf(rapid.Int64Range(0, min(3, smallest)), rapid.Int64Range(0, smallest)).Draw(t, "cost")
			buckets := make([]ratelimit.Bucket, len(limits))
			for i := range buckets {
				buckets[i] = ratelimit.Bucket{Key: names[i], Limit: limits[i]}
				models[i].look(limits[i], now)
			}
			if err := d.at(t.Context(), now, buckets, cost); err != nil {
				t.Fatal(err)
			}
			all := !slices.ContainsFunc(models, func(m model) bool { return !m.has(cost) })
			for i := range models {
				m, got := &models[i], buckets[i].State
				if all {
					m.take(cost)
				}
				want := ratelimit.State{
					Allowed:   all && cost > 0 || m.has(max(cost, 1)),
					Remaining: m.remaining(), Reset: m.until(limits[i].Tokens),
				}
				if !want.Allowed {
					want.RetryAfter = m.until(max(cost, 1))
				}
				if got != want {
					t.Fatalf("bucket %d: got %+v, want %+v", i, got, want)
				}
			}
		}
	})
}

func TestClockGoesBack(t *testing.T) {
	t.Parallel()
	d := openShared(t)
	limit := ratelimit.Limit{Tokens: 10, Window: time.Minute}
	now := int64(1_790_000_000_000_000)
	take := func(cost int64) ratelimit.State {
		buckets := []ratelimit.Bucket{{Key: "k", Limit: limit}}
		if err := d.at(t.Context(), now, buckets, cost); err != nil {
			t.Fatal(err)
		}
		return buckets[0].State
	}
	take(10)
	now -= time.Hour.Microseconds()
	want := ratelimit.State{Reset: time.Minute, RetryAfter: 6 * time.Second}
	if got := take(1); got != want {
		t.Errorf("an hour back: %+v, want %+v", got, want)
	}
	now += (6 * time.Second).Microseconds()
	want = ratelimit.State{Allowed: true, Reset: time.Minute}
	if got := take(1); got != want {
		t.Errorf("6 s later: %+v, want %+v", got, want)
	}
	now += time.Hour.Microseconds()
	if got := take(0); got != (ratelimit.State{Allowed: true, Remaining: 10}) {
		t.Errorf("forward again: %+v, want a full bucket", got)
	}
}

func TestRescale(t *testing.T) {
	t.Parallel()
	d := openShared(t)
	now := int64(1_790_000_000_000_000)
	for _, c := range []struct {
		name      string
		from, to  ratelimit.Limit
		taken     int64
		remaining int64
		reset     time.Duration
	}{
		{"more tokens", ratelimit.Limit{Tokens: 10, Window: time.Hour}, ratelimit.Limit{Tokens: 20, Window: time.Hour}, 7, 6, 42 * time.Minute},
		{"fewer tokens", ratelimit.Limit{Tokens: 10, Window: time.Hour}, ratelimit.Limit{Tokens: 3, Window: time.Hour}, 7, 0, 42 * time.Minute},
		{"longer", ratelimit.Limit{Tokens: 10, Window: time.Hour}, ratelimit.Limit{Tokens: 10, Window: 2 * time.Hour}, 7, 3, 84 * time.Minute},
		{"both", ratelimit.Limit{Tokens: 10, Window: time.Hour}, ratelimit.Limit{Tokens: 1000, Window: time.Second}, 7, 300, 700 * time.Millisecond},
		{"extremes", ratelimit.Limit{Tokens: ratelimit.MaxTokens, Window: ratelimit.MaxWindow}, ratelimit.Limit{Tokens: 2, Window: ratelimit.MinWindow}, ratelimit.MaxTokens / 2, 1, 500 * time.Microsecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			buckets := []ratelimit.Bucket{{Key: c.name, Limit: c.from}}
			if err := d.at(t.Context(), now, buckets, c.taken); err != nil {
				t.Fatal(err)
			}
			// A peek changes the limit too, and the second finds it changed.
			buckets[0].Limit = c.to
			for range 2 {
				if err := d.at(t.Context(), now, buckets, 0); err != nil {
					t.Fatal(err)
				}
				if got := buckets[0].State; got.Remaining != c.remaining || got.Reset != c.reset {
					t.Errorf("got %+v, want %d left and %v", got, c.remaining, c.reset)
				}
			}
		})
	}
}
