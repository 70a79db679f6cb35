package ratelimittest

import (
	"context"
	"os"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit/internal/mustfail"
	"github.com/cpodkit/cpodkit/ratelimit"
)

func TestMain(m *testing.M) {
	mustfail.Repeat("") // what fails here is meant to
	os.Exit(m.Run())
}

// fails runs a test of the suite in a bubble and fails unless it fails.
func fails(t *testing.T, run func(*suite), driver ratelimit.Driver) {
	t.Helper()
	mustfail.Want(t, func(t testing.TB) {
		s := start(t, []ratelimit.Driver{driver}, nil)
		s.unit, s.advance = time.Nanosecond, waitInBubble
		run(s)
	})
}

// broken is a driver in memory with its Take replaced.
type broken struct {
	*ratelimit.Memory
	take func(ctx context.Context, m *ratelimit.Memory, buckets []ratelimit.Bucket, cost int64) error
}

func (b broken) Take(ctx context.Context, buckets []ratelimit.Bucket, cost int64) error {
	return b.take(ctx, b.Memory, buckets, cost)
}

type takeFunc = func(ctx context.Context, m *ratelimit.Memory, buckets []ratelimit.Bucket, cost int64) error

// altered changes the state that a good driver answers.
func altered(change func(s *ratelimit.State)) takeFunc {
	return func(ctx context.Context, m *ratelimit.Memory, buckets []ratelimit.Bucket, cost int64) error {
		err := m.Take(ctx, buckets, cost)
		for i := range buckets {
			change(&buckets[i].State)
		}
		return err
	}
}

func TestMistakesAreSeen(t *testing.T) {
	t.Parallel()
	for name, take := range map[string]takeFunc{
		"one token too many": func(ctx context.Context, m *ratelimit.Memory, buckets []ratelimit.Bucket, cost int64) error {
			for i := range buckets {
				buckets[i].Limit.Tokens++
			}
			return m.Take(ctx, buckets, cost)
		},
		"a window that is a nanosecond short": func(ctx context.Context, m *ratelimit.Memory, buckets []ratelimit.Bucket, cost int64) error {
			for i := range buckets {
				buckets[i].Limit.Window--
			}
			return m.Take(ctx, buckets, cost)
		},
		"peek takes": func(ctx context.Context, m *ratelimit.Memory, buckets []ratelimit.Bucket, cost int64) error {
			return m.Take(ctx, buckets, max(cost, 1))
		},
		"a new limit fills the bucket": func() takeFunc {
			limits := map[string]ratelimit.Limit{}
			return func(ctx context.Context, m *ratelimit.Memory, buckets []ratelimit.Bucket, cost int64) error {
				for _, b := range buckets {
					if before, known := limits[b.Key]; known && before != b.Limit {
						_ = m.Reset(ctx, b.Key)
					}
					limits[b.Key] = b.Limit
				}
				return m.Take(ctx, buckets, cost)
			}
		}(),
		"what is refused by one is taken from others": func(ctx context.Context, m *ratelimit.Memory, buckets []ratelimit.Bucket, cost int64) error {
			for i := range buckets {
				if err := m.Take(ctx, buckets[i:i+1], cost); err != nil {
					return err
				}
			}
			return nil
		},
		"Reset a nanosecond late":   altered(func(s *ratelimit.State) { s.Reset++ }),
		"Reset rounded down":        altered(func(s *ratelimit.State) { s.Reset = max(s.Reset-1, 0) }),
		"RetryAfter rounded down":   altered(func(s *ratelimit.State) { s.RetryAfter = max(s.RetryAfter-1, 0) }),
		"RetryAfter when allowed":   altered(func(s *ratelimit.State) { s.RetryAfter++ }),
		"Remaining without the one": altered(func(s *ratelimit.State) { s.Remaining = max(s.Remaining-1, 0) }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				fails(t, testModel, broken{ratelimit.NewMemory(), take})
			})
		})
	}
}

// inSteps takes when a look says that there is enough, with others in between.
func inSteps(ctx context.Context, m *ratelimit.Memory, buckets []ratelimit.Bucket, cost int64) error {
	if err := m.Take(ctx, buckets, 0); err != nil || cost == 0 {
		return err
	}
	runtime.Gosched()
	for i := range buckets {
		b := &buckets[i]
		if b.Allowed = b.Remaining >= cost; b.Allowed {
			b.Remaining -= cost
			one := []ratelimit.Bucket{*b}
			if err := m.Take(ctx, one, cost); err != nil {
				return err
			}
		}
	}
	return nil
}

func TestRacesAreSeen(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]func(*suite){
		"ExactCount": testExactCount, "ConcurrentTakeAll": testConcurrentTakeAll, "Linearizable": testLinearizable,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				fails(t, run, broken{ratelimit.NewMemory(), inSteps})
			})
		})
	}
}
