package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

func TestVisitsAreCountedByApp(t *testing.T) {
	t.Parallel()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	h, err := newHandler(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := authz.NewSigner(authz.SigningKey{ID: "2026-11", Algorithm: authz.ES256, Private: private})
	if err != nil {
		t.Fatal(err)
	}
	token := func(app string) string {
		now := time.Now()
		signed, err := signer.Sign(authz.Claims{
			Issuer: "https://login.example.com", Audience: "visits", Subject: app, ClientID: app, TokenID: app,
			TenantID: "acme", AppID: app, Scopes: cpodkit.Scopes{"storage.private.write"},
			IssuedAt: now, ExpiresAt: now.Add(time.Minute),
		})
		if err != nil {
			t.Fatal(err)
		}
		return "Bearer " + signed
	}
	for _, c := range []struct {
		authorization string
		status        int
		body          string
	}{
		{token("blog"), 200, `{"visits":1}`},
		{token("blog"), 200, `{"visits":2}`},
		{token("shop"), 200, `{"visits":1}`},
		{"", 401, "missing_token"},
		{"Bearer forged", 401, "invalid_token"},
	} {
		r := httptest.NewRequest(http.MethodPost, "/visits", nil)
		if c.authorization != "" {
			r.Header.Set("Authorization", c.authorization)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.body) {
			t.Errorf("%d %s; want %d %s", w.Code, w.Body, c.status, c.body)
		}
	}
}
