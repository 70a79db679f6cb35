package maskstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/datakeys"
	"github.com/cpodkit/cpodkit/internal/unprintable"
)

const (
	// maxOpened is of how many tenants the opened keys are in memory.
	maxOpened = 1_000

	hashKeyBytes = 32
)

// keysetRecord is the keys of a tenant. Its key is the encoded tenant. It never changes: no
// tenant has so many values that their key would need another one, and another key for
// hashes would make other tokens of the same values.
type keysetRecord struct {
	Sealer  string `json:"sealer"`  // the ID of what sealed the keys
	Keys    []byte `json:"keys"`    // of values; see datakeys
	HashKey []byte `json:"hashKey"` // sealed by these
}

// tenantKeys is the opened keys of a tenant.
type tenantKeys struct {
	unprintable.Type

	values  *datakeys.Keys
	hash    []byte
	version string // of the record
}

func (t tenant) keysBinding() []byte    { return []byte("cpodkit mask keys " + t.encoded) }
func (t tenant) hashKeyBinding() []byte { return []byte("cpodkit mask hash key " + t.encoded) }

// Key implements [masking.Keys].
func (s *Store) Key(ctx context.Context, tenantID string) ([]byte, error) {
	t, err := s.tenant(tenantID)
	if err != nil {
		return nil, err
	}
	k := s.openedKeys(t)
	if k == nil {
		if k, err = s.loadKeys(ctx, t, true); err != nil {
			return nil, err
		}
	}
	return slices.Clone(k.hash), ctx.Err()
}

// Forget drops the keys of a tenant from memory. The replica in which a tenant was not
// deleted then has none of its keys, and reads those of a later tenant of the same name.
func (s *Store) Forget(tenantID string) {
	t, err := s.tenant(tenantID)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.opened, t.encoded)
}

// unseal returns the value of a token.
func (s *Store) unseal(ctx context.Context, t tenant, token string, sealed []byte) ([]byte, error) {
	if k := s.openedKeys(t); k != nil {
		if value, err := k.values.Open(sealed, t.binding(token)); err == nil {
			return value, nil
		}
	}
	// These keys may be those of an erased tenant.
	k, err := s.loadKeys(ctx, t, false)
	if errors.Is(err, cpodkit.CodeNotFound) {
		return nil, fmt.Errorf("%w: the tenant %q has no keys", ErrDamaged, t.id)
	}
	if err != nil {
		return nil, err
	}
	value, err := k.values.Open(sealed, t.binding(token))
	if err != nil {
		return nil, fmt.Errorf("%w: the token %q of the tenant %q: %w", ErrDamaged, token, t.id, err)
	}
	return value, nil
}

func (s *Store) openedKeys(t tenant) *tenantKeys {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opened[t.encoded]
}

// loadKeys reads the keys of a tenant, and opens them unless they are open already. With
// create it makes them where there are none, which is CodeNotFound else. Of several replicas
// at once one makes them, and all use those.
func (s *Store) loadKeys(ctx context.Context, t tenant, create bool) (*tenantKeys, error) {
	for range 3 { // they are not there, another replica makes them, and they are read
		r, err := s.keysets.Get(ctx, t.encoded)
		if err == nil {
			return s.open(ctx, t, r.Value, r.Version)
		}
		if !create || !errors.Is(err, cpodkit.CodeNotFound) {
			return nil, err
		}
		if err := s.makeKeys(ctx, t); err != nil && !errors.Is(err, cpodkit.CodeConflict) {
			return nil, err
		}
	}
	return nil, errors.New("maskstore: the keys of the tenant come and go")
}

func (s *Store) makeKeys(ctx context.Context, t tenant) error {
	keys, err := datakeys.New()
	if err != nil {
		return err
	}
	r := keysetRecord{Sealer: s.sealer.ID()}
	if r.Keys, err = keys.Save(ctx, s.sealer, t.keysBinding()); err != nil {
		return err
	}
	hash := make([]byte, hashKeyBytes)
	_, _ = rand.Read(hash) // which never fails
	if r.HashKey, err = keys.Seal(hash, t.hashKeyBinding()); err != nil {
		return err
	}
	return s.keysets.Create(ctx, t.encoded, r)
}

func (s *Store) open(ctx context.Context, t tenant, r keysetRecord, version string) (*tenantKeys, error) {
	if k := s.openedKeys(t); k != nil && k.version == version {
		return k, nil
	}
	if id := s.sealer.ID(); r.Sealer != id {
		return nil, fmt.Errorf("%w: %.256q, and this one is %q (tenant %q); restore that key ring", ErrWrongSealer, r.Sealer, id, t.id)
	}
	keys, err := datakeys.Load(ctx, r.Keys, s.sealer, t.keysBinding())
	if err != nil {
		return nil, fmt.Errorf("maskstore: the keys of the tenant %q cannot be opened: %w", t.id, err)
	}
	hash, err := keys.Open(r.HashKey, t.hashKeyBinding())
	if err != nil {
		return nil, fmt.Errorf("%w: the key for hashes of the tenant %q: %w", ErrDamaged, t.id, err)
	}
	k := &tenantKeys{values: keys, hash: hash, version: version}
	s.mu.Lock()
	defer s.mu.Unlock()
	for other := range s.opened { // any one
		if len(s.opened) < maxOpened {
			break
		}
		delete(s.opened, other)
	}
	s.opened[t.encoded] = k
	return k, nil
}
