package docstore

import (
	"context"
	"encoding/json"

	"github.com/cpodkit/cpodkit/keyring"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// ringKey is the key of the one document.
const ringKey = "ring"

// KeyRing keeps the sealed key ring.
type KeyRing struct{ records records }

var _ keyring.Store = (*KeyRing)(nil)

// KeyRing returns the store of the key ring.
func (s *Store) KeyRing() *KeyRing { return &KeyRing{s.records("keyring", "rings")} }

// Load implements [keyring.Store].
func (k *KeyRing) Load(ctx context.Context) (sealed []byte, version string, err error) {
	var raw json.RawMessage
	version, err = k.records.get(ctx, ringKey, &raw)
	return raw, version, err
}

// Save implements [keyring.Store]. The bytes are one JSON value; spaces in it may
// be lost.
func (k *KeyRing) Save(ctx context.Context, sealed []byte, ifVersion string) error {
	if ifVersion == "" {
		return k.records.put(ctx, ringKey, json.RawMessage(sealed), documents.Op{IfAbsent: true})
	}
	return k.records.replace(ctx, ringKey, json.RawMessage(sealed), ifVersion)
}
