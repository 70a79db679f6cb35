package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit"
)

const (
	// queueLength is how many messages a subscription of a [Memory] may be behind.
	queueLength = 1024

	// minSweep is how many grants at least are between two sweeps.
	minSweep = 64
)

// Memory is a [Driver] within this process: for a server of one replica, and for
// tests. A follower that falls 1024 messages behind is cut off, subscribes again
// and is told that it missed some. Later grants free the leases that have ended, of
// whatever name. It has no goroutine.
type Memory struct {
	mu            sync.Mutex
	closed        bool
	subscriptions map[string]map[*memorySubscription]struct{}
	leases        map[string]memoryLease
	sweepIn       int   // grants until the leases that ended are freed
	token         int64 // the last one, of all names: so a freed lease's token grows too
}

var _ Driver = (*Memory)(nil)

type memoryLease struct {
	holder string
	token  int64
	ends   time.Time
}

func (l memoryLease) hasEnded(now time.Time) bool { return !now.Before(l.ends) }

// NewMemory returns a driver without subscriptions or leases.
func NewMemory() *Memory {
	return &Memory{subscriptions: map[string]map[*memorySubscription]struct{}{}, leases: map[string]memoryLease{}}
}

// Close implements [Driver]. Subscriptions end, and calls that come later are
// unavailable.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	for _, all := range m.subscriptions {
		for s := range all {
			s.end(errMemoryClosed)
		}
	}
	clear(m.subscriptions)
	clear(m.leases)
	return nil
}

// Publish implements [Driver].
func (m *Memory) Publish(ctx context.Context, topic string, message []byte) error {
	if err := m.lock(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	for s := range m.subscriptions[topic] {
		m.send(s, Message{Payload: slices.Clone(message)})
	}
	return nil
}

// Subscribe implements [Driver].
func (m *Memory) Subscribe(ctx context.Context, topic string) (Subscription, error) {
	if err := m.lock(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	s := &memorySubscription{
		memory: m, topic: topic, ctx: ctx,
		queue: make(chan Message, queueLength), ended: make(chan struct{}),
	}
	if m.subscriptions[topic] == nil {
		m.subscriptions[topic] = map[*memorySubscription]struct{}{}
	}
	m.subscriptions[topic][s] = struct{}{}
	return s, nil
}

// Acquire implements [Driver].
func (m *Memory) Acquire(ctx context.Context, name, holder string, ttl time.Duration) (int64, error) {
	if err := m.lock(ctx); err != nil {
		return 0, err
	}
	defer m.mu.Unlock()
	now := time.Now()
	lease, held := m.held(name, now)
	switch {
	case !held:
		m.sweep(now)
		// As large as the time, tokens also grow over a restart of the process.
		m.token = max(m.token+1, now.UnixMicro())
		lease = memoryLease{holder: holder, token: m.token}
	case lease.holder != holder:
		return 0, cpodkit.CodeConflict
	}
	lease.ends = now.Add(ttl)
	m.leases[name] = lease
	return lease.token, nil
}

// Renew implements [Driver].
func (m *Memory) Renew(ctx context.Context, name, holder string, ttl time.Duration) error {
	if err := m.lock(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	now := time.Now()
	lease, held := m.held(name, now)
	if !held || lease.holder != holder {
		return cpodkit.CodeConflict
	}
	lease.ends = now.Add(ttl)
	m.leases[name] = lease
	return nil
}

// Release implements [Driver].
func (m *Memory) Release(ctx context.Context, name, holder string) error {
	if err := m.lock(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	if m.leases[name].holder == holder {
		delete(m.leases, name)
	}
	return nil
}

func (m *Memory) lock(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return errMemoryClosed
	}
	return nil
}

// held returns the lease of name while it lasts. One that has ended goes.
func (m *Memory) held(name string, now time.Time) (memoryLease, bool) {
	lease, ok := m.leases[name]
	if ok && lease.hasEnded(now) {
		delete(m.leases, name)
		return memoryLease{}, false
	}
	return lease, ok
}

// sweep frees the leases that have ended, also of names that nobody asks for again.
// It looks at all of them once in as many grants, so a grant pays for a few.
func (m *Memory) sweep(now time.Time) {
	if m.sweepIn--; m.sweepIn > 0 {
		return
	}
	maps.DeleteFunc(m.leases, func(_ string, l memoryLease) bool { return l.hasEnded(now) })
	m.sweepIn = max(minSweep, len(m.leases))
}

// send hands a message to s, or ends it when it is too far behind.
func (m *Memory) send(s *memorySubscription, message Message) {
	select {
	case s.queue <- message:
	default:
		m.remove(s, errBehind)
	}
}

func (m *Memory) remove(s *memorySubscription, reason error) {
	delete(m.subscriptions[s.topic], s)
	if len(m.subscriptions[s.topic]) == 0 {
		delete(m.subscriptions, s.topic)
	}
	s.end(reason)
}

type memorySubscription struct {
	memory *Memory
	topic  string
	ctx    context.Context //nolint:containedctx // it is the life of the subscription
	queue  chan Message
	ended  chan struct{}
	reason error // set before ended is closed, under the memory's lock
}

func (s *memorySubscription) Receive() (Message, error) {
	select {
	case <-s.ended:
		return Message{}, s.reason
	default:
	}
	select {
	case message := <-s.queue:
		return message, nil
	case <-s.ended:
		return Message{}, s.reason
	case <-s.ctx.Done():
		return Message{}, context.Cause(s.ctx)
	}
}

func (s *memorySubscription) Echo(ctx context.Context, mark []byte) error {
	if err := s.memory.lock(ctx); err != nil {
		return err
	}
	defer s.memory.mu.Unlock()
	s.memory.send(s, Message{Payload: slices.Clone(mark), IsEcho: true})
	return nil
}

func (s *memorySubscription) Close() error {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	s.memory.remove(s, errSubscriptionClosed)
	return nil
}

// end is called under the memory's lock.
func (s *memorySubscription) end(reason error) {
	if s.reason == nil {
		s.reason = reason
		close(s.ended)
	}
}

var (
	errMemoryClosed       = fmt.Errorf("cluster memory is closed: %w", cpodkit.CodeUnavailable)
	errSubscriptionClosed = errors.New("the subscription is closed")
	errBehind             = errors.New("the subscription is too many messages behind")
)
