// Package shares divides among tenants what they share, so that a tenant that takes
// all it can leaves room for the others.
package shares

import (
	"errors"
	"strings"

	"github.com/cpodkit/cpodkit"
)

// Fraction says how much of something shared one tenant may hold while others want
// it: 1/Fraction.
const Fraction = 8

// Room is a number of places that are given back only by their holder. It is not safe
// for concurrent use.
//
// A tenant may take a place while it holds less than 1/(Fraction-1) of what is free
// after that. So one tenant alone ends at 1/Fraction of the room, n tenants that take
// all they can end at 1/(Fraction-1+n) each, and the next tenant always finds places.
// Switches share their packet memory by this rule: Choudhury and Hahne, "Dynamic queue
// length thresholds for shared-memory packet switches", IEEE/ACM Transactions on
// Networking 6(2), 1998.
type Room struct {
	size, used int64
	held       map[string]int64 // the sum is used
}

// NewRoom returns an empty room of so many places.
func NewRoom(size int64) *Room { return &Room{size: size, held: map[string]int64{}} }

// Fits reports whether the tenant may take n more places.
func (r *Room) Fits(tenant string, n int64) bool {
	return (Fraction-1)*(r.held[tenant]+n) <= r.size-r.used-n
}

// Add takes n places, whether or not they fit; a negative n gives places back.
func (r *Room) Add(tenant string, n int64) {
	if n == 0 {
		return
	}
	held, known := r.held[tenant]
	r.used += n
	switch held += n; {
	case held == 0:
		delete(r.held, tenant)
	case known:
		r.held[tenant] = held
	default:
		r.held[strings.Clone(tenant)] = held // it may be a part of a longer text
	}
}

// Held returns how many places the tenant holds.
func (r *Room) Held(tenant string) int64 { return r.held[tenant] }

var errFull = errors.New("the share of a tenant is full")

// Full returns an error for a tenant whose share is full. Its sentence says whose share
// that is ("Your tenant ..."), and what to do. It is unavailable, and reaches the client
// through a capability that hides all other words of its drivers.
func Full(format string, args ...any) *cpodkit.Error {
	return cpodkit.Errorf(cpodkit.CodeUnavailable, format, args...).WithCause(errFull)
}

// IsFull reports whether err is one of [Full].
func IsFull(err error) bool { return errors.Is(err, errFull) }
