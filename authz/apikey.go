package authz

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"time"

	"github.com/cpodkit/cpodkit"
)

// APIKeyPrefix begins every API key.
const APIKeyPrefix = "cpod_"

// maxAPIKey is far above the length of any key that is made here.
const maxAPIKey = 512

// APIKey is what is kept of an API key: what it stands for, and never the key.
type APIKey struct {
	ID       string // names the key in lists and logs; not secret
	Name     string // for people
	TenantID string
	AppID    string

	// Instance names the registration of the app that the key belongs to, so that
	// the key ends with it. It is empty for a key that belongs to no app.
	Instance string

	Scopes    cpodkit.Scopes
	CreatedAt time.Time
	ExpiresAt time.Time // zero when it does not expire

	// LastUsedAt is the hour in which the key was last used. It is zero for a key
	// that was never used, and for one whose uses are not noted.
	LastUsedAt time.Time
}

// Expired reports whether the key has ended by now.
func (k APIKey) Expired(now time.Time) bool { return !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt) }

// KeyDigest is the SHA-256 of an API key, under which its record is kept.
type KeyDigest [sha256.Size]byte

// String returns the digest in hex.
func (d KeyDigest) String() string { return hex.EncodeToString(d[:]) }

// ParseKeyDigest is the inverse of [KeyDigest.String]. ok is false for another text.
func ParseKeyDigest(text string) (digest KeyDigest, ok bool) {
	if len(text) != hex.EncodedLen(len(digest)) {
		return digest, false
	}
	_, err := hex.Decode(digest[:], []byte(text))
	return digest, err == nil
}

// KeyStore is for stores: it finds API keys. It is safe for concurrent use and
// honours ctx.
type KeyStore interface {
	// Find returns the record of a key. The code of its error is
	// [cpodkit.CodeNotFound] when there is none; every other error means that the
	// store cannot tell.
	Find(ctx context.Context, digest KeyDigest) (APIKey, error)
}

// NewAPIKey returns a new key of 256 random bits.
func NewAPIKey() string {
	random := make([]byte, 32)
	rand.Read(random)
	return APIKeyPrefix + base64.RawURLEncoding.EncodeToString(random)
}

// DigestOf returns the digest of a key. A plain hash is enough, and stretching
// it would add nothing, because nobody can guess 256 random bits.
func DigestOf(key string) KeyDigest { return sha256.Sum256([]byte(key)) }

// APIKeys verifies API keys. Every call asks the store, so that a key that is
// deleted there stops at once. It is safe for concurrent use.
//
// The lookup is by digest: how long it takes says nothing about a key.
type APIKeys struct{ store KeyStore }

var _ Verifier = (*APIKeys)(nil)

// NewAPIKeys returns a Verifier for the keys in store. It fails when store is nil.
func NewAPIKeys(store KeyStore) (*APIKeys, error) {
	if store == nil {
		return nil, errors.New("authz: the store of API keys is nil")
	}
	return &APIKeys{store}, nil
}

// Verify implements [Verifier].
func (v *APIKeys) Verify(ctx context.Context, token string) (cpodkit.Identity, error) {
	if len(token) <= len(APIKeyPrefix) || len(token) > maxAPIKey || token[:len(APIKeyPrefix)] != APIKeyPrefix {
		return cpodkit.Identity{}, errUnknownKey()
	}
	digest := DigestOf(token)
	key, err := v.store.Find(ctx, digest)
	if errors.Is(err, cpodkit.CodeNotFound) {
		return cpodkit.Identity{}, errUnknownKey()
	}
	if err != nil {
		return cpodkit.Identity{}, unavailable(ctx, err)
	}
	if key.Expired(time.Now()) {
		return cpodkit.Identity{}, cpodkit.Errorf(cpodkit.CodeTokenExpired, "The API key has expired.")
	}
	id := cpodkit.Identity{
		TenantID: key.TenantID, AppID: key.AppID, Scopes: key.Scopes, TokenID: key.ID, ExpiresAt: key.ExpiresAt,
		KeyDigest: digest.String(),
	}
	return id, checkIdentity(id)
}

func errUnknownKey() error { return refuse("The API key is not known.") }
