package kv

import (
	"context"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
)

// Eraser is for drivers: a [Driver] that finds its entries by the start of their keys.
// Without it Measure and Erase of a store are not_supported. Entries that are made while
// it looks may be left out.
type Eraser interface {
	// Count returns how many entries have a key that begins with prefix, which ends
	// with a slash. It may count one twice while others change.
	Count(ctx context.Context, prefix string) (int64, error)

	// Erase removes the entries whose key begins with prefix, which ends with a slash,
	// and returns how many it has removed, also when it fails.
	Erase(ctx context.Context, prefix string) (int64, error)
}

// Measure returns how many entries there are in a realm. It is for trusted code: it asks
// for no scope. A driver that is no [Eraser] is not_supported.
func (s *Store) Measure(ctx context.Context, realm storage.Realm) (storage.Amount, error) {
	return s.below(ctx, realm, Eraser.Count)
}

// Erase removes all entries in a realm, and returns what it has removed, also when it
// fails. It is for trusted code: it asks for no scope. A driver that is no [Eraser] is
// not_supported.
func (s *Store) Erase(ctx context.Context, realm storage.Realm) (storage.Amount, error) {
	return s.below(ctx, realm, Eraser.Erase)
}

func (s *Store) below(
	ctx context.Context, realm storage.Realm, do func(Eraser, context.Context, string) (int64, error),
) (storage.Amount, error) {
	root, err := realm.Root()
	if err != nil {
		return storage.Amount{}, err
	}
	eraser, ok := s.driver.(Eraser)
	if !ok {
		return storage.Amount{}, cpodkit.Errorf(cpodkit.CodeNotSupported, "This key-value store cannot list its entries.")
	}
	ctx, call := s.erase.Start(ctx)
	n, err := do(eraser, ctx, root)
	return storage.Amount{Items: n}, call.End(ctx, err)
}
