package docstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// Revocations keeps the revoked tokens.
type Revocations struct{ records records }

var _ authz.RevocationStore = (*Revocations)(nil)

// Revocations returns the store of revocations.
func (s *Store) Revocations() *Revocations {
	return &Revocations{s.records("authz", "revocations")}
}

// revocationRecord is stored under the hash of its ID, which another issuer may
// have made of whatever characters it liked.
type revocationRecord struct {
	ID        string `json:"id"`
	ExpiresAt int64  `json:"expiresAt"` // Unix milliseconds, rounded up
}

// Add implements [authz.RevocationStore].
func (v *Revocations) Add(ctx context.Context, r authz.Revocation) error {
	key := sha256.Sum256([]byte(r.ID))
	expires := r.ExpiresAt.Add(time.Millisecond - time.Nanosecond).UnixMilli()
	return v.records.put(ctx, hex.EncodeToString(key[:]), revocationRecord{r.ID, expires}, documents.Op{})
}

// List implements [authz.RevocationStore].
func (v *Revocations) List(ctx context.Context, after time.Time) ([]authz.Revocation, error) {
	key, err := sortKey(after.UnixMilli())
	if err != nil {
		return nil, err
	}
	_, highest := key.TypeRange()
	live := []documents.Condition{{
		Path: documents.Path{"expiresAt"}, Test: documents.Range,
		Keys: []documents.SortKey{key, highest}, OpenLow: true, OpenHigh: true,
	}}
	var list []authz.Revocation
	err = v.records.each(ctx, live, func(record documents.Record) error {
		var r revocationRecord
		if err := decode(record, &r); err != nil {
			return err
		}
		list = append(list, authz.Revocation{ID: r.ID, ExpiresAt: time.UnixMilli(r.ExpiresAt).UTC()})
		return nil
	})
	return list, err
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
