package oauth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

const (
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

	// maxAssertionLife is how far the "exp" of an assertion may lie ahead.
	maxAssertionLife = 5 * time.Minute
)

// readAssertion returns the assertion of a form, by which an app authenticates (RFC 7523
// section 3), and the client_id that it is for, before anything of it is verified. The
// client_id is "" without one.
func readAssertion(form url.Values) (a *authz.ParsedJWT, clientID string, err error) {
	if form.Get("client_assertion") == "" && form.Get("client_assertion_type") == "" {
		return nil, "", nil
	}
	if form.Get("client_assertion_type") != assertionType {
		return nil, "", invalidRequest("The client_assertion_type that is supported is " + assertionType + ".")
	}
	a, err = authz.ParseJWT(form.Get("client_assertion"))
	if err != nil {
		return nil, "", errInvalidClient()
	}
	claims := a.Unverified()
	clientID = claims.Subject
	if clientID == "" || claims.Issuer != clientID {
		return nil, "", errInvalidClient()
	}
	if inForm := form.Get("client_id"); inForm != "" && inForm != clientID {
		return nil, "", invalidRequest("The client_id of the form is not that of the client_assertion.")
	}
	return a, clientID, nil
}

// authenticates reports whether an assertion is one of the app that counts here and now,
// and was not used before.
func (s *Server) authenticates(ctx context.Context, app App, a *authz.ParsedJWT) (bool, error) {
	if app.Type.Public() || app.Deleting || s.grants == nil || len(app.JWKS) == 0 {
		return false, nil
	}
	keys, faults := parseJWKS(app.JWKS, "")
	if len(faults) > 0 {
		return false, nil
	}
	claims, err := a.Verify(ctx, keys, "", "JWT", "client-authentication+jwt")
	if err != nil {
		return false, nil //nolint:nilerr // it does not authenticate; the keys are here
	}
	now := time.Now()
	expires := claims.ExpiresAt
	if !now.Before(expires) || expires.After(now.Add(maxAssertionLife+authz.ClockSkew)) || !begun(claims, now, "iat", "nbf") {
		return false, nil
	}
	if claims.TokenID == "" || !s.isAudience(claims) {
		return false, nil
	}
	used := sha256.Sum256([]byte(app.Instance + "\x00" + claims.TokenID))
	// A replica whose clock is ahead must not forget it before this one stops taking it.
	err = s.grants.UseOnce(ctx, base64.RawURLEncoding.EncodeToString(used[:]), expires.Add(authz.ClockSkew))
	if errors.Is(err, cpodkit.CodeConflict) {
		return false, nil
	}
	return err == nil, backendError(err)
}

// begun reports whether no claim of these names is malformed, or a time to come.
func begun(claims authz.Claims, now time.Time, names ...string) bool {
	return !slices.ContainsFunc(names, func(name string) bool {
		at, ok := claims.Time(name)
		return claims.Value(name) != nil && (!ok || at.After(now.Add(authz.ClockSkew)))
	})
}

// isAudience reports whether the "aud" is this server's issuer or token endpoint, or some
// of both and nothing else: an assertion for another server must not count here.
func (s *Server) isAudience(claims authz.Claims) bool {
	list, ok := claims.Texts("aud")
	return ok && len(list) > 0 && !slices.ContainsFunc(list, func(one string) bool {
		return one != s.issuer && one != s.metadata.TokenEndpoint
	})
}
