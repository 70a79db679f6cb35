//go:build unix

package main

import (
	"net/url"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/internal/testservice"
)

const secretsPolicy = `
path "secret/data/cpod/*"     { capabilities = ["create", "read", "update"] }
path "secret/metadata/cpod/*" { capabilities = ["read", "list", "delete"] }
path "secret/destroy/cpod/*"  { capabilities = ["update"] }
`

// Secrets are in Vault: what operators put there, once it is granted, and what apps write.
// Who may read them is in the database.
func TestSecretsInVault(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t)
	role, secretID := v.AppRole("secrets", secretsPolicy, 0, 0)
	query := url.Values{"auth": {"approle"}, "role-id": {role}, "secret-id-file": {secretID}}
	env := map[string]string{
		"CPOD_SECRETS": "vault+http://" + v.Addr + "/secret?" + query.Encode(), "CPOD_OPS_LISTEN": "127.0.0.1:0",
		"CPOD_LOG_FORMAT": "json", "CPOD_LOG_LEVEL": "debug",
	}
	srv := start(t, t.TempDir(), env)
	srv.env = env
	ops := srv.opsURL(t)
	values := canaries{}
	write := func(about string) {
		v.Write("secret/data/cpod/acme/db/password", map[string]any{"data": map[string]any{"value": values.next(about)}})
	}
	write("first")
	c, _, _ := secretTenant(t, srv, "acme", "app-a")
	beside, _, _ := secretTenant(t, srv, "acmex", "app-b")
	want := func(who, call string, status int, held ...string) {
		t.Helper()
		a := c.do(t, who, call, "")
		if found := values.in(a.body); a.status != status || strings.Join(found, " ") != strings.Join(held, " ") {
			t.Errorf("%s: %d with %q, want %d with %q: %s", call, a.status, found, status, held, a.body)
		}
	}
	want("app", "GET /v1/secrets/db/password", 404)
	want("admin", "GET /v1/secrets/db/password", 200, "first")
	if a := c.do(t, "admin", "PUT /v1/secret-grants/db/password", `{"apps":["app-a"]}`); a.status != 200 {
		t.Errorf("grant: %d %s", a.status, a.body)
	}
	want("app", "GET /v1/secrets/db/password", 200, "first")
	want("other", "GET /v1/secrets/db/password", 404)
	write("second")
	want("app", "GET /v1/secrets/db/password?version=2", 200, "second")
	want("app", "GET /v1/secrets/db/password?version=1", 200, "first")
	if a := c.do(t, "", "GET /v1/secrets/db/password", "", "Authorization", "Bearer "+beside.tokens["admin"]); a.status != 404 {
		t.Errorf("another tenant gets %d", a.status)
	}

	c.wantRows(t, []contractRow{
		{"app", "PUT /v1/secrets/own", `{"value":"hunter1","apps":["app-a","app-a-other"]}`, 200, ""},
		{"app", "PUT /v1/secrets/own", `{"value":"hunter2"}`, 200, ""},
		{"other", "GET /v1/secrets/own", "", 200, ""},
		{"other", "GET /v1/secrets/own?version=1", "", 200, ""},
		{"other", "PUT /v1/secrets/own", `{"value":"hunter3"}`, 409, "conflict"},
		{"other", "PUT /v1/secrets/own%23mine", `{"value":"hunter3"}`, 409, "conflict"}, // the same path
		{"app", "PUT /v1/secrets/db/password", `{"value":"hunter4"}`, 409, "conflict"},  // the operator's
		{"app", "DELETE /v1/secrets/own", "", 204, ""},
		{"app", "GET /v1/secrets/own", "", 404, "not_found"},
	})
	v.Seal()
	eventually(t, "it says that Vault is sealed", func() bool {
		_, ready := get(t, ops+"/readyz")
		return strings.Contains(ready, `"status":"degraded"`) && strings.Contains(ready, `"secrets":"unavailable"`)
	})
	want("app", "GET /v1/secrets/db/password", 200, "first") // from the cache, whose TTL is not over
	want("app", "GET /v1/secrets/uncached", 404)             // it is not granted: Vault is not asked
	want("admin", "GET /v1/secrets/uncached", 503)
	v.Unseal()
	eventually(t, "Vault is used again", func() bool { return c.do(t, "admin", "GET /v1/secrets/uncached", "").status == 404 })

	said := strings.Join(strings.Fields(srv.mustCommand(t, "tenant", "delete", "--yes", "acme")), " ")
	if !strings.Contains(said, "secrets 2 ") { // the grant, and the path in Vault
		t.Errorf("the deletion says %s", said)
	}
	if left := v.Read("secret/metadata/cpod/acme/db/password"); left != nil {
		t.Errorf("Vault still has %v", left)
	}
	srv.stop()
	if found := values.in(srv.log.String()); len(found) > 0 || strings.Contains(srv.log.String(), "hunter") {
		t.Errorf("the log holds %q", found)
	}
}

// The server starts without the Vault of its secrets, says so, and uses it once it is there.
func TestVaultIsDownAtTheStart(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t)
	role, secretID := v.AppRole("secrets", secretsPolicy, 0, 0)
	query := url.Values{"auth": {"approle"}, "role-id": {role}, "secret-id-file": {secretID}}
	v.Write("secret/data/cpod/acme/a", map[string]any{"data": map[string]any{"value": "v"}})
	v.Stop()
	srv := start(t, t.TempDir(), map[string]string{
		"CPOD_SECRETS": "vault+http://" + v.Addr + "/secret?" + query.Encode(), "CPOD_OPS_LISTEN": "127.0.0.1:0",
	})
	ops := srv.opsURL(t)
	c, _, _ := secretTenant(t, srv, "acme", "app-a")
	eventually(t, "it says that Vault is down", func() bool {
		status, ready := get(t, ops+"/readyz")
		return status == 200 && strings.Contains(ready, `"status":"degraded"`) && strings.Contains(ready, `"secrets":"unavailable"`)
	})
	if a := c.do(t, "admin", "GET /v1/secrets/a", ""); a.status != 503 || strings.Contains(a.body, v.Addr) {
		t.Errorf("while Vault is down: %d %s", a.status, a.body)
	}
	v.Start()
	eventually(t, "Vault is used", func() bool { return c.do(t, "admin", "GET /v1/secrets/a", "").status == 200 })
	eventually(t, "it says that Vault is there", func() bool {
		_, ready := get(t, ops+"/readyz")
		return strings.Contains(ready, `"secrets":"ok"`)
	})
}
