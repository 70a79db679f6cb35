package authz

import (
	"context"
	"errors"
	"fmt"

	"github.com/cpodkit/cpodkit"
)

// KeySource gives the public keys of one issuer. It is safe for concurrent use.
type KeySource interface {
	// Key returns the key with the given id. The code of its error is
	// [cpodkit.CodeNotFound] when the issuer has no such key. Every other error
	// means that the source cannot tell now.
	Key(ctx context.Context, id string) (*VerificationKey, error)

	// Generation returns a number that changes with the set of keys. A token that
	// was verified under another generation is verified again.
	Generation() uint64
}

// KeySet is a [KeySource] that never changes.
type KeySet struct {
	keys    map[string]*VerificationKey
	skipped []SkippedKey
}

var _ KeySource = (*KeySet)(nil)

// NewKeySet returns a set of the given keys. It fails when one is nil, or two have the
// same id.
func NewKeySet(keys ...*VerificationKey) (*KeySet, error) {
	set := &KeySet{keys: make(map[string]*VerificationKey, len(keys))}
	for _, key := range keys {
		if key == nil {
			return nil, errors.New("authz: a key is nil")
		}
		if set.keys[key.id] != nil {
			return nil, fmt.Errorf("authz: two keys have the id %q", key.id)
		}
		set.keys[key.id] = key
	}
	return set, nil
}

// Key implements [KeySource]. The empty id is that of the only key of a set of one.
func (s *KeySet) Key(_ context.Context, id string) (*VerificationKey, error) {
	if key := s.find(id); key != nil {
		return key, nil
	}
	return nil, cpodkit.CodeNotFound
}

func (s *KeySet) find(id string) *VerificationKey {
	if id == "" && len(s.keys) == 1 {
		for _, key := range s.keys {
			return key
		}
	}
	return s.keys[id]
}

// Generation implements [KeySource].
func (s *KeySet) Generation() uint64 { return 0 }
