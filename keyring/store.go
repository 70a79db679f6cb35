package keyring

import (
	"bytes"
	"context"
	"strconv"
	"sync"

	"github.com/cpodkit/cpodkit"
)

// Store is for stores: it keeps one sealed ring. It must be durable, and shared by
// all replicas. What it keeps is a JSON object, but it need not look inside.
type Store interface {
	// Load returns what was saved last and its version, which changes with every
	// save; an error with [cpodkit.CodeNotFound] when nothing was.
	Load(ctx context.Context) (sealed []byte, version string, err error)

	// Save replaces what has version ifVersion; with "" it saves only when
	// nothing is there. Else the error has [cpodkit.CodePreconditionFailed] or
	// [cpodkit.CodeConflict]. After nil the bytes survive a crash.
	Save(ctx context.Context, sealed []byte, ifVersion string) error
}

// MemoryStore is a [Store] that a restart empties: for tests. It is safe for
// concurrent use.
type MemoryStore struct {
	mu      sync.Mutex
	sealed  []byte
	version int
}

var _ Store = (*MemoryStore)(nil)

// NewMemoryStore returns an empty store.
func NewMemoryStore() *MemoryStore { return &MemoryStore{} }

// Load implements [Store].
func (s *MemoryStore) Load(ctx context.Context) ([]byte, string, error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.version == 0 {
		return nil, "", cpodkit.CodeNotFound
	}
	return bytes.Clone(s.sealed), strconv.Itoa(s.version), nil
}

// Save implements [Store].
func (s *MemoryStore) Save(ctx context.Context, sealed []byte, ifVersion string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	current := ""
	if s.version > 0 {
		current = strconv.Itoa(s.version)
	}
	if ifVersion != current {
		return cpodkit.CodePreconditionFailed
	}
	s.sealed = bytes.Clone(sealed)
	s.version++
	return nil
}
