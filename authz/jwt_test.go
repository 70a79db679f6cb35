package authz_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

func TestJWTAccepts(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	v := newJWT(t, authz.Issuer{Issuer: issuerName, Audience: audience, Keys: k.set(t)})
	for _, test := range []struct {
		name             string
		keyID, algorithm string
		bend             func(*forgery)
	}{
		{"RS256", rsKey, authz.RS256, nil},
		{"PS256", psKey, authz.PS256, nil},
		{"ES256", esKey, authz.ES256, nil},
		{"EdDSA", edKey, authz.EdDSA, nil},
		{"RFC 9068 2.1: typ with application/", esKey, authz.ES256, func(f *forgery) { f.header["typ"] = "application/at+jwt" }},
		{"RFC 2045 5.1: typ in another case", esKey, authz.ES256, func(f *forgery) { f.header["typ"] = "AT+JWT" }},
		{"RFC 7519 4.1.3: one of several audiences", esKey, authz.ES256, func(f *forgery) {
			f.claims["aud"] = []string{"https://other.example", audience}
		}},
		{"RFC 7519 2: a NumericDate with a fraction", esKey, authz.ES256, func(f *forgery) {
			f.claims["exp"] = float64(time.Now().Add(time.Hour).Unix()) + 0.5
		}},
		{"nbf in the past", esKey, authz.ES256, func(f *forgery) { f.claims["nbf"] = time.Now().Add(-time.Hour).Unix() }},
		{"iat within the clock skew", esKey, authz.ES256, func(f *forgery) { f.claims["iat"] = time.Now().Add(20 * time.Second).Unix() }},
		{"unknown claims", esKey, authz.ES256, func(f *forgery) { f.claims["roles"] = map[string]any{"a": []int{1}} }},
		{"RFC 8725 3.10: keys in the header are not looked at", esKey, authz.ES256, func(f *forgery) {
			f.header["jku"] = "https://evil.example/jwks"
			f.header["x5u"] = "https://evil.example/cert"
			f.header["jwk"] = map[string]any{"kty": "oct", "k": "AAAA"}
			f.header["x5c"] = []string{"AAAA"}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newForgery(k, test.keyID, test.algorithm)
			if test.bend != nil {
				test.bend(f)
			}
			id, err := v.Verify(t.Context(), f.token())
			must(t, err)
			if id.TenantID != "t1" || id.AppID != "app-1" || id.UserID != "alice@example.com" || id.TokenID != "inst.1" ||
				id.Issuer != issuerName || id.Scopes.String() != "storage.private.read jobs.*" ||
				id.IssuedAt.IsZero() || id.ExpiresAt.IsZero() {
				t.Errorf("the identity is %+v", id)
			}
		})
	}
}

func TestJWTRefuses(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	v := newJWT(t, authz.Issuer{Issuer: issuerName, Audience: audience, Keys: k.set(t)})
	claim := func(name string, value any) func(*forgery) { return func(f *forgery) { f.claims[name] = value } }
	header := func(name string, value any) func(*forgery) { return func(f *forgery) { f.header[name] = value } }
	without := func(name string) func(*forgery) {
		return func(f *forgery) {
			delete(f.claims, name)
			delete(f.header, name)
		}
	}
	finish := func(change func(string) string) func(*forgery) { return func(f *forgery) { f.finish = change } }
	// From the moment at which the token is made: the tests before it may take long.
	inAMinute := func(name string) func(*forgery) {
		return func(f *forgery) { f.claims[name] = time.Now().Add(time.Minute).Unix() }
	}
	const invalid = cpodkit.CodeInvalidToken

	for _, test := range []struct {
		name string
		want cpodkit.Code
		bend func(*forgery)
	}{
		// RFC 8725 section 3.1: algorithms.
		{"alg none without a signature", invalid, func(f *forgery) {
			f.header["alg"] = "none"
			f.finish = func(s string) string { return s[:strings.LastIndex(s, ".")+1] }
		}},
		{"alg none with a signature", invalid, header("alg", "none")},
		{"alg nOnE", invalid, header("alg", "nOnE")},
		{"alg missing", invalid, without("alg")},
		{"alg not a string", invalid, header("alg", 256)},
		{"HMAC with the public key as secret", invalid, func(f *forgery) {
			der, _ := x509.MarshalPKIXPublicKey(k[esKey].Public())
			f.header["alg"], f.sign = "HS256", hmacSignature(der)
		}},
		{"HMAC with the public RSA key as secret", invalid, func(f *forgery) {
			der, _ := x509.MarshalPKIXPublicKey(k[rsKey].Public())
			f.header["alg"], f.header["kid"], f.sign = "HS256", rsKey, hmacSignature(der)
		}},
		{"PS256 on a key for RS256", invalid, func(f *forgery) {
			f.header["alg"], f.header["kid"] = authz.PS256, rsKey
			f.sign = func(b []byte) []byte { return signature(k[rsKey], authz.PS256, b) }
		}},
		{"PS256 with a salt of another length (RFC 7518 3.5)", invalid, func(f *forgery) {
			f.header["alg"], f.header["kid"] = authz.PS256, psKey
			f.sign = func(b []byte) []byte {
				digest := sha256.Sum256(b)
				sig, err := k[psKey].Sign(rand.Reader, digest[:], pssOptions(20))
				must(t, err)
				return sig
			}
		}},
		{"an algorithm that is not accepted", invalid, header("alg", "ES384")},
		{"EdDSA announced for an EC key", invalid, header("alg", authz.EdDSA)},

		// RFC 7515 section 4.1: the header.
		{"kid missing", invalid, without("kid")},
		{"kid empty", invalid, header("kid", "")},
		{"kid not a string", invalid, header("kid", []string{esKey})},
		{"kid unknown", invalid, header("kid", "other")},
		{"kid as a path", invalid, header("kid", "../../dev/null")},
		{"crit with an extension", invalid, header("crit", []string{"exp"})},
		{"crit empty", invalid, header("crit", []string{})},
		{"b64 as a critical extension (RFC 7797)", invalid, func(f *forgery) {
			f.header["crit"], f.header["b64"] = []string{"b64"}, false
		}},
		{"signed with the key that the header brings", invalid, func(f *forgery) {
			f.header["jwk"] = map[string]any{"kty": "EC"}
			f.sign = func(b []byte) []byte { return signature(k[strayKey], authz.ES256, b) }
		}},

		// RFC 9068 section 4 and RFC 8725 section 3.11: explicit typing.
		{"typ missing", invalid, without("typ")},
		{"typ JWT, as of an ID token", invalid, header("typ", "JWT")},
		{"typ not a string", invalid, header("typ", 1)},

		// RFC 7515 section 7.1: the serialization.
		{"empty", invalid, finish(func(string) string { return "" })},
		{"dots alone", invalid, finish(func(string) string { return ".." })},
		{"two parts", invalid, finish(func(s string) string { return s[:strings.LastIndex(s, ".")] })},
		{"four parts", invalid, finish(func(s string) string { return s + ".e30" })},
		{"five parts, as of a JWE", invalid, finish(func(s string) string { return s + ".e30.e30" })},
		{"padding", invalid, finish(func(s string) string { return s + "=" })},
		{"a line break", invalid, finish(func(s string) string { return s[:9] + "\n" + s[9:] })},
		{"a space before", invalid, finish(func(s string) string { return " " + s })},
		{"trailing bits that are not zero", invalid, finish(lastCharacterBent)},
		{"over 8 KiB", invalid, claim("filler", strings.Repeat("x", authz.MaxToken))},
		{"a header that is not an object", invalid, func(f *forgery) { f.rawHeader = `"at+jwt"` }},
		{"a header that is null", invalid, func(f *forgery) { f.rawHeader = `null` }},
		{"a header that is not JSON", invalid, func(f *forgery) { f.rawHeader = `{` }},
		{"claims that are not an object", invalid, func(f *forgery) { f.rawClaims = `[]` }},
		{"claims that nest too deep", invalid, func(f *forgery) {
			f.rawClaims = strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)
		}},
		{"a header member twice", invalid, func(f *forgery) {
			f.rawHeader = `{"alg":"ES256","kid":"es-1","typ":"at+jwt","alg":"ES256"}`
		}},
		{"a claim twice", invalid, func(f *forgery) {
			f.rawClaims = `{"iss":"` + issuerName + `","tenantId":"t1","tenantId":"t2"}`
		}},

		// The signature.
		{"signed with another key", invalid, func(f *forgery) {
			f.sign = func(b []byte) []byte { return signature(k[strayKey], authz.ES256, b) }
		}},
		{"claims changed after signing", invalid, finish(func(s string) string {
			parts := strings.Split(s, ".")
			claims, _ := base64.RawURLEncoding.DecodeString(parts[1])
			bent := strings.Replace(string(claims), `"t1"`, `"t2"`, 1)
			return parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(bent)) + "." + parts[2]
		})},
		{"a signature of zeros", invalid, func(f *forgery) { f.sign = func([]byte) []byte { return make([]byte, 64) } }},
		{"a signature cut short", invalid, func(f *forgery) { f.sign = func([]byte) []byte { return make([]byte, 10) } }},
		{"an ECDSA signature in ASN.1", invalid, func(f *forgery) {
			raw := f.sign
			f.sign = func(b []byte) []byte {
				sig := raw(b)
				der, _ := asn1.Marshal(struct{ R, S *big.Int }{
					new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:]),
				})
				return der
			}
		}},

		// RFC 7519 section 4.1 and RFC 9068 section 4: the claims.
		{"sub missing", invalid, without("sub")},
		{"sub null", invalid, claim("sub", nil)},
		{"client_id missing", invalid, without("client_id")},
		{"client_id empty", invalid, claim("client_id", "")},
		{"scope an array", invalid, claim("scope", []string{"jobs.read"})},
		{"scope null", invalid, claim("scope", nil)},
		{"iss missing", invalid, without("iss")},
		{"iss of someone else", invalid, claim("iss", "https://evil.example")},
		{"iss with a slash more", invalid, claim("iss", issuerName+"/")},
		{"iss in another case", invalid, claim("iss", strings.ToUpper(issuerName))},
		{"iss as a list", invalid, claim("iss", []string{issuerName})},
		{"aud missing", invalid, without("aud")},
		{"aud of someone else", invalid, claim("aud", "https://other.example")},
		{"aud that begins like ours", invalid, claim("aud", audience+".evil.example")},
		{"aud as an empty list", invalid, claim("aud", []string{})},
		{"aud with a number in it", invalid, claim("aud", []any{audience, 1})},
		{"aud as an object", invalid, claim("aud", map[string]any{audience: true})},
		{"exp missing", invalid, without("exp")},
		{"exp as a string", invalid, claim("exp", "9999999999")},
		{"exp null", invalid, claim("exp", nil)},
		{"exp negative", invalid, claim("exp", -1)},
		{"exp beyond all time", invalid, claim("exp", 1e300)},
		{"exp in the past", cpodkit.CodeTokenExpired, claim("exp", time.Now().Add(-time.Second).Unix())},
		{"exp in the past, of a forged token", invalid, func(f *forgery) {
			f.claims["exp"] = 1
			f.sign = func(b []byte) []byte { return signature(k[strayKey], authz.ES256, b) }
		}},
		{"nbf in the future", invalid, inAMinute("nbf")},
		{"nbf as a string", invalid, claim("nbf", "0")},
		{"iat missing", invalid, without("iat")},
		{"iat in the future", invalid, inAMinute("iat")},
		{"jti missing", invalid, without("jti")},
		{"jti empty", invalid, claim("jti", "")},

		// The identity.
		{"tenantId missing", invalid, without("tenantId")},
		{"tenantId empty", invalid, claim("tenantId", "")},
		{"tenantId a number", invalid, claim("tenantId", 1)},
		{"tenantId ..", invalid, claim("tenantId", "..")},
		{"tenantId too long once encoded", invalid, claim("tenantId", strings.Repeat("/", 22))},
		{"appId missing", invalid, without("appId")},
		{"appId .", invalid, claim("appId", ".")},
		{"userId a number", invalid, claim("userId", 7)},
		{"userId ..", invalid, claim("userId", "..")},
		{"scope a list", invalid, claim("scope", []string{"admin"})},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newForgery(k, esKey, authz.ES256)
			test.bend(f)
			id, err := v.Verify(t.Context(), f.token())
			wantCode(t, err, test.want)
			if err != nil && (id.TenantID != "" || len(id.Scopes) > 0) {
				t.Errorf("a refused token has the identity %+v", id)
			}
		})
	}
}

// lastCharacterBent gives the signature another spelling of the same 64 bytes:
// four bits of its last character are not used.
func lastCharacterBent(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(token) - 1
	return token[:last] + string(alphabet[strings.IndexByte(alphabet, token[last])+1])
}

func TestJWTClaimMapping(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	v := newJWT(t, authz.Issuer{
		Issuer: issuerName, Audience: audience, Keys: k.set(t), Type: "JWT", Tenants: []string{"acme"},
		Claims: authz.ClaimNames{TenantID: "org", AppID: "azp", UserID: "sub", Scope: "scp"},
	})
	for name, test := range map[string]struct {
		org  string
		want cpodkit.Code
	}{
		"an allowed tenant": {"acme", ""},
		"another tenant":    {"t1", cpodkit.CodeInvalidToken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newForgery(k, esKey, authz.ES256)
			f.header["typ"] = "JWT"
			f.claims["org"], f.claims["azp"], f.claims["scp"] = test.org, "spa", "a b"
			id, err := v.Verify(t.Context(), f.token())
			wantCode(t, err, test.want)
			if err == nil && (id.TenantID != "acme" || id.AppID != "spa" || id.UserID != "app-1" || id.Scopes.String() != "a b") {
				t.Errorf("the identity is %+v", id)
			}
		})
	}
}

func TestJWTKeepsIssuersApart(t *testing.T) {
	t.Parallel()
	ours, theirs := newKeys(t), newKeys(t)
	v := newJWT(t,
		authz.Issuer{Issuer: issuerName, Audience: audience, Keys: ours.set(t)},
		authz.Issuer{Issuer: "https://other.example", Audience: audience, Keys: theirs.set(t), Tenants: []string{"t2"}})

	_, err := v.Verify(t.Context(), newForgery(theirs, esKey, authz.ES256).token())
	wantCode(t, err, cpodkit.CodeInvalidToken) // our name, their key of the same id

	f := newForgery(theirs, esKey, authz.ES256)
	f.claims["iss"] = "https://other.example"
	_, err = v.Verify(t.Context(), f.token())
	wantCode(t, err, cpodkit.CodeInvalidToken) // not their tenant
	f.claims["tenantId"] = "t2"
	_, err = v.Verify(t.Context(), f.token())
	must(t, err)
}

func TestNewJWTFailsEarly(t *testing.T) {
	t.Parallel()
	set := newKeys(t).set(t)
	good := authz.Issuer{Issuer: issuerName, Audience: audience, Keys: set}
	for name, issuers := range map[string][]authz.Issuer{
		"no issuer":    {},
		"no name":      {{Audience: audience, Keys: set}},
		"no audience":  {{Issuer: issuerName, Keys: set}},
		"no keys":      {{Issuer: issuerName, Audience: audience}},
		"a name twice": {good, good},
	} {
		if _, err := authz.NewJWT(issuers...); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestJWTKeySourceDownIsUnavailable(t *testing.T) {
	t.Parallel()
	v := newJWT(t, authz.Issuer{Issuer: issuerName, Audience: audience, Keys: brokenKeys{}})
	_, err := v.Verify(t.Context(), newForgery(newKeys(t), esKey, authz.ES256).token())
	wantCode(t, err, cpodkit.CodeUnavailable)
}

func TestNewVerificationKeyFailsEarly(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	for _, test := range []struct{ name, id, algorithm, key string }{
		{"no id", "", authz.ES256, esKey},
		{"HMAC", "x", "HS256", esKey},
		{"none", "x", "none", esKey},
		{"an RSA algorithm for an EC key", "x", authz.RS256, esKey},
		{"an EC algorithm for an RSA key", "x", authz.ES256, rsKey},
		{"EdDSA for an RSA key", "x", authz.EdDSA, rsKey},
		{"no algorithm", "x", "", edKey},
	} {
		if _, err := authz.NewVerificationKey(test.id, test.algorithm, k[test.key].Public()); err == nil {
			t.Errorf("%s: no error", test.name)
		}
	}
}

// Other authorization servers write scopes in their own ways. Whatever the way, a
// list is split at spaces alone.
func TestForeignScopes(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	v := newJWT(t, authz.Issuer{Issuer: issuerName, Audience: audience, Keys: k.set(t), Foreign: true})
	for name, test := range map[string]struct {
		scope any
		want  string
		fails bool
	}{
		"a list":              {"jobs.read jobs.write", "jobs.read jobs.write", false},
		"an array":            {[]any{"jobs.read", "jobs.write"}, "jobs.read jobs.write", false},
		"an empty array":      {[]any{}, "", false},
		"null":                {nil, "", false},
		"a tab is no space":   {"jobs.read\tadmin", "jobs.read\tadmin", false},
		"nor is a line break": {"jobs.read\nadmin", "jobs.read\nadmin", false},
		"nor is U+00A0":       {"jobs.read\u00a0admin", "jobs.read\u00a0admin", false},
		"a number":            {5, "", true},
		"an array of numbers": {[]any{"jobs.read", 5}, "", true},
		"two in one member":   {[]any{"jobs.read admin"}, "", true},
		"an object":           {map[string]any{"jobs.read": true}, "", true},
	} {
		f := newForgery(k, esKey, authz.ES256)
		f.claims["scope"] = test.scope
		delete(f.claims, "sub")
		delete(f.claims, "client_id")
		id, err := v.Verify(t.Context(), f.token())
		if (err != nil) != test.fails || id.Scopes.String() != test.want || id.Scopes.Covers("admin") {
			t.Errorf("%s: %q, %v", name, id.Scopes, err)
		}
	}
}

// A key that is too weak, or that is no point of its curve, is refused when it is
// made: such keys come in key sets of others.
func TestBadKeys(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	good := *k[rsKey].Public().(*rsa.PublicKey)
	for _, exponent := range []int{-3, 0, 1, 2, 4, 65536} {
		weak := good
		weak.E = exponent
		for _, algorithm := range []string{authz.RS256, authz.PS256} {
			if _, err := authz.NewVerificationKey("k", algorithm, &weak); err == nil {
				t.Errorf("%s with the exponent %d is accepted", algorithm, exponent)
			}
		}
	}
	if _, err := authz.NewVerificationKey("k", authz.RS256, &rsa.PublicKey{E: 3}); err == nil {
		t.Error("RSA without a modulus is accepted")
	}
	for i, p := range []*ecdsa.PublicKey{
		{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)},
		{Curve: elliptic.P256(), X: new(big.Int), Y: new(big.Int)},
		{Curve: elliptic.P256(), X: big.NewInt(-1), Y: big.NewInt(1)},
		{Curve: elliptic.P256()},
	} {
		if _, err := authz.NewVerificationKey("k", authz.ES256, p); err == nil {
			t.Errorf("point %d is accepted", i)
		}
	}
}
