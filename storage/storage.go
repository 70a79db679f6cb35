// Package storage says once, for files, documents and kv, where data lives and
// who may reach it: the tiers, their scopes, the one function that builds a
// storage path ([Caller.Authorize]), and what a key may look like.
package storage

// Tier says who can read data. It does not choose the store.
type Tier string

// The tiers.
const (
	Private Tier = "private" // the app alone
	User    Tier = "user"    // the token's user, in every app
	Shared  Tier = "shared"  // every app of the tenant
)

// Valid reports whether t is one of the tiers.
func (t Tier) Valid() bool { return t == Private || t == User || t == Shared }

// Action is what a scope permits in a tier.
type Action string

// The actions.
const (
	Read  Action = "read"
	Write Action = "write"
)

// Scope returns the scope that an action in the tier needs, such as
// "storage.private.read".
func (t Tier) Scope(a Action) string { return "storage." + string(t) + "." + string(a) }

// Owner is whose data trusted code reaches, such as a cron job: the Trusted method
// of a store takes it. The private tier needs TenantID and AppID, the user tier also
// UserID, the shared tier TenantID alone. Never build an Owner from what a client
// sent: no scope limits it.
type Owner struct {
	TenantID string
	AppID    string
	UserID   string
}
