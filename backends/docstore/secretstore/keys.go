package secretstore

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/internal/datakeys"
)

// maxOpened is of how many tenants the opened keys are in memory.
const maxOpened = 1_000

// renewInterval is how often Run looks for what an older key sealed.
const renewInterval = time.Hour

// keysetRecord is the keys of a tenant. Its key is the encoded tenant.
type keysetRecord struct {
	Sealer    string `json:"sealer"`    // the ID of what sealed the keys
	Keys      []byte `json:"keys"`      // see datakeys
	NewestAt  int64  `json:"newestAt"`  // when the newest key was made, in Unix milliseconds
	RenewedBy uint32 `json:"renewedBy"` // a key that is not newer than any that has sealed a value
}

// tenantKeys is the opened keys of a tenant. No key is ever taken out: another replica may
// have just sealed with it.
type tenantKeys struct {
	*datakeys.Keys

	record  keysetRecord
	version string // of the record
}

func (t tenant) keysBinding() []byte { return []byte("cpodkit secret keys " + t.encoded) }

// unseal returns the value of a version.
func (s *Store) unseal(ctx context.Context, t tenant, name string, v versionRecord) ([]byte, error) {
	binding := t.binding(name, v.Version)
	if k := s.openedKeys(t); k.Keys != nil {
		if value, err := k.Open(v.Sealed, binding); err == nil {
			return value, nil
		}
	}
	// Another replica has made a key, or these keys are those of an erased tenant.
	k, err := s.loadKeys(ctx, t)
	if errors.Is(err, cpodkit.CodeNotFound) {
		return nil, fmt.Errorf("%w: the tenant %q has no keys", ErrDamaged, t.id)
	}
	if err != nil {
		return nil, err
	}
	value, err := k.Open(v.Sealed, binding)
	if err != nil {
		return nil, fmt.Errorf("%w: version %d of %q of the tenant %q: %w", ErrDamaged, v.Version, name, t.id, err)
	}
	return value, nil
}

func (s *Store) openedKeys(t tenant) tenantKeys {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opened[t.encoded]
}

// loadKeys reads the keys of a tenant, and opens them unless they are open already. It
// returns CodeNotFound where there are none.
func (s *Store) loadKeys(ctx context.Context, t tenant) (tenantKeys, error) {
	r, err := s.keysets.Get(ctx, t.encoded)
	if err != nil {
		return tenantKeys{}, err
	}
	if k := s.openedKeys(t); k.version == r.Version {
		return k, nil
	}
	if id := s.sealer.ID(); r.Value.Sealer != id {
		return tenantKeys{}, fmt.Errorf("%w: %.256q, and this one is %q (tenant %q); restore that key ring",
			ErrWrongSealer, r.Value.Sealer, id, t.id)
	}
	keys, err := datakeys.Load(ctx, r.Value.Keys, s.sealer, t.keysBinding())
	if err != nil {
		return tenantKeys{}, fmt.Errorf("secretstore: the keys of the tenant %q cannot be opened: %w", t.id, err)
	}
	k := tenantKeys{keys, r.Value, r.Version}
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

// currentKeys returns the keys of a tenant as the database has them now. It makes another
// one when the newest is too old, and with create the first one: else that is CodeNotFound.
// Of several replicas at once one makes it, and all use that one.
func (s *Store) currentKeys(ctx context.Context, t tenant, create bool) (tenantKeys, error) {
	for range 5 { // the keys are made, made again by another one, and read
		k, err := s.loadKeys(ctx, t)
		isNew := errors.Is(err, cpodkit.CodeNotFound)
		switch {
		case err != nil && (!isNew || !create):
			return tenantKeys{}, err
		case !isNew && time.Since(timeOf(k.record.NewestAt)) < s.keyAge:
			return k, nil
		case isNew:
			k.Keys, err = datakeys.New()
		default:
			k.Keys, err = k.WithNewKey()
		}
		if err == nil {
			err = s.saveKeys(ctx, t, k, isNew)
		}
		if err != nil && !errors.Is(err, cpodkit.CodeConflict) && !errors.Is(err, cpodkit.CodePreconditionFailed) {
			return tenantKeys{}, err
		}
	}
	return tenantKeys{}, errors.New("secretstore: the keys of the tenant keep changing")
}

// saveKeys stores keys whose newest one was made now.
func (s *Store) saveKeys(ctx context.Context, t tenant, k tenantKeys, isNew bool) error {
	sealed, err := k.Save(ctx, s.sealer, t.keysBinding())
	if err != nil {
		return err
	}
	r := keysetRecord{s.sealer.ID(), sealed, time.Now().UnixMilli(), k.record.RenewedBy}
	if isNew {
		r.RenewedBy = k.Newest()
		return s.keysets.Create(ctx, t.encoded, r)
	}
	return s.keysets.Replace(ctx, t.encoded, r, k.version)
}

// dropKeys removes the keys of a tenant.
func (s *Store) dropKeys(ctx context.Context, t tenant) error {
	s.mu.Lock()
	delete(s.opened, t.encoded)
	s.mu.Unlock()
	return s.keysets.Delete(ctx, t.encoded)
}

// renew seals anew, by the newest key, the versions of a secret that an older one sealed.
// It reports whether there were any. Its error is that of the last one that does not open.
func (k tenantKeys) renew(t tenant, name string, versions []versionRecord) (changed bool, err error) {
	for i := range versions {
		v := &versions[i]
		if k.IsByNewest(v.Sealed) {
			continue
		}
		binding := t.binding(name, v.Version)
		value, openErr := k.Open(v.Sealed, binding)
		if openErr != nil {
			err = fmt.Errorf("%w: version %d of %q of the tenant %q: %w", ErrDamaged, v.Version, name, t.id, openErr)
			continue
		}
		sealed, sealErr := k.Seal(value, binding)
		if sealErr != nil {
			return changed, sealErr
		}
		v.Sealed, changed = sealed, true
	}
	return changed, err
}

// Run makes a new key for each tenant whose newest one is too old, and seals anew what older
// ones sealed: when it begins, and every hour until ctx ends. Reads and writes go on
// meanwhile. Any number of replicas may run it.
func (s *Store) Run(ctx context.Context) {
	ticker := time.NewTicker(renewInterval)
	defer ticker.Stop()
	for {
		if err := s.renewAll(ctx); ctx.Err() == nil {
			s.state.Set(ctx, err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// renewAll goes through all tenants. What is wrong with one does not stop it for others.
func (s *Store) renewAll(ctx context.Context) error {
	var first error
	for r, err := range s.keysets.All(ctx) {
		if err != nil {
			return errors.Join(first, err)
		}
		id, err := url.PathUnescape(r.Key)
		if err == nil {
			err = s.renewTenant(ctx, id)
		}
		if first == nil {
			first = err
		}
	}
	return first
}

func (s *Store) renewTenant(ctx context.Context, tenantID string) error {
	t, err := s.tenant(tenantID)
	if err != nil {
		return err
	}
	k, err := s.currentKeys(ctx, t, false)
	if errors.Is(err, cpodkit.CodeNotFound) { // the tenant has just been erased
		return nil
	}
	if err != nil || k.record.RenewedBy == k.Newest() {
		return err
	}
	var damaged error
	err = walk(ctx, t.secrets, func(r docstore.Record[secretRecord]) error {
		changed, err := k.renew(t, r.Key, r.Value.Versions)
		if err != nil {
			damaged = err
		}
		if !changed {
			return nil
		}
		return s.replaceRenewed(ctx, t, r)
	})
	if err != nil || damaged != nil {
		return errors.Join(err, damaged)
	}
	k.record.RenewedBy = k.Newest()
	err = s.keysets.Replace(ctx, t.encoded, k.record, k.version)
	if errors.Is(err, cpodkit.CodePreconditionFailed) { // another replica has done so
		return nil
	}
	return err
}

// replaceRenewed stores a secret that was sealed anew. One that was written meanwhile was
// sealed anew by that write.
func (s *Store) replaceRenewed(ctx context.Context, t tenant, r docstore.Record[secretRecord]) error {
	err := t.secrets.Replace(ctx, r.Key, r.Value, r.Version)
	if errors.Is(err, cpodkit.CodePreconditionFailed) {
		return nil
	}
	return err
}
