package vaultsecrets_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/cpodkit/cpodkit/backends/vault/vaultsecrets"
)

// Every request names the namespace of the URL, logins as well. Vault's community edition
// has none, so a server of the test answers.
func TestNamespace(t *testing.T) {
	t.Parallel()
	answers := map[string]string{
		"/v1/auth/approle/login":            `{"auth": {"client_token": "t", "lease_duration": 3600, "renewable": true}}`,
		"/v1/sys/internal/ui/mounts/secret": `{"data": {"path": "secret/", "type": "kv", "options": {"version": "2"}}}`,
		"/v1/secret/data/cpod/t1/x":         `{"data": {"data": {"value": "v"}, "metadata": {"version": 1, "created_time": "2026-11-30T12:00:00Z"}}}`,
	}
	var mu sync.Mutex
	asked := map[string]string{} // namespaces by paths
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked[r.URL.Path] = r.Header.Get("X-Vault-Namespace")
		_, _ = w.Write([]byte(answers[r.URL.Path]))
	}))
	t.Cleanup(server.Close)
	p := byTokenFile(t, "secret-id")
	address := server.Listener.Addr().String()
	d, err := vaultsecrets.Open(t.Context(), urlOf(address, "", params{
		"namespace": "team/a", "auth": "approle", "role-id": "cpod", "secret-id-file": p["token-file"],
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	wants(t, d, "x", "v")
	mu.Lock()
	defer mu.Unlock()
	for path := range answers {
		if got, ok := asked[path]; !ok || got != "team/a" {
			t.Errorf("%s: asked %v, with the namespace %q; all: %v", path, ok, got, asked)
		}
	}
}
