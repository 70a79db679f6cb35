package oauth

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

// KeyStore is for stores: it keeps the API keys of apps and the admin keys of
// tenants under their digests. An admin key has no instance. The store is durable, safe for concurrent use, and honours ctx. Errors are those of
// [AppStore]. Package oauthtest has its suite.
type KeyStore interface {
	// Find returns the record of a key, or [cpodkit.CodeNotFound].
	authz.KeyStore

	// Create stores a new key; [cpodkit.CodeConflict] when the digest is taken. IDs
	// are the caller's to keep apart.
	Create(ctx context.Context, digest authz.KeyDigest, key authz.APIKey) error

	// List returns the keys of an instance whose ID sorts after the given one, by
	// the bytes of the ID, at most limit of them.
	List(ctx context.Context, instance, after string, limit int) ([]authz.APIKey, error)

	// Narrow gives the key with the ID of an instance other scopes, or returns
	// [cpodkit.CodeNotFound].
	Narrow(ctx context.Context, instance, id string, scopes cpodkit.Scopes) error

	// Delete removes the key with the ID from an instance, or returns
	// [cpodkit.CodeNotFound].
	Delete(ctx context.Context, instance, id string) error

	// DeleteAll removes the keys of an instance. To have none is no error; an empty
	// instance is one, because it stands for all keys without an app.
	DeleteAll(ctx context.Context, instance string) error

	// FindAdmin returns the admin key with the ID, or [cpodkit.CodeNotFound].
	FindAdmin(ctx context.Context, id string) (authz.APIKey, error)

	// ListAdmin is List for the admin keys of a tenant.
	ListAdmin(ctx context.Context, tenantID, after string, limit int) ([]authz.APIKey, error)

	// DeleteAdmin removes an admin key, or returns [cpodkit.CodeNotFound]. The last
	// key of a tenant that has not expired is [cpodkit.CodeConflict] unless mayBeLast.
	// Of calls at once that would together remove the last one, one is refused.
	DeleteAdmin(ctx context.Context, key authz.APIKey, mayBeLast bool) error

	// NoteUse stores when a key was last used. A key that is not there stays so, and
	// is no error.
	NoteUse(ctx context.Context, digest authz.KeyDigest, at time.Time) error
}

// LiveKeys returns the keys of a store as they are to be verified: a key that
// belongs to an app is found only while that very registration of the app is
// there, in its tenant, and not being deleted. It has the scopes that the app still
// declares. Hand it to [authz.NewAPIKeys].
//
// So no key outlives its app, even when a crash left its record behind, and none
// comes alive with a later app of the same ClientID.
//
// It notes, to the hour, when an admin key was last used. That this fails does not
// make the key fail.
func LiveKeys(keys KeyStore, apps AppStore) authz.KeyStore { return liveKeys{keys, apps} }

type liveKeys struct {
	keys KeyStore
	apps AppStore
}

// Find implements [authz.KeyStore].
func (l liveKeys) Find(ctx context.Context, digest authz.KeyDigest) (authz.APIKey, error) {
	key, err := l.keys.Find(ctx, digest)
	if err != nil {
		return key, err
	}
	if key.Instance == "" {
		l.noteUse(ctx, digest, key)
		return key, nil
	}
	app, err := l.apps.Get(ctx, key.AppID)
	if err != nil {
		return authz.APIKey{}, err
	}
	return app.live(key)
}

// live returns a key as it counts now, or [cpodkit.CodeNotFound] when it is not one of
// this registration.
func (a App) live(key authz.APIKey) (authz.APIKey, error) {
	if a.Deleting || a.Instance != key.Instance || a.TenantID != key.TenantID {
		return authz.APIKey{}, cpodkit.CodeNotFound
	}
	key.Scopes = narrowed(key.Scopes, a.DeclaredScopes)
	return key, nil
}

func (l liveKeys) noteUse(ctx context.Context, digest authz.KeyDigest, key authz.APIKey) {
	now := time.Now().UTC()
	if hour := now.Truncate(time.Hour); key.LastUsedAt.Before(hour) && !key.Expired(now) {
		_ = l.keys.NoteUse(ctx, digest, hour)
	}
}

// narrowed returns what is left of scopes where these are declared. A wildcard that is
// not declared as such becomes the declared scopes that it covers.
func narrowed(scopes, declared cpodkit.Scopes) cpodkit.Scopes {
	var left cpodkit.Scopes
	add := func(scope string) {
		if !slices.Contains(left, scope) {
			left = append(left, scope)
		}
	}
	for _, scope := range scopes {
		if declared.Covers(scope) {
			add(scope)
			continue
		}
		for _, one := range declared {
			if (cpodkit.Scopes{scope}).Covers(one) {
				add(one)
			}
		}
	}
	return left
}

// MemoryKeys is a [KeyStore] that a restart empties.
type MemoryKeys struct {
	mu       sync.Mutex
	byDigest map[authz.KeyDigest]authz.APIKey
}

var _ KeyStore = (*MemoryKeys)(nil)

// NewMemoryKeys returns an empty store.
func NewMemoryKeys() *MemoryKeys {
	return &MemoryKeys{byDigest: map[authz.KeyDigest]authz.APIKey{}}
}

// Find implements [KeyStore].
func (m *MemoryKeys) Find(ctx context.Context, digest authz.KeyDigest) (authz.APIKey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return authz.APIKey{}, err
	}
	key, ok := m.byDigest[digest]
	if !ok {
		return authz.APIKey{}, cpodkit.CodeNotFound
	}
	return cloneKey(key), nil
}

// Create implements [KeyStore].
func (m *MemoryKeys) Create(ctx context.Context, digest authz.KeyDigest, key authz.APIKey) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, taken := m.byDigest[digest]; taken {
		return cpodkit.CodeConflict
	}
	m.byDigest[digest] = cloneKey(key)
	return nil
}

// List implements [KeyStore].
func (m *MemoryKeys) List(ctx context.Context, instance, after string, limit int) ([]authz.APIKey, error) {
	return m.list(ctx, limit, func(key authz.APIKey) bool { return key.Instance == instance && key.ID > after })
}

// list returns up to limit of the keys, by ID.
func (m *MemoryKeys) list(ctx context.Context, limit int, which func(authz.APIKey) bool) ([]authz.APIKey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var keys []authz.APIKey
	for _, key := range m.byDigest {
		if which(key) {
			keys = append(keys, cloneKey(key))
		}
	}
	slices.SortFunc(keys, func(a, b authz.APIKey) int { return cmp.Compare(a.ID, b.ID) })
	return keys[:min(limit, len(keys))], nil
}

// Narrow implements [KeyStore].
func (m *MemoryKeys) Narrow(ctx context.Context, instance, id string, scopes cpodkit.Scopes) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	for digest, key := range m.byDigest {
		if key.Instance == instance && key.ID == id {
			key.Scopes = slices.Clone(scopes)
			m.byDigest[digest] = key
			return nil
		}
	}
	return cpodkit.CodeNotFound
}

// Delete implements [KeyStore].
func (m *MemoryKeys) Delete(ctx context.Context, instance, id string) error {
	return m.remove(ctx, func(key authz.APIKey) bool { return key.Instance == instance && key.ID == id })
}

// DeleteAll implements [KeyStore].
func (m *MemoryKeys) DeleteAll(ctx context.Context, instance string) error {
	if instance == "" {
		return errors.New("oauth: DeleteAll needs an instance")
	}
	err := m.remove(ctx, func(key authz.APIKey) bool { return key.Instance == instance })
	if errors.Is(err, cpodkit.CodeNotFound) {
		return nil
	}
	return err
}

// FindAdmin implements [KeyStore].
func (m *MemoryKeys) FindAdmin(ctx context.Context, id string) (authz.APIKey, error) {
	found, err := m.list(ctx, 1, func(key authz.APIKey) bool { return key.Instance == "" && key.ID == id })
	if err != nil {
		return authz.APIKey{}, err
	}
	if len(found) == 0 {
		return authz.APIKey{}, cpodkit.CodeNotFound
	}
	return found[0], nil
}

// ListAdmin implements [KeyStore].
func (m *MemoryKeys) ListAdmin(ctx context.Context, tenantID, after string, limit int) ([]authz.APIKey, error) {
	return m.list(ctx, limit, func(key authz.APIKey) bool { return key.Instance == "" && key.TenantID == tenantID && key.ID > after })
}

// DeleteAdmin implements [KeyStore].
func (m *MemoryKeys) DeleteAdmin(ctx context.Context, key authz.APIKey, mayBeLast bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	now := time.Now()
	last := !mayBeLast && !key.Expired(now)
	var found *authz.KeyDigest
	for digest, other := range m.byDigest {
		switch {
		case other.Instance != "" || other.TenantID != key.TenantID:
		case other.ID == key.ID:
			found = &digest
		case !other.Expired(now):
			last = false
		}
	}
	if found == nil {
		return cpodkit.CodeNotFound
	}
	if last {
		return cpodkit.CodeConflict
	}
	delete(m.byDigest, *found)
	return nil
}

// NoteUse implements [KeyStore].
func (m *MemoryKeys) NoteUse(ctx context.Context, digest authz.KeyDigest, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if key, ok := m.byDigest[digest]; ok && ctx.Err() == nil {
		key.LastUsedAt = at
		m.byDigest[digest] = key
	}
	return ctx.Err()
}

func (m *MemoryKeys) remove(ctx context.Context, which func(authz.APIKey) bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	before := len(m.byDigest)
	maps.DeleteFunc(m.byDigest, func(_ authz.KeyDigest, key authz.APIKey) bool { return which(key) })
	if len(m.byDigest) == before {
		return cpodkit.CodeNotFound
	}
	return nil
}

func cloneKey(key authz.APIKey) authz.APIKey {
	key.Scopes = slices.Clone(key.Scopes)
	return key
}
