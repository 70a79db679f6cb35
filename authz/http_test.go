package authz_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/httpserver"
)

// authServer is a server with the calls of [authz.Service].
type authServer struct {
	http.Handler

	signer      *authz.Signer
	others      keys // of another issuer
	revocations *authz.Revocations
	apiKey      string
}

const otherIssuer = "https://idp.example"

func newAuthServer(t *testing.T, opts ...authz.ServiceOption) *authServer {
	t.Helper()
	s := &authServer{signer: newSigner(t), others: newKeys(t), revocations: openRevocations(t), apiKey: authz.NewAPIKey()}
	tokens := newJWT(t,
		ownIssuer(s.signer, s.revocations),
		authz.Issuer{Issuer: otherIssuer, Audience: audience, Keys: s.others.set(t), Foreign: true, Revocations: s.revocations},
		authz.Issuer{Issuer: "https://down.example", Audience: audience, Keys: brokenKeys{}})
	keys, err := authz.NewAPIKeys(keyStore{authz.DigestOf(s.apiKey): {ID: "k1", TenantID: "t1", AppID: "app-1", Scopes: cpodkit.Scopes{"orders.read"}}})
	must(t, err)
	verifier := authz.Any(keys, tokens)
	service, err := authz.NewService(verifier, opts...)
	must(t, err)
	mux := http.NewServeMux()
	cpodkit.Mount(mux, service.Routes(), cpodkit.WrapProtected(authz.Authenticate(verifier)))
	s.Handler = cpodkit.Chain(mux, httpserver.Record(cpodkit.ServerInfo{ResourceMetadata: "https://api.example/.well-known/oauth-protected-resource"}))
	return s
}

// token returns a token of the server itself.
func (s *authServer) token(t *testing.T, change func(*authz.Claims)) string {
	t.Helper()
	c := newClaims("inst." + rand8())
	c.Scopes = cpodkit.Scopes{"auth.*"}
	if change != nil {
		change(&c)
	}
	return sign(t, s.signer, c)
}

func rand8() string { return authz.NewAPIKey()[5:13] }

// call sends a body as an app with auth.*, and returns the status and the answer.
func (s *authServer) call(t *testing.T, token, path, body string) (int, map[string]any) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var answer map[string]any
	if w.Code != http.StatusNoContent {
		must(t, json.Unmarshal(w.Body.Bytes(), &answer))
	}
	if strings.Contains(w.Body.String(), "10.0.0.1") {
		t.Errorf("the answer tells too much: %s", w.Body)
	}
	return w.Code, answer
}

func bodyOf(members map[string]any) string {
	b, err := json.Marshal(members)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestAuthorize(t *testing.T) {
	t.Parallel()
	s := newAuthServer(t)
	caller := s.token(t, nil)
	orders := s.token(t, func(c *authz.Claims) { c.Scopes = cpodkit.Scopes{"orders.read", "jobs.*"} })
	expired := s.token(t, func(c *authz.Claims) { c.ExpiresAt = time.Now().Add(-time.Hour) })
	f := newForgery(s.others, esKey, authz.ES256)
	f.claims["iss"], f.claims["scope"] = otherIssuer, "orders.read"
	for _, test := range []struct {
		name, token, action, resource string
		allowed                       bool
	}{
		{"a scope that covers", orders, "read", "/api/orders", true},
		{"below v1", orders, "read", "/v1/orders/7", true},
		{"without a prefix", orders, "read", "/orders/7/", true},
		{"with Bearer", "Bearer " + orders, "read", "/api/orders", true},
		{"bearer in another case", "bearer  " + orders, "read", "/api/orders", true},
		{"a wildcard of the token", orders, "write", "/v1/jobs", true},
		{"an encoded key", orders, "read", "/api/orders/a%2Fb%20c", true},
		{"an API key", s.apiKey, "read", "/api/orders", true},
		{"a token of another issuer", f.token(), "read", "/api/orders", true},
		{"another action", orders, "write", "/api/orders", false},
		{"another family", orders, "read", "/api/users", false},
		{"a wildcard as action", orders, "*", "/v1/jobs", false},
		{"a family in two segments", orders, "read", "/api/v1/orders", false},
		{"the prefix alone", orders, "read", "/api", false},
		{"dot segments", orders, "read", "/api/orders/../users", false},
		{"encoded dot segments", orders, "read", "/api/orders/%2e%2E/users", false},
		{"an empty segment", orders, "read", "/api//orders", false},
		{"a query", orders, "read", "/api/orders?x", false},
		{"another form of URL", orders, "read", "https://evil.example/api/orders", false},
		{"a relative path", orders, "read", "api/orders", false},
		{"a backslash", orders, "read", `/api/orders\..\users`, false},
		{"another case", orders, "READ", "/api/orders", false},
		{"no token", "", "read", "/api/orders", false},
		{"a token that is none", "x y", "read", "/api/orders", false},
		{"an expired token", expired, "read", "/api/orders", false},
		{"a token of another tenant", s.token(t, func(c *authz.Claims) { c.TenantID, c.Scopes = "t2", cpodkit.Scopes{"orders.read"} }), "read", "/api/orders", false},
		{"an API key that is not known", authz.NewAPIKey(), "read", "/api/orders", false},
	} {
		code, answer := s.call(t, caller, "/v1/auth/authorize", bodyOf(map[string]any{
			"token": test.token, "action": test.action, "resource": test.resource, "context": map[string]any{"ip": "192.0.2.1"},
		}))
		id, _ := answer["decisionId"].(string)
		claims, _ := answer["claims"].(map[string]any)
		if code != http.StatusOK || answer["allowed"] != test.allowed || answer["reason"] == "" || len(id) < 20 || claims == nil {
			t.Errorf("%s: %d %v", test.name, code, answer)
		}
		if test.allowed && claims["tenantId"] != "t1" {
			t.Errorf("%s: the claims are %v", test.name, claims)
		}
	}
	for _, body := range []string{
		`{}`, `{"token":"x"}`, `{"token":"x","action":"","resource":"/a"}`, `{"token":"x","action":"read","resource":"/a","context":[]}`,
		`{"token":"x","action":"read","resource":"/a","x":1}`, `{"token":1,"action":"read","resource":"/a"}`, `{"action":"read","resource":"/a"}`,
		`{"token":"x","action":"read","resource":"` + strings.Repeat("x", 3000) + `"}`,
	} {
		if code, answer := s.call(t, caller, "/v1/auth/authorize", body); code != http.StatusUnprocessableEntity {
			t.Errorf("%.80s: %d %v", body, code, answer)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	s := newAuthServer(t)
	caller := s.token(t, nil)
	for _, test := range []struct {
		name, token string
		want        cpodkit.Code
	}{
		{"good", s.token(t, nil), ""},
		{"an API key", s.apiKey, ""},
		{"expired", s.token(t, func(c *authz.Claims) { c.ExpiresAt = time.Now().Add(-time.Hour) }), cpodkit.CodeTokenExpired},
		{"of another tenant", s.token(t, func(c *authz.Claims) { c.TenantID = "t2" }), cpodkit.CodeInvalidToken},
		{"malformed", "x", cpodkit.CodeInvalidToken},
		{"too long", strings.Repeat("x", authz.MaxToken+1), cpodkit.CodeInvalidToken},
		{"two tokens", "a b", cpodkit.CodeInvalidToken},
	} {
		code, answer := s.call(t, caller, "/v1/auth/validate", bodyOf(map[string]any{"token": test.token}))
		if code != http.StatusOK || answer["valid"] != (test.want == "") {
			t.Errorf("%s: %d %v", test.name, code, answer)
		}
		if test.want == "" && (answer["claims"] == nil || answer["code"] != nil) || test.want != "" && (answer["code"] != string(test.want) || answer["claims"] != nil || answer["reason"] == "") {
			t.Errorf("%s: %v", test.name, answer)
		}
		if expires, _ := answer["expiresAt"].(string); test.name == "good" && !strings.HasSuffix(expires, ".000Z") {
			t.Errorf("it expires at %q", expires)
		}
	}
	f := newForgery(newKeys(t), esKey, authz.ES256)
	f.claims["iss"] = "https://down.example"
	if code, answer := s.call(t, caller, "/v1/auth/validate", bodyOf(map[string]any{"token": f.token()})); code != http.StatusServiceUnavailable {
		t.Errorf("keys that cannot be fetched: %d %v", code, answer)
	}
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	s := newAuthServer(t)
	caller := s.token(t, nil)
	admin := s.token(t, func(c *authz.Claims) {
		c.AppID, c.ClientID, c.Scopes = "console", "console", cpodkit.Scopes{"auth.write", "admin"}
	})
	f := newForgery(s.others, esKey, authz.ES256)
	f.claims["iss"], f.claims["exp"] = otherIssuer, time.Now().Add(100*time.Hour).Unix()
	delete(f.claims, "jti")
	other := func(c *authz.Claims) { c.AppID, c.ClientID = "app-2", "app-2" }
	for _, test := range []struct {
		name, caller, token string
		status              int
	}{
		{"the caller's app", caller, s.token(t, nil), http.StatusNoContent},
		{"another app", caller, s.token(t, other), http.StatusForbidden},
		{"another app, by an administrator", admin, s.token(t, other), http.StatusNoContent},
		{"another tenant, by an administrator", admin, s.token(t, func(c *authz.Claims) { c.TenantID = "t2" }), http.StatusUnprocessableEntity},
		{"of another issuer", caller, f.token(), http.StatusNoContent},
		{"an API key", caller, s.apiKey, http.StatusUnprocessableEntity},
		{"expired", caller, s.token(t, func(c *authz.Claims) { c.ExpiresAt = time.Now().Add(-time.Hour) }), http.StatusNoContent},
		{"malformed", caller, "x", http.StatusUnprocessableEntity},
		{"itself", caller, caller, http.StatusNoContent},
	} {
		code, answer := s.call(t, test.caller, "/v1/auth/revoke", bodyOf(map[string]any{"token": "Bearer " + test.token, "reason": "a test"}))
		if code != test.status {
			t.Errorf("%s: %d %v", test.name, code, answer)
		}
		if code != http.StatusNoContent || test.name == "expired" {
			continue
		}
		if code, answer := s.call(t, test.token, "/v1/auth/validate", `{"token":"x"}`); code != http.StatusUnauthorized || answer["code"] != "token_revoked" {
			t.Errorf("%s: afterwards it is %d %v", test.name, code, answer)
		}
		if test.caller != caller || test.token == caller {
			continue
		}
		if code, _ := s.call(t, caller, "/v1/auth/revoke", bodyOf(map[string]any{"token": test.token})); code != http.StatusNoContent {
			t.Errorf("%s: once more: %d", test.name, code)
		}
	}
	if code, _ := s.call(t, admin, "/v1/auth/revoke", bodyOf(map[string]any{"token": "x", "reason": strings.Repeat("x", 600)})); code != http.StatusUnprocessableEntity {
		t.Errorf("a long reason: %d", code)
	}
}

// deciding is a Decider that answers what it is told.
type deciding func(q authz.Question) (authz.Decision, error)

func (d deciding) Decide(_ context.Context, q authz.Question) (authz.Decision, error) { return d(q) }

func TestAuthorizeByAnotherDecider(t *testing.T) {
	t.Parallel()
	var got authz.Question
	var fails error
	s := newAuthServer(t, authz.WithDecider(deciding(func(q authz.Question) (authz.Decision, error) {
		got = q
		return authz.Decision{Allowed: true, Reason: "Because.", ID: "d1"}, fails
	})))
	caller := s.token(t, nil)
	body := bodyOf(map[string]any{"token": caller, "action": "fly", "resource": "moon", "context": map[string]any{"a": 1}})
	code, answer := s.call(t, caller, "/v1/auth/authorize", body)
	if code != http.StatusOK || answer["allowed"] != true || answer["decisionId"] != "d1" || got.Action != "fly" || string(got.Context) != `{"a":1}` ||
		got.Claims.ClientID != "app-1" || got.Identity.TenantID != "t1" {
		t.Errorf("%d %v, asked %+v", code, answer, got)
	}
	fails = errDown
	if code, answer := s.call(t, caller, "/v1/auth/authorize", body); code != http.StatusServiceUnavailable {
		t.Errorf("an error is no denial: %d %v", code, answer)
	}
	got = authz.Question{}
	s.call(t, caller, "/v1/auth/authorize", bodyOf(map[string]any{"token": "x", "action": "fly", "resource": "moon"}))
	if got.Action != "" {
		t.Error("the decider was asked about a bad token")
	}
}

// Without a scope the challenge says which one is missing (RFC 6750 section 3.1), and where
// tokens come from (RFC 9728 section 5.1).
func TestAuthServiceNeedsScopes(t *testing.T) {
	t.Parallel()
	s := newAuthServer(t)
	for path, scope := range map[string]string{"authorize": "auth.read", "validate": "auth.read", "revoke": "auth.write"} {
		for _, test := range []struct {
			token  string
			status int
			wants  []string
		}{
			{"Bearer " + s.token(t, func(c *authz.Claims) { c.Scopes = cpodkit.Scopes{"jobs.read"} }), http.StatusForbidden, []string{`error="insufficient_scope"`, `scope="` + scope + `"`}},
			{"", http.StatusUnauthorized, []string{`Bearer realm="`}},
		} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/auth/"+path, strings.NewReader(`{}`))
			r.Header.Set("Authorization", test.token)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			challenge := w.Header().Get("WWW-Authenticate")
			for _, want := range append(test.wants, `resource_metadata="https://api.example/.well-known/oauth-protected-resource"`) {
				if w.Code != test.status || !strings.Contains(challenge, want) {
					t.Errorf("%s: %d with the challenge %s, want %s", path, w.Code, challenge, want)
				}
			}
		}
	}
	if _, err := authz.NewService(nil); err == nil {
		t.Error("a service without a verifier was made")
	}
}

// RFC 9728 section 3.2.
func TestResourceMetadata(t *testing.T) {
	t.Parallel()
	resource := authz.Resource{
		URL: "https://api.example", Scopes: []string{"orders.read"}, Documentation: "https://api.example/docs",
		AuthorizationServers: func() []string { return []string{"https://api.example", otherIssuer} },
	}
	route, err := resource.Route()
	must(t, err)
	mux := http.NewServeMux()
	cpodkit.Mount(mux, []cpodkit.Route{route})
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/.well-known/oauth-protected-resource", nil))
	const want = `{"resource":"https://api.example","authorization_servers":["https://api.example","https://idp.example"],` +
		`"scopes_supported":["orders.read"],"bearer_methods_supported":["header"],"resource_documentation":"https://api.example/docs"}`
	if w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != want || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if resource.MetadataURL() != "https://api.example/.well-known/oauth-protected-resource" {
		t.Errorf("the metadata are at %s", resource.MetadataURL())
	}
	for _, url := range []string{"", "api.example", "https://api.example/", "https://api.example/x", "https://api.example?x", "ftp://api.example", "https://u@api.example"} {
		if _, err := (authz.Resource{URL: url}).Route(); err == nil {
			t.Errorf("the URL %q is accepted", url)
		}
	}
}
