package oauth_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"log/slog"
	"maps"
	"math/big"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/httpserver"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/oauth/localusers"
	"github.com/cpodkit/cpodkit/ratelimit"
)

// cheap is the lowest cost that is allowed.
var cheap = localusers.Cost{Memory: 7 << 10, Passes: 5, Lanes: 1}

// site is a server where users sign in, over the network. A page that needs a user is at
// /private.
type site struct {
	testing.TB
	url      string
	sessions *oauth.Sessions
	store    *oauth.MemorySessions
	users    *localusers.Users
	accounts *localusers.Memory
	apps     *oauth.MemoryApps
	log      *logBuffer
}

func newSite(tb testing.TB, changes ...func(*site, *oauth.SessionsConfig)) *site {
	tb.Helper()
	s := &site{TB: tb, store: oauth.NewMemorySessions(), accounts: localusers.NewMemory(), apps: oauth.NewMemoryApps(), log: &logBuffer{}}
	server := httptest.NewUnstartedServer(nil)
	s.url = "http://" + server.Listener.Addr().String()
	log := slog.New(slog.NewJSONHandler(s.log, nil))
	limiter, err := ratelimit.New(ratelimit.NewMemory())
	s.must(err)
	s.users, err = localusers.New(s.accounts, s.url, localusers.WithCost(cheap), localusers.WithLog(log),
		localusers.WithEnded(func(ctx context.Context, tenantID, userID string) error {
			_, err := s.sessions.EndUser(ctx, tenantID, userID)
			return err
		}))
	s.must(err)
	config := oauth.SessionsConfig{
		PublicURL: s.url, Store: s.store, Secret: []byte("0123456789abcdef"), Apps: s.apps, Local: s.users, Limiter: limiter, Log: log,
	}
	for _, change := range changes {
		change(s, &config)
	}
	s.sessions, err = oauth.NewSessions(config)
	s.must(err)
	s.must(s.apps.Create(tb.Context(), oauth.App{ClientID: "shop", TenantID: "t1", Name: "Shop", Type: oauth.WebApp, Instance: "i1"}))
	server.Config.Handler = s.handler(s.sessions, log)
	server.Start()
	tb.Cleanup(server.Close)
	return s
}

func (s *site) handler(sessions *oauth.Sessions, log *slog.Logger) http.Handler {
	routes := append(sessions.Routes(), cpodkit.Route{Name: "private", Pattern: "GET /private", Public: true, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch u, ok, err := sessions.User(r.Context(), r); {
		case err != nil:
			cpodkit.WriteError(w, r, err)
		case !ok:
			sessions.Begin(w, r, r.URL.RequestURI())
		default:
			_, _ = io.WriteString(w, u.TenantID+" "+u.ID+" "+u.Email)
		}
	})})
	return cpodkit.Chain(webtest.Handler(routes), httpserver.Record(cpodkit.ServerInfo{}), httpserver.AccessLog(log), httpserver.Recover(log))
}

func (s *site) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

const goodPassword = "correct horse battery"

// invite makes a user with a password, and returns the user.
func (s *site) invite(tenantID, email string) localusers.Account {
	s.Helper()
	link, err := s.users.Invite(s.Context(), localusers.NewUser{TenantID: tenantID, Email: email})
	s.must(err)
	_, err = s.users.UseLink(s.Context(), strings.TrimPrefix(link.URL, s.url+"/invite/"), goodPassword)
	s.must(err)
	return link.User
}

// visitor is a client with cookies that follows no redirects by itself.
type visitor struct {
	*site
	jar    *cookiejar.Jar
	client *http.Client
	header http.Header // of each request
}

func (s *site) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	s.must(err)
	return &visitor{site: s, jar: jar, header: http.Header{"Sec-Fetch-Site": {"same-origin"}}, client: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// shown is a page that a browser shows.
type shown struct {
	*webtest.Answer
	at string
}

func (b *visitor) do(method, to string, form url.Values) *shown {
	b.Helper()
	if strings.HasPrefix(to, "/") {
		to = b.url + to
	}
	r, err := http.NewRequestWithContext(b.Context(), method, to, strings.NewReader(form.Encode()))
	b.must(err)
	maps.Copy(r.Header, b.header)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return &shown{webtest.Do(b, b.client, r, ""), to}
}

func (b *visitor) get(to string) *shown { b.Helper(); return b.do(http.MethodGet, to, nil) }

// open is get, and follows where answers lead to.
func (b *visitor) open(to string) *shown {
	b.Helper()
	return b.follow(b.get(to))
}

var leadsOn = regexp.MustCompile(`http-equiv="refresh" content="0; url=([^"]*)"`)

func (b *visitor) follow(p *shown) *shown {
	b.Helper()
	for range 10 {
		to := p.Header().Get("Location")
		if next := leadsOn.FindStringSubmatch(p.Body.String()); next != nil {
			to = html.UnescapeString(next[1])
		}
		if to == "" {
			return p
		}
		p = b.get(to)
	}
	b.Fatalf("%s leads on and on", p)
	return nil
}

var input = regexp.MustCompile(`<input [^>]*?name="([^"]*)" (?:type="[^"]*" )?value="([^"]*)"`)

// inputs are the values of the form of a page.
func (p *shown) inputs() url.Values {
	values := url.Values{}
	for _, m := range input.FindAllStringSubmatch(p.Body.String(), -1) {
		values.Set(m[1], html.UnescapeString(m[2]))
	}
	return values
}

// submit sends the form of a page with some values, and follows where the answer leads to.
func (b *visitor) submit(p *shown, action string, values ...string) *shown {
	b.Helper()
	form := p.inputs()
	for i := 0; i < len(values); i += 2 {
		form.Set(values[i], values[i+1])
	}
	return b.follow(b.do(http.MethodPost, action, form))
}

// signIn signs in, to see the private page.
func (b *visitor) signIn(email, password string) *shown {
	b.Helper()
	return b.submit(b.open("/login?return=/private?client_id=shop"), "/login", "email", email, "password", password)
}

func (b *visitor) cookie(name string) string {
	u, err := url.Parse(b.url)
	b.must(err)
	for _, c := range b.jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func (b *visitor) setCookie(name, value string) {
	u, err := url.Parse(b.url)
	b.must(err)
	b.jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

func (p *shown) want(t testing.TB, status int, text string) {
	t.Helper()
	if p.Code != status || !strings.Contains(html.UnescapeString(p.Body.String()), text) {
		_, body, _ := strings.Cut(p.Body.String(), "<body>")
		t.Errorf("%s shows %d, want %d and %q:\n%s", p.at, p.Code, status, text, body)
	}
}

// provider is an OpenID provider that signs everybody in as what claims say.
type provider struct {
	testing.TB
	server *httptest.Server
	key    *rsa.PrivateKey

	mu        sync.Mutex
	claims    map[string]any
	discovery map[string]any
	header    map[string]any
	answer    func(query url.Values) // changes what goes back with the code
	sign      func(signed []byte) []byte
	keys      func() []any
	codes     map[string]url.Values // what was asked for, by code
	tokens    func(w http.ResponseWriter, r *http.Request) bool
	userInfo  http.HandlerFunc
	jwksCalls int
}

func newProvider(tb testing.TB) *provider {
	tb.Helper()
	p := &provider{TB: tb, codes: map[string]url.Values{}, header: map[string]any{"alg": "RS256", "kid": "k1"}}
	var err error
	if p.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		tb.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discover)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /keys", p.jwks)
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, r *http.Request) { p.userInfo(w, r) })
	p.server = httptest.NewServer(mux)
	tb.Cleanup(p.server.Close)
	p.claims = map[string]any{
		"iss": p.server.URL, "aud": "cpod", "sub": "alice", "email": "Alice@example.com", "email_verified": true, "name": "Alice",
	}
	p.discovery = map[string]any{
		"issuer": p.server.URL, "authorization_endpoint": p.server.URL + "/authorize", "token_endpoint": p.server.URL + "/token",
		"jwks_uri": p.server.URL + "/keys", "authorization_response_iss_parameter_supported": true,
	}
	public := map[string]any{
		"kty": "RSA", "kid": "k1", "use": "sig", "alg": "RS256", "n": base64.RawURLEncoding.EncodeToString(p.key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(p.key.E)).Bytes()),
	}
	p.keys = func() []any { return []any{public} }
	p.sign = func(signed []byte) []byte {
		digest := sha256.Sum256(signed)
		signature, err := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, digest[:])
		if err != nil {
			tb.Error(err)
		}
		return signature
	}
	return p
}

func (p *provider) upstream(name string, changes ...func(*oauth.UpstreamConfig)) *oauth.Upstream {
	p.Helper()
	config := oauth.UpstreamConfig{
		Name: name, Label: "The " + name, Issuer: p.server.URL, ClientID: "cpod", ClientSecret: "s e:c", Tenant: "t1",
	}
	for _, change := range changes {
		change(&config)
	}
	u, err := oauth.NewUpstream(config)
	if err != nil {
		p.Fatal(err)
	}
	return u
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (p *provider) discover(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	reply(w, http.StatusOK, p.discovery)
}

func (p *provider) jwks(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.jwksCalls++
	reply(w, http.StatusOK, map[string]any{"keys": p.keys()})
}

func (p *provider) authorize(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked := r.URL.Query()
	code := rand.Text()
	p.codes[code] = asked
	back := url.Values{"code": {code}, "state": {asked.Get("state")}, "iss": {p.server.URL}}
	if p.answer != nil {
		p.answer(back)
	}
	http.Redirect(w, r, asked.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
}

func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tokens != nil && p.tokens(w, r) {
		return
	}
	asked, known := p.codes[r.PostFormValue("code")]
	delete(p.codes, r.PostFormValue("code"))
	challenge := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	id, secret, _ := r.BasicAuth()
	if !known || base64.RawURLEncoding.EncodeToString(challenge[:]) != asked.Get("code_challenge") ||
		r.PostFormValue("redirect_uri") != asked.Get("redirect_uri") || id != "cpod" || secret != "s+e%3Ac" {
		reply(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	claims := maps.Clone(p.claims)
	now := time.Now().Unix()
	for name, value := range map[string]any{"nonce": asked.Get("nonce"), "iat": now, "exp": now + 300} {
		if _, given := claims[name]; !given {
			claims[name] = value
		}
	}
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	reply(w, http.StatusOK, map[string]any{"id_token": p.jwt(claims), "access_token": "x", "token_type": "Bearer"})
}

func (p *provider) jwt(claims map[string]any) string {
	part := func(v any) string {
		var b bytes.Buffer
		if err := json.NewEncoder(&b).Encode(v); err != nil {
			p.Error(err)
		}
		return base64.RawURLEncoding.EncodeToString(bytes.TrimSpace(b.Bytes()))
	}
	signed := part(p.header) + "." + part(claims)
	return signed + "." + base64.RawURLEncoding.EncodeToString(p.sign([]byte(signed)))
}
