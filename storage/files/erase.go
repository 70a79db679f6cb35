package files

import (
	"context"
	"slices"

	"github.com/cpodkit/cpodkit/internal/parallel"
	"github.com/cpodkit/cpodkit/internal/rest"
	"github.com/cpodkit/cpodkit/storage"
)

// Eraser is for drivers: a [Driver] that may hold, below a prefix, what List does not
// show. That is folders, broken files, parts of uploads, or earlier versions.
type Eraser interface {
	// Erase removes all that is below prefix, which ends with a slash, files as well.
	// When it fails, some of it may be gone.
	Erase(ctx context.Context, prefix string) error
}

// deletesAtOnce is how many files an erasure deletes at a time.
const deletesAtOnce = 8

// Measure returns how many files there are in a realm, and the bytes that they count for
// (see [WithQuota]). It lists all of them. It is for trusted code: it asks for no scope.
func (s *Store) Measure(ctx context.Context, realm storage.Realm) (storage.Amount, error) {
	root, err := realm.Root()
	if err != nil {
		return storage.Amount{}, err
	}
	return s.below(ctx, root, func([]Attributes) error { return nil })
}

// Erase deletes all files in a realm, and returns what it has deleted, also when it
// fails. What a driver holds beside them goes too (see [Eraser]). A file that is written
// meanwhile may stay. It is for trusted code: it asks for no scope.
func (s *Store) Erase(ctx context.Context, realm storage.Realm) (storage.Amount, error) {
	root, err := realm.Root()
	if err != nil {
		return storage.Amount{}, err
	}
	total, err := s.below(ctx, root, func(found []Attributes) error { return s.deleteAll(ctx, found) })
	if err != nil {
		return total, err
	}
	if eraser, ok := s.driver.(Eraser); ok {
		ctx, call := s.calls.erase.Start(ctx)
		err = call.End(ctx, eraser.Erase(ctx, root))
	}
	return total, err
}

// below calls use with the files below a prefix, page by page, and adds them up.
func (s *Store) below(ctx context.Context, root string, use func([]Attributes) error) (total storage.Amount, err error) {
	for q := (ListQuery{Prefix: root, Limit: rest.MaxLimit}); ; {
		listing, err := s.list(ctx, q)
		if err != nil {
			return total, err
		}
		for _, attrs := range listing.Items {
			if _, err := keyOf(attrs.Name, root, ""); err != nil {
				return total, err
			}
		}
		if err := use(listing.Items); err != nil {
			return total, err
		}
		for _, attrs := range listing.Items {
			total.Add(storage.Amount{Items: 1, Bytes: costOf(attrs.Name, attrs.Size)})
		}
		if listing.Next == "" {
			return total, nil
		}
		if listing.Next <= q.After {
			return total, errListsAgain(listing.Next)
		}
		q.After = listing.Next
	}
}

// deleteAll deletes files, several at a time, and returns the first error.
func (s *Store) deleteAll(ctx context.Context, found []Attributes) error {
	return parallel.Each(ctx, deletesAtOnce, slices.Values(found), func(ctx context.Context, attrs Attributes) error {
		ctx, call := s.calls.remove.Start(ctx)
		return call.End(ctx, s.driver.Delete(ctx, attrs.Name))
	})
}
