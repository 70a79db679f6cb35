package authz_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

// attack is a row of the list in docs/authz.md.
type attack struct {
	name string
	bend func(*forgery)
	code cpodkit.Code // invalid_token when it is empty
}

// good is the code of a token that is accepted, although it looks odd.
const good cpodkit.Code = "accepted"

// attacker has what somebody outside has: the public keys, and keys of their own.
type attacker struct {
	k      keys // of the attacked issuer: only their public halves are used, but for claims that the issuer signed
	theirs keys // of the other issuer
}

func header(name string, value any) func(*forgery) {
	return func(f *forgery) { f.header[name] = value }
}

func claim(name string, value any) func(*forgery) {
	return func(f *forgery) { f.claims[name] = value }
}

// rawClaim sets a claim to JSON text that Go's encoder would not write.
func rawClaim(name, text string) func(*forgery) {
	return func(f *forgery) {
		delete(f.claims, name)
		f.rawClaims = strings.TrimSuffix(bodyOf(f.claims), "}") + `,"` + name + `":` + text + "}"
	}
}

func rawHeader(text string) func(*forgery) { return func(f *forgery) { f.rawHeader = text } }

func finish(change func(string) string) func(*forgery) {
	return func(f *forgery) { f.finish = change }
}

// parts changes the encoded parts of a token.
func parts(change func(p []string)) func(*forgery) {
	return finish(func(s string) string {
		p := strings.Split(s, ".")
		change(p)
		return strings.Join(p, ".")
	})
}

func (a attacker) stray(f *forgery) {
	f.sign = func(b []byte) []byte { return signature(a.k[strayKey], authz.ES256, b) }
}

// withHMAC signs with a secret that everybody knows.
func (a attacker) withHMAC(alg, kid string, secret []byte) func(*forgery) {
	return func(f *forgery) { f.header["alg"], f.header["kid"], f.sign = alg, kid, hmacSignature(secret) }
}

func (a attacker) der(kid string) []byte {
	der, err := x509.MarshalPKIXPublicKey(a.k[kid].Public())
	if err != nil {
		panic(err)
	}
	return der
}

func (a attacker) attacks() []attack { //nolint:maintidx // a table
	embedded, _ := json.Marshal(publicJWK("es-1", "ES256", a.k[strayKey].Public()))
	strayJWK := json.RawMessage(embedded)
	rsJWK, _ := json.Marshal(publicJWK(rsKey, "RS256", a.k[rsKey].Public()))
	with := func(f func(*forgery), more ...func(*forgery)) func(*forgery) {
		return func(g *forgery) {
			f(g)
			for _, m := range more {
				m(g)
			}
		}
	}
	rows := []attack{
		// The algorithm.
		{"alg `none` without a signature", with(header("alg", "none"), parts(func(p []string) { p[2] = "" })), ""},
		{"alg `none` with the old signature", header("alg", "none"), ""},
		{"alg `None`", with(header("alg", "None"), parts(func(p []string) { p[2] = "" })), ""},
		{"alg `NONE`", with(header("alg", "NONE"), parts(func(p []string) { p[2] = "" })), ""},
		{"alg `nOnE`", with(header("alg", "nOnE"), parts(func(p []string) { p[2] = "AA" })), ""},
		{"alg empty", header("alg", ""), ""},
		{"alg missing", func(f *forgery) { delete(f.header, "alg") }, ""},
		{"alg null", header("alg", nil), ""},
		{"alg as an array", header("alg", []string{"ES256"}), ""},
		{"alg in another case", header("alg", "es256"), ""},
		{"HMAC with the public key as PEM", a.withHMAC("HS256", rsKey, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: a.der(rsKey)})), ""},
		{"HMAC with the public key as DER", a.withHMAC("HS256", rsKey, a.der(rsKey)), ""},
		{"HMAC with the public key as a JWK", a.withHMAC("HS256", rsKey, rsJWK), ""},
		{"HMAC with an empty secret", a.withHMAC("HS256", esKey, nil), ""},
		{"HMAC that says the alg of the key", a.withHMAC("ES256", esKey, a.der(esKey)), ""},
		{"RS256 with the key of PS256", func(f *forgery) {
			f.header["alg"], f.header["kid"] = "RS256", psKey
			f.sign = func(b []byte) []byte { return signature(a.k[psKey], authz.RS256, b) }
		}, ""},
		{"PS256 with the key of RS256", func(f *forgery) {
			f.header["alg"], f.header["kid"] = "PS256", rsKey
			f.sign = func(b []byte) []byte { return signature(a.k[rsKey], authz.PS256, b) }
		}, ""},
		{"ES384 said of a P-256 key", header("alg", "ES384"), ""},
		{"RS512 said of an RS256 key", with(header("alg", "RS512"), header("kid", rsKey)), ""},
		{"ES256 said of an RSA key", with(header("kid", rsKey)), ""},
		{"EdDSA said of an EC key", header("alg", "EdDSA"), ""},
		{"an algorithm that nobody has", header("alg", "XS256"), ""},
		{"an encryption algorithm as alg", header("alg", "RSA-OAEP"), ""},

		// The key that the header brings or names.
		{"`jwk` with the attacker's key", with(header("jwk", strayJWK), a.stray), ""},
		{"`jku` at the attacker's host", with(header("jku", "https://evil.example/jwks"), a.stray), ""},
		{"`jku` at a host inside", with(header("jku", "http://169.254.169.254/latest/meta-data"), a.stray), ""},
		{"`x5u` at the attacker's host", with(header("x5u", "https://evil.example/cert"), a.stray), ""},
		{"`x5c` with the attacker's certificate", with(header("x5c", []string{base64.StdEncoding.EncodeToString(a.der(strayKey))}), a.stray), ""},
		{"`x5t` of another key", with(header("x5t", "AAAA"), a.stray), ""},
		{"kid missing", func(f *forgery) { delete(f.header, "kid") }, ""},
		{"kid empty", header("kid", ""), ""},
		{"kid null", header("kid", nil), ""},
		{"kid as a number", header("kid", 1), ""},
		{"kid as an array", header("kid", []string{esKey}), ""},
		{"kid as a path", header("kid", "../../../../dev/null"), ""},
		{"kid as a URL", with(header("kid", "https://evil.example/key"), a.stray), ""},
		{"kid as SQL", header("kid", "x' UNION SELECT 'key' -- "), ""},
		{"kid as a command", header("kid", "es-1; id"), ""},
		{"kid with a NUL", header("kid", "es-1\x00"), ""},
		{"kid in another case", header("kid", "ES-1"), ""},
		{"kid of 4 KiB", header("kid", strings.Repeat("k", 4<<10)), ""},
		{"the attacker's key under the kid of a good one", a.stray, ""},

		// The header.
		{"`crit` with an extension", header("crit", []string{"exp"}), ""},
		{"`crit` empty", header("crit", []string{}), ""},
		{"`crit` null", header("crit", nil), ""},
		{"`b64` false with `crit` (RFC 7797)", with(header("crit", []string{"b64"}), header("b64", false)), ""},
		{"`zip`, with claims that are compressed", with(header("zip", "DEF"), func(f *forgery) { f.rawClaims = "\x4b\x4c\x4a\x06\x00" }), ""},
		{"a nested JWT (`cty` JWT) as claims", with(header("cty", "JWT"), func(f *forgery) { f.rawClaims = `"eyJhbGciOiJub25lIn0.e30."` }), ""},
		{"a JWE of five parts", finish(func(s string) string { return s + ".e30.e30" }), ""},
		{"typ of an ID token (`JWT`)", header("typ", "JWT"), ""},
		{"typ of a logout token", header("typ", "logout+jwt"), ""},
		{"typ of a DPoP proof", header("typ", "dpop+jwt"), ""},
		{"typ missing", func(f *forgery) { delete(f.header, "typ") }, ""},
		{"typ as an array", header("typ", []string{"at+jwt"}), ""},
		{"typ with two prefixes", header("typ", "application/application/at+jwt"), ""},
		{"a member of the header twice", rawHeader(`{"alg":"ES256","kid":"es-1","typ":"at+jwt","alg":"none"}`), ""},
		{"a member twice, once with an escape", rawHeader(`{"alg":"ES256","kid":"es-1","typ":"at+jwt","\u0061lg":"none"}`), ""},
		{"members in another case", rawHeader(`{"ALG":"ES256","KID":"es-1","TYP":"at+jwt"}`), ""},
		{"a header with a byte order mark", rawHeader("\ufeff" + `{"alg":"ES256","kid":"es-1","typ":"at+jwt"}`), ""},
		{"a header that is not UTF-8", rawHeader("{\"alg\":\"ES256\",\"kid\":\"es-1\",\"typ\":\"at+jwt\",\"x\":\"\xff\"}"), ""},
		{"a header with something after it", rawHeader(`{"alg":"ES256","kid":"es-1","typ":"at+jwt"}{}`), ""},
		{"a header that nests 1,000 deep", rawHeader(`{"x":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`), ""},
		{"a header of 700 members", rawHeader(strings.TrimSuffix(bodyOf(many(700)), "}") + `,"alg":"ES256","kid":"es-1","typ":"x"}`), ""},

		// The serialization.
		{"two parts", finish(func(s string) string { return s[:strings.LastIndex(s, ".")] }), ""},
		{"four parts", finish(func(s string) string { return s + "." }), ""},
		{"base64 with padding", parts(func(p []string) { p[1] += strings.Repeat("=", (4-len(p[1])%4)%4+1) }), ""},
		{"the alphabet of plain base64", parts(func(p []string) { p[2] = "+/" + p[2][2:] }), ""},
		{"a line break within", parts(func(p []string) { p[1] = p[1][:8] + "\n" + p[1][8:] }), ""},
		{"a space within", parts(func(p []string) { p[1] = p[1][:8] + " " + p[1][8:] }), ""},
		{"a percent-encoded dot", finish(func(s string) string { return strings.Replace(s, ".", "%2E", 1) }), ""},
		{"spare bits that are not zero", finish(lastCharacterBent), ""},
		{"the JSON serialization", finish(func(s string) string {
			p := strings.Split(s, ".")
			return bodyOf(map[string]any{"protected": p[0], "payload": p[1], "signature": p[2]})
		}), ""},
		{"over 8 KiB", claim("x", strings.Repeat("x", 8<<10)), ""},
		{"claims of 1,000 members", func(f *forgery) {
			maps.Copy(f.claims, many(700))
			a.stray(f)
		}, ""},

		// The signature.
		{"an empty signature", parts(func(p []string) { p[2] = "" }), ""},
		{"a signature that is cut short", parts(func(p []string) { p[2] = p[2][:43] }), ""},
		{"a signature with a byte more", func(f *forgery) {
			sign := f.sign
			f.sign = func(b []byte) []byte { return append(sign(b), 0) }
		}, ""},
		{"a signature of zeros (CVE-2022-21449)", func(f *forgery) { f.sign = func([]byte) []byte { return make([]byte, 64) } }, ""},
		{"an ECDSA signature in DER", func(f *forgery) {
			sign := f.sign
			f.sign = func(b []byte) []byte {
				sig := sign(b)
				der, _ := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])})
				return der
			}
		}, ""},
		{"an ECDSA signature with r over the order", func(f *forgery) {
			sign := f.sign
			f.sign = func(b []byte) []byte { return append(bytes.Repeat([]byte{0xff}, 32), sign(b)[32:]...) }
		}, ""},
		{"the other form of an ECDSA signature (RFC 7518 allows both)", finish(func(s string) string {
			return s[:strings.LastIndex(s, ".")+1] + otherSignature(a.k, s)
		}), good},
		{"a signature of other claims", parts(func(p []string) {
			raw, _ := base64.RawURLEncoding.DecodeString(p[1])
			p[1] = base64.RawURLEncoding.EncodeToString(bytes.Replace(raw, []byte(`"t1"`), []byte(`"t2"`), 1))
		}), ""},
		{"a signature of the claims alone", func(f *forgery) {
			sign := f.sign
			f.sign = func(b []byte) []byte { return sign(b[bytes.IndexByte(b, '.')+1:]) }
		}, ""},
		{"a PSS signature with a salt of another length", func(f *forgery) {
			f.header["alg"], f.header["kid"] = "PS256", psKey
			f.sign = func(b []byte) []byte {
				digest := sha256.Sum256(b)
				sig, _ := a.k[psKey].Sign(rand.Reader, digest[:], pssOptions(20))
				return sig
			}
		}, ""},

		// The issuer and the audience.
		{"iss with a slash more", claim("iss", issuerName+"/"), ""},
		{"iss in another case", claim("iss", strings.ToUpper(issuerName)), ""},
		{"iss as an array", claim("iss", []string{issuerName}), ""},
		{"iss null", claim("iss", nil), ""},
		{"iss of somebody who is not configured", claim("iss", "https://evil.example"), ""},
		{"the key of one issuer for a token of another, with the same kid", func(f *forgery) {
			f.sign = func(b []byte) []byte { return signature(a.theirs[esKey], authz.ES256, b) }
		}, ""},
		{"an issuer that names the tenant of another", a.ofOther(claim("tenantId", "t1")), ""},
		{"an issuer that names a user of another", a.ofOther(claim("userId", "sso:alice")), ""},
		{"aud of somebody else", claim("aud", "https://other.example"), ""},
		{"aud that begins like ours", claim("aud", audience+".evil.example"), ""},
		{"aud with a slash more", claim("aud", audience+"/"), ""},
		{"aud in another case", claim("aud", strings.ToUpper(audience)), ""},
		{"aud null", claim("aud", nil), ""},
		{"aud as an empty list", claim("aud", []string{}), ""},
		{"aud as a list with a number", claim("aud", []any{audience, 1}), ""},
		{"aud as a list in a list", claim("aud", []any{[]string{audience}}), ""},
		{"aud as an object", claim("aud", map[string]any{audience: true}), ""},
		{"two audiences in one text", claim("aud", audience+" https://other.example"), ""},

		// The dates.
		{"exp in the past", claim("exp", time.Now().Add(-time.Hour).Unix()), cpodkit.CodeTokenExpired},
		{"exp 0", claim("exp", 0), cpodkit.CodeTokenExpired},
		{"exp missing", func(f *forgery) { delete(f.claims, "exp") }, ""},
		{"exp null", claim("exp", nil), ""},
		{"exp as a text", claim("exp", "9999999999"), ""},
		{"exp true", claim("exp", true), ""},
		{"exp as an array", claim("exp", []int{2000000000}), ""},
		{"exp as an object", claim("exp", map[string]any{}), ""},
		{"exp negative", claim("exp", -1), ""},
		{"exp negative zero", rawClaim("exp", "-0"), ""},
		{"exp with an exponent", rawClaim("exp", fmt.Sprintf("%de-1", time.Now().Add(time.Hour).Unix()*10)), good},
		{"exp with a fraction", rawClaim("exp", fmt.Sprintf("%d.5", time.Now().Add(time.Hour).Unix())), good},
		{"exp beyond the year 9999", rawClaim("exp", "253402300800"), ""},
		{"exp of 1e300", rawClaim("exp", "1e300"), ""},
		{"exp of 1e999999999", rawClaim("exp", "1e999999999"), ""},
		{"exp of 300 digits", rawClaim("exp", strings.Repeat("9", 300)), ""},
		{"exp NaN", rawClaim("exp", "NaN"), ""},
		{"exp Infinity", rawClaim("exp", "Infinity"), ""},
		{"exp in hexadecimal", rawClaim("exp", "0x7fffffff"), ""},
		{"exp with a leading zero", rawClaim("exp", "02000000000"), ""},
		{"exp with a plus", rawClaim("exp", "+2000000000"), ""},
		{"exp twice", rawClaim("exp", "1,\"exp\":2000000000"), ""},
		{"nbf in the future", claim("nbf", time.Now().Add(time.Hour).Unix()), ""},
		{"nbf as a text", claim("nbf", "0"), ""},
		{"nbf null", claim("nbf", nil), ""},
		{"iat in the future", claim("iat", time.Now().Add(time.Hour).Unix()), ""},
		{"iat missing", func(f *forgery) { delete(f.claims, "iat") }, ""},
		{"iat as a text", claim("iat", "1"), ""},

		// The claims.
		{"claims with a member twice", rawClaim("tenantId", `"t1","tenantId":"t2"`), ""},
		{"claims with a member twice, deeper within", rawClaim("x", `{"a":1,"a":2}`), ""},
		{"claims that are not UTF-8", rawClaim("x", "\"\xff\""), ""},
		{"half of a surrogate pair in an id", rawClaim("userId", `"\ud800"`), ""},
		{"claims with a byte order mark", func(f *forgery) { f.rawClaims = "\ufeff" + bodyOf(f.claims) }, ""},
		{"claims with a comment", func(f *forgery) { f.rawClaims = bodyOf(f.claims) + "//" }, ""},
		{"claims as an array", func(f *forgery) { f.rawClaims = "[" + bodyOf(f.claims) + "]" }, ""},
		{"an ID token without a scope and client_id", func(f *forgery) {
			f.header["typ"], f.claims["nonce"] = "JWT", "n"
			delete(f.claims, "scope")
			delete(f.claims, "client_id")
		}, ""},
		{"jti missing", func(f *forgery) { delete(f.claims, "jti") }, ""},
		{"jti as a number", claim("jti", 1), ""},
		{"tenant missing", func(f *forgery) { delete(f.claims, "tenantId") }, ""},
		{"tenant in another case of the claim's name", func(f *forgery) {
			delete(f.claims, "tenantId")
			f.claims["TenantID"] = "t1"
		}, ""},
		{"tenant `..`", claim("tenantId", ".."), ""},
		{"app `.`", claim("appId", "."), ""},
		{"user `..`", claim("userId", ".."), ""},
		{"a user that is a path (it becomes one segment)", claim("userId", "../../t2/secrets"), good},
		{"a user with a NUL (it is encoded)", claim("userId", "a\x00b"), good},
		{"a user of 65 bytes", claim("userId", strings.Repeat("u", 65)), ""},
		{"a user of 22 slashes, 66 bytes once encoded", claim("userId", strings.Repeat("/", 22)), ""},
		{"a user as a number", claim("userId", 7), ""},
		{"scope as an array", claim("scope", []string{"admin"}), ""},
		{"scopes with a tab between them are one scope", claim("scope", "jobs.read\tadmin"), good},
		{"scopes with a line break between them are one scope", claim("scope", "jobs.read\nadmin"), good},
		{"scopes with U+00A0 between them are one scope", claim("scope", "jobs.read\u00a0admin"), good},
		{"a scope for all tenants, of another issuer (it is dropped)", a.ofOther(claim("scope", "platform.admin")), good},
		{"two scopes in one member of an array, of another issuer", a.ofOther(claim("scope", []string{"jobs.read admin"})), ""},
	}
	return rows
}

func many(n int) map[string]any {
	m := map[string]any{}
	for i := range n {
		m[fmt.Sprint("m", i)] = 1
	}
	return m
}

// ofOther makes the token one of the other issuer.
func (a attacker) ofOther(bend func(*forgery)) func(*forgery) {
	return func(f *forgery) {
		f.claims["iss"], f.claims["tenantId"], f.claims["userId"] = otherIssuer, "t2", "bob"
		f.sign = func(b []byte) []byte { return signature(a.theirs[esKey], authz.ES256, b) }
		bend(f)
	}
}

func TestAttacks(t *testing.T) {
	t.Parallel()
	a := attacker{newKeys(t), newKeys(t)}
	parse := func(k keys) authz.KeySource {
		set, err := authz.ParseKeySet(jwks(
			publicJWK(esKey, "ES256", k[esKey].Public()), publicJWK(rsKey, "RS256", k[rsKey].Public()),
			publicJWK(psKey, "PS256", k[psKey].Public()), publicJWK(edKey, "EdDSA", k[edKey].Public())))
		must(t, err)
		return set
	}
	v := newJWT(t,
		authz.Issuer{Issuer: issuerName, Audience: audience, Keys: parse(a.k)},
		authz.Issuer{Issuer: otherIssuer, Audience: audience, Keys: parse(a.theirs), Foreign: true, Tenants: []string{"t2"}},
		authz.Issuer{Issuer: "https://sso.example", Audience: audience, Keys: parse(a.theirs), UserNamespace: "sso"})
	_, err := v.Verify(t.Context(), newForgery(a.k, esKey, authz.ES256).token())
	must(t, err)
	var list strings.Builder
	rows := a.attacks()
	for _, row := range rows {
		if row.code == "" {
			row.code = cpodkit.CodeInvalidToken
		}
		f := newForgery(a.k, esKey, authz.ES256)
		row.bend(f)
		token := f.token()
		for range 2 { // the second time what the first one left in the cache counts
			id, err := v.Verify(t.Context(), token)
			if code := cpodkit.CodeOf(err); code != row.code && (err != nil || row.code != good) {
				t.Errorf("%s: %q (%v)", row.name, code, err)
			}
			for _, scope := range []string{"admin", "platform.admin"} {
				if id.Scopes.Covers(scope) {
					t.Errorf("%s: the token has the scope %s", row.name, scope)
				}
			}
			if id.TenantID == "t2" && id.Issuer != otherIssuer || err != nil && id.TenantID != "" {
				t.Errorf("%s: the identity is %+v", row.name, id)
			}
		}
		fmt.Fprintf(&list, "| %s | `%s` |\n", row.name, row.code)
	}
	page, err := os.ReadFile("../docs/authz.md")
	must(t, err)
	if !strings.Contains(string(page), list.String()) {
		t.Errorf("docs/authz.md does not hold these %d rows:\n%s", len(rows), list.String())
	}
}
