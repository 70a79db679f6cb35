package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/authz"
)

const foreignAudience = "https://api.example"

// provider is an identity provider on this machine: an issuer with its key server.
type provider struct {
	*testing.T
	*httptest.Server
	answer atomic.Pointer[http.HandlerFunc] // of the key server
	asked  atomic.Int64
	keyID  string // of the key that signs
	key    *ecdsa.PrivateKey
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{T: t}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked.Add(1)
		(*p.answer.Load())(w, r)
	}))
	t.Cleanup(func() {
		p.CloseClientConnections()
		p.Close()
	})
	p.rotate("first")
	return p
}

// rotate has the provider sign with a new key, and publish that alone.
func (p *provider) rotate(id string) {
	p.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		p.Fatal(err)
	}
	p.key, p.keyID = key, id
	p.serves(p.jwks())
}

// jwks is the key set of the provider.
func (p *provider) jwks() []byte {
	p.Helper()
	signer, err := authz.NewSigner(authz.SigningKey{ID: p.keyID, Algorithm: authz.ES256, Private: p.key})
	if err != nil {
		p.Fatal(err)
	}
	return signer.JWKS()
}

// answers sets what the key server does.
func (p *provider) answers(h http.HandlerFunc) { p.answer.Store(&h) }

func (p *provider) serves(body []byte) {
	p.answers(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) })
}

// sign returns a token of the provider, with changes of its claims; nil removes one.
func (p *provider) sign(changes map[string]any) string {
	p.Helper()
	now := time.Now()
	claims := map[string]any{
		"iss": p.URL, "aud": foreignAudience, "sub": "alice", "jti": rand.Text(), "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"tenantId": defaultTenant, "client_id": "spa", "userId": "alice", "scope": strings.Join(storageScopes, " "),
	}
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	part := func(members map[string]any) string {
		text, err := json.Marshal(members)
		if err != nil {
			p.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	signed := part(map[string]any{"alg": "ES256", "kid": p.keyID, "typ": "JWT"}) + "." + part(claims)
	digest := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, p.key, digest[:])
	if err != nil {
		p.Fatal(err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// entry is the provider in a file of issuers, with changes.
func (p *provider) entry(changes map[string]any) string {
	p.Helper()
	e := map[string]any{
		"issuer": p.URL, "audience": foreignAudience, "keys": map[string]any{"url": p.URL + "/jwks"}, "allowLoopbackHttp": true,
		"types": []string{"JWT"}, "tenant": map[string]any{"claim": "tenantId"}, "tenants": []string{"*"},
		"app": map[string]any{"claim": "client_id"}, "user": map[string]any{"claim": "userId", "namespace": "sso"},
		"scopes": map[string]any{"claim": "scope"},
	}
	maps.Copy(e, changes)
	text, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		p.Fatal(err)
	}
	return string(text)
}

// issuersFile writes a file of issuers.
func issuersFile(t *testing.T, entries ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "issuers.json")
	writeIssuers(t, path, entries...)
	return path
}

// writeIssuers replaces a file of issuers.
func writeIssuers(t *testing.T, path string, entries ...string) {
	t.Helper()
	err := os.WriteFile(path+"~", []byte("{\"issuers\": [\n"+strings.Join(entries, ",\n")+"\n]}"), 0o600)
	if err == nil {
		err = os.Rename(path+"~", path)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// reads sends a token with a call that reads a key.
func (p *provider) reads(c *caller, token string) answer {
	p.Helper()
	return c.do(p.T, "", "GET /v1/storage/kv/none", "", "Authorization", "Bearer "+token)
}

// want checks the answer to a token, where 404 says that it is accepted.
func (p *provider) want(c *caller, what, token string, status int, code string) {
	p.Helper()
	if a := p.reads(c, token); a.status != status || a.code != code {
		p.Errorf("%s: %d %s %s", what, a.status, a.code, a.body)
	}
}

// hasMetric reports whether the metrics of a server have a line.
func (s *instance) hasMetric(t *testing.T, line string) bool {
	t.Helper()
	_, metrics := get(t, s.opsURL(t)+"/metrics")
	return strings.Contains(metrics, "\n"+line+"\n")
}

// waitForKeys waits until a server has the keys of a provider. If a token is what has it
// fetch them, unknown key ids are refused at once for 30 s.
func (s *instance) waitForKeys(t *testing.T, p *provider) {
	t.Helper()
	ops := s.opsURL(t)
	eventually(t, "the keys are there", func() bool {
		_, metrics := get(t, ops+"/metrics")
		return strings.Contains(metrics, `cpodkit_authz_keys_fetched_seconds{cpodkit_authz_issuer="`+p.URL+`"}`)
	})
}

// isReady returns whether /readyz says a status, and one of the issuers.
func (s *instance) isReady(t *testing.T, status, ofIssuers string) func() bool {
	t.Helper()
	ops := s.opsURL(t)
	return func() bool {
		code, ready := get(t, ops+"/readyz")
		return code == http.StatusOK && strings.Contains(ready, fmt.Sprintf(`"status":%q`, status)) &&
			bytes.Contains([]byte(ready), fmt.Appendf(nil, `"issuers":%q`, ofIssuers))
	}
}

// claimsOf returns the claims of a token, which it does not verify.
func claimsOf(t *testing.T, token string) (claims map[string]any) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is not a token", token)
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = json.Unmarshal(text, &claims)
	}
	if err != nil {
		t.Fatal(err)
	}
	return claims
}
