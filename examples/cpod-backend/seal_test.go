//go:build unix

package main

import (
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/internal/testservice"
)

const transitPolicy = `
path "transit/encrypt/cpod" { capabilities = ["update"] }
path "transit/decrypt/cpod" { capabilities = ["update"] }
`

// transit returns the variables of a server whose keys Vault seals.
func transit(t *testing.T, v *testservice.VaultServer, dir string) map[string]string {
	t.Helper()
	v.Write("transit/keys/cpod", nil)
	role, secret := v.AppRole("seal", transitPolicy, 0, 0)
	query := url.Values{"auth": {"approle"}, "role-id": {role}, "secret-id-file": {secret}}
	return map[string]string{
		"CPOD_DATA_DIR": dir, "CPOD_OPS_LISTEN": "off",
		"CPOD_SEAL": "vault-transit+http://" + v.Addr + "/transit/cpod?" + query.Encode(),
	}
}

// With CPOD_SEAL no master key is on the disk, and what is there opens with Vault alone.
func TestVaultSealsTheKeyRing(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t)
	dir := t.TempDir()
	env := transit(t, v, dir)
	first := start(t, dir, env)
	first.env = env
	_, keys := get(t, first.url+"/.well-known/jwks.json")
	v.Write("transit/keys/cpod/rotate", nil)
	if text := first.mustCommand(t, "rotate-key"); !strings.Contains(text, "signs tokens from") {
		t.Errorf("rotate-key prints %q", text)
	}
	first.stop()
	second := start(t, dir, env)
	_, later := get(t, second.url+"/.well-known/jwks.json")
	if !strings.HasPrefix(later, strings.TrimRight(keys, "]}\n")) || strings.Count(later, `"kid"`) != 2 {
		t.Errorf("before the restart the keys are %s, and then %s", keys, later)
	}
	sealed := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if strings.Contains(entry.Name(), "master") {
			t.Errorf("there is a file %s", path)
		}
		text, err := os.ReadFile(path)
		sealed += strings.Count(string(text), "dmF1bHQ6djI6") // "vault:v2:" in base64
		return err
	})
	if err != nil || sealed == 0 {
		t.Errorf("nothing on the disk is sealed by Vault: %v", err)
	}
}

// What sealed the ring once is needed later: anything else is refused, and the error says
// what to set.
func TestTheSealStays(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t)
	for name, c := range map[string]struct {
		first, later bool // by Vault
		says         []string
	}{
		"a master key, then Vault": {later: true, says: []string{"another master key", `this one is "vault-transit /transit/cpod"`}},
		"Vault, then a master key": {first: true, says: []string{"master.key", "CPOD_SEAL"}},
	} {
		dir := t.TempDir()
		env := func(sealed bool) map[string]string {
			env := transit(t, v, dir)
			env["CPOD_LISTEN"] = "127.0.0.1:0"
			if !sealed {
				delete(env, "CPOD_SEAL")
			}
			return env
		}
		start(t, dir, env(c.first)).stop()
		_, err := runOnce(t, env(c.later))
		for _, text := range c.says {
			if err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v says nothing of %q", name, err, text)
			}
		}
	}
}

// A server that starts waits for Vault as it does for its database. One that runs does not
// need it.
func TestTheKeyServiceIsDown(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t)
	dir := t.TempDir()
	env := transit(t, v, dir)
	env["CPOD_PUBLIC_URL"] = "http://localhost:8000"
	d, parts := loadForTest(t, env)
	log := new(logBuffer)
	open := func(patience time.Duration) (*server, error) {
		d.patience = patience
		for i, p := range parts {
			if p.name == "documents" {
				parts[i] = databasePart(d)
			}
		}
		return openServer(t.Context(), newHouse(d.base, slog.New(slog.NewJSONHandler(log, nil))), parts)
	}
	v.Seal()
	if _, err := open(300 * time.Millisecond); err == nil || !strings.HasPrefix(err.Error(), "CPOD_SEAL: the key service has not answered") {
		t.Errorf("with a sealed Vault: %v", err)
	}
	v.Unseal()
	s, err := open(watchdog)
	if err != nil {
		t.Fatal(err)
	}
	v.Stop()
	ready := newReadiness(t.Context(), s.ready, quiet())
	eventually(t, "the server works without Vault", func() bool {
		status, body := askReady(ready)
		return status == 200 && strings.Contains(body, `"seal":"unavailable"`)
	})
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if text := log.String(); strings.Contains(text, "hvs.") {
		t.Errorf("the log holds a token: %s", text)
	}
}
