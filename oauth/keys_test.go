package oauth_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/httpserver"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/oauth/oauthtest"
)

func TestMemoryKeys(t *testing.T) {
	t.Parallel()
	oauthtest.RunKeys(t, func(*testing.T) oauth.KeyStore { return oauth.NewMemoryKeys() })
}

// apiKey is an API key as the API shows it.
type apiKey struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Scopes    []string `json:"scopes"`
	CreatedAt string   `json:"createdAt"`
	ExpiresAt string   `json:"expiresAt"`
	Key       string   `json:"key"`
}

type keyPage struct {
	Items      []apiKey `json:"items"`
	NextCursor string   `json:"nextCursor"`
}

const keysPath = "/v1/oauth/apps/app-1/keys"

func (f *fixture) createKey(token, path string, scopes ...string) apiKey {
	f.Helper()
	body, err := json.Marshal(map[string]any{"name": "CI", "scopes": append([]string{}, scopes...)})
	f.must(err)
	w := f.call(http.MethodPost, path, token, string(body))
	if w.Code != http.StatusCreated {
		f.Fatalf("create a key: %d %s", w.Code, w.Body)
	}
	return webtest.Decode[apiKey](f, w)
}

func listKeys(f *fixture, token, query string) keyPage {
	f.Helper()
	w := f.call(http.MethodGet, keysPath+query, token, "")
	if w.Code != http.StatusOK {
		f.Fatalf("list: %d %s", w.Code, w.Body)
	}
	return webtest.Decode[keyPage](f, w)
}

func TestCreateListDeleteKeys(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.register(adminT1, "app-1", "storage.private.read", "jobs.*")
	w := f.call(http.MethodPost, keysPath, adminT1, `{"name": "CI", "scopes": ["storage.private.read", "jobs.write"], "expiresIn": 3600}`)
	if w.Code != http.StatusCreated || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("got %d %s, headers %v", w.Code, w.Body, w.Header())
	}
	made := webtest.Decode[apiKey](f, w)
	if !regexp.MustCompile(`^cpod_[A-Za-z0-9_-]{43}$`).MatchString(made.Key) || !strings.HasPrefix(made.ID, "key-") {
		t.Errorf("the key is %+v", made)
	}
	created, err1 := time.Parse(time.RFC3339, made.CreatedAt)
	expires, err2 := time.Parse(time.RFC3339, made.ExpiresAt)
	if errors.Join(err1, err2) != nil || expires.Sub(created) != time.Hour || !strings.HasSuffix(made.ExpiresAt, "Z") {
		t.Errorf("created %s, expires %s", made.CreatedAt, made.ExpiresAt)
	}
	f.wantPing(made.Key, "")
	second := f.createKey(adminT1, keysPath)
	if second.ExpiresAt != "" || second.Scopes == nil {
		t.Errorf("the second key is %+v", second)
	}

	secret := made.Key
	made.Key, second.Key = "", ""
	both := []apiKey{made, second}
	slices.SortFunc(both, func(a, b apiKey) int { return strings.Compare(a.ID, b.ID) }) // made in one millisecond, perhaps
	page := listKeys(f, adminT1, "")
	if got, want := fmt.Sprintf("%+v", page), fmt.Sprintf("%+v", keyPage{Items: both}); got != want {
		t.Errorf("listed %s, want %s", got, want)
	}
	w = f.call(http.MethodDelete, keysPath+"/"+made.ID, adminT1, "")
	if w.Code != http.StatusNoContent || w.Body.Len() != 0 {
		t.Errorf("delete: %d %s", w.Code, w.Body)
	}
	f.wantPing(secret, cpodkit.CodeInvalidToken)
	wantProblem(f, f.call(http.MethodDelete, keysPath+"/"+made.ID, adminT1, ""), cpodkit.CodeNotFound)
	if left := listKeys(f, adminT1, "").Items; len(left) != 1 || left[0].ID != second.ID {
		t.Errorf("left: %+v", left)
	}
	for _, key := range []string{secret, "cs_"} {
		if strings.Contains(f.log.String(), key) {
			t.Error("the log holds a secret")
		}
	}
	if log := f.log.String(); !strings.Contains(log, "API key made") || !strings.Contains(log, "API key deleted") || !strings.Contains(log, made.ID) {
		t.Errorf("the log is %s", log)
	}
}

func TestAKeyActsForItsApp(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.register(adminT1, "app-1", "admin", "orders.read")
	admin := f.createKey(adminT1, keysPath, "admin")
	f.register(admin.Key, "made-by-key")
	plain := f.createKey(adminT1, keysPath, "orders.read")
	wantProblem(f, f.call(http.MethodGet, "/v1/oauth/apps", plain.Key, ""), cpodkit.CodeInvalidScope)
	if got := listApps(f, adminT1, "").Items; len(got) != 2 {
		t.Errorf("the tenant's apps are %v", got)
	}
}

func TestKeyRefusals(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.register(platform, "app-1", "storage.private.read", "jobs.read", "platform.admin")
	f.registerAs(adminT1, "app-browser", "browser", "storage.private.read")
	long := make([]string, 65)
	for i := range long {
		long[i] = `"storage.private.read"`
	}
	for _, test := range []struct {
		name, token, path, body string
		want                    cpodkit.Code
		pointers                []string
	}{
		{"no name", adminT1, keysPath, `{"scopes": []}`, cpodkit.CodeValidationFailed, []string{"/name"}},
		{"no scopes", adminT1, keysPath, `{"name": "x"}`, cpodkit.CodeValidationFailed, []string{"/scopes"}},
		{"a scope not declared", adminT1, keysPath, `{"name": "x", "scopes": ["jobs.read", "jobs.write"]}`, cpodkit.CodeValidationFailed, []string{"/scopes/1"}},
		{"a wildcard not declared", adminT1, keysPath, `{"name": "x", "scopes": ["jobs.*"]}`, cpodkit.CodeValidationFailed, []string{"/scopes/0"}},
		{"no scope at all", adminT1, keysPath, `{"name": "x", "scopes": ["A B"]}`, cpodkit.CodeValidationFailed, []string{"/scopes/0"}},
		{"a scope twice", adminT1, keysPath, `{"name": "x", "scopes": ["jobs.read", "jobs.read"]}`, cpodkit.CodeValidationFailed, []string{"/scopes/1"}},
		{"too many scopes", adminT1, keysPath, `{"name": "x", "scopes": [` + strings.Join(long, ",") + `]}`, cpodkit.CodeValidationFailed, []string{"/scopes"}},
		{"expires at once", adminT1, keysPath, `{"name": "x", "scopes": [], "expiresIn": 0}`, cpodkit.CodeValidationFailed, []string{"/expiresIn"}},
		{"expired before", adminT1, keysPath, `{"name": "x", "scopes": [], "expiresIn": -1}`, cpodkit.CodeValidationFailed, []string{"/expiresIn"}},
		{"expires after ten years", adminT1, keysPath, `{"name": "x", "scopes": [], "expiresIn": 315360001}`, cpodkit.CodeValidationFailed, []string{"/expiresIn"}},
		{"half a second", adminT1, keysPath, `{"name": "x", "scopes": [], "expiresIn": 1.5}`, cpodkit.CodeValidationFailed, []string{"/expiresIn"}},
		{"snake case", adminT1, keysPath, `{"name": "x", "scopes": [], "expires_in": 60}`, cpodkit.CodeValidationFailed, []string{"/expires_in"}},
		{"a key of one's own", adminT1, keysPath, `{"name": "x", "scopes": [], "key": "cpod_mine"}`, cpodkit.CodeValidationFailed, []string{"/key"}},
		{"everything at once", adminT1, keysPath, `{"name": "", "scopes": ["A"], "expiresIn": 0}`, cpodkit.CodeValidationFailed, []string{"/name", "/scopes/0", "/expiresIn"}},
		{"broken JSON", adminT1, keysPath, `{"name"`, cpodkit.CodeBadRequest, nil},
		{"what the admin lacks", adminT1, keysPath, `{"name": "x", "scopes": ["platform.admin"]}`, cpodkit.CodeInvalidScope, nil},
		{"what the admin lacks, by a wildcard", adminT1, keysPath, `{"name": "x", "scopes": ["platform.*"]}`, cpodkit.CodeValidationFailed, []string{"/scopes/0"}},
		{"a scope that there is not", adminT1, keysPath, `{"name": "x", "scopes": ["jobs.read", "jobs.reed"]}`, cpodkit.CodeValidationFailed, []string{"/scopes/1"}},
		{"what the platform admin has", platform, keysPath, `{"name": "x", "scopes": ["platform.admin"]}`, "", nil},
		{"for a browser", adminT1, "/v1/oauth/apps/app-browser/keys", `{"name": "x", "scopes": []}`, cpodkit.CodeConflict, nil},
		{"an unknown app", adminT1, "/v1/oauth/apps/app-0/keys", `{"name": "x", "scopes": []}`, cpodkit.CodeNotFound, nil},
		{"an app of another tenant", adminT2, keysPath, `{"name": "x", "scopes": []}`, cpodkit.CodeNotFound, nil},
		{"no admin", "cpod_plain-t1", keysPath, `{"name": "x", "scopes": []}`, cpodkit.CodeInvalidScope, nil},
		{"nobody", "", keysPath, `{"name": "x", "scopes": []}`, cpodkit.CodeMissingToken, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &fixture{TB: t, handler: f.handler}
			w := f.call(http.MethodPost, test.path, test.token, test.body)
			wantProblem(f, w, test.want)
			var problem struct{ Errors []cpodkit.FieldError }
			f.must(json.Unmarshal(w.Body.Bytes(), &problem))
			var pointers []string
			for _, fault := range problem.Errors {
				pointers = append(pointers, fault.Pointer)
			}
			if !slices.Equal(pointers, test.pointers) {
				t.Errorf("the pointers are %v, want %v", pointers, test.pointers)
			}
		})
	}
	if items := listKeys(f, adminT1, "").Items; len(items) != 1 {
		t.Errorf("the app has the keys %v", items)
	}
}

func TestKeysOfAnotherTenantAreNotThere(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.register(adminT1, "app-1")
	f.register(adminT1, "app-2")
	f.register(adminT2, "app-3")
	key := f.createKey(adminT1, keysPath)
	for _, call := range []struct{ token, method, path string }{
		{adminT2, http.MethodGet, keysPath},
		{adminT2, http.MethodDelete, keysPath + "/" + key.ID},
		{adminT2, http.MethodDelete, "/v1/oauth/apps/app-3/keys/" + key.ID},
		{adminT1, http.MethodDelete, "/v1/oauth/apps/app-2/keys/" + key.ID},
		{adminT1, http.MethodDelete, keysPath + "/key-0"},
		{adminT1, http.MethodDelete, keysPath + "/%00%FF"},
	} {
		wantProblem(f, f.call(call.method, call.path, call.token, ""), cpodkit.CodeNotFound)
	}
	f.wantPing(key.Key, "")
}

func TestKeysExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.register(adminT1, "app-1")
		key := webtest.Decode[apiKey](f, f.call(http.MethodPost, keysPath, adminT1, `{"name": "x", "scopes": [], "expiresIn": 60}`))
		time.Sleep(time.Minute - time.Millisecond)
		f.wantPing(key.Key, "")
		time.Sleep(time.Millisecond)
		f.wantPing(key.Key, cpodkit.CodeTokenExpired)
		later := f.createKey(adminT1, keysPath)
		if items := listKeys(f, adminT1, "").Items; len(items) != 2 || items[0].ID != key.ID || items[1].ID != later.ID {
			t.Errorf("listed %v; an expired key is listed too, and the oldest first", items)
		}
	})
}

func TestListKeysInPages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.register(adminT1, "app-1")
	f.register(adminT1, "app-2")
	var want, got []string
	for range 7 {
		want = append(want, f.createKey(adminT1, keysPath).ID)
		f.createKey(adminT1, "/v1/oauth/apps/app-2/keys")
	}
	slices.Sort(want)
	query := "?limit=3"
	for {
		page := listKeys(f, adminT1, query)
		for _, key := range page.Items {
			got = append(got, key.ID)
		}
		if page.NextCursor == "" {
			break
		}
		query = "?limit=3&cursor=" + page.NextCursor
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %v, want %v", got, want)
	}
	cursor := listKeys(f, adminT1, "?limit=1").NextCursor
	appsCursor := listApps(f, adminT1, "?limit=1").NextCursor
	for _, test := range []struct {
		name, token, target string
		want                cpodkit.Code
	}{
		{"another limit beside the cursor", adminT1, keysPath + "?limit=500&cursor=" + cursor, ""},
		{"the cursor of another app's keys", adminT1, "/v1/oauth/apps/app-2/keys?cursor=" + cursor, cpodkit.CodeInvalidCursor},
		{"the cursor of another caller", platform, keysPath + "?cursor=" + cursor, cpodkit.CodeInvalidCursor},
		{"the cursor of the apps", adminT1, keysPath + "?cursor=" + appsCursor, cpodkit.CodeInvalidCursor},
		{"a cursor of keys for the apps", adminT1, "/v1/oauth/apps?cursor=" + cursor, cpodkit.CodeInvalidCursor},
		{"a bent cursor", adminT1, keysPath + "?cursor=bent", cpodkit.CodeInvalidCursor},
		{"limit 0", adminT1, keysPath + "?limit=0", cpodkit.CodeBadRequest},
		{"limit twice", adminT1, keysPath + "?limit=1&limit=1", cpodkit.CodeBadRequest},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &fixture{TB: t, handler: f.handler}
			wantProblem(f, f.call(http.MethodGet, test.target, test.token, ""), test.want)
		})
	}
	f.call(http.MethodDelete, "/v1/oauth/apps/app-1", adminT1, "")
	f.register(adminT1, "app-1")
	wantProblem(f, f.call(http.MethodGet, keysPath+"?cursor="+cursor, adminT1, ""), cpodkit.CodeInvalidCursor)
}

func TestDeletingAnAppEndsItsKeysAndNoOthers(t *testing.T) {
	t.Parallel()
	keys := oauth.NewMemoryKeys()
	f := newFixture(t, func(c *oauth.Config) { c.Keys = keys })
	f.register(adminT1, "app-1", "orders.read")
	f.register(adminT1, "app-2")
	old, other := f.createKey(adminT1, keysPath, "orders.read"), f.createKey(adminT1, "/v1/oauth/apps/app-2/keys")
	record, err := keys.Find(t.Context(), authz.DigestOf(old.Key))
	f.must(err)
	wantProblem(f, f.call(http.MethodDelete, "/v1/oauth/apps/app-1", adminT1, ""), "")
	f.wantPing(old.Key, cpodkit.CodeInvalidToken)
	f.wantPing(other.Key, "")

	f.register(adminT1, "app-1", "orders.read")
	if items := listKeys(f, adminT1, "").Items; len(items) != 0 {
		t.Errorf("the new app has the keys %v", items)
	}
	f.wantPing(old.Key, cpodkit.CodeInvalidToken)
	f.wantPing(f.createKey(adminT1, keysPath).Key, "")

	// A record that a crash or a replica left behind is of no use either.
	f.must(keys.Create(t.Context(), authz.DigestOf(old.Key), record))
	f.wantPing(old.Key, cpodkit.CodeInvalidToken)
}

func TestKeysAreBounded(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.register(adminT1, "app-1")
	var wg sync.WaitGroup
	var mu sync.Mutex
	var made []string
	for range 8 {
		wg.Go(func() {
			for range 20 {
				w := f.call(http.MethodPost, keysPath, adminT1, `{"name": "x", "scopes": []}`)
				var key apiKey
				if w.Code == http.StatusCreated && json.Unmarshal(w.Body.Bytes(), &key) == nil {
					mu.Lock()
					made = append(made, key.ID)
					mu.Unlock()
				} else if w.Code != http.StatusConflict {
					t.Errorf("got %d %s", w.Code, w.Body)
				}
			}
		})
	}
	wg.Wait()
	items := listKeys(f, adminT1, "?limit=500").Items
	if len(items) > oauth.MaxKeys || len(items) != len(made) {
		t.Fatalf("%d keys are listed, and %d were given", len(items), len(made))
	}
	for len(items) < oauth.MaxKeys { // calls at the same time may have refused each other
		f.createKey(adminT1, keysPath)
		items = listKeys(f, adminT1, "?limit=500").Items
	}
	wantProblem(f, f.call(http.MethodPost, keysPath, adminT1, `{"name": "x", "scopes": []}`), cpodkit.CodeConflict)
	wantProblem(f, f.call(http.MethodDelete, keysPath+"/"+items[0].ID, adminT1, ""), "")
	f.createKey(adminT1, keysPath)
}

// brokenKeys fails in the calls for which it holds an error.
type brokenKeys struct {
	*oauth.MemoryKeys
	deleteAll, lists, all error
}

func (b *brokenKeys) DeleteAll(ctx context.Context, instance string) error {
	if b.deleteAll != nil {
		return b.deleteAll
	}
	return b.MemoryKeys.DeleteAll(ctx, instance)
}

func (b *brokenKeys) List(ctx context.Context, instance, after string, limit int) ([]authz.APIKey, error) {
	if err := errors.Join(b.lists, b.all); err != nil {
		return nil, err
	}
	return b.MemoryKeys.List(ctx, instance, after, limit)
}

func (b *brokenKeys) Find(ctx context.Context, digest authz.KeyDigest) (authz.APIKey, error) {
	if b.all != nil {
		return authz.APIKey{}, b.all
	}
	return b.MemoryKeys.Find(ctx, digest)
}

// As after a crash between the steps of a delete.
func TestTheKeysOfAHalfDeletedAppAreOfNoUse(t *testing.T) {
	t.Parallel()
	store := &brokenKeys{MemoryKeys: oauth.NewMemoryKeys(), deleteAll: errDown}
	f := newFixture(t, func(c *oauth.Config) { c.Keys = store })
	f.register(adminT1, "app-1")
	key := f.createKey(adminT1, keysPath)
	wantProblem(f, f.call(http.MethodDelete, "/v1/oauth/apps/app-1", adminT1, ""), cpodkit.CodeInternal)
	f.wantPing(key.Key, cpodkit.CodeInvalidToken)
	wantProblem(f, f.call(http.MethodPost, keysPath, adminT1, `{"name": "x", "scopes": []}`), cpodkit.CodeConflict)
	if items := listKeys(f, adminT1, "").Items; len(items) != 1 {
		t.Errorf("a refused key is listed: %v", items)
	}
	store.deleteAll = nil
	wantProblem(f, f.call(http.MethodDelete, "/v1/oauth/apps/app-1", adminT1, ""), "")
}

func TestAKeyThatCannotBeConfirmedIsTakenBack(t *testing.T) {
	t.Parallel()
	store := &brokenKeys{MemoryKeys: oauth.NewMemoryKeys(), lists: cpodkit.CodeUnavailable}
	f := newFixture(t, func(c *oauth.Config) { c.Keys = store })
	f.register(adminT1, "app-1")
	wantProblem(f, f.call(http.MethodPost, keysPath, adminT1, `{"name": "x", "scopes": []}`), cpodkit.CodeUnavailable)
	store.lists = nil
	if items := listKeys(f, adminT1, "").Items; len(items) != 0 {
		t.Errorf("left over: %v", items)
	}
}

func TestKeyStoreDownIsUnavailable(t *testing.T) {
	t.Parallel()
	keys := &brokenKeys{MemoryKeys: oauth.NewMemoryKeys()}
	apps := &brokenApps{MemoryApps: oauth.NewMemoryApps()}
	f := newFixture(t, func(c *oauth.Config) { c.Keys, c.Apps = keys, apps })
	f.register(adminT1, "app-1")
	key := f.createKey(adminT1, keysPath)
	down := fmt.Errorf("%w: %w", cpodkit.CodeUnavailable, errDown)
	for name, fail := range map[string]func(error){
		"keys": func(err error) { keys.all = err },
		"apps": func(err error) { apps.all = err },
	} {
		fail(down)
		for _, w := range []*webtest.Answer{
			f.call(http.MethodGet, "/v1/ping", key.Key, ""), f.call(http.MethodGet, keysPath, adminT1, ""),
		} {
			wantProblem(f, w, cpodkit.CodeUnavailable)
			if strings.Contains(w.Body.String(), "10.0.0.1") {
				t.Errorf("%s: the answer tells of the store: %s", name, w.Body)
			}
		}
		fail(nil)
	}
	f.wantPing(key.Key, "")
}

func TestWithoutAKeyStoreThereAreNoCallsOnKeys(t *testing.T) {
	t.Parallel()
	var config oauth.Config
	newFixture(t, func(c *oauth.Config) { config = *c })
	config.Keys = nil
	server, err := oauth.New(config)
	if err != nil {
		t.Fatal(err)
	}
	for _, route := range server.Routes() {
		if strings.Contains(route.Pattern, "/keys") {
			t.Errorf("there is %s", route.Pattern)
		}
	}
	mux := http.NewServeMux()
	cpodkit.Mount(mux, server.Routes(), cpodkit.WrapProtected(authz.Authenticate(config.Verifier)))
	f := &fixture{TB: t, handler: httpserver.Guard(mux)}
	f.register(adminT1, "app-1")
	wantProblem(f, f.call(http.MethodDelete, "/v1/oauth/apps/app-1", adminT1, ""), "")
}
