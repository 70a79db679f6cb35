package authz

import (
	"context"
	"maps"
	"sync"
	"time"
)

// MemoryRevocations is a [RevocationStore] that a restart empties: for tests,
// and for servers whose signing keys do not survive a restart either.
type MemoryRevocations struct {
	mu   sync.Mutex
	byID map[string]memoryRevocation
}

type memoryRevocation struct {
	Revocation

	added time.Time
}

var _ RevocationStore = (*MemoryRevocations)(nil)

// NewMemoryRevocations returns an empty store.
func NewMemoryRevocations() *MemoryRevocations {
	return &MemoryRevocations{byID: map[string]memoryRevocation{}}
}

// Add implements [RevocationStore].
func (m *MemoryRevocations) Add(ctx context.Context, r Revocation) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	m.byID[r.ID] = memoryRevocation{r, time.Now()}
	return nil
}

// Find implements [RevocationStore].
func (m *MemoryRevocations) Find(ctx context.Context, ids ...string) ([]Revocation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []Revocation
	for _, id := range ids {
		if r, ok := m.byID[id]; ok {
			found = append(found, r.Revocation)
		}
	}
	return found, ctx.Err()
}

// List implements [RevocationStore].
func (m *MemoryRevocations) List(ctx context.Context, after, since time.Time) ([]Revocation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []Revocation
	for _, r := range m.byID {
		if r.ExpiresAt.After(after) && !r.added.Before(since) {
			list = append(list, r.Revocation)
		}
	}
	return list, ctx.Err()
}

// Prune implements [RevocationStore].
func (m *MemoryRevocations) Prune(ctx context.Context, after time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.byID, func(_ string, r memoryRevocation) bool { return !r.ExpiresAt.After(after) })
	return ctx.Err()
}
