package localusers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Account is a user as it is kept.
type Account struct {
	ID       string // random; unique over the installation
	TenantID string
	Email    string // as oauth.NormalEmail returns it; unique within the tenant
	Name     string // "" for none
	Disabled bool

	// Password is the hash of the password, with its salt and cost; "" before the user has
	// set one.
	Password string

	// ValidFrom ends the sessions that began before.
	ValidFrom time.Time

	// Link is the digest of the one link that sets a password; zero when there is none.
	Link       LinkDigest
	LinkEndsAt time.Time

	CreatedAt time.Time

	// Version is the store's: it changes with every write.
	Version string
}

// LinkDigest is the SHA-256 of the token in a link.
type LinkDigest [sha256.Size]byte

// String returns the digest in hex.
func (d LinkDigest) String() string { return hex.EncodeToString(d[:]) }

// Store is for stores: it keeps accounts. It is durable, safe for concurrent use, and honours
// ctx. Times are kept to the millisecond. Outcomes that callers act on are errors for which
// errors.Is finds the code that is named; every other error is returned raw. Package
// localuserstest has its suite.
type Store interface {
	// Create stores a new account; [cpodkit.CodeConflict] when the tenant has one with this
	// Email. It ignores Version.
	Create(ctx context.Context, a Account) error

	// Get returns the account with the ID in a tenant, or [cpodkit.CodeNotFound].
	Get(ctx context.Context, tenantID, id string) (Account, error)

	// FindEmail returns the account with the Email in a tenant, or [cpodkit.CodeNotFound].
	FindEmail(ctx context.Context, tenantID, email string) (Account, error)

	// FindLink returns the account with the Link, or [cpodkit.CodeNotFound].
	FindLink(ctx context.Context, link LinkDigest) (Account, error)

	// Update replaces the account that has a.Version; [cpodkit.CodePreconditionFailed] when
	// it has another, or is not there. ID, TenantID and Email stay.
	Update(ctx context.Context, a Account) error

	// Delete removes the account that has a.Version; [cpodkit.CodePreconditionFailed] when
	// it has another, or is not there.
	Delete(ctx context.Context, a Account) error

	// List returns the accounts of a tenant whose ID sorts after the given one, by the bytes
	// of the ID, at most limit of them.
	List(ctx context.Context, tenantID, after string, limit int) ([]Account, error)

	// Count returns how many accounts a tenant has.
	Count(ctx context.Context, tenantID string) (int, error)

	// DeleteTenant removes the accounts of a tenant.
	DeleteTenant(ctx context.Context, tenantID string) error
}
