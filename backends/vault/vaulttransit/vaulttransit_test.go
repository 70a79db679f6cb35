//go:build unix

package vaulttransit_test

import (
	"bytes"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/vault/vaulttransit"
	"github.com/cpodkit/cpodkit/internal/testservice"
	"github.com/cpodkit/cpodkit/keyring"
)

const policy = `
path "transit/encrypt/cpod" { capabilities = ["update"] }
path "transit/decrypt/cpod" { capabilities = ["update"] }
`

func open(t testing.TB, v *testservice.VaultServer, token, path string) *vaulttransit.Sealer {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	query := url.Values{"auth": {"token-file"}, "token-file": {file}}
	scheme := "vault-transit+http"
	if v.CA != "" {
		scheme = "vault-transit"
		query.Set("ca", v.CA)
	}
	s, err := vaulttransit.Open(t.Context(), scheme+"://"+v.Addr+"/"+path+"?"+query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func TestSealer(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t, testservice.WithTLS())
	v.Write("transit/keys/cpod", nil)
	v.Write("transit/keys/other", nil)
	s, other := open(t, v, v.NewToken("cpod", policy, 0), "transit/cpod"), open(t, v, v.Token, "transit/other")
	if s.ID() != "vault-transit /transit/cpod" || other.ID() == s.ID() {
		t.Errorf("the ids are %q and %q", s.ID(), other.ID())
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	plain, binding := []byte("plain \x00\xff text"), []byte("binding \xff")
	sealed, err := s.Seal(t.Context(), plain, binding)
	if err != nil || bytes.Contains(sealed, plain) || !strings.HasPrefix(string(sealed), "vault:v1:") {
		t.Fatalf("Seal = %q, %v", sealed, err)
	}
	v.Write("transit/keys/cpod/rotate", nil)
	if got, err := s.Open(t.Context(), sealed, binding); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("Open = %q, %v", got, err)
	}
	bent := bytes.Clone(sealed)
	bent[len(bent)-8] ^= 1
	for what, open := range map[string]func() ([]byte, error){
		"another binding": func() ([]byte, error) { return s.Open(t.Context(), sealed, []byte("x")) },
		"no binding":      func() ([]byte, error) { return s.Open(t.Context(), sealed, nil) },
		"bent bytes":      func() ([]byte, error) { return s.Open(t.Context(), bent, binding) },
		"other bytes":     func() ([]byte, error) { return s.Open(t.Context(), []byte("x"), binding) },
		"another key":     func() ([]byte, error) { return other.Open(t.Context(), sealed, binding) },
	} {
		if got, err := open(); !errors.Is(err, keyring.ErrAltered) || got != nil {
			t.Errorf("Open of %s = %q, %v", what, got, err)
		}
	}
	for what, s := range map[string]*vaulttransit.Sealer{
		"a policy without decrypt":     open(t, v, v.NewToken("half", `path "transit/encrypt/cpod" { capabilities = ["update"] }`, 0), "transit/cpod"),
		"a key that the policy denies": open(t, v, v.NewToken("cpod", policy, 0), "transit/other"),
		"a token that does not exist":  open(t, v, "nothing", "transit/cpod"),
		"an engine of another kind":    open(t, v, v.Token, "secret/cpod"),
		"a mount that is not there":    open(t, v, v.Token, "nowhere/cpod"),
	} {
		if _, err := s.Open(t.Context(), sealed, binding); err == nil || errors.Is(err, keyring.ErrAltered) {
			t.Errorf("Open with %s: %v", what, err)
		}
		if err := s.Ping(t.Context()); err == nil {
			t.Errorf("Ping with %s: no error", what)
		}
	}
	v.Seal()
	if _, err := s.Open(t.Context(), sealed, binding); !errors.Is(err, cpodkit.CodeUnavailable) {
		t.Errorf("Open with a sealed Vault: %v", err)
	}
}

func TestRing(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t)
	s, store := open(t, v, v.Token, "transit/cpod"), keyring.NewMemoryStore()
	first, err := keyring.Open(t.Context(), store, s)
	if err != nil {
		t.Fatal(err)
	}
	second, err := keyring.Open(t.Context(), store, open(t, v, v.Token, "transit/cpod"))
	if err != nil || !bytes.Equal(first.Secret("x"), second.Secret("x")) {
		t.Errorf("a second replica has another ring: %v", err)
	}
	if _, err := keyring.Open(t.Context(), store, open(t, v, v.Token, "transit/other")); !errors.Is(err, keyring.ErrWrongMaster) {
		t.Errorf("with another key: %v", err)
	}
	if _, err := keyring.Open(t.Context(), store, keyring.NewMaster()); !errors.Is(err, keyring.ErrWrongMaster) {
		t.Errorf("with a master key: %v", err)
	}

	// The key is too new for the ring, is not there, and is another one of the same name.
	v.Write("transit/keys/cpod/rotate", nil)
	v.Write("transit/keys/cpod/config", map[string]any{"min_decryption_version": 2, "deletion_allowed": true})
	fails := func(when, says string) {
		t.Helper()
		if _, err := keyring.Open(t.Context(), store, s); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v says nothing of %q", when, err, says)
		}
	}
	fails("with a version that is not enough", "disallowed by policy (too old)")
	v.Delete("transit/keys/cpod")
	fails("without the key", "encryption key not found")
	v.Write("transit/keys/cpod", nil)
	fails("with another key", "or sealed by another key")
	v.Seal()
	if _, err := keyring.Open(t.Context(), store, s); !errors.Is(err, cpodkit.CodeUnavailable) {
		t.Errorf("with a sealed Vault: %v", err)
	}
}

func TestOpen(t *testing.T) {
	t.Setenv("VAULT_TOKEN", "hunter2")
	for url, want := range map[string]string{
		"vault-transit://vault/transit/cpod":              "",
		"vault-transit://vault/teams/a/transit/cpod":      "",
		"vault-transit+http://127.0.0.1/transit/cpod":     "",
		"vault-transit://vault/transit":                   "a mount and a key",
		"vault-transit://vault/transit/":                  "a mount and a key",
		"vault-transit://vault/transit/cpod?prefix=cpod":  "does not exist",
		"vault-transit+http://vault/transit/cpod":         "unsafe-unencrypted-http",
		"vault://vault/transit/cpod":                      "vault-transit://",
		"vault-transit://hunter2@vault/transit/cpod":      "VAULT_TOKEN",
		"vault-transit://vault/transit/cpod?auth=hunter2": "none of token",
	} {
		s, err := vaulttransit.Open(t.Context(), url)
		if err == nil {
			err = s.Close()
		}
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("Open(%q): %v; want something of %q and no secret", url, err, want)
		}
	}
	long, err := vaulttransit.Open(t.Context(), "vault-transit://vault/transit/"+strings.Repeat("k", 300))
	if err != nil || len(long.ID()) > 256 {
		t.Errorf("the id has %d bytes, %v", len(long.ID()), err)
	}
}
