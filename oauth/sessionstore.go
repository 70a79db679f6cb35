package oauth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit"
)

// Session is what a browser has after a user signed in. The browser holds 256 random bits
// in a cookie, and the store their digest.
type Session struct {
	Digest   SessionDigest
	ID       string // in [User.SessionID]
	TenantID string
	UserID   string
	Email    string
	Name     string
	Source   string // the name of an [Upstream], or "" for a user of [LocalUsers]

	AuthTime  time.Time
	CreatedAt time.Time
	EndsAt    time.Time // unless it is used before; never after ExpiresAt
	ExpiresAt time.Time // however often it is used
}

func (s Session) user() User {
	return User{TenantID: s.TenantID, ID: s.UserID, Email: s.Email, Name: s.Name, AuthTime: s.AuthTime, SessionID: s.ID}
}

// SessionDigest is the SHA-256 of a session's cookie.
type SessionDigest [sha256.Size]byte

// String returns the digest in hex.
func (d SessionDigest) String() string { return hex.EncodeToString(d[:]) }

// SessionStore is for stores: it keeps sessions. It is durable, safe for concurrent use, and
// honours ctx. Times are kept to the millisecond. Outcomes that callers act on are errors for
// which errors.Is finds the code that is named; every other error is returned raw. Package
// oauthtest has its suite.
type SessionStore interface {
	// Create stores a new session; [cpodkit.CodeConflict] when its digest is taken.
	Create(ctx context.Context, s Session) error

	// Find returns a session, or [cpodkit.CodeNotFound]. It may return one that has ended
	// by its times.
	Find(ctx context.Context, digest SessionDigest) (Session, error)

	// Extend stores when a session ends. One that is not there stays so, and is no error.
	Extend(ctx context.Context, digest SessionDigest, endsAt time.Time) error

	// Delete removes a session. One that is not there is no error.
	Delete(ctx context.Context, digest SessionDigest) error

	// DeleteUser removes the sessions of a user and returns how many there were.
	DeleteUser(ctx context.Context, tenantID, userID string) (int, error)

	// KeepNewest removes the sessions of a user, except those that were created last, as
	// many as keep says.
	KeepNewest(ctx context.Context, tenantID, userID string, keep int) error

	// DeleteTenant removes the sessions of all users of a tenant and returns how many
	// there were.
	DeleteTenant(ctx context.Context, tenantID string) (int, error)

	// Prune removes the sessions whose EndsAt is not after the given time.
	Prune(ctx context.Context, at time.Time) error
}

// MemorySessions is a [SessionStore] that a restart empties.
type MemorySessions struct {
	mu       sync.Mutex
	byDigest map[SessionDigest]Session
}

var _ SessionStore = (*MemorySessions)(nil)

// NewMemorySessions returns an empty store.
func NewMemorySessions() *MemorySessions {
	return &MemorySessions{byDigest: map[SessionDigest]Session{}}
}

// Create implements [SessionStore].
func (m *MemorySessions) Create(ctx context.Context, s Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, taken := m.byDigest[s.Digest]; taken {
		return cpodkit.CodeConflict
	}
	m.byDigest[s.Digest] = s
	return nil
}

// Find implements [SessionStore].
func (m *MemorySessions) Find(ctx context.Context, digest SessionDigest) (Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return Session{}, err
	}
	s, ok := m.byDigest[digest]
	if !ok {
		return Session{}, cpodkit.CodeNotFound
	}
	return s, nil
}

// Extend implements [SessionStore].
func (m *MemorySessions) Extend(ctx context.Context, digest SessionDigest, endsAt time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if s, ok := m.byDigest[digest]; ok {
		s.EndsAt = endsAt
		m.byDigest[digest] = s
	}
	return nil
}

// Delete implements [SessionStore].
func (m *MemorySessions) Delete(ctx context.Context, digest SessionDigest) error {
	_, err := m.remove(ctx, func(s Session) bool { return s.Digest == digest })
	return err
}

// DeleteUser implements [SessionStore].
func (m *MemorySessions) DeleteUser(ctx context.Context, tenantID, userID string) (int, error) {
	return m.remove(ctx, func(s Session) bool { return s.TenantID == tenantID && s.UserID == userID })
}

// KeepNewest implements [SessionStore].
func (m *MemorySessions) KeepNewest(ctx context.Context, tenantID, userID string, keep int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	var all []Session
	for _, s := range m.byDigest {
		if s.TenantID == tenantID && s.UserID == userID {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b Session) int { return b.CreatedAt.Compare(a.CreatedAt) })
	for _, s := range all[min(keep, len(all)):] {
		delete(m.byDigest, s.Digest)
	}
	return nil
}

// DeleteTenant implements [SessionStore].
func (m *MemorySessions) DeleteTenant(ctx context.Context, tenantID string) (int, error) {
	return m.remove(ctx, func(s Session) bool { return s.TenantID == tenantID })
}

// Prune implements [SessionStore].
func (m *MemorySessions) Prune(ctx context.Context, at time.Time) error {
	_, err := m.remove(ctx, func(s Session) bool { return !s.EndsAt.After(at) })
	return err
}

func (m *MemorySessions) remove(ctx context.Context, which func(Session) bool) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	before := len(m.byDigest)
	maps.DeleteFunc(m.byDigest, func(_ SessionDigest, s Session) bool { return which(s) })
	return before - len(m.byDigest), nil
}
