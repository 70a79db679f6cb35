package secretstore

import (
	"context"

	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/backends/docstore/internal/heads"
)

// MeasureTenant returns how many secrets, grants and bundles a tenant has, and their bytes
// as [MaxTenantBytes] counts them.
func (s *Store) MeasureTenant(ctx context.Context, tenantID string) (count int, size int64, err error) {
	c, err := s.count(ctx, tenantID)
	return items(c), c.Bytes, err
}

// DeleteTenant removes all secrets, grants and bundles of a tenant, and its keys. It
// returns how many there were, and their bytes. After an error it can be called again.
func (s *Store) DeleteTenant(ctx context.Context, tenantID string) (count int, size int64, err error) {
	t, err := s.tenant(tenantID)
	if err != nil {
		return 0, 0, err
	}
	c, err := t.tally(ctx, true)
	if err == nil {
		err = s.dropKeys(ctx, t)
	}
	if err == nil {
		err = s.heads.Delete(ctx, tenantID)
	}
	s.heads.Announce(ctx, tenantID, "")
	return items(c), c.Bytes, err
}

// count counts what is there of a tenant.
func (s *Store) count(ctx context.Context, tenantID string) (heads.Counts, error) {
	t, err := s.tenant(tenantID)
	if err != nil {
		return heads.Counts{}, err
	}
	return t.tally(ctx, false)
}

func items(c heads.Counts) int { return int(c.Secrets + c.Grants + c.Bundles) }

// tally counts the records of a tenant, and removes them if it should.
func (t tenant) tally(ctx context.Context, remove bool) (c heads.Counts, err error) {
	err = tally(ctx, t.secrets, remove, &c.Secrets, &c.Bytes)
	if err == nil {
		err = tally(ctx, t.grants, remove, &c.Grants, &c.Bytes)
	}
	if err == nil {
		err = tally(ctx, t.bundles, remove, &c.Bundles, &c.Bytes)
	}
	return c, err
}

func tally[R interface{ size() int64 }](
	ctx context.Context, records *docstore.Collection[R], remove bool, count, bytes *int64,
) error {
	return walk(ctx, records, func(r docstore.Record[R]) error {
		if remove {
			if err := records.Delete(ctx, r.Key); err != nil {
				return err
			}
		}
		*count, *bytes = *count+1, *bytes+r.Value.size()
		return nil
	})
}

// walk calls visit with each record, and ends with its first error.
func walk[R any](ctx context.Context, records *docstore.Collection[R], visit func(docstore.Record[R]) error) error {
	for q := (docstore.Query{Limit: pageSize, MaxBytes: maxPageBytes}); ; {
		page, err := records.List(ctx, q)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, r := range page {
			if err := visit(r); err != nil {
				return err
			}
		}
		q.After = page[len(page)-1].Key
	}
}

// list returns the records after a key, at most limit of them, and whether there are more.
func list[R, T any](
	ctx context.Context, records *docstore.Collection[R], after string, limit int, item func(docstore.Record[R]) T,
) (items []T, more bool, err error) {
	page, err := records.List(ctx, docstore.Query{After: after, Limit: limit + 1, MaxBytes: maxPageBytes})
	if err != nil || len(page) == 0 {
		return nil, false, err
	}
	more = len(page) > limit
	page = page[:min(len(page), limit)]
	for _, r := range page {
		items = append(items, item(r))
	}
	if more {
		return items, true, nil
	}
	// A page that is not full ends the collection, or was cut because of its size.
	next, err := records.List(ctx, docstore.Query{After: page[len(page)-1].Key, Limit: 1})
	return items, len(next) > 0, err
}
