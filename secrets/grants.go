package secrets

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/portable"
)

// allows reports whether an app may read the secret.
func (g Grant) allows(appID string) bool { return hasApp(g.Apps, appID) }

func hasApp(apps []string, appID string) bool {
	_, found := slices.BinarySearch(apps, appID)
	return found
}

// checkApps returns apps as a grant holds them: sorted and each once.
func checkApps(apps []string) ([]string, error) {
	if len(apps) > MaxApps {
		return nil, invalid("/apps", fmt.Sprintf("has %d apps; at most %d are allowed", len(apps), MaxApps))
	}
	for i, app := range apps {
		if _, err := cpodkit.EncodeID(app); err != nil {
			return nil, invalid(fmt.Sprintf("/apps/%d", i), err.Error())
		}
	}
	sorted := slices.Clone(apps)
	slices.Sort(sorted)
	return slices.Compact(sorted), nil
}

// Match is what must hold of a grant or a bundle for a write. The zero value is nothing.
type Match struct {
	Version string // that it has; "" for any
	Exists  bool   // that it is there
	Absent  bool   // that it is not there
}

// holds reports whether it holds for a record with the version, "" for none.
func (m Match) holds(version string) bool {
	if version != "" {
		return !m.Absent && (m.Version == "" || m.Version == version)
	}
	return !m.Exists && m.Version == ""
}

// again makes a write, and makes it anew when others have written at once, unless its caller
// has asked for a state that only one of them finds.
func again[T any](m Match, write func() (T, error)) (result T, err error) {
	for range writeTries {
		result, err = write()
		if m.Version != "" || m.Absent || !isCode(err, cpodkit.CodePreconditionFailed) {
			break
		}
	}
	return result, err
}

// checkAdmin refuses all but administrators: invalid_scope.
func (h Handle) checkAdmin() error {
	if err := h.check(); err != nil || h.isAdmin {
		return err
	}
	return h.id.Require(adminScope)
}

// Grant returns who may read a secret, also where another provider holds it, or not_found.
// It is for administrators; so are the other calls on grants.
func (h Handle) Grant(ctx context.Context, name string) (Grant, error) {
	if err := h.checkAdmin(); err != nil {
		return Grant{}, err
	}
	if err := CheckName(name); err != nil {
		return Grant{}, err
	}
	return h.secrets.storedGrant(ctx, h.id.TenantID, name)
}

// SetGrant sets which apps may read a secret; none of them for no apps. The secret need not
// be there. Its owner stays; a new grant has none. It returns precondition_failed when the
// grant does not meet the match.
func (h Handle) SetGrant(ctx context.Context, name string, apps []string, m Match) (Grant, error) {
	return again(m, func() (Grant, error) { return h.setGrant(ctx, name, apps, m) })
}

func (h Handle) setGrant(ctx context.Context, name string, apps []string, m Match) (Grant, error) {
	before, err := h.Grant(ctx, name)
	if isCode(err, cpodkit.CodeNotFound) {
		before, err = Grant{Name: name}, nil
	}
	if err != nil {
		return Grant{}, err
	}
	if !m.holds(before.Version) {
		return Grant{}, coded(cpodkit.CodePreconditionFailed)
	}
	g := before
	if g.Apps, err = checkApps(apps); err != nil {
		return Grant{}, err
	}
	if _, err = h.secrets.storeGrant(ctx, h.id.TenantID, g); err != nil {
		return Grant{}, err
	}
	return h.secrets.storedGrant(ctx, h.id.TenantID, name) // with its time
}

// DeleteGrant takes a secret from all apps, its owner included. It is for secrets that
// other providers hold: the owner of a secret cannot write it after that. It returns
// not_found when there is no grant.
func (h Handle) DeleteGrant(ctx context.Context, name string, m Match) error {
	_, err := again(m, func() (struct{}, error) { return struct{}{}, h.deleteGrant(ctx, name, m) })
	return err
}

func (h Handle) deleteGrant(ctx context.Context, name string, m Match) error {
	g, err := h.Grant(ctx, name)
	if isCode(err, cpodkit.CodeNotFound) && !m.holds("") {
		return coded(cpodkit.CodePreconditionFailed)
	}
	if err != nil {
		return err
	}
	if !m.holds(g.Version) {
		return coded(cpodkit.CodePreconditionFailed)
	}
	return h.secrets.removeGrant(ctx, h.id.TenantID, g)
}

// ListGrants returns grants whose names come after a name, in the order of the bytes of
// their names, at most limit of them, which is at least 1; more reports whether there are
// others.
func (h Handle) ListGrants(ctx context.Context, after string, limit int) (grants []Grant, more bool, err error) {
	if err := h.checkAdmin(); err != nil {
		return nil, false, err
	}
	return h.secrets.grantsAfter(ctx, h.id.TenantID, after, limit)
}

// storedGrant returns a grant from the records, and never from the cache.
func (s *Secrets) storedGrant(ctx context.Context, tenantID, name string) (Grant, error) {
	return measured(ctx, s.calls.getGrant, func(ctx context.Context) (Grant, error) {
		return s.records.GetGrant(ctx, tenantID, name)
	})
}

// storeGrant stores a grant over the one with its version, and returns it as it is now.
func (s *Secrets) storeGrant(ctx context.Context, tenantID string, g Grant) (Grant, error) {
	defer s.drop(tenantID, g.Name)
	version, err := measured(ctx, s.calls.putGrant, func(ctx context.Context) (string, error) {
		return s.records.PutGrant(ctx, tenantID, g, g.Version)
	})
	g.Version = version
	return g, err
}

// removeGrant removes the grant with its version.
func (s *Secrets) removeGrant(ctx context.Context, tenantID string, g Grant) error {
	defer s.drop(tenantID, g.Name)
	ctx, call := s.calls.removeGrant.Start(ctx)
	return call.End(ctx, s.records.DeleteGrant(ctx, tenantID, g.Name, g.Version))
}

func (s *Secrets) grantsAfter(ctx context.Context, tenantID, after string, limit int) (grants []Grant, more bool, err error) {
	ctx, call := s.calls.listGrants.Start(ctx)
	grants, more, err = s.records.ListGrants(ctx, tenantID, after, limit)
	return grants, more, call.End(ctx, err)
}

// pageSize is how many records are asked for at a time, where a list leaves some out.
const pageSize = 200

// walk yields all items of a list after a name.
func walk[T any](after string, name func(T) string, fetch func(after string) ([]T, bool, error)) iter.Seq2[T, error] {
	start := func() (string, error) { return after, nil }
	return portable.Walk(start, func(after string) (items []T, next *string, err error) {
		items, more, err := fetch(after)
		if more && len(items) > 0 {
			last := strings.Clone(name(items[len(items)-1]))
			next = &last
		}
		return items, next, err
	})
}

// page returns the first items of a list, at most limit of them, which is at least 1.
func page[T any](all iter.Seq2[T, error], limit int) (items []T, more bool, err error) {
	for item, err := range all {
		if err != nil {
			return nil, false, err
		}
		if len(items) >= limit {
			return items, true, nil
		}
		items = append(items, item)
	}
	return items, false, nil
}

// grants yields all grants after a name, which it reads in pages of that size.
func (s *Secrets) grants(ctx context.Context, tenantID, after string, size int) iter.Seq2[Grant, error] {
	return walk(after, func(g Grant) string { return g.Name }, func(after string) ([]Grant, bool, error) {
		return s.grantsAfter(ctx, tenantID, after, size)
	})
}
