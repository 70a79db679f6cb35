package authz

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unique"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/shares"
)

// MaxRevocations is how many single tokens may stand revoked at once, in some 150 MiB
// of memory, unless [WithMaxRevocations] says otherwise. A tenant may add one while it
// has less than a seventh of what is free; more is [cpodkit.CodeUnavailable]. So one
// tenant alone has at most an eighth, and the next tenant always finds room.
// Revocations of whole prefixes are always taken, and so are those of other replicas;
// beyond the tenant's share they take nobody's room.
const MaxRevocations = 1 << 20

const (
	// pruneEvery is how often what has expired is thrown away: from the memory when
	// something comes in, from the store at a Revoke.
	pruneEvery = 10 * time.Minute

	// askLimit is how long the store may take to say whether one token is revoked.
	askLimit = time.Second
)

// Revocation ends tokens before their time.
type Revocation struct {
	// ID is the "jti" of one token, or the part of it up to and with the first
	// dot, which ends every token whose "jti" begins so. An app's tokens share
	// such a prefix, made at its registration.
	ID string

	// TenantID is the tenant whose token it is, and whose share of [MaxRevocations] it
	// takes. All that have none share as one tenant does.
	TenantID string

	// ExpiresAt is when the last token concerned has expired anyway.
	ExpiresAt time.Time
}

// RevocationStore is for stores: it keeps revocations. It is durable, safe for
// concurrent use, and honours ctx. Errors are returned raw. Package authztest has
// its suite.
type RevocationStore interface {
	// Add stores r. It takes the place of a revocation with the same ID.
	Add(ctx context.Context, r Revocation) error

	// Find returns the revocations that have one of these IDs, exactly, in any
	// order. It may leave out those that have expired.
	Find(ctx context.Context, ids ...string) ([]Revocation, error)

	// List returns the revocations that expire after the given time, in any
	// order: with since, those that were added at that time or later, by the clock
	// of whoever added them; all when since is zero.
	List(ctx context.Context, after, since time.Time) ([]Revocation, error)

	// Prune removes those that List would not return for any since.
	Prune(ctx context.Context, after time.Time) error
}

// Revocations knows all tokens that are revoked and have not expired. They are
// held in memory, about 150 bytes each, so that asking costs nothing; at most
// [MaxRevocations] of them, of which each tenant has a share. A nil *Revocations has
// none. It is safe for concurrent use.
//
// Without an option one process alone uses the store. [WithChannel] is for
// several: see [Revocations.Follow]. [WithSharedStore] is for several that have
// no channel: then the store is asked about every token.
type Revocations struct {
	store   RevocationStore
	shared  bool
	channel Channel // nil without one
	wrong   error   // of an option

	most       int
	mu         sync.RWMutex
	live       map[string]revoked
	room       *shares.Room
	nextPrune  time.Time // of the store
	nextForget time.Time // of live

	// The memory holds everything that was revoked before the last gap of the
	// channel when loaded has come up to gaps.
	gaps, loaded atomic.Uint64

	lastLoad    time.Time // only Open and the loop of Follow use these two
	unannounced time.Time
}

// revoked is what is kept of a revocation.
type revoked struct {
	expires time.Time
	tenant  unique.Handle[string]
	counts  bool // it has a place of the room
}

// RevocationsOption changes [OpenRevocations].
type RevocationsOption func(*Revocations)

// WithSharedStore says that other processes use the store as well. Without a
// channel every token that is not known to be revoked is looked up in it.
func WithSharedStore() RevocationsOption { return func(r *Revocations) { r.shared = true } }

// WithChannel says that other processes use the store as well, and that they tell
// each other through a channel what they revoke. It needs [Revocations.Follow].
func WithChannel(channel Channel) RevocationsOption {
	return func(r *Revocations) {
		if r.shared, r.channel = true, channel; channel == nil {
			r.wrong = errors.New("authz: WithChannel(nil): there is no channel")
		}
	}
}

// WithMaxRevocations sets how many single tokens may stand revoked at once, at least 8;
// [MaxRevocations] without it.
func WithMaxRevocations(n int) RevocationsOption {
	return func(r *Revocations) {
		if r.most = n; n < shares.Fraction {
			r.wrong = fmt.Errorf("authz: WithMaxRevocations(%d): at least %d are needed", n, shares.Fraction)
		}
	}
}

// OpenRevocations loads what store holds. It fails when the store or a channel is nil, or
// an option is out of its bounds.
func OpenRevocations(ctx context.Context, store RevocationStore, opts ...RevocationsOption) (*Revocations, error) {
	if store == nil {
		return nil, errors.New("authz: the store of revocations is nil")
	}
	now := time.Now()
	r := &Revocations{store: store, lastLoad: now, most: MaxRevocations}
	for _, opt := range opts {
		opt(r)
	}
	if r.wrong != nil {
		return nil, r.wrong
	}
	list, err := store.List(ctx, now, time.Time{})
	if err != nil {
		return nil, fmt.Errorf("authz: load the revocations: %w", err)
	}
	r.live, r.room = make(map[string]revoked, len(list)), shares.NewRoom(int64(r.most))
	r.gaps.Store(1) // until Follow has a subscription
	r.learn(list...)
	return r, nil
}

// Revoke makes a revocation count, here and after a restart: once it returns
// nil, [Revocations.Revoked] says so, and within a second that of every replica
// that shares the store. On an error nothing is promised; try again. One that
// has expired already is nothing to do. For a tenant that has its share of
// [MaxRevocations], the error is an [ErrRevocationsFull] that a client may read.
func (r *Revocations) Revoke(ctx context.Context, revocation Revocation) error {
	if revocation.ID == "" {
		return errors.New("authz: a revocation needs an id")
	}
	now := time.Now()
	if !revocation.ExpiresAt.After(now) {
		return nil
	}
	r.prune(ctx, now)
	until, places, err := r.admit(revocation)
	if err != nil {
		return err
	}
	revocation.ExpiresAt = until
	err = r.store.Add(ctx, revocation)
	r.settle(revocation, places, err == nil)
	if err != nil {
		return fmt.Errorf("authz: store a revocation: %w", err)
	}
	return r.tellOthers(ctx, revocation)
}

// ErrRevocationsFull is the cause of an error of [Revocations.Revoke]: the tenant has as
// many tokens revoked as it may have.
var ErrRevocationsFull = errors.New("authz: the tenant has its share of revoked tokens")

// admit says until when the revocation lasts, never shorter than one that is there, and
// how many places of the room it has taken for it.
func (r *Revocations) admit(revocation Revocation) (until time.Time, places int64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known, there := r.live[revocation.ID]
	until = known.expires
	if revocation.ExpiresAt.After(until) {
		until = revocation.ExpiresAt
	}
	if there || revocation.ofMany() {
		return until, 0, nil
	}
	if !r.room.Fits(revocation.TenantID, 1) {
		return until, 0, r.full(revocation.TenantID)
	}
	r.room.Add(revocation.TenantID, 1)
	return until, 1, nil
}

// HasRoom returns nil while a tenant may have one more token revoked, else the error
// that [Revocations.Revoke] then has. Revocations of whole prefixes take places too, but
// are never refused. So code asks HasRoom before it lets a tenant make something that such
// a revocation will end.
func (r *Revocations) HasRoom(tenantID string) error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.room.Fits(tenantID, 1) {
		return nil
	}
	return r.full(tenantID)
}

func (r *Revocations) full(tenantID string) error {
	return cpodkit.Errorf(cpodkit.CodeUnavailable,
		"Your tenant has %d tokens and apps revoked, which is its share; delete an app to end all of its tokens, "+
			"or try again when the first of those have expired.", r.room.Held(tenantID)).WithCause(ErrRevocationsFull)
}

// ofMany reports whether r ends all tokens of a prefix.
func (r *Revocation) ofMany() bool { return strings.HasSuffix(r.ID, ".") }

// settle ends what admit began.
func (r *Revocations) settle(revocation Revocation, places int64, stored bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.room.Add(revocation.TenantID, -places)
	if stored {
		r.take(revocation)
	}
}

// learn takes what is stored into the memory.
func (r *Revocations) learn(revocations ...Revocation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(time.Now())
	for _, revocation := range revocations {
		r.take(revocation)
	}
}

// take keeps a revocation. The caller holds mu.
func (r *Revocations) take(revocation Revocation) {
	known, there := r.live[revocation.ID]
	if !there {
		known.tenant = unique.Make(revocation.TenantID)
		known.counts = r.room.Fits(revocation.TenantID, 1)
		if known.counts {
			r.room.Add(revocation.TenantID, 1)
		}
	}
	if known.expires.Before(revocation.ExpiresAt) {
		known.expires = revocation.ExpiresAt
	}
	r.live[revocation.ID] = known
}

// prune drops what has expired. A store that fails to is tried again later: old
// revocations do no harm but take room.
func (r *Revocations) prune(ctx context.Context, now time.Time) {
	r.mu.Lock()
	r.forget(now)
	due := !now.Before(r.nextPrune)
	if due {
		r.nextPrune = now.Add(pruneEvery)
	}
	r.mu.Unlock()
	if due {
		_ = r.store.Prune(ctx, now)
	}
}

// forget drops what has expired from the memory, now and then. The caller holds mu.
func (r *Revocations) forget(now time.Time) {
	if now.Before(r.nextForget) {
		return
	}
	r.nextForget = now.Add(pruneEvery)
	for id, known := range r.live {
		if !known.expires.After(now) {
			delete(r.live, id)
			if known.counts {
				r.room.Add(known.tenant.Value(), -1)
			}
		}
	}
}

// Revoked reports whether the token with this "jti" is revoked, by itself or by
// the prefix that it shares with others.
//
// Where the memory may lack what another replica revoked, the store is asked,
// for a second at most. The code of the error is [cpodkit.CodeUnavailable] when it
// does not answer: then the token may be good or not.
func (r *Revocations) Revoked(ctx context.Context, tokenID string) (bool, error) {
	if r == nil {
		return false, nil
	}
	prefix := ""
	if dot := strings.IndexByte(tokenID, '.'); dot >= 0 && dot+1 < len(tokenID) {
		prefix = tokenID[:dot+1]
	}
	if r.holds(tokenID, prefix) {
		return true, nil
	}
	if r.complete() {
		return false, nil
	}
	if prefix == "" {
		return r.ask(ctx, tokenID)
	}
	return r.ask(ctx, tokenID, prefix)
}

// holds reports whether one of the ids is revoked. No revocation has the id "".
func (r *Revocations) holds(tokenID, prefix string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	_, revoked := r.live[tokenID]
	if !revoked && prefix != "" {
		_, revoked = r.live[prefix]
	}
	return revoked
}

// complete reports whether what the memory does not hold is not revoked, but for
// what was in the last second.
func (r *Revocations) complete() bool {
	return !r.shared || r.channel != nil && r.loaded.Load() == r.gaps.Load() && r.channel.Live()
}

func (r *Revocations) ask(ctx context.Context, ids ...string) (bool, error) {
	asking, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	found, err := r.store.Find(asking, ids...)
	if err != nil {
		return false, unavailable(ctx, err)
	}
	r.learn(found...)
	return len(found) > 0, nil
}
