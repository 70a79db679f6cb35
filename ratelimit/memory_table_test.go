package ratelimit_test

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit/ratelimit"
)

// A table that grows and shrinks, and keeps the bucket of a busy key apart, holds
// what a map would.
func TestMemoryIsAMap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := sized(t, 1000)
		defer m.Close()
		limit := ratelimit.Limit{Tokens: 10, Window: 10 * time.Second} // a token a second
		rnd := rand.New(rand.NewPCG(3, 4))
		full := map[string]time.Time{}
		crowd := 10
		for i := range 100_000 {
			key := strconv.Itoa(rnd.IntN(crowd))
			for range 1 + rnd.IntN(4) { // often the same key again
				left := max(time.Until(full[key]), 0)
				allowed := left <= 9*time.Second
				if allowed {
					left += time.Second
				}
				want := int64((10*time.Second - left) / time.Second)
				if got := takeFrom(t, m, key, limit, 1); got.Allowed != allowed || got.Remaining != want || got.Reset != left {
					t.Fatalf("call %d on %q: %+v; want %t, %d left and %v", i, key, got, allowed, want, left)
				}
				full[key] = time.Now().Add(left)
			}
			if rnd.IntN(1000) == 0 {
				crowd = []int{1, 10, 100, 500}[rnd.IntN(4)]
			}
			if rnd.IntN(20) == 0 {
				pass(time.Duration(rnd.Int64N(int64(3 * time.Second))))
			}
		}
	})
}
