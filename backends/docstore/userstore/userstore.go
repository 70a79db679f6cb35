// Package userstore keeps users with passwords in a document driver.
package userstore

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/oauth/localusers"
	"github.com/cpodkit/cpodkit/storage/documents"
)

const collection = "accounts"

// Indexes returns the indexes without which the store looks through all records: for a user of
// a tenant, and for a link.
func Indexes() []documents.Index {
	index := func(members ...string) documents.Index {
		i := documents.Index{Collection: collection}
		for _, member := range members {
			i.Members = append(i.Members, documents.Order{Path: documents.Path{member}})
		}
		return i
	}
	return []documents.Index{index("tenantId", "id"), index("link")}
}

// Accounts keeps users. Their keys are made of the tenant and the e-mail address, so that no
// two users of a tenant have the same.
type Accounts struct {
	records *docstore.Collection[record]
}

var _ localusers.Store = (*Accounts)(nil)

// New returns the store.
func New(db *docstore.DB) *Accounts {
	return &Accounts{docstore.NewCollection[record](db, "users", collection)}
}

// record is an account as it is stored. Its times are Unix milliseconds.
type record struct {
	ID         string `json:"id"`
	TenantID   string `json:"tenantId"`
	Email      string `json:"email"`
	Name       string `json:"name,omitempty"`
	Disabled   bool   `json:"disabled,omitempty"`
	Password   string `json:"password,omitempty"` // its hash
	ValidFrom  int64  `json:"validFrom,omitempty"`
	Link       string `json:"link,omitempty"` // its digest, in hex
	LinkEndsAt int64  `json:"linkEndsAt,omitempty"`
	CreatedAt  int64  `json:"createdAt"`
}

func keyOf(tenantID, email string) (string, error) {
	tenant, err := cpodkit.EncodeID(tenantID)
	if err != nil {
		return "", fmt.Errorf("userstore: the tenant's id %w", err)
	}
	return tenant + "/" + email, nil
}

func newRecord(a localusers.Account) record {
	r := record{
		ID: a.ID, TenantID: a.TenantID, Email: a.Email, Name: a.Name, Disabled: a.Disabled, Password: a.Password,
		ValidFrom: milliseconds(a.ValidFrom), LinkEndsAt: milliseconds(a.LinkEndsAt), CreatedAt: milliseconds(a.CreatedAt),
	}
	if a.Link != (localusers.LinkDigest{}) {
		r.Link = a.Link.String()
	}
	return r
}

func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func at(milliseconds int64) time.Time {
	if milliseconds == 0 {
		return time.Time{}
	}
	return time.UnixMilli(milliseconds).UTC()
}

func account(r docstore.Record[record]) (localusers.Account, error) {
	v := r.Value
	a := localusers.Account{
		ID: v.ID, TenantID: v.TenantID, Email: v.Email, Name: v.Name, Disabled: v.Disabled, Password: v.Password,
		ValidFrom: at(v.ValidFrom), LinkEndsAt: at(v.LinkEndsAt), CreatedAt: at(v.CreatedAt), Version: r.Version,
	}
	if n, err := hex.Decode(a.Link[:], []byte(v.Link)[:min(len(v.Link), 2*len(a.Link))]); err != nil || n != 0 && n != len(a.Link) {
		return localusers.Account{}, fmt.Errorf("userstore: the link of the user %q is damaged", v.ID)
	}
	return a, nil
}

// Create implements [localusers.Store].
func (s *Accounts) Create(ctx context.Context, a localusers.Account) error {
	key, err := keyOf(a.TenantID, a.Email)
	if err != nil {
		return err
	}
	return s.records.Create(ctx, key, newRecord(a))
}

// Get implements [localusers.Store].
func (s *Accounts) Get(ctx context.Context, tenantID, id string) (localusers.Account, error) {
	return s.find(ctx, docstore.Equal("id", id), docstore.Equal("tenantId", tenantID))
}

// FindEmail implements [localusers.Store].
func (s *Accounts) FindEmail(ctx context.Context, tenantID, email string) (localusers.Account, error) {
	key, err := keyOf(tenantID, email)
	if err != nil {
		return localusers.Account{}, err
	}
	r, err := s.records.Get(ctx, key)
	if err != nil {
		return localusers.Account{}, err
	}
	return account(r)
}

// FindLink implements [localusers.Store].
func (s *Accounts) FindLink(ctx context.Context, link localusers.LinkDigest) (localusers.Account, error) {
	return s.find(ctx, docstore.Equal("link", link.String()))
}

func (s *Accounts) find(ctx context.Context, where ...docstore.Condition) (localusers.Account, error) {
	page, err := s.records.List(ctx, docstore.Query{Where: where, Limit: 1})
	if err == nil && len(page) == 0 {
		err = cpodkit.CodeNotFound
	}
	if err != nil {
		return localusers.Account{}, err
	}
	return account(page[0])
}

// Update implements [localusers.Store].
func (s *Accounts) Update(ctx context.Context, a localusers.Account) error {
	key, err := keyOf(a.TenantID, a.Email)
	if err != nil {
		return err
	}
	return s.records.Replace(ctx, key, newRecord(a), a.Version)
}

// Delete implements [localusers.Store].
func (s *Accounts) Delete(ctx context.Context, a localusers.Account) error {
	key, err := keyOf(a.TenantID, a.Email)
	if err != nil {
		return err
	}
	return s.records.DeleteVersion(ctx, key, a.Version)
}

// List implements [localusers.Store].
func (s *Accounts) List(ctx context.Context, tenantID, after string, limit int) ([]localusers.Account, error) {
	page, err := s.records.List(ctx, docstore.Query{
		Where: []docstore.Condition{docstore.Equal("tenantId", tenantID)}, OrderBy: "id", After: after, Limit: limit,
	})
	if err != nil {
		return nil, err
	}
	accounts := make([]localusers.Account, len(page))
	for i, r := range page {
		if accounts[i], err = account(r); err != nil {
			return nil, err
		}
	}
	return accounts, nil
}

// Count implements [localusers.Store].
func (s *Accounts) Count(ctx context.Context, tenantID string) (n int, err error) {
	for _, err := range s.records.All(ctx, docstore.Equal("tenantId", tenantID)) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// DeleteTenant implements [localusers.Store].
func (s *Accounts) DeleteTenant(ctx context.Context, tenantID string) error {
	return s.records.DeleteAll(ctx, docstore.Equal("tenantId", tenantID))
}
