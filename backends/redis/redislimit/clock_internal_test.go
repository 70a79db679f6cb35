package redislimit

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cpodkit/cpodkit/backends/redis/internal/redisguard"
	"github.com/cpodkit/cpodkit/ratelimit"
)

// A step back that leaves exactly the window, and parts of a microsecond more.
func TestClockGoesBackToTheWindow(t *testing.T) {
	t.Parallel()
	d := openShared(t)
	limit := ratelimit.Limit{Tokens: 3, Window: time.Second}
	start := int64(1_790_000_000_000_000)
	for i, c := range []struct {
		after, cost int64
		want        ratelimit.State
	}{
		{0, 3, ratelimit.State{Allowed: true, Reset: time.Second}},
		{333_334, 1, ratelimit.State{Allowed: true, Reset: time.Second}},
		{333_333, 1, ratelimit.State{Reset: time.Second, RetryAfter: 333_334 * time.Microsecond}},
	} {
		buckets := []ratelimit.Bucket{{Key: "k", Limit: limit}}
		if err := d.at(t.Context(), start+c.after, buckets, c.cost); err != nil {
			t.Fatal(err)
		}
		if got := buckets[0].State; got != c.want {
			t.Errorf("call %d: %+v, want %+v", i, got, c.want)
		}
	}
}

// steps draws how far the clock goes, forward or back: often by what a token
// takes, a microsecond more or less.
func steps(limit ratelimit.Limit) *rapid.Generator[int64] {
	full := rateOf(limit).Window
	token := full / limit.Tokens
	return rapid.OneOf(rapid.Int64Range(-3, 3), rapid.Int64Range(token-1, token+1), rapid.Int64Range(-token-1, 1-token),
		rapid.Int64Range(-2*full, full))
}

// stored is a bucket as the script keeps it, in rational numbers.
type stored struct {
	limit ratelimit.Limit
	full  *big.Rat // nil while there is none
}

// left is how many microseconds the bucket takes to be full: at most its window,
// whatever the clock says.
func (s *stored) left(now int64) *big.Rat {
	left := new(big.Rat)
	if s.full == nil {
		return left
	}
	left.Sub(s.full, new(big.Rat).SetInt64(now))
	longest := new(big.Rat).SetInt64(rateOf(s.limit).Window)
	switch {
	case left.Sign() < 0:
		return new(big.Rat)
	case left.Cmp(longest) > 0:
		left.Set(longest)
		s.full = new(big.Rat).Add(longest, new(big.Rat).SetInt64(now))
	}
	return left
}

func TestClockStepsAreExact(t *testing.T) {
	t.Parallel()
	d := openShared(t)
	rapid.Check(t, func(t *rapid.T) {
		limit := ratelimit.Limit{
			Tokens: rapid.OneOf(rapid.SampledFrom([]int64{3, 7}), rapid.Int64Range(1, 1000)).Draw(t, "tokens"),
			Window: rapid.SampledFrom([]time.Duration{time.Millisecond, time.Second, time.Minute}).Draw(t, "window"),
		}
		s, key := stored{limit: limit}, rand.Text()
		full := rateOf(limit).Window
		now := int64(1_790_000_000_123_456)
		for range rapid.IntRange(2, 12).Draw(t, "calls") {
			cost := rapid.OneOf(rapid.SampledFrom([]int64{1, limit.Tokens}), rapid.Int64Range(0, limit.Tokens)).Draw(t, "cost")
			now += steps(limit).Draw(t, "step")
			m := model{limit: limit, tokens: new(big.Rat)}
			m.tokens.Sub(new(big.Rat).SetInt64(full), s.left(now))
			m.tokens.Mul(m.tokens, big.NewRat(limit.Tokens, full))
			took := m.has(cost)
			if took && cost > 0 {
				m.take(cost)
				s.full = new(big.Rat).Add(s.left(now), new(big.Rat).SetInt64(now))
				s.full.Add(s.full, big.NewRat(cost*full, limit.Tokens))
			}
			want := ratelimit.State{Allowed: took && cost > 0 || m.has(max(cost, 1)), Remaining: m.remaining(), Reset: m.until(limit.Tokens)}
			if !want.Allowed {
				want.RetryAfter = m.until(max(cost, 1))
			}
			buckets := []ratelimit.Bucket{{Key: key, Limit: limit}}
			if err := d.at(t.Context(), now, buckets, cost); err != nil {
				t.Fatal(err)
			}
			if got := buckets[0].State; got != want {
				t.Fatalf("got %+v, want %+v", got, want)
			}
		}
	})
}

// Changed limits are rounded; whatever the clock does, no answer is out of range.
func TestClockStepsAndChangedLimits(t *testing.T) {
	t.Parallel()
	d := openShared(t)
	rapid.Check(t, func(t *rapid.T) {
		tokens := rapid.OneOf(rapid.Int64Range(1, 10), rapid.Int64Range(1, ratelimit.MaxTokens))
		windows := rapid.OneOf(rapid.SampledFrom([]time.Duration{ratelimit.MinWindow, time.Second, ratelimit.MaxWindow}),
			rapid.Custom(func(t *rapid.T) time.Duration {
				return time.Duration(rapid.Int64Range(int64(ratelimit.MinWindow), int64(ratelimit.MaxWindow)).Draw(t, "ns"))
			}))
		key, now := rand.Text(), int64(1_790_000_000_123_456)
		for range rapid.IntRange(2, 12).Draw(t, "calls") {
			limit := ratelimit.Limit{Tokens: tokens.Draw(t, "tokens"), Window: windows.Draw(t, "window")}
			now += steps(limit).Draw(t, "step")
			buckets := []ratelimit.Bucket{{Key: key, Limit: limit}}
			if err := d.at(t.Context(), now, buckets, rapid.Int64Range(0, limit.Tokens).Draw(t, "cost")); err != nil {
				t.Fatal(err)
			}
			got, longest := buckets[0].State, time.Duration(rateOf(limit).Window)*time.Microsecond
			if got.Remaining < 0 || got.Remaining > limit.Tokens || got.Reset < 0 || got.Reset > longest ||
				got.RetryAfter < 0 || got.RetryAfter > longest || got.Allowed != (got.RetryAfter == 0) {
				t.Fatalf("%+v of %+v", got, limit)
			}
		}
	})
}

func TestAnswerOutOfRange(t *testing.T) {
	t.Parallel()
	for _, numbers := range []string{
		"1000001, 0, 1", "1000000, 1, 1", "1000000, 2, 0", "-1, 0, 1", "5, -1, 1", "5, 3, 1", "1e300, 0, 0", "0, 1e300, 0", "0/0, 0, 0", "1/0, 0, 1",
	} {
		t.Run(numbers, func(t *testing.T) {
			t.Parallel()
			d := openShared(t)
			d.script = redisguard.NewScript(fmt.Sprintf("return struct.pack('<ddd', %s)", numbers))
			buckets := []ratelimit.Bucket{{Key: "k", Limit: ratelimit.Limit{Tokens: 3, Window: time.Second}}}
			if err := d.Take(t.Context(), buckets, 1); err == nil {
				t.Errorf("it is believed: %+v", buckets[0].State)
			}
		})
	}
}
