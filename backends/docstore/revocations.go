package docstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// Revocations keeps the revoked tokens.
type Revocations struct{ records records }

// revocationsCollection is where they are.
const revocationsCollection = "revocations"

// Indexes returns the indexes that the stores are faster with where servers share
// a database: what was revoked lately is asked for whenever they have lost touch
// with each other.
func Indexes() []documents.Index {
	return []documents.Index{{
		Collection: revocationsCollection, Members: []documents.Order{{Path: documents.Path{"addedAt"}}},
	}}
}

var _ authz.RevocationStore = (*Revocations)(nil)

// Revocations returns the store of revocations.
func (s *Store) Revocations() *Revocations {
	return &Revocations{s.records("authz", revocationsCollection)}
}

// revocationRecord is stored under the hash of its ID, which another issuer may
// have made of whatever characters it liked.
type revocationRecord struct {
	ID        string `json:"id"`
	ExpiresAt int64  `json:"expiresAt"` // Unix milliseconds, rounded up
	AddedAt   int64  `json:"addedAt"`   // Unix milliseconds
}

func (r revocationRecord) revocation() authz.Revocation {
	return authz.Revocation{ID: r.ID, ExpiresAt: time.UnixMilli(r.ExpiresAt).UTC()}
}

func revocationKey(id string) string {
	hash := sha256.Sum256([]byte(id))
	return hex.EncodeToString(hash[:])
}

// Add implements [authz.RevocationStore].
func (v *Revocations) Add(ctx context.Context, r authz.Revocation) error {
	expires := r.ExpiresAt.Add(time.Millisecond - time.Nanosecond).UnixMilli()
	return v.records.put(ctx, revocationKey(r.ID), revocationRecord{r.ID, expires, time.Now().UnixMilli()}, documents.Op{})
}

// Find implements [authz.RevocationStore]. The IDs are looked up at once, because
// a request waits.
func (v *Revocations) Find(ctx context.Context, ids ...string) ([]authz.Revocation, error) {
	records, errs := make([]revocationRecord, len(ids)), make([]error, len(ids))
	var lookups sync.WaitGroup
	for i, id := range ids {
		lookups.Go(func() { _, errs[i] = v.records.get(ctx, revocationKey(id), &records[i]) })
	}
	lookups.Wait()
	var found []authz.Revocation
	for i, err := range errs {
		switch {
		case err == nil:
			found = append(found, records[i].revocation())
		case !errors.Is(err, cpodkit.CodeNotFound):
			return nil, err
		}
	}
	return found, nil
}

// List implements [authz.RevocationStore].
func (v *Revocations) List(ctx context.Context, after, since time.Time) ([]authz.Revocation, error) {
	live, err := atLeast("expiresAt", after.UnixMilli()+1)
	if err != nil {
		return nil, err
	}
	if !since.IsZero() {
		added, err := atLeast("addedAt", since.UnixMilli())
		if err != nil {
			return nil, err
		}
		live = append(live, added...)
	}
	var list []authz.Revocation
	err = v.records.each(ctx, live, func(record documents.Record) error {
		var r revocationRecord
		if err := decode(record, &r); err != nil {
			return err
		}
		list = append(list, r.revocation())
		return nil
	})
	return list, err
}

// atLeast is the condition that a member is a number, and not below the bound.
func atLeast(member string, bound int64) ([]documents.Condition, error) {
	lowest, err := sortKey(bound)
	if err != nil {
		return nil, err
	}
	_, highest := lowest.TypeRange()
	return []documents.Condition{{
		Path: documents.Path{member}, Test: documents.Range, Keys: []documents.SortKey{lowest, highest}, OpenHigh: true,
	}}, nil
}

// matchingDeleter is a driver for which a write with a condition is a round trip,
// but deleting all that pass a filter is one as well. Each document passes when it
// is deleted, and not only before.
type matchingDeleter interface {
	DeleteMatching(ctx context.Context, in documents.CollectionID, filter []documents.Condition) error
}

// Prune implements [authz.RevocationStore].
func (v *Revocations) Prune(ctx context.Context, after time.Time) error {
	key, err := sortKey(after.UnixMilli())
	if err != nil {
		return err
	}
	lowest, _ := key.TypeRange()
	expired := []documents.Condition{{
		Path: documents.Path{"expiresAt"}, Test: documents.Range, Keys: []documents.SortKey{lowest, key},
	}}
	if driver, ok := v.records.driver.(matchingDeleter); ok {
		return driver.DeleteMatching(ctx, v.records.in, expired)
	}
	for {
		page, err := v.records.page(ctx, expired, "", pageSize)
		if err != nil || len(page) == 0 {
			return err
		}
		ops := make([]documents.Op, len(page))
		for i, record := range page {
			ops[i] = documents.Op{Delete: true, Record: documents.Record{Key: record.Key}, IfVersion: record.Version}
		}
		for _, err := range v.records.driver.Apply(ctx, v.records.in, ops) {
			// One that was written anew meanwhile has not expired, and stays.
			if err != nil && !errors.Is(err, cpodkit.CodePreconditionFailed) {
				return err
			}
		}
	}
}
