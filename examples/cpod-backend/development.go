package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/internal/loopback"
	"github.com/cpodkit/cpodkit/oauth"
)

const (
	environmentVariable = "CORESDK_ENV"

	// notVerifiedWarning is in the log, in what a start prints and behind /readyz.
	notVerifiedWarning = "tokens are NOT verified, because CORESDK_ENV is development: every program on this machine is app dev of tenant default"

	developmentApp = "dev"
	developmentTTL = time.Hour // of signed URLs and the like that an identity bounds
)

// readEnvironment reports whether tokens are not verified.
func readEnvironment(s *settings) (isDevelopment bool) {
	switch s.get(environmentVariable, "production", "`production`, or `development`: tokens are not verified, and the listener is on loopback") {
	case "production":
	case "development": // isDevelopment reads it, too
		s.warn(environmentVariable, notVerifiedWarning)
		return true
	default:
		s.fail(environmentVariable, "want production or development")
	}
	return false
}

// checkDevelopment refuses what lets others reach a server that verifies no tokens.
func (b *base) checkDevelopment(s *settings, host string) {
	if !loopback.Is(host) {
		s.fail(environmentVariable, "development verifies no tokens: CPOD_LISTEN must be on loopback, such as localhost:8000, or unset")
	}
	if u, err := url.Parse(b.publicURL); b.publicURL != "" && (err != nil || !loopback.Is(u.Hostname())) {
		s.fail(environmentVariable, "development verifies no tokens: CPOD_PUBLIC_URL must be on loopback, or unset")
	}
	if source := s.env["CPOD_CLIENT_ADDRESS"]; source != "" && source != "peer" {
		s.fail(environmentVariable, "development verifies no tokens: it is not for a server behind a proxy, so unset CPOD_CLIENT_ADDRESS")
	}
	if s.env["CPOD_CORS_ORIGINS"] == "*" {
		s.fail(environmentVariable, "development verifies no tokens: with CPOD_CORS_ORIGINS=* every page that a browser here shows could call the server, so list the origins")
	}
}

// unverified accepts each token. One that v accepts, or that has been good, counts as what
// it is, and so does everything that looks like an API key. Any other token is app "dev" of
// the first tenant.
func unverified(v authz.Verifier) authz.Verifier {
	return authz.VerifierFunc(func(ctx context.Context, token string) (cpodkit.Identity, error) {
		id, err := v.Verify(ctx, token)
		if !errors.Is(err, cpodkit.CodeInvalidToken) || strings.HasPrefix(token, authz.APIKeyPrefix) {
			return id, err
		}
		now := time.Now()
		return cpodkit.Identity{
			TenantID: defaultTenant, AppID: developmentApp, Scopes: scopesOfApps(),
			TokenID: environmentVariable, IssuedAt: now, ExpiresAt: now.Add(developmentTTL),
		}, nil
	})
}

// isDevelopment reports what [readEnvironment] has found.
func isDevelopment(s *settings) bool { return s.env[environmentVariable] == "development" }

// scopesOfApps are all scopes except those of administrators.
func scopesOfApps() cpodkit.Scopes {
	var scopes cpodkit.Scopes
	for _, scope := range oauth.KnownScopes() {
		if scope != oauth.AdminScope && scope != oauth.PlatformScope {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

// onThisMachine refuses requests of other machines, and those for another host: a page that
// a browser on this machine shows could otherwise reach the server by a name of its own
// that it has turned to 127.0.0.1.
func onThisMachine(cpodkit.Route) cpodkit.Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !loopback.Is(hostOf(r.RemoteAddr)) || !loopback.Is(hostOf(r.Host)) {
				cpodkit.WriteError(w, r, cpodkit.Errorf(cpodkit.CodeForbidden, "In development this server serves its own machine alone, as localhost."))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// hostOf returns the host of an address, without a port and without brackets.
func hostOf(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return strings.TrimSuffix(strings.TrimPrefix(address, "["), "]")
}

// notVerified is why /readyz says degraded.
func notVerified(context.Context) error { return errors.New(notVerifiedWarning) }

// mustBeLoopback is the last check of a listener that serves in development.
func mustBeLoopback(ln net.Listener) error {
	if !loopback.Is(hostOf(ln.Addr().String())) {
		return errors.New(environmentVariable + ": development verifies no tokens, and " + ln.Addr().String() + " is not on loopback")
	}
	return nil
}
