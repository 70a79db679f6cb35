package authz

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit"
)

// MaxRevocations is how many single tokens may stand revoked at once. More
// than that, some 150 MiB of memory, is [cpodkit.CodeUnavailable]. Revocations of
// whole prefixes are always taken.
const MaxRevocations = 1 << 20

// pruneEvery is how often what has expired is thrown away, at the next Revoke.
const pruneEvery = 10 * time.Minute

// Revocation ends tokens before their time.
type Revocation struct {
	// ID is the "jti" of one token, or the part of it up to and with the first
	// dot, which ends every token whose "jti" begins so. An app's tokens share
	// such a prefix, made at its registration.
	ID string

	// ExpiresAt is when the last token concerned has expired anyway.
	ExpiresAt time.Time
}

// RevocationStore keeps revocations. It is durable, safe for concurrent use,
// and honours ctx. Errors are returned raw. Package authztest has its suite.
type RevocationStore interface {
	// Add stores r. It takes the place of a revocation with the same ID.
	Add(ctx context.Context, r Revocation) error

	// List returns the revocations that expire after the given time, in any
	// order.
	List(ctx context.Context, after time.Time) ([]Revocation, error)

	// Prune removes those that List would not return.
	Prune(ctx context.Context, after time.Time) error
}

// Revocations knows all tokens that are revoked and have not expired. They are
// held in memory, about 150 bytes each, so that asking costs nothing; at most
// [MaxRevocations] of them. A nil *Revocations has none. It is safe for
// concurrent use.
//
// One process alone uses a store: what another adds is seen after a restart.
type Revocations struct {
	store RevocationStore

	mu        sync.RWMutex
	live      map[string]time.Time // when each expires
	nextPrune time.Time
}

// OpenRevocations loads what store holds.
func OpenRevocations(ctx context.Context, store RevocationStore) (*Revocations, error) {
	now := time.Now()
	list, err := store.List(ctx, now)
	if err != nil {
		return nil, fmt.Errorf("authz: load the revocations: %w", err)
	}
	r := &Revocations{store: store, live: make(map[string]time.Time, len(list))}
	for _, revocation := range list {
		r.live[revocation.ID] = revocation.ExpiresAt
	}
	return r, nil
}

// Revoke makes a revocation count, here and after a restart: once it returns
// nil, [Revocations.Revoked] says so. On an error nothing is promised; try
// again. One that has expired already is nothing to do.
func (r *Revocations) Revoke(ctx context.Context, revocation Revocation) error {
	if revocation.ID == "" {
		return errors.New("authz: a revocation needs an id")
	}
	now := time.Now()
	if !revocation.ExpiresAt.After(now) {
		return nil
	}
	r.prune(ctx, now)
	until, ok := r.admit(revocation)
	if !ok {
		return cpodkit.Errorf(cpodkit.CodeUnavailable, "Too many tokens stand revoked; try again later.")
	}
	revocation.ExpiresAt = until
	if err := r.store.Add(ctx, revocation); err != nil {
		return fmt.Errorf("authz: store a revocation: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.live[revocation.ID].Before(until) {
		r.live[revocation.ID] = until
	}
	return nil
}

// admit reports whether there is room, and until when the revocation lasts:
// never shorter than one that is there.
func (r *Revocations) admit(revocation Revocation) (until time.Time, ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	until, there := r.live[revocation.ID]
	if !there && len(r.live) >= MaxRevocations && !strings.HasSuffix(revocation.ID, ".") {
		return time.Time{}, false
	}
	if revocation.ExpiresAt.After(until) {
		until = revocation.ExpiresAt
	}
	return until, true
}

// prune forgets what has expired. A store that fails to is tried again later:
// old revocations do no harm but take room.
func (r *Revocations) prune(ctx context.Context, now time.Time) {
	r.mu.Lock()
	due := !now.Before(r.nextPrune)
	if due {
		r.nextPrune = now.Add(pruneEvery)
		for id, expires := range r.live {
			if !expires.After(now) {
				delete(r.live, id)
			}
		}
	}
	r.mu.Unlock()
	if due {
		_ = r.store.Prune(ctx, now)
	}
}

// Revoked reports whether the token with this "jti" is revoked, by itself or by
// the prefix that it shares with others.
func (r *Revocations) Revoked(tokenID string) bool {
	if r == nil {
		return false
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if _, revoked := r.live[tokenID]; revoked {
		return true
	}
	dot := strings.IndexByte(tokenID, '.')
	if dot < 0 {
		return false
	}
	_, revoked := r.live[tokenID[:dot+1]]
	return revoked
}

// MemoryRevocations is a [RevocationStore] that a restart empties: for tests,
// and for servers whose signing keys do not survive a restart either.
type MemoryRevocations struct {
	mu   sync.Mutex
	byID map[string]time.Time
}

var _ RevocationStore = (*MemoryRevocations)(nil)

// NewMemoryRevocations returns an empty store.
func NewMemoryRevocations() *MemoryRevocations {
	return &MemoryRevocations{byID: map[string]time.Time{}}
}

// Add implements [RevocationStore].
func (m *MemoryRevocations) Add(ctx context.Context, r Revocation) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	m.byID[r.ID] = r.ExpiresAt
	return nil
}

// List implements [RevocationStore].
func (m *MemoryRevocations) List(ctx context.Context, after time.Time) ([]Revocation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Revocation
	for id, expires := range m.byID {
		if expires.After(after) {
			out = append(out, Revocation{ID: id, ExpiresAt: expires})
		}
	}
	return out, ctx.Err()
}

// Prune implements [RevocationStore].
func (m *MemoryRevocations) Prune(ctx context.Context, after time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, expires := range m.byID {
		if !expires.After(after) {
			delete(m.byID, id)
		}
	}
	return ctx.Err()
}
