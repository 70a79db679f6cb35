package tenantstore

import (
	"context"
	"iter"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore"
)

// Erasure is the record of an erasure: of a tenant, or of one of its users. Commands
// write it, and running servers follow it.
type Erasure struct {
	TenantID string
	UserID   string // "" for the whole tenant

	// ID is another one after every change. Servers acknowledge it.
	ID string

	// Closed says that no request of the tenant is served. It stays so when the tenant
	// is gone, until it is made again.
	Closed bool

	// TokensOnly says that the user keeps all data: only sessions, grants and tokens end.
	TokensOnly bool

	// Done says that the command has finished. Without it the erasure, or the opening
	// of a tenant that is made again, was interrupted or is under way.
	Done bool

	ChangedAt time.Time
}

// Erasures keeps the erasures of an installation. Its errors are those of
// [docstore.Collection].
type Erasures struct {
	records *docstore.Collection[erasureRecord]
}

// NewErasures returns the store of erasures.
func NewErasures(db *docstore.DB) *Erasures {
	return &Erasures{docstore.NewCollection[erasureRecord](db, "tenants", "erasures")}
}

// erasureRecord is an erasure as it is stored. Its key is the encoded tenant, a slash,
// and the encoded user.
type erasureRecord struct {
	TenantID  string `json:"tenantId"`
	UserID    string `json:"userId,omitempty"`
	ID        string `json:"id"`
	Closed    bool   `json:"closed,omitempty"`
	Done      bool   `json:"done,omitempty"`
	ChangedAt int64  `json:"changedAt"` // Unix milliseconds

	TokensOnly bool `json:"tokensOnly,omitempty"`
}

func (r erasureRecord) erasure() Erasure {
	return Erasure{r.TenantID, r.UserID, r.ID, r.Closed, r.TokensOnly, r.Done, time.UnixMilli(r.ChangedAt).UTC()}
}

func erasureKey(tenantID, userID string) (string, error) {
	tenant, err := cpodkit.EncodeID(tenantID)
	if err != nil || userID == "" {
		return tenant + "/", err
	}
	user, err := cpodkit.EncodeID(userID)
	return tenant + "/" + user, err
}

// Get returns the erasure of a tenant, or of a user of it, or not_found.
func (e *Erasures) Get(ctx context.Context, tenantID, userID string) (Erasure, error) {
	key, err := erasureKey(tenantID, userID)
	if err != nil {
		return Erasure{}, err
	}
	r, err := e.records.Get(ctx, key)
	return r.Value.erasure(), err
}

// Put stores an erasure, whatever is there.
func (e *Erasures) Put(ctx context.Context, erasure Erasure) error {
	key, err := erasureKey(erasure.TenantID, erasure.UserID)
	if err != nil {
		return err
	}
	return e.records.Put(ctx, key, erasureRecord{
		erasure.TenantID, erasure.UserID, erasure.ID, erasure.Closed, erasure.Done, erasure.ChangedAt.UnixMilli(), erasure.TokensOnly,
	})
}

// All returns all erasures.
func (e *Erasures) All(ctx context.Context) iter.Seq2[Erasure, error] {
	return func(yield func(Erasure, error) bool) {
		for r, err := range e.records.All(ctx) {
			if !yield(r.Value.erasure(), err) || err != nil {
				return
			}
		}
	}
}

// Delete removes the erasure of a tenant, or of a user of it.
func (e *Erasures) Delete(ctx context.Context, tenantID, userID string) error {
	key, err := erasureKey(tenantID, userID)
	if err != nil {
		return err
	}
	return e.records.Delete(ctx, key)
}
