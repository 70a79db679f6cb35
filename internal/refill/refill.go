// Package refill is the arithmetic of token buckets that refill evenly: exact, in
// integers, and without a division where only a wait grows or is compared. What a
// bucket lacks is told by how long it takes to be full.
package refill

import "math/bits"

// Rate is Tokens that flow in over Window, which counts units of time of the
// caller's choice. Tokens are 1 to 2^32-1, and Window is 1 to 2^62-1.
type Rate struct{ Tokens, Window int64 }

// Wait is a time in which a bucket refills: whole units, and parts of one more,
// each of 1/Tokens of it. In these every number of tokens takes an exact time.
type Wait struct{ Units, Parts int64 }

// Wait is how long tokens, from 0 to all of them, take to flow in.
func (r Rate) Wait(tokens int64) Wait {
	units, parts := mulDiv(tokens, r.Window, r.Tokens)
	return Wait{units, parts}
}

// Plus is w and then other.
func (r Rate) Plus(w, other Wait) Wait {
	w = Wait{w.Units + other.Units, w.Parts + other.Parts}
	if w.Parts >= r.Tokens {
		w = Wait{w.Units + 1, w.Parts - r.Tokens}
	}
	return w
}

// Minus is what is left of w after other, which may be longer: then the units are
// negative.
func (r Rate) Minus(w, other Wait) Wait {
	w = Wait{w.Units - other.Units, w.Parts - other.Parts}
	if w.Parts < 0 {
		w = Wait{w.Units - 1, w.Parts + r.Tokens}
	}
	return w
}

// Holds reports whether a bucket may take w to be full: up to its window.
func (r Rate) Holds(w Wait) bool {
	return w.Units < r.Window || w.Units == r.Window && w.Parts == 0
}

// Missing is how long a bucket that takes left to be full takes to have what flows
// in during need: nothing when it has that.
func (r Rate) Missing(left, need Wait) Wait {
	after := r.Plus(left, need)
	if r.Holds(after) {
		return Wait{}
	}
	return r.Minus(after, Wait{Units: r.Window})
}

// Scaled is w, a wait at another rate, as the same fraction of the window. It is
// rounded up by less than a unit and a part.
func (r Rate) Scaled(w Wait, from Rate) Wait {
	units, rest := mulDiv(w.Units, r.Window, from.Window)
	// What is left over is counted in from.Window parts of a unit.
	ofParts, cut := mulDiv(w.Parts, r.Window, from.Tokens)
	rest += ofParts
	if cut > 0 {
		rest++
	}
	units, rest = units+rest/from.Window, rest%from.Window
	parts, cut := mulDiv(rest, r.Tokens, from.Window)
	if cut > 0 {
		parts++
	}
	return r.Plus(Wait{Units: units}, Wait{Parts: parts})
}

// Remaining is how many whole tokens are in a bucket that takes left to be full.
func (r Rate) Remaining(left Wait) int64 {
	if left == (Wait{}) {
		return r.Tokens
	}
	hi, lo := bits.Mul64(uint64(r.Window-left.Units), uint64(r.Tokens))
	lo, borrow := bits.Sub64(lo, uint64(left.Parts), 0)
	remaining, _ := div(hi-borrow, lo, r.Window)
	return remaining
}

// RoundedUp is the wait in whole units.
func (w Wait) RoundedUp() int64 {
	if w.Parts > 0 {
		return w.Units + 1
	}
	return w.Units
}

// mulDiv returns the quotient and the remainder of a*b / d, for numbers from 0
// whose quotient is one too.
func mulDiv(a, b, d int64) (quotient, remainder int64) {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	return div(hi, lo, d)
}

func div(hi, lo uint64, d int64) (quotient, remainder int64) {
	if hi == 0 { // much the quicker division
		return int64(lo / uint64(d)), int64(lo % uint64(d))
	}
	q, r := bits.Div64(hi, lo, uint64(d))
	return int64(q), int64(r)
}
