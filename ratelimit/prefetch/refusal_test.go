package prefetch_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit/ratelimit"
	"github.com/cpodkit/cpodkit/ratelimit/prefetch"
)

// fragile panics in a call that takes more than one token, after others have
// had the time to wait for it.
type fragile struct {
	*ratelimit.Memory

	inTake, inReturn bool
}

func (f *fragile) Take(ctx context.Context, buckets []ratelimit.Bucket, cost int64) error {
	if f.inTake && cost > 1 {
		<-time.After(time.Millisecond)
		panic("in Take")
	}
	return f.Memory.Take(ctx, buckets, cost)
}

func (f *fragile) Return(ctx context.Context, key string, limit ratelimit.Limit, cost int64) error {
	if f.inReturn {
		<-time.After(time.Millisecond)
		panic("in Return")
	}
	return f.Memory.Return(ctx, key, limit, cost)
}

// A panic reaches the call that fetches; those that wait for it get an error, and
// the key works once the driver does.
func TestDriverPanics(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(f *fragile, on bool){
		"in Take":   func(f *fragile, on bool) { f.inTake = on },
		"in Return": func(f *fragile, on bool) { f.inReturn = on },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				f := &fragile{Memory: ratelimit.NewMemory()}
				l := newDriver(t, f)
				type outcome struct {
					panicked bool
					err      error
				}
				call := func() (o outcome) {
					defer func() { o.panicked = recover() != nil }()
					return outcome{err: l.Take(ctx, []ratelimit.Bucket{{Key: "k", Limit: wide}}, 1)}
				}
				for range 1000 {
					take(t, l, wide, 1)
				}
				// What the slice holds has become too old.
				<-time.After(prefetch.DefaultHold)
				set(f, true)
				outcomes := make(chan outcome, 5)
				for range cap(outcomes) {
					go func() { outcomes <- call() }()
				}
				panics, failed := 0, 0
				for range cap(outcomes) {
					o := <-outcomes
					if o.panicked {
						panics++
					} else if o.err != nil && ctx.Err() == nil {
						failed++
					}
				}
				if panics != 1 || failed != cap(outcomes)-1 {
					t.Errorf("%d calls panicked and %d failed in time, of %d", panics, failed, cap(outcomes))
				}
				set(f, false)
				if o := call(); o != (outcome{}) {
					t.Errorf("once the driver works: %+v", o)
				}
			})
		})
	}
}

// After a slice's refusal the other buckets say what they have of the cost.
func TestRefusalOfSeveral(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		l := newDriver(t, s)
		busy := ratelimit.Limit{Tokens: 10, Window: time.Hour}
		other := ratelimit.Limit{Tokens: 10, Window: time.Minute}
		for range 20 {
			take(t, l, busy, 1)
		}
		for left := int64(10); left >= 0; left-- {
			buckets := []ratelimit.Bucket{{Key: "k", Limit: busy}, {Key: "other", Limit: other}}
			const cost = 4
			if err := l.Take(t.Context(), buckets, cost); err != nil {
				t.Fatal(err)
			}
			want := ratelimit.State{Allowed: left >= cost, Remaining: left, Reset: time.Duration(10-left) * 6 * time.Second}
			if !want.Allowed {
				want.RetryAfter = time.Duration(cost-left) * 6 * time.Second
			}
			if buckets[0].Allowed || buckets[1].State != want {
				t.Errorf("%+v, want a refusal of the first and %+v", buckets, want)
			}
			if left > 0 {
				one := []ratelimit.Bucket{{Key: "other", Limit: other}}
				if err := s.Take(t.Context(), one, 1); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

// A refusal that is remembered tells a dearer call how long that must wait.
func TestRefusalOfMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newDriver(t, newStore())
		limit := ratelimit.Limit{Tokens: 10, Window: time.Minute}
		for range 20 {
			take(t, l, limit, 1)
		}
		for _, cost := range []int64{1, 4, 10} {
			want := ratelimit.State{Reset: time.Minute, RetryAfter: time.Duration(cost) * 6 * time.Second}
			if got := take(t, l, limit, cost); got != want {
				t.Errorf("a cost of %d: %+v, want %+v", cost, got, want)
			}
		}
	})
}
