package authz

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"math/big"
)

// The signature algorithms that are accepted (RFC 7518 section 3.1, RFC 8037
// section 3.1). There is no other, in particular no HMAC and no "none".
const (
	RS256 = "RS256" // RSASSA-PKCS1-v1_5 with SHA-256
	RS384 = "RS384" // RSASSA-PKCS1-v1_5 with SHA-384
	RS512 = "RS512" // RSASSA-PKCS1-v1_5 with SHA-512
	PS256 = "PS256" // RSASSA-PSS with SHA-256
	PS384 = "PS384" // RSASSA-PSS with SHA-384
	PS512 = "PS512" // RSASSA-PSS with SHA-512
	ES256 = "ES256" // ECDSA on P-256 with SHA-256
	ES384 = "ES384" // ECDSA on P-384 with SHA-384
	ES512 = "ES512" // ECDSA on P-521 with SHA-512
	EdDSA = "EdDSA" // Ed25519
)

// Algorithms returns the names of these algorithms.
func Algorithms() []string {
	return []string{RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA}
}

const (
	minRSABits = 2048 // RFC 7518 section 3.3
	maxRSABits = 8192 // a check takes the square of it
)

// VerificationKey is a public key bound to one algorithm, so that a token
// cannot choose how it is verified (RFC 8725 section 3.1). It never changes.
type VerificationKey struct {
	id        string
	algorithm string
	public    crypto.PublicKey
	hash      crypto.Hash // 0 for EdDSA
}

// NewVerificationKey returns the key with the given "kid". It fails when the
// algorithm is none of those above or not one for keys of this type, when an RSA
// key has fewer than 2048 bits or more than 8192, an exponent that is even or below 3,
// or a modulus that the ROCA attack factors (CVE-2017-15361), and when the point of an
// ECDSA key is not on its curve.
//
// Public is an *rsa.PublicKey, an *ecdsa.PublicKey or an ed25519.PublicKey.
func NewVerificationKey(id, algorithm string, public crypto.PublicKey) (*VerificationKey, error) {
	if id == "" {
		return nil, errors.New("authz: a key needs an id")
	}
	if !fits(algorithm, public) {
		return nil, fmt.Errorf("authz: key %q is a %T, which does not go with the algorithm %q", id, public, algorithm)
	}
	var err error
	switch public := public.(type) {
	case *rsa.PublicKey:
		err = checkRSA(public)
	case *ecdsa.PublicKey:
		err = checkPoint(public)
	}
	if err != nil {
		return nil, fmt.Errorf("authz: key %q %w", id, err)
	}
	return &VerificationKey{id, algorithm, public, hashOf(algorithm)}, nil
}

// ID returns the "kid".
func (k *VerificationKey) ID() string { return k.id }

// Algorithm returns the one algorithm that the key verifies.
func (k *VerificationKey) Algorithm() string { return k.algorithm }

// fits reports whether a key of this type verifies the algorithm.
func fits(algorithm string, public crypto.PublicKey) bool {
	switch public := public.(type) {
	case *rsa.PublicKey:
		return len(algorithm) == 5 && (algorithm[:2] == "RS" || algorithm[:2] == "PS") && hashOf(algorithm) != 0
	case *ecdsa.PublicKey:
		return public.Curve != nil && curveOf(algorithm) == public.Curve
	case ed25519.PublicKey:
		return algorithm == EdDSA && len(public) == ed25519.PublicKeySize
	}
	return false
}

func curveOf(algorithm string) elliptic.Curve {
	switch algorithm {
	case ES256:
		return elliptic.P256()
	case ES384:
		return elliptic.P384()
	case ES512:
		return elliptic.P521()
	}
	return nil
}

func hashOf(algorithm string) crypto.Hash {
	switch algorithm {
	case RS256, PS256, ES256:
		return crypto.SHA256
	case RS384, PS384, ES384:
		return crypto.SHA384
	case RS512, PS512, ES512:
		return crypto.SHA512
	}
	return 0
}

func checkPoint(public *ecdsa.PublicKey) error {
	if public.X != nil && public.Y != nil { //nolint:staticcheck // ECDH panics without them
		if _, err := public.ECDH(); err == nil {
			return nil
		}
	}
	return errors.New("is not a point on its curve")
}

func checkRSA(public *rsa.PublicKey) error {
	switch {
	case public.N == nil || public.N.BitLen() < minRSABits:
		return fmt.Errorf("is too short; RSA needs at least %d bits", minRSABits)
	case public.N.BitLen() > maxRSABits:
		return fmt.Errorf("is too long; RSA may have %d bits at most", maxRSABits)
	case public.E < 3 || public.E%2 == 0:
		return fmt.Errorf("has the exponent %d; RSA needs an odd one of at least 3", public.E)
	case isROCA(public.N):
		return errors.New("has a modulus that can be factored (CVE-2017-15361)")
	}
	return nil
}

// isROCA reports whether n is of the form that the broken library made: for each of the
// first primes, n is a power of 65537 modulo that prime. A good modulus is so by chance
// once in 2^27 times or less (Nemec et al., "The Return of Coppersmith's Attack", section 4.4).
func isROCA(n *big.Int) bool {
	rest := new(big.Int)
	for p := int64(3); p <= 167; p += 2 {
		if !big.NewInt(p).ProbablyPrime(0) {
			continue
		}
		want := rest.Mod(n, big.NewInt(p)).Int64()
		power := int64(1)
		for range p - 1 {
			if power == want {
				break
			}
			power = power * 65537 % p
		}
		if power != want {
			return false
		}
	}
	return true
}

// verifies reports whether signature is that of the key over signed.
func (k *VerificationKey) verifies(signed string, signature []byte) bool {
	var sum [sha512.Size]byte
	digest := sum[:]
	switch k.hash {
	case crypto.SHA256:
		short := sha256.Sum256([]byte(signed))
		digest = append(digest[:0], short[:]...)
	case crypto.SHA384:
		middle := sha512.Sum384([]byte(signed))
		digest = append(digest[:0], middle[:]...)
	default:
		sum = sha512.Sum512([]byte(signed))
	}
	switch public := k.public.(type) {
	case *rsa.PublicKey:
		if k.algorithm[0] == 'P' {
			// RFC 7518 section 3.5: the salt is as long as the hash.
			return rsa.VerifyPSS(public, k.hash, digest, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
		}
		return rsa.VerifyPKCS1v15(public, k.hash, digest, signature) == nil
	case *ecdsa.PublicKey:
		half := (public.Curve.Params().BitSize + 7) / 8
		if len(signature) != 2*half { // RFC 7518 section 3.4
			return false
		}
		return ecdsa.Verify(public, digest, new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:]))
	case ed25519.PublicKey:
		return ed25519.Verify(public, []byte(signed), signature)
	}
	return false
}
