package oauth_test

import (
	"errors"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/oauth"
)

// A wider request asks again, and says what is new.
func TestConsentIsRemembered(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	c := f.app("shop", "web", "orders.read", "orders.write", "storage.user.read")
	ann := browser{f, "ann"}
	f.code(c, "scope", "orders.read")
	page := ann.get(request(c.id, "scope", "orders.read storage.user.read"))
	if body := page.Body.String(); outcome(page) != "question" || strings.Count(body, "(new)") != 1 || !strings.Contains(body, `stored for you <span class="new">(new)`) {
		t.Fatalf("%s", body)
	}
	if got := outcome(ann.get(request(c.id, "scope", "orders.read storage.user.read", "prompt", "none"))); got != "consent_required to app.example.com" {
		t.Errorf("silently: %q", got)
	}
	f.answer(ann.decide(page, "allow"))
	for _, scope := range []string{"orders.read", "storage.user.read", "orders.read storage.user.read"} {
		w := ann.get(request(c.id, "scope", scope, "prompt", "none"))
		if got := f.tokens(f.redeem(c, f.answer(w).Get("code"))); got.Scope != scope {
			t.Errorf("asked for %q, got %q", scope, got.Scope)
		}
	}
	for _, c := range []struct{ scope, prompt string }{{"orders.read", "consent"}, {"orders.write", ""}, {"", ""}} {
		if got := outcome(ann.get(request("shop", "scope", c.scope, "prompt", c.prompt))); got != "question" {
			t.Errorf("%+v: %q", c, got)
		}
	}

	// Of two answers at once both count.
	first, second := ann.get(request(c.id, "scope", "orders.write")), ann.get(request(c.id))
	f.answer(ann.decide(first, "allow"))
	f.answer(ann.decide(second, "allow"))
	grant, err := f.grants.Grant(t.Context(), "t1", "ann", "shop")
	if err != nil || len(grant.Scopes) != 3 {
		t.Errorf("the grant is %+v, %v", grant, err)
	}
}

// Who signs in again comes back, and is not asked a third time.
func TestSignInAnew(t *testing.T) {
	t.Parallel()
	for _, anew := range [][]string{{"prompt", "login"}, {"max_age", "0"}, {"prompt", "select_account"}, {"prompt", "login consent"}} {
		f := newFlow(t)
		c := f.app("shop", "web", "orders.read")
		f.door.signIn("ann", oauth.User{TenantID: "t1", ID: "ann", AuthTime: time.Now().Add(-time.Minute)})
		b := browser{f, "ann"}
		w := b.get(request(c.id, anew...))
		if outcome(w) != "login" {
			t.Fatalf("%v: %q", anew, outcome(w))
		}
		target, err := url.Parse(w.Header().Get("Location"))
		f.must(err)
		returnTo := target.Query().Get("return_to")
		if outcome(b.get(returnTo)) != "login" {
			t.Errorf("%v: without a new sign-in it goes on", anew)
		}
		f.door.signIn("ann", oauth.User{TenantID: "t1", ID: "ann", AuthTime: time.Now().Truncate(time.Second)})
		f.tokens(f.redeem(c, f.answer(b.decide(b.get(returnTo), "allow")).Get("code")))
	}
}

// An app may send its request as a form, with no effect but to be asked as usual.
func TestRequestByForm(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	c := f.app("shop", "web", "orders.read")
	target, err := url.Parse(request(c.id))
	f.must(err)
	params := []string{"other", "x"}
	for name, values := range target.Query() {
		params = append(params, name, values[0])
	}
	b := browser{f, "ann"}
	r := f.form("/oauth/authorize", params...)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := b.send(r)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/oauth/authorize?"+target.Query().Encode() {
		t.Fatalf("got %d %v", w.Code, w.Header())
	}
	if got := outcome(b.get(w.Header().Get("Location"))); got != "question" {
		t.Errorf("got %q", got)
	}
}

// Programs of a machine listen on any port (RFC 8252 section 7.3).
func TestLoopbackRedirect(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	c := f.app("cli", "browser", "orders.read")
	b := browser{f, "ann"}
	for _, redirect := range []string{"http://127.0.0.1:49152/cb", "http://[::1]:8080/cb", "http://127.0.0.1/cb", "http://localhost/cb"} {
		w := b.decide(b.get(request(c.id, "redirect_uri", redirect)), "allow")
		u, err := url.Parse(w.Header().Get("Location"))
		f.must(err)
		if !strings.HasPrefix(u.String(), redirect+"?") {
			t.Errorf("%s: %d %v", redirect, w.Code, w.Header())
		}
		f.tokens(f.serve(f.tokenCall(c, "grant_type", "authorization_code", "code", u.Query().Get("code"), "redirect_uri", redirect, "code_verifier", verifier)))
	}
}

// A server that cannot sign users in says so, to people as a page.
func TestNoPages(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*oauth.Config){
		"page 501": func(c *oauth.Config) { c.SignIn = nil },
		"page 403": func(c *oauth.Config) { c.Issuer = "http://api.example.com" },
		"page 500": func(c *oauth.Config) { c.SignIn = &door{err: errors.New("secret")} },
		"page 503": func(c *oauth.Config) { c.SignIn = &door{err: cpodkit.CodeUnavailable} },
	} {
		f := newFlow(t, change)
		f.app("shop", "web", "orders.read")
		w := browser{f, "ann"}.get(request("shop"))
		if outcome(w) != want || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("got %q, want %q:\n%s", outcome(w), want, w.Body)
		}
	}
	f := newFlow(t, func(c *oauth.Config) { c.Issuer = "http://localhost:8000" })
	f.app("shop", "web", "orders.read")
	if got := outcome((browser{f, "ann"}).get(request("shop"))); got != "question" {
		t.Errorf("on this machine: %q", got)
	}
}

type grants struct {
	Items      []grant `json:"items"`
	NextCursor string  `json:"nextCursor"`
}

type grant struct {
	ClientID  string   `json:"clientId"`
	Name      string   `json:"name"`
	Scopes    []string `json:"scopes"`
	CreatedAt string   `json:"createdAt"`
	UpdatedAt string   `json:"updatedAt"`
}

func TestMyGrants(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	const path = "/v1/oauth/me/grants"
	apps := map[string]client{}
	tokens := map[string]userTokens{}
	for _, id := range []string{"a", "b", "c"} {
		apps[id] = f.app(id, "browser", "orders.read", "storage.user.*")
		tokens[id] = f.signInTo(apps[id], "scope", "orders.read")
	}
	f.door.signIn("bob", oauth.User{TenantID: "t1", ID: "bob", AuthTime: time.Now()})
	f.door.signIn("ann of t2", oauth.User{TenantID: "t2", ID: "ann", AuthTime: time.Now()})
	ann, bob := browser{f, "ann"}, browser{f, "bob"}
	ids := func(w *webtest.Answer) string {
		t.Helper()
		w.WantStatus(t, http.StatusOK)
		list := ""
		for _, g := range webtest.Decode[grants](t, w).Items {
			list += g.ClientID
		}
		return list
	}
	first := webtest.Decode[grants](t, ann.get(path+"?limit=2"))
	if len(first.Items) != 2 || first.NextCursor == "" || first.Items[0].Name != "App a" || strings.Join(first.Items[0].Scopes, " ") != "orders.read" || len(first.Items[0].CreatedAt) != 24 {
		t.Errorf("got %+v", first)
	}
	if got := ids(ann.get(path + "?limit=2&cursor=" + first.NextCursor)); got != "c" {
		t.Errorf("the second page has %q", got)
	}
	bob.get(path+"?cursor="+first.NextCursor).WantProblem(t, cpodkit.CodeInvalidCursor)
	if all, others, foreign := ids(ann.get(path)), ids(bob.get(path)), ids(browser{f, "ann of t2"}.get(path)); all != "abc" || others != "" || foreign != "" {
		t.Errorf("ann has %q, bob %q, another ann %q", all, others, foreign)
	}
	if got := ids(f.call(http.MethodGet, path, tokens["b"].AccessToken, "")); got != "b" {
		t.Errorf("the app sees %q", got)
	}
	service := f.token(f.register(adminT1, "service", "orders.read"))
	for name, c := range map[string]struct {
		w    *webtest.Answer
		want cpodkit.Code
	}{
		"signed out":                  {browser{f, ""}.get(path), cpodkit.CodeMissingToken},
		"a token without a user":      {f.call(http.MethodGet, path, service, ""), cpodkit.CodeUserRequired},
		"an admin key":                {f.call(http.MethodGet, path, adminT1, ""), cpodkit.CodeUserRequired},
		"a token that is none":        {f.call(http.MethodGet, path, "x.y.z", ""), cpodkit.CodeInvalidToken},
		"a parameter":                 {ann.get(path + "?user=bob"), cpodkit.CodeBadRequest},
		"the grant of another app":    {f.call(http.MethodDelete, path+"/b", tokens["a"].AccessToken, ""), cpodkit.CodeNotFound},
		"a grant of another user":     {bob.remove(path + "/a"), cpodkit.CodeNotFound},
		"no grant":                    {ann.remove(path + "/d"), cpodkit.CodeNotFound},
		"no client_id":                {ann.remove(path + "/%2E%2E%2Fa"), cpodkit.CodeNotFound},
		"from another site":           {ann.remove(path+"/a", "Sec-Fetch-Site", "cross-site"), cpodkit.CodeForbidden},
		"from a sibling site":         {ann.remove(path+"/a", "Sec-Fetch-Site", "same-site"), cpodkit.CodeForbidden},
		"from another origin":         {ann.remove(path+"/a", "Origin", "https://evil.example"), cpodkit.CodeForbidden},
		"from a sandbox":              {ann.remove(path+"/a", "Origin", "null"), cpodkit.CodeForbidden},
		"a cookie beside a bad token": {ann.remove(path+"/a", "Authorization", "Bearer x.y.z"), cpodkit.CodeInvalidToken},
	} {
		t.Run(name, func(t *testing.T) { c.w.WantProblem(t, c.want) })
	}

	// What is removed ends at once.
	ann.remove(path+"/a", "Sec-Fetch-Site", "same-origin", "Origin", issuer).WantStatus(t, http.StatusNoContent)
	f.wantPing(tokens["a"].AccessToken, cpodkit.CodeTokenRevoked)
	if got := outcome(f.refresh(apps["a"], tokens["a"].RefreshToken)); got != "400 invalid_grant" {
		t.Errorf("the refresh token works: %q", got)
	}
	if got := outcome(ann.get(request("a", "scope", "orders.read"))); got != "question" {
		t.Errorf("the grant is still there: %q", got)
	}
	f.call(http.MethodDelete, path+"/b", tokens["b"].AccessToken, "").WantStatus(t, http.StatusNoContent)
	f.wantPing(tokens["b"].AccessToken, cpodkit.CodeTokenRevoked)
	f.wantPing(tokens["c"].AccessToken, "")
	if got := ids(ann.get(path)); got != "c" {
		t.Errorf("ann has %q", got)
	}
	if log := f.log.String(); strings.Count(log, `"grant removed"`) != 2 || strings.Count(log, `"grant given"`) != 3 {
		t.Errorf("the log has\n%s", log)
	}
}

func (b browser) remove(target string, header ...string) *webtest.Answer {
	b.Helper()
	r := b.fixture.form(target)
	r.Method = http.MethodDelete
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return b.send(r)
}

// Taking a scope away narrows what users have granted, and gives nothing back later.
func TestGrantsLoseScopes(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	c := f.app("shop", "web", "orders.read", "storage.user.read")
	tokens := f.signInTo(c)
	declare := func(scopes string) {
		t.Helper()
		f.call(http.MethodPatch, "/v1/oauth/apps/shop", adminT1, `{"declared_scopes": `+scopes+`}`).WantStatus(t, http.StatusOK)
	}
	declare(`["orders.read"]`)
	f.wantPing(tokens.AccessToken, cpodkit.CodeTokenRevoked)
	tokens = f.tokens(f.refresh(c, tokens.RefreshToken))
	if tokens.Scope != "orders.read" {
		t.Errorf("the refreshed token has %q", tokens.Scope)
	}
	declare(`["orders.read", "storage.user.read"]`)
	tokens = f.tokens(f.refresh(c, tokens.RefreshToken))
	list := webtest.Decode[grants](t, browser{f, "ann"}.get("/v1/oauth/me/grants"))
	if tokens.Scope != "orders.read" || strings.Join(list.Items[0].Scopes, " ") != "orders.read" {
		t.Errorf("the scope came back: %q, %+v", tokens.Scope, list)
	}
	page := browser{f, "ann"}.get(request("shop"))
	if outcome(page) != "question" || strings.Count(page.Body.String(), "(new)") != 1 {
		t.Errorf("ann is not asked again:\n%s", page.Body)
	}
	f.answer(browser{f, "ann"}.decide(page, "allow"))
	if got := f.signInTo(c).Scope; got != "orders.read storage.user.read" {
		t.Errorf("granted anew: %q", got)
	}

	// And an app that is deleted takes all of it along.
	f.call(http.MethodDelete, "/v1/oauth/apps/shop", adminT1, "").WantStatus(t, http.StatusNoContent)
	f.wantPing(tokens.AccessToken, cpodkit.CodeTokenRevoked)
	if _, err := f.grants.Grant(t.Context(), "t1", "ann", "shop"); !errors.Is(err, cpodkit.CodeNotFound) || f.families() != 0 {
		t.Errorf("%d families are left, and the grant: %v", f.families(), err)
	}
}

// What a crash has left of an app counts for no later one of the same name.
func TestGrantOfAnEarlierApp(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	c := f.app("shop", "web", "orders.read")
	f.must(f.grants.PutGrant(t.Context(), oauth.Grant{
		ID: "G", TenantID: "t1", UserID: "ann", ClientID: "shop", Instance: "another", Scopes: cpodkit.Scopes{"orders.read"},
		CreatedAt: time.Now(), UpdatedAt: time.Now(),
	}))
	ann := browser{f, "ann"}
	list := webtest.Decode[grants](t, ann.get("/v1/oauth/me/grants"))
	if len(list.Items) != 1 || len(list.Items[0].Scopes) != 0 {
		t.Errorf("the old grant counts: %+v", list)
	}
	page := ann.get(request(c.id))
	if outcome(page) != "question" || strings.Contains(page.Body.String(), "(new)") {
		t.Fatalf("%s", page.Body)
	}
	f.tokens(f.redeem(c, f.answer(ann.decide(page, "allow")).Get("code")))
}

// The page after the form leads to the app for a minute, with the answer to this request
// and to no other.
func TestAnswerAfterForm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFlow(t)
		f.app("shop", "web", "orders.read")
		f.app("other", "web", "orders.read")
		ann := browser{f, "ann"}
		action, form := ann.form(ann.get(request("shop")))
		r := ann.post(action, form, "deny")
		r.AddCookie(&http.Cookie{Name: "session", Value: "ann"})
		page := f.serve(r)
		if page.Code != http.StatusOK || !strings.Contains(page.Body.String(), "<title>Back to “App shop”</title>") {
			t.Fatalf("%d %s", page.Code, page.Body)
		}
		next := html.UnescapeString(refresh.FindStringSubmatch(page.Body.String())[1])
		for name, c := range map[string]struct{ target, want string }{
			"this request":        {next, "access_denied to app.example.com"},
			"another app":         {strings.Replace(next, "client_id=shop", "client_id=other", 1), "question"},
			"another redirect":    {strings.Replace(next, url.QueryEscape(callback), url.QueryEscape("http://localhost/cb"), 1), "question"},
			"an unknown redirect": {strings.Replace(next, "app.example.com", "evil.example", 1), "page 400"},
			"another state":       {strings.Replace(next, "state=s", "state=x", 1), "question"},
			"a made-up answer":    {request("shop") + "&answer=code%3Dx", "question"},
		} {
			if got := outcome(ann.get(c.target)); got != c.want {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
		}
		time.Sleep(oauth.CodeLife)
		if got := outcome(ann.get(next)); got != "question" {
			t.Errorf("later: %q", got)
		}
	})
}

// A form and the note of a new sign-in are good for an hour.
func TestFormsExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFlow(t)
		c := f.app("shop", "web", "orders.read")
		ann := browser{f, "ann"}
		action, form := ann.form(ann.get(request(c.id)))
		target, err := url.Parse(browser{f, ""}.get(request(c.id, "prompt", "login")).Header().Get("Location"))
		f.must(err)
		returnTo := target.Query().Get("return_to")
		time.Sleep(time.Minute)
		f.door.signIn("ann", oauth.User{TenantID: "t1", ID: "ann", AuthTime: time.Now()})
		time.Sleep(58 * time.Minute)
		if got := outcome(ann.get(returnTo)); got != "question" {
			t.Errorf("within the hour: %q", got)
		}
		time.Sleep(2 * time.Minute)
		if got := outcome(ann.get(returnTo)); got != "login" {
			t.Errorf("the note of a sign-in is still good: %q", got)
		}
		if got := outcome(ann.send(ann.post(action, form, "allow"))); got != "page 403" {
			t.Errorf("the form is still good: %q", got)
		}
	})
}
