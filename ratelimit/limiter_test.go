package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/ratelimit"
)

// unreached fails a test when a call comes through to it.
type unreached struct {
	*ratelimit.Memory
	t testing.TB
}

func (d unreached) Take(context.Context, []ratelimit.Bucket, int64) error {
	d.t.Error("the driver was called")
	return nil
}

func (d unreached) Reset(context.Context, string) error {
	d.t.Error("the driver was called")
	return nil
}

func TestLimiterRefuses(t *testing.T) {
	t.Parallel()
	l := newLimiter(t, unreached{ratelimit.NewMemory(), t})
	good := ratelimit.Limit{Tokens: 10, Window: time.Minute}
	long := strings.Repeat("k", 10<<10)
	for name, tt := range map[string]struct {
		key     string
		limit   ratelimit.Limit
		cost    int64
		pointer string
	}{
		"no key":           {"", good, 1, "/key"},
		"key too long":     {strings.Repeat("k", ratelimit.MaxKey+1), good, 1, "/key"},
		"10 KiB key":       {long, good, 1, "/key"},
		"no limit":         {"k", ratelimit.Limit{}, 1, "/limit"},
		"no tokens":        {"k", ratelimit.Limit{Window: time.Minute}, 0, "/limit"},
		"negative tokens":  {"k", ratelimit.Limit{Tokens: -1, Window: time.Minute}, 1, "/limit"},
		"too many tokens":  {"k", ratelimit.Limit{Tokens: ratelimit.MaxTokens + 1, Window: time.Minute}, 1, "/limit"},
		"all the tokens":   {"k", ratelimit.Limit{Tokens: math.MaxInt64, Window: time.Minute}, 1, "/limit"},
		"least tokens":     {"k", ratelimit.Limit{Tokens: math.MinInt64, Window: time.Minute}, 1, "/limit"},
		"no window":        {"k", ratelimit.Limit{Tokens: 1}, 1, "/windowSeconds"},
		"negative window":  {"k", ratelimit.Limit{Tokens: 1, Window: -time.Minute}, 1, "/windowSeconds"},
		"window too short": {"k", ratelimit.Limit{Tokens: 1, Window: ratelimit.MinWindow - 1}, 1, "/windowSeconds"},
		"window too long":  {"k", ratelimit.Limit{Tokens: 1, Window: ratelimit.MaxWindow + 1}, 1, "/windowSeconds"},
		"longest window":   {"k", ratelimit.Limit{Tokens: 1, Window: math.MaxInt64}, 1, "/windowSeconds"},
		"negative cost":    {"k", good, -1, "/cost"},
		"least cost":       {"k", good, math.MinInt64, "/cost"},
		"cost too high":    {"k", good, 11, "/cost"},
		"highest cost":     {"k", good, math.MaxInt64, "/cost"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := l.Take(t.Context(), tt.key, tt.limit, tt.cost)
			wantInvalid(t, err, tt.pointer)
			_, err = l.TakeAll(t.Context(), []ratelimit.Bucket{
				{Key: "other", Limit: ratelimit.Limit{Tokens: ratelimit.MaxTokens, Window: time.Hour}}, {Key: tt.key, Limit: tt.limit},
			}, tt.cost)
			wantInvalid(t, err, tt.pointer)
		})
	}
	for name, buckets := range map[string][]ratelimit.Bucket{
		"none":     nil,
		"too many": make([]ratelimit.Bucket, ratelimit.MaxBuckets+1),
		"twice":    {{Key: "a", Limit: good}, {Key: "b", Limit: good}, {Key: "a", Limit: good}},
	} {
		if _, err := l.TakeAll(t.Context(), buckets, 1); !errors.Is(err, cpodkit.CodeValidationFailed) {
			t.Errorf("TakeAll of buckets: %s: %v; want validation_failed", name, err)
		}
	}
	wantInvalid(t, l.Reset(t.Context(), ""), "/key")
	wantInvalid(t, l.Reset(t.Context(), long), "/key")
}

func wantInvalid(t *testing.T, err error, pointer string) {
	t.Helper()
	e, ok := errors.AsType[*cpodkit.Error](err)
	if !ok || e.Code != cpodkit.CodeValidationFailed || len(e.Fields) != 1 || e.Fields[0].Pointer != pointer {
		t.Errorf("%v; want validation_failed at %s", err, pointer)
	}
	if len(err.Error()) > 500 {
		t.Errorf("the error has %d bytes", len(err.Error()))
	}
}

func TestLimiter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		l := newLimiter(t, ratelimit.NewMemory())
		limit := ratelimit.Limit{Name: "burst", Tokens: 10, Window: time.Minute}
		want := func(call string, d ratelimit.Decision, err error, want ratelimit.State) {
			t.Helper()
			if err != nil || d.State != want || d.Limit != limit {
				t.Errorf("%s = %+v, %v; want %+v", call, d, err, want)
			}
		}
		d, err := l.Take(ctx, "k", limit, 4)
		want("Take", d, err, ratelimit.State{Allowed: true, Remaining: 6, Reset: 24 * time.Second})
		d, err = l.Take(ctx, "k", limit, 7)
		want("Take of more", d, err, ratelimit.State{Remaining: 6, Reset: 24 * time.Second, RetryAfter: 6 * time.Second})
		refusal, ok := errors.AsType[*cpodkit.Error](d.Err())
		if !ok || refusal.Code != cpodkit.CodeRateLimited || refusal.RetryAfter != 6*time.Second {
			t.Errorf("Err of a refusal = %v", d.Err())
		}
		pass(5500 * time.Millisecond)
		d, err = l.Peek(ctx, "k", limit)
		want("Peek", d, err, ratelimit.State{Allowed: true, Remaining: 6, Reset: 18500 * time.Millisecond})
		if err := d.Err(); err != nil {
			t.Errorf("Err of what is allowed = %v", err)
		}
		pass(500 * time.Millisecond)
		d, err = l.Take(ctx, "k", limit, 7)
		want("Take in time", d, err, ratelimit.State{Allowed: true, Reset: time.Minute})
		if err := l.Reset(ctx, "k"); err != nil {
			t.Error(err)
		}
		d, err = l.Peek(ctx, "k", limit)
		want("Peek after Reset", d, err, ratelimit.State{Allowed: true, Remaining: 10})
	})
}

// The answer to several limits names the one that bound.
func TestTakeAllNamesTheLimit(t *testing.T) {
	t.Parallel()
	l := newLimiter(t, ratelimit.NewMemory())
	buckets := []ratelimit.Bucket{
		{Key: "second", Limit: ratelimit.Limit{Name: "second", Tokens: 5, Window: time.Hour}},
		{Key: "day", Limit: ratelimit.Limit{Name: "day", Tokens: 7, Window: 24 * time.Hour}},
		{Key: "slow", Limit: ratelimit.Limit{Name: "slow", Tokens: 7, Window: 48 * time.Hour}},
	}
	for i, step := range []struct {
		first, last int
		cost        int64
		want        string
		allowed     bool
	}{
		{0, 3, 3, "second", true},  // 2 4 4
		{0, 3, 3, "second", false}, // it alone refuses
		{1, 3, 0, "slow", true},    // both have 4, and slow takes longer to be full
		{1, 3, 4, "slow", true},    // 2 0 0
		{0, 3, 1, "slow", false},   // of two that refuse, the one that takes longer
		{0, 2, 1, "day", false},
		{0, 1, 1, "second", true},
	} {
		d, err := l.TakeAll(t.Context(), buckets[step.first:step.last], step.cost)
		if err != nil || d.Limit.Name != step.want || d.Allowed != step.allowed {
			t.Errorf("step %d: %+v, %v; want %s, allowed %v", i, d, err, step.want, step.allowed)
		}
	}
}

// failing is a driver whose calls fail.
type failing struct {
	*ratelimit.Memory
	err error
}

func (d failing) Take(context.Context, []ratelimit.Bucket, int64) error { return d.err }
func (d failing) Reset(context.Context, string) error                   { return d.err }

func TestDriverErrors(t *testing.T) {
	t.Parallel()
	limit := ratelimit.Limit{Tokens: 1, Window: time.Second}
	busy := cpodkit.Errorf(cpodkit.CodeUnavailable, "10.0.0.7 is down")
	busy.RetryAfter = 3 * time.Second
	for name, tt := range map[string]struct {
		err  error
		code cpodkit.Code
		wait time.Duration
	}{
		"raw":           {errors.New("dial 10.0.0.7"), cpodkit.CodeInternal, 0},
		"unavailable":   {fmt.Errorf("dial 10.0.0.7: %w", cpodkit.CodeUnavailable), cpodkit.CodeUnavailable, 0},
		"when":          {busy, cpodkit.CodeUnavailable, 3 * time.Second},
		"deadline":      {fmt.Errorf("read 10.0.0.7: %w", context.DeadlineExceeded), cpodkit.CodeTimeout, 0},
		"not supported": {fmt.Errorf("10.0.0.7 cannot: %w", cpodkit.CodeNotSupported), cpodkit.CodeNotSupported, 0},
		"unexpected":    {cpodkit.CodeNotFound, cpodkit.CodeInternal, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLimiter(t, failing{ratelimit.NewMemory(), tt.err})
			_, err1 := l.Take(t.Context(), "k", limit, 1)
			_, err2 := l.TakeAll(t.Context(), []ratelimit.Bucket{{Key: "k", Limit: limit}}, 1)
			for _, err := range []error{err1, err2, l.Reset(t.Context(), "k")} {
				e, ok := errors.AsType[*cpodkit.Error](err)
				if !ok || e.Code != tt.code || e.RetryAfter != tt.wait || !errors.Is(err, tt.err) || strings.Contains(e.Detail, "10.0") {
					t.Errorf("%v; want %s", err, tt.code)
				}
			}
		})
	}
	l := newLimiter(t, failing{ratelimit.NewMemory(), context.Canceled})
	if _, err := l.Take(t.Context(), "k", limit, 1); !errors.Is(err, context.Canceled) || cpodkit.Code("") == cpodkit.CodeOf(err) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestNewWithoutDriver(t *testing.T) {
	t.Parallel()
	if _, err := ratelimit.New(nil); err == nil {
		t.Error("a limiter without a driver")
	}
}
