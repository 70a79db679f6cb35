// Package queryslots bounds how many queries of a document store run at once, and
// shares that out among tenants: queries may take seconds each, and gets and
// writes need connections meanwhile.
package queryslots

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/cpodkit/cpodkit/storage"
)

// Slots are what a query needs one of. It is safe for concurrent use.
type Slots struct {
	most int // for one tenant

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

func threeQuarters(n int) int { return max(1, n*3/4) }

// Acquire waits for a slot for a query in a space (storage.Space.Root), which
// release gives back. When there are too few, the tenants that wait take turns.
// Queries in the server's own spaces are few and short, and never wait. The only
// error is that of ctx.
func (s *Slots) Acquire(ctx context.Context, space string) (release func(), err error) {
	if storage.IsSystem(space) {
		return func() {}, nil
	}
	name, _, _ := strings.Cut(space, "/")
	t, ready := s.ask(name)
	select {
	case <-ready:
	case <-ctx.Done():
		s.leave(t, ready)
		return nil, fmt.Errorf("waiting for other queries to end: %w", ctx.Err())
	}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.giveBack(t)
	}, nil
}

// ask returns what is closed when the tenant of that name has a slot more.
func (s *Slots) ask(name string) (*tenant, chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tenants[name]
	if t == nil {
		t = &tenant{name: name}
		s.tenants[name] = t
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

// grant gives a free slot to the tenant whose turn it is. The caller holds mu,
// and has changed one thing, so that one slot at most can be given.
func (s *Slots) grant() {
	if s.free == 0 {
		return
	}
	i := slices.IndexFunc(s.turns, func(t *tenant) bool { return t.held < s.most })
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

// forget drops a tenant that has nothing. The caller holds mu.
func (s *Slots) forget(t *tenant) {
	if t.held == 0 && len(t.waiting) == 0 {
		delete(s.tenants, t.name)
	}
}
