package tenantstore

import (
	"context"
	"errors"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore"
)

// Claims settle who of several replicas does what is to be done once.
type Claims struct {
	records *docstore.Collection[claimRecord]
}

// NewClaims returns the store of claims.
func NewClaims(db *docstore.DB) *Claims {
	return &Claims{docstore.NewCollection[claimRecord](db, "claims", "claims")}
}

type claimRecord struct {
	ClaimedAt time.Time `json:"claimedAt"`
}

// Claim reports whether the task of that name is the caller's to do. Of several
// callers at once it is one's. A claim counts until it is as old as staleAfter,
// by the clocks of the callers: one whose holder died passes on.
func (c *Claims) Claim(ctx context.Context, name string, staleAfter time.Duration) (bool, error) {
	now := time.Now().UTC()
	held, err := c.records.Get(ctx, name)
	switch {
	case errors.Is(err, cpodkit.CodeNotFound):
		err = c.records.Create(ctx, name, claimRecord{now})
	case err != nil:
		return false, err
	case now.Sub(held.Value.ClaimedAt) < staleAfter:
		return false, nil
	default:
		err = c.records.Replace(ctx, name, claimRecord{now}, held.Version)
	}
	if errors.Is(err, cpodkit.CodeConflict) || errors.Is(err, cpodkit.CodePreconditionFailed) {
		return false, nil
	}
	return err == nil, err
}
