package oauthtest

import (
	"context"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/mustfail"
	"github.com/cpodkit/cpodkit/oauth"
)

// Each of these is a store in memory with one call of another.
type (
	lastWins       struct{ *oauth.MemoryGrants }
	grantWins      struct{ *oauth.MemoryGrants }
	forgetsUses    struct{ *oauth.MemoryGrants }
	prunesAll      struct{ *oauth.MemoryGrants }
	mixesUsers     struct{ *oauth.MemoryGrants }
	deletesOld     struct{ *oauth.MemoryGrants }
	keepsGrants    struct{ *oauth.MemoryGrants }
	dropsTokens    struct{ *oauth.MemoryGrants }
	ignoresContext struct{ *oauth.MemoryGrants }
)

func (s lastWins) UpdateFamily(ctx context.Context, f oauth.Family) error {
	current, err := s.Family(ctx, f.ID)
	if err != nil {
		return cpodkit.CodePreconditionFailed
	}
	f.Version = current.Version
	return s.MemoryGrants.UpdateFamily(ctx, f)
}

func (s grantWins) PutGrant(ctx context.Context, g oauth.Grant) error {
	current, _ := s.Grant(ctx, g.TenantID, g.UserID, g.ClientID)
	g.Version = current.Version
	return s.MemoryGrants.PutGrant(ctx, g)
}

func (s forgetsUses) UseOnce(ctx context.Context, _ string, _ time.Time) error { return ctx.Err() }

func (s prunesAll) Prune(ctx context.Context, now time.Time) error {
	return s.MemoryGrants.Prune(ctx, now.Add(time.Hour))
}

func (s mixesUsers) ListFamilies(ctx context.Context, f oauth.GrantFilter, after string, limit int) ([]oauth.Family, error) {
	f.UserID = ""
	return s.MemoryGrants.ListFamilies(ctx, f, after, limit)
}

func (s deletesOld) DeleteFamily(ctx context.Context, f oauth.Family) error {
	current, err := s.Family(ctx, f.ID)
	if err != nil {
		return cpodkit.CodePreconditionFailed
	}
	return s.MemoryGrants.DeleteFamily(ctx, current)
}

func (s keepsGrants) DeleteAll(ctx context.Context, f oauth.GrantFilter) error {
	page, err := s.ListFamilies(ctx, f, "", 100)
	for _, family := range page {
		err = s.DeleteFamily(ctx, family)
	}
	return err
}

func (s dropsTokens) CreateFamily(ctx context.Context, f oauth.Family) error {
	f.Tokens = nil
	return s.MemoryGrants.CreateFamily(ctx, f)
}

func (s ignoresContext) Family(ctx context.Context, id string) (oauth.Family, error) {
	return s.MemoryGrants.Family(context.WithoutCancel(ctx), id)
}

// The suite finds the mistakes that it is for.
func TestGrantsSuite(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		test   grantTest
		broken func(*oauth.MemoryGrants) oauth.GrantStore
	}{
		"the last update wins":       {testFamilyRace, func(m *oauth.MemoryGrants) oauth.GrantStore { return lastWins{m} }},
		"an old version updates":     {testFamilyVersion, func(m *oauth.MemoryGrants) oauth.GrantStore { return lastWins{m} }},
		"an old version deletes":     {testFamilyVersion, func(m *oauth.MemoryGrants) oauth.GrantStore { return deletesOld{m} }},
		"the last grant wins":        {testGrantRace, func(m *oauth.MemoryGrants) oauth.GrantStore { return grantWins{m} }},
		"an assertion counts twice":  {testUseOnce, func(m *oauth.MemoryGrants) oauth.GrantStore { return forgetsUses{m} }},
		"what lives is pruned":       {testPrune, func(m *oauth.MemoryGrants) oauth.GrantStore { return prunesAll{m} }},
		"families of other users":    {testListFamilies, func(m *oauth.MemoryGrants) oauth.GrantStore { return mixesUsers{m} }},
		"grants outlive DeleteAll":   {testDeleteAllGrants, func(m *oauth.MemoryGrants) oauth.GrantStore { return keepsGrants{m} }},
		"access tokens are not kept": {testGetFamily, func(m *oauth.MemoryGrants) oauth.GrantStore { return dropsTokens{m} }},
		"the context is ignored":     {testEndedGrants, func(m *oauth.MemoryGrants) oauth.GrantStore { return ignoresContext{m} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mustfail.Want(t, func(t testing.TB) { c.test(t, c.broken(oauth.NewMemoryGrants())) })
		})
	}
}
