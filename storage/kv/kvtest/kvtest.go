// Package kvtest is the suite that every [kv.Driver] passes.
package kvtest

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/kv"
)

// Advancer is a driver under test whose clock the test moves. Without it the
// suite waits for entries to expire, with ttls of a fraction of a second.
type Advancer interface {
	kv.Driver
	Advance(d time.Duration)
}

// Run runs the suite. Each of its tests gets a driver of its own from
// newDriver, and closes it. The drivers may share one store, also with other
// users: all keys begin with "kvtest/" and a random name.
func Run(t *testing.T, newDriver func(t testing.TB) kv.Driver) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(start(t, newDriver))
		})
	}
	t.Run("NoGoroutineIsLeft", func(t *testing.T) {
		t.Parallel()
		testNoGoroutineIsLeft(t, newDriver)
	})
}

// RunInBubble runs the suite under the clock of [synctest], for a driver that
// lives wholly in this process. A goroutine that outlives Close fails it.
func RunInBubble(t *testing.T, newDriver func(t testing.TB) kv.Driver) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := start(t, newDriver)
				s.exact, s.advance = true, waitInBubble
				c.run(s)
			})
		})
	}
}

var cases = []struct {
	name string
	run  func(*suite)
}{
	{"RoundTrip", testRoundTrip},
	{"LargeValue", testLargeValue},
	{"SetReplaces", testSetReplaces},
	{"Missing", testMissing},
	{"KeysAreIndependent", testKeysAreIndependent},
	{"SetIfAbsent", testSetIfAbsent},
	{"SetIfAbsentHasOneWinner", testSetIfAbsentHasOneWinner},
	{"Delete", testDelete},
	{"DeleteIfValue", testDeleteIfValue},
	{"DeleteIfValueHasOneWinner", testDeleteIfValueHasOneWinner},
	{"Incr", testIncr},
	{"IncrLimits", testIncrLimits},
	{"IncrConflicts", testIncrConflicts},
	{"IncrIsAtomic", testIncrIsAtomic},
	{"TTL", testTTL},
	{"TTLUntilTheEnd", testTTLUntilTheEnd},
	{"TTLReplacedAndKept", testTTLReplacedAndKept},
	{"Expiry", testExpiry},
	{"ExpiredIsAbsent", testExpiredIsAbsent},
	{"Lock", testLock},
	{"Storm", testStorm},
	{"Model", testModel},
	{"Linearizable", testLinearizable},
	{"CancelledContext", testCancelledContext},
	{"Erase", testErase},
}

// patience is a watchdog: how long something may take that should be prompt.
const patience = 30 * time.Second

// suite is one test with its driver. Its keys begin with a random name, so that
// tests on one store do not meet, today's and yesterday's neither.
type suite struct {
	testing.TB
	driver kv.Driver
	ctx    context.Context
	space  string

	advance func(d time.Duration) // nil when nobody moves the clock
	exact   bool                  // no time passes but by advance
}

func start(t testing.TB, newDriver func(t testing.TB) kv.Driver) *suite {
	t.Helper()
	s := &suite{TB: t, driver: newDriver(t), ctx: t.Context(), space: "kvtest/" + rand.Text() + "/"}
	if clock, ok := s.driver.(Advancer); ok {
		s.advance = clock.Advance
	}
	t.Cleanup(func() {
		if err := s.driver.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// waitInBubble moves the clock of a synctest bubble.
func waitInBubble(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func (s *suite) key(name string) string { return s.space + name }

func (s *suite) set(key, value string, ttl time.Duration) {
	s.Helper()
	if stored, err := s.driver.Set(s.ctx, key, value, ttl, false); err != nil || !stored {
		s.Fatalf("Set(%q) = %v, %v", key, stored, err)
	}
}

// wantValue checks Get and Exists.
func (s *suite) wantValue(key, want string) {
	s.Helper()
	got, err := s.driver.Get(s.ctx, key)
	if err != nil || got != want {
		s.Errorf("Get(%q) = %.80q, %v; want %.80q", key, got, err, want)
	}
	if exists, err := s.driver.Exists(s.ctx, key); err != nil || !exists {
		s.Errorf("Exists(%q) = %v, %v; want true", key, exists, err)
	}
}

// wantNone checks Get, Exists and TTL.
func (s *suite) wantNone(key string) {
	s.Helper()
	if got, err := s.driver.Get(s.ctx, key); !errors.Is(err, cpodkit.CodeNotFound) {
		s.Errorf("Get(%q) = %.80q, %v; want not_found", key, got, err)
	}
	if exists, err := s.driver.Exists(s.ctx, key); err != nil || exists {
		s.Errorf("Exists(%q) = %v, %v; want false", key, exists, err)
	}
	if ttl, err := s.driver.TTL(s.ctx, key); !errors.Is(err, cpodkit.CodeNotFound) {
		s.Errorf("TTL(%q) = %v, %v; want not_found", key, ttl, err)
	}
}

// wantTTL checks that an entry has more than low and at most high left.
func (s *suite) wantTTL(key string, low, high time.Duration) {
	s.Helper()
	if got, err := s.driver.TTL(s.ctx, key); err != nil || got <= low || got > high {
		s.Errorf("TTL(%q) = %v, %v; want more than %v, at most %v", key, got, err, low, high)
	}
}

func (s *suite) wantNoEnd(key string) {
	s.Helper()
	if got, err := s.driver.TTL(s.ctx, key); err != nil || got != 0 {
		s.Errorf("TTL(%q) = %v, %v; want 0", key, got, err)
	}
}

// awaitExpiry lets ttl pass and returns once the entry has gone.
func (s *suite) awaitExpiry(key string, ttl time.Duration) {
	s.Helper()
	if clock, ok := s.driver.(Advancer); ok {
		clock.Advance(ttl)
	}
	watchdog := time.NewTimer(patience)
	defer watchdog.Stop()
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for {
		exists, err := s.driver.Exists(s.ctx, key)
		if err != nil {
			s.Fatalf("Exists(%q): %v", key, err)
		}
		if !exists {
			return
		}
		select {
		case <-poll.C:
		case <-watchdog.C:
			s.Fatalf("the entry %q is still there %v after it was to end in %v", key, patience, ttl)
		}
	}
}
