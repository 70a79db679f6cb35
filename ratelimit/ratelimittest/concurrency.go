package ratelimittest

import (
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cpodkit/cpodkit/internal/lineartest"
	"github.com/cpodkit/cpodkit/ratelimit"
)

// testExactCount has many callers at one bucket. Together they get what it
// holds, and each number of tokens left is seen by one of them.
func testExactCount(s *suite) {
	const callers, calls, tokens = 24, 30, 500
	key := s.key("k")
	var taken, refused atomic.Int64
	var seen [tokens]atomic.Int64
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for c := range callers {
		wg.Go(func() {
			<-begin
			for range calls {
				buckets := []ratelimit.Bucket{{Key: key, Limit: perYear(tokens)}}
				if err := s.driver(c).Take(s.ctx, buckets, 1); err != nil {
					s.Error(err)
					return
				}
				if !buckets[0].Allowed {
					refused.Add(1)
					continue
				}
				taken.Add(1)
				if left := buckets[0].Remaining; left < 0 || left >= tokens {
					s.Errorf("%d of %d tokens remain after a call", left, tokens)
				} else {
					seen[left].Add(1)
				}
			}
		})
	}
	close(begin)
	wg.Wait()
	if taken.Load() != tokens || refused.Load() != callers*calls-tokens {
		s.Errorf("%d callers of %d drivers got %d tokens and %d refusals from a bucket of %d",
			callers, len(s.drivers), taken.Load(), refused.Load(), tokens)
	}
	for left := range seen {
		if n := seen[left].Load(); n != 1 {
			s.Errorf("%d callers were told that %d tokens remain; want 1", n, left)
		}
	}
}

// testConcurrentTakeAll takes from random sets of buckets in random order. In the
// end each bucket lacks what the calls that were allowed took from it.
func testConcurrentTakeAll(s *suite) {
	const callers, calls, keys = 12, 40, 5
	tokens := func(key int) int64 { return int64(100 + 30*key) }
	var taken [keys]atomic.Int64
	take := func(c int, rnd *rand.Rand) error {
		var buckets []ratelimit.Bucket
		chosen := rnd.Perm(keys)[:1+rnd.IntN(keys)]
		for _, key := range chosen {
			buckets = append(buckets, ratelimit.Bucket{Key: s.key(strconv.Itoa(key)), Limit: perYear(tokens(key))})
		}
		cost := int64(1 + rnd.IntN(3))
		if err := s.driver(c).Take(s.ctx, buckets, cost); err != nil {
			return err
		}
		for i := range buckets {
			if !buckets[i].Allowed {
				return nil
			}
		}
		for _, key := range chosen {
			taken[key].Add(cost)
		}
		return nil
	}
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for c := range callers {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(1, uint64(c)))
			<-begin
			for range calls {
				if err := take(c, rnd); err != nil {
					s.Error(err)
					return
				}
			}
		})
	}
	close(begin)
	wg.Wait()
	for key := range keys {
		got := s.take(s.key(strconv.Itoa(key)), perYear(tokens(key)), 0)
		if want := tokens(key) - taken[key].Load(); got.Remaining != want {
			s.Errorf("bucket %d of %d has %d left after %d were taken; want %d",
				key, tokens(key), got.Remaining, taken[key].Load(), want)
		}
	}
}

// operation is one call of a history, on one key.
type operation struct {
	reset bool
	cost  int64
}

// outcome is what an operation returned.
type outcome struct {
	allowed   bool
	remaining int64
}

const linearizableTokens = 12

// step says what a bucket does, when nothing flows in and its calls come one after
// the other.
func step(tokens int64, op operation) (outcome, int64) {
	if op.reset {
		return outcome{}, linearizableTokens
	}
	out := outcome{allowed: tokens >= max(op.cost, 1), remaining: tokens}
	if out.allowed {
		out.remaining -= op.cost
	}
	return out, out.remaining
}

// testLinearizable has many callers at one key, and looks for an order of their
// calls that explains every answer and keeps to who was before whom.
func testLinearizable(s *suite) {
	lineartest.Check(s, lineartest.Model[int64, operation, outcome]{Start: linearizableTokens, Step: step}, lineartest.Load[operation, outcome]{
		Rounds: 15, Callers: 6, Calls: 12,
		Draw:    func(rnd *rand.Rand) operation { return operation{cost: int64(rnd.IntN(5)), reset: rnd.IntN(8) == 0} },
		Perform: func(caller int, key string, op operation) (outcome, error) { return s.perform(caller, s.key(key), op) },
	})
}

func (s *suite) perform(caller int, key string, op operation) (outcome, error) {
	if op.reset {
		return outcome{}, s.driver(caller).Reset(s.ctx, key)
	}
	limit := ratelimit.Limit{Tokens: linearizableTokens, Window: 300 * 24 * time.Hour}
	buckets := []ratelimit.Bucket{{Key: key, Limit: limit}}
	err := s.driver(caller).Take(s.ctx, buckets, op.cost)
	return outcome{buckets[0].Allowed, buckets[0].Remaining}, err
}
