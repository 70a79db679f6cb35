package ratelimit

import (
	"math/bits"
	"time"
)

// fill is how full a bucket is, without rounding: it is full at the nanosecond
// full plus part/tokens of one more. So nothing needs to be written while time
// refills it, and no sequence of calls drifts.
//
// What a bucket lacks, its debt, is counted in 1/window of a token. One
// nanosecond pays tokens of these, one token is window of them, and an empty
// bucket lacks tokens*window, which takes 128 bits.
type fill struct {
	full   int64  // of Memory.now
	window int64  // in nanoseconds
	tokens uint32 // of a full bucket
	part   uint32 // less than tokens
}

// newFill returns a bucket that is full at a moment; an empty one when it would
// take longer than that to fill.
func newFill(limit Limit, full, now int64) fill {
	return fill{full: min(full, now+int64(limit.Window)), window: int64(limit.Window), tokens: uint32(limit.Tokens)}
}

// idle reports whether the bucket is full, as one that is not there.
func (f *fill) idle(now int64) bool { return f.full < now || f.full == now && f.part == 0 }

func (f *fill) is(limit Limit) bool {
	return f.window == int64(limit.Window) && f.tokens == uint32(limit.Tokens)
}

func (f *fill) debt(now int64) wide {
	if f.full < now {
		return wide{}
	}
	return product(uint64(f.full-now), uint64(f.tokens)).plus(wide{lo: uint64(f.part)})
}

func (f *fill) setDebt(debt wide, now int64) {
	ns, part := debt.by(uint64(f.tokens))
	f.full, f.part = now+int64(ns), uint32(part)
}

// take takes cost tokens if there are so many, and returns the state after it.
func (f *fill) take(now, cost int64) State {
	s, debt := f.look(now, cost)
	if s.Allowed && cost > 0 {
		f.setDebt(debt.plus(product(uint64(cost), uint64(f.window))), now)
		s.Remaining -= cost
		s.Reset = f.reset(now)
	}
	return s
}

// put puts cost tokens in, as many as there is room for.
func (f *fill) put(now, cost int64) {
	debt, paid := f.debt(now), product(uint64(cost), uint64(f.window))
	if paid.hi > debt.hi || paid.hi == debt.hi && paid.lo > debt.lo {
		paid = debt
	}
	f.setDebt(debt.minus(paid), now)
}

// look returns the state before cost is taken, and the debt.
func (f *fill) look(now, cost int64) (State, wide) {
	debt := f.debt(now)
	need := max(cost, 1)
	room := product(uint64(f.tokens), uint64(f.window)).minus(debt)
	remaining, _ := room.by(uint64(f.window))
	s := State{Allowed: int64(remaining) >= need, Remaining: int64(remaining)}
	if !s.Allowed || cost == 0 {
		s.Reset = f.reset(now)
	}
	if !s.Allowed {
		lacking := product(uint64(need), uint64(f.window)).minus(room)
		s.RetryAfter = time.Duration(lacking.byUp(uint64(f.tokens)))
	}
	return s, debt
}

func (f *fill) reset(now int64) time.Duration {
	if f.idle(now) {
		return 0
	}
	ns := f.full - now
	if f.part > 0 {
		ns++
	}
	return time.Duration(ns)
}

// rescale changes the limit and keeps the fraction, rounded to less than a
// nanosecond's refill against the caller.
func (f *fill) rescale(limit Limit, now int64) {
	tokens, window := uint64(limit.Tokens), uint64(limit.Window)
	// debt*tokens/f.tokens, and then that*window/f.window, which would not fit
	// into 128 bits in one step.
	ns, part := f.debt(now).by(uint64(f.tokens))
	debt := product(ns, tokens).plus(wide{lo: product(part, tokens).byUp(uint64(f.tokens))})
	whole, rest := debt.by(uint64(f.window))
	debt = product(whole, window).plus(wide{lo: product(rest, window).byUp(uint64(f.window))})
	f.tokens, f.window = uint32(tokens), int64(window)
	f.setDebt(debt, now)
}

// wide is an unsigned integer of 128 bits.
type wide struct{ hi, lo uint64 }

func product(x, y uint64) wide {
	hi, lo := bits.Mul64(x, y)
	return wide{hi, lo}
}

func (w wide) plus(x wide) wide {
	lo, carry := bits.Add64(w.lo, x.lo, 0)
	hi, _ := bits.Add64(w.hi, x.hi, carry)
	return wide{hi, lo}
}

func (w wide) minus(x wide) wide {
	lo, borrow := bits.Sub64(w.lo, x.lo, 0)
	hi, _ := bits.Sub64(w.hi, x.hi, borrow)
	return wide{hi, lo}
}

// by divides. The quotient must fit into 64 bits.
func (w wide) by(y uint64) (quotient, rest uint64) {
	if w.hi == 0 {
		return w.lo / y, w.lo % y
	}
	return bits.Div64(w.hi, w.lo, y)
}

// byUp divides and rounds up.
func (w wide) byUp(y uint64) uint64 {
	quotient, rest := w.by(y)
	if rest > 0 {
		quotient++
	}
	return quotient
}
