package docstore

import (
	"context"
	"errors"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// Claims settle who of several replicas does what is to be done once.
type Claims struct{ records records }

// Claims returns the store of claims.
func (s *Store) Claims() *Claims { return &Claims{s.records("claims", "claims")} }

type claimRecord struct {
	ClaimedAt time.Time `json:"claimedAt"`
}

// Claim reports whether the task of that name is the caller's to do. Of several
// callers at once it is one's. A claim counts until it is as old as staleAfter,
// by the clocks of the callers: one whose holder died passes on.
func (c *Claims) Claim(ctx context.Context, name string, staleAfter time.Duration) (bool, error) {
	now := time.Now().UTC()
	var held claimRecord
	version, err := c.records.get(ctx, name, &held)
	switch {
	case errors.Is(err, cpodkit.CodeNotFound):
		err = c.records.put(ctx, name, claimRecord{now}, documents.Op{IfAbsent: true})
	case err != nil:
		return false, err
	case now.Sub(held.ClaimedAt) < staleAfter:
		return false, nil
	default:
		err = c.records.replace(ctx, name, claimRecord{now}, version)
	}
	if errors.Is(err, cpodkit.CodePreconditionFailed) {
		return false, nil
	}
	return err == nil, err
}
