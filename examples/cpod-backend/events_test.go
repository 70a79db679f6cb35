package main

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/client"
)

// eventWorld is a server to provoke security events on.
type eventWorld struct {
	*instance
	caller *caller
	app    client.Config
	before int // bytes of the log before the event
}

// call makes a call, whatever it answers.
func (w *eventWorld) call(t *testing.T, who, call, body string, header ...string) answer {
	t.Helper()
	return w.caller.do(t, who, call, body, header...)
}

// form posts a form to an OAuth endpoint.
func (w *eventWorld) form(t *testing.T, path, form string) answer {
	t.Helper()
	return w.call(t, "", "POST "+path, form, "Content-Type", "application/x-www-form-urlencoded")
}

// securityEvents are the rows of the table in docs/operations.md: what provokes the
// event, and what its line in the log holds. An attribute "*" has any value.
func securityEvents() map[string]struct {
	provoke func(t *testing.T, w *eventWorld)
	want    map[string]string
} {
	type event = struct {
		provoke func(t *testing.T, w *eventWorld)
		want    map[string]string
	}
	calls := func(who, call, body string, header ...string) func(t *testing.T, w *eventWorld) {
		return func(t *testing.T, w *eventWorld) { w.call(t, who, call, body, header...) }
	}
	another := func(t *testing.T, w *eventWorld) { w.instance, w.before = start(t, t.TempDir(), nil), 0 }
	return map[string]event{
		"a client gets a token": {
			func(t *testing.T, w *eventWorld) { w.token(t, w.app) },
			map[string]string{"msg": "request", "route": "POST /v1/oauth/token", "status": "200", "client_id": "app-a", "client_addr": "*"},
		},
		"a client secret is wrong": {
			func(t *testing.T, w *eventWorld) {
				w.form(t, "/v1/oauth/token", "grant_type=client_credentials&client_id=app-a&client_secret=cs_wrong")
			},
			map[string]string{"msg": "request", "route": "POST /v1/oauth/token", "status": "401", "client_id": "app-a", "client_addr": "*"},
		},
		"a call without a credential": {
			calls("", "GET /v1/oauth/apps", ""),
			map[string]string{"msg": "request", "status": "401", "code": "missing_token", "client_addr": "*"},
		},
		"a token that is none": {
			calls("bent", "GET /v1/storage/files", ""),
			map[string]string{"msg": "request", "status": "401", "code": "invalid_token", "client_addr": "*"},
		},
		"an unknown API key": {
			calls("unknown key", "GET /v1/storage/files", ""),
			map[string]string{"msg": "request", "status": "401", "code": "invalid_token", "error": "*"},
		},
		"a credential is used": {
			calls("admin", "GET /v1/oauth/apps", ""),
			map[string]string{"msg": "request", "status": "200", "credential": "api_key", "key_id": "*", "tenant": "default", "app": "cpod:admin"},
		},
		"a token without the scope": {
			calls("app", "GET /v1/oauth/apps", ""),
			map[string]string{"msg": "request", "status": "403", "code": "invalid_scope", "credential": "token", "app": "app-a"},
		},
		"a call that is not for apps": {
			calls("admin app", "GET /v1/admin-keys", ""),
			map[string]string{"msg": "request", "status": "403", "code": "forbidden", "route": "GET /v1/admin-keys"},
		},
		"the user tier without a user": {
			calls("app", "GET /v1/storage/files?tier=user", ""),
			map[string]string{"msg": "request", "status": "403", "code": "user_required"},
		},
		"a limit refuses": {
			func(t *testing.T, w *eventWorld) {
				for range 12 {
					w.form(t, "/v1/oauth/token", "grant_type=client_credentials&client_id=app-b&client_secret=cs_wrong")
				}
			},
			map[string]string{"msg": "request", "status": "429", "limit": "wrong-secrets", "client_id": "app-b", "client_addr": "*"},
		},
		"a path that tries to leave its place": {
			calls("app", "GET /v1/storage/files/a/..%2F..%2Fb", ""),
			map[string]string{"msg": "request", "status": "400", "code": "invalid_key"},
		},
		"an altered cursor": {
			calls("app", "GET /v1/storage/files?cursor=bent", ""),
			map[string]string{"msg": "request", "status": "400", "code": "invalid_cursor"},
		},
		"a secret is read, or refused": {
			calls("admin", "GET /v1/secrets/none", ""),
			map[string]string{
				"msg": "request", "route": "GET /v1/secrets/{name...}", "status": "404", "code": "not_found",
				"tenant": "default", "app": "cpod:admin", "key_id": "*",
			},
		},
		"a secret is changed, or who may read it": {
			calls("admin", "PUT /v1/secret-grants/db/password", `{"apps":["app-a"]}`),
			map[string]string{
				"msg": "request", "route": "PUT /v1/secret-grants/{name...}", "status": "200", "app": "cpod:admin", "key_id": "*",
			},
		},
		"a signed URL is used": {
			func(t *testing.T, w *eventWorld) { w.call(t, "", "GET "+w.caller.signURL(t, "app key", "GET"), "") },
			map[string]string{
				"msg": "request", "route": "GET /v1/storage/signed/{token}", "status": "404", "tenant": "default",
				"credential": "signed_url", "key_id": "*", "client_id": "app-a", "client_addr": "*",
			},
		},
		"a signed URL of an ended credential": {
			func(t *testing.T, w *eventWorld) {
				w.caller.tokens["short"] = w.token(t, w.app)
				call := "PUT " + w.caller.signURL(t, "short", "PUT")
				w.form(t, "/v1/oauth/revoke", fmt.Sprintf("token=%s&client_id=%s&client_secret=%s", w.caller.tokens["short"], w.app.ClientID, w.app.ClientSecret))
				w.call(t, "", call, "x")
			},
			map[string]string{
				"msg": "request", "status": "403", "code": "forbidden", "tenant": "default",
				"credential": "signed_url", "token_id": "*", "client_id": "app-a",
			},
		},
		"an altered or ended signed URL": {
			calls("", "GET /v1/storage/signed/bent", ""),
			map[string]string{"msg": "request", "status": "403", "code": "forbidden", "route": "*", "client_addr": "*"},
		},
		"a body or parameter that is wrong": {
			calls("app", "PUT /v1/storage/kv/k?tenant=acme", `{"value":"x"}`),
			map[string]string{"msg": "request", "status": "400", "code": "bad_request", "error": "*"},
		},
		"a path that no route has": {
			calls("app", "GET /wp-admin/setup.php", ""),
			map[string]string{"msg": "request", "status": "404", "path": "/wp-admin/setup.php", "client_addr": "*"},
		},
		"a request that is not HTTP": {
			func(t *testing.T, w *eventWorld) { w.raw(t, "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n") },
			map[string]string{"msg": "request", "status": "400", "request_id": "*", "client_addr": "127.0.0.1"},
		},
		"an app is registered": {
			func(t *testing.T, w *eventWorld) { w.register(t, "app-new") },
			map[string]string{"msg": "app registered", "tenant": "default", "client_id": "app-new", "by": "cpod:admin", "by_credential": "*"},
		},
		"an app is changed": {
			calls("admin", "PATCH /v1/oauth/apps/app-c", `{"name":"C"}`),
			map[string]string{"msg": "app changed", "client_id": "app-c", "by_credential": "*", "members": "*"},
		},
		"the secret of an app is rotated": {
			calls("admin", "POST /v1/oauth/apps/app-c/rotate-secret", ""),
			map[string]string{"msg": "app secret rotated", "client_id": "app-c", "by_credential": "*"},
		},
		"an app is deleted": {
			calls("admin", "DELETE /v1/oauth/apps/app-d", ""),
			map[string]string{"msg": "app deleted", "client_id": "app-d", "by_credential": "*"},
		},
		"an API key is made": {
			func(t *testing.T, w *eventWorld) { w.createKey(t, "app-c") },
			map[string]string{"msg": "API key made", "client_id": "app-c", "key_id": "*", "by_credential": "*"},
		},
		"an API key is deleted": {
			func(t *testing.T, w *eventWorld) {
				admin := w.client(t, client.Config{APIKey: w.adminKey})
				key, _, err := admin.Apps.CreateKey(t.Context(), "app-c", client.NewAPIKey{Name: "x"})
				if err == nil {
					err = admin.Apps.DeleteKey(t.Context(), "app-c", key.ID)
				}
				if err != nil {
					t.Fatal(err)
				}
			},
			map[string]string{"msg": "API key deleted", "client_id": "app-c", "key_id": "*", "by_credential": "*"},
		},
		"an admin key is made": {
			calls("admin", "POST /v1/admin-keys", `{"name":"other"}`),
			map[string]string{"msg": "admin key made", "tenant": "default", "key_id": "*", "by_credential": "*"},
		},
		"an admin key is ended": {
			func(t *testing.T, w *eventWorld) {
				admin := w.client(t, client.Config{APIKey: w.adminKey})
				key, _, err := admin.AdminKeys.Create(t.Context(), "x", 0)
				if err == nil {
					err = admin.AdminKeys.Delete(t.Context(), key.ID)
				}
				if err != nil {
					t.Fatal(err)
				}
			},
			map[string]string{"msg": "admin key ended", "tenant": "default", "key_id": "*", "by_credential": "*"},
		},
		"a token is revoked": {
			func(t *testing.T, w *eventWorld) {
				w.form(t, "/v1/oauth/revoke", fmt.Sprintf("token=%s&client_id=%s&client_secret=%s", w.token(t, w.app), w.app.ClientID, w.app.ClientSecret))
			},
			map[string]string{"msg": "token revoked", "tenant": "default", "client_id": "app-a", "token_id": "*", "by": "app-a"},
		},
		"a tenant or user is erased": {
			func(t *testing.T, w *eventWorld) { w.mustCommand(t, "user", "erase", "--yes", "ann") },
			map[string]string{"msg": "erased in memory", "tenant": "default", "user": "ann", "tenant_closed": "false"},
		},
		"a user is disabled by a command": {
			func(t *testing.T, w *eventWorld) {
				w.mustCommand(t, "user", "add", "ann@example.com")
				w.mustCommand(t, "user", "disable", "ann@example.com")
			},
			map[string]string{"msg": "the tokens of a user ended", "tenant": "default", "user": "*"},
		},
		"the server starts": {
			another,
			map[string]string{"msg": "started", "version": "*", "address": "*", "url": "*", "db": "sqlite"},
		},
		"the server stops": {
			func(t *testing.T, w *eventWorld) {
				another(t, w)
				w.stop()
				w.stop = func() {}
			},
			map[string]string{"msg": "stopped"},
		},
		"a backend answers, or does not, at the start": {
			another,
			map[string]string{"msg": "a backend answers", "backend": "documents"},
		},
	}
}

// raw sends bytes, and waits for the answer.
func (w *eventWorld) raw(t *testing.T, text string) {
	t.Helper()
	conn, err := (&net.Dialer{Timeout: watchdog}).DialContext(t.Context(), "tcp", "127.0.0.1"+w.url[strings.LastIndex(w.url, ":"):])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
}

// Each event that docs/operations.md lists is logged, once it happens, with what the
// table says.
func TestSecurityEvents(t *testing.T) {
	t.Parallel()
	shared := &eventWorld{instance: start(t, t.TempDir(), nil)}
	_, shared.app = shared.register(t, "app-a", "storage.private.*", "storage.user.*", "admin")
	for _, id := range []string{"app-b", "app-c", "app-d"} {
		shared.register(t, id)
	}
	shared.caller = newCaller(t, shared.url)
	maps.Copy(shared.caller.tokens, map[string]string{
		"admin":       shared.adminKey,
		"app":         shared.mustCommand(t, "token", "--app", "app-a", "--scope", "storage.private.read storage.private.write storage.user.read"),
		"admin app":   shared.mustCommand(t, "token", "--app", "app-a", "--scope", "admin"),
		"app key":     shared.createKey(t, "app-a", "storage.private.read"),
		"unknown key": "cpod_" + strings.Repeat("ab", 20),
	})
	shared.caller.tokens["bent"] = shared.caller.tokens["app"] + "x"
	events := securityEvents()
	for name, event := range events {
		t.Run(name, func(t *testing.T) {
			w := *shared
			w.before = len(w.log.String())
			event.provoke(t, &w)
			w.wantEvent(t, event.want)
		})
	}
	for _, secret := range append(slices.Collect(maps.Values(shared.caller.tokens)), shared.app.ClientSecret, "cs_wrong") {
		if strings.Contains(shared.log.String(), secret) {
			t.Errorf("the log holds the secret %s", secret)
		}
	}
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## Security events\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var listed []string
	for line := range strings.Lines(section) {
		if cells := strings.Split(line, "|"); len(cells) > 3 && !strings.Contains(cells[1], "---") && strings.TrimSpace(cells[1]) != "event" {
			listed = append(listed, strings.TrimSpace(cells[1]))
		}
	}
	elsewhere := []string{
		"a backend goes away or returns",         // TestBackendsAreWatched
		"the signing keys change",                // TestAServerNoticesARotation of package keyring
		"connections are closed for their limit", // TestSlowHeadsLeaveRoom of package httpserver
		"a panic",                                // TestPanicAndLog of package httpserver
	}
	for _, name := range listed {
		if _, ok := events[name]; !ok && !slices.Contains(elsewhere, name) {
			t.Errorf("no test provokes %q", name)
		}
	}
	for name := range events {
		if !slices.Contains(listed, name) {
			t.Errorf("docs/operations.md lacks %q", name)
		}
	}
}

// wantEvent waits for a line with the attributes. A line of a request comes after its
// answer.
func (w *eventWorld) wantEvent(t *testing.T, want map[string]string) {
	t.Helper()
	found := func(line map[string]any) bool {
		for name, value := range want {
			got, ok := line[name]
			if !ok || value != "*" && fmt.Sprint(got) != value {
				return false
			}
		}
		return true
	}
	eventually(t, fmt.Sprintf("a line has %v", want), func() bool {
		return slices.ContainsFunc(logLines(t, w.log.String()[w.before:], want["msg"]), found)
	})
}
