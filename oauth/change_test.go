package oauth_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/oauth"
)

const appPath = "/v1/oauth/apps/app-1"

// change sends a merge patch of app-1.
func (f *fixture) change(token, patch string, header ...string) *webtest.Answer {
	f.Helper()
	return webtest.Call(f, f.handler, http.MethodPatch, appPath, token, patch, append([]string{"Content-Type", "application/merge-patch+json"}, header...)...)
}

// etag returns the ETag of app-1 for an administrator.
func (f *fixture) etag(token string) string {
	f.Helper()
	w := f.call(http.MethodGet, appPath, token, "")
	if w.Code != http.StatusOK || w.Header().Get("ETag") == "" {
		f.Fatalf("%s, headers %v", w, w.Header())
	}
	return w.Header().Get("ETag")
}

func TestChange(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	registered := f.registerAs(adminT1, "app-1", "web", "orders.read")
	registered.ClientSecret = ""
	want := registered
	for _, step := range []struct {
		patch   string
		members string // that the log names
		do      func()
	}{
		{`{}`, "", func() {}},
		{`{"name": "Shop"}`, `["name"]`, func() { want.Name = "Shop" }},
		{`{"name": "Shop", "redirect_uris": null}`, "", func() {}},
		{
			`{"redirect_uris": ["https://shop.example/cb"], "allowed_origins": ["https://shop.example"]}`, `["redirect_uris","allowed_origins"]`,
			func() {
				want.RedirectURIs, want.AllowedOrigins = []string{"https://shop.example/cb"}, []string{"https://shop.example"}
			},
		},
		{
			`{"declared_scopes": ["orders.read", "jobs.*"], "redirect_uris": []}`, `["declared_scopes","redirect_uris"]`,
			func() { want.DeclaredScopes, want.RedirectURIs = []string{"orders.read", "jobs.*"}, []string{} },
		},
		{`{"allowed_origins": null}`, `["allowed_origins"]`, func() { want.AllowedOrigins = nil }},
		{`{"declared_scopes": null}`, `["declared_scopes"]`, func() { want.DeclaredScopes = []string{} }},
	} {
		step.do()
		before, logged := f.etag(adminT1), strings.Count(f.log.String(), "app changed")
		w := f.change(adminT1, step.patch)
		if w.Code != http.StatusOK {
			t.Fatal(w)
		}
		got := fmt.Sprintf("%+v", webtest.Decode[app](f, w))
		if got != fmt.Sprintf("%+v", want) || w.Header().Get("ETag") != f.etag(adminT1) {
			t.Errorf("%s makes %s, want %+v; the ETag is %s", step.patch, got, want, w.Header().Get("ETag"))
		}
		if read := fmt.Sprintf("%+v", webtest.Decode[app](f, f.call(http.MethodGet, appPath, adminT1, ""))); read != got {
			t.Errorf("after %s the app is %s, want %s", step.patch, read, got)
		}
		if (f.etag(adminT1) != before) != (step.members != "") {
			t.Errorf("%s: the ETag was %s and is %s", step.patch, before, f.etag(adminT1))
		}
		lines := strings.Count(f.log.String(), "app changed") - logged
		if step.members == "" && lines != 0 || step.members != "" && (lines != 1 || !strings.Contains(f.log.String(), `"members":`+step.members)) {
			t.Errorf("%s: the log has %d lines more, want the members %s\n%s", step.patch, lines, step.members, f.log)
		}
	}
}

func TestChangeRefuses(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.register(platform, "app-1", "admin", "orders.read", "platform.admin")
	appKey := f.createKey(adminT1, keysPath, "admin", "orders.read").Key
	state := f.etag(adminT1)
	for _, test := range []struct {
		name, token, patch string
		want               cpodkit.Code
		pointers           []string
	}{
		{"name null", adminT1, `{"name": null}`, cpodkit.CodeValidationFailed, []string{"/name"}},
		{"name empty", adminT1, `{"name": ""}`, cpodkit.CodeValidationFailed, []string{"/name"}},
		{"name a number", adminT1, `{"name": 1}`, cpodkit.CodeValidationFailed, []string{"/name"}},
		{"client_id", adminT1, `{"client_id": "app-2"}`, cpodkit.CodeValidationFailed, []string{"/client_id"}},
		{"client_id null", adminT1, `{"client_id": null}`, cpodkit.CodeValidationFailed, []string{"/client_id"}},
		{"app_type", adminT1, `{"app_type": "web"}`, cpodkit.CodeValidationFailed, []string{"/app_type"}},
		{"jwks", adminT1, `{"jwks": {}}`, cpodkit.CodeValidationFailed, []string{"/jwks"}},
		{"secret", adminT1, `{"client_secret": "cs_x"}`, cpodkit.CodeValidationFailed, []string{"/client_secret"}},
		{"a member twice", adminT1, `{"name": "a", "name": "b"}`, cpodkit.CodeValidationFailed, []string{"/name"}},
		{"no object", adminT1, `[]`, cpodkit.CodeValidationFailed, []string{""}},
		{"null", adminT1, `null`, cpodkit.CodeValidationFailed, []string{""}},
		{"no body", adminT1, ``, cpodkit.CodeBadRequest, nil},
		{"broken", adminT1, `{"name": `, cpodkit.CodeBadRequest, nil},
		{"a list of null", adminT1, `{"redirect_uris": [null]}`, cpodkit.CodeValidationFailed, []string{"/redirect_uris/0"}},
		{
			"everything", adminT1, `{"name": " ", "declared_scopes": ["A", "jobs.reed"], "redirect_uris": ["/x"], "allowed_origins": ["*"]}`,
			cpodkit.CodeValidationFailed,
			[]string{"/name", "/declared_scopes/0", "/declared_scopes/1", "/redirect_uris/0", "/allowed_origins/0"},
		},
		{"what the app lacks", appKey, `{"declared_scopes": ["admin", "orders.read", "orders.write"]}`, cpodkit.CodeInvalidScope, nil},
		{"a redirect URI of an app that is worth more", appKey, `{"redirect_uris": ["https://evil.example"]}`, cpodkit.CodeInvalidScope, nil},
		{"the same, by an admin key", adminT1, `{"redirect_uris": ["https://evil.example"]}`, cpodkit.CodeInvalidScope, nil},
		{"too large", adminT1, `{"name": "` + strings.Repeat("x", 1<<20) + `"}`, cpodkit.CodePayloadTooLarge, nil},
		{"another tenant", adminT2, `{}`, cpodkit.CodeNotFound, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &fixture{TB: t, handler: f.handler}
			f.change(test.token, test.patch).WantProblem(t, test.want, test.pointers...)
		})
	}
	for media, want := range map[string]int{
		"application/json": 200, "application/merge-patch+json; charset=utf-8": 200, "": 200,
		"application/json-patch+json": 415, "application/ld+json": 415, "text/json": 415, "application/x-www-form-urlencoded": 415, "json": 415,
	} {
		w := webtest.Call(t, f.handler, http.MethodPatch, appPath, adminT1, `{}`, "Content-Type", media)
		if w.Code != want || w.Code == 415 && strings.Contains(media, "/") && w.Header().Get("Accept-Patch") == "" {
			t.Errorf("%q: %s, headers %v", media, w, w.Header())
		}
	}
	if f.etag(adminT1) != state {
		t.Error("the app was changed")
	}
	// What is taken away, and a name, is any administrator's.
	wantProblem(f, f.change(appKey, `{"name": "x", "declared_scopes": ["admin", "orders.read"]}`), "")
	wantProblem(f, f.change(appKey, `{"redirect_uris": ["https://shop.example"]}`), "")
	wantProblem(f, f.change(platform, `{"declared_scopes": ["admin", "orders.read", "platform.admin"]}`), "")
}

func TestChangeConditions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.register(adminT1, "app-1", "orders.read")
	first := f.etag(adminT1)
	wantProblem(f, f.change(adminT1, `{"name": "One"}`, "If-Match", first), "")
	for _, test := range []struct {
		header []string
		want   cpodkit.Code
	}{
		{[]string{"If-Match", first}, cpodkit.CodePreconditionFailed},
		{[]string{"If-Match", `"x"`}, cpodkit.CodePreconditionFailed},
		{[]string{"If-Match", "W/" + f.etag(adminT1)}, cpodkit.CodePreconditionFailed},
		{[]string{"If-None-Match", "*"}, cpodkit.CodePreconditionFailed},
		{[]string{"If-Match", first + ", " + f.etag(adminT1)}, cpodkit.CodeBadRequest},
		{[]string{"If-Match", "x"}, cpodkit.CodeBadRequest},
		{[]string{"If-Unmodified-Since", "Mon, 02 Jan 2026 15:04:05 GMT"}, cpodkit.CodeBadRequest},
	} {
		f.change(adminT1, `{"name": "Two"}`, test.header...).WantProblem(t, test.want)
	}
	// 412 comes before what is wrong with the values.
	f.change(adminT1, `{"name": ""}`, "If-Match", first).WantProblem(t, cpodkit.CodePreconditionFailed)
	wantProblem(f, f.change(adminT1, `{"name": "Two"}`, "If-Match", "*"), "")
	w := f.change(adminT1, `{"name": "Three"}`, "If-Match", f.etag(adminT1))
	wantProblem(f, w, "")
	wantProblem(f, f.change(adminT1, `{"name": "Four"}`, "If-Match", w.Header().Get("ETag")), "")
}

// Taking a scope away ends the tokens that the app has, and no others.
func TestTakingAScopeAway(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c, other := f.register(adminT1, "app-1", "orders.read", "orders.write"), f.register(adminT1, "app-10", "orders.write")
	narrow, wide, foreign := f.token(c, "scope", "orders.read"), f.token(c), f.token(other)
	for _, kept := range []string{`{"name": "x"}`, `{"declared_scopes": ["orders.write", "orders.read", "jobs.read"]}`, `{"declared_scopes": ["orders.*", "jobs.read"]}`} {
		wantProblem(f, f.change(adminT1, kept), "")
		f.wantPing(wide, "")
	}
	wantProblem(f, f.change(adminT1, `{"declared_scopes": ["orders.read"]}`), "")
	f.wantPing(wide, cpodkit.CodeTokenRevoked)
	f.wantPing(narrow, cpodkit.CodeTokenRevoked)
	f.wantPing(foreign, "")
	fresh := f.token(c)
	f.wantPing(fresh, "")
	if got := claimsOf(f, fresh)["scope"]; got != "orders.read" {
		t.Errorf("a new token has %v", got)
	}
	wantOAuth(f, f.serve(f.tokenRequest(c, "scope", "orders.write")), http.StatusBadRequest, "invalid_scope")

	wantProblem(f, f.change(adminT1, `{"declared_scopes": ["orders.read", "orders.write"]}`), "")
	f.wantPing(wide, cpodkit.CodeTokenRevoked)
	f.wantPing(fresh, "")
	again := f.token(c)
	wantProblem(f, f.change(adminT1, `{"declared_scopes": []}`), "")
	f.wantPing(again, cpodkit.CodeTokenRevoked)
	last := f.token(c, "scope", "")
	wantProblem(f, f.call(http.MethodDelete, appPath, adminT1, ""), "")
	f.wantPing(last, cpodkit.CodeTokenRevoked)
}

// scopesOf returns the scopes that the keys of app-1 have in a list, by their ids.
func scopesOf(f *fixture) map[string]string {
	f.Helper()
	all := map[string]string{}
	for _, key := range listKeys(f, adminT1, "").Items {
		all[key.ID] = strings.Join(key.Scopes, " ")
	}
	return all
}

// A key keeps what its app still declares. It gets nothing back that was taken.
func TestTakingAScopeAwayNarrowsKeys(t *testing.T) {
	t.Parallel()
	keys, apps := oauth.NewMemoryKeys(), oauth.NewMemoryApps()
	f := newFixture(t, func(c *oauth.Config) { c.Keys, c.Apps = keys, apps })
	f.register(adminT1, "app-1", "orders.read", "orders.write", "jobs.*")
	f.register(adminT1, "app-2", "jobs.*")
	made := map[string]apiKey{}
	for name, scopes := range map[string][]string{
		"both": {"orders.write", "orders.read"}, "wild": {"jobs.*", "jobs.read", "orders.read"}, "narrow": {"jobs.write"}, "none": {},
	} {
		made[name] = f.createKey(adminT1, keysPath, scopes...)
	}
	other := f.createKey(adminT1, "/v1/oauth/apps/app-2/keys", "jobs.*")
	live := oauth.LiveKeys(keys, apps)
	for _, step := range []struct {
		declared string
		want     map[string]string
	}{
		{`"orders.read", "orders.write", "jobs.*"`, map[string]string{"both": "orders.write orders.read", "wild": "jobs.* jobs.read orders.read", "narrow": "jobs.write", "none": ""}},
		{`"orders.read", "jobs.read"`, map[string]string{"both": "orders.read", "wild": "jobs.read orders.read", "narrow": "", "none": ""}},
		{`"orders.read", "orders.write", "jobs.*"`, map[string]string{"both": "orders.read", "wild": "jobs.read orders.read", "narrow": "", "none": ""}},
		{`"orders.*"`, map[string]string{"both": "orders.read", "wild": "orders.read", "narrow": "", "none": ""}},
		{``, map[string]string{"both": "", "wild": "", "narrow": "", "none": ""}},
	} {
		wantProblem(f, f.change(adminT1, `{"declared_scopes": [`+step.declared+`]}`), "")
		listed := scopesOf(f)
		for name, want := range step.want {
			f.wantPing(made[name].Key, "")
			key, err := live.Find(t.Context(), authz.DigestOf(made[name].Key))
			if got := key.Scopes.String(); err != nil || got != want || listed[made[name].ID] != want {
				t.Errorf("with %s the key %q has %q, %v, and is listed with %q; want %q", step.declared, name, got, err, listed[made[name].ID], want)
			}
		}
	}
	if key, err := live.Find(t.Context(), authz.DigestOf(other.Key)); err != nil || key.Scopes.String() != "jobs.*" {
		t.Errorf("a key of another app has %v, %v", key.Scopes, err)
	}
	fresh := f.createKey(adminT1, keysPath)
	wantProblem(f, f.change(adminT1, `{"declared_scopes": ["orders.read"]}`), "")
	f.wantPing(fresh.Key, "")
	f.createKey(adminT1, keysPath, "orders.read")
}

// As after a crash between the revocation and the change.
func TestAHalfMadeChange(t *testing.T) {
	t.Parallel()
	store := &brokenApps{MemoryApps: oauth.NewMemoryApps()}
	f := newFixture(t, func(c *oauth.Config) { c.Apps = store })
	c := f.register(adminT1, "app-1", "orders.read", "orders.write")
	for _, retry := range []string{`{"declared_scopes": ["orders.read"]}`, `{"name": "x"}`, `{}`, `{"name": ""}`} {
		wantProblem(f, f.change(adminT1, `{"declared_scopes": ["orders.read", "orders.write"]}`), "")
		token := f.token(c)
		f.wantPing(token, "")
		store.updates = errDown
		wantProblem(f, f.change(adminT1, `{"declared_scopes": ["orders.read"]}`), cpodkit.CodeInternal)
		f.wantPing(token, cpodkit.CodeTokenRevoked)
		f.wantPing(f.token(c), cpodkit.CodeTokenRevoked)
		store.updates = nil
		f.change(adminT1, retry)
		f.wantPing(token, cpodkit.CodeTokenRevoked)
		f.wantPing(f.token(c), "")
	}
}

// failing is a store of revocations that takes none.
type failing struct{ *authz.MemoryRevocations }

func (failing) Add(context.Context, authz.Revocation) error { return cpodkit.CodeUnavailable }

func TestAChangeThatCannotRevoke(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *oauth.Config) {
		var err error
		c.Revocations, err = authz.OpenRevocations(t.Context(), failing{authz.NewMemoryRevocations()})
		if err != nil {
			t.Fatal(err)
		}
	})
	token := f.token(f.register(adminT1, "app-1", "orders.read"))
	state := f.etag(adminT1)
	wantProblem(f, f.change(adminT1, `{"declared_scopes": []}`), cpodkit.CodeUnavailable)
	f.wantPing(token, "")
	if f.etag(adminT1) != state {
		t.Error("the app was changed")
	}
	wantProblem(f, f.change(adminT1, `{"name": "x"}`), "")
}

// racedApps has another change come before an Update.
type racedApps struct {
	*oauth.MemoryApps
	before func(app oauth.App) // nil for none; called once
}

func (r *racedApps) Update(ctx context.Context, app oauth.App) error {
	if before := r.before; before != nil {
		r.before = nil
		current, err := r.Get(ctx, app.ClientID)
		if err != nil {
			return err
		}
		before(current)
	}
	return r.MemoryApps.Update(ctx, app)
}

func TestAChangeAfterAnotherOne(t *testing.T) {
	t.Parallel()
	rename := func(store *racedApps, app oauth.App) error {
		app.Name = "Renamed"
		return store.MemoryApps.Update(t.Context(), app)
	}
	for _, test := range []struct {
		name      string
		isBound   bool // by If-Match
		meanwhile func(store *racedApps, app oauth.App) error
		want      cpodkit.Code
		shown     string
	}{
		{"renamed", false, rename, "", "Renamed"},
		{"renamed, with If-Match", true, rename, cpodkit.CodePreconditionFailed, "Renamed"},
		{"written as it was, with If-Match", true, func(store *racedApps, app oauth.App) error {
			return store.MemoryApps.Update(t.Context(), app)
		}, "", "App app-1"},
		{"deletion has begun", false, func(store *racedApps, app oauth.App) error {
			app.Deleting = true
			return store.MemoryApps.Update(t.Context(), app)
		}, cpodkit.CodeConflict, "App app-1"},
		{"deleted", false, func(store *racedApps, app oauth.App) error {
			return store.Delete(t.Context(), app)
		}, cpodkit.CodeNotFound, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			store := &racedApps{MemoryApps: oauth.NewMemoryApps()}
			f := newFixture(t, func(c *oauth.Config) { c.Apps = store })
			c := f.register(adminT1, "app-1", "orders.read", "orders.write")
			token := f.token(c)
			var header []string
			if test.isBound {
				header = []string{"If-Match", f.etag(adminT1)}
			}
			store.before = func(app oauth.App) { f.must(test.meanwhile(store, app)) }
			wantProblem(f, f.change(adminT1, `{"declared_scopes": ["orders.read"]}`, header...), test.want)
			if test.want != cpodkit.CodeNotFound {
				if got := webtest.Decode[app](f, f.call(http.MethodGet, appPath, adminT1, "")); got.Name != test.shown || (len(got.DeclaredScopes) == 1) != (test.want == "") {
					t.Errorf("the app is %+v", got)
				}
			}
			f.wantPing(token, cpodkit.CodeTokenRevoked)
			if test.want == "" || test.want == cpodkit.CodePreconditionFailed { // the app is of use
				f.wantPing(f.token(c), "")
			}
		})
	}
}

// Whatever else happens to the app, no token with a scope outlives the answer that the
// scope was taken away.
func TestChangesConcurrently(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.register(adminT1, "app-1", "orders.read")
	ctx := t.Context()
	issue := func(scope string) (string, error) {
		return f.server.Issue(ctx, oauth.TokenRequest{ClientID: "app-1", Scopes: cpodkit.Scopes{scope}, TTL: time.Hour})
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	taken := 0
	for i := range 4 {
		wg.Go(func() { // each takes the one scope away that the others give back
			for range 40 {
				token, err := issue("orders.write")
				w := f.change(adminT1, `{"declared_scopes": ["orders.read"]}`)
				if w.Code != http.StatusOK && w.Code != http.StatusConflict {
					t.Errorf("take: %s", w)
				}
				if err == nil && w.Code == http.StatusOK {
					f.wantPing(token, cpodkit.CodeTokenRevoked)
					mu.Lock()
					taken++
					mu.Unlock()
				}
			}
		})
		wg.Go(func() {
			for j := range 80 {
				patch := `{"declared_scopes": ["orders.read", "orders.write"]}`
				if i == 0 && j%2 == 0 {
					patch = fmt.Sprintf(`{"name": "Name %d"}`, j)
				}
				if w := f.change(adminT1, patch); w.Code != http.StatusOK && w.Code != http.StatusConflict {
					t.Errorf("give: %s", w)
				}
				if w := f.call(http.MethodPost, appPath+"/rotate-secret", adminT1, ""); i == 1 && w.Code >= 500 {
					t.Errorf("rotate: %s", w)
				}
			}
		})
	}
	wg.Wait()
	if taken == 0 {
		t.Error("no token was taken")
	}
	token, err := issue("orders.read")
	f.must(err)
	f.wantPing(token, "")
	wantProblem(f, f.call(http.MethodDelete, appPath, adminT1, ""), "")
	f.wantPing(token, cpodkit.CodeTokenRevoked)
}

// A key that is made while its scope is taken away is refused, or told without it.
func TestAKeyBesideAChange(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.register(adminT1, "app-1", "orders.read", "orders.write")
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for range 15 {
				w := f.call(http.MethodPost, keysPath, adminT1, `{"name": "x", "scopes": ["orders.write"]}`)
				if !slices.Contains([]int{http.StatusCreated, http.StatusConflict, http.StatusUnprocessableEntity}, w.Code) {
					t.Errorf("create: %s", w)
				}
			}
		})
	}
	wg.Go(func() { wantProblem(f, f.change(adminT1, `{"declared_scopes": ["orders.read"]}`), "") })
	wg.Wait()
	wantProblem(f, f.change(adminT1, `{"declared_scopes": ["orders.read", "orders.write"]}`), "")
	for id, scopes := range scopesOf(f) {
		if scopes != "" {
			t.Errorf("the key %s has %q back", id, scopes)
		}
	}
	f.call(http.MethodPatch, "/v1/oauth/apps/app-0", adminT1, `{}`).WantProblem(t, cpodkit.CodeNotFound)
}
