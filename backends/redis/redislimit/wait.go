package redislimit

import (
	"time"

	"github.com/cpodkit/cpodkit/internal/refill"
	"github.com/cpodkit/cpodkit/ratelimit"
)

// rateOf counts time in microseconds, as Redis does; a window is rounded up.
func rateOf(limit ratelimit.Limit) refill.Rate {
	return refill.Rate{
		Tokens: limit.Tokens,
		Window: int64((limit.Window + time.Microsecond - 1) / time.Microsecond),
	}
}

// fits reports whether a bucket can take left to be full.
func fits(r refill.Rate, left refill.Wait) bool {
	return left.Units >= 0 && left.Parts >= 0 && left.Parts < r.Tokens && r.Holds(left)
}

// state is what a bucket that takes left to be full says to a call.
func state(limit ratelimit.Limit, left refill.Wait, cost int64, took bool) ratelimit.State {
	r := rateOf(limit)
	s := ratelimit.State{Allowed: took, Remaining: r.Remaining(left), Reset: rounded(left)}
	if !took || cost == 0 {
		missing := r.Missing(left, r.Wait(max(cost, 1))) // one token for a peek
		s.Allowed, s.RetryAfter = missing == refill.Wait{}, rounded(missing)
	}
	return s
}

func rounded(w refill.Wait) time.Duration { return time.Duration(w.RoundedUp()) * time.Microsecond }
