package authz

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"

	"github.com/cpodkit/cpodkit/internal/strictjson"
)

// MaxKeySet is the most bytes that a JSON Web Key Set may have: 1 MiB.
const MaxKeySet = 1 << 20

// SkippedKey is a key of a set that is not used.
type SkippedKey struct {
	Position int    // in "keys", from 0
	ID       string // the "kid", at most 64 bytes of it
	Reason   string
}

// ParseKeySet reads a JSON Web Key Set (RFC 7517 section 5). Keys that are not for
// signatures of others, or that are weak or malformed, are skipped: docs/authz.md says
// which and why, and [KeySet.Skipped] lists them. It fails when the document is malformed
// and when no key is left.
//
// A key without "alg" is bound to the first of algorithms that fits it. Where none does,
// an RSA key is bound to RS256, an EC key to the one algorithm of its curve, and an
// Ed25519 key to EdDSA.
func ParseKeySet(jwks []byte, algorithms ...string) (*KeySet, error) {
	if len(jwks) > MaxKeySet {
		return nil, fmt.Errorf("authz: the key set has more than %d bytes", MaxKeySet)
	}
	var document map[string]any
	faults, err := strictjson.Unmarshal(jwks, &document)
	if err != nil {
		return nil, fmt.Errorf("authz: the key set is not JSON: %w", err)
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("authz: the key set is malformed: %s %s", faults[0].Pointer, faults[0].Detail)
	}
	list, ok := document["keys"].([]any)
	if !ok {
		return nil, errors.New("authz: the key set has no array of keys")
	}
	set := &KeySet{keys: map[string]*VerificationKey{}}
	doubled := map[string]bool{}
	for at, item := range list {
		jwk, _ := item.(map[string]any)
		key, err := parseKey(jwk, algorithms)
		if err == nil {
			err = set.add(key, doubled)
		}
		if err != nil {
			id, _ := jwk["kid"].(string)
			set.skipped = append(set.skipped, SkippedKey{at, id[:min(len(id), 64)], err.Error()})
		}
	}
	if len(set.keys) == 0 {
		return nil, &NoKeyError{set.skipped}
	}
	return set, nil
}

// NoKeyError is the error of [ParseKeySet] for a set without a key that is usable.
type NoKeyError struct{ Skipped []SkippedKey }

// Error says how many keys there are, and what is wrong with the first one.
func (e *NoKeyError) Error() string {
	reason := ""
	if len(e.Skipped) > 0 {
		reason = fmt.Sprintf("; key %d: it %s", e.Skipped[0].Position, e.Skipped[0].Reason)
	}
	return fmt.Sprintf("authz: none of the %d keys of the set is usable%s", len(e.Skipped), reason)
}

// errTwice is why both of two keys are skipped.
var errTwice = errors.New("has the kid of another key")

// add adds a key. Of two different keys with the same id neither is used, because nobody
// can tell which one is meant.
func (s *KeySet) add(key *VerificationKey, doubled map[string]bool) error {
	other := s.keys[key.id]
	switch {
	case doubled[key.id]:
		return errTwice
	case other != nil && other.equal(key):
		return errors.New("is there twice")
	case other != nil:
		doubled[key.id] = true
		delete(s.keys, key.id)
		return errTwice
	}
	s.keys[key.id] = key
	return nil
}

func (k *VerificationKey) equal(other *VerificationKey) bool {
	public, ok := k.public.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.algorithm == other.algorithm && public.Equal(other.public)
}

// Skipped returns the keys that [ParseKeySet] did not take.
func (s *KeySet) Skipped() []SkippedKey { return slices.Clone(s.skipped) }

// print identifies the keys of the set.
func (s *KeySet) print() [sha256.Size]byte {
	var lines [][]byte
	for id, key := range s.keys {
		der, _ := x509.MarshalPKIXPublicKey(key.public) // of a key that was checked
		lines = append(lines, fmt.Appendf(nil, "%q %s %x\n", id, key.algorithm, der))
	}
	slices.SortFunc(lines, bytes.Compare)
	return sha256.Sum256(slices.Concat(lines...))
}

// parseKey reads a JSON Web Key (RFC 7517 section 4). The error says why it is not used.
func parseKey(jwk map[string]any, algorithms []string) (*VerificationKey, error) {
	if jwk == nil {
		return nil, errors.New("is not an object")
	}
	if err := forVerifying(jwk); err != nil {
		return nil, err
	}
	id, ok := jwk["kid"].(string)
	if !ok || id == "" {
		return nil, errors.New("has no kid")
	}
	public, err := parsePublic(jwk)
	if err != nil {
		return nil, err
	}
	algorithm, err := algorithmOf(jwk, public, algorithms)
	if err != nil {
		return nil, err
	}
	key, err := NewVerificationKey(id, algorithm, public)
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	return key, nil
}

// forVerifying refuses a key that is not the public half of a pair for signatures.
func forVerifying(jwk map[string]any) error {
	if _, symmetric := jwk["k"]; symmetric || jwk["kty"] == "oct" {
		return errors.New("is symmetric")
	}
	for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth"} {
		if _, there := jwk[private]; there {
			return errors.New("holds the private key, which everybody knows now")
		}
	}
	if use, there := jwk["use"]; there && use != "sig" {
		return errors.New("has a use other than sig")
	}
	if operations, there := jwk["key_ops"]; there {
		list, _ := operations.([]any)
		if !slices.Contains(list, any("verify")) {
			return errors.New("has key_ops without verify")
		}
	}
	return nil
}

// algorithmOf returns the one algorithm of a key.
func algorithmOf(jwk map[string]any, public crypto.PublicKey, algorithms []string) (string, error) {
	if alg, there := jwk["alg"]; there {
		text, _ := alg.(string)
		if !fits(text, public) {
			return "", errors.New("has an alg that is not accepted or not one of its kty and crv")
		}
		return text, nil
	}
	for _, algorithm := range slices.Concat(algorithms, []string{RS256, ES256, ES384, ES512, EdDSA}) {
		if fits(algorithm, public) {
			return algorithm, nil
		}
	}
	return "", errors.New("has a kty and crv without an algorithm that is accepted")
}

func parsePublic(jwk map[string]any) (crypto.PublicKey, error) {
	switch jwk["kty"] {
	case "RSA":
		n, err1 := number(jwk, "n")
		e, err2 := number(jwk, "e")
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		if !e.IsInt64() || e.Int64() > math.MaxInt32 {
			return nil, errors.New("has an exponent over 2147483647")
		}
		return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
	case "EC":
		curve := namedCurve(jwk["crv"])
		if curve == nil {
			return nil, errors.New("has a crv that is not accepted")
		}
		size := (curve.Params().BitSize + 7) / 8 // RFC 7518 section 6.2.1.2
		x, err1 := octets(jwk, "x", size)
		y, err2 := octets(jwk, "y", size)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		public, err := ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, x, y))
		if err != nil {
			return nil, errors.New("is not a point on its curve")
		}
		return public, nil
	case "OKP":
		if jwk["crv"] != "Ed25519" {
			return nil, errors.New("has a crv that is not accepted")
		}
		x, err := octets(jwk, "x", ed25519.PublicKeySize)
		return ed25519.PublicKey(x), err
	}
	return nil, errors.New("has a kty that is not known")
}

func namedCurve(crv any) elliptic.Curve {
	switch crv {
	case "P-256":
		return elliptic.P256()
	case "P-384":
		return elliptic.P384()
	case "P-521":
		return elliptic.P521()
	}
	return nil
}

func number(jwk map[string]any, name string) (*big.Int, error) {
	raw, err := octets(jwk, name, 0)
	return new(big.Int).SetBytes(raw), err
}

// octets reads a member in base64url of size bytes; of any size when it is 0.
func octets(jwk map[string]any, name string, size int) ([]byte, error) {
	text, _ := jwk[name].(string)
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) == 0 || size > 0 && len(raw) != size {
		return nil, fmt.Errorf("has a malformed %s", name)
	}
	return raw, nil
}
