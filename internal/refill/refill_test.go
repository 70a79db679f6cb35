package refill_test

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/cpodkit/cpodkit/internal/refill"
)

const (
	mostTokens = 1<<32 - 1
	longest    = 1<<62 - 1
)

// units is w as a rational number.
func units(r refill.Rate, w refill.Wait) *big.Rat {
	return new(big.Rat).Add(whole(w.Units), big.NewRat(w.Parts, r.Tokens))
}

func whole(n int64) *big.Rat { return new(big.Rat).SetInt64(n) }

// fraction is how much of the window w is.
func fraction(r refill.Rate, w refill.Wait) *big.Rat {
	return new(big.Rat).Quo(units(r, w), whole(r.Window))
}

func floor(x *big.Rat) int64 {
	return new(big.Int).Div(x.Num(), x.Denom()).Int64()
}

func drawRate(t *rapid.T, name string) refill.Rate {
	return refill.Rate{
		Tokens: rapid.OneOf(rapid.Int64Range(1, 100), rapid.Int64Range(1, mostTokens)).Draw(t, name+" tokens"),
		Window: rapid.OneOf(rapid.Int64Range(1, 100), rapid.Int64Range(1, longest)).Draw(t, name+" window"),
	}
}

// drawWait draws what a bucket may take to be full.
func drawWait(t *rapid.T, r refill.Rate, name string) refill.Wait {
	w := refill.Wait{Units: rapid.Int64Range(0, r.Window).Draw(t, name+" units")}
	if w.Units < r.Window {
		w.Parts = rapid.Int64Range(0, r.Tokens-1).Draw(t, name+" parts")
	}
	return w
}

func TestAgainstRationalNumbers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := drawRate(t, "rate")
		tokens := rapid.Int64Range(0, r.Tokens).Draw(t, "tokens")
		left, need := drawWait(t, r, "left"), r.Wait(tokens)
		check := func(what string, got refill.Wait, want *big.Rat) {
			if units(r, got).Cmp(want) != 0 || got.Parts < 0 || got.Parts >= r.Tokens {
				t.Fatalf("%s is %+v; want %v", what, got, want)
			}
		}
		exact := new(big.Rat).Mul(whole(tokens), big.NewRat(r.Window, r.Tokens))
		check("Wait", need, exact)
		sum := new(big.Rat).Add(units(r, left), exact)
		check("Plus", r.Plus(left, need), sum)
		check("Minus", r.Minus(left, need), new(big.Rat).Sub(units(r, left), exact))
		over := new(big.Rat).Sub(sum, whole(r.Window))
		if over.Sign() < 0 {
			over = new(big.Rat)
		}
		check("Missing", r.Missing(left, need), over)
		if got := r.Holds(r.Plus(left, need)); got != (over.Sign() == 0) {
			t.Fatalf("Holds is %t for %v over the window", got, over)
		}
		room := new(big.Rat).Sub(whole(1), fraction(r, left))
		if got, want := r.Remaining(left), floor(room.Mul(room, whole(r.Tokens))); got != want {
			t.Fatalf("Remaining is %d; want %d", got, want)
		}
		if got, want := left.RoundedUp(), -floor(new(big.Rat).Neg(units(r, left))); got != want {
			t.Fatalf("RoundedUp is %d; want %d", got, want)
		}
	})
}

func TestScaled(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		from, to := drawRate(t, "from"), drawRate(t, "to")
		w := drawWait(t, from, "wait")
		got := to.Scaled(w, from)
		if !to.Holds(got) || got.Parts < 0 || got.Parts >= to.Tokens {
			t.Fatalf("%+v is no wait at %+v", got, to)
		}
		exact := new(big.Rat).Mul(fraction(from, w), whole(to.Window))
		more := new(big.Rat).Sub(units(to, got), exact)
		most := new(big.Rat).Add(big.NewRat(1, from.Window), big.NewRat(1, to.Tokens))
		if more.Sign() < 0 || more.Cmp(most) > 0 {
			t.Fatalf("%+v is %v more than %v; want 0 to %v", got, more, exact, most)
		}
	})
}
