package oauth

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"time"

	"github.com/cpodkit/cpodkit"
)

// AppType says what kind of client an app is (RFC 6749 section 2.1).
type AppType string

// The types. Service and web apps are confidential clients: they have a secret.
// A browser app is a public client: whatever it holds, its users can read.
const (
	ServiceApp AppType = "service"
	WebApp     AppType = "web"
	BrowserApp AppType = "browser"
)

// Public reports whether apps of the type have no secret.
func (t AppType) Public() bool { return t == BrowserApp }

// App is a registered client.
type App struct {
	ClientID       string // unique over the installation
	TenantID       string
	Name           string
	Type           AppType
	DeclaredScopes cpodkit.Scopes // all that its tokens may ever hold
	RedirectURIs   []string
	AllowedOrigins []string
	SecretHash     SecretHash // zero for a public client
	CreatedAt      time.Time  // UTC, whole seconds

	// Instance is random and made at the registration. The app's API keys hold it, so
	// that none of them counts for a later app with the same ClientID.
	Instance string

	// TokenPrefix is random. The "jti" of every token of the app begins with it and a
	// dot, so that one revocation ends them all. It is new when a scope was taken away
	// from the app; until then it is empty, which stands for Instance.
	TokenPrefix string

	// Generation counts the changes that have added scopes, and DeclaredIn has the one that
	// added a scope; those of the registration are not in it. What a user granted in an
	// earlier generation does not count for the scope.
	Generation int64
	DeclaredIn map[string]int64

	// JWKS is the JSON of the public keys with which the app may authenticate (RFC 7523);
	// nil when it has none.
	JWKS []byte

	// Deleting is set when the deletion has begun. The API keys of the app are refused
	// from then on, also when the deletion was not finished.
	Deleting bool

	// Version is the store's: it changes with every write.
	Version string
}

// tokens is the revocation of all tokens that the app was given so far.
func (a App) tokens() string { return cmp.Or(a.TokenPrefix, a.Instance) + "." }

// stillGranted returns what is left of the scopes that a user granted in a generation.
func (a App) stillGranted(scopes cpodkit.Scopes, generation int64) cpodkit.Scopes {
	var declared cpodkit.Scopes
	for _, scope := range a.DeclaredScopes {
		if a.DeclaredIn[scope] <= generation {
			declared = append(declared, scope)
		}
	}
	return narrowed(scopes, declared)
}

// SecretHash is the SHA-256 of a client secret. Nothing slower is needed: a
// secret has 256 random bits, which nobody can guess.
type SecretHash [sha256.Size]byte

const secretPrefix = "cs_"

func newSecret() (secret string, hash SecretHash) {
	random := make([]byte, 32)
	rand.Read(random)
	secret = secretPrefix + base64.RawURLEncoding.EncodeToString(random)
	return secret, sha256.Sum256([]byte(secret))
}

// matches compares in constant time. The zero hash matches nothing.
func (h SecretHash) matches(secret string) bool {
	given := sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(h[:], given[:]) == 1
}

// AppStore is for stores: it keeps apps. It is durable, safe for concurrent use,
// and honours ctx. Outcomes that callers act on are errors for which errors.Is
// finds the code that is named; every other error is returned raw. Package
// oauthtest is its suite.
type AppStore interface {
	// Create stores a new app; [cpodkit.CodeConflict] when the ClientID is taken,
	// in whatever tenant. It ignores app.Version.
	Create(ctx context.Context, app App) error

	// Get returns an app, or [cpodkit.CodeNotFound].
	Get(ctx context.Context, clientID string) (App, error)

	// Update replaces the app that has app.Version;
	// [cpodkit.CodePreconditionFailed] when it has another, or is not there.
	Update(ctx context.Context, app App) error

	// Delete removes the app that has app.Version;
	// [cpodkit.CodePreconditionFailed] when it has another, or is not there.
	Delete(ctx context.Context, app App) error

	// List returns the apps of a tenant whose ClientID sorts after the given one,
	// by the bytes of the ClientID, at most limit of them.
	List(ctx context.Context, tenantID, after string, limit int) ([]App, error)

	// ListAll is List over all tenants.
	ListAll(ctx context.Context, after string, limit int) ([]App, error)
}
