package oauthstore

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/oauth"
)

const sessionsCollection = "user-sessions"

// Sessions keeps who is signed in, under the digests of cookies.
type Sessions struct {
	records *docstore.Collection[sessionRecord]
}

var _ oauth.SessionStore = (*Sessions)(nil)

// NewSessions returns the store of sessions.
func NewSessions(db *docstore.DB) *Sessions {
	return &Sessions{docstore.NewCollection[sessionRecord](db, "oauth", sessionsCollection)}
}

// sessionRecord is a session as it is stored. Its times are Unix milliseconds.
type sessionRecord struct {
	ID        string `json:"id"`
	TenantID  string `json:"tenantId"`
	UserID    string `json:"userId"`
	Email     string `json:"email,omitempty"`
	Name      string `json:"name,omitempty"`
	Source    string `json:"source,omitempty"`
	AuthTime  int64  `json:"authTime"`
	CreatedAt int64  `json:"createdAt"`
	EndsAt    int64  `json:"endsAt"`
	ExpiresAt int64  `json:"expiresAt"`
}

// Create implements [oauth.SessionStore].
func (s *Sessions) Create(ctx context.Context, session oauth.Session) error {
	return s.records.Create(ctx, session.Digest.String(), sessionRecord{
		ID: session.ID, TenantID: session.TenantID, UserID: session.UserID, Email: session.Email, Name: session.Name, Source: session.Source,
		AuthTime: session.AuthTime.UnixMilli(), CreatedAt: session.CreatedAt.UnixMilli(),
		EndsAt: session.EndsAt.UnixMilli(), ExpiresAt: session.ExpiresAt.UnixMilli(),
	})
}

// Find implements [oauth.SessionStore].
func (s *Sessions) Find(ctx context.Context, digest oauth.SessionDigest) (oauth.Session, error) {
	r, err := s.records.Get(ctx, digest.String())
	if err != nil {
		return oauth.Session{}, err
	}
	at := func(milliseconds int64) time.Time { return time.UnixMilli(milliseconds).UTC() }
	v := r.Value
	return oauth.Session{
		Digest: digest, ID: v.ID, TenantID: v.TenantID, UserID: v.UserID, Email: v.Email, Name: v.Name, Source: v.Source,
		AuthTime: at(v.AuthTime), CreatedAt: at(v.CreatedAt), EndsAt: at(v.EndsAt), ExpiresAt: at(v.ExpiresAt),
	}, nil
}

// Extend implements [oauth.SessionStore]. Of two calls at once one may do nothing: they say
// almost the same.
func (s *Sessions) Extend(ctx context.Context, digest oauth.SessionDigest, endsAt time.Time) error {
	r, err := s.records.Get(ctx, digest.String())
	if err == nil {
		r.Value.EndsAt = endsAt.UnixMilli()
		err = s.records.Replace(ctx, r.Key, r.Value, r.Version)
	}
	if errors.Is(err, cpodkit.CodeNotFound) || errors.Is(err, cpodkit.CodePreconditionFailed) {
		return nil
	}
	return err
}

// Delete implements [oauth.SessionStore].
func (s *Sessions) Delete(ctx context.Context, digest oauth.SessionDigest) error {
	return s.records.Delete(ctx, digest.String())
}

// DeleteUser implements [oauth.SessionStore].
func (s *Sessions) DeleteUser(ctx context.Context, tenantID, userID string) (int, error) {
	return s.deleteAll(ctx, docstore.Equal("tenantId", tenantID), docstore.Equal("userId", userID))
}

// KeepNewest implements [oauth.SessionStore].
func (s *Sessions) KeepNewest(ctx context.Context, tenantID, userID string, keep int) error {
	var all []docstore.Record[sessionRecord]
	for r, err := range s.records.All(ctx, docstore.Equal("tenantId", tenantID), docstore.Equal("userId", userID)) {
		if err != nil {
			return err
		}
		all = append(all, r)
	}
	if len(all) <= keep {
		return nil
	}
	slices.SortFunc(all, func(a, b docstore.Record[sessionRecord]) int {
		return cmp.Compare(b.Value.CreatedAt, a.Value.CreatedAt)
	})
	var oldest []string
	for _, r := range all[keep:] {
		oldest = append(oldest, r.Key)
	}
	return s.records.Delete(ctx, oldest...)
}

// DeleteTenant implements [oauth.SessionStore].
func (s *Sessions) DeleteTenant(ctx context.Context, tenantID string) (int, error) {
	return s.deleteAll(ctx, docstore.Equal("tenantId", tenantID))
}

func (s *Sessions) deleteAll(ctx context.Context, where ...docstore.Condition) (n int, err error) {
	if n, err = s.count(ctx, where...); err != nil {
		return 0, err
	}
	return n, s.records.DeleteAll(ctx, where...)
}

// Count returns how many sessions a user of a tenant has; all users when userID is empty.
func (s *Sessions) Count(ctx context.Context, tenantID, userID string) (int, error) {
	where := []docstore.Condition{docstore.Equal("tenantId", tenantID)}
	if userID != "" {
		where = append(where, docstore.Equal("userId", userID))
	}
	return s.count(ctx, where...)
}

func (s *Sessions) count(ctx context.Context, where ...docstore.Condition) (n int, err error) {
	for _, err := range s.records.All(ctx, where...) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// Prune implements [oauth.SessionStore].
func (s *Sessions) Prune(ctx context.Context, at time.Time) error {
	return s.records.DeleteAll(ctx, docstore.AtMost("endsAt", at.UnixMilli()))
}
