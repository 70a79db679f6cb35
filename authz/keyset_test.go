package authz_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

type jwk = map[string]any

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// publicJWK writes a public key as RFC 7518 section 6 says, with the standard library alone.
func publicJWK(id, algorithm string, public any) jwk {
	k := jwk{"kid": id, "use": "sig"}
	if algorithm != "" {
		k["alg"] = algorithm
	}
	switch public := public.(type) {
	case *rsa.PublicKey:
		k["kty"], k["n"], k["e"] = "RSA", b64(public.N.Bytes()), b64(big.NewInt(int64(public.E)).Bytes())
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		if err != nil {
			panic(err)
		}
		size := (public.Params().BitSize + 7) / 8
		k["kty"], k["crv"] = "EC", public.Params().Name
		k["x"], k["y"] = b64(point[1:1+size]), b64(point[1+size:])
	case ed25519.PublicKey:
		k["kty"], k["crv"], k["x"] = "OKP", "Ed25519", b64(public)
	}
	return k
}

// jwks writes a key set.
func jwks(keys ...jwk) []byte {
	doc, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		panic(err)
	}
	return doc
}

func with(k jwk, changes jwk) jwk {
	k = maps.Clone(k)
	for name, value := range changes {
		if k[name] = value; value == nil {
			delete(k, name)
		}
	}
	return k
}

// rocaModulus has the form of the broken library: a power of 65537 modulo the product of
// the first primes.
func rocaModulus() *big.Int {
	m := big.NewInt(1)
	for p := int64(2); p <= 167; p++ {
		if big.NewInt(p).ProbablyPrime(0) {
			m.Mul(m, big.NewInt(p))
		}
	}
	n := new(big.Int).Exp(big.NewInt(65537), big.NewInt(12345), m)
	return n.Add(n, m.Mul(m, new(big.Int).Lsh(big.NewInt(1), uint(2047-m.BitLen()+1))))
}

// skipRow is a row of the table in docs/authz.md.
type skipRow struct {
	name   string // as in the table
	reason string
	keys   []jwk
}

func skipRows(tb testing.TB) []skipRow {
	tb.Helper()
	k := newKeys(tb)
	rsa2048, _ := k[rsKey].Public().(*rsa.PublicKey)
	r, e := publicJWK("x", "RS256", rsa2048), publicJWK("x", "ES256", k[esKey].Public())
	o := publicJWK("x", "EdDSA", k[edKey].Public())
	long := new(big.Int).SetBit(new(big.Int).Set(rsa2048.N), 8300, 1)
	return []skipRow{
		{"`kty` is `oct`, also beside other keys", "symmetric", []jwk{{"kid": "x", "kty": "oct", "k": "AAAA", "alg": "HS256"}}},
		{"a member `k`, whatever `kty` says", "symmetric", []jwk{with(r, jwk{"k": "AAAA"})}},
		{"a private member (`d`, `p`, `q`, `dp`, `dq`, `qi`, `oth`)", "private", []jwk{with(r, jwk{"d": "AQAB"})}},
		{"`use` other than `sig`", "use", []jwk{with(r, jwk{"use": "enc"})}},
		{"`key_ops` without `verify`", "key_ops", []jwk{with(r, jwk{"key_ops": []string{"sign", "encrypt"}})}},
		{"no `kid`", "no kid", []jwk{with(r, jwk{"kid": nil})}},
		{"two different keys with one `kid`: both", "kid of another", []jwk{r, e, o}},
		{"`alg` that is not accepted", "alg", []jwk{with(r, jwk{"alg": "RSA-OAEP"})}},
		{"`alg` that is not one of its `kty` and `crv`", "alg", []jwk{with(e, jwk{"alg": "ES384"})}},
		{"unknown `kty`", "kty", []jwk{with(r, jwk{"kty": "DSA"})}},
		{"unknown `crv`", "crv", []jwk{with(e, jwk{"crv": "secp256k1", "alg": nil})}},
		{"`crv` of OKP other than Ed25519", "crv", []jwk{with(o, jwk{"crv": "X25519"})}},
		{"RSA under 2048 bits", "too short", []jwk{with(r, jwk{"n": b64(new(big.Int).Rsh(rsa2048.N, 1).Bytes())})}},
		{"RSA over 8192 bits", "too long", []jwk{with(r, jwk{"n": b64(long.Bytes())})}},
		{"RSA exponent that is even", "exponent", []jwk{with(r, jwk{"e": b64([]byte{1, 0, 0})})}},
		{"RSA exponent of 1", "exponent", []jwk{with(r, jwk{"e": b64([]byte{1})})}},
		{"RSA exponent over 2147483647", "exponent", []jwk{with(r, jwk{"e": b64([]byte{1, 0, 0, 0, 1})})}},
		{"RSA modulus with the ROCA fingerprint (CVE-2017-15361)", "CVE-2017-15361", []jwk{with(r, jwk{"n": b64(rocaModulus().Bytes())})}},
		{"EC point that is not on its curve", "not a point", []jwk{with(e, jwk{"x": b64(make([]byte, 32))})}},
		{"EC coordinate of another length", "malformed x", []jwk{with(e, jwk{"x": b64(make([]byte, 31))})}},
		{"a number that is padded or not base64url", "malformed n", []jwk{with(r, jwk{"n": "AQAB=="})}},
		{"a number that is missing", "malformed n", []jwk{with(r, jwk{"n": nil})}},
	}
}

// Every row of the table of docs/authz.md: the keys are skipped, and the good one beside
// them is used.
func TestKeySetSkips(t *testing.T) {
	t.Parallel()
	good := publicJWK("good", "ES256", newECKey(t).Public())
	page, err := os.ReadFile("../docs/authz.md")
	must(t, err)
	for _, row := range skipRows(t) {
		set, err := authz.ParseKeySet(jwks(append(row.keys, good)...))
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		if _, err := set.Key(t.Context(), "good"); err != nil {
			t.Errorf("%s: the good key is gone", row.name)
		}
		if _, err := set.Key(t.Context(), "x"); err == nil {
			t.Errorf("%s: the key is used", row.name)
		}
		skipped := set.Skipped()
		if len(skipped) == 0 || !strings.Contains(skipped[len(skipped)-1].Reason, row.reason) {
			t.Errorf("%s: the skipped keys are %+v", row.name, skipped)
		}
		if _, err := authz.ParseKeySet(jwks(row.keys...)); err == nil && len(row.keys) == 1 {
			t.Errorf("%s: a set without a usable key is accepted", row.name)
		}
		if !strings.Contains(string(page), "| "+row.name+" |") {
			t.Errorf("docs/authz.md lacks the row %q", row.name)
		}
	}
}

func TestKeySetTakes(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(t, err)
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	must(t, err)
	r := publicJWK("r", "", k[rsKey].Public())
	for _, test := range []struct {
		name       string
		algorithms []string
		key        jwk
		want       string
	}{
		{"RSA without alg", nil, r, authz.RS256},
		{"RSA without alg, of an issuer of PS384", []string{authz.ES256, authz.PS384}, r, authz.PS384},
		{"RS512", nil, with(r, jwk{"alg": "RS512"}), authz.RS512},
		{"RSA without use", nil, with(r, jwk{"use": nil}), authz.RS256},
		{"with key_ops", nil, with(r, jwk{"key_ops": []string{"verify"}}), authz.RS256},
		{"x5c is not looked at", nil, with(r, jwk{"x5c": []int{1}, "x5u": 7, "x5t": "x"}), authz.RS256},
		{"P-256 without alg", nil, publicJWK("r", "", k[esKey].Public()), authz.ES256},
		{"P-384", nil, publicJWK("r", "", p384.Public()), authz.ES384},
		{"P-521", nil, publicJWK("r", "ES512", p521.Public()), authz.ES512},
		{"Ed25519 without alg", nil, publicJWK("r", "", k[edKey].Public()), authz.EdDSA},
	} {
		set, err := authz.ParseKeySet(jwks(test.key), test.algorithms...)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		key, err := set.Key(t.Context(), "r")
		if err != nil || key.Algorithm() != test.want || key.ID() != "r" {
			t.Errorf("%s: the key is %+v, %v", test.name, key, err)
		}
	}
	set, err := authz.ParseKeySet(jwks(r, r))
	must(t, err)
	if _, err := set.Key(t.Context(), "r"); err != nil || len(set.Skipped()) != 1 {
		t.Errorf("one key that is there twice: %v, %+v", err, set.Skipped())
	}
}

func TestKeySetFails(t *testing.T) {
	t.Parallel()
	for name, document := range map[string]string{
		"empty": "", "no JSON": "<html>", "null": "null", "an array": "[]", "no keys": "{}", "keys as an object": `{"keys":{}}`,
		"no key": `{"keys":[]}`, "keys of other types": `{"keys":[1,null,"x",[]]}`, "a member twice": `{"keys":[],"keys":[]}`,
		"a member of a key twice": `{"keys":[{"kid":"a","kid":"b"}]}`, "a byte order mark": "\ufeff" + `{"keys":[]}`,
		"too deep": `{"keys":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
		"too long": `{"keys":[],"x":"` + strings.Repeat("x", authz.MaxKeySet) + `"}`,
	} {
		if _, err := authz.ParseKeySet([]byte(document)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestGoodModuliAreNotROCA(t *testing.T) {
	t.Parallel()
	for range 4 {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		must(t, err)
		if authz.IsROCA(key.N) {
			t.Errorf("%x is taken for a broken modulus", key.N)
		}
	}
}

func TestPublicAddresses(t *testing.T) {
	t.Parallel()
	for _, public := range []string{"8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"} {
		if !authz.IsPublic(netip.MustParseAddr(public)) {
			t.Errorf("%s is not public", public)
		}
	}
	for _, private := range []string{
		"127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "0.1.2.3",
		"224.0.0.1", "240.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.0.8", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
		"::7f00:1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::1",
		"2001:db8::1", "2001::1", "fec0::1",
	} {
		if authz.IsPublic(netip.MustParseAddr(private)) {
			t.Errorf("%s is public", private)
		}
	}
}

func TestKeysOfAFile(t *testing.T) {
	t.Parallel()
	first, second := newECKey(t), newECKey(t)
	path := filepath.Join(t.TempDir(), "jwks.json")
	write := func(content []byte) {
		t.Helper()
		must(t, os.WriteFile(path+".new", content, 0o600))
		must(t, os.Rename(path+".new", path))
	}
	if _, err := authz.OpenKeys(t.Context(), path, nil); err == nil {
		t.Error("a file that is not there was opened")
	}
	write(jwks(publicJWK("first", "", first.Public())))
	keys, err := authz.OpenKeys(t.Context(), path, nil)
	must(t, err)
	go keys.Run(t.Context())
	before := keys.Generation()
	has := func(id string) bool {
		_, err := keys.Key(t.Context(), id)
		return cpodkit.CodeOf(err) == ""
	}
	write(jwks(publicJWK("second", "", second.Public())))
	eventually(t, func() bool { return has("second") && !has("first") })
	if keys.Generation() == before {
		t.Error("the generation did not change with the keys")
	}
	write([]byte("{"))
	eventually(t, func() bool { return keys.Err() != nil })
	if !has("second") {
		t.Error("a broken edit took the keys away")
	}
}

// eventually waits until a condition holds, and gives up after a minute.
func eventually(tb testing.TB, holds func() bool) {
	tb.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); {
		if time.Now().After(deadline) {
			tb.Fatal("it did not happen within a minute")
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-tb.Context().Done():
			tb.Fatal(tb.Context().Err())
		}
	}
}
