// Package clustertest is the suite that every [cluster.Driver] passes.
package clustertest

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/cluster"
)

// Replica connects one more replica to the same system.
type Replica func() cluster.Driver

// Run runs the suite. Each of its tests gets a system from newSystem, connects
// replicas to it and closes them. The systems may be one and the same, also with
// other users: all names begin with a random one.
func Run(t *testing.T, newSystem func(t testing.TB) Replica) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(&suite{TB: t, ctx: t.Context(), replica: newSystem(t), space: "t-" + rand.Text() + "/"})
		})
	}
}

var cases = []struct {
	name string
	run  func(*suite)
}{
	{"MessagesReachAllInOrder", testMessagesReachAllInOrder},
	{"AnyBytes", testAnyBytes},
	{"TopicsAreApart", testTopicsAreApart},
	{"MissedComesFirst", testMissedComesFirst},
	{"LiveFollowsFollow", testLiveFollowsFollow},
	{"NothingIsLostWhileLive", testNothingIsLostWhileLive},
	{"EchoComesAfterWhatWasPublished", testEchoComesAfterWhatWasPublished},
	{"EchoIsForItsSubscription", testEchoIsForItsSubscription},
	{"SlowReceiver", testSlowReceiver},
	{"SubscriptionEndsWithContext", testSubscriptionEndsWithContext},
	{"CloseEndsFollow", testCloseEndsFollow},
	{"CancelledContext", testCancelledContext},
	{"LeaseHasOneHolder", testLeaseHasOneHolder},
	{"LeasesAreApart", testLeasesAreApart},
	{"LeaseEnds", testLeaseEnds},
	{"LeaseIsRenewed", testLeaseIsRenewed},
	{"LostLeaseIsNotRenewed", testLostLeaseIsNotRenewed},
	{"AcquireAgain", testAcquireAgain},
	{"OnlyTheHolderReleases", testOnlyTheHolderReleases},
	{"TokensGrow", testTokensGrow},
}

// patience is a watchdog: how long something may take that should be prompt.
const patience = 30 * time.Second

type suite struct {
	testing.TB
	ctx     context.Context
	replica Replica
	space   string
}

func (s *suite) name(name string) string { return s.space + name }

// driver connects a replica that is closed with the test.
func (s *suite) driver() cluster.Driver {
	driver := s.replica()
	s.Cleanup(func() {
		if err := driver.Close(); err != nil {
			s.Errorf("Close: %v", err)
		}
	})
	return driver
}

// cluster returns the portable type on a replica of its own.
func (s *suite) cluster() *cluster.Cluster {
	s.Helper()
	c, err := cluster.New(s.replica())
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		if err := c.Close(); err != nil {
			s.Errorf("Close: %v", err)
		}
	})
	return c
}

// follower is a Follow that runs until the test ends.
type follower struct {
	topic    *cluster.Topic
	received chan string
	missed   chan struct{}
	ended    chan error
	stop     context.CancelFunc
}

func (s *suite) follow(topic *cluster.Topic) *follower {
	ctx, cancel := context.WithCancel(s.ctx)
	f := &follower{
		topic: topic, stop: cancel,
		received: make(chan string, 10_000), missed: make(chan struct{}, 100), ended: make(chan error, 1),
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.ended <- topic.Follow(ctx, func(m []byte) { f.received <- string(m) }, func() { f.missed <- struct{}{} })
	}()
	s.Cleanup(func() {
		cancel()
		<-done
	})
	return f
}

// live follows a topic and returns when it is live.
func (s *suite) live(topic *cluster.Topic) *follower {
	s.Helper()
	f := s.follow(topic)
	take(s, "the call of missed", f.missed)
	s.until("the topic is live", topic.Live)
	return f
}

// until waits until what is so.
func (s *suite) until(what string, is func() bool) {
	s.Helper()
	watchdog := time.NewTimer(patience)
	defer watchdog.Stop()
	poll := time.NewTicker(2 * time.Millisecond)
	defer poll.Stop()
	for !is() {
		select {
		case <-poll.C:
		case <-watchdog.C:
			s.Fatalf("%v went by and not yet: %s", patience, what)
		}
	}
}

// take waits for a value.
func take[T any](s *suite, what string, from <-chan T) T {
	s.Helper()
	watchdog := time.NewTimer(patience)
	defer watchdog.Stop()
	select {
	case v := <-from:
		return v
	case <-watchdog.C:
		s.Fatalf("%v went by without %s", patience, what)
	}
	panic("not reached")
}

func (s *suite) publish(topic *cluster.Topic, message string) {
	s.Helper()
	if err := topic.Publish(s.ctx, []byte(message)); err != nil {
		s.Fatalf("Publish: %v", err)
	}
}

func (s *suite) wantMessage(f *follower, want string) {
	s.Helper()
	if got := take(s, "a message", f.received); got != want {
		s.Fatalf("received %.80q, want %.80q", got, want)
	}
}
