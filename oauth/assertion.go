package oauth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/internal/strictjson"
)

const (
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

	// maxAssertionLife is how far the "exp" of an assertion may lie ahead.
	maxAssertionLife = 5 * time.Minute
)

// assertion is a JWT by which an app authenticates (RFC 7523 section 3), not verified.
type assertion struct {
	header, claims    map[string]any
	signed, signature []byte
}

// parseAssertion takes a JWT apart. Each of its objects has each member once.
func parseAssertion(token string) (assertion, bool) {
	parts := strings.Split(token, ".")
	if len(token) > authz.MaxToken || len(parts) != 3 || strings.ContainsAny(token, "\r\n") {
		return assertion{}, false
	}
	a := assertion{signed: []byte(parts[0] + "." + parts[1]), signature: decoded(parts[2])}
	for i, into := range []*map[string]any{&a.header, &a.claims} {
		data, err := base64.RawURLEncoding.Strict().DecodeString(parts[i])
		if err != nil {
			return assertion{}, false
		}
		if faults, err := strictjson.Unmarshal(data, into); err != nil || len(faults) > 0 || *into == nil {
			return assertion{}, false
		}
	}
	return a, true
}

func (a assertion) text(name string) string {
	text, _ := a.claims[name].(string)
	return text
}

// date returns a NumericDate. ok is false when it is missing or malformed.
func (a assertion) date(name string) (at time.Time, ok bool) {
	number, ok := a.claims[name].(json.Number)
	if !ok {
		return time.Time{}, false
	}
	seconds, err := number.Float64()
	if err != nil || seconds < 0 || seconds > math.MaxInt32*100 {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0), true
}

// readAssertion returns the client_id that the assertion of a form is for, before anything
// of it is verified. It is "" without one.
func readAssertion(form url.Values) (a assertion, clientID string, err error) {
	if form.Get("client_assertion") == "" && form.Get("client_assertion_type") == "" {
		return assertion{}, "", nil
	}
	if form.Get("client_assertion_type") != assertionType {
		return assertion{}, "", invalidRequest("The client_assertion_type that is supported is " + assertionType + ".")
	}
	a, ok := parseAssertion(form.Get("client_assertion"))
	clientID = a.text("sub")
	if !ok || clientID == "" || a.text("iss") != clientID {
		return assertion{}, "", errInvalidClient()
	}
	if inForm := form.Get("client_id"); inForm != "" && inForm != clientID {
		return assertion{}, "", invalidRequest("The client_id of the form is not that of the client_assertion.")
	}
	return a, clientID, nil
}

// authenticates reports whether an assertion is one of the app that counts here and now,
// and was not used before.
func (s *Server) authenticates(ctx context.Context, app App, a assertion) (bool, error) {
	if app.Type.Public() || app.Deleting || s.grants == nil || !app.signs(a) {
		return false, nil
	}
	now := time.Now()
	expires, ok := a.date("exp")
	if !ok || !now.Before(expires) || expires.After(now.Add(maxAssertionLife+authz.ClockSkew)) {
		return false, nil
	}
	for _, name := range []string{"iat", "nbf"} {
		at, ok := a.date(name)
		if _, there := a.claims[name]; there && (!ok || at.After(now.Add(authz.ClockSkew))) {
			return false, nil
		}
	}
	id := a.text("jti")
	if id == "" || !s.isAudience(a.claims["aud"]) {
		return false, nil
	}
	used := sha256.Sum256([]byte(app.Instance + "\x00" + id))
	err := s.grants.UseOnce(ctx, base64.RawURLEncoding.EncodeToString(used[:]), expires)
	if errors.Is(err, cpodkit.CodeConflict) {
		return false, nil
	}
	return err == nil, backendError(err)
}

// signs reports whether an assertion is signed with a key of the app. The key decides on
// the algorithm, and the header on nothing but which key it is.
func (a App) signs(assertion assertion) bool {
	if len(a.JWKS) == 0 {
		return false
	}
	keys, _ := parseJWKS(a.JWKS, "")
	id, named := assertion.header["kid"]
	if !named && len(keys) > 1 {
		return false
	}
	if _, critical := assertion.header["crit"]; critical {
		return false
	}
	return slices.ContainsFunc(keys, func(k clientKey) bool {
		return (!named || id == k.id) && assertion.header["alg"] == k.algorithm && k.verifies(assertion.signed, assertion.signature)
	})
}

// isAudience reports whether an "aud" is this server's issuer or token endpoint, or some
// of both and nothing else: an assertion for another server must not count here.
func (s *Server) isAudience(aud any) bool {
	isOurs := func(one any) bool { return one == s.issuer || one == s.metadata.TokenEndpoint }
	list, ok := aud.([]any)
	if !ok {
		return isOurs(aud)
	}
	return len(list) > 0 && !slices.ContainsFunc(list, func(one any) bool { return !isOurs(one) })
}
