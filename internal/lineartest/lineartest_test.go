package lineartest_test

import (
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/cpodkit/cpodkit/internal/lineartest"
	"github.com/cpodkit/cpodkit/internal/mustfail"
)

// A counter that adds in one step passes. One that reads and writes fails.
func TestCheck(t *testing.T) {
	t.Parallel()
	var counters [50]atomic.Int64
	model := lineartest.Model[int64, int64, int64]{Step: func(sum, by int64) (int64, int64) { return sum + by, sum + by }}
	load := func(add func(c *atomic.Int64, by int64) int64) lineartest.Load[int64, int64] {
		keys := map[string]*atomic.Int64{}
		for i := range counters {
			counters[i].Store(0)
			keys["linearizable/"+strconv.Itoa(i)] = &counters[i]
		}
		return lineartest.Load[int64, int64]{
			Rounds: len(counters), Callers: 4, Calls: 8,
			Draw:    func(r *rand.Rand) int64 { return 1 + r.Int64N(3) },
			Perform: func(_ int, key string, by int64) (int64, error) { return add(keys[key], by), nil },
		}
	}
	lineartest.Check(t, model, load(func(c *atomic.Int64, by int64) int64 { return c.Add(by) }))
	mustfail.Want(t, func(t testing.TB) {
		lineartest.Check(t, model, load(func(c *atomic.Int64, by int64) int64 {
			sum := c.Load() + by
			runtime.Gosched()
			c.Store(sum)
			return sum
		}))
	})
}
