//go:build unix

package vaultsecrets_test

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/vault/vaultsecrets"
	"github.com/cpodkit/cpodkit/internal/testservice"
	"github.com/cpodkit/cpodkit/secrets"
)

// policy is the one of docs/backends.md.
const policy = `
path "secret/data/cpod/*"     { capabilities = ["create", "read", "update"] }
path "secret/metadata/cpod/*" { capabilities = ["read", "list", "delete"] }
path "secret/destroy/cpod/*"  { capabilities = ["update"] }
`

// params are parameters of a URL.
type params = map[string]string

// open returns a driver on the mount "secret" of a Vault, or of a proxy of it.
func open(t testing.TB, v *testservice.VaultServer, addr string, p params, opts ...vaultsecrets.Option) *vaultsecrets.Driver {
	t.Helper()
	d, err := vaultsecrets.Open(t.Context(), urlOf(addr, v.CA, p), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return d
}

func urlOf(addr, ca string, p params) string {
	query := url.Values{}
	for name, value := range p {
		query.Set(name, value)
	}
	scheme := "vault+http"
	if ca != "" {
		scheme = "vault"
		query.Set("ca", ca)
	}
	return scheme + "://" + addr + "/secret?" + query.Encode()
}

// asRoot is the login with the token that may do everything.
func asRoot(t testing.TB, v *testservice.VaultServer) params {
	t.Helper()
	return byTokenFile(t, v.Token)
}

func byTokenFile(t testing.TB, token string) params {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	replace(t, file, token)
	return params{"auth": "token-file", "token-file": file}
}

// replace puts another content in place of a file, by a rename.
func replace(t testing.TB, file, content string) {
	t.Helper()
	err := os.WriteFile(file+".new", []byte(content+"\n"), 0o600)
	if err == nil {
		err = os.Rename(file+".new", file)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func byAppRole(t testing.TB, v *testservice.VaultServer, ttl, maxTTL time.Duration) params {
	t.Helper()
	role, secret := v.AppRole("cpod", policy, ttl, maxTTL)
	return params{"auth": "approle", "role-id": role, "secret-id-file": secret}
}

func put(t testing.TB, d *vaultsecrets.Driver, name, value string) {
	t.Helper()
	if _, err := d.Put(t.Context(), "t1", name, secrets.NewValue(value), secrets.Condition{}); err != nil {
		t.Fatalf("put %s: %v", name, err)
	}
}

func get(t testing.TB, d *vaultsecrets.Driver, name string) (string, error) {
	t.Helper()
	secret, err := d.Get(t.Context(), "t1", name, 0)
	return secret.Value.Reveal(), err
}

func wants(t testing.TB, d *vaultsecrets.Driver, name, want string) {
	t.Helper()
	if got, err := get(t, d, name); err != nil || got != want {
		t.Errorf("%s is %q, %v; want %q", name, got, err, want)
	}
}

// log returns where a driver logs, and a function that returns what it has logged.
func log(t testing.TB) (vaultsecrets.Option, func() string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), rand.Text())
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return vaultsecrets.WithLog(slog.New(slog.NewTextHandler(f, nil))), func() string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
}

func isNotFound(t testing.TB, d *vaultsecrets.Driver) {
	t.Helper()
	if _, err := get(t, d, "nothing"); !errors.Is(err, cpodkit.CodeNotFound) {
		t.Errorf("get: %v, want not_found", err)
	}
}
