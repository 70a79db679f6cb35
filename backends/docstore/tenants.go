package docstore

import (
	"context"
	"errors"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// Tenant is one of the parties that share an installation and see nothing of
// each other.
type Tenant struct {
	ID        string
	CreatedAt time.Time
}

// Tenants keeps the tenants of the installation.
type Tenants struct{ records records }

// Tenants returns the store of tenants.
func (s *Store) Tenants() *Tenants { return &Tenants{s.records("tenants", "tenants")} }

// tenantRecord is a tenant as it is stored. Its key is the ID.
type tenantRecord struct {
	CreatedAt time.Time `json:"createdAt"`
}

// Create stores a new tenant, or returns [cpodkit.CodeConflict] when the ID is
// taken.
func (t *Tenants) Create(ctx context.Context, tenant Tenant) error {
	err := t.records.put(ctx, tenant.ID, tenantRecord{tenant.CreatedAt.UTC()}, documents.Op{IfAbsent: true})
	if errors.Is(err, cpodkit.CodePreconditionFailed) {
		return cpodkit.CodeConflict
	}
	return err
}

// Get returns a tenant, or [cpodkit.CodeNotFound].
func (t *Tenants) Get(ctx context.Context, id string) (Tenant, error) {
	var r tenantRecord
	if _, err := t.records.get(ctx, id, &r); err != nil {
		return Tenant{}, err
	}
	return Tenant{id, r.CreatedAt}, nil
}

// List returns the tenants whose ID sorts after the given one, by the bytes of
// the ID, at most limit of them.
func (t *Tenants) List(ctx context.Context, after string, limit int) ([]Tenant, error) {
	page, err := t.records.page(ctx, nil, after, limit)
	if err != nil {
		return nil, err
	}
	tenants := make([]Tenant, len(page))
	for i, record := range page {
		var r tenantRecord
		if err := decode(record, &r); err != nil {
			return nil, err
		}
		tenants[i] = Tenant{record.Key, r.CreatedAt}
	}
	return tenants, nil
}
