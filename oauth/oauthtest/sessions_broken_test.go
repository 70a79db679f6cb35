package oauthtest

import (
	"context"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/internal/mustfail"
	"github.com/cpodkit/cpodkit/oauth"
)

// Each of these is a store in memory with one call of another.
type (
	overwrites     struct{ *oauth.MemorySessions }
	revives        struct{ *oauth.MemorySessions }
	mixesTenants   struct{ *oauth.MemorySessions }
	keepsOldest    struct{ *oauth.MemorySessions }
	prunesLive     struct{ *oauth.MemorySessions }
	prunesNothing  struct{ *oauth.MemorySessions }
	deafToContexts struct{ *oauth.MemorySessions }
)

func (s overwrites) Create(ctx context.Context, session oauth.Session) error {
	if err := s.Delete(ctx, session.Digest); err != nil {
		return err
	}
	return s.MemorySessions.Create(ctx, session)
}

func (s revives) Extend(ctx context.Context, digest oauth.SessionDigest, endsAt time.Time) error {
	_ = s.Create(ctx, oauth.Session{Digest: digest})
	return s.MemorySessions.Extend(ctx, digest, endsAt)
}

func (s mixesTenants) DeleteUser(ctx context.Context, _, userID string) (int, error) {
	n, err := s.MemorySessions.DeleteUser(ctx, "t1", userID)
	_, _ = s.MemorySessions.DeleteUser(ctx, "t2", userID)
	return n, err
}

func (s keepsOldest) KeepNewest(ctx context.Context, tenantID, userID string, _ int) error {
	_, err := s.DeleteUser(ctx, tenantID, userID)
	return err
}

func (s prunesLive) Prune(ctx context.Context, at time.Time) error {
	return s.MemorySessions.Prune(ctx, at.Add(time.Minute))
}

func (s prunesNothing) Prune(ctx context.Context, _ time.Time) error { return ctx.Err() }

func (s deafToContexts) Find(ctx context.Context, digest oauth.SessionDigest) (oauth.Session, error) {
	return s.MemorySessions.Find(context.WithoutCancel(ctx), digest)
}

// The suite finds the mistakes that it is for.
func TestSessionsSuite(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		test   sessionTest
		broken func(*oauth.MemorySessions) oauth.SessionStore
	}{
		"a session is overwritten":     {testCreateSession, func(m *oauth.MemorySessions) oauth.SessionStore { return overwrites{m} }},
		"a session comes back":         {testExtend, func(m *oauth.MemorySessions) oauth.SessionStore { return revives{m} }},
		"sessions of another tenant":   {testDeleteSessions, func(m *oauth.MemorySessions) oauth.SessionStore { return mixesTenants{m} }},
		"the newest sessions go":       {testKeepNewest, func(m *oauth.MemorySessions) oauth.SessionStore { return keepsOldest{m} }},
		"what lives is pruned":         {testPruneSessions, func(m *oauth.MemorySessions) oauth.SessionStore { return prunesLive{m} }},
		"what has ended is not pruned": {testPruneSessions, func(m *oauth.MemorySessions) oauth.SessionStore { return prunesNothing{m} }},
		"the context is ignored":       {testEndedSessions, func(m *oauth.MemorySessions) oauth.SessionStore { return deafToContexts{m} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mustfail.Want(t, func(t testing.TB) { c.test(t, c.broken(oauth.NewMemorySessions())) })
		})
	}
}
