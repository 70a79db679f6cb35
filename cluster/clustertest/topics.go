package clustertest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/cpodkit/cpodkit/cluster"
)

func testMessagesReachAllInOrder(s *suite) {
	const messages = 300
	a, b := s.cluster().Topic(s.name("topic")), s.cluster().Topic(s.name("topic"))
	followers := []*follower{s.live(a), s.live(b)}
	for i := range messages {
		s.publish([]*cluster.Topic{a, b}[i%2], strconv.Itoa(i))
	}
	for _, f := range followers {
		for i := range messages {
			s.wantMessage(f, strconv.Itoa(i))
		}
	}
}

func testAnyBytes(s *suite) {
	topic := s.cluster().Topic(s.name("topic"))
	f := s.live(topic)
	for _, message := range []string{
		"", "plain", "\x00", "nul\x00inside", "\xff\xfe", "line\r\nline", strings.Repeat("\x00\xff", cluster.MaxMessage/2),
	} {
		s.publish(topic, message)
		s.wantMessage(f, message)
	}
}

func testTopicsAreApart(s *suite) {
	c := s.cluster()
	names := []string{"t", "t1", "t/1", "T", "t:topic", "lease"}
	topics, followers := make([]*cluster.Topic, len(names)), make([]*follower, len(names))
	for i, name := range names {
		topics[i] = c.Topic(s.name(name))
		followers[i] = s.live(topics[i])
	}
	for i, name := range names {
		s.publish(topics[i], name)
	}
	for i, name := range names {
		s.publish(topics[i], "last")
		s.wantMessage(followers[i], name)
		s.wantMessage(followers[i], "last")
	}
}

func testMissedComesFirst(s *suite) {
	c := s.cluster()
	topic := c.Topic(s.name("topic"))
	s.publish(topic, "before anybody follows")
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	var mu sync.Mutex
	var calls []string
	note := func(call string) {
		mu.Lock()
		defer mu.Unlock()
		calls = append(calls, call)
		if call == "end" {
			cancel()
		}
	}
	stood := make(chan struct{}, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- topic.Follow(ctx, func(m []byte) { note(string(m)) }, func() { note("missed"); stood <- struct{}{} })
	}()
	take(s, "the call of missed", stood)
	// What is published from the call of missed on arrives, live or not.
	s.publish(topic, "first")
	s.publish(topic, "end")
	if err := take(s, "the end of Follow", ended); !errors.Is(err, context.Canceled) {
		s.Errorf("Follow = %v, want context.Canceled", err)
	}
	mu.Lock()
	defer mu.Unlock()
	if got := fmt.Sprint(calls); got != "[missed first end]" {
		s.Errorf("the calls were %s", got)
	}
}

func testLiveFollowsFollow(s *suite) {
	c := s.cluster()
	topic, other := c.Topic(s.name("topic")), c.Topic(s.name("topic"))
	if topic.Live() {
		s.Error("a topic that nobody follows is live")
	}
	for range 2 {
		f := s.live(topic)
		if other.Live() {
			s.Error("another value of the topic is live")
		}
		if err := topic.Follow(s.ctx, func([]byte) {}, func() {}); err == nil {
			s.Error("a topic is followed twice at a time")
		}
		f.stop()
		if err := take(s, "the end of Follow", f.ended); !errors.Is(err, context.Canceled) {
			s.Errorf("Follow = %v, want context.Canceled", err)
		}
		if topic.Live() {
			s.Error("a topic that is followed no more is live")
		}
	}
}

// testNothingIsLostWhileLive has many publishers, and a follower that need not
// have missed anything.
func testNothingIsLostWhileLive(s *suite) {
	const publishers, messages = 4, 200
	f := s.live(s.cluster().Topic(s.name("topic")))
	var wg sync.WaitGroup
	for p := range publishers {
		topic := s.cluster().Topic(s.name("topic"))
		wg.Go(func() {
			for i := range messages {
				if err := topic.Publish(s.ctx, fmt.Appendf(nil, "%d %d", p, i)); err != nil {
					s.Errorf("Publish: %v", err)
				}
			}
		})
	}
	next := make([]int, publishers)
	for range publishers * messages {
		var p, i int
		if _, err := fmt.Sscan(take(s, "a message", f.received), &p, &i); err != nil || next[p] != i {
			s.Fatalf("message %d of publisher %d came where %d is next: %v", i, p, next[p], err)
		}
		next[p]++
	}
	wg.Wait()
	if len(f.missed) > 0 {
		s.Error("missed was called though nothing happened")
	}
}

func (s *suite) subscribe(d cluster.Driver, topic string) cluster.Subscription {
	s.Helper()
	subscription, err := d.Subscribe(s.ctx, topic)
	if err != nil {
		s.Fatalf("Subscribe: %v", err)
	}
	s.Cleanup(func() { subscription.Close() })
	return subscription
}

func (s *suite) wantReceive(from cluster.Subscription, payload string, isEcho bool) {
	s.Helper()
	if m, err := from.Receive(); err != nil || string(m.Payload) != payload || m.IsEcho != isEcho {
		s.Fatalf("Receive = %.80q, echo %v, %v; want %.80q, echo %v", m.Payload, m.IsEcho, err, payload, isEcho)
	}
}

// testEchoComesAfterWhatWasPublished is what makes Live worth something.
func testEchoComesAfterWhatWasPublished(s *suite) {
	publisher, topic := s.driver(), s.name("topic")
	subscription := s.subscribe(s.driver(), topic)
	for i := range 200 {
		message := strconv.Itoa(i)
		if err := publisher.Publish(s.ctx, topic, []byte(message)); err != nil {
			s.Fatalf("Publish: %v", err)
		}
		if err := subscription.Echo(s.ctx, []byte("mark "+message)); err != nil {
			s.Fatalf("Echo: %v", err)
		}
		s.wantReceive(subscription, message, false)
		s.wantReceive(subscription, "mark "+message, true)
	}
}

func testEchoIsForItsSubscription(s *suite) {
	d, topic := s.driver(), s.name("topic")
	first, second := s.subscribe(d, topic), s.subscribe(d, topic)
	if err := first.Echo(s.ctx, []byte("mark")); err != nil {
		s.Fatalf("Echo: %v", err)
	}
	if err := d.Publish(s.ctx, topic, []byte("message")); err != nil {
		s.Fatalf("Publish: %v", err)
	}
	s.wantReceive(first, "mark", true)
	s.wantReceive(first, "message", false)
	s.wantReceive(second, "message", false)
}

// testSlowReceiver keeps a receiver busy for longer than a heartbeat is fresh.
func testSlowReceiver(s *suite) {
	const messages = 100
	topic := s.cluster().Topic(s.name("topic"))
	ctx, cancel := context.WithCancel(s.ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	missed, received := make(chan struct{}, 10), make(chan string, messages)
	release := make(chan struct{})
	wg.Go(func() {
		_ = topic.Follow(ctx, func(m []byte) {
			<-release
			received <- string(m)
		}, func() { missed <- struct{}{} })
	})
	take(s, "the call of missed", missed)
	s.until("the topic is live", topic.Live)
	for i := range messages {
		s.publish(topic, strconv.Itoa(i))
	}
	s.until("the topic is not live while its receiver is busy", func() bool { return !topic.Live() })
	close(release)
	for i := range messages {
		if got := take(s, "a message", received); got != strconv.Itoa(i) {
			s.Fatalf("received %q, want %d", got, i)
		}
	}
	s.until("the topic is live again", topic.Live)
	if len(missed) > 0 {
		s.Error("missed was called though the receiver was only slow")
	}
}

func testSubscriptionEndsWithContext(s *suite) {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	subscription, err := s.driver().Subscribe(ctx, s.name("topic"))
	if err != nil {
		s.Fatalf("Subscribe: %v", err)
	}
	closed := s.subscribe(s.driver(), s.name("topic"))
	ended := make(chan error, 2)
	for _, one := range []cluster.Subscription{subscription, closed} {
		go func() { _, err := one.Receive(); ended <- err }()
	}
	cancel()
	closed.Close()
	for range 2 {
		if err := take(s, "the end of Receive", ended); err == nil {
			s.Error("Receive of a subscription that has ended returns no error")
		}
	}
	subscription.Close()
}

func testCloseEndsFollow(s *suite) {
	c, err := cluster.New(s.replica())
	if err != nil {
		s.Fatal(err)
	}
	f := s.live(c.Topic(s.name("topic")))
	if err := c.Close(); err != nil {
		s.Errorf("Close: %v", err)
	}
	if err := take(s, "the end of Follow", f.ended); err == nil {
		s.Error("Follow returned nil")
	}
	if f.topic.Live() {
		s.Error("a topic of a closed cluster is live")
	}
	if err := c.Close(); err != nil {
		s.Errorf("second Close: %v", err)
	}
}

func testCancelledContext(s *suite) {
	d, name := s.driver(), s.name("x")
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	for call, err := range map[string]error{
		"Publish":   d.Publish(ctx, name, nil),
		"Subscribe": func() error { _, err := d.Subscribe(ctx, name); return err }(),
		"Acquire":   func() error { _, err := d.Acquire(ctx, name, "a", cluster.MaxTTL); return err }(),
		"Renew":     d.Renew(ctx, name, "a", cluster.MaxTTL),
		"Release":   d.Release(ctx, name, "a"),
	} {
		if !errors.Is(err, context.Canceled) {
			s.Errorf("%s with a cancelled context: %v; want context.Canceled", call, err)
		}
	}
	if _, err := d.Acquire(s.ctx, name, "b", cluster.MaxTTL); err != nil {
		s.Errorf("Acquire after one with a cancelled context: %v", err)
	}
}
