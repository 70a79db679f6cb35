package authz

import (
	"context"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// AccessTokenType is the "typ" of an access token (RFC 9068 section 2.1).
const AccessTokenType = "at+jwt"

// SigningKey is a private key that signs tokens with one algorithm.
type SigningKey struct {
	ID        string // the "kid"
	Algorithm string // one of the algorithms above, such as [ES256]
	Private   crypto.Signer
}

// Signer signs access tokens and publishes the keys that verify them. It is
// the [KeySource] of its own tokens, and safe for concurrent use.
type Signer struct{ current atomic.Pointer[signingSet] }

var _ KeySource = (*Signer)(nil)

// signingSet is one generation of keys. It never changes.
type signingSet struct {
	generation uint64
	header     string // of every token, encoded
	signer     jws.Signer
	private    crypto.Signer
	public     *KeySet
	jwks       []byte
}

// NewSigner returns a Signer that signs with the first key; the others verify
// only, which is what a rotation with overlap needs. It tries every key once
// and fails when one does not verify what it signed.
func NewSigner(keys ...SigningKey) (*Signer, error) {
	s := &Signer{}
	if err := s.Replace(keys...); err != nil {
		return nil, err
	}
	return s, nil
}

// Replace changes the keys, as [NewSigner] took them. On an error the keys that
// were there stay.
func (s *Signer) Replace(keys ...SigningKey) error {
	next, err := newSigningSet(keys)
	if err != nil {
		return err
	}
	for {
		old := s.current.Load()
		if old != nil {
			next.generation = old.generation + 1
		}
		if s.current.CompareAndSwap(old, next) {
			return nil
		}
	}
}

func newSigningSet(keys []SigningKey) (*signingSet, error) {
	if len(keys) == 0 {
		return nil, errors.New("authz: a signer needs at least one key")
	}
	public := make([]*VerificationKey, len(keys))
	published := jwk.NewSet()
	for i, key := range keys {
		var err error
		if public[i], err = tryKey(key); err != nil {
			return nil, err
		}
		if err = publish(published, public[i]); err != nil {
			return nil, fmt.Errorf("authz: publish key %q: %w", key.ID, err)
		}
	}
	set := &signingSet{private: keys[0].Private}
	var err error
	if set.public, err = NewKeySet(public...); err != nil {
		return nil, err
	}
	if set.signer, err = jws.NewSigner(jwa.SignatureAlgorithm(keys[0].Algorithm)); err != nil {
		return nil, fmt.Errorf("authz: key %q: %w", keys[0].ID, err)
	}
	if set.jwks, err = json.Marshal(published); err != nil {
		return nil, fmt.Errorf("authz: publish the keys: %w", err)
	}
	header, err := json.Marshal(map[string]string{
		"alg": keys[0].Algorithm, "kid": keys[0].ID, "typ": AccessTokenType,
	})
	if err != nil {
		return nil, err
	}
	set.header = base64.RawURLEncoding.EncodeToString(header)
	return set, nil
}

// tryKey signs something and verifies it, so that a key that cannot work is
// found at the start and not by the first client.
func tryKey(key SigningKey) (*VerificationKey, error) {
	if key.Private == nil {
		return nil, fmt.Errorf("authz: key %q has no private part", key.ID)
	}
	public, err := NewVerificationKey(key.ID, key.Algorithm, key.Private.Public())
	if err != nil {
		return nil, err
	}
	signer, err := jws.NewSigner(jwa.SignatureAlgorithm(key.Algorithm))
	if err != nil {
		return nil, fmt.Errorf("authz: key %q: %w", key.ID, err)
	}
	probe := []byte("probe")
	signature, err := signer.Sign(probe, key.Private)
	if err != nil {
		return nil, fmt.Errorf("authz: key %q does not sign: %w", key.ID, err)
	}
	if !public.verifies(string(probe), signature) {
		return nil, fmt.Errorf("authz: key %q does not verify what it signed", key.ID)
	}
	return public, nil
}

func publish(set jwk.Set, key *VerificationKey) error {
	public, err := jwk.FromRaw(key.public)
	if err != nil {
		return err
	}
	for name, value := range map[string]any{
		jwk.KeyIDKey:     key.id,
		jwk.AlgorithmKey: jwa.SignatureAlgorithm(key.algorithm),
		jwk.KeyUsageKey:  jwk.ForSignature,
	} {
		if err := public.Set(name, value); err != nil {
			return err
		}
	}
	return set.AddKey(public)
}

// Sign returns the claims as a signed access token (JWS compact serialization,
// RFC 7515 section 7.1).
func (s *Signer) Sign(claims Claims) (string, error) {
	payload, err := claims.encode()
	if err != nil {
		return "", fmt.Errorf("authz: encode the claims: %w", err)
	}
	set := s.current.Load()
	signed := set.header + "." + base64.RawURLEncoding.EncodeToString(payload)
	signature, err := set.signer.Sign([]byte(signed), set.private)
	if err != nil {
		return "", fmt.Errorf("authz: sign: %w", err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// JWKS returns the public keys as a JSON Web Key Set (RFC 7517 section 5), the
// signing one first. Do not change the bytes.
func (s *Signer) JWKS() []byte { return s.current.Load().jwks }

// Key implements [KeySource].
func (s *Signer) Key(ctx context.Context, id string) (*VerificationKey, error) {
	return s.current.Load().public.Key(ctx, id)
}

// Generation implements [KeySource].
func (s *Signer) Generation() uint64 { return s.current.Load().generation }
