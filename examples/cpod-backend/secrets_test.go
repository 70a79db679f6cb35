package main

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/client"
)

// secretTenant makes a tenant with two apps for secrets, and callers "app", "other",
// "reader" and "admin". The clients are those of both apps.
func secretTenant(t *testing.T, srv *instance, tenant, app string) (c *caller, first, second *client.Client) {
	t.Helper()
	c = newCaller(t, srv.url)
	c.tokens["admin"] = srv.adminKey
	if tenant != defaultTenant {
		c.tokens["admin"] = srv.mustCommand(t, "tenant", "create", tenant)
	}
	admin := srv.client(t, client.Config{APIKey: c.tokens["admin"]})
	register := func(who, id string) *client.Client {
		_, secret, err := admin.Apps.Register(t.Context(), client.NewApp{
			ClientID: id, Name: id, Type: client.ServiceApp, DeclaredScopes: []string{"secrets.read", "secrets.write"},
		})
		if err != nil {
			t.Fatal(err)
		}
		config := client.Config{ClientID: id, ClientSecret: secret}
		c.tokens[who] = srv.token(t, config)
		return srv.client(t, config)
	}
	first, second = register("app", app), register("other", app+"-other")
	var err error
	if _, c.tokens["reader"], err = admin.Apps.CreateKey(t.Context(), app, client.NewAPIKey{Name: "r", Scopes: []string{"secrets.read"}}); err != nil {
		t.Fatal(err)
	}
	return c, first, second
}

// What the seed does, and a rotation, through the Go client.
func TestSecretsSeed(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	_, c, other := secretTenant(t, srv, defaultTenant, "app-a")
	secretsSeed(t, c.Secrets, other.Secrets)
	srv.stop()
	if strings.Contains(srv.log.String(), "hunter") {
		t.Errorf("a value is in the log: %s", srv.log)
	}
}

func secretsSeed(t *testing.T, own, other *client.Secrets) {
	t.Helper()
	ctx := t.Context()
	if _, err := own.Get(ctx, "db/password"); !isNotFound(err) {
		t.Errorf("before there is such a secret: %v", err)
	}
	if _, err := own.Put(ctx, "db/password", client.NewSecretValue("hunter1"), client.IfAbsent()); err != nil {
		t.Fatal(err)
	}
	if got, err := own.Get(ctx, "db/password"); err != nil || got.Value.Reveal() != "hunter1" || got.Version != 1 {
		t.Errorf("it is %+v, %v", got, err)
	}
	if _, err := other.Get(ctx, "db/password"); !isNotFound(err) {
		t.Errorf("an app without a grant: %v", err)
	}
	info, err := own.Put(ctx, "db/password", client.NewSecretValue("hunter2"), client.IfVersion(1), client.ForApps("app-a", "app-a-other"))
	if err != nil || info.Version != 2 || info.Owner != "app-a" {
		t.Fatalf("the rotated one is %+v, %v", info, err)
	}
	eventually(t, "both apps see the rotation", func() bool {
		a, err1 := own.Get(ctx, "db/password")
		b, err2 := other.Get(ctx, "db/password")
		return err1 == nil && err2 == nil && a.Value.Reveal() == "hunter2" && b.Value.Reveal() == "hunter2"
	})
	if old, err := own.Get(ctx, "db/password", client.Version(1)); err != nil || old.Value.Reveal() != "hunter1" {
		t.Errorf("the version before is %+v, %v", old, err)
	}
	if _, err := own.Put(ctx, "binary", client.NewSecretValue("\xff\x00")); err != nil {
		t.Fatal(err)
	}
	values, missing, err := own.Resolve(ctx, "db/password", "binary", "nope")
	if err != nil || values["db/password"].Reveal() != "hunter2" || values["binary"].Reveal() != "\xff\x00" || fmt.Sprint(missing) != "[nope]" {
		t.Errorf("resolved are %d values, without %v: %v", len(values), missing, err)
	}
	var names []string
	for info, err := range own.All(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, info.Name)
	}
	if strings.Join(names, " ") != "binary db/password" {
		t.Errorf("listed are %q", names)
	}
	bundle := client.SecretBundle{Name: "demo", Env: map[string]string{"DB_PASSWORD": "db/password"}, Apps: []string{"app-a-other"}}
	if bundle, err = own.PutBundle(ctx, bundle, client.IfAbsent()); err != nil {
		t.Fatal(err)
	}
	if got, err := other.Bundle(ctx, "demo"); err != nil || !maps.Equal(got.Env, bundle.Env) || got.Version != bundle.Version {
		t.Errorf("the bundle is %+v, %v", got, err)
	}
	if err := own.DeleteBundle(ctx, "demo", client.IfMatch(bundle.Version)); err != nil {
		t.Error(err)
	}
	for _, name := range names {
		if err := own.Delete(ctx, name); err != nil {
			t.Error(err)
		}
	}
	if _, err := own.Get(ctx, "db/password"); !isNotFound(err) {
		t.Errorf("after it was deleted: %v", err)
	}
}

// The rows of the contract about secrets.
func TestErrorTableOfSecrets(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	c, _, _ := secretTenant(t, srv, defaultTenant, "app-a")
	acme, _, _ := secretTenant(t, srv, "acme", "app-b")
	c.tokens["acme"], c.tokens["acme admin"] = acme.tokens["app"], acme.tokens["admin"]
	srv.register(t, "app-none", "storage.private.read")
	c.tokens["none"] = srv.mustCommand(t, "token", "--app", "app-none", "--scope", "storage.private.read")
	const value = `{"value":"hunter2"}`
	largest := strings.Repeat("x", 64<<10)
	c.wantRows(t, []contractRow{
		{"app", "PUT /v1/secrets/db/password", `{"value":"hunter2","apps":["app-a","app-a-other"]}`, 200, ""},
		{"app", "PUT /v1/secrets/a%2Fb", value, 200, ""},
		{"app", "PUT /v1/secrets/largest", `{"value":"` + largest + `"}`, 200, ""},
		{"app", "PUT /v1/secrets/" + strings.Repeat("n", 512), value, 200, ""},
		{"app", "PUT /v1/secret-bundles/demo", `{"secrets":{"A":"db/password"},"files":{"a.pem":"a/b"}}`, 200, ""},
		{"admin", "PUT /v1/secret-grants/vault/key", `{"apps":["app-a"]}`, 200, ""},

		{"reader", "GET /v1/secrets/db/password", "", 200, ""},
		{"reader", "GET /v1/secrets/a/b", "", 200, ""},
		{"reader", "GET /v1/secrets?limit=1", "", 200, ""},
		{"reader", "POST /v1/secrets/resolve", `{"names":["db/password","nope"]}`, 200, ""},
		{"other", "GET /v1/secrets/db/password", "", 200, ""},
		{"admin", "GET /v1/secrets/a/b", "", 200, ""},
		{"admin", "GET /v1/secret-grants", "", 200, ""},
		{"admin", "GET /v1/secret-grants/db/password", "", 200, ""},
		{"reader", "GET /v1/secret-bundles", "", 200, ""},
		{"reader", "GET /v1/secret-bundles/demo", "", 200, ""},

		{"app", "PUT /v1/secrets/x", `{"value":`, 400, "bad_request"},
		{"app", "GET /v1/secrets/a/b?version=0", "", 400, "bad_request"},
		{"app", "GET /v1/secrets/a/b?version=-1", "", 400, "bad_request"},
		{"app", "GET /v1/secrets/a/b?version=x", "", 400, "bad_request"},
		{"app", "GET /v1/secrets/a/b?tier=user", "", 400, "bad_request"},
		{"app", "GET /v1/secrets?limit=501", "", 400, "bad_request"},
		{"app", "GET /v1/secrets?cursor=bent", "", 400, "invalid_cursor"},
		{"app", "PUT /v1/secrets/" + strings.Repeat("n", 513), value, 400, "invalid_key"},
		{"app", "GET /v1/secrets/", "", 400, "invalid_key"},
		{"app", "GET /v1/secrets/a%00b", "", 400, "invalid_key"},
		{"app", "GET /v1/secrets/a%0Ab", "", 400, "invalid_key"},
		{"app", "GET /v1/secrets/%FF", "", 400, "invalid_key"},
		{"app", "GET /v1/secrets/a/", "", 400, "invalid_key"},
		{"app", "PUT /v1/secret-bundles/a%7Fb", `{"secrets":{}}`, 400, "invalid_key"},
		{"admin", "PUT /v1/secret-grants/a%7Fb", `{"apps":[]}`, 400, "invalid_key"},

		{"", "GET /v1/secrets/a/b", "", 401, "missing_token"},
		{"", "POST /v1/secrets/resolve", `{"names":[]}`, 401, "missing_token"},
		{"", "GET /v1/secret-grants", "", 401, "missing_token"},
		{"", "PUT /v1/secret-bundles/demo", `{}`, 401, "missing_token"},
		{"none", "GET /v1/secrets/a/b", "", 403, "invalid_scope"},
		{"none", "POST /v1/secrets/resolve", `{"names":[]}`, 403, "invalid_scope"},
		{"none", "GET /v1/secret-bundles", "", 403, "invalid_scope"},
		{"reader", "PUT /v1/secrets/a/b", value, 403, "invalid_scope"},
		{"reader", "DELETE /v1/secrets/a/b", "", 403, "invalid_scope"},
		{"reader", "PUT /v1/secret-bundles/demo", `{"secrets":{}}`, 403, "invalid_scope"},
		{"app", "GET /v1/secret-grants/a/b", "", 403, "invalid_scope"},
		{"app", "PUT /v1/secret-grants/a/b", `{"apps":["app-a"]}`, 403, "invalid_scope"},
		{"app", "DELETE /v1/secret-grants/a/b", "", 403, "invalid_scope"},

		{"app", "GET /v1/secrets/nope", "", 404, "not_found"},
		{"other", "GET /v1/secrets/a/b", "", 404, "not_found"},
		{"other", "DELETE /v1/secrets/a/b", "", 404, "not_found"},
		{"other", "GET /v1/secret-bundles/demo", "", 404, "not_found"},
		{"acme", "GET /v1/secrets/a/b", "", 404, "not_found"},
		{"acme admin", "GET /v1/secrets/a/b", "", 404, "not_found"},
		{"acme admin", "DELETE /v1/secrets/a/b", "", 404, "not_found"},
		{"acme admin", "GET /v1/secret-grants/a/b", "", 404, "not_found"},
		{"app", "GET /v1/secrets/a/b?version=2", "", 404, "not_found"},
		{"app", "GET /v1/secrets/vault/key", "", 404, "not_found"}, // granted, and nowhere
		{"app", "GET /v1/secrets/..", "", 404, "not_found"},
		{"app", "GET /v1/secrets/%2e%2e/a", "", 404, "not_found"},
		{"app", "GET /v1/secrets/a%2F..%2Fb", "", 404, "not_found"},
		{"app", "GET /v1/secrets/a//b", "", 404, "not_found"},
		{"app", "POST /v1/secrets/a/b", value, 405, "method_not_allowed"},
		{"app", "PATCH /v1/secrets/a/b", `{}`, 405, "method_not_allowed"},
		{"other", "PUT /v1/secrets/a/b", value, 409, "conflict"},
		{"other", "PUT /v1/secrets/db/password", value, 409, "conflict"},
		{"other", "DELETE /v1/secrets/db/password", "", 409, "conflict"},
		{"other", "PUT /v1/secret-bundles/demo", `{"secrets":{}}`, 409, "conflict"},
		{"app", "PUT /v1/secrets/x", `{"value":"` + largest + `x"}`, 413, "payload_too_large"},
		{"app", "PUT /v1/secrets/x", `{"value":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "payload_too_large"},
		{"app", "PUT /v1/secrets/x", `{"value":""}`, 422, "validation_failed"},
		{"app", "PUT /v1/secrets/x", `{"valueBase64":"!"}`, 422, "validation_failed"},
		{"app", "PUT /v1/secrets/x", `{"apps":["app-a"]}`, 422, "validation_failed"},
		{"app", "PUT /v1/secrets/x", `{"value":"a","tenant":"acme"}`, 422, "validation_failed"},
		{"app", "POST /v1/secrets/resolve", `{"names":["../a"]}`, 422, "validation_failed"},
		{"app", "PUT /v1/secret-bundles/x", `{"secrets":{"CORESDK_A":"a/b"}}`, 422, "validation_failed"},
		{"app", "PUT /v1/secret-bundles/x", `{"secrets":{"A":"nope"}}`, 422, "validation_failed"},
		{"other", "PUT /v1/secret-bundles/x", `{"secrets":{"A":"a/b"}}`, 422, "validation_failed"},

		{"app", "DELETE /v1/secret-bundles/demo", "", 204, ""},
		{"app", "DELETE /v1/secrets/a/b", "", 204, ""},
		{"app", "DELETE /v1/secrets/a/b", "", 404, "not_found"},
		{"admin", "DELETE /v1/secret-grants/vault/key", "", 204, ""},
		{"admin", "DELETE /v1/secret-grants/vault/key", "", 404, "not_found"},
	})
	for call, headers := range map[string][]string{
		"PUT /v1/secrets/db/password":    {"If-Match", `"7"`},
		"DELETE /v1/secrets/db/password": {"If-Match", `"7"`},
		"PUT /v1/secrets/largest":        {"If-None-Match", "*"},
	} {
		if a := c.do(t, "app", call, value, headers...); a.status != http.StatusPreconditionFailed {
			t.Errorf("%s: %d %s", call, a.status, a.body)
		}
	}
	if a := c.do(t, "app", "PUT /v1/secrets/x", value, "Content-Type", "text/plain"); a.status != http.StatusUnsupportedMediaType {
		t.Errorf("a text: %d %s", a.status, a.body)
	}
}

// Tenants have the same names, and see nothing of each other.
func TestSecretsOfTenants(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	a, _, _ := secretTenant(t, srv, "acme", "app-a")
	b, _, _ := secretTenant(t, srv, "acmex", "app-b")
	fill := func(c *caller, value string, names ...string) {
		t.Helper()
		for _, name := range names {
			if got := c.do(t, "app", "PUT /v1/secrets/"+name, `{"value":"`+value+`","apps":["app-a","app-b"]}`); got.status != http.StatusOK {
				t.Fatalf("PUT: %d %s", got.status, got.body)
			}
		}
		if got := c.do(t, "app", "PUT /v1/secret-bundles/demo", `{"secrets":{"A":"`+names[0]+`"},"apps":["app-a","app-b"]}`); got.status != http.StatusOK {
			t.Fatalf("PUT: %d %s", got.status, got.body)
		}
	}
	fill(a, "of acme", "k", "only_a")
	fill(b, "of acmex", "k")
	for who, c := range map[string]*caller{"of acme": a, "of acmex": b} {
		for _, token := range []string{"app", "admin"} {
			got := c.do(t, token, "GET /v1/secrets/k", "")
			all := c.do(t, token, "POST /v1/secrets/resolve", `{"names":["k","only_a"]}`)
			if !strings.Contains(got.body, `"`+who+`"`) || strings.Count(all.body, who+`"`) != map[string]int{"of acme": 2, "of acmex": 1}[who] {
				t.Errorf("%s reads %s and %s", who, got.body, all.body)
			}
			if list := c.do(t, token, "GET /v1/secrets", ""); strings.Contains(list.body, "only_a") != (who == "of acme") {
				t.Errorf("%s lists %s", who, list.body)
			}
		}
	}
	said := strings.Join(strings.Fields(srv.mustCommand(t, "tenant", "delete", "--yes", "acme")), " ")
	if !strings.Contains(said, "secrets 5 ") { // two, with a grant each, and a bundle
		t.Errorf("the deletion says %s", said)
	}
	later, _, _ := secretTenant(t, srv, "acme", "app-a")
	for call, want := range map[string]int{"GET /v1/secrets/k": 404, "GET /v1/secrets/only_a": 404, "GET /v1/secret-grants/k": 404, "GET /v1/secret-bundles/demo": 404} {
		if got := later.do(t, "admin", call, ""); got.status != want {
			t.Errorf("a later tenant of the same name: %s is %d %s", call, got.status, got.body)
		}
	}
	if got := b.do(t, "app", "GET /v1/secrets/k", ""); got.status != http.StatusOK {
		t.Errorf("the tenant beside it has lost its secret: %d", got.status)
	}
	if got := later.do(t, "app", "PUT /v1/secrets/k", `{"value":"anew"}`); got.status != http.StatusOK || !strings.Contains(got.body, `"version":1`) {
		t.Errorf("PUT: %d %s", got.status, got.body)
	}
}

// A later app of a deleted app's client id gets nothing of it.
func TestSecretsOfDeletedApps(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	c, _, _ := secretTenant(t, srv, defaultTenant, "app-a")
	c.wantRows(t, []contractRow{
		{"app", "PUT /v1/secrets/own", `{"value":"hunter1","apps":["app-a","app-a-other"]}`, 200, ""},
		{"other", "PUT /v1/secrets/theirs", `{"value":"hunter2","apps":["app-a","app-a-other"]}`, 200, ""},
		{"app", "PUT /v1/secret-bundles/own", `{"secrets":{"A":"own"},"apps":["app-a","app-a-other"]}`, 200, ""},
		{"other", "PUT /v1/secret-bundles/theirs", `{"secrets":{"A":"theirs"},"apps":["app-a","app-a-other"]}`, 200, ""},
		{"app", "GET /v1/secrets/theirs", "", 200, ""},
		{"admin", "DELETE /v1/oauth/apps/app-a", "", 204, ""},
	})
	_, later := srv.register(t, "app-a", "secrets.read", "secrets.write")
	c.tokens["later"] = srv.token(t, later)
	c.wantRows(t, []contractRow{
		{"later", "GET /v1/secrets/own", "", 404, "not_found"},
		{"later", "GET /v1/secrets/theirs", "", 404, "not_found"},
		{"later", "DELETE /v1/secrets/own", "", 404, "not_found"},
		{"later", "PUT /v1/secrets/own", `{"value":"mine"}`, 409, "conflict"},
		{"later", "GET /v1/secret-bundles/own", "", 404, "not_found"},
		{"later", "GET /v1/secret-bundles/theirs", "", 404, "not_found"},
		{"other", "GET /v1/secrets/own", "", 200, ""},
		{"other", "GET /v1/secrets/theirs", "", 200, ""},
		{"other", "GET /v1/secret-bundles/own", "", 404, "not_found"},
		{"other", "GET /v1/secret-bundles/theirs", "", 200, ""},
		{"admin", "GET /v1/secrets/own", "", 200, ""},
	})
	if got := c.do(t, "later", "GET /v1/secrets", ""); got.body != `{"items":[]}`+"\n" {
		t.Errorf("it lists %s", got.body)
	}
}

// Readers that go on through a rotation get the old value or the new one, and never an
// error.
func TestSecretRotationUnderLoad(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	c, own, other := secretTenant(t, srv, defaultTenant, "app-a")
	if got := c.do(t, "app", "PUT /v1/secrets/k", `{"value":"v0","apps":["app-a","app-a-other"]}`); got.status != http.StatusOK {
		t.Fatalf("PUT: %d %s", got.status, got.body)
	}
	rotateUnderLoad(t, 20, own.Secrets, []*client.Secrets{own.Secrets, other.Secrets}, "k")
}

// rotateUnderLoad writes new values of a secret while others read it. No read fails, and
// none goes back to an older value.
func rotateUnderLoad(t *testing.T, rotations int, writer *client.Secrets, readers []*client.Secrets, name string) {
	t.Helper()
	done := make(chan struct{})
	var wg sync.WaitGroup
	for _, reader := range readers {
		for range 2 {
			wg.Go(func() {
				seen := int64(0)
				pause := time.NewTicker(2 * time.Millisecond) // leaves the processors something for the writer
				defer pause.Stop()
				for {
					got, err := reader.Get(t.Context(), name)
					if err != nil || got.Value.Reveal() != fmt.Sprintf("v%d", got.Version-1) || got.Version < seen {
						t.Errorf("version %d, after %d: %v", got.Version, seen, err)
						return
					}
					seen = got.Version
					select {
					case <-done:
						return
					case <-pause.C:
					}
				}
			})
		}
	}
	for i := 1; i <= rotations; i++ {
		info, err := writer.Put(t.Context(), name, client.NewSecretValue(fmt.Sprintf("v%d", i)))
		if err != nil || info.Version != int64(i)+1 {
			t.Errorf("rotation %d is %+v, %v", i, info, err)
		}
	}
	close(done)
	wg.Wait()
}
