// Package authzstore keeps revocations in a document driver.
package authzstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// revocationsCollection is where they are.
const revocationsCollection = "revocations"

// Indexes returns the indexes that the store is faster with where servers share
// a database: what was revoked lately is asked for whenever they have lost touch
// with each other.
func Indexes() []documents.Index {
	return []documents.Index{{
		Collection: revocationsCollection, Members: []documents.Order{{Path: documents.Path{"addedAt"}}},
	}}
}

// Revocations keeps the revoked tokens.
type Revocations struct {
	records *docstore.Collection[revocationRecord]
}

var _ authz.RevocationStore = (*Revocations)(nil)

// NewRevocations returns the store of revocations.
func NewRevocations(db *docstore.DB) *Revocations {
	return &Revocations{docstore.NewCollection[revocationRecord](db, "authz", revocationsCollection)}
}

// revocationRecord is stored under the hash of its ID, which another issuer may
// have made of whatever characters it liked.
type revocationRecord struct {
	ID        string `json:"id"`
	TenantID  string `json:"tenantId,omitempty"` // those of before have none
	ExpiresAt int64  `json:"expiresAt"`          // Unix milliseconds, rounded up
	AddedAt   int64  `json:"addedAt"`            // Unix milliseconds
}

func (r revocationRecord) revocation() authz.Revocation {
	return authz.Revocation{ID: r.ID, TenantID: r.TenantID, ExpiresAt: time.UnixMilli(r.ExpiresAt).UTC()}
}

func revocationKey(id string) string {
	hash := sha256.Sum256([]byte(id))
	return hex.EncodeToString(hash[:])
}

// Add implements [authz.RevocationStore].
func (v *Revocations) Add(ctx context.Context, r authz.Revocation) error {
	expires := r.ExpiresAt.Add(time.Millisecond - time.Nanosecond).UnixMilli()
	return v.records.Put(ctx, revocationKey(r.ID), revocationRecord{r.ID, r.TenantID, expires, time.Now().UnixMilli()})
}

// Find implements [authz.RevocationStore]. The IDs are looked up at once, because
// a request waits.
func (v *Revocations) Find(ctx context.Context, ids ...string) ([]authz.Revocation, error) {
	records, errs := make([]docstore.Record[revocationRecord], len(ids)), make([]error, len(ids))
	var lookups sync.WaitGroup
	for i, id := range ids {
		lookups.Go(func() { records[i], errs[i] = v.records.Get(ctx, revocationKey(id)) })
	}
	lookups.Wait()
	var found []authz.Revocation
	for i, err := range errs {
		switch {
		case err == nil:
			found = append(found, records[i].Value.revocation())
		case !errors.Is(err, cpodkit.CodeNotFound):
			return nil, err
		}
	}
	return found, nil
}

// List implements [authz.RevocationStore].
func (v *Revocations) List(ctx context.Context, after, since time.Time) ([]authz.Revocation, error) {
	where := []docstore.Condition{docstore.AtLeast("expiresAt", after.UnixMilli()+1)}
	if !since.IsZero() {
		where = append(where, docstore.AtLeast("addedAt", since.UnixMilli()))
	}
	var list []authz.Revocation
	for r, err := range v.records.All(ctx, where...) {
		if err != nil {
			return nil, err
		}
		list = append(list, r.Value.revocation())
	}
	return list, nil
}

// Prune implements [authz.RevocationStore]. A revocation that is renewed meanwhile
// stays.
func (v *Revocations) Prune(ctx context.Context, after time.Time) error {
	return v.records.DeleteAll(ctx, docstore.AtMost("expiresAt", after.UnixMilli()))
}
