package oauth

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit"
)

// MemoryGrants is a [GrantStore] that a restart empties.
type MemoryGrants struct {
	mu       sync.Mutex
	grants   map[grantKey]Grant
	families map[string]Family
	used     map[string]time.Time
	writes   int
}

type grantKey struct{ tenantID, userID, clientID string }

var _ GrantStore = (*MemoryGrants)(nil)

// NewMemoryGrants returns an empty store.
func NewMemoryGrants() *MemoryGrants {
	return &MemoryGrants{grants: map[grantKey]Grant{}, families: map[string]Family{}, used: map[string]time.Time{}}
}

// locked runs do with the lock, unless ctx has ended.
func (m *MemoryGrants) locked(ctx context.Context, do func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	return do()
}

func (m *MemoryGrants) nextVersion() string {
	m.writes++
	return strconv.Itoa(m.writes)
}

// Grant implements [GrantStore].
func (m *MemoryGrants) Grant(ctx context.Context, tenantID, userID, clientID string) (grant Grant, err error) {
	err = m.locked(ctx, func() error {
		stored, ok := m.grants[grantKey{tenantID, userID, clientID}]
		if !ok {
			return cpodkit.CodeNotFound
		}
		grant = stored.clone()
		return nil
	})
	return grant, err
}

// PutGrant implements [GrantStore].
func (m *MemoryGrants) PutGrant(ctx context.Context, grant Grant) error {
	return m.locked(ctx, func() error {
		key := grantKey{grant.TenantID, grant.UserID, grant.ClientID}
		if m.grants[key].Version != grant.Version {
			return cpodkit.CodePreconditionFailed
		}
		grant = grant.clone()
		grant.Version = m.nextVersion()
		m.grants[key] = grant
		return nil
	})
}

// DeleteGrant implements [GrantStore].
func (m *MemoryGrants) DeleteGrant(ctx context.Context, tenantID, userID, clientID string) error {
	return m.locked(ctx, func() error {
		delete(m.grants, grantKey{tenantID, userID, clientID})
		return nil
	})
}

// ListGrants implements [GrantStore].
func (m *MemoryGrants) ListGrants(ctx context.Context, tenantID, userID, after string, limit int) (page []Grant, err error) {
	err = m.locked(ctx, func() error {
		for key, grant := range m.grants {
			if key.tenantID == tenantID && key.userID == userID && key.clientID > after {
				page = append(page, grant.clone())
			}
		}
		return nil
	})
	slices.SortFunc(page, func(a, b Grant) int { return cmp.Compare(a.ClientID, b.ClientID) })
	return page[:min(limit, len(page))], err
}

// CreateFamily implements [GrantStore].
func (m *MemoryGrants) CreateFamily(ctx context.Context, family Family) error {
	return m.locked(ctx, func() error {
		if _, taken := m.families[family.ID]; taken {
			return cpodkit.CodeConflict
		}
		m.write(family)
		return nil
	})
}

// Family implements [GrantStore].
func (m *MemoryGrants) Family(ctx context.Context, id string) (family Family, err error) {
	err = m.locked(ctx, func() error {
		stored, ok := m.families[id]
		if !ok {
			return cpodkit.CodeNotFound
		}
		family = stored.clone()
		return nil
	})
	return family, err
}

// UpdateFamily implements [GrantStore].
func (m *MemoryGrants) UpdateFamily(ctx context.Context, family Family) error {
	return m.locked(ctx, func() error {
		if stored, ok := m.families[family.ID]; !ok || stored.Version != family.Version {
			return cpodkit.CodePreconditionFailed
		}
		m.write(family)
		return nil
	})
}

// DeleteFamily implements [GrantStore].
func (m *MemoryGrants) DeleteFamily(ctx context.Context, family Family) error {
	return m.locked(ctx, func() error {
		if stored, ok := m.families[family.ID]; !ok || stored.Version != family.Version {
			return cpodkit.CodePreconditionFailed
		}
		delete(m.families, family.ID)
		return nil
	})
}

// ListFamilies implements [GrantStore].
func (m *MemoryGrants) ListFamilies(ctx context.Context, filter GrantFilter, after string, limit int) (page []Family, err error) {
	err = m.locked(ctx, func() error {
		for id, family := range m.families {
			if id > after && filter.passes(family.filter()) {
				page = append(page, family.clone())
			}
		}
		return nil
	})
	slices.SortFunc(page, func(a, b Family) int { return cmp.Compare(a.ID, b.ID) })
	return page[:min(limit, len(page))], err
}

// DeleteAll implements [GrantStore].
func (m *MemoryGrants) DeleteAll(ctx context.Context, filter GrantFilter) error {
	if filter == (GrantFilter{}) {
		return errors.New("oauth: DeleteAll needs a filter")
	}
	return m.locked(ctx, func() error {
		maps.DeleteFunc(m.grants, func(_ grantKey, g Grant) bool {
			return filter.passes(GrantFilter{g.TenantID, g.UserID, g.ClientID, g.Instance})
		})
		maps.DeleteFunc(m.families, func(_ string, f Family) bool { return filter.passes(f.filter()) })
		return nil
	})
}

// UseOnce implements [GrantStore].
func (m *MemoryGrants) UseOnce(ctx context.Context, id string, until time.Time) error {
	return m.locked(ctx, func() error {
		if _, used := m.used[id]; used {
			return cpodkit.CodeConflict
		}
		m.used[id] = until
		return nil
	})
}

// Prune implements [GrantStore].
func (m *MemoryGrants) Prune(ctx context.Context, now time.Time) error {
	return m.locked(ctx, func() error {
		maps.DeleteFunc(m.families, func(_ string, f Family) bool { return !f.ExpiresAt.After(now) })
		maps.DeleteFunc(m.used, func(_ string, until time.Time) bool { return !until.After(now) })
		return nil
	})
}

func (m *MemoryGrants) write(family Family) {
	family = family.clone()
	family.Version = m.nextVersion()
	m.families[family.ID] = family
}

// passes reports whether something of these values passes the filter.
func (f GrantFilter) passes(of GrantFilter) bool {
	for _, pair := range [][2]string{
		{f.TenantID, of.TenantID}, {f.UserID, of.UserID}, {f.ClientID, of.ClientID}, {f.Instance, of.Instance},
	} {
		if pair[0] != "" && pair[0] != pair[1] {
			return false
		}
	}
	return true
}

func (f Family) filter() GrantFilter {
	return GrantFilter{f.TenantID, f.UserID, f.ClientID, f.Instance}
}

func (f Family) clone() Family {
	f.Scopes, f.Tokens = slices.Clone(f.Scopes), slices.Clone(f.Tokens)
	return f
}

func (g Grant) clone() Grant {
	g.Scopes = slices.Clone(g.Scopes)
	return g
}
