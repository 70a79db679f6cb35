package localusers

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/cpodkit/cpodkit"
)

// Memory is a [Store] that a restart empties.
type Memory struct {
	mu       sync.Mutex
	accounts map[place]Account
	writes   int
}

// place is what no two accounts share.
type place struct{ tenantID, email string }

var _ Store = (*Memory)(nil)

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{accounts: map[place]Account{}} }

// Create implements [Store].
func (m *Memory) Create(ctx context.Context, a Account) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, taken := m.accounts[place{a.TenantID, a.Email}]; taken {
		return cpodkit.CodeConflict
	}
	m.write(a)
	return nil
}

// Get implements [Store].
func (m *Memory) Get(ctx context.Context, tenantID, id string) (Account, error) {
	return m.find(ctx, func(a Account) bool { return a.TenantID == tenantID && a.ID == id })
}

// FindEmail implements [Store].
func (m *Memory) FindEmail(ctx context.Context, tenantID, email string) (Account, error) {
	return m.find(ctx, func(a Account) bool { return a.TenantID == tenantID && a.Email == email })
}

// FindLink implements [Store].
func (m *Memory) FindLink(ctx context.Context, link LinkDigest) (Account, error) {
	return m.find(ctx, func(a Account) bool { return a.Link == link && link != LinkDigest{} })
}

func (m *Memory) find(ctx context.Context, which func(Account) bool) (Account, error) {
	found, err := m.list(ctx, which, 1)
	if err == nil && len(found) == 0 {
		err = cpodkit.CodeNotFound
	}
	if err != nil {
		return Account{}, err
	}
	return found[0], nil
}

// Update implements [Store].
func (m *Memory) Update(ctx context.Context, a Account) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.holds(ctx, a); err != nil {
		return err
	}
	m.write(a)
	return nil
}

// Delete implements [Store].
func (m *Memory) Delete(ctx context.Context, a Account) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.holds(ctx, a); err != nil {
		return err
	}
	delete(m.accounts, place{a.TenantID, a.Email})
	return nil
}

// List implements [Store].
func (m *Memory) List(ctx context.Context, tenantID, after string, limit int) ([]Account, error) {
	return m.list(ctx, func(a Account) bool { return a.TenantID == tenantID && a.ID > after }, limit)
}

// Count implements [Store].
func (m *Memory) Count(ctx context.Context, tenantID string) (int, error) {
	found, err := m.list(ctx, func(a Account) bool { return a.TenantID == tenantID }, -1)
	return len(found), err
}

// DeleteTenant implements [Store].
func (m *Memory) DeleteTenant(ctx context.Context, tenantID string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	maps.DeleteFunc(m.accounts, func(p place, _ Account) bool { return p.tenantID == tenantID })
	return nil
}

// list returns up to limit of the accounts, by ID; all when limit is negative.
func (m *Memory) list(ctx context.Context, which func(Account) bool, limit int) ([]Account, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var found []Account
	for _, a := range m.accounts {
		if which(a) {
			found = append(found, a)
		}
	}
	slices.SortFunc(found, func(a, b Account) int { return cmp.Compare(a.ID, b.ID) })
	if limit >= 0 && len(found) > limit {
		found = found[:limit]
	}
	return found, nil
}

// holds returns nil when the account has its Version.
func (m *Memory) holds(ctx context.Context, a Account) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	stored, ok := m.accounts[place{a.TenantID, a.Email}]
	if !ok || a.Version == "" || stored.Version != a.Version {
		return cpodkit.CodePreconditionFailed
	}
	return nil
}

func (m *Memory) write(a Account) {
	m.writes++
	a.Version = strconv.Itoa(m.writes)
	m.accounts[place{a.TenantID, a.Email}] = a
}
