package authz_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/authz"
)

func TestSignerRoundTrip(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	for id, algorithm := range map[string]string{
		esKey: authz.ES256, rsKey: authz.RS256, psKey: authz.PS256, edKey: authz.EdDSA,
	} {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()
			signer := newSigner(t, authz.SigningKey{ID: id, Algorithm: algorithm, Private: k[id]})
			claims := newClaims("i.1")
			claims.UserID = "alice"
			got, err := newJWT(t, ownIssuer(signer, nil)).Verify(t.Context(), sign(t, signer, claims))
			must(t, err)
			if got.UserID != "alice" || got.TenantID != "t1" || !got.ExpiresAt.Equal(claims.ExpiresAt.Truncate(1e9)) {
				t.Errorf("the identity is %+v", got)
			}
		})
	}
}

// RFC 9068 sections 2.1 and 2.2 say what an access token holds.
func TestSignerWritesRFC9068(t *testing.T) {
	t.Parallel()
	signer := newSigner(t)
	parts := strings.Split(sign(t, signer, newClaims("i.1")), ".")
	for i, want := range [][]string{
		{"alg", "kid", "typ"},
		{"appId", "aud", "client_id", "exp", "iat", "iss", "jti", "scope", "sub", "tenantId"},
	} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		must(t, err)
		var members map[string]any
		must(t, json.Unmarshal(raw, &members))
		var names []string
		for name := range members {
			names = append(names, name)
		}
		slices.Sort(names)
		if !slices.Equal(names, want) {
			t.Errorf("part %d has the members %v, want %v", i, names, want)
		}
		if i == 0 && (members["typ"] != "at+jwt" || members["alg"] != "ES256" || members["kid"] != "k1") {
			t.Errorf("the header is %v", members)
		}
	}
}

// RFC 7517 section 5, and section 9.2 for what must not be in it.
func TestJWKSHoldsPublicKeysAlone(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	signer := newSigner(t,
		authz.SigningKey{ID: "a", Algorithm: authz.ES256, Private: k[esKey]},
		authz.SigningKey{ID: "b", Algorithm: authz.RS256, Private: k[rsKey]},
		authz.SigningKey{ID: "c", Algorithm: authz.EdDSA, Private: k[edKey]})
	var set struct{ Keys []map[string]string }
	must(t, json.Unmarshal(signer.JWKS(), &set))
	want := []map[string]string{
		{"kid": "a", "alg": "ES256", "kty": "EC", "crv": "P-256", "use": "sig", "x": "", "y": ""},
		{"kid": "b", "alg": "RS256", "kty": "RSA", "use": "sig", "n": "", "e": ""},
		{"kid": "c", "alg": "EdDSA", "kty": "OKP", "crv": "Ed25519", "use": "sig", "x": ""},
	}
	if len(set.Keys) != len(want) {
		t.Fatalf("the set has %d keys: %s", len(set.Keys), signer.JWKS())
	}
	for i, key := range set.Keys {
		if len(key) != len(want[i]) {
			t.Errorf("key %d is %v, want the members of %v", i, key, want[i])
		}
		for name, value := range want[i] {
			if got, there := key[name]; !there || value != "" && got != value {
				t.Errorf("key %d has %s = %q, want %q", i, name, got, value)
			}
		}
	}
}

func TestNewSignerFailsEarly(t *testing.T) {
	k := newKeys(t)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(t, err)
	t.Setenv("GODEBUG", "rsa1024min=0")
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	must(t, err)
	for name, set := range map[string][]authz.SigningKey{
		"no key":                   {},
		"no private part":          {{ID: "a", Algorithm: authz.ES256}},
		"no id":                    {{Algorithm: authz.ES256, Private: k[esKey]}},
		"an id twice":              {{ID: "a", Algorithm: authz.ES256, Private: k[esKey]}, {ID: "a", Algorithm: authz.ES256, Private: k[strayKey]}},
		"the wrong algorithm":      {{ID: "a", Algorithm: authz.RS256, Private: k[esKey]}},
		"the wrong curve":          {{ID: "a", Algorithm: authz.ES256, Private: p384}},
		"a weak key":               {{ID: "a", Algorithm: authz.RS256, Private: weak}},
		"an algorithm not allowed": {{ID: "a", Algorithm: "HS256", Private: k[rsKey]}},
	} {
		if _, err := authz.NewSigner(set...); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
