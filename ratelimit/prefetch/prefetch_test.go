package prefetch_test

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/ratelimit"
	"github.com/cpodkit/cpodkit/ratelimit/prefetch"
)

// store counts the round trips to a driver, makes them take time, and goes down.
type store struct {
	*ratelimit.Memory

	trips atomic.Int64
	down  atomic.Bool
	delay time.Duration
}

func newStore() *store { return &store{Memory: ratelimit.NewMemory()} }

func (s *store) Take(ctx context.Context, buckets []ratelimit.Bucket, cost int64) error {
	s.trips.Add(1)
	if s.down.Load() {
		return cpodkit.CodeUnavailable
	}
	if s.delay > 0 {
		<-time.After(s.delay)
	}
	return s.Memory.Take(ctx, buckets, cost)
}

func newDriver(t testing.TB, store ratelimit.Driver, opts ...prefetch.Option) *prefetch.Driver {
	t.Helper()
	d, err := prefetch.New(store, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func take(t testing.TB, d ratelimit.Driver, limit ratelimit.Limit, cost int64) ratelimit.State {
	t.Helper()
	b := []ratelimit.Bucket{{Key: "k", Limit: limit}}
	if err := d.Take(t.Context(), b, cost); err != nil {
		t.Fatal(err)
	}
	return b[0].State
}

var wide = ratelimit.Limit{Tokens: 1_000_000, Window: time.Hour}

func TestServesBusyKeysFromMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		l := newDriver(t, s)
		for i := range int64(100_000) {
			if got := take(t, l, wide, 1); !got.Allowed || got.Remaining != wide.Tokens-i-1 {
				t.Fatalf("call %d: %+v", i, got)
			}
		}
		// 7 calls, then slices of 8, 16 and so on up to the largest.
		if n := s.trips.Load(); n > 25 {
			t.Errorf("%d round trips", n)
		}
	})
}

func TestPassesQuietKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		l := newDriver(t, s)
		for i := range int64(100) {
			if got := take(t, l, wide, 1); !got.Allowed {
				t.Fatalf("call %d: %+v", i, got)
			}
			if got := s.trips.Load(); got != i+1 {
				t.Fatalf("%d round trips after %d calls", got, i+1)
			}
			time.Sleep(prefetch.DefaultHold / 6)
		}
	})
}

func TestAllocatesNothing(t *testing.T) { //nolint:paralleltest // it counts allocations
	l := newDriver(t, newStore(), prefetch.WithHold(time.Hour), prefetch.WithMaxSlice(1))
	b := []ratelimit.Bucket{{Key: "k", Limit: ratelimit.Limit{Tokens: 1_000_000, Window: time.Hour}}}
	serve := func() {
		if err := l.Take(t.Context(), b, 1); err != nil {
			t.Fatal(err)
		}
	}
	for range 100_000 {
		serve()
	}
	if n := testing.AllocsPerRun(1000, serve); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestCoolsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		l := newDriver(t, s)
		for range 1000 {
			take(t, l, wide, 1)
		}
		time.Sleep(time.Second)
		take(t, l, wide, 1) // what the slice held is too old
		before := s.trips.Load()
		for range 10 {
			time.Sleep(time.Second)
			take(t, l, wide, 1)
		}
		if n := s.trips.Load() - before; n < 9 {
			t.Errorf("%d round trips for 10 calls on a quiet key", n)
		}
	})
}

func TestStoreDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		l := newDriver(t, s)
		for range 1000 {
			take(t, l, wide, 1)
		}
		s.down.Store(true)
		served := 0
		var err error
		b := []ratelimit.Bucket{{Key: "k", Limit: wide}}
		for ; err == nil; served++ {
			err = l.Take(t.Context(), b, 1)
		}
		if served < 2 || !errors.Is(err, cpodkit.CodeUnavailable) {
			t.Errorf("%d calls served by the slice, then %v", served-1, err)
		}
		if err := l.Take(t.Context(), b, 1); !errors.Is(err, cpodkit.CodeUnavailable) {
			t.Errorf("then %v", err)
		}
		s.down.Store(false)
		if got := take(t, l, wide, 1); !got.Allowed {
			t.Errorf("once it is back: %+v", got)
		}
	})
}

func TestExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		l := newDriver(t, s)
		for range 1000 {
			take(t, l, wide, 1)
		}
		s.down.Store(true)
		time.Sleep(prefetch.DefaultHold)
		b := []ratelimit.Bucket{{Key: "k", Limit: wide}}
		if err := l.Take(t.Context(), b, 1); !errors.Is(err, cpodkit.CodeUnavailable) {
			t.Errorf("a slice is served from beyond the hold: %v", err)
		}
	})
}

func TestRemembersRefusals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		l := newDriver(t, s)
		limit := ratelimit.Limit{Tokens: 10, Window: 500 * time.Millisecond}
		for range 20 {
			take(t, l, limit, 1)
		}
		before := s.trips.Load()
		for wait := range 49 {
			want := time.Duration(50-wait) * time.Millisecond
			if got := take(t, l, limit, 1); got.Allowed || got.RetryAfter != want {
				t.Fatalf("%+v, want a refusal for %v", got, want)
			}
			time.Sleep(time.Millisecond)
		}
		if n := s.trips.Load() - before; n != 0 {
			t.Errorf("%d round trips for refusals", n)
		}
		time.Sleep(time.Millisecond)
		if got := take(t, l, limit, 1); !got.Allowed {
			t.Errorf("after RetryAfter: %+v", got)
		}
		take(t, l, limit, 1)
		if err := l.Reset(t.Context(), "k"); err != nil {
			t.Fatal(err)
		}
		if got := take(t, l, limit, 10); !got.Allowed {
			t.Errorf("after a reset: %+v", got)
		}
	})
}

func TestPeek(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newDriver(t, newStore())
		for range 1000 {
			take(t, l, wide, 1)
		}
		if got := take(t, l, wide, 0); !got.Allowed || got.Remaining != wide.Tokens-1000 {
			t.Errorf("%+v, want what the slice still holds counted in", got)
		}
	})
}

func TestChangedLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newDriver(t, newStore())
		half := ratelimit.Limit{Tokens: wide.Tokens / 2, Window: wide.Window}
		for range 10_000 {
			take(t, l, wide, 1)
		}
		got := take(t, l, half, 1)
		// The slice that was held is lost.
		if most := half.Tokens - 5_000; !got.Allowed || got.Remaining > most || got.Remaining < most-half.Tokens/20 {
			t.Errorf("%+v, want about %d left", got, most)
		}
	})
}

func TestTakesFromAllOrNone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		l := newDriver(t, s)
		for range 1000 {
			take(t, l, wide, 1)
		}
		narrow := ratelimit.Limit{Tokens: 5, Window: time.Hour}
		both := []ratelimit.Bucket{{Key: "k", Limit: wide}, {Key: "narrow", Limit: narrow}}
		for i := range 50 {
			if err := l.Take(t.Context(), both, 1); err != nil {
				t.Fatal(err)
			}
			if !both[0].Allowed || both[1].Allowed != (i < 5) {
				t.Fatalf("call %d: %+v", i, both)
			}
		}
		if got := take(t, l, wide, 0); got.Remaining != wide.Tokens-1005 {
			t.Errorf("%d left in the bucket that did not refuse, want %d", got.Remaining, wide.Tokens-1005)
		}
		s.down.Store(true)
		both[1].Key = "another"
		if err := l.Take(t.Context(), both, 1); !errors.Is(err, cpodkit.CodeUnavailable) {
			t.Errorf("a bucket that the driver cannot answer for: %v", err)
		}
		s.down.Store(false)
		if got := take(t, l, wide, 0); got.Remaining != wide.Tokens-1005 {
			t.Errorf("%d left after a failure, want %d", got.Remaining, wide.Tokens-1005)
		}
	})
}

func TestWatchesFewKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newDriver(t, newStore(), prefetch.WithMaxKeys(640))
		for range 100 {
			take(t, l, wide, 1)
		}
		for i := range 10_000 {
			b := []ratelimit.Bucket{{Key: strconv.Itoa(i), Limit: wide}}
			if err := l.Take(t.Context(), b, 1); err != nil || !b[0].Allowed {
				t.Fatal(err, b)
			}
		}
		if n := l.Watched(); n > 640 {
			t.Errorf("%d keys are watched", n)
		}
		time.Sleep(time.Second)
		for range 100 {
			b := []ratelimit.Bucket{{Key: "late", Limit: wide}}
			if err := l.Take(t.Context(), b, 1); err != nil {
				t.Fatal(err)
			}
		}
	})
}
