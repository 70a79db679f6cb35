package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/api/apitest"
	"github.com/cpodkit/cpodkit/client"
)

// person is a browser with somebody in front of it. Every answer is held against the
// OpenAPI document.
type person struct {
	*testing.T
	srv    *instance
	client *http.Client
	app    string
}

const (
	redirectURI  = "http://127.0.0.1:9/back"
	userPassword = "correct horse battery"
	verifier     = "a-verifier-of-pkce-that-is-long-enough-for-rfc-7636"
)

func newPerson(t *testing.T, srv *instance, app string) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &person{t, srv, &http.Client{
		Jar: jar, Transport: apitest.Transport(t, nil),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, app}
}

// seen is what a browser shows, or where it is sent.
type seen struct {
	status   int
	body     string
	location string
}

func (p *person) send(method, path string, form url.Values, header ...string) seen {
	p.Helper()
	r, err := http.NewRequestWithContext(p.Context(), method, p.srv.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := p.client.Do(r)
	if err != nil {
		p.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		p.Fatal(err)
	}
	s := seen{res.StatusCode, string(body), strings.TrimPrefix(res.Header.Get("Location"), p.srv.url)}
	if next := regexp.MustCompile(`http-equiv="refresh" content="0; url=([^"]*)"`).FindStringSubmatch(s.body); next != nil {
		s.location = html.UnescapeString(next[1])
	}
	return s
}

// follow goes on until a page has a form, or the browser leaves the server.
func (p *person) follow(s seen) seen {
	p.Helper()
	for range 10 {
		if !strings.HasPrefix(s.location, "/") {
			return s
		}
		s = p.send(http.MethodGet, s.location, nil)
	}
	p.Fatalf("%s leads on and on", s.location)
	return seen{}
}

var (
	formAction = regexp.MustCompile(`<form method="post" action="([^"]*)">`)
	formInput  = regexp.MustCompile(`<input [^>]*?name="([^"]*)" (?:type="[^"]*" )?value="([^"]*)"`)
)

// submit sends the form of a page.
func (p *person) submit(s seen, values ...string) seen {
	p.Helper()
	action := formAction.FindStringSubmatch(s.body)
	if action == nil {
		p.Fatalf("no form: %d %s", s.status, s.body)
	}
	form := url.Values{}
	for _, m := range formInput.FindAllStringSubmatch(s.body, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	for i := 0; i+1 < len(values); i += 2 {
		form.Set(values[i], values[i+1])
	}
	return p.follow(p.send(http.MethodPost, html.UnescapeString(action[1]), form))
}

// authorize begins at the app.
func (p *person) authorize() seen {
	p.Helper()
	challenge := sha256.Sum256([]byte(verifier))
	return p.follow(p.send(http.MethodGet, "/oauth/authorize?"+url.Values{
		"response_type": {"code"}, "client_id": {p.app}, "redirect_uri": {redirectURI}, "state": {"s 1"},
		"scope":          {"storage.user.read storage.user.write"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}.Encode(), nil))
}

type userTokenAnswer struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

// redeem gets tokens for the code that the app was given.
func (p *person) redeem(s seen) userTokenAnswer {
	p.Helper()
	back, err := url.Parse(s.location)
	if err != nil || !strings.HasPrefix(s.location, redirectURI) || back.Query().Get("state") != "s 1" || back.Query().Get("iss") != p.srv.url {
		_, body, _ := strings.Cut(s.body, "</style>")
		p.Fatalf("the browser is at %d %s %s", s.status, s.location, body)
	}
	tokens, status := p.grant("grant_type", "authorization_code", "code", back.Query().Get("code"), "redirect_uri", redirectURI, "code_verifier", verifier)
	if status != http.StatusOK || tokens.AccessToken == "" || tokens.RefreshToken == "" {
		p.Fatalf("the code is worth %d", status)
	}
	return tokens
}

func (p *person) grant(params ...string) (tokens userTokenAnswer, status int) {
	p.Helper()
	form := url.Values{"client_id": {p.app}}
	for i := 0; i+1 < len(params); i += 2 {
		form.Set(params[i], params[i+1])
	}
	s := p.send(http.MethodPost, "/v1/oauth/token", form)
	if err := json.Unmarshal([]byte(s.body), &tokens); err != nil {
		p.Fatal(err)
	}
	return tokens, s.status
}

// callStatus returns the status of a call in the user tier.
func (p *person) callStatus(token string) int {
	p.Helper()
	return p.send(http.MethodGet, "/v1/storage/kv/greeting?tier=user", nil, "Authorization", "Bearer "+token).status
}

// newBrowserApp registers an app whose pages act for users.
func newBrowserApp(t *testing.T, srv *instance, admin, id string) {
	t.Helper()
	_, _, err := srv.client(t, client.Config{APIKey: admin}).Apps.Register(t.Context(), client.NewApp{
		ClientID: id, Name: "Hello", Type: client.BrowserApp, RedirectURIs: []string{redirectURI},
		DeclaredScopes: []string{"storage.user.read", "storage.user.write"},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// invited makes a user by command, and returns the path of the link.
func invited(t *testing.T, srv *instance, args ...string) string {
	t.Helper()
	out := srv.mustCommand(t, append([]string{"user", "add"}, args...)...)
	link, _, _ := strings.Cut(out, "\n")
	path, ok := strings.CutPrefix(link, srv.url)
	if !ok || !strings.HasPrefix(path, "/invite/") {
		t.Fatalf("user add says %s", out)
	}
	return path
}

// The way of a user: invited by command, signed in, an app allowed, data stored, and in the
// end disabled by an administrator, which ends all of it at once.
func TestUserSignsInAndAllowsAnApp(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	newBrowserApp(t, srv, srv.adminKey, "app-hello")
	p := newPerson(t, srv, "app-hello")
	page := p.submit(p.send(http.MethodGet, invited(t, srv, "--name", "Ann", "ann@example.com"), nil), "password", userPassword)
	if !strings.Contains(page.body, "ann@example.com") || !strings.Contains(page.body, "Sign out") {
		t.Fatalf("after the invitation: %d %s", page.status, page.body)
	}
	tokens := p.redeem(p.submit(p.authorize(), "decision", "allow"))
	if a := p.send(http.MethodGet, "/v1/oauth/me/grants", nil); a.status != http.StatusOK || !strings.Contains(a.body, "app-hello") {
		t.Errorf("the grants are %d %s", a.status, a.body)
	}
	put, err := http.NewRequestWithContext(t.Context(), http.MethodPut, srv.url+"/v1/storage/kv/greeting?tier=user", strings.NewReader(`{"value":"hello"}`))
	if err != nil {
		t.Fatal(err)
	}
	put.Header.Set("Authorization", "Bearer "+tokens.AccessToken)
	put.Header.Set("Content-Type", "application/json")
	res, err := p.client.Do(put)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode >= 300 || p.callStatus(tokens.AccessToken) != http.StatusOK {
		t.Fatalf("the user tier answers %d", res.StatusCode)
	}
	// In another browser the user signs in, and is asked again because of the http redirect.
	again := newPerson(t, srv, "app-hello")
	page = again.submit(again.authorize(), "email", "Ann@Example.com", "password", userPassword)
	other := again.redeem(again.submit(page, "decision", "allow"))

	admin := srv.client(t, client.Config{APIKey: srv.adminKey})
	var id string
	for u, err := range admin.Users.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		id = u.ID
	}
	yes := true
	if u, err := admin.Users.Update(t.Context(), id, client.UserChange{Disabled: &yes}); err != nil || !u.Disabled || u.Name != "Ann" {
		t.Fatalf("%+v, %v", u, err)
	}
	for _, tokens := range []userTokenAnswer{tokens, other} {
		if status := p.callStatus(tokens.AccessToken); status != http.StatusUnauthorized {
			t.Errorf("the access token is answered %d", status)
		}
		if _, status := p.grant("grant_type", "refresh_token", "refresh_token", tokens.RefreshToken); status != http.StatusBadRequest {
			t.Errorf("the refresh token is answered %d", status)
		}
	}
	for _, p := range []*person{p, again} {
		if page := p.authorize(); !strings.Contains(page.body, "Password") {
			t.Errorf("the user is still signed in: %d %s", page.status, page.location)
		}
	}
	if page := p.submit(p.authorize(), "email", "ann@example.com", "password", userPassword); page.status != http.StatusForbidden {
		t.Errorf("who is disabled signs in: %d", page.status)
	}
}

func TestUserCommands(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	newBrowserApp(t, srv, srv.adminKey, "app-hello")
	p := newPerson(t, srv, "app-hello")
	invited(t, srv, "bob@example.com")
	p.submit(p.send(http.MethodGet, invited(t, srv, "ann@example.com"), nil), "password", userPassword)
	tokens := p.redeem(p.submit(p.authorize(), "decision", "allow"))
	wantSaid(t, srv.mustCommand(t, "user", "list"), "ann@example.com active", "bob@example.com invited", "ID E-MAIL NAME STATE CREATED")
	for name, args := range map[string][]string{
		"no address":     {"user", "add", "ann"},
		"twice":          {"user", "add", "ann@example.com"},
		"nobody":         {"user", "reset", "eve@example.com"},
		"another tenant": {"user", "list", "--tenant", "acme"},
	} {
		if out, err := srv.command(t, args...); err == nil {
			t.Errorf("%s: %s", name, out)
		}
	}
	wantSaid(t, srv.mustCommand(t, "user", "disable", "ann@example.com"), "cannot sign in any more")
	if _, status := p.grant("grant_type", "refresh_token", "refresh_token", tokens.RefreshToken); status != http.StatusBadRequest {
		t.Errorf("the refresh token is answered %d", status)
	}
	if status := p.callStatus(tokens.AccessToken); status != http.StatusUnauthorized {
		t.Errorf("the access token is answered %d", status)
	}
	if page := p.send(http.MethodGet, "/login", nil); strings.Contains(page.body, "Sign out") {
		t.Error("who is disabled is signed in")
	}
	wantSaid(t, srv.mustCommand(t, "user", "list"), "ann@example.com disabled")
	wantSaid(t, srv.mustCommand(t, "user", "enable", "ann@example.com"), "can sign in")
	reset := srv.mustCommand(t, "user", "reset", "ann@example.com")
	link, _, _ := strings.Cut(reset, "\n")
	if page := p.submit(p.send(http.MethodGet, strings.TrimPrefix(link, srv.url), nil), "password", "another good password"); !strings.Contains(page.body, "Sign out") {
		t.Errorf("after the reset: %d %s", page.status, page.body)
	}

	// The erasure of a user ends all that the user has, also the access tokens.
	tokens = p.redeem(p.submit(p.authorize(), "decision", "allow"))
	id := regexp.MustCompile(`user-[a-z2-7]{26}`).FindString(reset)
	if out, err := srv.command(t, "user", "erase", id); err == nil || !strings.Contains(strings.Join(strings.Fields(out), " "), "users and sessions 2") {
		t.Errorf("without --yes: %v %s", err, out)
	}
	wantSaid(t, srv.mustCommand(t, "user", "erase", "--yes", id), "users and sessions 2")
	if status := p.callStatus(tokens.AccessToken); status != http.StatusUnauthorized {
		t.Errorf("the access token is answered %d", status)
	}
	if list := srv.mustCommand(t, "user", "list"); strings.Contains(list, "ann@") || !strings.Contains(list, "bob@") {
		t.Errorf("the users are %s", list)
	}
}

// A tenant that is deleted takes its users along, and one of the same name has none.
func TestDeletedTenantHasNoUsers(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	admin := srv.mustCommand(t, "tenant", "create", "acme")
	newBrowserApp(t, srv, admin, "app-acme")
	p := newPerson(t, srv, "app-acme")
	p.submit(p.send(http.MethodGet, invited(t, srv, "--tenant", "acme", "ann@example.com"), nil), "password", userPassword)
	tokens := p.redeem(p.submit(p.authorize(), "decision", "allow"))
	wantSaid(t, srv.mustCommand(t, "tenant", "delete", "--yes", "acme"), "users and sessions 2")
	if page := p.send(http.MethodGet, "/login", nil); strings.Contains(page.body, "Sign out") {
		t.Error("a user of a deleted tenant is signed in")
	}
	if status := p.callStatus(tokens.AccessToken); status != http.StatusUnauthorized {
		t.Errorf("the access token is answered %d", status)
	}
	admin = srv.mustCommand(t, "tenant", "create", "acme")
	newBrowserApp(t, srv, admin, "app-acme")
	if page := p.submit(p.authorize(), "email", "ann@example.com", "password", userPassword); page.status != http.StatusForbidden {
		t.Errorf("the old user signs in at the new tenant: %d %s", page.status, page.location)
	}
}

// A running server follows the file of its providers. While it cannot be used the providers
// stay, and the server is degraded.
func TestServerFollowsTheProviders(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "providers.json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	listed := func(name string) string {
		return `[{"name": "` + name + `", "label": "The ` + name + `", "issuer": "https://id.example.com", "clientId": "c", "tenant": "default"}]`
	}
	write(listed("corp"))
	srv := start(t, filepath.Join(dir, "data"), map[string]string{"CPOD_USERS": "oidc:" + file, "CPOD_OPS_LISTEN": "127.0.0.1:0"})
	p, ops := newPerson(t, srv, ""), srv.opsURL(t)
	shows := func(name, state string) {
		t.Helper()
		eventually(t, name+" "+state, func() bool {
			_, ready := get(t, ops+"/readyz")
			return strings.Contains(p.send(http.MethodGet, "/login", nil).body, "The "+name) && strings.Contains(ready, `"status":"`+state+`"`)
		})
	}
	shows("corp", stateOK)
	write(listed("other"))
	shows("other", stateOK)
	write(`[{"name": "x"}]`)
	shows("other", stateDegraded)
	write(listed("corp"))
	shows("corp", stateOK)
}

func TestUsersVariable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return "oidc:" + path
	}
	good := file("good.json", `[{"name": "corp", "label": "Corp", "issuer": "https://id.example.com", "clientId": "c", "tenant": "default"}]`)
	for value, wrong := range map[string]string{
		"ldap:x": "want local:", "oidc:": "want local:", "local: off": "want local:", "oidc:/nowhere": "no such file",
		file("broken.json", `[{`): "broken.json", file("none.json", `[]`): "no provider",
		file("http.json", `[{"name": "corp", "issuer": "http://id.example.com", "clientId": "c", "tenant": "t"}]`): "neither https",
		file("member.json", `[{"nme": "corp"}]`): "/0/nme",
	} {
		s := readSettings(environ(map[string]string{"CPOD_USERS": value}), io.Discard)
		if readUserSources(s); !strings.Contains(fmt.Sprint(errors.Join(s.faults...)), wrong) {
			t.Errorf("%s: %v, want %q", value, s.faults, wrong)
		}
	}
	// What is wanted is the status of the page, of the form's call, and of the users' call.
	for value, want := range map[string][3]int{
		"local:": {200, 403, 200}, "off": {501, 501, 501}, good: {200, 501, 501}, "local: " + good: {200, 403, 200},
	} {
		t.Run(value, func(t *testing.T) {
			t.Parallel()
			srv := start(t, t.TempDir(), map[string]string{"CPOD_USERS": value})
			p := newPerson(t, srv, "")
			page := p.send(http.MethodGet, "/login", nil)
			got := [3]int{
				page.status, p.send(http.MethodPost, "/login", url.Values{"email": {"a@b"}}).status,
				p.send(http.MethodGet, "/v1/users", nil, "Authorization", "Bearer "+srv.adminKey).status,
			}
			if got != want || strings.Contains(page.body, "Sign in with Corp") != strings.Contains(value, "oidc") {
				t.Errorf("%v, want %v; %s", got, want, page.body)
			}
		})
	}
}
