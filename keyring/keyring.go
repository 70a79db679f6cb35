// Package keyring keeps the server's own keys: what signs tokens, and the
// secrets that seal cursors, signed URLs and the audit chain.
//
// There is one [Ring] for all replicas of an installation. The first replica to
// start makes it, by compare-and-set in a [Store], and seals it by a [Sealer]:
// a [Master] key that only the operator holds, or a key service. The others open
// it. The store never sees a key in the clear. A [Rotator] replaces signing keys
// in time.
package keyring

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/unprintable"
)

// ES256 is ECDSA on P-256 with SHA-256 (RFC 7518 section 3.4).
const ES256 = "ES256"

// SecretLen is the length of what [Ring.Secret] returns, in bytes.
const SecretLen = 32

// attempts bounds how often a change starts again after another replica won.
const attempts = 5

var (
	errNoMaster = errors.New("keyring: there is no sealer, or its master key is empty; make one with ParseMaster or LoadOrCreateMasterFile")
	errNoStore  = errors.New("keyring: the store is nil")
)

// Ring holds the keys of the server. It never changes, so it is safe for
// concurrent use. It cannot be printed, logged or marshalled.
type Ring struct {
	unprintable.Type
	root    []byte
	signing []SigningKey // by SignsFrom, at least one
}

// SigningKey signs tokens. It cannot be printed, logged or marshalled.
type SigningKey struct {
	unprintable.Type
	ID        string        // the "kid": the key's JWK thumbprint (RFC 7638)
	Algorithm string        // the "alg" of RFC 7518; ES256
	Private   crypto.Signer // for ES256 an *ecdsa.PrivateKey
	CreatedAt time.Time     // UTC, whole seconds

	// SignsFrom is when the key begins to sign, and the one before it ceases. Until
	// then it is published only, so that whoever verifies tokens learns it in time.
	SignsFrom time.Time

	// VerifiesUntil is when the last token that the key can have signed is over, and
	// the key is dropped. It is zero while the key has no successor.
	VerifiesUntil time.Time
}

// Open returns the ring that store holds. When it holds none, Open makes one and
// saves it; of several replicas that do so at once one wins, and all return its
// ring.
//
// The error wraps [ErrWrongMaster] when the ring was sealed under another
// master key, [ErrDamaged] when it cannot be read, and else what the store or
// the sealer returned.
func Open(ctx context.Context, store Store, sealer Sealer) (*Ring, error) {
	if store == nil {
		return nil, errNoStore
	}
	if isNone(sealer) {
		return nil, errNoMaster
	}
	var fresh *Ring
	for range attempts {
		sealed, _, err := store.Load(ctx)
		if err == nil {
			return unseal(ctx, sealed, sealer)
		}
		if !errors.Is(err, cpodkit.CodeNotFound) {
			return nil, fmt.Errorf("keyring: load: %w", err)
		}
		if fresh == nil {
			if fresh, err = generate(); err != nil {
				return nil, err
			}
		}
		if sealed, err = seal(ctx, fresh, sealer); err != nil {
			return nil, err
		}
		err = store.Save(ctx, sealed, "")
		if err == nil {
			return fresh, nil
		}
		if !anotherWon(err) {
			return nil, fmt.Errorf("keyring: save: %w", err)
		}
	}
	return nil, errors.New("keyring: the store says that another replica saved a ring, but holds none")
}

func anotherWon(err error) bool {
	return errors.Is(err, cpodkit.CodePreconditionFailed) || errors.Is(err, cpodkit.CodeConflict)
}

// Secret returns [SecretLen] bytes for one purpose, such as "cursor": the same
// on every replica and after every restart. Secrets of different purposes say
// nothing about each other (HKDF-SHA-256, RFC 5869).
func (r *Ring) Secret(purpose string) []byte {
	return derive(r.root, "cpodkit ring "+purpose, SecretLen)
}

// SigningKeys returns the keys whose signatures are valid now, at least one. The
// first one signs; the others only verify.
func (r *Ring) SigningKeys() []SigningKey {
	now := time.Now()
	keys := slices.DeleteFunc(slices.Clone(r.signing), func(k SigningKey) bool { return k.dropped(now) })
	signing := 0
	for i, key := range keys {
		if !key.SignsFrom.After(now) {
			signing = i
		}
	}
	signer := keys[signing]
	return slices.Insert(slices.Delete(keys, signing, signing+1), 0, signer)
}

func (k *SigningKey) dropped(now time.Time) bool {
	return !k.VerifiesUntil.IsZero() && !now.Before(k.VerifiesUntil)
}

// newest returns the key that signs last.
func (r *Ring) newest() *SigningKey { return &r.signing[len(r.signing)-1] }

func generate() (*Ring, error) {
	key, err := generateKey(time.Now())
	if err != nil {
		return nil, err
	}
	root := make([]byte, 32)
	rand.Read(root)
	return &Ring{root: root, signing: []SigningKey{key}}, nil
}

func generateKey(now time.Time) (SigningKey, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return SigningKey{}, fmt.Errorf("keyring: make a signing key: %w", err)
	}
	return newSigningKey(private, now)
}

// newSigningKey returns a key that signs from its creation on.
func newSigningKey(private *ecdsa.PrivateKey, created time.Time) (SigningKey, error) {
	id, err := thumbprint(&private.PublicKey)
	if err != nil {
		return SigningKey{}, fmt.Errorf("keyring: name a signing key: %w", err)
	}
	created = created.UTC().Truncate(time.Second)
	return SigningKey{ID: id, Algorithm: ES256, Private: private, CreatedAt: created, SignsFrom: created}, nil
}

// thumbprint is RFC 7638 section 3 for a key on P-256.
func thumbprint(public *ecdsa.PublicKey) (string, error) {
	point, err := public.Bytes() // 4, then x and y (SEC 1 section 2.3.3)
	if err != nil {
		return "", err
	}
	if len(point) != 65 {
		return "", errors.New("the key is not on P-256")
	}
	enc := base64.RawURLEncoding
	jwk := fmt.Sprintf(`{"crv":"P-256","kty":"EC","x":%q,"y":%q}`,
		enc.EncodeToString(point[1:33]), enc.EncodeToString(point[33:]))
	sum := sha256.Sum256([]byte(jwk))
	return enc.EncodeToString(sum[:]), nil
}

// derive is HKDF-SHA-256 (RFC 5869).
func derive(secret []byte, info string, length int) []byte {
	key, err := hkdf.Key(sha256.New, secret, nil, info, length)
	if err != nil {
		// Only a length or a secret that no caller here has makes HKDF fail.
		panic("keyring: " + err.Error())
	}
	return key
}
