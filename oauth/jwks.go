package oauth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/cpodkit/cpodkit/authz"
)

const (
	maxJWKS    = 16 << 10 // bytes
	maxAppKeys = 20
)

// clientAlgorithms are those with which an app may sign (RFC 7518 section 3.1).
func clientAlgorithms() []string { return []string{authz.RS256, authz.PS256, authz.ES256, authz.EdDSA} }

// jwk is a public key of an app (RFC 7517). Members that are not here are ignored, as
// section 4 says.
type jwk struct {
	Type       string   `json:"kty"`
	Use        string   `json:"use"`
	Operations []string `json:"key_ops"`
	ID         string   `json:"kid"`
	Algorithm  string   `json:"alg"`

	N string `json:"n"`
	E string `json:"e"`

	Curve string `json:"crv"`
	X     string `json:"x"`
	Y     string `json:"y"`

	// Those of private and symmetric keys.
	D any `json:"d"`
	K any `json:"k"`
}

// clientKey is a key bound to one algorithm.
type clientKey struct {
	id        string
	algorithm string
	public    crypto.PublicKey
}

// parseJWKS returns the keys of a document, or what is wrong with which of them. A set
// with keys that are no use is refused as a whole: whoever registers it is there to mend it.
func parseJWKS(document []byte, at string) ([]clientKey, faults) {
	var faults faults
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	switch err := json.Unmarshal(document, &set); {
	case len(document) > maxJWKS:
		faults.add(at, "has at most %d bytes", maxJWKS)
	case err != nil || len(set.Keys) == 0 || len(set.Keys) > maxAppKeys:
		faults.add(at, "must be a JSON Web Key Set of 1 to %d public keys (RFC 7517)", maxAppKeys)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	keys := make([]clientKey, 0, len(set.Keys))
	for i, raw := range set.Keys {
		var j jwk
		err := json.Unmarshal(raw, &j)
		var key clientKey
		if err == nil {
			key, err = j.key()
		} else {
			err = errors.New("is not a JSON Web Key")
		}
		same := func(k clientKey) bool { return k.id == key.id }
		switch {
		case err != nil:
			faults.add(pointer(at+"/keys", i), "%s", err)
		case key.id == "" && len(set.Keys) > 1:
			faults.add(pointer(at+"/keys", i), "needs a kid, because there are several keys")
		case slices.ContainsFunc(keys, same):
			faults.add(pointer(at+"/keys", i), "has the kid of another key")
		default:
			keys = append(keys, key)
		}
	}
	return keys, faults
}

// key returns a usable key, or what is wrong with it as the end of a sentence.
func (j jwk) key() (clientKey, error) {
	switch {
	case j.K != nil || j.Type == "oct":
		return clientKey{}, errors.New("is a symmetric key, which is not accepted")
	case j.D != nil:
		return clientKey{}, errors.New("is a private key: keep it secret, and register the public one")
	case j.Use != "" && j.Use != "sig", j.Operations != nil && !slices.Contains(j.Operations, "verify"):
		return clientKey{}, errors.New("is not for signatures")
	}
	k := clientKey{id: j.ID, algorithm: j.Algorithm}
	var byDefault string
	switch {
	case j.Type == "RSA":
		byDefault = authz.RS256
		n, e := integer(j.N), integer(j.E)
		if n == nil || e == nil || !e.IsInt64() || e.Int64() >= 1<<31 || n.BitLen() > 8192 {
			return clientKey{}, errors.New("has no usable n and e")
		}
		k.public = &rsa.PublicKey{N: n, E: int(e.Int64())}
	case j.Type == "EC" && j.Curve == "P-256":
		byDefault = authz.ES256
		x, y := decoded(j.X), decoded(j.Y)
		if len(x) != 32 || len(y) != 32 {
			return clientKey{}, errors.New("has no usable x and y")
		}
		public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x, y))
		if err != nil {
			return clientKey{}, errors.New("is not a point on its curve")
		}
		k.public = public
	case j.Type == "OKP" && j.Curve == "Ed25519":
		byDefault = authz.EdDSA
		k.public = ed25519.PublicKey(decoded(j.X))
	default:
		return clientKey{}, fmt.Errorf("is of a kind that is not accepted; the algorithms are %q", clientAlgorithms())
	}
	if k.algorithm == "" {
		k.algorithm = byDefault
	}
	if _, err := authz.NewVerificationKey("key", k.algorithm, k.public); err != nil {
		return clientKey{}, fmt.Errorf("cannot be used: %w", err)
	}
	return k, nil
}

func decoded(text string) []byte {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil
	}
	return raw
}

func integer(text string) *big.Int {
	raw := decoded(text)
	if len(raw) == 0 {
		return nil
	}
	return new(big.Int).SetBytes(raw)
}

// verifies reports whether a signature is that of the key.
func (k clientKey) verifies(signed, signature []byte) bool {
	sum := sha256.Sum256(signed)
	switch public := k.public.(type) {
	case *rsa.PublicKey:
		if k.algorithm == authz.PS256 {
			return rsa.VerifyPSS(public, crypto.SHA256, sum[:], signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
		}
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature) == nil
	case *ecdsa.PublicKey:
		if len(signature) != 64 {
			return false
		}
		r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
		return ecdsa.Verify(public, sum[:], r, s)
	case ed25519.PublicKey:
		return ed25519.Verify(public, signed, signature)
	}
	return false
}
