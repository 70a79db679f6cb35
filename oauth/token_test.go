package oauth_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/oauth"
)

func TestTokenIsAnRFC9068AccessToken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.register(adminT1, "app-1", "storage.private.read", "jobs.*")
	w := f.serve(f.tokenRequest(c))
	if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Pragma") != "no-cache" {
		t.Fatalf("RFC 6749 5.1: got %d, headers %v", w.Code, w.Header())
	}
	answer := webtest.Decode[tokenAnswer](f, w)
	if answer.TokenType != "Bearer" || answer.ExpiresIn != 3600 || answer.Scope != "storage.private.read jobs.*" {
		t.Errorf("the answer is %+v", answer)
	}
	f.wantPing(answer.AccessToken, "")
	claims := claimsOf(f, answer.AccessToken)
	for name, want := range map[string]any{
		"iss": issuer, "aud": issuer, "sub": "app-1", "client_id": "app-1", "appId": "app-1", "tenantId": "t1",
		"scope": "storage.private.read jobs.*", "userId": nil,
	} {
		if claims[name] != want {
			t.Errorf("the claim %s is %v, want %v", name, claims[name], want)
		}
	}
	if life := claims["exp"].(float64) - claims["iat"].(float64); life != 3600 {
		t.Errorf("the token lives %v s", life)
	}
	if jti := claims["jti"].(string); claimsOf(f, f.token(c))["jti"] == jti || len(jti) < 26 {
		t.Errorf("two tokens have the jti %q", jti)
	}
}

func TestTokenRequests(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *oauth.Config) { c.Limits.Failures = 1000 })
	c := f.register(adminT1, "app-1", "storage.private.read", "jobs.*")
	f.registerAs(adminT1, "spa", "browser", "storage.private.read")
	other := f.register(adminT1, "app-2")
	grant := []string{"grant_type", "client_credentials"}
	inForm := []string{"client_id", c.id, "client_secret", c.secret}
	basic := func(id, secret string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth(id, secret) }
	}
	own := basic(c.id, c.secret)
	const all = "storage.private.read jobs.*" // that app-1 declares
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	query := func(raw string) func(*http.Request) {
		return func(r *http.Request) { r.URL.RawQuery = raw }
	}

	for _, test := range []struct {
		name   string
		params []string
		bend   func(*http.Request)
		status int
		want   string // the error, or the granted scope
	}{
		{"RFC 6749 2.3.1: secret in HTTP Basic", grant, own, 200, all},
		{"RFC 6749 2.3.1: secret in the body", append(inForm, grant...), nil, 200, all},
		{"RFC 6749 2.3.1: Basic is form-encoded", grant, basic("app%2D1", c.secret), 200, all},
		{"RFC 7617 2: Basic in another case", grant, func(r *http.Request) {
			r.Header.Set("Authorization", "basic "+base64.StdEncoding.EncodeToString([]byte(c.id+":"+c.secret)))
		}, 200, all},
		{"client_id repeated in the form beside Basic", append(grant, "client_id", c.id), own, 200, all},
		{"RFC 6749 3.2: unknown parameters are ignored", append(grant, "resource", "x"), own, 200, all},
		{"RFC 6749 3.1: and so are those of the query", append(inForm, grant...), query("x=1&y"), 200, all},
		{"RFC 6749 3.2: an empty parameter counts as absent", append(grant, "scope", "", "client_secret", ""), own, 200, all},
		{"RFC 6749 3.3: fewer scopes", append(grant, "scope", "storage.private.read"), own, 200, "storage.private.read"},
		{"a scope below a declared wildcard", append(grant, "scope", "jobs.read jobs.write"), own, 200, "jobs.read jobs.write"},
		{"a scope twice", append(grant, "scope", "jobs.read jobs.read"), own, 200, "jobs.read"},
		{"the media type with a charset", grant, func(r *http.Request) {
			r.SetBasicAuth(c.id, c.secret)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
		}, 200, all},

		{"RFC 6749 2.3: two ways of authentication", append(inForm, grant...), own, 400, "invalid_request"},
		{"RFC 6749 3.2: a parameter twice", append(append(grant, grant...), inForm...), nil, 400, "invalid_request"},
		{"RFC 6749 3.2: a credential twice", append(append(inForm, inForm...), grant...), nil, 400, "invalid_request"},
		{"another client_id in form and Basic", append(grant, "client_id", other.id), own, 400, "invalid_request"},
		{"two Authorization headers", grant, func(r *http.Request) {
			r.SetBasicAuth(c.id, c.secret)
			r.Header.Add("Authorization", "Bearer x")
		}, 400, "invalid_request"},
		{"RFC 6749 5.2: grant_type missing", inForm, nil, 400, "invalid_request"},
		{"RFC 6749 3.2: grant_type empty", append(inForm, "grant_type", ""), nil, 400, "invalid_request"},
		{"a body that is not a form", inForm, header("Content-Type", "application/json"), 415, "invalid_request"},
		{"no media type", inForm, header("Content-Type", ""), 415, "invalid_request"},
		{"a media type that is broken", inForm, header("Content-Type", "application/x-www-form-urlencoded; ="), 415, "invalid_request"},
		{"RFC 6749 2.3.1: credentials in the query", append(inForm, grant...), func(r *http.Request) {
			r.URL.RawQuery = "client_id=" + c.id
		}, 400, "invalid_request"},
		{"a secret in the query", append(inForm, grant...), query("client_secret=x"), 400, "invalid_request"},
		{"RFC 6749 3.1: a parameter of the query twice", append(inForm, grant...), query("x=1&x=1"), 400, "invalid_request"},
		{"a broken query", append(inForm, grant...), query("x=%zz"), 400, "invalid_request"},
		{"a form that is too large", append(append(inForm, grant...), "filler", strings.Repeat("x", 64<<10)), nil, 413, "invalid_request"},

		{"RFC 6749 5.2: an unknown grant", append(inForm, "grant_type", "password"), nil, 400, "unsupported_grant_type"},
		{"a grant of later", append(inForm, "grant_type", "authorization_code"), nil, 400, "unsupported_grant_type"},
		{"a grant in another case", append(inForm, "grant_type", "Client_Credentials"), nil, 400, "unsupported_grant_type"},

		{"RFC 6749 5.2: no client", grant, nil, 401, "invalid_client"},
		{"an unknown client", grant, basic("nobody", c.secret), 401, "invalid_client"},
		{"an impossible client_id", grant, basic("../app-1", c.secret), 401, "invalid_client"},
		{"a wrong secret", grant, basic(c.id, c.secret+"x"), 401, "invalid_client"},
		{"no secret", append(grant, "client_id", c.id), nil, 401, "invalid_client"},
		{"an empty secret", grant, basic(c.id, ""), 401, "invalid_client"},
		{"the secret of another client", grant, basic(c.id, other.secret), 401, "invalid_client"},
		{"the hash of the secret is no secret", grant, basic(c.id, strings.Repeat("\x00", 32)), 401, "invalid_client"},
		{"a bearer token as authentication", append(inForm[:2:2], grant...), header("Authorization", "Bearer x"), 401, "invalid_client"},
		{"Basic that is not base64", grant, header("Authorization", "Basic %%%"), 401, "invalid_client"},
		{"Basic without a colon", grant, header("Authorization", "Basic YWJj"), 401, "invalid_client"},
		{"Basic that is not form-encoded", grant, basic("%zz", "x"), 401, "invalid_client"},
		{"a browser app with a secret", grant, basic("spa", c.secret), 401, "invalid_client"},

		{"RFC 6749 4.4: a public client", append(grant, "client_id", "spa"), nil, 400, "unauthorized_client"},

		{"RFC 6749 3.3: a scope that is not declared", append(grant, "scope", "storage.private.write"), own, 400, "invalid_scope"},
		{"one of several is not declared", append(grant, "scope", "jobs.read admin"), own, 400, "invalid_scope"},
		{"a wildcard over declared scopes", append(grant, "scope", "storage.private.*"), own, 400, "invalid_scope"},
		{"a scope of spaces", append(grant, "scope", "  "), own, 400, "invalid_scope"},
		{"a scope with other characters", append(grant, "scope", `jobs."read`), own, 400, "invalid_scope"},
		{"a scope in another case", append(grant, "scope", "JOBS.READ"), own, 400, "invalid_scope"},
		{"too many scopes", append(grant, "scope", strings.Repeat("jobs.read ", 1000)), own, 400, "invalid_scope"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := &fixture{TB: t, handler: f.handler, log: f.log}
			r := f.form("/v1/oauth/token", test.params...)
			if test.bend != nil {
				test.bend(r)
			}
			w := f.serve(r)
			if test.status == http.StatusOK {
				if w.Code != http.StatusOK {
					t.Fatalf("got %d %s", w.Code, w.Body)
				}
				if got := webtest.Decode[tokenAnswer](f, w).Scope; got != test.want {
					t.Errorf("granted %q, want %q", got, test.want)
				}
				return
			}
			wantOAuth(f, w, test.status, test.want)
		})
	}
}

func TestUnknownClientAndWrongSecretAnswerAlike(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.register(adminT1, "app-1")
	answer := func(c client) string {
		r := f.tokenRequest(c)
		r.Header.Set("X-Request-Id", "same")
		w := f.serve(r)
		var headers strings.Builder
		f.must(w.Header().Write(&headers))
		return headers.String() + w.Body.String()
	}
	if wrong, unknown := answer(client{c.id, "cs_x"}), answer(client{"nobody", "cs_x"}); wrong != unknown {
		t.Errorf("a wrong secret is answered\n%s\nand an unknown client\n%s", wrong, unknown)
	}
}

func TestTokenWithAllThatMayBeDeclaredIsAccepted(t *testing.T) {
	t.Parallel()
	host := "https://" + strings.Repeat("h", 490) + ".example"
	f := newFixture(t, func(c *oauth.Config) { c.Audience = host })
	var scopes []string
	for i := range 64 {
		scopes = append(scopes, strings.Repeat("s", 61)+string(rune('a'+i/26))+string(rune('a'+i%26)))
	}
	c := f.register(adminT1, strings.Repeat("a", 64), scopes...)
	// The fixture accepts another audience only, so this looks at the size.
	if token := f.token(c); len(token) > 8<<10 {
		t.Errorf("the token has %d bytes", len(token))
	}
}

func TestTokenTTL(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *oauth.Config) { c.TokenTTL = 90 * time.Second })
	c := f.register(adminT1, "app-1")
	answer := webtest.Decode[tokenAnswer](f, f.serve(f.tokenRequest(c)))
	claims := claimsOf(f, answer.AccessToken)
	if answer.ExpiresIn != 90 || claims["exp"].(float64)-claims["iat"].(float64) != 90 {
		t.Errorf("the answer is %+v with the claims %v", answer, claims)
	}
}

func TestTokenEndpointTakesPOSTOnly(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		w := f.serve(httptest.NewRequestWithContext(t.Context(), method, "/v1/oauth/token?grant_type=client_credentials", nil))
		wantProblem(f, w, cpodkit.CodeMethodNotAllowed)
		if w.Header().Get("Allow") != "POST" {
			t.Errorf("%s: Allow is %q", method, w.Header().Get("Allow"))
		}
	}
}
