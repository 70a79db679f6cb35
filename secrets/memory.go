package secrets

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit"
)

// memoryVersions is how many versions of a secret are kept in memory.
const memoryVersions = 10

// Memory is a [Provider] and [Records] in memory: for tests, and for what an application
// sets itself. It keeps the 10 newest versions of a secret, and any number of secrets. It
// is safe for concurrent use.
type Memory struct {
	mu       sync.Mutex
	tenants  map[string]*memoryTenant
	writes   int64
	watchers map[*func(tenantID, name string)]struct{}
}

type memoryTenant struct {
	secrets map[string][]Secret // the newest one last
	created map[string]time.Time
	grants  map[string]Grant
	bundles map[string]Bundle
}

var (
	_ Provider = (*Memory)(nil)
	_ Lister   = (*Memory)(nil)
	_ Editor   = (*Memory)(nil)
	_ Watcher  = (*Memory)(nil)
	_ Records  = (*Memory)(nil)
)

// NewMemory returns a Memory without secrets.
func NewMemory() *Memory {
	return &Memory{tenants: map[string]*memoryTenant{}, watchers: map[*func(tenantID, name string)]struct{}{}}
}

// lock returns a tenant, and what ends the use of it.
func (m *Memory) lock(ctx context.Context, tenantID string) (t *memoryTenant, unlock func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	m.mu.Lock()
	t = m.tenants[tenantID]
	if t == nil {
		t = &memoryTenant{map[string][]Secret{}, map[string]time.Time{}, map[string]Grant{}, map[string]Bundle{}}
		m.tenants[tenantID] = t
	}
	return t, m.mu.Unlock, nil
}

// report tells who watches. The caller holds m.mu.
func (m *Memory) report(tenantID, name string) {
	for changed := range m.watchers {
		(*changed)(tenantID, name)
	}
}

// Get implements [Provider].
func (m *Memory) Get(ctx context.Context, tenantID, name string, version int64) (Secret, error) {
	t, unlock, err := m.lock(ctx, tenantID)
	if err != nil {
		return Secret{}, err
	}
	defer unlock()
	for _, secret := range slices.Backward(t.secrets[name]) {
		if version == 0 || version == secret.Version {
			return secret, nil
		}
	}
	return Secret{}, cpodkit.CodeNotFound
}

// List implements [Lister].
func (m *Memory) List(ctx context.Context, tenantID, after string, limit int) ([]Info, bool, error) {
	t, unlock, err := m.lock(ctx, tenantID)
	if err != nil {
		return nil, false, err
	}
	defer unlock()
	infos, more := pageOf(t.secrets, after, limit, t.info)
	return infos, more, nil
}

func (t *memoryTenant) info(name string) Info {
	newest := t.secrets[name][len(t.secrets[name])-1]
	return Info{Name: name, Version: newest.Version, CreatedAt: t.created[name], UpdatedAt: newest.CreatedAt}
}

// holds reports whether a condition holds for a secret, and returns its newest version, 0
// for none.
func (t *memoryTenant) holds(name string, c Condition) (version int64, holds bool) {
	if n := len(t.secrets[name]); n > 0 {
		version = t.secrets[name][n-1].Version
	}
	return version, c.Holds(version)
}

// Put implements [Editor].
func (m *Memory) Put(ctx context.Context, tenantID, name string, value Value, c Condition) (Info, error) {
	t, unlock, err := m.lock(ctx, tenantID)
	if err != nil {
		return Info{}, err
	}
	defer unlock()
	version, holds := t.holds(name, c)
	if !holds {
		return Info{}, cpodkit.CodePreconditionFailed
	}
	now := time.Now().UTC()
	if version == 0 {
		t.created[name] = now
	}
	kept := t.secrets[name]
	kept = kept[max(0, len(kept)+1-memoryVersions):]
	t.secrets[name] = append(slices.Clone(kept), Secret{Value: value, Version: version + 1, CreatedAt: now})
	m.report(tenantID, name)
	return t.info(name), nil
}

// Delete implements [Editor].
func (m *Memory) Delete(ctx context.Context, tenantID, name string, c Condition) error {
	t, unlock, err := m.lock(ctx, tenantID)
	if err != nil {
		return err
	}
	defer unlock()
	if _, holds := t.holds(name, c); !holds {
		return cpodkit.CodePreconditionFailed
	}
	delete(t.secrets, name)
	delete(t.created, name)
	m.report(tenantID, name)
	return nil
}

// Watch implements [Watcher], for secrets and grants.
func (m *Memory) Watch(ctx context.Context, changed func(tenantID, name string)) error {
	m.mu.Lock()
	m.watchers[&changed] = struct{}{}
	m.mu.Unlock()
	<-ctx.Done()
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.watchers, &changed)
	return nil
}

// stamp returns the version and the time of a record that replaces the one with version
// before. The caller holds m.mu.
func (m *Memory) stamp(now, before string) (version string, at time.Time, err error) {
	if now != before {
		return "", time.Time{}, cpodkit.CodePreconditionFailed
	}
	m.writes++
	return strconv.FormatInt(m.writes, 10), time.Now().UTC(), nil
}

// GetGrant implements [Records].
func (m *Memory) GetGrant(ctx context.Context, tenantID, name string) (Grant, error) {
	t, unlock, err := m.lock(ctx, tenantID)
	if err != nil {
		return Grant{}, err
	}
	defer unlock()
	if _, ok := t.grants[name]; !ok {
		return Grant{}, cpodkit.CodeNotFound
	}
	return t.grant(name), nil
}

// ListGrants implements [Records].
func (m *Memory) ListGrants(ctx context.Context, tenantID, after string, limit int) ([]Grant, bool, error) {
	t, unlock, err := m.lock(ctx, tenantID)
	if err != nil {
		return nil, false, err
	}
	defer unlock()
	grants, more := pageOf(t.grants, after, limit, t.grant)
	return grants, more, nil
}

// grant and bundle return a copy: what is in memory never changes.
func (t *memoryTenant) grant(name string) Grant {
	g := t.grants[name]
	g.Apps = slices.Clone(g.Apps)
	return g
}

func (t *memoryTenant) bundle(name string) Bundle {
	b := t.bundles[name]
	b.Apps, b.Env, b.Files = slices.Clone(b.Apps), maps.Clone(b.Env), maps.Clone(b.Files)
	return b
}

// PutGrant implements [Records].
func (m *Memory) PutGrant(ctx context.Context, tenantID string, g Grant, version string) (string, error) {
	t, unlock, err := m.lock(ctx, tenantID)
	if err != nil {
		return "", err
	}
	defer unlock()
	if g.Version, g.UpdatedAt, err = m.stamp(t.grants[g.Name].Version, version); err != nil {
		return "", err
	}
	t.grants[g.Name] = g
	t.grants[g.Name] = t.grant(g.Name)
	m.report(tenantID, g.Name)
	return g.Version, nil
}

// DeleteGrant implements [Records].
func (m *Memory) DeleteGrant(ctx context.Context, tenantID, name, version string) error {
	t, unlock, err := m.lock(ctx, tenantID)
	if err != nil {
		return err
	}
	defer unlock()
	if g, ok := t.grants[name]; ok && g.Version != version {
		return cpodkit.CodePreconditionFailed
	}
	delete(t.grants, name)
	m.report(tenantID, name)
	return nil
}

// GetBundle implements [Records].
func (m *Memory) GetBundle(ctx context.Context, tenantID, name string) (Bundle, error) {
	t, unlock, err := m.lock(ctx, tenantID)
	if err != nil {
		return Bundle{}, err
	}
	defer unlock()
	if _, ok := t.bundles[name]; !ok {
		return Bundle{}, cpodkit.CodeNotFound
	}
	return t.bundle(name), nil
}

// ListBundles implements [Records].
func (m *Memory) ListBundles(ctx context.Context, tenantID, after string, limit int) ([]Bundle, bool, error) {
	t, unlock, err := m.lock(ctx, tenantID)
	if err != nil {
		return nil, false, err
	}
	defer unlock()
	bundles, more := pageOf(t.bundles, after, limit, t.bundle)
	return bundles, more, nil
}

// PutBundle implements [Records].
func (m *Memory) PutBundle(ctx context.Context, tenantID string, b Bundle, version string) (string, error) {
	t, unlock, err := m.lock(ctx, tenantID)
	if err != nil {
		return "", err
	}
	defer unlock()
	if b.Version, b.UpdatedAt, err = m.stamp(t.bundles[b.Name].Version, version); err != nil {
		return "", err
	}
	t.bundles[b.Name] = b
	t.bundles[b.Name] = t.bundle(b.Name)
	return b.Version, nil
}

// DeleteBundle implements [Records].
func (m *Memory) DeleteBundle(ctx context.Context, tenantID, name, version string) error {
	t, unlock, err := m.lock(ctx, tenantID)
	if err != nil {
		return err
	}
	defer unlock()
	if b, ok := t.bundles[name]; ok && b.Version != version {
		return cpodkit.CodePreconditionFailed
	}
	delete(t.bundles, name)
	return nil
}
