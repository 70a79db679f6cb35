package main

import (
	"crypto/rand"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/storage/storagetest"
)

// The whole server is attacked as the drivers are, with tokens for any identity,
// signed with its own key.
func TestIsolation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	srv := start(t, dir, nil)
	signer := ringSigner(t, dir)
	token := func(t testing.TB, id cpodkit.Identity) string {
		t.Helper()
		if !utf8.ValidString(id.TenantID + "\x00" + id.AppID + "\x00" + id.UserID) {
			return "" // JSON cannot spell it
		}
		token, err := signer.Sign(authz.Claims{
			Issuer: srv.url, Audience: srv.url, Subject: id.AppID, ClientID: id.AppID, TokenID: rand.Text(),
			TenantID: id.TenantID, AppID: id.AppID, UserID: id.UserID, Scopes: id.Scopes,
			IssuedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour),
		})
		if err != nil {
			return "" // an id that no token of ours can have
		}
		return token
	}
	storagetest.RunHTTP(t, storagetest.Server{
		URL:       srv.url,
		Token:     token,
		Forbidden: []string{dir, "sqlite", "openat", "goroutine", ".go:", "PRIVATE KEY"},
	}, storagetest.WithRandom(500))
}

// ringSigner signs with the key ring of the server that runs on dir.
func ringSigner(t *testing.T, dir string) *authz.Signer {
	t.Helper()
	d := &data{}
	defer d.Close()
	if err := d.openRecords(t.Context(), config{dataDir: dir}); err != nil {
		t.Fatal(err)
	}
	key := d.ring.SigningKeys()[0]
	signer, err := authz.NewSigner(authz.SigningKey{ID: key.ID, Algorithm: key.Algorithm, Private: key.Private})
	if err != nil {
		t.Fatal(err)
	}
	return signer
}
