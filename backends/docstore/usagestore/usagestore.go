// Package usagestore keeps in a document driver how many bytes each tenant stores, and
// bounds them: a [Usage] is a [storage.Quota] that replicas share.
package usagestore

import (
	"context"
	"errors"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore"
)

// Records keeps one record for each tenant whose usage was counted. Tenants are encoded
// ids ([cpodkit.EncodeID]). Its errors are those of [docstore.Collection].
type Records struct {
	records *docstore.Collection[usageRecord]
}

// NewRecords returns the store of usage.
func NewRecords(db *docstore.DB) *Records {
	return &Records{docstore.NewCollection[usageRecord](db, "tenants", "usage")}
}

type usageRecord struct {
	Bytes     int64     `json:"bytes"`
	CountedAt time.Time `json:"countedAt"`
}

func countedNow(bytes int64) usageRecord {
	return usageRecord{bytes, time.Now().UTC().Truncate(time.Second)}
}

// Tenant is the usage of one tenant.
type Tenant struct {
	Tenant    string
	Bytes     int64
	CountedAt time.Time
}

// Get returns the usage of a tenant; not_found when it was not counted.
func (r *Records) Get(ctx context.Context, tenant string) (Tenant, error) {
	record, err := r.records.Get(ctx, tenant)
	return Tenant{tenant, record.Value.Bytes, record.Value.CountedAt}, err
}

// Put stores what was counted for a tenant. Replicas that run go on from it.
func (r *Records) Put(ctx context.Context, tenant string, bytes int64) error {
	return r.records.Put(ctx, tenant, countedNow(bytes))
}

// Delete forgets the usage of a tenant, which is then counted anew.
func (r *Records) Delete(ctx context.Context, tenant string) error {
	return r.records.Delete(ctx, tenant)
}

// Clear forgets the usage of all tenants. A server without a limit calls it, because it
// does not follow what they store.
func (r *Records) Clear(ctx context.Context) error {
	for record, err := range r.records.All(ctx) {
		if err == nil {
			err = r.Delete(ctx, record.Key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// maxAttempts bounds how often a change starts again because another replica was faster.
const maxAttempts = 20

// Add adds bytes, which may be negative, to the usage of a tenant, and returns the sum;
// not_found when it was not counted. A sum below 0 is 0.
func (r *Records) Add(ctx context.Context, tenant string, bytes int64) (sum int64, err error) {
	for range maxAttempts {
		record, err := r.records.Get(ctx, tenant)
		if err != nil {
			return 0, err
		}
		if bytes == 0 {
			return record.Value.Bytes, nil
		}
		record.Value.Bytes = max(record.Value.Bytes+bytes, 0)
		err = r.records.Replace(ctx, tenant, record.Value, record.Version)
		if !errors.Is(err, cpodkit.CodePreconditionFailed) {
			return record.Value.Bytes, err
		}
	}
	return 0, errors.New("usagestore: the record keeps changing")
}

// recounts bounds how often a count starts again because the tenant wrote meanwhile.
const recounts = 3

// Recount counts what a tenant stores, and stores that. While others write, it counts
// again, at most three times; then it takes the last count and adds what was written
// since it began, so that a write may count twice. Deletes that it meets may count too.
func (r *Records) Recount(ctx context.Context, tenant string, count Counter) (bytes int64, err error) {
	for try := 1; ; try++ {
		before, err := r.Get(ctx, tenant)
		if err != nil && !errors.Is(err, cpodkit.CodeNotFound) {
			return 0, err
		}
		bytes, countErr := count(ctx, tenant)
		if countErr != nil {
			return 0, countErr
		}
		if err != nil {
			return r.create(ctx, tenant, bytes)
		}
		after, err := r.Get(ctx, tenant)
		if err != nil && !errors.Is(err, cpodkit.CodeNotFound) {
			return 0, err
		}
		if err == nil && after.Bytes != before.Bytes {
			if try < recounts {
				continue
			}
			bytes = max(bytes+after.Bytes-before.Bytes, 0)
		}
		return bytes, r.Put(ctx, tenant, bytes)
	}
}

// create stores the first count of a tenant, unless another replica was faster, and
// returns what is stored.
func (r *Records) create(ctx context.Context, tenant string, bytes int64) (int64, error) {
	err := r.records.Create(ctx, tenant, countedNow(bytes))
	if !errors.Is(err, cpodkit.CodeConflict) {
		return bytes, err
	}
	there, err := r.Get(ctx, tenant)
	return there.Bytes, err
}
