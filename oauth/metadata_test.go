package oauth_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/internal/webtest"
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
