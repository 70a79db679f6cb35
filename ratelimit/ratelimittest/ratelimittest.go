// Package ratelimittest is the suite that every [ratelimit.Driver] passes: an
// oracle that knows what a token bucket may answer, and exact counts of what
// many callers and replicas get.
package ratelimittest

import (
	"context"
	"crypto/rand"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit/ratelimit"
)

// Option says what is particular about a driver.
type Option func(*suite)

// FixedWindow is for a driver that refills a bucket all at once at the end of a
// window, and knows no change of a limit: what the suite says about even refill
// and about rescaling is left out.
func FixedWindow() Option { return func(s *suite) { s.fixedWindow = true } }

// Run runs the suite against a driver with a clock of its own. Each test gets a
// driver from newDriver, and closes it. The drivers may share one store, also
// with other users: all keys begin with "ratelimittest/" and a random name. Times
// that the driver answers may be off by [Tolerance].
func Run(t *testing.T, newDriver func(t testing.TB) ratelimit.Driver, opts ...Option) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, []ratelimit.Driver{newDriver(t)}, opts)
			s.run(c.run, c.refill)
		})
	}
}

// RunReplicas runs what is about several callers against several drivers on one
// store, as the replicas of a server have them.
func RunReplicas(t *testing.T, newReplicas func(t testing.TB, n int) []ratelimit.Driver, opts ...Option) {
	t.Helper()
	for _, c := range cases {
		if !c.shared {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, newReplicas(t, replicas), opts)
			s.run(c.run, c.refill)
		})
	}
}

// RunInBubble runs the suite under the clock of [synctest], for a driver that
// lives wholly in this process and counts nanoseconds. Its answers must then be
// exact. A goroutine that outlives Close fails it.
func RunInBubble(t *testing.T, newDriver func(t testing.TB) ratelimit.Driver, opts ...Option) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := start(t, []ratelimit.Driver{newDriver(t)}, opts)
				s.unit, s.advance = time.Nanosecond, waitInBubble
				s.run(c.run, c.refill)
			})
		})
	}
}

// Tolerance is by how much the times of a driver with a clock of its own may be
// off: 2 ms.
const Tolerance = 2 * time.Millisecond

const replicas = 3

var cases = []struct {
	name   string
	run    func(*suite)
	refill bool // it needs even refill
	shared bool // it is about several callers
}{
	{name: "TakeToTheEnd", run: testTakeToTheEnd},
	{name: "PeekTakesNothing", run: testPeek},
	{name: "Reset", run: testReset, shared: true},
	{name: "KeysAreIndependent", run: testKeysAreIndependent},
	{name: "ExtremeLimits", run: testExtremeLimits, refill: true},
	{name: "Refill", run: testRefill, refill: true, shared: true},
	{name: "RetryAfterIsTrue", run: testRetryAfter, refill: true},
	{name: "Rescale", run: testRescale, refill: true},
	{name: "AllOrNothing", run: testAllOrNothing},
	{name: "Model", run: testModel, refill: true},
	{name: "ExactCount", run: testExactCount, shared: true},
	{name: "AllOrNothingUnderConcurrency", run: testConcurrentTakeAll, shared: true},
	{name: "Linearizable", run: testLinearizable, shared: true},
	{name: "CancelledContext", run: testCancelledContext},
}

// patience is a watchdog: how long something may take that should be prompt.
const patience = 30 * time.Second

// suite is one test with its drivers, which share their buckets. Its keys begin
// with a random name, so that tests on one store do not meet, today's and
// yesterday's neither.
type suite struct {
	testing.TB
	drivers []ratelimit.Driver
	ctx     context.Context
	space   string
	began   time.Time

	unit        time.Duration         // by how much times may be off
	advance     func(d time.Duration) // nil when nobody moves the clock
	fixedWindow bool
}

func start(t testing.TB, drivers []ratelimit.Driver, opts []Option) *suite {
	t.Helper()
	s := &suite{
		TB: t, drivers: drivers, ctx: t.Context(), space: "ratelimittest/" + rand.Text() + "/",
		began: time.Now(), unit: Tolerance,
	}
	for _, opt := range opts {
		opt(s)
	}
	t.Cleanup(func() {
		for _, driver := range drivers {
			if err := driver.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		}
	})
	return s
}

func (s *suite) run(test func(*suite), refill bool) {
	if refill && s.fixedWindow {
		s.Skip("a driver with a fixed window does not refill evenly")
	}
	test(s)
}

// waitInBubble moves the clock of a synctest bubble.
func waitInBubble(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// exact reports whether no time passes but by advance.
func (s *suite) exact() bool { return s.advance != nil }

func (s *suite) key(name string) string { return s.space + name }

func (s *suite) driver(i int) ratelimit.Driver { return s.drivers[i%len(s.drivers)] }

// take takes from one bucket.
func (s *suite) take(key string, limit ratelimit.Limit, cost int64) ratelimit.State {
	s.Helper()
	buckets := []ratelimit.Bucket{{Key: key, Limit: limit}}
	if err := s.driver(0).Take(s.ctx, buckets, cost); err != nil {
		s.Fatalf("Take(%.80q): %v", key, err)
	}
	return buckets[0].State
}

// perYear is a limit that refills by next to nothing while a test runs.
func perYear(tokens int64) ratelimit.Limit {
	return ratelimit.Limit{Tokens: tokens, Window: ratelimit.MaxWindow}
}
