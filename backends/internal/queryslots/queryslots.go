// Package queryslots bounds how many calls of a store run at once, and shares that out
// among tenants. Queries have slots of their own: they may take seconds each, and gets
// and writes need connections meanwhile.
package queryslots

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/cpodkit/cpodkit/internal/shares"
	"github.com/cpodkit/cpodkit/storage"
)

// Slots are what a call needs one of. It is safe for concurrent use.
type Slots struct {
	most     int // for one tenant
	fewer    int // the same, while others want some; 0 for no difference
	isHeld   bool
	activity *Activity

	mu      sync.Mutex
	free    int
	tenants map[string]*tenant // that hold slots or wait for one
	turns   []*tenant          // that wait, in turn
}

type tenant struct {
	name    string
	held    int
	waiting []chan struct{} // each closed when it gets a slot
}

// New returns the slots of a store that has so many connections, at least 1:
// queries take at most three quarters of them, and those of one tenant at most
// three quarters of these.
func New(connections int) *Slots {
	slots := threeQuarters(connections)
	return &Slots{most: threeQuarters(slots), free: slots, tenants: map[string]*tenant{}}
}

// NewCalls returns the slots for all calls of a store that has so many connections, at
// least 1. Those of one tenant take at most three quarters of them.
func NewCalls(connections int) *Slots {
	return &Slots{most: threeQuarters(connections), free: connections, tenants: map[string]*tenant{}}
}

// NewPool returns the slots for the calls of a client that has so many connections. Calls
// that wait for a connection wait in the client. One tenant's calls take at most three
// quarters of the connections, and an eighth while other tenants call, too.
func NewPool(connections int) *Slots {
	s := &Slots{most: threeQuarters(connections), free: math.MaxInt, tenants: map[string]*tenant{}}
	return s.Fewer(connections/shares.Fraction, new(Activity))
}

// NewHeld returns n slots for what may be held for long, as downloads are by slow clients.
// A tenant may take one while it has less than a seventh of what is then free, as in
// [shares.Room]. It may take its first one whenever one is free.
func NewHeld(n int) *Slots {
	return &Slots{isHeld: true, free: n, tenants: map[string]*tenant{}}
}

// Fewer lets one tenant take at most n slots, at least 1, while the activity is contended,
// and returns s. It is also for a store in this process: more calls than there are
// processors do not make a tenant faster, and others wait for a processor.
func (s *Slots) Fewer(n int, activity *Activity) *Slots {
	s.fewer, s.activity = max(1, min(n, s.most)), activity
	return s
}

func threeQuarters(n int) int { return max(1, n*3/4) }

// Acquire waits for a slot for a call in a space (storage.Space.Root), which
// release gives back. When there are too few, the tenants that wait take turns.
// Calls in the server's own spaces are few and short, and never wait. The only
// error is that of ctx.
func (s *Slots) Acquire(ctx context.Context, space string) (release func(), err error) {
	if storage.IsSystem(space) {
		return func() {}, nil
	}
	return s.AcquireFor(ctx, storage.TenantOf(space))
}

// AcquireFor is Acquire for a tenant.
func (s *Slots) AcquireFor(ctx context.Context, tenant string) (release func(), err error) {
	s.activity.Seen(tenant)
	t, ready := s.ask(tenant)
	if ready != nil {
		select {
		case <-ready:
		case <-ctx.Done():
			s.leave(t, ready)
			return nil, fmt.Errorf("waiting for other calls to end: %w", ctx.Err())
		}
	}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.giveBack(t)
	}, nil
}

// ask asks for a slot for the tenant of that name. The channel is closed when the tenant
// has the slot. It is nil when the tenant has it now.
func (s *Slots) ask(name string) (*tenant, chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tenants[name]
	if t == nil {
		t = &tenant{name: name}
		s.tenants[name] = t
	}
	if len(t.waiting) == 0 && s.free > 0 && t.held < s.mostNow() { // those that wait have as many as they may
		s.free--
		t.held++
		return t, nil
	}
	ready := make(chan struct{})
	if len(t.waiting) == 0 {
		s.turns = append(s.turns, t)
	}
	t.waiting = append(t.waiting, ready)
	s.grant()
	return t, ready
}

// leave takes back what ask began.
func (s *Slots) leave(t *tenant, ready chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(t.waiting, ready)
	if i < 0 { // it was its turn just now
		s.giveBack(t)
		return
	}
	t.waiting = slices.Delete(t.waiting, i, i+1)
	if len(t.waiting) == 0 {
		i := slices.Index(s.turns, t)
		s.turns = slices.Delete(s.turns, i, i+1)
	}
	s.forget(t)
}

// giveBack frees a slot of t. The caller holds mu.
func (s *Slots) giveBack(t *tenant) {
	t.held--
	s.free++
	s.grant()
	s.forget(t)
}

// mostNow is how many slots one tenant may have now.
func (s *Slots) mostNow() int {
	if s.isHeld {
		return max(1, (s.free-1)/(shares.Fraction-1))
	}
	if s.fewer > 0 && s.activity.Contended() {
		return s.fewer
	}
	return s.most
}

// grant gives free slots to tenants that wait, in turn. The caller holds mu.
func (s *Slots) grant() {
	for s.free > 0 {
		most := s.mostNow()
		i := slices.IndexFunc(s.turns, func(t *tenant) bool { return t.held < most })
		if i < 0 {
			return
		}
		t := s.turns[i]
		s.turns = slices.Delete(s.turns, i, i+1)
		s.free--
		t.held++
		close(t.waiting[0])
		if t.waiting = t.waiting[1:]; len(t.waiting) > 0 {
			s.turns = append(s.turns, t)
		}
	}
}

// forget drops a tenant that has nothing. The caller holds mu.
func (s *Slots) forget(t *tenant) {
	if t.held == 0 && len(t.waiting) == 0 {
		delete(s.tenants, t.name)
	}
}
