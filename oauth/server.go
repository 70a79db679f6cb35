package oauth

import (
	"cmp"
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/internal/rest"
	"github.com/cpodkit/cpodkit/internal/seal"
)

// The life of access tokens.
const (
	DefaultTokenTTL = time.Hour
	MaxTokenTTL     = 24 * time.Hour
)

// maxIssuer keeps every token that is made below authz.MaxToken.
const maxIssuer = 512

// Config says what a [Server] works with. What is not said to be optional is
// needed.
type Config struct {
	// Issuer is the public URL of the server, such as https://api.example.com:
	// http or https, without a path. It is the "iss" of all tokens and the base of
	// the endpoints in the metadata; the Host header of a request is never used.
	Issuer string

	// Audience is the "aud" of all tokens; the Issuer when it is empty.
	Audience string

	Apps        AppStore
	Signer      *authz.Signer
	Revocations *authz.Revocations

	// Keys keeps the API keys of apps and the admin keys; what verifies them is made
	// with [LiveKeys]. Optional: without it the server has no calls on keys.
	Keys KeyStore

	// FixedAdminKeys are admin keys that the configuration of the server holds. They
	// are listed, and no call ends them. Optional.
	FixedAdminKeys []authz.APIKey

	// TenantExists says whether there is a tenant for which an administrator of the
	// platform makes or lists admin keys. Optional: without it every name is one.
	TenantExists func(ctx context.Context, tenantID string) (bool, error)

	// AppDeleted drops what others keep of an app that is being deleted, so that a later
	// app of its client id finds none of it. Its tokens and keys have ended by then. With an
	// error the app stays, marked, and the caller may delete it again. Optional.
	AppDeleted func(ctx context.Context, app App) error

	// Origins are read again when an app with allowed origins is registered, changed or
	// deleted. Optional.
	Origins *Origins

	// Verifier checks the tokens that clients ask about or revoke. It accepts
	// those of this server, and honours Revocations.
	Verifier authz.Verifier

	// TokenTTL is how long an access token lives, in whole seconds up to
	// [MaxTokenTTL]; [DefaultTokenTTL] when it is zero.
	TokenTTL time.Duration

	// Grants keeps what users let apps do, and the tokens that come of it. Optional: without
	// it the server gives tokens to apps alone.
	Grants GrantStore

	// SignIn says which user is there. Optional: without it no user can grant anything.
	SignIn SignIn

	// CursorSecret, of at least 16 bytes, seals list cursors and forms of pages, and makes
	// one refresh token of another. Replicas share it. When it is nil the server makes its
	// own, and what it sealed ends with the process.
	CursorSecret []byte

	// Limiter counts what Limits bound. A *ratelimit.Limiter is one; on Redis its
	// limits hold for all replicas together.
	Limiter Limiter

	// Limits bound how often tokens are issued and secrets are tried. Zero fields
	// have defaults.
	Limits Limits

	// Log gets a line for each app that is registered, changed or deleted, each API key
	// that is made or deleted, and each secret that is rotated. Optional.
	Log *slog.Logger
}

// Server is the authorization server. It is safe for concurrent use.
type Server struct {
	ender

	issuer         string
	audience       string
	apps           AppStore
	signer         *authz.Signer
	keys           KeyStore
	fixedAdminKeys []authz.APIKey
	tenantExists   func(ctx context.Context, tenantID string) (bool, error)
	appDeleted     func(ctx context.Context, app App) error
	origins        *Origins
	verifier       authz.Verifier
	signIn         SignIn
	tokenTTL       time.Duration
	cursors        *seal.Box
	forms          *seal.Box
	refreshKey     []byte
	limiter        Limiter
	limits         Limits
	log            *slog.Logger
	metadata       metadata
}

// New returns a Server, or what is wrong with config.
func New(config Config) (*Server, error) {
	if err := checkIssuer(config.Issuer); err != nil {
		return nil, err
	}
	if config.Apps == nil || config.Signer == nil || config.Revocations == nil || config.Verifier == nil || config.Limiter == nil {
		return nil, errors.New("oauth: Apps, Signer, Revocations, Verifier and Limiter are needed")
	}
	if len(config.Audience) > maxIssuer {
		return nil, fmt.Errorf("oauth: the audience has more than %d bytes", maxIssuer)
	}
	ttl := cmp.Or(config.TokenTTL, DefaultTokenTTL)
	if err := checkTTL(ttl); err != nil {
		return nil, err
	}
	secret := config.CursorSecret
	if secret == nil {
		secret = make([]byte, 32)
		rand.Read(secret)
	}
	cursors, err := seal.New(secret, "oauth cursor")
	if err != nil {
		return nil, fmt.Errorf("oauth: cursor secret: %w", err)
	}
	forms, err := seal.New(secret, "oauth form")
	if err != nil {
		return nil, fmt.Errorf("oauth: cursor secret: %w", err)
	}
	refreshKey, err := hkdf.Key(sha256.New, secret, nil, "cpodkit oauth refresh token", secretBytes)
	if err != nil {
		return nil, fmt.Errorf("oauth: cursor secret: %w", err)
	}
	if config.SignIn != nil && config.Grants == nil {
		return nil, errors.New("oauth: SignIn needs Grants")
	}
	limits := config.Limits.orDefault()
	if err := limits.check(); err != nil {
		return nil, err
	}
	return &Server{
		ender:          ender{config.Grants, config.Revocations},
		issuer:         config.Issuer,
		audience:       cmp.Or(config.Audience, config.Issuer),
		apps:           config.Apps,
		signer:         config.Signer,
		keys:           config.Keys,
		fixedAdminKeys: config.FixedAdminKeys,
		tenantExists:   config.TenantExists,
		appDeleted:     config.AppDeleted,
		origins:        config.Origins,
		verifier:       config.Verifier,
		signIn:         config.SignIn,
		tokenTTL:       ttl,
		cursors:        cursors,
		forms:          forms,
		refreshKey:     refreshKey,
		limiter:        config.Limiter,
		limits:         limits,
		log:            cmp.Or(config.Log, slog.New(slog.DiscardHandler)),
		metadata:       newMetadata(config),
	}, nil
}

// checkIssuer keeps to RFC 8414 section 2. A path is refused as well: section 3
// would put the metadata of such an issuer outside of that path.
func checkIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return fmt.Errorf("oauth: the issuer %q is no absolute http or https URL", issuer)
	}
	if u.Scheme+"://"+u.Host != issuer {
		return fmt.Errorf("oauth: the issuer %q must be scheme and host alone, such as https://api.example.com", issuer)
	}
	if len(issuer) > maxIssuer {
		return fmt.Errorf("oauth: the issuer has more than %d bytes", maxIssuer)
	}
	return nil
}

// The names of the routes that authenticate clients themselves. A limit of their
// refusals is put around them by these names.
const (
	TokenRoute      = "issueToken"
	IntrospectRoute = "introspectToken"
	RevokeRoute     = "revokeToken"
)

// Routes returns the calls of the server. Those of OAuth are public and
// authenticate the client themselves.
func (s *Server) Routes() []cpodkit.Route {
	admin := func(name, pattern string, handle rest.Func, parameters ...string) cpodkit.Route {
		return cpodkit.Route{
			Name: name, Pattern: pattern, Scopes: []string{AdminScope, PlatformScope}, Handler: rest.Handler(handle, parameters...),
		}
	}
	client := func(name, pattern string, access cpodkit.Access, handle handlerFunc) cpodkit.Route {
		return cpodkit.Route{Name: name, Pattern: pattern, Access: access, Public: true, Handler: oauthHandler(handle)}
	}
	routes := []cpodkit.Route{
		admin("registerApp", "POST /v1/oauth/apps", s.registerApp),
		admin("listApps", "GET /v1/oauth/apps", s.listApps, "limit", "cursor"),
		admin("getApp", "GET /v1/oauth/apps/{id}", s.getApp),
		admin("updateApp", "PATCH /v1/oauth/apps/{id}", s.updateApp),
		admin("deleteApp", "DELETE /v1/oauth/apps/{id}", s.deleteApp),
		admin("rotateAppSecret", "POST /v1/oauth/apps/{id}/rotate-secret", s.rotateSecret),
		client(TokenRoute, "POST /v1/oauth/token", cpodkit.WritesAfter, s.issueToken),
		client(IntrospectRoute, "POST /v1/oauth/introspect", cpodkit.Reads, s.introspectToken),
		client(RevokeRoute, "POST /v1/oauth/revoke", cpodkit.WritesAfter, s.revokeToken),
		client("getAuthorizationServerMetadata", "GET /.well-known/oauth-authorization-server", cpodkit.Reads, s.getMetadata),
		client("getKeySet", "GET /.well-known/jwks.json", cpodkit.Reads, s.getKeySet),
	}
	if s.grants != nil {
		page := func(name, pattern string, handle handlerFunc) cpodkit.Route {
			return cpodkit.Route{Name: name, Pattern: pattern, Access: cpodkit.WritesAfter, Public: true, Handler: s.page(handle)}
		}
		routes = append(routes,
			page("authorize", "GET "+authorizePath, s.showAuthorization),
			page("decideAuthorization", "POST "+authorizePath, s.decideAuthorization),
			cpodkit.Route{
				Name: "listGrants", Pattern: "GET /v1/oauth/me/grants", Public: true,
				Handler: s.ownGrants(s.listGrants, "limit", "cursor"),
			},
			cpodkit.Route{
				Name: "deleteGrant", Pattern: "DELETE /v1/oauth/me/grants/{clientId}", Access: cpodkit.WritesAfter, Public: true,
				Handler: s.ownGrants(s.deleteGrant),
			})
	}
	if s.keys != nil {
		routes = append(routes,
			admin("createApiKey", "POST /v1/oauth/apps/{id}/keys", s.createKey),
			admin("listApiKeys", "GET /v1/oauth/apps/{id}/keys", s.listKeys, "limit", "cursor"),
			admin("deleteApiKey", "DELETE /v1/oauth/apps/{id}/keys/{keyId}", s.deleteKey),
			admin("createAdminKey", "POST /v1/admin-keys", s.createAdminKey),
			admin("listAdminKeys", "GET /v1/admin-keys", s.listAdminKeys, "limit", "cursor", "tenant"),
			admin("deleteAdminKey", "DELETE /v1/admin-keys/{id}", s.deleteAdminKey))
	}
	return routes
}

// handlerFunc serves a call of OAuth, which ignores what it does not know in the
// query (RFC 6749 section 3.1).
type handlerFunc func(w http.ResponseWriter, r *http.Request) error

func oauthHandler(handle handlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := handle(w, r); err != nil {
			cpodkit.WriteOAuthError(w, r, err)
		}
	})
}

// backendError tells a client that a store failed, and nothing of how.
func backendError(err error) error {
	if errors.Is(err, authz.ErrRevocationsFull) {
		return err // which says what the client can do
	}
	if errors.Is(err, cpodkit.CodeUnavailable) {
		return cpodkit.Errorf(cpodkit.CodeUnavailable, "The server's store does not answer; try again.").WithCause(err)
	}
	return err
}
