package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestDevelopmentVariables(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		says        string
		environment []string
	}{
		{"", nil},
		{"", []string{"CPOD_LISTEN=127.0.0.1:8000"}},
		{"", []string{"CPOD_LISTEN=[::1]:8000", "CPOD_PUBLIC_URL=http://localhost:8000"}},
		{"CPOD_LISTEN must be on loopback", []string{"CPOD_LISTEN=:8000"}},
		{"CPOD_LISTEN must be on loopback", []string{"CPOD_LISTEN=0.0.0.0:8000"}},
		{"CPOD_LISTEN must be on loopback", []string{"CPOD_LISTEN=10.0.0.1:8000"}},
		{"CPOD_LISTEN must be on loopback", []string{"CPOD_LISTEN=this.machine.example:8000"}},
		{"CPOD_PUBLIC_URL must be on loopback", []string{"CPOD_PUBLIC_URL=https://api.example.com"}},
		{"", []string{"CPOD_CORS_ORIGINS=http://localhost:3000"}},
		{"CPOD_CORS_ORIGINS", []string{"CPOD_CORS_ORIGINS=*"}},
		{"unset CPOD_CLIENT_ADDRESS", []string{"CPOD_CLIENT_ADDRESS=xff:10.0.0.0/8"}},
		{"want production or development", []string{"CORESDK_ENV=staging"}},
		{"want production or development", []string{"CORESDK_ENV=Development"}},
	} {
		_, _, err := load(readSettings(append([]string{"CORESDK_ENV=development"}, c.environment...), io.Discard))
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v", c.environment, err)
		}
	}
	for _, address := range []string{"127.0.0.1:0", "[::1]:0", "0.0.0.0:0", "[::]:0"} {
		ln, err := net.Listen("tcp", address)
		if err != nil {
			continue // a machine without IPv6
		}
		if err := mustBeLoopback(ln); (err == nil) != (address == "127.0.0.1:0" || address == "[::1]:0") {
			t.Errorf("%s: %v", address, err)
		}
		_ = ln.Close()
	}
}

// Any token is app dev of the first tenant. What this server has made is what it is.
func TestDevelopment(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), map[string]string{"CORESDK_ENV": "development", "CPOD_OPS_LISTEN": "127.0.0.1:0"})
	if text := strings.Join(srv.welcome, "\n"); !strings.Contains(text, "WARNING: tokens are NOT verified") {
		t.Errorf("it prints %s", text)
	}
	if !strings.Contains(srv.log.String(), "tokens are NOT verified") {
		t.Errorf("it logs %s", srv.log)
	}
	if status, ready := get(t, srv.opsURL(t)+"/readyz"); status != http.StatusOK || !strings.Contains(ready, `"status":"degraded"`) ||
		!strings.Contains(ready, `"verification of tokens":"unavailable"`) {
		t.Errorf("/readyz: %d %s", status, ready)
	}
	p := newProvider(t)
	srv.register(t, "app-a", "storage.private.read", "storage.user.read", "storage.user.write")
	c := newCaller(t, srv.url)
	c.tokens["any"], c.tokens["foreign"], c.tokens["admin"] = "any", p.sign(map[string]any{"exp": 1}), srv.adminKey
	c.tokens["key"], c.tokens["wrong key"] = srv.createKey(t, "app-a", "storage.private.read"), "cpod_wrong"
	c.tokens["own"] = srv.mustCommand(t, "token", "--app", "app-a", "--user", "alice", "--scope", "storage.user.write")
	c.tokens["two"] = "a b"
	c.wantRows(t, []contractRow{
		{"any", "PUT /v1/storage/kv/a", `{"value":"dev"}`, 204, ""},
		{"foreign", "GET /v1/storage/kv/a", "", 200, ""},
		{"any", "PUT /v1/storage/kv/a?tier=user", `{"value":"1"}`, 403, "user_required"},
		{"any", "GET /v1/oauth/apps", "", 403, "invalid_scope"},
		{"any", "POST /v1/auth/authorize", `{"token":"x","action":"read","resource":"/v1/secrets/a"}`, 200, ""},
		{"admin", "GET /v1/oauth/apps", "", 200, ""},
		{"key", "GET /v1/storage/kv/a", "", 404, "not_found"},
		{"wrong key", "GET /v1/storage/kv/a", "", 401, "invalid_token"},
		{"own", "PUT /v1/storage/kv/a?tier=user", `{"value":"1"}`, 204, ""},
		{"two", "GET /v1/storage/kv/a", "", 401, "invalid_token"},
		{"", "GET /v1/storage/kv/a", "", 401, "missing_token"},
	})
	if a := c.do(t, "any", "POST /v1/auth/authorize", `{"token":"Bearer x","action":"read","resource":"/v1/secrets/a"}`); !strings.Contains(a.body, `"allowed":true`) || !strings.Contains(a.body, `"appId":"dev"`) {
		t.Errorf("authorize: %s", a.body)
	}
	url := decodeURL(t, c.do(t, "any", "POST /v1/storage/file-urls", `{"key":"a"}`))
	if status, _ := get(t, url); status != http.StatusNotFound {
		t.Errorf("a signed URL is answered %d", status)
	}
}

// decodeURL returns the URL of an answer.
func decodeURL(t *testing.T, a answer) string {
	t.Helper()
	_, rest, _ := strings.Cut(a.body, `"url":"`)
	url, _, ok := strings.Cut(rest, `"`)
	if !ok {
		t.Fatalf("%d %s", a.status, a.body)
	}
	return url
}

// Whatever the listener is, requests of others are refused, and so are those of a page
// that has turned a name of its own to this machine.
func TestDevelopmentServesItsMachineAlone(t *testing.T) {
	t.Parallel()
	srv := openForTest(t, quiet(), map[string]string{"CORESDK_ENV": "development", "CPOD_DATA_DIR": t.TempDir()})
	t.Cleanup(func() { _ = srv.Close() })
	handler, err := srv.handler()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		peer, host string
		status     int
	}{
		{"127.0.0.1:5000", "localhost:8000", http.StatusNotFound},
		{"[::1]:5000", "[::1]:8000", http.StatusNotFound},
		{"127.0.0.1:5000", "127.0.0.1", http.StatusNotFound},
		{"10.0.0.9:5000", "localhost:8000", http.StatusForbidden},
		{"192.0.2.1:5000", "192.0.2.7:8000", http.StatusForbidden},
		{"127.0.0.1:5000", "rebound.example:8000", http.StatusForbidden},
		{"127.0.0.1:5000", "localhost.example", http.StatusForbidden},
		{"127.0.0.1:5000", "", http.StatusForbidden},
	} {
		for _, path := range []string{"/v1/storage/kv/a", "/v1/oauth/me/grants"} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
			r.RemoteAddr, r.Host = c.peer, c.host
			r.Header.Set("Authorization", "Bearer any")
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if refused := w.Code == http.StatusForbidden; refused != (c.status == http.StatusForbidden) || path == "/v1/storage/kv/a" && w.Code != c.status {
				t.Errorf("from %s for %q: %d %s", c.peer, c.host, w.Code, w.Body)
			}
		}
	}
}
