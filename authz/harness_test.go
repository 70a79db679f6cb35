package authz_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

const (
	issuerName = "https://issuer.example"
	audience   = "https://api.example"
)

// keyID is the "kid" of a key, and says its algorithm.
const (
	esKey    = "es-1"
	rsKey    = "rs-1"
	psKey    = "ps-1"
	edKey    = "ed-1"
	strayKey = "stray" // of no issuer
)

// keys are private keys by id. Signatures are made with the standard library
// alone, so that these tests do not trust the library under test.
type keys map[string]crypto.Signer

func newKeys(tb testing.TB) keys {
	tb.Helper()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	must(tb, err)
	_, edPrivate, err := ed25519.GenerateKey(rand.Reader)
	must(tb, err)
	return keys{esKey: newECKey(tb), rsKey: rsaKey, psKey: rsaKey, edKey: edPrivate, strayKey: newECKey(tb)}
}

func newECKey(tb testing.TB) *ecdsa.PrivateKey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(tb, err)
	return key
}

func (k keys) set(tb testing.TB) *authz.KeySet {
	tb.Helper()
	var public []*authz.VerificationKey
	for id, algorithm := range map[string]string{
		esKey: authz.ES256, rsKey: authz.RS256, psKey: authz.PS256, edKey: authz.EdDSA,
	} {
		key, err := authz.NewVerificationKey(id, algorithm, k[id].Public())
		must(tb, err)
		public = append(public, key)
	}
	set, err := authz.NewKeySet(public...)
	must(tb, err)
	return set
}

// forgery is a token in the making.
type forgery struct {
	header, claims map[string]any
	rawHeader      string // in place of header
	rawClaims      string // in place of claims
	sign           func(signed []byte) []byte
	finish         func(token string) string
}

func newForgery(k keys, keyID, algorithm string) *forgery {
	now := time.Now()
	return &forgery{
		header: map[string]any{"alg": algorithm, "kid": keyID, "typ": "at+jwt"},
		claims: map[string]any{
			"iss": issuerName, "aud": audience, "sub": "app-1", "client_id": "app-1", "jti": "inst.1",
			"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "scope": "storage.private.read jobs.*",
			"tenantId": "t1", "appId": "app-1", "userId": "alice@example.com",
		},
		sign: func(signed []byte) []byte { return signature(k[keyID], algorithm, signed) },
	}
}

func (f *forgery) token() string {
	part := func(raw string, members map[string]any) string {
		if raw == "" {
			b, err := json.Marshal(members)
			if err != nil {
				panic(err)
			}
			raw = string(b)
		}
		return base64.RawURLEncoding.EncodeToString([]byte(raw))
	}
	signed := part(f.rawHeader, f.header) + "." + part(f.rawClaims, f.claims)
	token := signed + "." + base64.RawURLEncoding.EncodeToString(f.sign([]byte(signed)))
	if f.finish != nil {
		token = f.finish(token)
	}
	return token
}

func pssOptions(salt int) *rsa.PSSOptions {
	return &rsa.PSSOptions{SaltLength: salt, Hash: crypto.SHA256}
}

func signature(key crypto.Signer, algorithm string, signed []byte) []byte {
	digest := sha256.Sum256(signed)
	message, opts := digest[:], crypto.SignerOpts(crypto.SHA256)
	switch algorithm {
	case authz.PS256:
		opts = pssOptions(rsa.PSSSaltLengthEqualsHash)
	case authz.EdDSA:
		message, opts = signed, crypto.Hash(0)
	}
	sig, err := key.Sign(rand.Reader, message, opts)
	if err != nil {
		panic(err)
	}
	if algorithm != authz.ES256 {
		return sig
	}
	var point struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(sig, &point); err != nil {
		panic(err)
	}
	out := make([]byte, 64)
	point.R.FillBytes(out[:32])
	point.S.FillBytes(out[32:])
	return out
}

func hmacSignature(secret []byte) func([]byte) []byte {
	return func(signed []byte) []byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write(signed)
		return mac.Sum(nil)
	}
}

// brokenKeys is a key source that does not answer.
type brokenKeys struct{}

func (brokenKeys) Key(context.Context, string) (*authz.VerificationKey, error) {
	return nil, errors.New("dial tcp 10.0.0.1:443: refused")
}
func (brokenKeys) Generation() uint64 { return 0 }

func newSigner(tb testing.TB, keys ...authz.SigningKey) *authz.Signer {
	tb.Helper()
	if len(keys) == 0 {
		keys = []authz.SigningKey{{ID: "k1", Algorithm: authz.ES256, Private: newECKey(tb)}}
	}
	signer, err := authz.NewSigner(keys...)
	must(tb, err)
	return signer
}

func newClaims(tokenID string) authz.Claims {
	now := time.Now()
	return authz.Claims{
		Issuer: issuerName, Audience: audience, Subject: "app-1", ClientID: "app-1", TokenID: tokenID,
		IssuedAt: now, ExpiresAt: now.Add(time.Hour), Scopes: cpodkit.Scopes{"storage.private.read"},
		TenantID: "t1", AppID: "app-1",
	}
}

func sign(tb testing.TB, signer *authz.Signer, claims authz.Claims) string {
	tb.Helper()
	token, err := signer.Sign(claims)
	must(tb, err)
	return token
}

func newJWT(tb testing.TB, issuers ...authz.Issuer) *authz.JWT {
	tb.Helper()
	v, err := authz.NewJWT(issuers...)
	must(tb, err)
	return v
}

func openRevocations(tb testing.TB) *authz.Revocations {
	tb.Helper()
	r, err := authz.OpenRevocations(tb.Context(), authz.NewMemoryRevocations())
	must(tb, err)
	return r
}

// revoked asks where the answer must be certain.
func revoked(tb testing.TB, r *authz.Revocations, tokenID string) bool {
	tb.Helper()
	is, err := r.Revoked(tb.Context(), tokenID)
	must(tb, err)
	return is
}

func wantCode(tb testing.TB, err error, code cpodkit.Code) {
	tb.Helper()
	if got := cpodkit.CodeOf(err); got != code {
		tb.Errorf("got %q (%v), want %q", got, err, code)
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// otherSignature returns the other form of the ECDSA signature of a token: with s it is
// -s as well (RFC 7518 section 3.4 does not forbid one of them).
func otherSignature(k keys, token string) string {
	sig, err := base64.RawURLEncoding.DecodeString(token[strings.LastIndex(token, ".")+1:])
	if err != nil {
		panic(err)
	}
	public, _ := k[esKey].Public().(*ecdsa.PublicKey)
	s := new(big.Int).SetBytes(sig[32:])
	s.Sub(public.Params().N, s).FillBytes(sig[32:])
	return base64.RawURLEncoding.EncodeToString(sig)
}
