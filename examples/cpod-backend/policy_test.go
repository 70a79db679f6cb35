package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/client"
)

// edit writes a file of a policy as editors do: beside it, and then over it.
func edit(t *testing.T, folder, name, content string) {
	t.Helper()
	file := filepath.Join(folder, name)
	if err := os.WriteFile(file+".new", []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

const noKV = `package http

default allow := false

allow if input.route != "getEntry"

reason := sprintf("Not %s of %s by %s.", [input.params.key, input.identity.tenantId, input.claims.client_id])
`

// policyApp registers an app, and returns a caller with its token "app" and the admin key
// "admin".
func policyApp(t *testing.T, srv *instance, app string, scopes ...string) *caller {
	t.Helper()
	_, config := srv.register(t, app, scopes...)
	c := newCaller(t, srv.url)
	c.tokens["app"], c.tokens["admin"] = srv.token(t, config), srv.adminKey
	return c
}

// The operator's policy holds on every route, and changes without a restart. After a broken
// edit the last good one goes on, and the server says why.
func TestPolicyOfTheOperator(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	edit(t, folder, "http.rego", noKV)
	srv := start(t, t.TempDir(), map[string]string{
		"CPOD_POLICY": folder, "CPOD_OPS_LISTEN": "127.0.0.1:0", "CPOD_LOG_FORMAT": "json",
	})
	ops := srv.opsURL(t)
	state := func(want, stale string) func() bool {
		metric := regexp.MustCompile(`(?m)^cpodkit_policy_stale(\{[^}]*\})? ` + stale + `$`)
		return func() bool {
			_, ready := get(t, ops+"/readyz")
			_, metrics := get(t, ops+"/metrics")
			return strings.Contains(ready, `"status":"`+want+`"`) && metric.MatchString(metrics)
		}
	}
	eventually(t, "it is ready", state("ok", "0"))
	c := policyApp(t, srv, "app-p", "storage.private.read", "storage.private.write")
	if a := c.do(t, "app", "PUT /v1/storage/kv/k", `{"value": "v"}`); a.status != http.StatusNoContent {
		t.Fatalf("PUT: %d %s", a.status, a.body)
	}
	a := c.do(t, "app", "GET /v1/storage/kv/k", "")
	if a.status != http.StatusForbidden || !strings.Contains(a.body, `"policy_denied"`) || !strings.Contains(a.body, "Not k of default by app-p.") {
		t.Errorf("denied is %d %s", a.status, a.body)
	}
	if a := c.do(t, "", "GET /v1/storage/kv/k", ""); a.status != http.StatusUnauthorized {
		t.Errorf("without a token it is %d %s", a.status, a.body)
	}
	edit(t, folder, "http.rego", strings.Replace(noKV, "getEntry", "other", 1))
	eventually(t, "the edit is in force", func() bool { return c.do(t, "app", "GET /v1/storage/kv/k", "").status == http.StatusOK })
	edit(t, folder, "http.rego", strings.Replace(noKV, "getEntry", `" x`, 1))
	eventually(t, "the log has the fault", func() bool { return strings.Contains(srv.log.String(), "http.rego:5:") })
	if a := c.do(t, "app", "GET /v1/storage/kv/k", ""); a.status != http.StatusOK {
		t.Errorf("after a broken edit it is %d %s", a.status, a.body)
	}
	eventually(t, "it says that the policy is broken", state("degraded", "1"))
	edit(t, folder, "http.rego", noKV)
	eventually(t, "the next edit is in force", func() bool { return c.do(t, "app", "GET /v1/storage/kv/k", "").status == http.StatusForbidden })
	eventually(t, "it is whole again", state("ok", "0"))
}

// A server does not start with a policy that it cannot use.
func TestPolicyThatIsBrokenAtTheStart(t *testing.T) {
	t.Parallel()
	broken := policyFolder(t, map[string]string{"a.rego": "package a\n\np := q\n"})
	key := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(key, []byte("none"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, env := range map[string]map[string]string{
		"a.rego:3:6: ":           {"CPOD_POLICY": broken},
		"has no .rego file":      {"CPOD_POLICY": t.TempDir()},
		"no such file":           {"CPOD_POLICY": filepath.Join(broken, "none")},
		"CPOD_POLICY: ":          {"CPOD_POLICY": "http://policies.example/b"},
		"CPOD_POLICY_KEY: there": {"CPOD_POLICY_KEY": key},
		"is for bundles":         {"CPOD_POLICY": broken, "CPOD_POLICY_KEY": key},
		"CPOD_POLICY_TOKEN: ":    {"CPOD_POLICY": broken, "CPOD_POLICY_TOKEN": "x"},
		"no route \"none\"":      {"CPOD_POLICY_BODIES": "none=1"},
		"CPOD_POLICY_BODIES: wa": {"CPOD_POLICY_BODIES": "setKV"},
		"authorization":          {"CPOD_POLICY_HEADERS": "Authorization"},
		"CPOD_POLICY_SAMPLE: wa": {"CPOD_POLICY_SAMPLE": "-1"},
	} {
		env["CPOD_DATA_DIR"], env["CPOD_LISTEN"] = t.TempDir(), "127.0.0.1:0"
		if _, err := runOnce(t, env); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", env, err, want)
		}
	}
}

// A tenant's policy restricts authorize, and ends with the tenant.
func TestPolicyOfATenant(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	c := policyApp(t, srv, "app-t", "auth.read", "policy.read", "policy.write", "orders.read")
	authorize := func(owner string) string {
		return c.do(t, "app", "POST /v1/auth/authorize", fmt.Sprintf(
			`{"token": %q, "action": "read", "resource": "/api/orders/7", "context": {"owner": %q}}`, c.tokens["app"], owner)).body
	}
	if got := authorize("ann"); !strings.Contains(got, `"allowed":true`) {
		t.Errorf("without a policy: %s", got)
	}
	const module = "package authz\n\ndefault allow := false\n\nallow if input.context.owner == \"ann\"\n\nreason := \"Not of ann.\"\n"
	if a := c.do(t, "app", "PUT /v1/policy/modules/m.rego", module, "Content-Type", "text/plain"); a.status >= 300 {
		t.Fatalf("PUT: %d %s", a.status, a.body)
	}
	if got := authorize("ann"); !strings.Contains(got, `"allowed":true`) {
		t.Errorf("allowed: %s", got)
	}
	denied := authorize("bob")
	if !strings.Contains(denied, `"allowed":false`) || !strings.Contains(denied, "Not of ann.") {
		t.Errorf("denied: %s", denied)
	}
	_, id, _ := strings.Cut(denied, `"decisionId":"`)
	id, _, _ = strings.Cut(id, `"`)
	eventually(t, "the decision is logged", func() bool {
		a := c.do(t, "app", "GET /v1/policy/decisions/"+id+"?explain=true", "")
		return a.status == http.StatusOK && strings.Contains(a.body, `"data.authz.allow"`) && !strings.Contains(a.body, c.tokens["app"])
	})
	if a := c.do(t, "app", "PUT /v1/policy/modules/n.rego", "package http\n\nallow := true\n", "Content-Type", "text/plain"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("package http of a tenant: %d %s", a.status, a.body)
	}
}

// The parts of policy are deleted with their tenant.
func TestPoliciesEndWithTheirTenant(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	for range 2 { // the second tenant of the name sees nothing of the first
		key := srv.mustCommand(t, "tenant", "create", "acme")
		c := newCaller(t, srv.url)
		c.tokens["admin"] = key
		admin := srv.client(t, client.Config{APIKey: key})
		_, secret, err := admin.Apps.Register(t.Context(), client.NewApp{
			ClientID: "app-e", Name: "app-e", Type: client.ServiceApp, DeclaredScopes: []string{"policy.read", "policy.write"},
		})
		if err != nil {
			t.Fatal(err)
		}
		c.tokens["app"] = srv.token(t, client.Config{ClientID: "app-e", ClientSecret: secret})
		if a := c.do(t, "app", "POST /v1/policy/evaluate", `{"path": "p/q", "input": {}}`); a.status != http.StatusNotFound {
			t.Errorf("at first: %d %s", a.status, a.body)
		}
		if a := c.do(t, "app", "PUT /v1/policy/modules/p.rego", "package p\n\nq := 7\n", "Content-Type", "text/plain"); a.status >= 300 {
			t.Fatalf("PUT: %d %s", a.status, a.body)
		}
		if a := c.do(t, "app", "POST /v1/policy/evaluate", `{"path": "p/q", "input": {}}`); !strings.Contains(a.body, `"result":7`) {
			t.Errorf("then: %d %s", a.status, a.body)
		}
		wantSaid(t, srv.mustCommand(t, "tenant", "delete", "--yes", "acme"), "policies ")
	}
}
