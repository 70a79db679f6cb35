package authz

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"

	"github.com/cpodkit/cpodkit"
)

// The signature algorithms that are accepted (RFC 7518 section 3.1, RFC 8037
// section 3.1). There is no other, in particular no HMAC and no "none".
const (
	RS256 = "RS256" // RSASSA-PKCS1-v1_5 with SHA-256
	PS256 = "PS256" // RSASSA-PSS with SHA-256
	ES256 = "ES256" // ECDSA on P-256 with SHA-256
	EdDSA = "EdDSA" // Ed25519
)

// minRSABits is what RFC 7518 section 3.3 asks for.
const minRSABits = 2048

// VerificationKey is a public key bound to one algorithm, so that a token
// cannot choose how it is verified (RFC 8725 section 3.1). It never changes.
type VerificationKey struct {
	id        string
	algorithm string
	public    crypto.PublicKey
	verifier  verifier
}

// verifier checks a signature. Those of jws do.
type verifier interface {
	Verify(signed, signature []byte, key any) error
}

// pss256 is PS256 with a salt of the hash's length, as RFC 7518 section 3.5 wants it.
// The verifier of jws takes a salt of any length.
type pss256 struct{}

func (pss256) Verify(signed, signature []byte, key any) error {
	digest := sha256.Sum256(signed)
	public, ok := key.(*rsa.PublicKey)
	if !ok {
		return fmt.Errorf("authz: a %T does not verify PS256", key)
	}
	return rsa.VerifyPSS(public, crypto.SHA256, digest[:], signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
}

// NewVerificationKey returns the key with the given "kid". It fails when the
// algorithm is none of those above or not one for keys of this type, when an RSA
// key has fewer than 2048 bits or an exponent that is even or below 3, and when the
// point of an ECDSA key is not on its curve.
//
// Public is an *rsa.PublicKey, an *ecdsa.PublicKey or an ed25519.PublicKey.
func NewVerificationKey(id, algorithm string, public crypto.PublicKey) (*VerificationKey, error) {
	if id == "" {
		return nil, errors.New("authz: a key needs an id")
	}
	fits := false
	switch public := public.(type) {
	case *rsa.PublicKey:
		fits = algorithm == RS256 || algorithm == PS256
		if err := checkRSA(id, public); fits && err != nil {
			return nil, err
		}
	case *ecdsa.PublicKey:
		fits = algorithm == ES256 && public.Curve == elliptic.P256()
		if fits && !onCurve(public) {
			return nil, fmt.Errorf("authz: key %q is not a point on its curve", id)
		}
	case ed25519.PublicKey:
		fits = algorithm == EdDSA && len(public) == ed25519.PublicKeySize
	}
	if !fits {
		return nil, fmt.Errorf("authz: key %q is a %T, which does not go with the algorithm %q", id, public, algorithm)
	}
	if algorithm == PS256 {
		return &VerificationKey{id, algorithm, public, pss256{}}, nil
	}
	verifier, err := jws.NewVerifier(jwa.SignatureAlgorithm(algorithm))
	if err != nil {
		return nil, fmt.Errorf("authz: key %q: %w", id, err)
	}
	return &VerificationKey{id, algorithm, public, verifier}, nil
}

func onCurve(public *ecdsa.PublicKey) bool {
	if public.X == nil || public.Y == nil { //nolint:staticcheck // ECDH panics without them
		return false
	}
	_, err := public.ECDH()
	return err == nil
}

func checkRSA(id string, public *rsa.PublicKey) error {
	switch {
	case public.N == nil || public.N.BitLen() < minRSABits:
		return fmt.Errorf("authz: key %q is too short; RSA needs at least %d bits", id, minRSABits)
	case public.E < 3 || public.E%2 == 0:
		return fmt.Errorf("authz: key %q has the exponent %d; RSA needs an odd one of at least 3", id, public.E)
	}
	return nil
}

// KeySource gives the public keys of one issuer. It is safe for concurrent use.
type KeySource interface {
	// Key returns the key with the given id. The code of its error is
	// [cpodkit.CodeNotFound] when the issuer has no such key. Every other error
	// means that the source cannot tell now.
	Key(ctx context.Context, id string) (*VerificationKey, error)

	// Generation returns a number that changes with the set of keys. A token that
	// was verified under another generation is verified again.
	Generation() uint64
}

// KeySet is a [KeySource] that never changes.
type KeySet struct{ keys map[string]*VerificationKey }

var _ KeySource = (*KeySet)(nil)

// NewKeySet returns a set of the given keys. It fails when one is nil, or two have the
// same id.
func NewKeySet(keys ...*VerificationKey) (*KeySet, error) {
	set := &KeySet{keys: make(map[string]*VerificationKey, len(keys))}
	for _, key := range keys {
		if key == nil {
			return nil, errors.New("authz: a key is nil")
		}
		if set.keys[key.id] != nil {
			return nil, fmt.Errorf("authz: two keys have the id %q", key.id)
		}
		set.keys[key.id] = key
	}
	return set, nil
}

// Key implements [KeySource].
func (s *KeySet) Key(_ context.Context, id string) (*VerificationKey, error) {
	if key := s.keys[id]; key != nil {
		return key, nil
	}
	return nil, cpodkit.CodeNotFound
}

// Generation implements [KeySource].
func (s *KeySet) Generation() uint64 { return 0 }
