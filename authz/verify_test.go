package authz_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

// ownIssuer is the configuration of a server that verifies its own tokens.
func ownIssuer(signer *authz.Signer, revocations *authz.Revocations) authz.Issuer {
	return authz.Issuer{Issuer: issuerName, Audience: audience, Keys: signer, Revocations: revocations}
}

func TestVerifiedTokenExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		signer := newSigner(t)
		v := newJWT(t, ownIssuer(signer, nil))
		token := sign(t, signer, newClaims("i.1"))
		for _, step := range []struct {
			wait time.Duration
			want cpodkit.Code
		}{
			{0, ""},
			{time.Hour - time.Second, ""},
			{time.Second, cpodkit.CodeTokenExpired},
			{time.Hour, cpodkit.CodeTokenExpired},
		} {
			time.Sleep(step.wait) // in the bubble's own time
			_, err := v.Verify(t.Context(), token)
			wantCode(t, err, step.want)
		}
	})
}

func TestVerifiedTokenIsRevoked(t *testing.T) {
	t.Parallel()
	signer, revocations := newSigner(t), openRevocations(t)
	v := newJWT(t, ownIssuer(signer, revocations))
	first, second := sign(t, signer, newClaims("app1.1")), sign(t, signer, newClaims("app1.2"))
	other := sign(t, signer, newClaims("app10.1"))
	check := func(token string, want cpodkit.Code) {
		t.Helper()
		_, err := v.Verify(t.Context(), token)
		wantCode(t, err, want)
	}
	revoke := func(id string) {
		t.Helper()
		must(t, revocations.Revoke(t.Context(), authz.Revocation{ID: id, ExpiresAt: time.Now().Add(time.Hour)}))
	}
	check(first, "")
	check(second, "")
	revoke("app1.1")
	check(first, cpodkit.CodeTokenRevoked)
	check(second, "")
	revoke("app1.")
	check(second, cpodkit.CodeTokenRevoked)
	check(sign(t, signer, newClaims("app1.3")), cpodkit.CodeTokenRevoked)
	check(other, "")
	check(sign(t, signer, newClaims("app1again.1")), "")
}

func TestRotationKeepsTokensWhileTheKeyIsThere(t *testing.T) {
	t.Parallel()
	old := authz.SigningKey{ID: "old", Algorithm: authz.ES256, Private: newECKey(t)}
	fresh := authz.SigningKey{ID: "fresh", Algorithm: authz.ES256, Private: newECKey(t)}
	signer := newSigner(t, old)
	v := newJWT(t, ownIssuer(signer, nil))
	check := func(token string, want cpodkit.Code) {
		t.Helper()
		_, err := v.Verify(t.Context(), token)
		wantCode(t, err, want)
	}
	before := sign(t, signer, newClaims("i.1"))
	check(before, "")
	must(t, signer.Replace(fresh, old))
	after := sign(t, signer, newClaims("i.2"))
	check(before, "")
	check(after, "")
	must(t, signer.Replace(fresh))
	check(before, cpodkit.CodeInvalidToken) // though it was in the cache
	check(after, "")

	if err := signer.Replace(); err == nil {
		t.Error("a signer without keys was accepted")
	}
	check(after, "") // the keys stayed
}

func TestVerifyConcurrently(t *testing.T) {
	t.Parallel()
	old := authz.SigningKey{ID: "old", Algorithm: authz.ES256, Private: newECKey(t)}
	fresh := authz.SigningKey{ID: "fresh", Algorithm: authz.ES256, Private: newECKey(t)}
	signer, revocations := newSigner(t, old), openRevocations(t)
	v := newJWT(t, ownIssuer(signer, revocations))
	token := sign(t, signer, newClaims("i.1"))
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 50 {
				var err error
				switch {
				case worker == 0 && i%2 == 0:
					err = signer.Replace(fresh, old)
				case worker == 0:
					err = signer.Replace(old, fresh)
				case worker == 1:
					r := authz.Revocation{ID: fmt.Sprint("x.", i), ExpiresAt: time.Now().Add(time.Hour)}
					err = revocations.Revoke(t.Context(), r)
				default:
					_, err = v.Verify(t.Context(), token)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkVerify(b *testing.B) {
	signer, revocations := newSigner(b), openRevocations(b)
	token := sign(b, signer, newClaims("i.1"))
	b.Run("hit", func(b *testing.B) {
		v := newJWT(b, ownIssuer(signer, revocations))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := v.Verify(b.Context(), token); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("miss", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			b.StopTimer()
			v := newJWT(b, ownIssuer(signer, revocations))
			b.StartTimer()
			if _, err := v.Verify(b.Context(), token); err != nil {
				b.Fatal(err)
			}
		}
	})
}
