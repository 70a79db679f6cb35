// Package datakeys seals what a store keeps under keys that it keeps beside it, sealed
// themselves. Keys can be added at any time; what the older ones sealed still opens.
//
// It is a thin layer on Tink: a [Keys] is a keyset of AES-256-GCM keys.
package datakeys

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/cpodkit/cpodkit/internal/unprintable"
)

// ErrAltered says that sealed bytes were altered, sealed by other keys, or bound to
// something else.
var ErrAltered = errors.New("datakeys: the sealed bytes were altered, or sealed by other keys or for something else")

// Sealer seals keys. Its Open returns an error for what its Seal did not return.
type Sealer interface {
	Seal(ctx context.Context, plain, binding []byte) ([]byte, error)
	Open(ctx context.Context, sealed, binding []byte) ([]byte, error)
}

// Keys seals with its newest key and opens with all. It never changes, so it is safe for
// concurrent use. It cannot be printed, logged or marshalled.
type Keys struct {
	unprintable.Type

	handle *keyset.Handle
	aead   tink.AEAD
	newest uint32
}

// New returns one random key.
func New() (*Keys, error) { return add(keyset.NewManager()) }

// WithNewKey returns the keys and one random key more, which is the newest.
func (k *Keys) WithNewKey() (*Keys, error) { return add(keyset.NewManagerFromHandle(k.handle)) }

func add(m *keyset.Manager) (*Keys, error) {
	id, err := m.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("datakeys: make a key: %w", err)
	}
	if err := m.SetPrimary(id); err != nil {
		return nil, fmt.Errorf("datakeys: make a key: %w", err)
	}
	handle, err := m.Handle()
	if err != nil {
		return nil, fmt.Errorf("datakeys: make a key: %w", err)
	}
	return of(handle)
}

func of(handle *keyset.Handle) (*Keys, error) {
	newest, err := handle.Primary()
	if err != nil {
		return nil, fmt.Errorf("datakeys: %w", err)
	}
	a, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("datakeys: %w", err)
	}
	return &Keys{handle: handle, aead: a, newest: newest.KeyID()}, nil
}

// Save returns the keys, sealed: what Load reads with the same binding. Its error wraps
// that of the sealer.
func (k *Keys) Save(ctx context.Context, sealer Sealer, binding []byte) ([]byte, error) {
	var sealed bytes.Buffer
	outer := &outerKey{sealer: sealer}
	if err := k.handle.WriteWithContext(ctx, keyset.NewBinaryWriter(&sealed), outer, binding); err != nil {
		return nil, fmt.Errorf("datakeys: seal the keys: %w", cmp.Or(outer.err, err))
	}
	return sealed.Bytes(), nil
}

// Load returns keys that were saved. Its error wraps that of the sealer.
func Load(ctx context.Context, sealed []byte, sealer Sealer, binding []byte) (*Keys, error) {
	outer := &outerKey{sealer: sealer}
	handle, err := keyset.ReadWithContext(ctx, keyset.NewBinaryReader(bytes.NewReader(sealed)), outer, binding)
	if err != nil {
		return nil, fmt.Errorf("datakeys: open the keys: %w", cmp.Or(outer.err, err))
	}
	return of(handle)
}

// outerKey is a sealer in the form of Tink, which loses the errors that it gets.
type outerKey struct {
	sealer Sealer
	err    error
}

// EncryptWithContext implements [tink.AEADWithContext].
func (o *outerKey) EncryptWithContext(ctx context.Context, plain, binding []byte) (sealed []byte, err error) {
	sealed, o.err = o.sealer.Seal(ctx, plain, binding)
	return sealed, o.err
}

// DecryptWithContext implements [tink.AEADWithContext].
func (o *outerKey) DecryptWithContext(ctx context.Context, sealed, binding []byte) (plain []byte, err error) {
	plain, o.err = o.sealer.Open(ctx, sealed, binding)
	return plain, o.err
}

// Newest names the key that seals.
func (k *Keys) Newest() uint32 { return k.newest }

// Seal returns plain, sealed by the newest key: 33 bytes more.
func (k *Keys) Seal(plain, binding []byte) ([]byte, error) {
	sealed, err := k.aead.Encrypt(plain, binding)
	if err != nil {
		return nil, fmt.Errorf("datakeys: seal: %w", err)
	}
	return sealed, nil
}

// Open returns what was sealed with the binding, or [ErrAltered].
func (k *Keys) Open(sealed, binding []byte) ([]byte, error) {
	plain, err := k.aead.Decrypt(sealed, binding)
	if err != nil {
		return nil, ErrAltered
	}
	return plain, nil
}

// IsByNewest reports whether the newest key sealed the bytes, going by what they begin
// with: Tink writes a 1 and the id of the key.
func (k *Keys) IsByNewest(sealed []byte) bool {
	const prefix = 5
	return len(sealed) >= prefix && sealed[0] == 1 && binary.BigEndian.Uint32(sealed[1:prefix]) == k.newest
}
