package oauthstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/storage/documents"
)

const (
	grantsCollection   = "user-grants"
	familiesCollection = "token-families"
	usedCollection     = "used-assertions"
)

// Indexes returns the indexes without which the stores look through all records: for the
// families and sessions of a user, the grants and families of an app, and what has expired.
func Indexes() []documents.Index {
	index := func(collection, member string) documents.Index {
		return documents.Index{Collection: collection, Members: []documents.Order{{Path: documents.Path{member}}}}
	}
	return []documents.Index{
		index(grantsCollection, "instance"),
		index(familiesCollection, "userId"), index(familiesCollection, "instance"), index(familiesCollection, "expiresAt"),
		index(usedCollection, "expiresAt"),
		index(sessionsCollection, "userId"), index(sessionsCollection, "endsAt"),
	}
}

// Grants keeps what users let apps do, and the families of tokens that come of it.
type Grants struct {
	grants   *docstore.Collection[grantRecord]
	families *docstore.Collection[familyRecord]
	used     *docstore.Collection[usedRecord]
}

var _ oauth.GrantStore = (*Grants)(nil)

// NewGrants returns the store of grants.
func NewGrants(db *docstore.DB) *Grants {
	return &Grants{
		docstore.NewCollection[grantRecord](db, "oauth", grantsCollection),
		docstore.NewCollection[familyRecord](db, "oauth", familiesCollection),
		docstore.NewCollection[usedRecord](db, "oauth", usedCollection),
	}
}

// grantRecord is stored under tenant, user and client_id.
type grantRecord struct {
	ID       string         `json:"id"`
	TenantID string         `json:"tenantId"`
	UserID   string         `json:"userId"`
	ClientID string         `json:"clientId"`
	Instance string         `json:"instance"`
	Scopes   cpodkit.Scopes `json:"scopes"`

	Generation int64 `json:"generation,omitempty"`

	CreatedAt int64 `json:"createdAt"` // Unix milliseconds, as all times here
	UpdatedAt int64 `json:"updatedAt"`
}

// familyRecord is stored under its ID.
type familyRecord struct {
	TenantID string         `json:"tenantId"`
	UserID   string         `json:"userId"`
	ClientID string         `json:"clientId"`
	Instance string         `json:"instance"`
	GrantID  string         `json:"grantId,omitempty"`
	Scopes   cpodkit.Scopes `json:"scopes"`

	Generation int64  `json:"generation,omitempty"`
	AuthTime   int64  `json:"authTime,omitempty"`
	SessionID  string `json:"sessionId,omitempty"`

	Code        []byte `json:"codeSha256,omitempty"`
	RedirectURI string `json:"redirectUri,omitempty"`
	Challenge   string `json:"challenge,omitempty"`
	Redeemed    bool   `json:"redeemed,omitempty"`

	Refresh   []byte        `json:"refreshSha256,omitempty"`
	Previous  []byte        `json:"previousSha256,omitempty"`
	RotatedAt int64         `json:"rotatedAt,omitempty"`
	Tokens    []tokenRecord `json:"tokens,omitempty"`

	CreatedAt int64 `json:"createdAt"`
	ExpiresAt int64 `json:"expiresAt"`
}

type tokenRecord struct {
	ID        string `json:"id"`
	ExpiresAt int64  `json:"expiresAt"`
}

// usedRecord is stored under the id of an assertion.
type usedRecord struct {
	ExpiresAt int64 `json:"expiresAt"`
}

func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func grantKey(tenantID, userID, clientID string) (string, error) {
	parts := []string{tenantID, userID, clientID}
	for i, id := range parts {
		encoded, err := cpodkit.EncodeID(id)
		if err != nil {
			return "", fmt.Errorf("oauthstore: the id %q %w", id, err)
		}
		parts[i] = encoded
	}
	return strings.Join(parts, "/"), nil
}

func (r grantRecord) grant(version string) oauth.Grant {
	return oauth.Grant{
		ID: r.ID, TenantID: r.TenantID, UserID: r.UserID, ClientID: r.ClientID, Instance: r.Instance, Scopes: r.Scopes,
		Generation: r.Generation,
		CreatedAt:  timeOf(r.CreatedAt), UpdatedAt: timeOf(r.UpdatedAt), Version: version,
	}
}

// Grant implements [oauth.GrantStore].
func (g *Grants) Grant(ctx context.Context, tenantID, userID, clientID string) (oauth.Grant, error) {
	key, err := grantKey(tenantID, userID, clientID)
	if err != nil {
		return oauth.Grant{}, err
	}
	r, err := g.grants.Get(ctx, key)
	if err != nil {
		return oauth.Grant{}, err
	}
	return r.Value.grant(r.Version), nil
}

// PutGrant implements [oauth.GrantStore].
func (g *Grants) PutGrant(ctx context.Context, grant oauth.Grant) error {
	key, err := grantKey(grant.TenantID, grant.UserID, grant.ClientID)
	if err != nil {
		return err
	}
	record := grantRecord{
		ID: grant.ID, TenantID: grant.TenantID, UserID: grant.UserID, ClientID: grant.ClientID, Instance: grant.Instance,
		Scopes: grant.Scopes, Generation: grant.Generation, CreatedAt: milliseconds(grant.CreatedAt), UpdatedAt: milliseconds(grant.UpdatedAt),
	}
	if grant.Version != "" {
		return g.grants.Replace(ctx, key, record, grant.Version)
	}
	if err := g.grants.Create(ctx, key, record); !errors.Is(err, cpodkit.CodeConflict) {
		return err
	}
	return cpodkit.CodePreconditionFailed
}

// DeleteGrant implements [oauth.GrantStore].
func (g *Grants) DeleteGrant(ctx context.Context, tenantID, userID, clientID string) error {
	key, err := grantKey(tenantID, userID, clientID)
	if err != nil {
		return err
	}
	return g.grants.Delete(ctx, key)
}

// ListGrants implements [oauth.GrantStore]. The keys of a user's grants follow each other,
// and a client_id is in a key as it is.
func (g *Grants) ListGrants(ctx context.Context, tenantID, userID, after string, limit int) ([]oauth.Grant, error) {
	first, err := grantKey(tenantID, userID, "a")
	if err != nil {
		return nil, err
	}
	prefix := first[:len(first)-1]
	page, err := g.grants.List(ctx, docstore.Query{After: prefix + after, Limit: limit})
	if err != nil {
		return nil, err
	}
	var grants []oauth.Grant
	for _, r := range page {
		if strings.HasPrefix(r.Key, prefix) {
			grants = append(grants, r.Value.grant(r.Version))
		}
	}
	return grants, nil
}

func hashBytes(hash oauth.SecretHash) []byte {
	if hash == (oauth.SecretHash{}) {
		return nil
	}
	return hash[:]
}

func newFamilyRecord(f oauth.Family) familyRecord {
	r := familyRecord{
		TenantID: f.TenantID, UserID: f.UserID, ClientID: f.ClientID, Instance: f.Instance, GrantID: f.GrantID, Scopes: f.Scopes,
		Generation: f.Generation,
		AuthTime:   milliseconds(f.AuthTime), SessionID: f.SessionID,
		Code: hashBytes(f.Code), RedirectURI: f.RedirectURI, Challenge: f.Challenge, Redeemed: f.Redeemed,
		Refresh: hashBytes(f.Refresh), Previous: hashBytes(f.Previous), RotatedAt: milliseconds(f.RotatedAt),
		CreatedAt: milliseconds(f.CreatedAt), ExpiresAt: milliseconds(f.ExpiresAt),
	}
	for _, token := range f.Tokens {
		r.Tokens = append(r.Tokens, tokenRecord{token.ID, milliseconds(token.ExpiresAt)})
	}
	return r
}

func (r familyRecord) family(id, version string) (oauth.Family, error) {
	f := oauth.Family{
		ID: id, TenantID: r.TenantID, UserID: r.UserID, ClientID: r.ClientID, Instance: r.Instance, GrantID: r.GrantID,
		Scopes: r.Scopes, Generation: r.Generation, AuthTime: timeOf(r.AuthTime), SessionID: r.SessionID,
		RedirectURI: r.RedirectURI, Challenge: r.Challenge, Redeemed: r.Redeemed, RotatedAt: timeOf(r.RotatedAt),
		CreatedAt: timeOf(r.CreatedAt), ExpiresAt: timeOf(r.ExpiresAt), Version: version,
	}
	for _, token := range r.Tokens {
		f.Tokens = append(f.Tokens, oauth.IssuedToken{ID: token.ID, ExpiresAt: timeOf(token.ExpiresAt)})
	}
	for _, hash := range []struct {
		from []byte
		to   *oauth.SecretHash
	}{{r.Code, &f.Code}, {r.Refresh, &f.Refresh}, {r.Previous, &f.Previous}} {
		if n := len(hash.from); n != 0 && n != len(hash.to) {
			return oauth.Family{}, fmt.Errorf("oauthstore: a hash of the family %q has %d bytes", id, n)
		}
		copy(hash.to[:], hash.from)
	}
	return f, nil
}

// CreateFamily implements [oauth.GrantStore].
func (g *Grants) CreateFamily(ctx context.Context, family oauth.Family) error {
	return g.families.Create(ctx, family.ID, newFamilyRecord(family))
}

// Family implements [oauth.GrantStore].
func (g *Grants) Family(ctx context.Context, id string) (oauth.Family, error) {
	r, err := g.families.Get(ctx, id)
	if err != nil {
		return oauth.Family{}, err
	}
	return r.Value.family(r.Key, r.Version)
}

// UpdateFamily implements [oauth.GrantStore].
func (g *Grants) UpdateFamily(ctx context.Context, family oauth.Family) error {
	return g.families.Replace(ctx, family.ID, newFamilyRecord(family), family.Version)
}

// DeleteFamily implements [oauth.GrantStore].
func (g *Grants) DeleteFamily(ctx context.Context, family oauth.Family) error {
	return g.families.DeleteVersion(ctx, family.ID, family.Version)
}

// conditions returns those of a filter, of which there is one at least.
func conditions(filter oauth.GrantFilter) ([]docstore.Condition, error) {
	var where []docstore.Condition
	for _, member := range [][2]string{
		{"userId", filter.UserID}, {"instance", filter.Instance}, {"tenantId", filter.TenantID}, {"clientId", filter.ClientID},
	} {
		if member[1] != "" {
			where = append(where, docstore.Equal(member[0], member[1]))
		}
	}
	if len(where) == 0 {
		return nil, errors.New("oauthstore: the filter is empty")
	}
	return where, nil
}

// ListFamilies implements [oauth.GrantStore].
func (g *Grants) ListFamilies(ctx context.Context, filter oauth.GrantFilter, after string, limit int) ([]oauth.Family, error) {
	where, err := conditions(filter)
	if err != nil {
		return nil, err
	}
	page, err := g.families.List(ctx, docstore.Query{Where: where, After: after, Limit: limit})
	if err != nil {
		return nil, err
	}
	families := make([]oauth.Family, len(page))
	for i, r := range page {
		if families[i], err = r.Value.family(r.Key, r.Version); err != nil {
			return nil, err
		}
	}
	return families, nil
}

// DeleteAll implements [oauth.GrantStore].
func (g *Grants) DeleteAll(ctx context.Context, filter oauth.GrantFilter) error {
	where, err := conditions(filter)
	if err != nil {
		return err
	}
	if err := g.grants.DeleteAll(ctx, where...); err != nil {
		return err
	}
	return g.families.DeleteAll(ctx, where...)
}

// UseOnce implements [oauth.GrantStore].
func (g *Grants) UseOnce(ctx context.Context, id string, until time.Time) error {
	return g.used.Create(ctx, id, usedRecord{until.UnixMilli()})
}

// Prune implements [oauth.GrantStore].
func (g *Grants) Prune(ctx context.Context, now time.Time) error {
	expired := docstore.AtMost("expiresAt", now.UnixMilli())
	if err := g.families.DeleteAll(ctx, expired); err != nil {
		return err
	}
	return g.used.DeleteAll(ctx, expired)
}

// Count returns how many grants pass a filter.
func (g *Grants) Count(ctx context.Context, filter oauth.GrantFilter) (n int, err error) {
	where, err := conditions(filter)
	if err != nil {
		return 0, err
	}
	for _, err := range g.grants.All(ctx, where...) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
