package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/client"
)

// The rows of the contract about API keys and tenants, sent to a running
// server.
func TestErrorTableOfKeysAndTenants(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	srv.register(t, "app-a", "storage.private.read", "jobs.*")
	c := newCaller(t, srv.url)
	c.tokens["admin"] = srv.adminKey
	c.tokens["acme"] = srv.mustCommand(t, "tenant", "create", "acme")
	c.tokens["platform"] = srv.mustCommand(t, "admin-key", "--platform")
	c.tokens["app"] = srv.mustCommand(t, "token", "--app", "app-a", "--scope", "storage.private.read")
	for _, app := range []string{
		`{"client_id":"app-web","name":"x","declared_scopes":[],"app_type":"browser"}`,
		`{"client_id":"app-strong","name":"x","declared_scopes":["platform.admin"],"app_type":"service"}`,
	} {
		if a := c.do(t, "platform", "POST /v1/oauth/apps", app); a.status != http.StatusCreated {
			t.Fatalf("register: %d %s", a.status, a.body)
		}
	}
	const keys = "/v1/oauth/apps/app-a/keys"
	made := map[string]string{}
	for _, name := range []string{"one", "two", "gone"} {
		a := c.do(t, "admin", "POST "+keys, `{"name":"`+name+`","scopes":["storage.private.read"]}`)
		var key struct{ ID, Key string }
		if err := json.Unmarshal([]byte(a.body), &key); err != nil || a.status != http.StatusCreated || a.header.Get("Cache-Control") != "no-store" {
			t.Fatalf("create: %d %s, %v", a.status, a.body, err)
		}
		made[name], c.tokens[name] = key.ID, key.Key
	}
	if a := c.do(t, "admin", "DELETE "+keys+"/"+made["gone"], ""); a.status != http.StatusNoContent {
		t.Fatalf("delete: %d %s", a.status, a.body)
	}
	var page struct{ NextCursor string }
	if err := json.Unmarshal([]byte(c.do(t, "admin", "GET "+keys+"?limit=1", "").body), &page); err != nil || page.NextCursor == "" {
		t.Fatalf("no cursor: %v", err)
	}

	c.wantRows(t, []contractRow{
		{"one", "GET /v1/storage/files", "", 200, ""},
		{"one", "GET /v1/oauth/apps", "", 403, "invalid_scope"},
		{"one", "PUT /v1/storage/kv/k", `{"value":1}`, 403, "invalid_scope"},
		{"gone", "GET /v1/storage/files", "", 401, "invalid_token"},
		{"", "GET " + keys, "", 401, "missing_token"},
		{"app", "GET " + keys, "", 403, "invalid_scope"},
		{"app", "POST " + keys, `{"name":"x","scopes":[]}`, 403, "invalid_scope"},
		{"app", "DELETE " + keys + "/" + made["one"], "", 403, "invalid_scope"},

		{"admin", "POST " + keys, `{"name":`, 400, "bad_request"},
		{"admin", "POST " + keys, `{"name":"x","scopes":["storage.private.write"]}`, 422, "validation_failed"},
		{"admin", "POST " + keys, `{"name":"x","scopes":["storage.private.read"],"expiresIn":0}`, 422, "validation_failed"},
		{"admin", "POST " + keys, `{"name":"x","scopes":[],"expires_in":60}`, 422, "validation_failed"},
		{"admin", "POST " + keys, `{"name":"x"}`, 422, "validation_failed"},
		{"admin", "POST /v1/oauth/apps/app-strong/keys", `{"name":"x","scopes":["platform.admin"]}`, 403, "invalid_scope"},
		{"admin", "POST /v1/oauth/apps/app-strong/rotate-secret", "", 403, "invalid_scope"},
		{"admin", "POST /v1/oauth/apps/app-web/keys", `{"name":"x","scopes":[]}`, 409, "conflict"},
		{"admin", "POST /v1/oauth/apps/app-0/keys", `{"name":"x","scopes":[]}`, 404, "not_found"},
		{"admin", "GET " + keys + "?limit=501", "", 400, "bad_request"},
		{"admin", "GET " + keys + "?cursor=bent", "", 400, "invalid_cursor"},
		{"platform", "GET " + keys + "?cursor=" + page.NextCursor, "", 400, "invalid_cursor"},
		{"admin", "GET /v1/oauth/apps?cursor=" + page.NextCursor, "", 400, "invalid_cursor"},
		{"admin", "GET " + keys + "?cursor=" + page.NextCursor, "", 200, ""},
		{"admin", "DELETE " + keys + "/key-0", "", 404, "not_found"},
		{"admin", "GET " + keys + "/" + made["one"], "", 405, "method_not_allowed"},

		{"acme", "GET /v1/oauth/apps/app-a", "", 404, "not_found"},
		{"acme", "GET " + keys, "", 404, "not_found"},
		{"acme", "POST " + keys, `{"name":"x","scopes":[]}`, 404, "not_found"},
		{"acme", "DELETE " + keys + "/" + made["one"], "", 404, "not_found"},
		{"acme", "POST /v1/oauth/apps/app-a/rotate-secret", "", 404, "not_found"},
		{"acme", "DELETE /v1/oauth/apps/app-a", "", 404, "not_found"},
		{"acme", "POST /v1/oauth/apps", `{"client_id":"app-a","name":"x","declared_scopes":[],"app_type":"service"}`, 409, "conflict"},
		{"platform", "GET " + keys, "", 200, ""},
		{"platform", "DELETE " + keys + "/" + made["two"], "", 204, ""},
		{"two", "GET /v1/storage/files", "", 401, "invalid_token"},
	})
}

// An API key is no token that an app could revoke; nobody is led to believe so.
func TestAnAPIKeyIsNotRevokedAsAToken(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	_, app := srv.register(t, "app-a", "storage.private.read")
	key := srv.createKey(t, "app-a", "storage.private.read")
	c := newCaller(t, srv.url)
	form := "token=" + key + "&client_id=" + app.ClientID + "&client_secret=" + app.ClientSecret
	const contentType = "application/x-www-form-urlencoded"
	if a := c.do(t, "", "POST /v1/oauth/revoke", form, "Content-Type", contentType); a.status != 400 || a.code != "unsupported_token_type" {
		t.Errorf("revoke: %d %s", a.status, a.body)
	}
	if a := c.do(t, "", "POST /v1/oauth/introspect", form, "Content-Type", contentType); a.body != "{\"active\":false}\n" {
		t.Errorf("introspect: %d %s", a.status, a.body)
	}
}

func (s *instance) createKey(t *testing.T, app string, scopes ...string) string {
	t.Helper()
	_, key, err := s.client(t, client.Config{APIKey: s.adminKey}).Apps.CreateKey(t.Context(), app, client.NewAPIKey{Name: "test", Scopes: scopes})
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// A key works like a token, for the same data, across a restart, and ends with
// its app: also where another app takes the client_id.
func TestKeysThroughTheClient(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	byToken, _ := srv.register(t, "app-a", storageScopes...)
	key := srv.createKey(t, "app-a", storageScopes...)
	byKey := srv.client(t, client.Config{APIKey: key})
	if _, err := byKey.Storage.Files.Write(t.Context(), "a.txt", strings.NewReader("hello")); err != nil {
		t.Fatal(err)
	}
	if got := readFile(t, byToken.Storage.Files, "a.txt"); got != "hello" {
		t.Errorf("the token reads %q", got)
	}
	srv.stop()
	srv.stop = func() {}
	again := start(t, srv.dir, nil)
	if got := readFile(t, again.client(t, client.Config{APIKey: key}).Storage.Files, "a.txt"); got != "hello" {
		t.Errorf("after a restart the key reads %q", got)
	}

	admin := again.client(t, client.Config{APIKey: srv.adminKey})
	again.adminKey = srv.adminKey
	if err := admin.Apps.Delete(t.Context(), "app-a"); err != nil {
		t.Fatal(err)
	}
	for _, state := range []string{"deleted", "registered anew"} {
		c := newCaller(t, again.url)
		c.tokens["key"] = key
		if a := c.do(t, "key", "GET /v1/storage/files", ""); a.code != "invalid_token" {
			t.Errorf("%s: the key is answered %d %s", state, a.status, a.body)
		}
		if state == "deleted" {
			again.register(t, "app-a", storageScopes...)
		}
	}
	for k, err := range admin.Apps.AllKeys(t.Context(), "app-a") {
		t.Errorf("the new app has the key %+v, %v", k, err)
	}
}

// What a client is told to do with more keys than it may have.
func TestKeysInPages(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	srv.register(t, "app-a")
	c := newCaller(t, srv.url)
	c.tokens["admin"] = srv.adminKey
	for i := range 100 {
		if a := c.do(t, "admin", "POST /v1/oauth/apps/app-a/keys", fmt.Sprintf(`{"name":"key %d","scopes":[]}`, i)); a.status != http.StatusCreated {
			t.Fatalf("key %d: %d %s", i, a.status, a.body)
		}
	}
	if a := c.do(t, "admin", "POST /v1/oauth/apps/app-a/keys", `{"name":"one more","scopes":[]}`); a.code != "conflict" {
		t.Errorf("one more: %d %s", a.status, a.body)
	}
	admin := srv.client(t, client.Config{APIKey: srv.adminKey})
	seen := map[string]bool{}
	cursor := ""
	for pages := 0; ; pages++ {
		page, err := admin.Apps.Keys(t.Context(), "app-a", client.Limit(33), client.Cursor(cursor))
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range page.Items {
			seen[key.Name] = true
		}
		if cursor = page.NextCursor; cursor == "" {
			if pages != 3 {
				t.Errorf("%d pages", pages+1)
			}
			break
		}
	}
	if len(seen) != 100 {
		t.Errorf("listed %d keys", len(seen))
	}
}

// A signed URL ends with the app whose token made it, long before it expires.
func TestSignedURLEndsWithItsApp(t *testing.T) {
	t.Parallel()
	c := setup(t)
	a := c.do(t, "app", "POST /v1/storage/file-urls", `{"key":"dir/file.txt","expiresIn":604800}`)
	var signed struct{ URL string }
	if err := json.Unmarshal([]byte(a.body), &signed); err != nil || signed.URL == "" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	call := "GET " + strings.TrimPrefix(signed.URL, c.base)
	if a := c.do(t, "", call, ""); a.status != http.StatusOK {
		t.Fatalf("before: %d %s", a.status, a.body)
	}
	if a := c.do(t, "admin", "DELETE /v1/oauth/apps/app-a", ""); a.status != http.StatusNoContent {
		t.Fatalf("delete: %d %s", a.status, a.body)
	}
	if a := c.do(t, "", call, ""); a.status != http.StatusForbidden || a.code != "forbidden" {
		t.Errorf("after: %d %q", a.status, a.code)
	}
}
