package redislimit

import (
	"math/bits"
	"time"

	"github.com/cpodkit/cpodkit/ratelimit"
)

// wait is a time in which a bucket refills: whole microseconds, and parts of one
// more, each of 1/Tokens of it. In these units every number of tokens takes an
// exact time.
type wait struct{ micros, parts int64 }

// window is the limit's window in microseconds, rounded up.
func window(limit ratelimit.Limit) int64 {
	return int64((limit.Window + time.Microsecond - 1) / time.Microsecond)
}

// waitFor is how long cost tokens, at most all of them, take to flow in.
func waitFor(limit ratelimit.Limit, cost int64) wait {
	micros, parts := mulDiv(cost, window(limit), 0, limit.Tokens)
	return wait{micros, parts}
}

// fits reports whether a bucket can take w to be full: up to its window.
func (w wait) fits(limit ratelimit.Limit) bool {
	full := window(limit)
	return w.micros >= 0 && w.parts >= 0 && w.parts < limit.Tokens && (w.micros < full || w == wait{micros: full})
}

// state is what a bucket that takes left to be full says to a call.
func state(limit ratelimit.Limit, left wait, cost int64, took bool) ratelimit.State {
	s := ratelimit.State{Allowed: took, Reset: left.duration()}
	full := window(limit)
	s.Remaining, _ = mulDiv(full-left.micros, limit.Tokens, left.parts, full)
	if took && cost != 0 {
		return s
	}
	// One token for a peek.
	need := waitFor(limit, max(cost, 1))
	missing := wait{left.micros + need.micros - full, left.parts + need.parts}
	if missing.parts >= limit.Tokens {
		missing.micros, missing.parts = missing.micros+1, missing.parts-limit.Tokens
	}
	s.Allowed = missing.micros < 0 || missing == wait{}
	if !s.Allowed {
		s.RetryAfter = missing.duration()
	}
	return s
}

// minus is what is left of w without other, which is no longer.
func (w wait) minus(other wait, limit ratelimit.Limit) wait {
	w = wait{w.micros - other.micros, w.parts - other.parts}
	if w.parts < 0 {
		w = wait{w.micros - 1, w.parts + limit.Tokens}
	}
	return w
}

// duration is the wait, rounded up to the next microsecond.
func (w wait) duration() time.Duration {
	if w.parts > 0 {
		w.micros++
	}
	return time.Duration(w.micros) * time.Microsecond
}

// mulDiv returns the quotient and the remainder of (a*b - c) / d, for numbers from
// 0 whose quotient is one too.
func mulDiv(a, b, c, d int64) (quotient, remainder int64) {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	lo, borrow := bits.Sub64(lo, uint64(c), 0)
	q, r := bits.Div64(hi-borrow, lo, uint64(d))
	return int64(q), int64(r)
}
