package documents

import (
	"context"
	"errors"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/rest"
	"github.com/cpodkit/cpodkit/storage"
)

// Measure returns how many documents there are in a realm, and the bytes that they count
// for (see [WithQuota]). It reads all of them, in pages. It is for trusted code: it asks
// for no scope. A driver that is no [CollectionFinder] is not_supported.
func (s *Store) Measure(ctx context.Context, realm storage.Realm) (storage.Amount, error) {
	return s.below(ctx, realm, func(CollectionID, []Record) error { return nil })
}

// Erase deletes all documents in a realm, and returns what it has deleted, also when it
// fails. A document that is set meanwhile may stay. It is for trusted code: it asks for
// no scope. A driver that is no [CollectionFinder] is not_supported.
func (s *Store) Erase(ctx context.Context, realm storage.Realm) (storage.Amount, error) {
	return s.below(ctx, realm, func(in CollectionID, records []Record) error {
		ops := make([]Op, len(records))
		for i, r := range records {
			ops[i] = Op{Delete: true, Record: Record{Key: r.Key}}
		}
		errs, err := s.apply(ctx, in, ops)
		if err != nil {
			return err
		}
		return s.calls.Error(ctx, errors.Join(errs...))
	})
}

// below calls use with the documents of a realm, page by page, and adds them up.
func (s *Store) below(
	ctx context.Context, realm storage.Realm, use func(CollectionID, []Record) error,
) (total storage.Amount, err error) {
	root, err := realm.Root()
	if err != nil {
		return total, err
	}
	finder, err := s.finder()
	if err != nil {
		return total, err
	}
	for after := (CollectionID{}); ; {
		found, err := s.collections(ctx, finder, root, after, rest.MaxLimit)
		if err != nil || len(found) == 0 {
			return total, err
		}
		for _, in := range found {
			after = in
			amount, err := s.eachPage(ctx, in, use)
			if total.Add(amount); err != nil {
				return total, err
			}
		}
	}
}

// eachPage calls use with the documents of a collection.
func (s *Store) eachPage(
	ctx context.Context, in CollectionID, use func(CollectionID, []Record) error,
) (total storage.Amount, err error) {
	for q := (DriverQuery{Limit: MaxBatch, MaxBytes: MaxPage}); ; {
		records, err := s.query(ctx, in, q)
		if err != nil || len(records) == 0 {
			return total, err
		}
		if err := use(in, records); err != nil {
			return total, err
		}
		for _, r := range records {
			total.Add(storage.Amount{Items: 1, Bytes: sizeOf(r)})
		}
		last := records[len(records)-1].Key
		if q.After != nil && last <= q.After.Key {
			return total, cpodkit.Errorf(cpodkit.CodeInternal, "The store does not keep the order of documents.")
		}
		q.After = &Position{Key: last}
	}
}
