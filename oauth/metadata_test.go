package oauth_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/oauth"
)

// RFC 8414 section 2: the metadata says what is supported, and each endpoint
// that it names answers.
func TestMetadata(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	w := f.call(http.MethodGet, "/.well-known/oauth-authorization-server", "", "")
	if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Cache-Control"), "max-age") {
		t.Fatalf("got %d, headers %v", w.Code, w.Header())
	}
	got := webtest.Decode[map[string]any](f, w)
	methods := []any{"client_secret_basic", "client_secret_post"}
	want := map[string]any{
		"issuer":                 issuer,
		"token_endpoint":         issuer + "/v1/oauth/token",
		"jwks_uri":               issuer + "/.well-known/jwks.json",
		"introspection_endpoint": issuer + "/v1/oauth/introspect",
		"revocation_endpoint":    issuer + "/v1/oauth/revoke",
		"introspection_endpoint_auth_methods_supported": methods,
		"revocation_endpoint_auth_methods_supported":    methods,
		"token_endpoint_auth_methods_supported":         methods,
		"grant_types_supported":                         []any{"client_credentials"},
		"response_types_supported":                      []any{},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for name, endpoint := range got {
		if !strings.HasSuffix(name, "_endpoint") {
			continue
		}
		path := strings.TrimPrefix(endpoint.(string), issuer)
		if w := f.serve(f.form(path)); w.Code == http.StatusNotFound || w.Code == http.StatusMethodNotAllowed {
			t.Errorf("%s answers %d", name, w.Code)
		}
	}
}

// RFC 7517 section 5.
func TestKeySet(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	w := f.call(http.MethodGet, "/.well-known/jwks.json", "", "")
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" ||
		!strings.Contains(w.Header().Get("Cache-Control"), "max-age") {
		t.Fatalf("got %d, headers %v", w.Code, w.Header())
	}
	set := webtest.Decode[struct{ Keys []map[string]string }](f, w)
	if len(set.Keys) != 1 || set.Keys[0]["kid"] != "k1" || set.Keys[0]["d"] != "" {
		t.Errorf("the set is %v", set)
	}
}

// A server that signs users in says what their apps need to know.
func TestMetadataOfFlows(t *testing.T) {
	t.Parallel()
	get := func(f *flow) map[string]any {
		return webtest.Decode[map[string]any](f, f.call(http.MethodGet, "/.well-known/oauth-authorization-server", "", ""))
	}
	got := get(newFlow(t))
	const exchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	for name, want := range map[string]any{
		"authorization_endpoint":                         issuer + "/oauth/authorize",
		"response_types_supported":                       []any{"code"},
		"response_modes_supported":                       []any{"query"},
		"code_challenge_methods_supported":               []any{"S256"},
		"authorization_response_iss_parameter_supported": true,
		"grant_types_supported":                          []any{"client_credentials", exchange, "authorization_code", "refresh_token"},
		"token_endpoint_auth_methods_supported":          []any{"client_secret_basic", "client_secret_post", "private_key_jwt", "none"},
		"revocation_endpoint_auth_methods_supported":     []any{"client_secret_basic", "client_secret_post", "private_key_jwt", "none"},
		"introspection_endpoint_auth_methods_supported":  []any{"client_secret_basic", "client_secret_post", "private_key_jwt"},
		"token_endpoint_auth_signing_alg_values_supported": []any{
			"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
		},
	} {
		if !reflect.DeepEqual(got[name], want) {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	without := get(newFlow(t, func(c *oauth.Config) { c.SignIn = nil }))
	if without["authorization_endpoint"] != nil || !reflect.DeepEqual(without["grant_types_supported"], []any{"client_credentials", exchange}) {
		t.Errorf("without sign-in: %v", without)
	}
}

// A browser app ends its own tokens by having them (RFC 7009 section 2.1), and no others.
func TestBrowserAppRevokes(t *testing.T) {
	t.Parallel()
	f := newFlow(t, func(c *oauth.Config) { c.Limits.Failures = 3 })
	c, other := f.app("spa", "browser", "orders.read"), f.app("other", "browser", "orders.read")
	revoke := func(c client, token string) string {
		return outcome(f.serve(f.form("/v1/oauth/revoke", "client_id", c.id, "token", token)))
	}
	first, second := f.signInTo(c), f.signInTo(c)
	if got := revoke(other, first.RefreshToken); got != "200" {
		t.Errorf("of another app: %q", got)
	}
	f.wantPing(first.AccessToken, "")
	if got := revoke(c, first.RefreshToken); got != "200" {
		t.Errorf("the refresh token: %q", got)
	}
	f.wantPing(first.AccessToken, cpodkit.CodeTokenRevoked)
	if got := outcome(f.refresh(c, first.RefreshToken)); got != "400 invalid_grant" {
		t.Errorf("the refresh token works: %q", got)
	}
	if got := revoke(c, second.AccessToken); got != "200" {
		t.Errorf("the access token: %q", got)
	}
	f.wantPing(second.AccessToken, cpodkit.CodeTokenRevoked)
	for _, want := range []string{"200", "200", "429 temporarily_unavailable"} { // one attempt was above
		if got := revoke(other, "rt_x"); got != want {
			t.Errorf("a token that is none: %q, want %q", got, want)
		}
	}
	f.tokens(f.refresh(c, f.signInTo(c).RefreshToken)) // for which none of this counts
}
