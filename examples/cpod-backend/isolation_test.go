package main

import (
	"crypto/rand"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/internal/testfull"
	"github.com/cpodkit/cpodkit/storage/storagetest"
)

// The whole server is attacked. Every day with a sample; in full it takes long.
func TestIsolation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	srv := start(t, dir, map[string]string{"CPOD_LIMIT_REFUSED_TOKENS": "off"}) // the suite lives on refusals
	attack(t, srv.url, ringSigner(t, dir), []string{dir, "sqlite", "openat"}, siege()...)
}

func siege() []storagetest.Option {
	return testfull.Pick(
		[]storagetest.Option{storagetest.Brief(), storagetest.WithRandom(100)},
		[]storagetest.Option{storagetest.WithRandom(100_000)})
}

// attack runs the isolation suite on a server, with tokens for any identity that
// are signed with its own key. No answer may show what is forbidden.
func attack(t *testing.T, url string, signer *authz.Signer, forbidden []string, opts ...storagetest.Option) {
	t.Helper()
	token := func(t testing.TB, id cpodkit.Identity) string {
		t.Helper()
		if !utf8.ValidString(id.TenantID + "\x00" + id.AppID + "\x00" + id.UserID) {
			return "" // JSON cannot spell it
		}
		if id.TenantID == "" || id.AppID == "" {
			return "" // a token without is refused as such
		}
		token, err := signer.Sign(authz.Claims{
			Issuer: url, Audience: url, Subject: id.AppID, ClientID: id.AppID, TokenID: rand.Text(),
			TenantID: id.TenantID, AppID: id.AppID, UserID: id.UserID, Scopes: id.Scopes,
			IssuedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour),
		})
		if err != nil {
			return "" // an id that no token of ours can have
		}
		return token
	}
	storagetest.RunHTTP(t, storagetest.Server{
		URL:       url,
		Token:     token,
		Forbidden: append(forbidden, "goroutine", ".go:", "PRIVATE KEY"),
	}, opts...)
}

// ringSigner signs with the key ring of the servers that run on the data of cfg.
func ringSigner(t *testing.T, dir string) *authz.Signer {
	t.Helper()
	return signerOf(t, existing(t, dir))
}

func signerOf(t *testing.T, h *house) *authz.Signer {
	t.Helper()
	defer h.Close()
	key := h.ring.SigningKeys()[0]
	signer, err := authz.NewSigner(authz.SigningKey{ID: key.ID, Algorithm: key.Algorithm, Private: key.Private})
	if err != nil {
		t.Fatal(err)
	}
	return signer
}
