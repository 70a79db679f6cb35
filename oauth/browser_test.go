package oauth_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/oauth"
)

// door stands for sign-in: the cookie of a browser names its session.
type door struct {
	mu       sync.Mutex
	sessions map[string]oauth.User
	err      error
}

func (d *door) User(_ context.Context, r *http.Request) (oauth.User, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	cookie, err := r.Cookie("session")
	if err != nil {
		return oauth.User{}, false, d.err
	}
	user, ok := d.sessions[cookie.Value]
	return user, ok, d.err
}

func (d *door) Begin(w http.ResponseWriter, r *http.Request, returnTo string) {
	http.Redirect(w, r, "/login?return_to="+url.QueryEscape(returnTo), http.StatusSeeOther)
}

func (d *door) signIn(session string, user oauth.User) {
	d.mu.Lock()
	defer d.mu.Unlock()
	user.SessionID = "id of " + session
	d.sessions[session] = user
}

// flow is a fixture whose server signs users in.
type flow struct {
	*fixture
	door   *door
	grants oauth.GrantStore
}

const callback = "https://app.example.com/callback?keep=1"

func newFlow(t testing.TB, changes ...func(*oauth.Config)) *flow {
	t.Helper()
	f := &flow{door: &door{sessions: map[string]oauth.User{}}, grants: oauth.NewMemoryGrants()}
	f.fixture = newFixture(t, append([]func(*oauth.Config){func(c *oauth.Config) {
		c.Grants, c.SignIn, c.Limits = f.grants, f.door, oauth.Limits{PerUser: 10_000, Failures: 10_000}
		c.CursorSecret = []byte("0123456789abcdef")
	}}, changes...)...)
	f.door.signIn("ann", oauth.User{TenantID: "t1", ID: "ann", Email: "ann@example.com", AuthTime: time.Now()})
	return f
}

// app registers an app that signs users in.
func (f *flow) app(id, appType string, scopes ...string) client {
	f.Helper()
	return f.appBy(adminT1, id, appType, scopes...)
}

func (f *flow) appBy(admin, id, appType string, scopes ...string) client {
	f.Helper()
	c := client{id: id}
	c.secret = f.registerAs(admin, id, appType, scopes...).ClientSecret
	w := f.call(http.MethodPatch, "/v1/oauth/apps/"+id, admin, `{"redirect_uris": ["`+callback+`", "http://127.0.0.1/cb", "http://[::1]/cb", "http://localhost/cb"]}`)
	w.WantStatus(f, http.StatusOK)
	return c
}

const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// request is the query of an authorization request; changes are names and values in
// turn, where an empty value takes the parameter out.
func request(clientID string, changes ...string) string {
	q := url.Values{
		"client_id": {clientID}, "redirect_uri": {callback}, "response_type": {"code"}, "state": {"s t&ate"},
		"code_challenge": {challengeOf(verifier)}, "code_challenge_method": {"S256"},
	}
	for i := 0; i < len(changes); i += 2 {
		if q.Set(changes[i], changes[i+1]); changes[i+1] == "" {
			q.Del(changes[i])
		}
	}
	return "/oauth/authorize?" + q.Encode()
}

// browser is that of a user.
type browser struct {
	*flow
	session string
}

func (b browser) get(target string) *webtest.Answer {
	b.Helper()
	return b.send(httptest.NewRequestWithContext(b.Context(), http.MethodGet, target, nil))
}

func (b browser) send(r *http.Request) *webtest.Answer {
	b.Helper()
	if b.session != "" {
		r.AddCookie(&http.Cookie{Name: "session", Value: b.session})
		r.AddCookie(&http.Cookie{Name: "__Host-cpod", Value: b.session}) // of real sessions
	}
	w := b.serve(r)
	if next := refresh.FindStringSubmatch(w.Body.String()); next != nil {
		return b.get(html.UnescapeString(next[1]))
	}
	return w
}

var (
	refresh    = regexp.MustCompile(`<meta http-equiv="refresh" content="0; url=([^"]*)">`)
	formAction = regexp.MustCompile(`<form method="post" action="([^"]*)">`)
	formValue  = regexp.MustCompile(`<input type="hidden" name="form" value="([^"]*)">`)
)

// form reads the form of a page.
func (b browser) form(page *webtest.Answer) (action, value string) {
	b.Helper()
	a, v := formAction.FindStringSubmatch(page.Body.String()), formValue.FindStringSubmatch(page.Body.String())
	if page.Code != http.StatusOK || a == nil || v == nil {
		b.Fatalf("no form: %d %v\n%s", page.Code, page.Header(), page.Body)
	}
	return html.UnescapeString(a[1]), html.UnescapeString(v[1])
}

// post builds the form of the consent page, as a browser sends it.
func (b browser) post(action, value, decision string) *http.Request {
	r := b.fixture.form(action, "form", value, "decision", decision)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Origin", "null")
	return r
}

// decide answers a consent page.
func (b browser) decide(page *webtest.Answer, decision string) *webtest.Answer {
	b.Helper()
	action, value := b.form(page)
	return b.send(b.post(action, value, decision))
}

// answer returns what the app gets at its redirect URI.
func (f *flow) answer(w *webtest.Answer) url.Values {
	f.Helper()
	location, ok := strings.CutPrefix(w.Header().Get("Location"), callback+"&")
	if w.Code != http.StatusSeeOther || !ok {
		f.Fatalf("not the app's redirect: %d %v\n%s", w.Code, w.Header(), w.Body)
	}
	values, err := url.ParseQuery(location)
	f.must(err)
	if values.Get("iss") != issuer {
		f.Errorf("RFC 9207: iss is %q", values.Get("iss"))
	}
	return values
}

// code signs ann in to an app, and allows what it asks for.
func (f *flow) code(c client, changes ...string) string {
	f.Helper()
	b := browser{f, "ann"}
	w := b.get(request(c.id, changes...))
	if w.Code == http.StatusOK {
		w = b.decide(w, "allow")
	}
	code := f.answer(w).Get("code")
	if code == "" {
		f.Fatalf("no code: %v", w.Header())
	}
	return code
}

type userTokens struct {
	tokenAnswer
	RefreshToken    string `json:"refresh_token"`
	IssuedTokenType string `json:"issued_token_type"`
}

// tokenCall builds a call of the token endpoint, authenticated as the app can.
func (f *flow) tokenCall(c client, params ...string) *http.Request {
	if c.secret == "" {
		params = append(params, "client_id", c.id)
	}
	r := f.form("/v1/oauth/token", params...)
	if c.secret != "" {
		r.SetBasicAuth(c.id, c.secret)
	}
	return r
}

func (f *flow) redeem(c client, code string) *webtest.Answer {
	f.Helper()
	return f.serve(f.tokenCall(c, "grant_type", "authorization_code", "code", code, "redirect_uri", callback, "code_verifier", verifier))
}

func (f *flow) refresh(c client, token string, more ...string) *webtest.Answer {
	f.Helper()
	return f.serve(f.tokenCall(c, append([]string{"grant_type", "refresh_token", "refresh_token", token}, more...)...))
}

func (f *flow) tokens(w *webtest.Answer) userTokens {
	f.Helper()
	w.WantStatus(f, http.StatusOK)
	if w.Header().Get("Cache-Control") != "no-store" {
		f.Errorf("the tokens may be cached: %v", w.Header())
	}
	return webtest.Decode[userTokens](f, w)
}

// signInTo signs ann in to an app and returns its tokens.
func (f *flow) signInTo(c client, changes ...string) userTokens {
	f.Helper()
	return f.tokens(f.redeem(c, f.code(c, changes...)))
}
