package localuserstest

import (
	"context"
	"testing"

	"github.com/cpodkit/cpodkit/internal/mustfail"
	"github.com/cpodkit/cpodkit/oauth/localusers"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	Run(t, func(*testing.T) localusers.Store { return localusers.NewMemory() })
}

// Each of these is a store in memory with one call of another.
type (
	lastWins     struct{ *localusers.Memory }
	anyLink      struct{ *localusers.Memory }
	anyTenant    struct{ *localusers.Memory }
	deletesAll   struct{ *localusers.Memory }
	dropsTimes   struct{ *localusers.Memory }
	deafContexts struct{ *localusers.Memory }
)

func (s lastWins) Update(ctx context.Context, a localusers.Account) error {
	if current, err := s.Get(ctx, a.TenantID, a.ID); err == nil {
		a.Version = current.Version
	}
	return s.Memory.Update(ctx, a)
}

func (s anyLink) FindLink(ctx context.Context, link localusers.LinkDigest) (localusers.Account, error) {
	if link == (localusers.LinkDigest{}) {
		return s.FindEmail(ctx, "t1", "bare@example.com")
	}
	return s.Memory.FindLink(ctx, link)
}

func (s anyTenant) Count(ctx context.Context, _ string) (int, error) {
	return s.Memory.Count(ctx, "t1")
}

func (s deletesAll) DeleteTenant(ctx context.Context, tenantID string) error {
	_ = s.Memory.DeleteTenant(ctx, "t10")
	return s.Memory.DeleteTenant(ctx, tenantID)
}

func (s dropsTimes) Create(ctx context.Context, a localusers.Account) error {
	a.ValidFrom = a.CreatedAt
	return s.Memory.Create(ctx, a)
}

func (s deafContexts) Get(ctx context.Context, tenantID, id string) (localusers.Account, error) {
	return s.Memory.Get(context.WithoutCancel(ctx), tenantID, id)
}

// The suite finds the mistakes that it is for.
func TestSuite(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		test   storeTest
		broken func(*localusers.Memory) localusers.Store
	}{
		"the last update wins":           {testUpdateRace, func(m *localusers.Memory) localusers.Store { return lastWins{m} }},
		"an old version updates":         {testVersions, func(m *localusers.Memory) localusers.Store { return lastWins{m} }},
		"no link is a link":              {testFind, func(m *localusers.Memory) localusers.Store { return anyLink{m} }},
		"tenants are mixed":              {testList, func(m *localusers.Memory) localusers.Store { return anyTenant{m} }},
		"other tenants are deleted":      {testDeleteTenant, func(m *localusers.Memory) localusers.Store { return deletesAll{m} }},
		"when sessions end is forgotten": {testFind, func(m *localusers.Memory) localusers.Store { return dropsTimes{m} }},
		"the context is ignored":         {testEnded, func(m *localusers.Memory) localusers.Store { return deafContexts{m} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mustfail.Want(t, func(t testing.TB) { c.test(t, c.broken(localusers.NewMemory())) })
		})
	}
}
