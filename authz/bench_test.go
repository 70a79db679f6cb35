package authz_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/authz"
)

// BenchmarkNew measures a new token of RS256 beside the check of its signature alone.
// bench/authz compares with other libraries.
func BenchmarkNew(b *testing.B) {
	k := newKeys(b)
	set := k.set(b)
	token := newForgery(k, rsKey, authz.RS256).token()
	b.Run("signature alone", func(b *testing.B) {
		at := strings.LastIndexByte(token, '.')
		signature, err := base64.RawURLEncoding.DecodeString(token[at+1:])
		must(b, err)
		public, _ := k[rsKey].Public().(*rsa.PublicKey)
		b.ReportAllocs()
		for b.Loop() {
			digest := sha256.Sum256([]byte(token[:at]))
			must(b, rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature))
		}
	})
	b.Run("token", func(b *testing.B) {
		i := authz.Issuer{Issuer: issuerName, Audience: audience, Keys: &changing{KeySource: set}}
		v := newJWT(b, i)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := v.Verify(b.Context(), token); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("refused", func(b *testing.B) {
		v := newJWT(b, authz.Issuer{Issuer: issuerName, Audience: audience, Keys: set})
		f := newForgery(k, rsKey, authz.RS256)
		f.header["kid"] = "other"
		token := f.token()
		b.ReportAllocs()
		for b.Loop() {
			if _, err := v.Verify(b.Context(), token); err == nil {
				b.Fatal("the token is accepted")
			}
		}
	})
}

// changing is a KeySource whose keys change all the time, so that no token is known.
type changing struct {
	authz.KeySource

	generation uint64
}

func (c *changing) Generation() uint64 {
	c.generation++
	return c.generation
}

func BenchmarkMiddleware(b *testing.B) {
	k := newKeys(b)
	v := newJWT(b, authz.Issuer{Issuer: issuerName, Audience: audience, Keys: k.set(b)})
	h := authz.Authenticate(v)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+newForgery(k, rsKey, authz.RS256).token())
	w := httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
	}
	if w.Code != http.StatusOK {
		b.Fatal(w.Body)
	}
}
