// Package tenantstore keeps the tenants of an installation in a document driver, their
// erasures and the servers that follow these, and the claims by which replicas settle
// who does what is done once.
package tenantstore

import (
	"context"
	"iter"
	"time"

	"github.com/cpodkit/cpodkit/backends/docstore"
)

// Tenant is one of the parties that share an installation and see nothing of
// each other.
type Tenant struct {
	ID        string
	CreatedAt time.Time
}

// Tenants keeps the tenants of the installation. Its errors are those of
// [docstore.Collection].
type Tenants struct {
	records *docstore.Collection[tenantRecord]
}

// New returns the store of tenants.
func New(db *docstore.DB) *Tenants {
	return &Tenants{docstore.NewCollection[tenantRecord](db, "tenants", "tenants")}
}

// tenantRecord is a tenant as it is stored. Its key is the ID.
type tenantRecord struct {
	CreatedAt time.Time `json:"createdAt"`
}

// Create stores a new tenant, or returns a conflict when the ID is
// taken.
func (t *Tenants) Create(ctx context.Context, tenant Tenant) error {
	return t.records.Create(ctx, tenant.ID, tenantRecord{tenant.CreatedAt.UTC()})
}

// Get returns a tenant, or not_found.
func (t *Tenants) Get(ctx context.Context, id string) (Tenant, error) {
	r, err := t.records.Get(ctx, id)
	if err != nil {
		return Tenant{}, err
	}
	return tenant(r), nil
}

// All returns the tenants by ID, and ends after an error.
func (t *Tenants) All(ctx context.Context) iter.Seq2[Tenant, error] {
	return func(yield func(Tenant, error) bool) {
		for r, err := range t.records.All(ctx) {
			if !yield(tenant(r), err) || err != nil {
				return
			}
		}
	}
}

// Delete removes a tenant's record. One that is not there is no error.
func (t *Tenants) Delete(ctx context.Context, id string) error { return t.records.Delete(ctx, id) }

func tenant(r docstore.Record[tenantRecord]) Tenant { return Tenant{r.Key, r.Value.CreatedAt} }
