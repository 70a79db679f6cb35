// Package keyringstore keeps the sealed key ring in a document driver.
package keyringstore

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/keyring"
)

// ringKey is the key of the one record.
const ringKey = "ring"

// Store keeps the sealed key ring.
type Store struct {
	records *docstore.Collection[json.RawMessage]
}

var _ keyring.Store = (*Store)(nil)

// New returns the store of the key ring.
func New(db *docstore.DB) *Store {
	return &Store{docstore.NewCollection[json.RawMessage](db, "keyring", "rings")}
}

// Load implements [keyring.Store].
func (s *Store) Load(ctx context.Context) (sealed []byte, version string, err error) {
	r, err := s.records.Get(ctx, ringKey)
	return r.Value, r.Version, err
}

// Save implements [keyring.Store]. The bytes are one JSON value; spaces in it may
// be lost.
func (s *Store) Save(ctx context.Context, sealed []byte, ifVersion string) error {
	if ifVersion != "" {
		return s.records.Replace(ctx, ringKey, sealed, ifVersion)
	}
	err := s.records.Create(ctx, ringKey, sealed)
	if errors.Is(err, cpodkit.CodeConflict) {
		return cpodkit.CodePreconditionFailed
	}
	return err
}
