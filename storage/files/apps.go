package files

import (
	"context"
	"errors"

	"github.com/cpodkit/cpodkit"
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
	at := authorized{root: reach.First.Space.Root(), key: key, tier: h.caller.Tier()}
	if !reach.Wide {
		return use(at)
	}
	at.app = reach.First.App
	missing := use(at)
	if !errors.Is(missing, cpodkit.CodeNotFound) {
		return missing
	}
	other, err := h.store.search(ctx, reach, key)
	if errors.Is(err, cpodkit.CodeNotFound) {
		return missing
	}
	if err != nil {
		return err
	}
	at.root, at.app = other.Space.Root(), other.App
	return use(at)
}

// search finds the one app, besides the first, that has the key.
func (s *Store) search(ctx context.Context, reach storage.Reach, key string) (storage.Segment, error) {
	segments, err := s.segments(ctx, reach)
	if err != nil {
		return storage.Segment{}, err
	}
	var found []storage.Segment
	for _, segment := range segments {
		if segment == reach.First {
			continue
		}
		_, err := s.stat(ctx, segment.Space.Root()+key)
		if errors.Is(err, cpodkit.CodeNotFound) {
			continue
		}
		if err != nil {
			return storage.Segment{}, err
		}
		found = append(found, segment)
	}
	return storage.Only(found)
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
