package main

import (
	"bytes"
	"errors"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/client"
)

// command runs a subcommand on the data of the server, and returns what it
// printed.
func (s *instance) command(t *testing.T, args ...string) (string, error) {
	t.Helper()
	env := map[string]string{"CPOD_DATA_DIR": s.dir, "CPOD_PUBLIC_URL": s.url}
	maps.Copy(env, s.env)
	out, err := runOnce(t, env, args...)
	return strings.TrimSuffix(out, "\n"), err
}

func (s *instance) mustCommand(t *testing.T, args ...string) string {
	t.Helper()
	out, err := s.command(t, args...)
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return out
}

// appIDs lists what an administrator sees.
func (s *instance) appIDs(t *testing.T, key string) []string {
	t.Helper()
	var ids []string
	for app, err := range s.client(t, client.Config{APIKey: key}).Apps.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, app.ClientID)
	}
	return ids
}

func TestTenants(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	srv.register(t, "app-default", storageScopes...)
	acmeKey := srv.mustCommand(t, "tenant", "create", "acme")
	if !strings.HasPrefix(acmeKey, "cpod_") || strings.Contains(acmeKey, "\n") {
		t.Errorf("printed %q", acmeKey)
	}
	list := strings.Split(srv.mustCommand(t, "tenant", "list"), "\n")
	if len(list) != 2 || !strings.HasPrefix(list[0], "acme ") || !strings.HasPrefix(list[1], "default ") {
		t.Errorf("listed %q", list)
	}
	if _, err := srv.command(t, "tenant", "create", "acme"); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("the same tenant again: %v", err)
	}
	for _, name := range []string{"", "..", ".a", "-a", "Acme", "a/b", "a b", "a@b", "ä", strings.Repeat("a", 65)} {
		if _, err := srv.command(t, "tenant", "create", "--", name); !errors.Is(err, errUsage) {
			t.Errorf("the tenant %q: %v", name, err)
		}
	}

	acme := srv.client(t, client.Config{APIKey: acmeKey})
	_, secret, err := acme.Apps.Register(t.Context(), client.NewApp{ClientID: "app-acme", Name: "Acme", DeclaredScopes: storageScopes})
	if err != nil {
		t.Fatal(err)
	}
	if got := srv.appIDs(t, acmeKey); !slices.Equal(got, []string{"app-acme"}) {
		t.Errorf("acme sees %v", got)
	}
	if got := srv.appIDs(t, srv.adminKey); !slices.Equal(got, []string{"app-default"}) {
		t.Errorf("default sees %v", got)
	}
	if _, err := acme.Apps.Get(t.Context(), "app-default"); !isNotFound(err) {
		t.Errorf("acme reads an app of default: %v", err)
	}
	introspected, err := srv.client(t, client.Config{ClientID: "app-acme", ClientSecret: secret}).
		Introspect(t.Context(), srv.token(t, client.Config{ClientID: "app-acme", ClientSecret: secret}))
	if err != nil || introspected.TenantID != "acme" {
		t.Errorf("a token of acme's app: %+v, %v", introspected, err)
	}
}

func TestAdminKeys(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	srv.mustCommand(t, "tenant", "create", "acme")
	srv.register(t, "app-default")
	acmeKey := srv.mustCommand(t, "admin-key", "--tenant", "acme")
	if got := srv.appIDs(t, acmeKey); len(got) != 0 {
		t.Errorf("acme sees %v", got)
	}
	if _, err := srv.command(t, "admin-key", "--tenant=globex"); err == nil || !strings.Contains(err.Error(), "tenant create") {
		t.Errorf("a key of an unknown tenant: %v", err)
	}

	platformKey := srv.mustCommand(t, "admin-key", "--platform", "--tenant=acme")
	platform := srv.client(t, client.Config{APIKey: platformKey})
	if _, _, err := platform.Apps.Register(t.Context(), client.NewApp{ClientID: "app-acme", Name: "A", DeclaredScopes: []string{"platform.admin"}}); err != nil {
		t.Fatal(err)
	}
	if got := srv.appIDs(t, platformKey); !slices.Equal(got, []string{"app-acme", "app-default"}) {
		t.Errorf("the platform's administrator sees %v", got)
	}
	if app, err := platform.Apps.Get(t.Context(), "app-default"); err != nil || app.TenantID != "default" {
		t.Errorf("the platform's administrator reads %+v, %v", app, err)
	}
	// A key with platform.admin and nothing else opens the same calls.
	_, only, err := platform.Apps.CreateKey(t.Context(), "app-acme", client.NewAPIKey{Name: "only", Scopes: []string{"platform.admin"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := srv.appIDs(t, only); !slices.Equal(got, []string{"app-acme", "app-default"}) {
		t.Errorf("platform.admin alone sees %v", got)
	}
}

func TestTokenBesideARunningServer(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	srv.mustCommand(t, "tenant", "create", "acme")
	_, app := srv.register(t, "app-a", "storage.private.read", "storage.private.write", "storage.user.*")
	token := srv.mustCommand(t, "token", "--app", "app-a", "--user", "alice", "--scope", "storage.private.read",
		"--scope", "storage.user.read storage.user.write", "--ttl", "5m")
	c := srv.client(t, app)
	said, err := c.Introspect(t.Context(), token)
	if err != nil || !said.Active || said.UserID != "alice" || said.Subject != "alice" || said.TenantID != "default" ||
		said.Issuer != srv.url || said.ExpiresAt.Sub(said.IssuedAt) != 5*time.Minute || len(said.Scopes) != 3 {
		t.Errorf("introspected %+v, %v", said, err)
	}
	call := newCaller(t, srv.url)
	call.tokens["alice"] = token
	if a := call.do(t, "alice", "PUT /v1/storage/kv/k?tier=user", `{"value":"v"}`); a.status != http.StatusNoContent {
		t.Errorf("writes to her own tier: %d %s", a.status, a.body)
	}
	if a := call.do(t, "alice", "PUT /v1/storage/kv/k", `{"value":"v"}`); a.status != http.StatusForbidden {
		t.Errorf("writes without the scope: %d %s", a.status, a.body)
	}
	if err := srv.client(t, client.Config{APIKey: srv.adminKey}).Apps.Delete(t.Context(), "app-a"); err != nil {
		t.Fatal(err)
	}
	if a := call.do(t, "alice", "GET /v1/storage/kv/k?tier=user", ""); a.code != "token_revoked" {
		t.Errorf("after the app was deleted: %d %s", a.status, a.body)
	}
}

func TestTokenRefusals(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	srv.register(t, "app-a", "storage.private.read")
	for _, c := range []struct {
		args, says string // says is "usage" for a wrong command line
	}{
		{"--scope storage.private.read", "usage"},
		{"--app app-a", "usage"},
		{"--app app-a --scope=", "usage"},
		{"--app app-a --scope storage.private.read --ttl=1", "usage"},
		{"--app app-a --scope storage.private.read --audience x", "usage"},
		{"--app app-b --scope storage.private.read", "no app with this client_id"},
		{"--app app-a --tenant acme --scope storage.private.read", "no app with this client_id"},
		{"--app app-a --scope storage.private.write", "has not declared"},
		{"--app app-a --scope storage.private.read --user ..", "user id"},
		{"--app app-a --scope storage.private.read --ttl 25h", "24h"},
		{"--app app-a --scope storage.private.read --ttl 1500ms", "whole seconds"},
	} {
		out, err := srv.command(t, append([]string{"token"}, strings.Split(c.args, " ")...)...)
		if err == nil || out != "" || !errors.Is(err, errUsage) && !strings.Contains(err.Error(), c.says) {
			t.Errorf("token %s: printed %q, %v", c.args, out, err)
		}
		if errors.Is(err, errUsage) != (c.says == "usage") {
			t.Errorf("token %s: %v", c.args, err)
		}
	}
	// Without CPOD_PUBLIC_URL the issuer is that of the server that started last,
	// wherever the command would listen.
	env := map[string]string{"CPOD_DATA_DIR": srv.dir, "CPOD_LISTEN": "127.0.0.1:9"}
	token, err := runOnce(t, env, "token", "--app", "app-a", "--scope", "storage.private.read")
	if err != nil {
		t.Fatal(err)
	}
	call := newCaller(t, srv.url)
	call.tokens["app"] = strings.TrimSpace(token)
	if a := call.do(t, "app", "GET /v1/storage/files", ""); a.status != http.StatusOK {
		t.Errorf("with the issuer of the server: %d %s", a.status, a.body)
	}
}

func TestRotateKeyBesideARunningServer(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	first := srv.mustCommand(t, "rotate-key")
	if again := srv.mustCommand(t, "rotate-key"); again != first || !strings.Contains(first, " signs tokens from ") {
		t.Errorf("printed %q, then %q", first, again)
	}
	h := existing(t, srv.dir)
	defer h.Close()
	keys := h.ring.SigningKeys()
	if len(keys) != 2 || !strings.Contains(first, keys[1].ID) {
		t.Errorf("there are %d keys; printed %q", len(keys), first)
	}
}

// What a server would warn of is not said by a command.
func TestCommandsAreQuiet(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	srv.register(t, "app-a", "storage.private.read")
	env := environ(map[string]string{
		"CPOD_DATA_DIR": srv.dir, "CPOD_LISTEN": ":8000", "CORESDK_SIDECAR_ADDR": "[::1]:50051", "CPOD_LOG_FORMAT": "json",
	})
	for _, args := range []string{
		"tenant list", "tenant create acme", "admin-key", "admin-key list", "welcome", "version", "token --app app-a --scope storage.private.read",
	} {
		var out, problems bytes.Buffer
		if err := run(t.Context(), strings.Fields(args), env, nil, &out, &problems); err != nil || out.Len() == 0 || problems.Len() > 0 {
			t.Errorf("%s: %v, printed %s and %s", args, err, &out, &problems)
		}
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	env := map[string]string{"CPOD_DATA_DIR": filepath.Join(t.TempDir(), "none")}
	variables := environ(env)
	var all, problems bytes.Buffer
	if err := run(t.Context(), []string{"help"}, variables, nil, &all, &problems); err != nil {
		t.Error(err)
	}
	for _, c := range commands() {
		if !strings.Contains(all.String(), "\n  "+c.name) {
			t.Errorf("help does not list %s", c.name)
		}
		var out bytes.Buffer
		if err := run(t.Context(), append(strings.Fields(c.name), "-h"), variables, nil, &out, &problems); err != nil ||
			!strings.HasPrefix(out.String(), "usage: cpod-backend "+c.name) {
			t.Errorf("%s -h: %v, %s", c.name, err, &out)
		}
		out.Reset()
		var wrong bytes.Buffer
		err := run(t.Context(), append(strings.Fields(c.name), "--bogus"), variables, nil, &out, &wrong)
		if !errors.Is(err, errUsage) || out.Len() > 0 || !strings.Contains(wrong.String(), "bogus") || !strings.Contains(wrong.String(), "usage:") {
			t.Errorf("%s --bogus: %v, %s%s", c.name, err, &out, &wrong)
		}
		if err := run(t.Context(), append(strings.Fields(c.name), "a", "b"), variables, nil, &out, &wrong); !errors.Is(err, errUsage) {
			t.Errorf("%s a b: %v", c.name, err)
		}
	}
	if problems.Len() > 0 {
		t.Errorf("what was asked for is not printed to standard output: %s", &problems)
	}
	for _, args := range []string{"tenant", "tenant create", "tenant drop x", "sirve"} {
		if _, err := runOnce(t, env, strings.Fields(args)...); !errors.Is(err, errUsage) {
			t.Errorf("%s: %v", args, err)
		}
	}
}
