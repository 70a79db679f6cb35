package ratelimit

import (
	"time"

	"github.com/cpodkit/cpodkit/internal/refill"
)

// fill is how full a bucket is, without rounding: it is full at the nanosecond
// full plus part/tokens of one more. So nothing needs to be written while time
// refills it, and no sequence of calls drifts.
type fill struct {
	full   int64  // of Memory.now
	window int64  // in nanoseconds
	tokens uint32 // of a full bucket
	part   uint32 // less than tokens
}

// rateOf counts time in nanoseconds.
func rateOf(limit Limit) refill.Rate {
	return refill.Rate{Tokens: limit.Tokens, Window: int64(limit.Window)}
}

// newFill returns a bucket that takes left to be full.
func newFill(r refill.Rate, left refill.Wait, now int64) fill {
	return fill{full: now + left.Units, window: r.Window, tokens: uint32(r.Tokens), part: uint32(left.Parts)}
}

// idle reports whether the bucket is full, as one that is not there.
func (f *fill) idle(now int64) bool { return f.full < now || f.full == now && f.part == 0 }

func (f *fill) rate() refill.Rate { return refill.Rate{Tokens: int64(f.tokens), Window: f.window} }

// left is how long the bucket takes to be full.
func (f *fill) left(now int64) refill.Wait {
	if f.full < now {
		return refill.Wait{}
	}
	return refill.Wait{Units: f.full - now, Parts: int64(f.part)}
}

func (f *fill) setLeft(w refill.Wait, now int64) { f.full, f.part = now+w.Units, uint32(w.Parts) }

// take takes what flows in during charge if there is so much, and returns how long
// the bucket then takes to be full.
func (f *fill) take(r refill.Rate, charge refill.Wait, now int64) (left refill.Wait, took bool) {
	left = f.left(now)
	after := r.Plus(left, charge)
	if !r.Holds(after) {
		return left, false
	}
	f.setLeft(after, now)
	return after, true
}

// put puts in what flows in during paid, as much as there is room for.
func (f *fill) put(r refill.Rate, paid refill.Wait, now int64) {
	left := r.Minus(f.left(now), paid)
	if left.Units < 0 {
		left = refill.Wait{}
	}
	f.setLeft(left, now)
}

// adapt changes the rate and keeps the fraction that the bucket is filled to,
// rounded to less than a nanosecond's refill against the caller.
func (f *fill) adapt(r refill.Rate, now int64) {
	if f.rate() != r {
		f.rescale(r, now)
	}
}

func (f *fill) rescale(r refill.Rate, now int64) {
	*f = newFill(r, r.Scaled(f.left(now), f.rate()), now)
}

// state is what a bucket that takes left to be full says to a call that needs what
// flows in during need.
func state(r refill.Rate, left, need refill.Wait, took bool) State {
	s := State{Allowed: took, Remaining: r.Remaining(left), Reset: time.Duration(left.RoundedUp())}
	if took {
		return s
	}
	missing := r.Missing(left, need)
	s.Allowed, s.RetryAfter = missing == refill.Wait{}, time.Duration(missing.RoundedUp())
	return s
}
