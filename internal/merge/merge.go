// Package merge reads several ordered sources as one.
package merge

import "context"

// Source returns its next entries in order, at most n of them, and whether there
// may be more behind them.
type Source[T any] func(ctx context.Context, n int) (entries []T, more bool, err error)

// Page returns the first limit entries of all sources together, in the order of
// compare. Entries that compare as equal become one.
//
// It holds about twice limit entries at a time, however many sources there are:
// it reads an equal share from each at first, and twice as much from one that
// has to be read again.
func Page[T any](ctx context.Context, sources []Source[T], limit int, compare func(a, b T) int) ([]T, error) {
	return PageUntil(ctx, sources, limit, compare, func(T) bool { return false })
}

// PageUntil is [Page], but ends with the first entry that is the last one.
func PageUntil[T any](
	ctx context.Context, sources []Source[T], limit int, compare func(a, b T) int, isLast func(T) bool,
) ([]T, error) {
	streams := make([]stream[T], len(sources))
	for i, read := range sources {
		streams[i] = stream[T]{read: read, more: true, size: (limit + len(sources) - 1) / len(sources)}
	}
	var page []T
	for len(page) < limit {
		first, err := head(ctx, streams, limit, compare)
		if err != nil {
			return nil, err
		}
		if first == nil {
			break
		}
		entry := *first
		page = append(page, entry)
		for i := range streams {
			if s := &streams[i]; len(s.entries) > 0 && compare(s.entries[0], entry) == 0 {
				s.entries = s.entries[1:]
			}
		}
		if isLast(entry) {
			break
		}
	}
	return page, nil
}

type stream[T any] struct {
	read    Source[T]
	entries []T
	more    bool
	size    int // of the next read
}

// head returns the smallest entry of all streams, nil when they have ended.
func head[T any](ctx context.Context, streams []stream[T], limit int, compare func(a, b T) int) (*T, error) {
	var first *T
	for i := range streams {
		s := &streams[i]
		for len(s.entries) == 0 && s.more {
			var err error
			if s.entries, s.more, err = s.read(ctx, s.size); err != nil {
				return nil, err
			}
			s.size = min(2*s.size, limit)
		}
		if len(s.entries) > 0 && (first == nil || compare(s.entries[0], *first) < 0) {
			first = &s.entries[0]
		}
	}
	return first, nil
}
