package main

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Secrets of the environment and of files are the tenant's that the URL names, for the apps
// that an administrator grants them, before those in the database.
func TestSecretsFromElsewhere(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(text string) {
		t.Helper()
		file := filepath.Join(folder, "db", "password")
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	write("hunter1\n")
	srv := start(t, t.TempDir(), map[string]string{
		"CPOD_SECRETS": "env:APP_?tenant=acme files:" + folder + "?tenant=acme db:", "APP_token": "hunter2-env",
		"CPOD_OPS_LISTEN": "127.0.0.1:0", "CPOD_LOG_FORMAT": "json",
	})
	ops := srv.opsURL(t)
	c, _, _ := secretTenant(t, srv, "acme", "app-a")
	other, _, _ := secretTenant(t, srv, "acmex", "app-b")
	reads := func(value string) func() bool {
		return func() bool {
			a := c.do(t, "app", "GET /v1/secrets/db/password", "")
			return a.status == http.StatusOK && strings.Contains(a.body, `"value":"`+value+`"`)
		}
	}
	c.wantRows(t, []contractRow{
		{"app", "GET /v1/secrets/token", "", 404, "not_found"},
		{"app", "GET /v1/secrets/db/password", "", 404, "not_found"},
		{"app", "PUT /v1/secrets/token", `{"value":"mine"}`, 409, "conflict"}, // it would become the app's
		{"admin", "GET /v1/secrets/token", "", 200, ""},
		{"admin", "PUT /v1/secret-grants/token", `{"apps":["app-a"]}`, 200, ""},
		{"admin", "PUT /v1/secret-grants/db/password", `{"apps":["app-a"]}`, 200, ""},
		{"app", "GET /v1/secrets/token", "", 200, ""},
		{"app", "GET /v1/secrets/token?version=1", "", 501, "not_supported"},
		{"app", "GET /v1/secrets/none", "", 404, "not_found"},
		{"app", "PUT /v1/secrets/db/password", `{"value":"mine"}`, 409, "conflict"},
		{"admin", "PUT /v1/secrets/token", `{"value":"mine"}`, 409, "conflict"},
		{"app", "PUT /v1/secrets/own", `{"value":"mine"}`, 200, ""},
		{"other", "GET /v1/secrets/token", "", 404, "not_found"},
	})
	other.wantRows(t, []contractRow{
		{"admin", "GET /v1/secrets/token", "", 404, "not_found"},
		{"admin", "PUT /v1/secret-grants/token", `{"apps":["app-b"]}`, 200, ""},
		{"app", "GET /v1/secrets/token", "", 404, "not_found"},
		{"app", "PUT /v1/secrets/k", `{"value":"theirs"}`, 200, ""},
	})
	var names []string
	for _, match := range regexp.MustCompile(`"name":"([^"]*)"`).FindAllStringSubmatch(c.do(t, "app", "GET /v1/secrets", "").body, -1) {
		names = append(names, match[1])
	}
	if strings.Join(names, " ") != "db/password own token" {
		t.Errorf("it lists %q", names)
	}
	if !reads("hunter1")() {
		t.Error("the app does not read the file")
	}
	write("rotated")
	eventually(t, "the rotation of a file is seen", reads("rotated"))
	write("")
	eventually(t, "it says that a file is broken", func() bool {
		_, ready := get(t, ops+"/readyz")
		return strings.Contains(ready, `"status":"degraded"`) && strings.Contains(ready, `"secrets":"unavailable"`)
	})
	if !reads("rotated")() {
		t.Error("the last good value is not served")
	}
	write("good again")
	eventually(t, "the good edit is in effect", reads("good again"))
	if strings.Contains(srv.log.String(), "hunter") {
		t.Errorf("the log holds a value: %s", srv.log)
	}
}

// A server whose secrets cannot be changed says so.
func TestSecretsThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	env := map[string]string{"CPOD_SECRETS": "env:APP_", "APP_token": "hunter2"}
	srv := start(t, t.TempDir(), env)
	srv.env = env
	c, _, _ := secretTenant(t, srv, defaultTenant, "app-a")
	c.wantRows(t, []contractRow{
		{"app", "PUT /v1/secrets/own", `{"value":"mine"}`, 501, "not_supported"},
		{"app", "DELETE /v1/secrets/own", "", 501, "not_supported"},
		{"admin", "PUT /v1/secret-grants/token", `{"apps":["app-a"]}`, 200, ""},
		{"app", "GET /v1/secrets/token", "", 200, ""},
		{"app", "PUT /v1/secret-bundles/demo", `{"secrets":{"TOKEN":"token"}}`, 200, ""},
	})
	if _, err := srv.commandWith(t, "v", "secret", "set", "k"); err == nil || !strings.Contains(err.Error(), "cannot do this") {
		t.Errorf("secret set: %v", err)
	}
}
