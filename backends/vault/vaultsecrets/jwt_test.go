//go:build unix

package vaultsecrets_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwt"

	"github.com/cpodkit/cpodkit/backends/vault/vaultsecrets"
	"github.com/cpodkit/cpodkit/internal/testservice"
)

func openURL(t testing.TB, url string) *vaultsecrets.Driver {
	t.Helper()
	d, err := vaultsecrets.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func newKey(t testing.TB) (key *ecdsa.PrivateKey, public string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// sign returns a token that is valid for an hour.
func sign(t testing.TB, key *ecdsa.PrivateKey, from time.Time, claims map[string]any) string {
	t.Helper()
	b := jwt.NewBuilder().Subject("cpod").Audience([]string{"vault"}).NotBefore(from).IssuedAt(from).Expiration(from.Add(time.Hour))
	for name, value := range claims {
		b = b.Claim(name, value)
	}
	token, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	signed, err := jwt.Sign(token, jwt.WithKey(jwa.ES256, key))
	if err != nil {
		t.Fatal(err)
	}
	return string(signed)
}

// jwtRole mounts a login by JWT whose clock gives no time away.
func jwtRole(t testing.TB, v *testservice.VaultServer, public string) params {
	t.Helper()
	v.Policy("cpod", policy)
	v.Enable("ci", "jwt")
	v.Write("auth/ci/config", map[string]any{"jwt_validation_pubkeys": public})
	v.Write("auth/ci/role/cpod", map[string]any{
		"role_type": "jwt", "user_claim": "sub", "bound_audiences": "vault", "token_policies": "cpod",
		"token_ttl": "2s", "token_max_ttl": "2s", "clock_skew_leeway": -1, "not_before_leeway": -1, "expiration_leeway": -1,
	})
	return params{"auth": "jwt", "role": "cpod", "auth-mount": "ci", "jwt-file": filepath.Join(t.TempDir(), "jwt")}
}

// The token lives 2 s, and each login reads the file, which has another JWT each time.
func TestJWT(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t)
	key, public := newKey(t)
	p := jwtRole(t, v, public)
	d := open(t, v, v.Addr, p)
	_, err := get(t, d, "a")
	isUnavailable(t, "a call before the JWT is there", err)
	for n := range 6 {
		replace(t, p["jwt-file"], sign(t, key, time.Now(), map[string]any{"n": n}))
		put(t, d, "a", "v")
		pause := time.NewTimer(time.Second)
		<-pause.C
		wants(t, d, "a", "v")
	}
}

// The clock that made the JWT is ahead of Vault's.
func TestClockIsAhead(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t)
	key, public := newKey(t)
	p := jwtRole(t, v, public)
	replace(t, p["jwt-file"], sign(t, key, time.Now().Add(3*time.Second), nil))
	d := open(t, v, v.Addr, p)
	_, err := get(t, d, "a")
	isUnavailable(t, "a call before the JWT is valid", err)
	testservice.Eventually(t, "the JWT is valid", func() bool { return d.Ping(t.Context()) == nil })
	put(t, d, "a", "v")
}

func TestKubernetes(t *testing.T) {
	t.Parallel()
	var reviews atomic.Int32
	kubernetes := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reviews.Add(1)
		var review struct {
			Spec struct{ Token string } `json:"spec"`
		}
		_ = json.NewDecoder(r.Body).Decode(&review)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
			"status": map[string]any{
				"authenticated": review.Spec.Token != "", "audiences": []string{"vault"},
				"user": map[string]any{"username": "system:serviceaccount:apps:cpod", "uid": "1"},
			},
		})
	}))
	t.Cleanup(kubernetes.Close)
	v := testservice.Vault(t)
	v.Policy("cpod", policy)
	v.Enable("kubernetes", "kubernetes")
	v.Write("auth/kubernetes/config", map[string]any{
		"kubernetes_host": kubernetes.URL, "token_reviewer_jwt": "reviewer", "disable_local_ca_jwt": true,
	})
	v.Write("auth/kubernetes/role/cpod", map[string]any{
		"bound_service_account_names": "cpod", "bound_service_account_namespaces": "apps", "audience": "vault",
		"token_policies": "cpod", "token_ttl": "2s", "token_max_ttl": "2s",
	})
	key, _ := newKey(t)
	p := params{"auth": "kubernetes", "role": "cpod", "jwt-file": filepath.Join(t.TempDir(), "jwt")}
	replace(t, p["jwt-file"], sign(t, key, time.Now(), map[string]any{"kubernetes.io": map[string]any{
		"namespace": "apps", "serviceaccount": map[string]string{"name": "cpod", "uid": "1"},
	}}))
	d := open(t, v, v.Addr, p)
	put(t, d, "a", "v")
	testservice.Eventually(t, "there was another login", func() bool {
		wants(t, d, "a", "v")
		return reviews.Load() > 1
	})

	p["role"] = "nobody"
	_, err := get(t, open(t, v, v.Addr, p), "a")
	isUnavailable(t, "a call with a role that does not exist", err)
}
