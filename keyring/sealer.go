package keyring

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"errors"
	"fmt"
)

// ErrAltered says that sealed bytes were altered, sealed by another [Sealer], or bound to
// something else.
var ErrAltered = errors.New("keyring: the sealed bytes were altered, or sealed by another key or for something else")

// Sealer encrypts and authenticates bytes under a key that is not stored beside them. A
// [Master] does so by itself, and a key service behind a network can. It is safe for
// concurrent use.
type Sealer interface {
	// ID names the key in at most 256 bytes, tells nothing about it, and stays the same for
	// as long as Open opens what Seal sealed. What another ID sealed does not open.
	ID() string

	// Seal returns plain, sealed. The binding is not part of the result.
	Seal(ctx context.Context, plain, binding []byte) ([]byte, error)

	// Open returns what was sealed with the binding. The error wraps [ErrAltered] when
	// nothing was, and has [cpodkit.CodeUnavailable] when the key cannot be used now.
	Open(ctx context.Context, sealed, binding []byte) ([]byte, error)
}

var _ Sealer = Master{}

// Sealer returns a [Sealer] for one purpose, by a key of the ring: the same on every replica
// and after every restart. It opens nothing that the Sealer of another purpose sealed.
func (r *Ring) Sealer(purpose string) Sealer {
	return Master{key: (*[masterLen]byte)(r.Secret("sealer " + purpose))}
}

// ID implements [Sealer]. It is "" for the zero Master.
func (m Master) ID() string {
	if m.key == nil {
		return ""
	}
	return hex.EncodeToString(derive(m.key[:], "cpodkit master id", 8))
}

// Seal implements [Sealer], with AES-256-GCM under a random nonce.
func (m Master) Seal(_ context.Context, plain, binding []byte) ([]byte, error) {
	aead, err := m.aead()
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, plain, binding), nil
}

// Open implements [Sealer].
func (m Master) Open(_ context.Context, sealed, binding []byte) ([]byte, error) {
	aead, err := m.aead()
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, sealed, binding)
	if err != nil {
		return nil, ErrAltered
	}
	return plain, nil
}

func (m Master) aead() (cipher.AEAD, error) {
	if m.key == nil {
		return nil, errNoMaster
	}
	block, err := aes.NewCipher(derive(m.key[:], "cpodkit master seal", 32))
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// isNone reports whether nothing can be sealed.
func isNone(s Sealer) bool { return s == nil || s.ID() == "" }
