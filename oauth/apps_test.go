package oauth_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/oauth/oauthtest"
)

func TestMemoryApps(t *testing.T) {
	t.Parallel()
	oauthtest.RunApps(t, func(*testing.T) oauth.AppStore { return oauth.NewMemoryApps() })
}

func TestRegisterReadListDelete(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	w := f.call(http.MethodPost, "/v1/oauth/apps", adminT1, `{"client_id": "app-myservice", "name": "My Service",
		"declared_scopes": ["storage.private.read", "storage.user.read"], "app_type": "web",
		"redirect_uris": ["https://app.example.com/cb"], "allowed_origins": ["https://app.example.com"]}`)
	if w.Code != http.StatusCreated || w.Header().Get("Location") != "/v1/oauth/apps/app-myservice" ||
		w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("got %d %s, headers %v", w.Code, w.Body, w.Header())
	}
	registered := webtest.Decode[app](f, w)
	if !regexp.MustCompile(`^cs_[A-Za-z0-9_-]{43}$`).MatchString(registered.ClientSecret) {
		t.Error("the secret is not cs_ and 256 bits")
	}
	if made, err := time.Parse(time.RFC3339, registered.CreatedAt); err != nil || time.Since(made).Abs() > time.Minute ||
		!strings.HasSuffix(registered.CreatedAt, "Z") {
		t.Errorf("created_at is %q", registered.CreatedAt)
	}
	secret := registered.ClientSecret
	registered.ClientSecret = ""
	want := fmt.Sprintf("%+v", registered)

	w = f.call(http.MethodGet, "/v1/oauth/apps/app-myservice", adminT1, "")
	if got := fmt.Sprintf("%+v", webtest.Decode[app](f, w)); got != want {
		t.Errorf("read %s, want %s", got, want)
	}
	page := listApps(f, adminT1, "")
	if len(page.Items) != 1 || fmt.Sprintf("%+v", page.Items[0]) != want || page.NextCursor != "" {
		t.Errorf("listed %+v, want %s", page, want)
	}
	wantProblem(f, f.call(http.MethodPost, "/v1/oauth/apps", adminT2, body(map[string]any{"client_id": "app-myservice"})), cpodkit.CodeConflict)
	w = f.call(http.MethodDelete, "/v1/oauth/apps/app-myservice", adminT1, "")
	if w.Code != http.StatusNoContent || w.Body.Len() != 0 {
		t.Errorf("delete: %d %s", w.Code, w.Body)
	}
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		wantProblem(f, f.call(method, "/v1/oauth/apps/app-myservice", adminT1, ""), cpodkit.CodeNotFound)
	}
	wantOAuth(f, f.serve(f.tokenRequest(client{"app-myservice", secret})), http.StatusUnauthorized, "invalid_client")
	if items := listApps(f, adminT1, "").Items; items == nil || len(items) != 0 {
		t.Errorf("an empty list is %v", items)
	}
}

func TestBrowserAppHasNoSecret(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	w := f.call(http.MethodPost, "/v1/oauth/apps", adminT1, body(map[string]any{"app_type": "browser"}))
	if w.Code != http.StatusCreated || strings.Contains(w.Body.String(), "client_secret") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	wantProblem(f, f.call(http.MethodPost, "/v1/oauth/apps/app-1/rotate-secret", adminT1, ""), cpodkit.CodeConflict)
}

func TestAppsNeedTheAdminScope(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.register(adminT1, "app-1", "storage.private.read")
	for _, call := range []struct{ method, path string }{
		{"POST", "/v1/oauth/apps"}, {"GET", "/v1/oauth/apps"}, {"GET", "/v1/oauth/apps/app-1"},
		{"PATCH", "/v1/oauth/apps/app-1"}, {"DELETE", "/v1/oauth/apps/app-1"}, {"POST", "/v1/oauth/apps/app-1/rotate-secret"},
		{"POST", keysPath}, {"GET", keysPath}, {"DELETE", keysPath + "/key-1"},
	} {
		wantProblem(f, f.call(call.method, call.path, "", ""), cpodkit.CodeMissingToken)
		wantProblem(f, f.call(call.method, call.path, "cpod_plain-t1", ""), cpodkit.CodeInvalidScope)
		wantProblem(f, f.call(call.method, call.path, "cpod_unknown", ""), cpodkit.CodeInvalidToken)
	}
	f.token(c) // the secret is the same
}

func TestAnAppOfAnotherTenantIsNotThere(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.register(adminT1, "app-1")
	token := f.token(c)
	for _, call := range []struct{ method, path string }{
		{"GET", "/v1/oauth/apps/%s"}, {"DELETE", "/v1/oauth/apps/%s"}, {"POST", "/v1/oauth/apps/%s/rotate-secret"},
	} {
		answers := map[string]string{}
		for _, id := range []string{"app-1", "app-0", "..app", "a%2Fb"} {
			r := httptest.NewRequestWithContext(t.Context(), call.method, fmt.Sprintf(call.path, id), nil)
			r.Header.Set("Authorization", "Bearer "+adminT2)
			r.Header.Set("X-Request-Id", "same")
			w := f.serve(r)
			wantProblem(f, w, cpodkit.CodeNotFound)
			answers[strings.ReplaceAll(w.Body.String(), id, "ID")] = id
		}
		if len(answers) != 1 {
			t.Errorf("%s %s: the answers differ: %v", call.method, call.path, answers)
		}
	}
	if items := listApps(f, adminT2, "").Items; len(items) != 0 {
		t.Errorf("the other tenant lists %v", items)
	}
	f.wantPing(token, "")
	f.token(c)
}

func TestRotateSecret(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	old := f.register(adminT1, "app-1", "storage.private.read")
	token := f.token(old)
	w := f.call(http.MethodPost, "/v1/oauth/apps/app-1/rotate-secret", adminT1, "")
	if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("got %d %s, headers %v", w.Code, w.Body, w.Header())
	}
	rotated := webtest.Decode[app](f, w)
	if rotated.ClientSecret == old.secret || !strings.HasPrefix(rotated.ClientSecret, "cs_") || rotated.Name != "App app-1" {
		t.Errorf("the answer is %+v", rotated)
	}
	wantOAuth(f, f.serve(f.tokenRequest(old)), http.StatusUnauthorized, "invalid_client")
	f.token(client{"app-1", rotated.ClientSecret})
	f.wantPing(token, "") // a new secret does not end tokens
}

func TestDeletingAnAppEndsItsTokensAndNoOthers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first, neighbour := f.register(adminT1, "app-1"), f.register(adminT1, "app-10")
	token, other := f.token(first), f.token(neighbour)
	f.wantPing(token, "")
	wantProblem(f, f.call(http.MethodDelete, "/v1/oauth/apps/app-1", adminT1, ""), "")
	f.wantPing(token, cpodkit.CodeTokenRevoked)
	f.wantPing(other, "")

	again := f.register(adminT2, "app-1") // in the same second
	fresh := f.token(again)
	f.wantPing(fresh, "")
	f.wantPing(token, cpodkit.CodeTokenRevoked)
	wantOAuth(f, f.serve(f.tokenRequest(first)), http.StatusUnauthorized, "invalid_client")
}

var errDown = errors.New("dial tcp 10.0.0.1:27017: refused")

// brokenApps fails in the calls for which it holds an error.
type brokenApps struct {
	*oauth.MemoryApps
	updates, deletes, all error
}

func (b *brokenApps) Update(ctx context.Context, app oauth.App) error {
	if b.updates != nil {
		return b.updates
	}
	return b.MemoryApps.Update(ctx, app)
}

func (b *brokenApps) Delete(ctx context.Context, app oauth.App) error {
	if err := errors.Join(b.deletes, b.all); err != nil {
		return err
	}
	return b.MemoryApps.Delete(ctx, app)
}

func (b *brokenApps) Get(ctx context.Context, id string) (oauth.App, error) {
	if b.all != nil {
		return oauth.App{}, b.all
	}
	return b.MemoryApps.Get(ctx, id)
}

func (b *brokenApps) List(ctx context.Context, tenant, after string, limit int) ([]oauth.App, error) {
	if b.all != nil {
		return nil, b.all
	}
	return b.MemoryApps.List(ctx, tenant, after, limit)
}

// As after a crash between the two steps of a delete.
func TestAHalfDeletedAppIsOfNoUse(t *testing.T) {
	t.Parallel()
	store := &brokenApps{MemoryApps: oauth.NewMemoryApps(), deletes: errDown}
	f := newFixture(t, func(c *oauth.Config) { c.Apps = store })
	c := f.register(adminT1, "app-1")
	token := f.token(c)
	wantProblem(f, f.call(http.MethodDelete, "/v1/oauth/apps/app-1", adminT1, ""), cpodkit.CodeInternal)
	f.wantPing(token, cpodkit.CodeTokenRevoked)
	f.wantPing(f.token(c), cpodkit.CodeTokenRevoked)

	store.deletes = nil
	wantProblem(f, f.call(http.MethodDelete, "/v1/oauth/apps/app-1", adminT1, ""), "")
	f.wantPing(f.token(f.register(adminT1, "app-1")), "")
}

// What others keep of an app goes before the app: after its tokens have ended, and while
// its client id is taken.
func TestOthersDropADeletedApp(t *testing.T) {
	t.Parallel()
	var f *fixture
	var dropped []string
	down := fmt.Errorf("%w: %w", cpodkit.CodeUnavailable, errDown)
	f = newFixture(t, func(c *oauth.Config) {
		c.AppDeleted = func(_ context.Context, app oauth.App) error {
			dropped = append(dropped, app.TenantID+"/"+app.ClientID)
			return down
		}
	})
	c := f.register(adminT1, "app-1")
	token := f.token(c)
	wantProblem(f, f.call(http.MethodDelete, "/v1/oauth/apps/app-1", adminT1, ""), cpodkit.CodeUnavailable)
	f.wantPing(token, cpodkit.CodeTokenRevoked)
	wantProblem(f, f.call(http.MethodPost, "/v1/oauth/apps", adminT1, `{"client_id":"app-1","name":"x","declared_scopes":[],"app_type":"service"}`), cpodkit.CodeConflict)
	down = nil
	wantProblem(f, f.call(http.MethodDelete, "/v1/oauth/apps/app-1", adminT1, ""), "")
	wantProblem(f, f.call(http.MethodDelete, "/v1/oauth/apps/app-1", adminT1, ""), cpodkit.CodeNotFound)
	if fmt.Sprint(dropped) != "[t1/app-1 t1/app-1]" {
		t.Errorf("dropped are %q", dropped)
	}
}

func TestAChangeAtTheSameTimeIsAConflict(t *testing.T) {
	t.Parallel()
	raced := cpodkit.CodePreconditionFailed
	store := &brokenApps{MemoryApps: oauth.NewMemoryApps(), updates: raced, deletes: raced}
	f := newFixture(t, func(c *oauth.Config) { c.Apps = store })
	c := f.register(adminT1, "app-1")
	wantProblem(f, f.call(http.MethodPost, "/v1/oauth/apps/app-1/rotate-secret", adminT1, ""), cpodkit.CodeConflict)
	f.token(c)
	wantProblem(f, f.call(http.MethodDelete, "/v1/oauth/apps/app-1", adminT1, ""), cpodkit.CodeConflict)
}

func TestStoreDownIsUnavailable(t *testing.T) {
	t.Parallel()
	store := &brokenApps{MemoryApps: oauth.NewMemoryApps()}
	f := newFixture(t, func(c *oauth.Config) { c.Apps = store })
	c := f.register(adminT1, "app-1")
	store.all = fmt.Errorf("%w: %w", cpodkit.CodeUnavailable, errDown)
	answers := []*webtest.Answer{f.serve(f.tokenRequest(c)), f.serve(f.introspect(c, "token", "x"))}
	for _, w := range answers {
		wantOAuth(f, w, http.StatusServiceUnavailable, "temporarily_unavailable")
	}
	for _, path := range []string{"/v1/oauth/apps/app-1", "/v1/oauth/apps"} {
		w := f.call(http.MethodGet, path, adminT1, "")
		wantProblem(f, w, cpodkit.CodeUnavailable)
		answers = append(answers, w)
	}
	for _, w := range answers {
		if w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), "10.0.0.1") {
			t.Errorf("headers %v, body %s", w.Header(), w.Body)
		}
	}
}

func TestListInPages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var want []string
	for i := range 7 {
		id := fmt.Sprintf("app-%d", i)
		want = append(want, id)
		f.register(adminT1, id)
		f.register(adminT2, "other-"+id)
	}
	var got []string
	query := "?limit=3"
	for pages := 0; ; pages++ {
		page := listApps(f, adminT1, query)
		for _, a := range page.Items {
			got = append(got, a.ClientID)
		}
		if page.NextCursor == "" {
			if pages != 2 {
				t.Errorf("%d pages", pages+1)
			}
			break
		}
		query = "?limit=3&cursor=" + page.NextCursor
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %v, want %v", got, want)
	}
	if page := listApps(f, adminT1, "?limit=7"); len(page.Items) != 7 || page.NextCursor != "" {
		t.Errorf("a page that is just full has %d items and the cursor %q", len(page.Items), page.NextCursor)
	}

	cursor := listApps(f, adminT1, "?limit=1").NextCursor
	for _, test := range []struct {
		name, token, query string
		want               cpodkit.Code
	}{
		{"another limit beside the cursor", adminT1, "cursor=" + cursor + "&limit=500", ""},
		{"the cursor of another tenant", adminT2, "cursor=" + cursor, cpodkit.CodeInvalidCursor},
		{"the cursor of another app", platform, "cursor=" + cursor, cpodkit.CodeInvalidCursor},
		{"a bent cursor", adminT1, "cursor=" + strings.Map(bend, cursor), cpodkit.CodeInvalidCursor},
		{"an empty cursor", adminT1, "cursor=", cpodkit.CodeInvalidCursor},
		{"a cursor over 4 KiB", adminT1, "cursor=" + strings.Repeat("A", 5000), cpodkit.CodeInvalidCursor},
		{"a cursor twice", adminT1, "cursor=" + cursor + "&cursor=" + cursor, cpodkit.CodeBadRequest},
		{"limit 0", adminT1, "limit=0", cpodkit.CodeBadRequest},
		{"limit 501", adminT1, "limit=501", cpodkit.CodeBadRequest},
		{"limit that is no number", adminT1, "limit=x", cpodkit.CodeBadRequest},
		{"limit twice", adminT1, "limit=1&limit=1", cpodkit.CodeBadRequest},
		{"a broken query", adminT1, "limit=%zz", cpodkit.CodeBadRequest},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &fixture{TB: t, handler: f.handler}
			wantProblem(f, f.call(http.MethodGet, "/v1/oauth/apps?"+test.query, test.token, ""), test.want)
		})
	}
}

func TestSecretsStayOutOfLogs(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.register(adminT1, "app-1")
	token := f.token(c)
	rotated := webtest.Decode[app](f, f.call(http.MethodPost, "/v1/oauth/apps/app-1/rotate-secret", adminT1, "")).ClientSecret
	f.serve(f.tokenRequest(c)) // fails
	f.serve(f.tokenRequest(client{c.id, rotated}, "scope", "not.declared"))
	f.serve(f.introspect(client{c.id, rotated}, "token", token))
	f.serve(f.revoke(client{c.id, rotated}, "token", token))
	f.wantPing(token, cpodkit.CodeTokenRevoked)
	f.call(http.MethodDelete, "/v1/oauth/apps/app-1", adminT1, "")

	log := f.log.String()
	for _, what := range []string{"app registered", "app secret rotated", "app deleted"} {
		if !strings.Contains(log, what) {
			t.Errorf("the log lacks %q", what)
		}
	}
	for _, secret := range []string{c.secret, rotated, token, strings.Split(token, ".")[2], adminT1} {
		if strings.Contains(log, secret) {
			t.Error("the log holds a secret")
		}
	}
}

func TestAppsConcurrently(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var wg sync.WaitGroup
	var registered sync.Map
	for range 8 {
		wg.Go(func() {
			for i := range 10 {
				path := fmt.Sprintf("/v1/oauth/apps/app-%d", i)
				w := f.call(http.MethodPost, "/v1/oauth/apps", adminT1, body(map[string]any{"client_id": fmt.Sprintf("app-%d", i)}))
				var a app
				if w.Code == http.StatusCreated && json.Unmarshal(w.Body.Bytes(), &a) == nil {
					registered.Store(a.ClientSecret, true)
					f.serve(f.tokenRequest(client{a.ClientID, a.ClientSecret}))
				}
				f.call(http.MethodGet, "/v1/oauth/apps", adminT1, "")
				if w := f.call(http.MethodPost, path+"/rotate-secret", adminT1, ""); w.Code >= 500 {
					t.Errorf("rotate: %d %s", w.Code, w.Body)
				}
				if w := f.call(http.MethodDelete, path, adminT1, ""); w.Code >= 500 {
					t.Errorf("delete: %d %s", w.Code, w.Body)
				}
			}
		})
	}
	wg.Wait()
	if items := listApps(f, adminT1, "").Items; len(items) != 0 {
		t.Errorf("left over: %v", items)
	}
}

type appPage struct {
	Items      []app  `json:"items"`
	NextCursor string `json:"nextCursor"`
}

func listApps(f *fixture, token, query string) appPage {
	f.Helper()
	w := f.call(http.MethodGet, "/v1/oauth/apps"+query, token, "")
	if w.Code != http.StatusOK {
		f.Fatalf("list: %d %s", w.Code, w.Body)
	}
	return webtest.Decode[appPage](f, w)
}

// bend makes another letter of each.
func bend(c rune) rune {
	if c == 'A' {
		return 'B'
	}
	return 'A'
}

// A tenant has so many apps and no more, also when they are registered at once.
func TestTooManyApps(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i := range oauth.MaxApps - 1 {
		f.register(adminT1, fmt.Sprint("app-", i))
	}
	var made atomic.Int32
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			body := fmt.Sprintf(`{"client_id":"late-%d","name":"x","app_type":"service","declared_scopes":[]}`, i)
			switch w := f.call(http.MethodPost, "/v1/oauth/apps", adminT1, body); w.Code {
			case http.StatusCreated:
				made.Add(1)
			case http.StatusConflict:
			default:
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	all.Wait()
	if made.Load() > 1 {
		t.Errorf("%d of the last ones were made", made.Load())
	}
	f.register(adminT2, "of-another-tenant")
	wantProblem(f, f.call(http.MethodGet, "/v1/oauth/apps/late-x", adminT1, ""), cpodkit.CodeNotFound)
	if w := f.call(http.MethodDelete, "/v1/oauth/apps/app-0", adminT1, ""); w.Code != http.StatusNoContent {
		t.Fatalf("delete: %d %s", w.Code, w.Body)
	}
	f.register(adminT1, "after-a-deletion")
}

// Deleting apps, and taking scopes away, is never refused. What would fill the room of
// revocations by doing so again and again is.
func TestAFullShareOfRevocations(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *oauth.Config) {
		var err error
		if c.Revocations, err = authz.OpenRevocations(t.Context(), authz.NewMemoryRevocations(), authz.WithMaxRevocations(24)); err != nil {
			t.Fatal(err)
		}
	})
	f.register(adminT1, "app-a", "orders.read", "orders.write")
	f.register(adminT1, "app-b")
	patch := func(scopes string) *webtest.Answer {
		return f.call(http.MethodPatch, "/v1/oauth/apps/app-a", adminT1, `{"declared_scopes":[`+scopes+`]}`)
	}
	refused := false
	for range 10 {
		if w := patch(`"orders.read"`); w.Code != http.StatusOK {
			t.Fatalf("a scope is not taken away: %d %s", w.Code, w.Body)
		}
		w := patch(`"orders.read","orders.write"`)
		if w.Code == http.StatusServiceUnavailable {
			refused = strings.Contains(w.Body.String(), "its share")
			break
		}
	}
	if !refused {
		t.Error("a tenant fills the room of revocations")
	}
	body := `{"client_id":"app-c","name":"x","app_type":"service","declared_scopes":[]}`
	wantProblem(f, f.call(http.MethodPost, "/v1/oauth/apps", adminT1, body), cpodkit.CodeUnavailable)
	if w := f.call(http.MethodDelete, "/v1/oauth/apps/app-b", adminT1, ""); w.Code != http.StatusNoContent {
		t.Errorf("an app is not deleted: %d %s", w.Code, w.Body)
	}
	f.register(adminT2, "app-c")
}
