package files

import (
	"context"

	"github.com/cpodkit/cpodkit/storage"
)

// read calls use with key and, when there is no file, with the key where another app
// of the user has one. use returns CodeNotFound for no file.
func (h Handle) read(ctx context.Context, key string, use func(authorized) error) error {
	reach, err := h.caller.AuthorizeRead()
	if err != nil {
		return err
	}
	if err := storage.CheckFileKey(key); err != nil {
		return err
	}
	at := authorized{root: reach.First.Space.Root(), key: key, tier: h.caller.Tier}
	if reach.Wide {
		at.app = reach.First.App
	}
	err = use(at)
	if err == nil {
		return nil
	}
	other, err := reach.Elsewhere(err,
		func() ([]storage.Segment, error) { return h.store.segments(ctx, reach) },
		func(segment storage.Segment) error {
			_, err := h.store.stat(ctx, segment.Space.Root()+key)
			return err
		})
	if err != nil {
		return err
	}
	at.root, at.app = other.Space.Root(), other.App
	return use(at)
}

// segments returns those of all apps that have files of the user.
func (s *Store) segments(ctx context.Context, reach storage.Reach) ([]storage.Segment, error) {
	q := ListQuery{Prefix: reach.Prefix(), Delimiter: "/", Limit: storage.MaxApps + 1}
	var roots []string
	for {
		listing, err := s.list(ctx, q)
		if err != nil {
			return nil, err
		}
		roots = append(roots, listing.Prefixes...)
		if listing.Next == "" || len(roots) > storage.MaxApps {
			return reach.Segments(roots)
		}
		if listing.Next <= q.After {
			return nil, errListsAgain(listing.Next)
		}
		q.After = listing.Next
	}
}
