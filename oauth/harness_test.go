package oauth_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/httpserver"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/ratelimit"
)

const issuer = "https://api.example.com"

// The credentials of administrators, by the name of their token. Those of no app are
// admin keys.
var admins = map[string]cpodkit.Identity{
	"cpod_admin-t1":      {TenantID: "t1", AppID: "cpod:admin", Scopes: cpodkit.Scopes{"admin"}},
	"cpod_admin-t2":      {TenantID: "t2", AppID: "cpod:admin", Scopes: cpodkit.Scopes{"admin"}},
	"cpod_platform":      {TenantID: "t1", AppID: "cpod:admin", Scopes: cpodkit.Scopes{"admin", "platform.admin"}},
	"cpod_only-platform": {TenantID: "t3", AppID: "cpod:admin", Scopes: cpodkit.Scopes{"platform.admin"}},
	"cpod_plain-t1":      {TenantID: "t1", AppID: "plain", Scopes: cpodkit.Scopes{"storage.private.read"}},
}

const (
	adminT1      = "cpod_admin-t1"
	adminT2      = "cpod_admin-t2"
	platform     = "cpod_platform"
	onlyPlatform = "cpod_only-platform"
)

// fixture is an authorization server behind the middleware of a real one, with
// one more route that any token may call.
type fixture struct {
	testing.TB
	handler http.Handler
	server  *oauth.Server
	log     *logBuffer
}

type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func newFixture(tb testing.TB, changes ...func(*oauth.Config)) *fixture {
	tb.Helper()
	f := &fixture{TB: tb, log: &logBuffer{}}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	f.must(err)
	signer, err := authz.NewSigner(authz.SigningKey{ID: "k1", Algorithm: authz.ES256, Private: private})
	f.must(err)
	revocations, err := authz.OpenRevocations(tb.Context(), authz.NewMemoryRevocations())
	f.must(err)
	tokens, err := authz.NewJWT(authz.Issuer{Issuer: issuer, Audience: issuer, Keys: signer, Revocations: revocations})
	f.must(err)
	var apiKeys authz.Verifier
	keys := authz.VerifierFunc(func(ctx context.Context, token string) (cpodkit.Identity, error) {
		if id, ok := admins[token]; ok {
			return id, nil
		}
		return apiKeys.Verify(ctx, token)
	})
	verifier := authz.Any(keys, tokens)
	log := slog.New(slog.NewJSONHandler(f.log, nil))
	limiter, err := ratelimit.New(ratelimit.NewMemory())
	f.must(err)
	config := oauth.Config{
		Issuer: issuer, Apps: oauth.NewMemoryApps(), Signer: signer, Revocations: revocations, Verifier: verifier,
		Keys: oauth.NewMemoryKeys(), Limiter: limiter, Log: log,
	}
	for _, change := range changes {
		change(&config)
	}
	if config.Signer != signer { // a replica of another server
		verifier = config.Verifier
	}
	apiKeys, err = authz.NewAPIKeys(oauth.LiveKeys(config.Keys, config.Apps))
	f.must(err)
	server, err := oauth.New(config)
	f.must(err)
	f.server = server
	routes := append(server.Routes(), cpodkit.Route{
		Name: "ping", Pattern: "GET /v1/ping", Scopes: []string{cpodkit.ByRequest},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }),
	})
	f.handler = cpodkit.Chain(webtest.Handler(routes, authz.Authenticate(verifier)), httpserver.Record(cpodkit.ServerInfo{}), httpserver.AccessLog(log), httpserver.Recover(log))
	return f
}

func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// call sends a request with a bearer token, and JSON when there is a body.
func (f *fixture) call(method, path, token, body string) *webtest.Answer {
	f.Helper()
	if body == "" {
		return webtest.Call(f, f.handler, method, path, token, body)
	}
	return webtest.Call(f, f.handler, method, path, token, body, "Content-Type", "application/json")
}

func (f *fixture) serve(r *http.Request) *webtest.Answer { return webtest.Serve(f.handler, r, "") }

// form builds a POST of a form; params are names and values in turn.
func (f *fixture) form(path string, params ...string) *http.Request {
	form := url.Values{}
	for i := 0; i < len(params); i += 2 {
		form.Add(params[i], params[i+1])
	}
	r := httptest.NewRequestWithContext(f.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// client is a registered app with its secret.
type client struct{ id, secret string }

func (f *fixture) register(token, id string, scopes ...string) client {
	f.Helper()
	return client{id, f.registerAs(token, id, "service", scopes...).ClientSecret}
}

func (f *fixture) registerAs(token, id, appType string, scopes ...string) app {
	f.Helper()
	body, err := json.Marshal(map[string]any{
		"client_id": id, "name": "App " + id, "app_type": appType, "declared_scopes": append([]string{}, scopes...),
	})
	f.must(err)
	w := f.call(http.MethodPost, "/v1/oauth/apps", token, string(body))
	if w.Code != http.StatusCreated {
		f.Fatalf("register %s: %d %s", id, w.Code, w.Body)
	}
	return webtest.Decode[app](f, w)
}

// app is an app as the API shows it.
type app struct {
	TenantID       string   `json:"tenant_id"`
	ClientID       string   `json:"client_id"`
	ClientSecret   string   `json:"client_secret"`
	Name           string   `json:"name"`
	DeclaredScopes []string `json:"declared_scopes"`
	AppType        string   `json:"app_type"`
	RedirectURIs   []string `json:"redirect_uris"`
	AllowedOrigins []string `json:"allowed_origins"`
	CreatedAt      string   `json:"created_at"`

	JWKS json.RawMessage `json:"jwks"`
}

type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	Scope       string `json:"scope"`
}

func (f *fixture) tokenRequest(c client, params ...string) *http.Request {
	r := f.form("/v1/oauth/token", append([]string{"grant_type", "client_credentials"}, params...)...)
	r.SetBasicAuth(c.id, c.secret)
	return r
}

func (f *fixture) token(c client, params ...string) string {
	f.Helper()
	w := f.serve(f.tokenRequest(c, params...))
	if w.Code != http.StatusOK {
		f.Fatalf("token of %s: %d %s", c.id, w.Code, w.Body)
	}
	return webtest.Decode[tokenAnswer](f, w).AccessToken
}

// wantPing checks that a token is accepted, or refused with the code.
func (f *fixture) wantPing(token string, want cpodkit.Code) {
	f.Helper()
	wantProblem(f, f.call(http.MethodGet, "/v1/ping", token, ""), want)
}

// wantProblem checks the code of a problem; "" wants success.
func wantProblem(f *fixture, a *webtest.Answer, want cpodkit.Code) {
	f.Helper()
	if want != "" {
		a.WantProblem(f, want)
	} else if a.Code >= 300 {
		f.Errorf("%s", a)
	}
}

// wantOAuth checks an error in OAuth's form (RFC 6749 section 5.2).
func wantOAuth(f *fixture, w *webtest.Answer, status int, code string) {
	f.Helper()
	var answer struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.Error != code || w.Code != status {
		f.Errorf("got %d %s, want %d %s", w.Code, w.Body, status, code)
	}
	if w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Cache-Control") != "no-store" {
		f.Errorf("RFC 6749 5.1: the headers are %v", w.Header())
	}
	if challenge := w.Header().Get("WWW-Authenticate"); (status == http.StatusUnauthorized) != strings.HasPrefix(challenge, "Basic ") {
		f.Errorf("RFC 6749 5.2: %d with the challenge %q", status, challenge)
	}
}

// claimsOf reads the claims of a token without verifying it.
func claimsOf(f *fixture, token string) map[string]any {
	f.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	f.must(err)
	var claims map[string]any
	f.must(json.Unmarshal(raw, &claims))
	return claims
}
