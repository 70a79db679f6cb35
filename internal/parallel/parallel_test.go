package parallel_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit/internal/parallel"
)

// 10 calls of a second, 3 at a time, take 4 seconds.
func TestEach(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		items := slices.Repeat([]int{1}, 10)
		var running, sum atomic.Int64
		began := time.Now()
		err := parallel.Each(t.Context(), 3, slices.Values(items), func(_ context.Context, item int) error {
			if n := running.Add(1); n > 3 {
				t.Errorf("%d calls at a time", n)
			}
			time.Sleep(time.Second)
			running.Add(-1)
			sum.Add(int64(item))
			return nil
		})
		if err != nil || sum.Load() != 10 || time.Since(began) != 4*time.Second {
			t.Errorf("%v; the sum is %d after %v", err, sum.Load(), time.Since(began))
		}
	})
}

// An error ends the calls under way, and no further one is made. So does the end of the
// context.
func TestEachEndsEarly(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	ctx, cancel := context.WithCancel(t.Context())
	for want, fail := range map[error]func() error{
		broken: func() error { return broken },
		context.Canceled: func() error {
			cancel()
			return nil
		},
	} {
		within := t.Context()
		if errors.Is(want, context.Canceled) {
			within = ctx
		}
		var calls atomic.Int64
		err := parallel.Each(within, 2, slices.Values(make([]int, 100)), func(ctx context.Context, _ int) error {
			if calls.Add(1) == 2 {
				return fail()
			}
			<-ctx.Done()
			return ctx.Err()
		})
		if !errors.Is(err, want) || calls.Load() != 2 {
			t.Errorf("%v after %d calls, want %v", err, calls.Load(), want)
		}
	}
}
