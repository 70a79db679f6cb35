package ratelimittest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit/ratelimit"
)

// testTakeToTheEnd empties buckets with every cost.
func testTakeToTheEnd(s *suite) {
	const tokens = 10
	for cost := int64(1); cost <= tokens; cost++ {
		key := s.key(fmt.Sprint("cost", cost))
		left := int64(tokens)
		for range tokens + 2 {
			got := s.take(key, perYear(tokens), cost)
			allowed := left >= cost
			if allowed {
				left -= cost
			}
			if got.Allowed != allowed || got.Remaining != left {
				s.Fatalf("Take of %d = %+v; want allowed %v and %d remaining", cost, got, allowed, left)
			}
			if (got.RetryAfter > 0) == allowed || got.RetryAfter > got.Reset || got.Reset <= 0 {
				s.Errorf("Take of %d with %d left: RetryAfter %v, Reset %v", cost, left, got.RetryAfter, got.Reset)
			}
		}
	}
}

func testPeek(s *suite) {
	key := s.key("k")
	for range 3 {
		if got := s.take(key, perYear(2), 0); !got.Allowed || got.Remaining != 2 || got.RetryAfter != 0 {
			s.Errorf("a look at a bucket that nobody has used = %+v", got)
		}
	}
	s.take(key, perYear(2), 1)
	if got := s.take(key, perYear(2), 0); !got.Allowed || got.Remaining != 1 {
		s.Errorf("a look at one token = %+v", got)
	}
	s.take(key, perYear(2), 1)
	for range 3 {
		if got := s.take(key, perYear(2), 0); got.Allowed || got.Remaining != 0 || got.RetryAfter <= 0 {
			s.Errorf("a look at an empty bucket = %+v", got)
		}
	}
}

func testReset(s *suite) {
	key, other := s.key("k"), s.key("k2")
	if err := s.driver(1).Reset(s.ctx, key); err != nil {
		s.Errorf("Reset of a bucket that is not there: %v", err)
	}
	for range 3 {
		if got := s.take(key, perYear(5), 5); !got.Allowed || got.Remaining != 0 {
			s.Errorf("Take of all = %+v", got)
		}
		s.take(other, perYear(5), 1)
		if err := s.driver(1).Reset(s.ctx, key); err != nil {
			s.Fatalf("Reset: %v", err)
		}
		if got := s.take(key, perYear(5), 0); got.Remaining != 5 {
			s.Errorf("after Reset %+v", got)
		}
	}
	if got := s.take(other, perYear(5), 0); got.Remaining != 2 {
		s.Errorf("the bucket that was not reset: %+v; want 2 remaining", got)
	}
}

func testKeysAreIndependent(s *suite) {
	names := []string{
		"a", "a ", " a", "A", "a/b", "a%2Fb", "a:b", "{a}", "{a}b", "{}", "a*", "a?", "[a]", `"`, `\`, "\x00", "a\x00", "a\x00b", "\r\n",
		"\xff", "\xff\xfe", "é", "e\u0301", "🔑", "t1", "t1x", "1", "01", "-1", strings.Repeat("k", ratelimit.MaxKey-len(s.space)),
		strings.Repeat("k", ratelimit.MaxKey-len(s.space)-1) + "l",
	}
	for i, name := range names {
		for j, other := range names {
			want := int64(2)
			if j < i {
				want = 0
			}
			if got := s.take(s.key(other), perYear(2), 0); got.Remaining != want {
				s.Fatalf("after %q was taken from, %.20q has %d; want %d", name, other, got.Remaining, want)
			}
		}
		s.take(s.key(name), perYear(2), 2)
	}
}

func testExtremeLimits(s *suite) {
	for _, tokens := range []int64{1, 2, 3, 7, 1000, 999_999_937, ratelimit.MaxTokens - 1, ratelimit.MaxTokens} {
		windows := []time.Duration{time.Hour, 366_671 * time.Second, ratelimit.MaxWindow - 1, ratelimit.MaxWindow}
		if s.exact() {
			windows = append(windows, ratelimit.MinWindow, ratelimit.MinWindow+1, time.Second+1)
		}
		for _, window := range windows {
			limit := ratelimit.Limit{Tokens: tokens, Window: window}
			k := known{}
			bucket := ratelimit.Bucket{Key: s.key(fmt.Sprint(tokens, window)), Limit: limit}
			for i, cost := range []int64{0, tokens, 0, 1, tokens, (tokens + 1) / 2, 1, 1} {
				if i == 5 && s.exact() {
					s.advance(window/2 + 1)
				}
				if _, err := s.check(k, 0, cost, bucket); err != nil {
					s.Fatal(err)
				}
			}
		}
	}
}

// testRefill takes whatever there is for a while.
func testRefill(s *suite) {
	limit := ratelimit.Limit{Tokens: 40, Window: 400 * time.Millisecond}
	k := known{}
	bucket := ratelimit.Bucket{Key: s.key("k"), Limit: limit}
	taken := int64(0)
	began := time.Since(s.began)
	for turn := 0; taken < 3*limit.Tokens; turn++ {
		ok, err := s.check(k, turn, 1, bucket)
		if err != nil {
			s.Fatalf("after %d tokens: %v", taken, err)
		}
		if ok {
			taken++
		}
		passed := time.Since(s.began) - began
		if most := limit.Tokens + int64((passed+s.unit)*time.Duration(limit.Tokens)/limit.Window); taken > most {
			s.Fatalf("%d tokens in %v from a bucket of %d per %v", taken, passed, limit.Tokens, limit.Window)
		}
		if passed > patience {
			s.Fatalf("only %d tokens in %v", taken, passed)
		}
		if s.exact() {
			s.advance(777_777 * time.Nanosecond)
		}
	}
}

// testRetryAfter waits as long as it is told.
func testRetryAfter(s *suite) {
	limit := ratelimit.Limit{Tokens: 3, Window: 100 * time.Millisecond}
	key := s.key("k")
	for range 5 {
		got := s.take(key, limit, 3)
		for got.Allowed {
			got = s.take(key, limit, 3)
		}
		if s.exact() {
			s.advance(got.RetryAfter - 1)
			if early := s.take(key, limit, 3); early.Allowed || early.RetryAfter != 1 {
				s.Fatalf("a nanosecond before RetryAfter: %+v", early)
			}
			s.advance(1)
		} else {
			<-time.After(got.RetryAfter + s.unit)
		}
		if again := s.take(key, limit, 3); !again.Allowed {
			s.Fatalf("after RetryAfter %v: %+v", got.RetryAfter, again)
		}
	}
}

func testRescale(s *suite) {
	key := s.key("k")
	s.take(key, perYear(10), 7) // 3/10 are left
	steps := []struct {
		limit ratelimit.Limit
		want  int64
	}{
		{perYear(20), 6},
		{perYear(1000), 300},
		{ratelimit.Limit{Tokens: 1000, Window: 24 * time.Hour}, 300},
		{ratelimit.Limit{Tokens: 10, Window: ratelimit.MaxWindow}, 3},
		{perYear(ratelimit.MaxTokens), 3 * ratelimit.MaxTokens / 10},
		{perYear(1), 0},
		{perYear(10), 3},
	}
	for _, step := range steps {
		got := s.take(key, step.limit, 0)
		// What has flowed in meanwhile is little; what rounding took is less than a token
		// at a boundary.
		off := got.Remaining - step.want
		if tolerance := step.limit.Tokens / 1000; off < -tolerance-1 || off > tolerance {
			s.Errorf("rescaled to %d per %v: %+v; want about %d remaining", step.limit.Tokens, step.limit.Window, got, step.want)
		}
	}
	// It holds also for a call that is refused: the new limit's refill is in force.
	slow, fast := perYear(10), ratelimit.Limit{Tokens: 10, Window: 50 * time.Millisecond}
	s.take(s.key("slow"), slow, 10)
	if s.exact() {
		if got := s.take(s.key("slow"), fast, 10); got.Allowed || got.RetryAfter != fast.Window {
			s.Fatalf("an empty bucket, rescaled to one of %v: %+v", fast.Window, got)
		}
		s.advance(fast.Window)
	} else {
		got := s.take(s.key("slow"), fast, 10)
		<-time.After(got.RetryAfter + s.unit)
	}
	if got := s.take(s.key("slow"), fast, 10); !got.Allowed {
		s.Errorf("an empty bucket that was rescaled to one of %v is not full after that: %+v", fast.Window, got)
	}
}

func testAllOrNothing(s *suite) {
	buckets := func() []ratelimit.Bucket {
		return []ratelimit.Bucket{
			{Key: s.key("wide"), Limit: perYear(100)},
			{Key: s.key("narrow"), Limit: perYear(3)},
			{Key: s.key("middle"), Limit: perYear(50)},
		}
	}
	for i := range int64(6) {
		b := buckets()
		if err := s.driver(0).Take(s.ctx, b, 1); err != nil {
			s.Fatal(err)
		}
		taken := min(i+1, 3)
		for j, tokens := range []int64{100, 3, 50} {
			allowed := j != 1 || i < 3
			if b[j].Allowed != allowed || b[j].Remaining != tokens-taken || (b[j].RetryAfter == 0) != allowed {
				s.Errorf("call %d: bucket %d = %+v; want allowed %v and %d remaining", i, j, b[j].State, allowed, tokens-taken)
			}
		}
	}
	most := make([]ratelimit.Bucket, ratelimit.MaxBuckets)
	for i := range most {
		most[i] = ratelimit.Bucket{Key: s.key(fmt.Sprint("many", i)), Limit: perYear(int64(i + 5))}
	}
	for round := range int64(2) {
		if err := s.driver(0).Take(s.ctx, most, 2); err != nil {
			s.Fatal(err)
		}
		for i := range most {
			if want := int64(i+5) - 2*(round+1); !most[i].Allowed || most[i].Remaining != want {
				s.Errorf("bucket %d of many = %+v; want %d remaining", i, most[i].State, want)
			}
		}
	}
}

func testCancelledContext(s *suite) {
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	key := s.key("k")
	for _, buckets := range [][]ratelimit.Bucket{
		{{Key: key, Limit: perYear(2)}},
		{{Key: key, Limit: perYear(2)}, {Key: s.key("k2"), Limit: perYear(2)}},
	} {
		if err := s.driver(0).Take(ctx, buckets, 1); !errors.Is(err, context.Canceled) {
			s.Errorf("Take with a cancelled context: %v", err)
		}
	}
	if err := s.driver(0).Reset(ctx, key); !errors.Is(err, context.Canceled) {
		s.Errorf("Reset with a cancelled context: %v", err)
	}
	if got := s.take(key, perYear(2), 0); got.Remaining != 2 {
		s.Errorf("cancelled calls have taken: %+v", got)
	}
}
