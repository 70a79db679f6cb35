package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/client"
)

// adminKeysOf lists ids through the API.
func adminKeysOf(t *testing.T, keys *client.AdminKeys) []client.AdminKey {
	t.Helper()
	var list []client.AdminKey
	for key, err := range keys.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, key)
	}
	return list
}

// codeOf returns the code of an error of the client.
func codeOf(err error) cpodkit.Code {
	if e, ok := errors.AsType[*client.Error](err); ok {
		return e.Code
	}
	return ""
}

// The first key is replaced as the welcome says: a new one is made with it, and then
// ends it.
func TestReplaceTheFirstAdminKey(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	first := srv.client(t, client.Config{APIKey: srv.adminKey})
	made, secret, err := first.AdminKeys.Create(t.Context(), "ann", 24*time.Hour)
	if err != nil || made.Name != "ann" || made.ExpiresAt.Sub(made.CreatedAt) != 24*time.Hour {
		t.Fatalf("made %+v, %v", made, err)
	}
	list := adminKeysOf(t, first.AdminKeys)
	if len(list) != 2 || list[0].Name != "first key" || list[1].ID != made.ID {
		t.Fatalf("listed %+v", list)
	}
	if used := list[0].LastUsedAt; used.IsZero() || used != used.Truncate(time.Hour) || time.Since(used) > 2*time.Hour {
		t.Errorf("the first key was last used at %v", used)
	}
	if !list[1].LastUsedAt.IsZero() {
		t.Errorf("the new key was last used at %v", list[1].LastUsedAt)
	}
	second := srv.client(t, client.Config{APIKey: secret})
	if err := second.AdminKeys.Delete(t.Context(), list[0].ID); err != nil {
		t.Fatal(err)
	}
	if _, err := first.AdminKeys.List(t.Context()); codeOf(err) != cpodkit.CodeInvalidToken {
		t.Errorf("the ended key: %v", err)
	}
	if err := second.AdminKeys.Delete(t.Context(), made.ID); codeOf(err) != cpodkit.CodeConflict {
		t.Errorf("the last key ends itself: %v", err)
	}
	log := srv.log.String()
	for _, want := range []string{"admin key made", "admin key ended", `"by_credential":"` + list[0].ID, `"by_credential":"` + made.ID} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s", want)
		}
	}
	if strings.Contains(log, secret) {
		t.Error("the log holds a key")
	}
	if out := srv.mustCommand(t, "admin-key", "revoke", made.ID); !strings.Contains(out, "It was the last one") {
		t.Errorf("revoke prints %q", out)
	}
	if _, err := second.AdminKeys.List(t.Context()); codeOf(err) != cpodkit.CodeInvalidToken {
		t.Errorf("the key that the command ended: %v", err)
	}
}

func TestAdminKeyCommands(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	srv.mustCommand(t, "tenant", "create", "acme")
	srv.mustCommand(t, "admin-key", "--name", "ops", "--expires", "90d", "--platform")
	list := strings.Split(srv.mustCommand(t, "admin-key", "list"), "\n")
	if len(list) != 4 || !strings.HasPrefix(list[0], "ID ") {
		t.Fatalf("listed %q", list)
	}
	ops := strings.Fields(list[3])
	if !strings.Contains(list[3], " ops ") || !strings.Contains(list[3], "all tenants") || !strings.Contains(list[1], " acme ") {
		t.Errorf("listed %q", list)
	}
	if got := srv.mustCommand(t, "admin-key", "list", "--tenant", "acme"); strings.Count(got, "\n") != 1 {
		t.Errorf("acme has %q", got)
	}
	if _, err := srv.command(t, "admin-key", "list", "--tenant", "globex"); err == nil || !strings.Contains(err.Error(), "no tenant") {
		t.Errorf("the keys of an unknown tenant: %v", err)
	}
	srv.mustCommand(t, "admin-key", "revoke", ops[0])
	if _, err := srv.command(t, "admin-key", "revoke", ops[0]); err == nil || !strings.Contains(err.Error(), "admin-key list") {
		t.Errorf("revoked twice: %v", err)
	}
	for _, wrong := range [][]string{
		{"--expires", "0"},
		{"--expires", "-1h"},
		{"--expires", "1500ms"},
		{"--expires", "tomorrow"},
		{"--expires", "xd"},
		{"--expires", "99999999999d"},
		{"--name", ""},
		{"--name", " x"},
	} {
		if _, err := srv.command(t, append([]string{"admin-key"}, wrong...)...); !errors.Is(err, errUsage) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

// The rows of the contract about admin keys.
func TestErrorTableOfAdminKeys(t *testing.T) {
	t.Parallel()
	token := "cpod_" + strings.Repeat("ab", 20)
	srv := start(t, t.TempDir(), map[string]string{"CPOD_ADMIN_TOKEN": token})
	srv.adminKey = token
	c := newCaller(t, srv.url)
	c.tokens["env"] = token
	c.tokens["acme"] = srv.mustCommand(t, "tenant", "create", "acme")
	c.tokens["admin"] = srv.mustCommand(t, "admin-key")
	c.tokens["platform"] = srv.mustCommand(t, "admin-key", "--platform", "--name", "platform")
	srv.register(t, "app-a", "admin", "storage.private.read")
	c.tokens["app"] = srv.mustCommand(t, "token", "--app", "app-a", "--scope", "admin")
	c.tokens["key of app"] = srv.createKey(t, "app-a", "admin")
	c.tokens["plain"] = srv.mustCommand(t, "token", "--app", "app-a", "--scope", "storage.private.read")
	ids := map[string]string{}
	for _, who := range []string{"env", "acme"} {
		var page struct{ Items []struct{ ID, Name string } }
		if err := json.Unmarshal([]byte(c.do(t, who, "GET /v1/admin-keys", "").body), &page); err != nil {
			t.Fatal(err)
		}
		for _, key := range page.Items {
			ids[who] = key.ID
			ids[key.Name] = key.ID
		}
		if who == "env" && (len(page.Items) != 3 || page.Items[0].ID != "env") {
			t.Errorf("listed %+v", page.Items)
		}
	}
	var first struct{ NextCursor string }
	if err := json.Unmarshal([]byte(c.do(t, "env", "GET /v1/admin-keys?limit=1", "").body), &first); err != nil || first.NextCursor == "" {
		t.Fatalf("no cursor: %v", err)
	}
	const keys = "/v1/admin-keys"
	c.wantRows(t, []contractRow{
		{"", "GET " + keys, "", 401, "missing_token"},
		{"plain", "GET " + keys, "", 403, "invalid_scope"},
		{"app", "GET " + keys, "", 403, "forbidden"},
		{"app", "POST " + keys, `{"name":"x"}`, 403, "forbidden"},
		{"app", "DELETE " + keys + "/" + ids["env"], "", 403, "forbidden"},
		{"key of app", "GET " + keys, "", 403, "forbidden"},
		{"env", "POST " + keys, `{"name":`, 400, "bad_request"},
		{"env", "POST " + keys, `{}`, 422, "validation_failed"},
		{"env", "POST " + keys, `{"name":"x","expiresIn":0}`, 422, "validation_failed"},
		{"env", "POST " + keys, `{"name":"x","scopes":[]}`, 422, "validation_failed"},
		{"env", "POST " + keys, `{"name":"x","tenant":"acme"}`, 403, "invalid_scope"},
		{"admin", "POST " + keys, `{"name":"x","tenant":"default"}`, 403, "invalid_scope"},
		{"platform", "POST " + keys, `{"name":"x","tenant":"globex"}`, 422, "validation_failed"},
		{"platform", "POST " + keys, `{"name":"x","tenant":""}`, 422, "validation_failed"},
		{"platform", "POST " + keys, `{"name":"x","tenant":"acme"}`, 201, ""},
		{"admin", "GET " + keys + "?tenant=acme", "", 403, "invalid_scope"},
		{"platform", "GET " + keys + "?tenant=globex", "", 404, "not_found"},
		{"platform", "GET " + keys + "?tenant=acme", "", 200, ""},
		{"env", "GET " + keys + "?cursor=" + first.NextCursor, "", 200, ""},
		{"platform", "GET " + keys + "?cursor=" + first.NextCursor, "", 400, "invalid_cursor"},
		{"platform", "GET " + keys + "?tenant=acme&cursor=" + first.NextCursor, "", 400, "invalid_cursor"},
		{"env", "GET " + keys + "?q=1", "", 400, "bad_request"},
		{"env", "GET " + keys + "/env", "", 405, "method_not_allowed"},
		{"env", "DELETE " + keys + "/env", "", 409, "conflict"},
		{"admin", "DELETE " + keys + "/env", "", 409, "conflict"},
		{"acme", "DELETE " + keys + "/env", "", 404, "not_found"},
		{"acme", "DELETE " + keys + "/" + ids["env"], "", 404, "not_found"},
		{"admin", "DELETE " + keys + "/" + ids["acme"], "", 404, "not_found"},
		{"env", "DELETE " + keys + "/key-0", "", 404, "not_found"},
		{"admin", "DELETE " + keys + "/" + ids["platform"], "", 403, "invalid_scope"},
		// Another key of acme is there.
		{"platform", "DELETE " + keys + "/" + ids["acme"], "", 204, ""},
		{"acme", "GET " + keys, "", 401, "invalid_token"},
	})
}

// Two administrators who end each other's keys at once leave one of them.
func TestTheLastAdminKeyStays(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	first := srv.client(t, client.Config{APIKey: srv.adminKey})
	_, secret, err := first.AdminKeys.Create(t.Context(), "other", 0)
	if err != nil {
		t.Fatal(err)
	}
	second := srv.client(t, client.Config{APIKey: secret})
	list := adminKeysOf(t, first.AdminKeys)
	var both sync.WaitGroup
	for i, by := range []*client.Client{first, second} {
		both.Go(func() { _ = by.AdminKeys.Delete(t.Context(), list[1-i].ID) })
	}
	both.Wait()
	working := 0
	for _, key := range []string{srv.adminKey, secret} {
		c := newCaller(t, srv.url)
		c.tokens["key"] = key
		if c.do(t, "key", "GET /v1/admin-keys", "").status == http.StatusOK {
			working++
		}
	}
	if working != 1 {
		t.Errorf("%d keys work", working)
	}
}

// A tenant's keys are bounded.
func TestTooManyAdminKeys(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	c := newCaller(t, srv.url)
	c.tokens["admin"] = srv.adminKey
	for made := 1; ; made++ {
		a := c.do(t, "admin", "POST /v1/admin-keys", `{"name":"x"}`)
		if a.code == "conflict" && made == 100 {
			break
		}
		if a.status != http.StatusCreated {
			t.Fatalf("key %d: %d %s", made, a.status, a.body)
		}
	}
	if got := adminKeysOf(t, srv.client(t, client.Config{APIKey: srv.adminKey}).AdminKeys); len(got) != 100 {
		t.Errorf("%d keys are there", len(got))
	}
}
