// Package seal makes opaque tokens (list cursors, signed URLs) that only their
// maker can read or alter.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// MaxToken is the most bytes of a token that [Box.Open] looks at: 4 KiB.
const MaxToken = 4 << 10

// ErrInvalid says that a token was altered, made with another key, or made for
// something else.
var ErrInvalid = errors.New("seal: token is not valid here")

// Box seals with AES-256-GCM under random nonces. It is safe for concurrent
// use.
type Box struct{ aead cipher.AEAD }

// New returns a box whose key is derived from secret (at least 16 bytes) for
// one purpose by HKDF-SHA-256 (RFC 5869).
func New(secret []byte, purpose string) (*Box, error) {
	if len(secret) < 16 {
		return nil, fmt.Errorf("seal: the secret has %d bytes; at least 16 are needed", len(secret))
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "cpodkit seal "+purpose, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &Box{aead}, nil
}

// Seal returns plain as a URL-safe token that opens with the same binding only.
func (b *Box) Seal(binding string, plain []byte) string {
	return base64.RawURLEncoding.EncodeToString(b.aead.Seal(nil, nil, plain, []byte(binding)))
}

// Open returns what was sealed, or [ErrInvalid].
func (b *Box) Open(binding, token string) ([]byte, error) {
	// The decoder skips line breaks, so that more than one text would be the token.
	if len(token) > MaxToken || strings.ContainsAny(token, "\r\n") {
		return nil, ErrInvalid
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return nil, ErrInvalid
	}
	plain, err := b.aead.Open(nil, nil, sealed, []byte(binding))
	if err != nil {
		return nil, ErrInvalid
	}
	return plain, nil
}
