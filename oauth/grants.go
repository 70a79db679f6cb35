package oauth

import (
	"context"
	"time"

	"github.com/cpodkit/cpodkit"
)

// Grant is what a user lets an app do. A user has one for each app.
type Grant struct {
	ID       string // random; a grant that is given anew after its removal has another one
	TenantID string
	UserID   string
	ClientID string
	Instance string // of the app, see [App]
	Scopes   cpodkit.Scopes

	Generation int64 // of the app, see [App], when the user was asked last

	CreatedAt time.Time // UTC, whole milliseconds, as all times here
	UpdatedAt time.Time // when the user was asked last

	// Version is the store's: it changes with every write. It is empty for a grant that
	// is not stored.
	Version string
}

// Family is the tokens that come of one sign-in to an app: an authorization code, then
// refresh tokens one after another, and access tokens beside them. It ends as a whole.
type Family struct {
	ID       string
	TenantID string
	UserID   string
	ClientID string
	Instance string         // of the app, see [App]
	GrantID  string         // of the user's [Grant]; empty for an exchanged token
	Scopes   cpodkit.Scopes // all that its tokens may hold

	Generation int64 // of the app, see [App], when the code was given

	AuthTime  time.Time // when the user signed in
	SessionID string    // in which the user was asked

	// Code is the hash of the code. Until it is redeemed, RedirectURI and Challenge say
	// what must come with it.
	Code        SecretHash
	RedirectURI string
	Challenge   string
	Redeemed    bool

	// Refresh is the hash of the refresh token that is current, Previous that of the one
	// before it, and RotatedAt when it took the place of that.
	Refresh   SecretHash
	Previous  SecretHash
	RotatedAt time.Time

	// Tokens are the access tokens that may not have expired.
	Tokens []IssuedToken

	CreatedAt time.Time // UTC, whole milliseconds
	ExpiresAt time.Time // of the code, and then of the refresh token or the last access token

	// Version is the store's: it changes with every write.
	Version string
}

// IssuedToken names an access token.
type IssuedToken struct {
	ID        string    `json:"id"` // its "jti"
	ExpiresAt time.Time `json:"expiresAt"`
}

// GrantFilter says which grants and families are meant: those that have each value that
// is not empty. One value at least is needed.
type GrantFilter struct {
	TenantID string
	UserID   string
	ClientID string
	Instance string
}

// GrantStore is for stores: it keeps the grants of users, the families of tokens that
// come of them, and which assertions of clients were used. Errors are those of
// [AppStore]. Package oauthtest has its suite.
type GrantStore interface { //nolint:interfacebloat // two kinds of records that end together
	// Grant returns the grant of a user to an app, or [cpodkit.CodeNotFound].
	Grant(ctx context.Context, tenantID, userID, clientID string) (Grant, error)

	// PutGrant stores a grant: a new one when its Version is empty, else over the one
	// that has the Version. The error is [cpodkit.CodePreconditionFailed] when there is
	// one already, or it has another Version, or is not there.
	PutGrant(ctx context.Context, grant Grant) error

	// DeleteGrant removes the grant of a user to an app. To have none is no error.
	DeleteGrant(ctx context.Context, tenantID, userID, clientID string) error

	// ListGrants returns the grants of a user whose ClientID sorts after the given one,
	// by the bytes of the ClientID, at most limit of them.
	ListGrants(ctx context.Context, tenantID, userID, after string, limit int) ([]Grant, error)

	// CreateFamily stores a new family; [cpodkit.CodeConflict] when its ID is taken. It
	// ignores family.Version.
	CreateFamily(ctx context.Context, family Family) error

	// Family returns a family, or [cpodkit.CodeNotFound].
	Family(ctx context.Context, id string) (Family, error)

	// UpdateFamily replaces the family that has family.Version;
	// [cpodkit.CodePreconditionFailed] when it has another, or is not there.
	UpdateFamily(ctx context.Context, family Family) error

	// DeleteFamily removes the family that has family.Version;
	// [cpodkit.CodePreconditionFailed] when it has another, or is not there.
	DeleteFamily(ctx context.Context, family Family) error

	// ListFamilies returns the families that pass the filter and whose ID sorts after
	// the given one, by the bytes of the ID, at most limit of them.
	ListFamilies(ctx context.Context, filter GrantFilter, after string, limit int) ([]Family, error)

	// DeleteAll removes the grants and families that pass the filter.
	DeleteAll(ctx context.Context, filter GrantFilter) error

	// UseOnce notes that the assertion with the id was used; [cpodkit.CodeConflict] when
	// it was before. It may forget the id after until.
	UseOnce(ctx context.Context, id string, until time.Time) error

	// Prune removes the families and the ids of assertions that have expired by now.
	Prune(ctx context.Context, now time.Time) error
}
