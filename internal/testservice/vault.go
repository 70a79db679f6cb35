//go:build unix

package testservice

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// VaultServer is a Vault and the token that may do everything there.
type VaultServer struct {
	*Server

	Token string

	t    testing.TB
	http *http.Client
	key  string // that unseals it; "" for one that is never sealed
}

// SharedVault returns the Vault that all tests share, which is in memory. Tests keep apart
// by mounts, prefixes and names of their own. It cannot be stopped.
func SharedVault(t testing.TB) *VaultServer {
	t.Helper()
	u, err := url.Parse(need(t, vaultURL))
	if err != nil || u.User == nil {
		t.Fatalf("%s is no URL with a user and a token", vaultURL)
	}
	v := &VaultServer{Server: &Server{Addr: u.Host, t: t}, t: t, http: &http.Client{}}
	v.Token, _ = u.User.Password()
	v.serves()
	return v
}

// Vault starts a Vault that keeps its data, with a KV engine of version 2 at "secret" and a
// Transit engine at "transit". Start also unseals it.
func Vault(t testing.TB, opts ...Option) *VaultServer {
	t.Helper()
	s, o := newServer(t, vaultServer, opts)
	listener := map[string]any{"address": s.Addr, "tls_disable": true}
	v := &VaultServer{Server: s, t: t, http: &http.Client{}}
	if o.tls {
		certificate, key := s.certify()
		listener = map[string]any{"address": s.Addr, "tls_cert_file": certificate, "tls_key_file": key}
		pem, err := os.ReadFile(s.CA)
		s.must(err)
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		v.http.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
		t.Cleanup(v.http.CloseIdleConnections)
	}
	config, err := json.Marshal(map[string]any{
		"listener":      map[string]any{"tcp": listener},
		"storage":       map[string]any{"file": map[string]any{"path": filepath.Join(s.dir, "data")}},
		"disable_mlock": true, "api_addr": v.url(),
	})
	s.must(err)
	file := filepath.Join(s.dir, "vault.json")
	s.must(os.WriteFile(file, config, 0o600))
	s.env = append(os.Environ(), "HOME="+s.dir)
	s.command = append(append(s.command, "server", "-config="+file), o.args...)
	v.Server.Start()
	v.answers()
	var keys struct {
		Keys  []string
		Token string `json:"root_token"`
	}
	v.call(http.MethodPut, "sys/init", map[string]any{"secret_shares": 1, "secret_threshold": 1}, &keys)
	v.Token, v.key = keys.Token, keys.Keys[0]
	v.Unseal()
	v.Write("sys/mounts/secret", map[string]any{"type": "kv", "options": map[string]string{"version": "2"}})
	v.Write("sys/mounts/transit", map[string]any{"type": "transit"})
	return v
}

// Start starts the server, unseals it, and waits until it serves.
func (v *VaultServer) Start() {
	v.t.Helper()
	v.Server.Start()
	v.Unseal()
}

// Unseal unseals the server and waits until it serves.
func (v *VaultServer) Unseal() {
	v.t.Helper()
	v.answers()
	v.call(http.MethodPut, "sys/unseal", map[string]any{"key": v.key}, nil)
	v.serves()
}

// Seal makes the server refuse everything until it is unsealed.
func (v *VaultServer) Seal() {
	v.t.Helper()
	v.call(http.MethodPut, "sys/seal", nil, nil)
}

// Write writes to a path, and returns the data, or what is said of a login.
func (v *VaultServer) Write(path string, body map[string]any) map[string]any {
	v.t.Helper()
	return v.answer(http.MethodPut, path, body)
}

// Read reads a path. It returns nil for one that is not there.
func (v *VaultServer) Read(path string) map[string]any {
	v.t.Helper()
	return v.answer(http.MethodGet, path, nil)
}

// Delete deletes a path.
func (v *VaultServer) Delete(path string) {
	v.t.Helper()
	v.answer(http.MethodDelete, path, nil)
}

func (v *VaultServer) answer(method, path string, body map[string]any) map[string]any {
	v.t.Helper()
	var answer struct{ Data, Auth map[string]any }
	v.call(method, path, body, &answer)
	if answer.Auth != nil {
		return answer.Auth
	}
	return answer.Data
}

func (v *VaultServer) url() string {
	if v.CA != "" {
		return "https://" + v.Addr
	}
	return "http://" + v.Addr
}

// call calls the server as root. A test fails on any status from 300 on, except 404 for a
// read.
func (v *VaultServer) call(method, path string, body, answer any) {
	v.t.Helper()
	status, text, err := v.send(method, path, body)
	v.must(err)
	if status == http.StatusNotFound && method == http.MethodGet {
		return
	}
	if status >= http.StatusMultipleChoices {
		v.t.Fatalf("%s %s: %d %s", method, path, status, text)
	}
	if answer != nil && len(text) > 0 {
		v.must(json.Unmarshal(text, answer))
	}
}

func (v *VaultServer) send(method, path string, body any) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(v.t.Context()), watchdog)
	defer cancel()
	sent, err := json.Marshal(body)
	if err != nil {
		return 0, nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, v.url()+"/v1/"+path, bytes.NewReader(sent))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("X-Vault-Token", v.Token)
	resp, err := v.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, text, err
}

// serves waits until the server is unsealed and its engines serve.
func (v *VaultServer) serves() {
	v.t.Helper()
	v.health("serves", func(status int) bool { return status == http.StatusOK })
}

// answers waits until the server answers anything. It takes connections before that.
func (v *VaultServer) answers() {
	v.t.Helper()
	v.health("answers", func(int) bool { return true })
}

// health asks until the server has the health that is meant.
func (v *VaultServer) health(what string, is func(status int) bool) {
	v.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	watch := time.NewTimer(watchdog)
	defer watch.Stop()
	for {
		status, text, err := v.send(http.MethodGet, "sys/health", nil)
		if err == nil && is(status) {
			return
		}
		select {
		case <-tick.C:
		case <-watch.C:
			v.t.Fatalf("it never %s: %d %s, %v", what, status, text, err)
		}
	}
}
