package ratelimittest

import (
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/cpodkit/cpodkit/ratelimit"
)

// oracle is what is known about one bucket: how many tokens it holds at least
// and at most. With an exact clock both are the same. What a driver answers must
// fit, and then tells more.
type oracle struct {
	limit ratelimit.Limit
	least *big.Rat
	most  *big.Rat

	// The last call was made between these.
	after, before time.Duration
}

// newOracle is that of a full bucket.
func newOracle(limit ratelimit.Limit, now time.Duration) *oracle {
	return &oracle{limit: limit, least: whole(limit.Tokens), most: whole(limit.Tokens), after: now, before: now}
}

func whole(n int64) *big.Rat { return new(big.Rat).SetInt64(n) }

// refill is what flows into the bucket in d.
func (o *oracle) refill(d time.Duration) *big.Rat {
	return new(big.Rat).Mul(whole(int64(d)), big.NewRat(o.limit.Tokens, int64(o.limit.Window)))
}

// span is how long the bucket takes to get so many tokens.
func (o *oracle) span(tokens *big.Rat) *big.Rat {
	return new(big.Rat).Mul(tokens, big.NewRat(int64(o.limit.Window), o.limit.Tokens))
}

// pass lets time go by until a call that was made between after and before.
func (o *oracle) pass(after, before, unit time.Duration) {
	slack := unit
	if unit == time.Nanosecond {
		slack = 0
	}
	o.least.Add(o.least, o.refill(max(after-o.before-slack, 0)))
	o.most.Add(o.most, o.refill(before-o.after+slack))
	o.after, o.before = after, before
	o.bound()
}

// bound keeps what is known between nothing and full.
func (o *oracle) bound() {
	full := whole(o.limit.Tokens)
	o.least = atMost(atLeast(o.least, new(big.Rat)), full)
	o.most = atMost(o.most, full)
}

// rescale changes the limit and keeps the fraction. A driver may round it down by
// the refill of a unit of its clock, of the old or the new limit.
func (o *oracle) rescale(limit ratelimit.Limit, unit time.Duration) {
	if limit.Tokens == o.limit.Tokens && limit.Window == o.limit.Window {
		return
	}
	o.least.Sub(o.least, o.refill(unit))
	factor := big.NewRat(limit.Tokens, o.limit.Tokens)
	o.least.Mul(o.least, factor)
	o.most.Mul(o.most, factor)
	o.limit = limit
	o.least.Sub(o.least, o.refill(unit))
	o.bound()
}

// answer checks what the driver says about this bucket after a call that costs
// cost; taken is whether all buckets of the call had it.
func (o *oracle) answer(s ratelimit.State, cost int64, taken bool, unit time.Duration) error {
	need := whole(max(cost, 1))
	switch {
	case s.Allowed && o.most.Cmp(need) < 0:
		return o.wrong(s, "has given %d tokens", cost)
	case !s.Allowed && o.least.Cmp(need) >= 0:
		return o.wrong(s, "has refused %d tokens", cost)
	case s.Allowed && s.RetryAfter != 0:
		return o.wrong(s, "allows a call of %d and says to try later", cost)
	case s.Allowed:
		o.least = atLeast(o.least, need)
	default:
		o.most = atMost(o.most, need)
		if err := o.within(s.RetryAfter, need, unit); err != nil {
			return o.wrong(s, "says to try a call of %d again %w", cost, err)
		}
	}
	if taken {
		o.least.Sub(o.least, whole(cost))
		o.most.Sub(o.most, whole(cost))
	}
	if s.Remaining < floor(o.least) || s.Remaining > floor(o.most) {
		return o.wrong(s, "has another Remaining after a call of %d", cost)
	}
	o.least = atLeast(o.least, whole(s.Remaining))
	o.most = atMost(o.most, whole(s.Remaining+1))
	full := whole(o.limit.Tokens)
	if err := o.within(s.Reset, full, unit); err != nil {
		return o.wrong(s, "after a call of %d is full again %w", cost, err)
	}
	// It is full after more than Reset less a unit, and after no more than Reset.
	o.least = atLeast(o.least, new(big.Rat).Sub(full, o.refill(s.Reset)))
	o.most = atMost(o.most, new(big.Rat).Sub(full, o.refill(max(s.Reset-unit, 0))))
	return nil
}

// within checks the time, rounded up, that the bucket takes to hold so many
// tokens.
func (o *oracle) within(d time.Duration, tokens *big.Rat, unit time.Duration) error {
	low, high := o.span(new(big.Rat).Sub(tokens, o.most)), o.span(new(big.Rat).Sub(tokens, o.least))
	if got := whole(int64(d)); got.Cmp(low) < 0 || got.Cmp(high.Add(high, whole(int64(unit)))) >= 0 {
		return fmt.Errorf("in %v; want from %s to less than %s ns", d, low.FloatString(3), high.FloatString(3))
	}
	return nil
}

func (o *oracle) wrong(s ratelimit.State, format string, args ...any) error {
	return fmt.Errorf("a bucket of %d per %v with %s to %s tokens answers %+v: it %w",
		o.limit.Tokens, o.limit.Window, o.least.FloatString(9), o.most.FloatString(9), s, fmt.Errorf(format, args...))
}

func floor(r *big.Rat) int64 { return new(big.Int).Div(r.Num(), r.Denom()).Int64() }

func atLeast(a, b *big.Rat) *big.Rat {
	if a.Cmp(b) < 0 {
		return new(big.Rat).Set(b)
	}
	return a
}

func atMost(a, b *big.Rat) *big.Rat {
	if a.Cmp(b) > 0 {
		return new(big.Rat).Set(b)
	}
	return a
}

// known is the oracles of a test by key.
type known map[string]*oracle

// check makes a call, in turn through each of the drivers, and checks its answer.
// It reports whether the tokens were taken.
func (s *suite) check(k known, turn int, cost int64, buckets ...ratelimit.Bucket) (bool, error) {
	asked := slices.Clone(buckets) // whatever the driver does to them
	after := time.Since(s.began)
	if err := s.driver(turn).Take(s.ctx, buckets, cost); err != nil {
		return false, err
	}
	before := time.Since(s.began)
	taken := true
	for i := range buckets {
		taken = taken && buckets[i].Allowed
	}
	for i, b := range asked {
		o := k[b.Key]
		if o == nil {
			o = newOracle(b.Limit, after)
			k[b.Key] = o
		}
		o.pass(after, before, s.unit)
		o.rescale(b.Limit, s.unit)
		if err := o.answer(buckets[i].State, cost, taken, s.unit); err != nil {
			return false, err
		}
	}
	return taken, nil
}

// reset makes the bucket full.
func (s *suite) reset(k known, turn int, key string) error {
	after := time.Since(s.began)
	err := s.driver(turn).Reset(s.ctx, key)
	if o := k[key]; o != nil {
		*o = *newOracle(o.limit, after)
		o.before = time.Since(s.began)
	}
	return err
}
