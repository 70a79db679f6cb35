package cluster

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cpodkit/cpodkit"
)

const (
	// MaxMessage is the most bytes of a message: 64 KiB.
	MaxMessage = 64 << 10

	// freshness is how long a heartbeat proves a subscription, counted from when it
	// was sent. A heartbeat is sent every heartbeatInterval.
	freshness         = time.Second
	heartbeatInterval = freshness / 4

	// staleAfter is how long a subscription may wait without a heartbeat before it
	// is made anew.
	staleAfter = 2 * freshness

	// A subscription that fails is tried again after a pause that doubles.
	firstPause = 50 * time.Millisecond
	longPause  = time.Second
)

// Topic carries messages to all replicas that follow it when they are
// published. Nothing is kept for those that do not: they are told that they
// missed something. It is safe for concurrent use.
type Topic struct {
	cluster  *Cluster
	name     string
	err      error // what is wrong with the name
	start    time.Time
	followed atomic.Bool
	proven   atomic.Int64 // when the last heartbeat that came back was sent, after start; 0 for none
}

// Topic returns the topic of that name (see [MaxName]). When the name is not
// valid Publish and Follow say so. Each call returns a value of its own, with a
// Live of its own.
func (c *Cluster) Topic(name string) *Topic {
	return &Topic{cluster: c, name: name, err: checkName("topic", name), start: time.Now()}
}

// Publish sends message, of at most [MaxMessage] bytes, to every replica that
// follows the topic, this one included. When it returns nil, every [Topic] that
// is Live more than a second later has received the message. Nil does not mean
// that anybody follows. After an error the message may have been sent or not.
func (t *Topic) Publish(ctx context.Context, message []byte) error {
	if t.err != nil {
		return t.err
	}
	if len(message) > MaxMessage {
		return cpodkit.Errorf(cpodkit.CodePayloadTooLarge, "A message has at most %d bytes.", MaxMessage)
	}
	ctx, call := t.cluster.publish.Start(ctx)
	return call.End(ctx, t.cluster.driver.Publish(ctx, t.name, message))
}

// Follow calls receive with each message, in the order in which the system took
// them, and missed whenever messages may have been lost: once at the start, when
// the subscription stands, and each time that it stands again. Whoever keeps
// anything that messages change reads it anew then. Both are called by one
// goroutine, one after the other, and receive owns its message. While they run
// nothing else is received.
//
// Follow subscribes again by itself, for as long as it takes, and returns when
// ctx ends, with its error, or when the cluster is closed. A Topic is followed by
// one call at a time; a second one fails.
func (t *Topic) Follow(ctx context.Context, receive func([]byte), missed func()) error {
	if t.err != nil {
		return t.err
	}
	if !t.followed.CompareAndSwap(false, true) {
		return errors.New("cluster: this Topic is followed already; take another one from the Cluster")
	}
	defer t.followed.Store(false)
	ctx, cancel := t.cluster.untilClosed(ctx)
	defer cancel()
	pause := firstPause
	for {
		stood := t.followOnce(ctx, receive, missed)
		t.proven.Store(0)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if stood {
			pause = firstPause
		}
		wait := time.NewTimer(pause/2 + rand.N(pause/2)) //nolint:gosec // no secret: replicas shall not come in step
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
		}
		pause = min(2*pause, longPause)
	}
}

// Live reports whether a heartbeat that was sent within the last second has come
// back through the subscription of a running Follow, and everything received
// before it was handed over. It is cheap. Time is the monotonic clock: a machine
// that wakes from suspension may take the time before for the present, for a
// second at most.
func (t *Topic) Live() bool {
	proven := t.proven.Load()
	return proven != 0 && t.now()-proven <= int64(freshness)
}

// now is the monotonic time in nanoseconds, never 0.
func (t *Topic) now() int64 { return int64(time.Since(t.start)) + 1 }

// untilClosed returns a context that also ends when the cluster is closed.
func (c *Cluster) untilClosed(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		select {
		case <-c.closed:
			cancel(errClosed)
		case <-stop:
		}
	})
	return ctx, func() {
		close(stop)
		wg.Wait()
		cancel(nil)
	}
}

// followOnce follows one subscription to its end, and reports whether it stood.
func (t *Topic) followOnce(ctx context.Context, receive func([]byte), missed func()) (stood bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// The subscription lives on ctx: its life is not part of the span of the call.
	measured, call := t.cluster.subscribe.Start(ctx)
	subscription, err := t.cluster.driver.Subscribe(ctx, t.name)
	if call.End(measured, err) != nil {
		return false
	}
	defer subscription.Close()
	missed()
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	var idle idleness
	wg.Go(func() {
		defer cancel()
		t.beat(ctx, subscription, &idle)
	})
	for {
		idle.begin()
		message, err := subscription.Receive()
		idle.end()
		switch {
		case err != nil || ctx.Err() != nil:
			return true
		case !message.IsEcho:
			receive(message.Payload)
		case len(message.Payload) == 8:
			t.proven.Store(int64(binary.BigEndian.Uint64(message.Payload)))
			idle.reset()
		}
	}
}

// beat sends heartbeats, and returns when none comes back any more.
func (t *Topic) beat(ctx context.Context, subscription Subscription, idle *idleness) {
	tick := time.NewTicker(heartbeatInterval)
	defer tick.Stop()
	for {
		// One that fails is seen by its absence.
		attempt, cancel := context.WithTimeout(ctx, freshness)
		mark := binary.BigEndian.AppendUint64(nil, uint64(t.now()))
		_ = subscription.Echo(attempt, mark)
		cancel()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if idle.total() > staleAfter {
			return
		}
	}
}

// idleness adds up how long a subscription has waited since a heartbeat came
// back. The time that receivers take does not count, for they may be slow.
type idleness struct {
	mu    sync.Mutex
	since time.Time // zero while nobody waits
	sum   time.Duration
}

func (i *idleness) begin() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.since = time.Now()
}

func (i *idleness) end() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.sum += time.Since(i.since)
	i.since = time.Time{}
}

func (i *idleness) reset() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.sum = 0
}

func (i *idleness) total() time.Duration {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.since.IsZero() {
		return i.sum
	}
	return i.sum + time.Since(i.since)
}
