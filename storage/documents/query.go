package documents

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/merge"
	"github.com/cpodkit/cpodkit/internal/portable"
	"github.com/cpodkit/cpodkit/internal/rest"
	"github.com/cpodkit/cpodkit/storage"
)

// Query asks for documents of a collection.
type Query struct {
	// Filter maps dotted paths ("address.city"; see [ParsePath]) to what stands
	// there: a value that is equal, or an object of the operators eq, ne, gt,
	// gte, lt, lte, in and exists. All must hold. Anything that encoding/json
	// takes is a value. Nil lets every document pass.
	Filter map[string]any

	// Sort orders the documents, at most [MaxSort] members. Documents that are
	// equal in all of them, and without Sort all, are in the byte order of
	// their keys.
	Sort []Order

	// Limit is the most documents of a page, 1 to 500; 0 is 50. A page may have
	// fewer ([MaxPage]) and not be the last.
	Limit int

	// Cursor is the NextCursor of a page. Filter and Sort then come from it, and
	// those given here are ignored.
	Cursor string
}

// Order is one member of a sort.
type Order struct {
	Path       Path
	Descending bool
}

// Page is one page of documents.
type Page struct {
	Items      []Document `json:"items"`                // never nil
	NextCursor string     `json:"nextCursor,omitempty"` // "" when this is the last page
}

// Query returns one page of the documents that pass the filter. During a walk by
// cursor, documents that do not change appear exactly once.
//
// It finds the app's own documents, or in the user tier those of [Handle.App] or
// [Handle.AllApps]. In the last case documents that are equal in the sort and in
// their key are in byte order of their apps; it is a conflict when more than
// [storage.MaxApps] apps have documents of the user in the collection, and
// not_supported by a driver that is no [SpaceFinder].
//
// A malformed query is validation_failed. So is one whose filter and sort are
// too long for the cursor that the next page needs (about 1,900 bytes); a larger
// Limit may do without it. One that takes too long ([WithQueryTimeout]) is
// timeout. A cursor that was altered, or comes from another
// identity, tier, collection or secret, is invalid_cursor.
func (c Collection) Query(ctx context.Context, q Query) (Page, error) {
	w, err := c.walk(q, rest.DefaultLimit)
	if err != nil {
		return Page{}, err
	}
	return c.query(ctx, w)
}

// All yields the documents that [Collection.Query] finds, from q.Cursor on. It reads
// pages of q.Limit documents as the loop needs them, of 500 when it is 0, and ends
// after an error. Documents that do not change meanwhile appear exactly once. Filter
// and sort may be longer than for Query, because they need no cursor.
func (c Collection) All(ctx context.Context, q Query) iter.Seq2[Document, error] {
	return portable.Walk(
		func() (walk, error) { return c.walk(q, rest.MaxLimit) },
		func(w walk) ([]Document, *walk, error) {
			var items []Document
			var end *pageEnd
			err := c.handle.store.inTime(ctx, func(ctx context.Context) (err error) {
				items, end, err = c.page(ctx, &w)
				return err
			})
			if err != nil || end == nil {
				return items, nil, err
			}
			return items, &w, w.goOn(end.last)
		})
}

// walk is a query under way.
type walk struct {
	reach  storage.Reach
	query  parsedQuery
	limit  int
	cursor *string   // where it begins, until it is opened; nil without one
	after  *Position // nil from the start
	app    string    // with all apps: whose document after is
}

// walk checks a query, which is authorized here.
func (c Collection) walk(q Query, defaultLimit int) (walk, error) {
	reach, err := c.authorizeQuery()
	if err != nil {
		return walk{}, err
	}
	var filter []byte
	if len(q.Filter) > 0 && q.Cursor == "" {
		if filter, err = json.Marshal(q.Filter); err != nil {
			return walk{}, cpodkit.ValidationError(fault("/filter", "cannot be written as JSON")).WithCause(err)
		}
	}
	body := queryBody{Filter: filter, Limit: new(cmp.Or(q.Limit, defaultLimit))}
	if q.Cursor != "" {
		body.Cursor = &q.Cursor
	}
	return body.walk(reach, c.handle.caller.Apps, func(p *parser) { p.orders(q.Sort) })
}

// queryBody is the body of a query call.
type queryBody struct {
	Filter json.RawMessage `json:"filter"`
	Sort   json.RawMessage `json:"sort"`
	Limit  *int            `json:"limit"`
	Cursor *string         `json:"cursor"`
}

// walk returns the walk that the body asks for. readSort finds its order.
func (b queryBody) walk(reach storage.Reach, apps storage.Apps, readSort func(*parser)) (walk, error) {
	w := walk{reach: reach, limit: rest.DefaultLimit, cursor: b.Cursor}
	if b.Limit != nil {
		w.limit = *b.Limit
	}
	var p parser
	if b.Cursor == nil {
		p.filter(b.Filter)
		readSort(&p)
	}
	if w.limit < 1 || w.limit > rest.MaxLimit {
		p.fault("/limit", "must be an integer from 1 to %d", rest.MaxLimit)
	}
	w.query = p.query
	w.query.apps = apps
	return w, p.err()
}

// query returns the next page of a walk.
func (c Collection) query(ctx context.Context, w walk) (Page, error) {
	var page Page
	err := c.handle.store.inTime(ctx, func(ctx context.Context) error {
		items, end, err := c.page(ctx, &w)
		page.Items = items
		if err == nil && end != nil {
			page.NextCursor, err = c.cursor(w.query, end.last, end.next)
		}
		return err
	})
	if err != nil {
		return Page{}, err
	}
	return page, nil
}

// goOn moves the walk to what comes after a document.
func (w *walk) goOn(last hit) error {
	keys, err := sortKeys(last.record, w.query.order)
	w.after, w.app = &Position{Keys: keys, Key: last.record.Key}, last.app
	return err
}

// afterIn returns what the walk goes on behind in one app. The key that the last
// page ended with may be in several apps, and come in this one only now.
func (w walk) afterIn(app string) *Position {
	if w.after == nil || !w.query.apps.All() || app <= w.app {
		return w.after
	}
	return &Position{Keys: w.after.Keys, Key: storage.JustBefore(w.after.Key)}
}

// forward returns an error unless a document is after what the walk has seen. A walk
// whose driver breaks its order would otherwise repeat documents without end.
func (w walk) forward(h hit) error {
	if w.after == nil {
		return nil
	}
	seen := hit{record: Record{Key: w.after.Key}, keys: w.after.Keys}
	if w.query.apps.All() {
		seen.app = w.app
	} else {
		h.app = ""
	}
	return w.query.follows(seen, h)
}

// follows returns an error unless the next hit is after the one that was seen.
func (q parsedQuery) follows(seen, next hit) (err error) {
	if next.keys, err = sortKeys(next.record, q.order); err != nil {
		return err
	}
	if q.compare(seen, next) < 0 {
		return nil
	}
	return cpodkit.Errorf(cpodkit.CodeInternal, "The store does not keep the order of this query.").
		WithCause(fmt.Errorf("documents: the driver returned %q after %q", next.record.Key, seen.record.Key))
}

// pageEnd is between two documents: the last one of a page, and the one after it.
type pageEnd struct{ last, next hit }

// page returns the next documents of a walk, and where they end; nil at the end of the
// walk. It opens the walk's cursor.
func (c Collection) page(ctx context.Context, w *walk) ([]Document, *pageEnd, error) {
	if w.cursor != nil {
		if err := c.open(ctx, w); err != nil {
			return nil, nil, err
		}
	}
	segments, err := c.segments(ctx, w.reach)
	if err != nil {
		return nil, nil, err
	}
	sources := make([]merge.Source[hit], len(segments))
	for i, segment := range segments {
		sources[i] = c.source(*w, segment, len(segments))
	}
	size, full := 0, false
	fill := func(h hit) bool {
		size += len(h.record.Value)
		full = size > MaxPage && size > len(h.record.Value) // the first one always fits
		return full
	}
	// One hit more than fits shows that there is another page.
	hits, err := merge.PageUntil(ctx, sources, w.limit+1, w.query.compare, fill)
	if err != nil {
		return nil, nil, err
	}
	fit := len(hits)
	if len(hits) > w.limit || full {
		fit--
	}
	items := make([]Document, 0, fit)
	for _, hit := range hits[:fit] {
		d := document(hit.record)
		if w.query.apps.All() {
			d.App = hit.app
		}
		items = append(items, d)
	}
	if fit == len(hits) {
		return items, nil, nil
	}
	if fit > 0 {
		if err := w.forward(hits[fit-1]); err != nil {
			return nil, nil, err
		}
	}
	return items, &pageEnd{hits[fit-1], hits[fit]}, nil
}

// hit is a document that a query has found.
type hit struct {
	app    string
	record Record
	keys   []SortKey // only where hits of several apps are compared
}

func (q parsedQuery) compare(a, b hit) int {
	for i := range min(len(a.keys), len(b.keys)) {
		if c := cmp.Compare(a.keys[i], b.keys[i]); c != 0 {
			if q.order[i].Descending {
				return -c
			}
			return c
		}
	}
	return cmp.Or(cmp.Compare(a.record.Key, b.record.Key), cmp.Compare(a.app, b.app))
}

// source reads one of several segments from where the walk stands.
func (c Collection) source(w walk, segment storage.Segment, segments int) merge.Source[hit] {
	q := DriverQuery{
		Filter: w.query.conditions, Order: w.query.order, After: w.afterIn(segment.App), MaxBytes: MaxPage / segments,
	}
	var last *Record // of the read before
	return func(ctx context.Context, n int) ([]hit, bool, error) {
		q.Limit = n
		if last != nil {
			keys, err := sortKeys(*last, q.Order)
			if err != nil {
				return nil, false, err
			}
			q.After = &Position{Keys: keys, Key: last.Key}
		}
		records, err := c.handle.store.query(ctx, c.in(segment), q)
		if err != nil {
			return nil, false, err
		}
		if q.After != nil && len(records) > 0 {
			seen := hit{record: Record{Key: q.After.Key}, keys: q.After.Keys}
			for _, r := range []Record{records[0], records[len(records)-1]} {
				if err := w.query.follows(seen, hit{record: r}); err != nil {
					return nil, false, err
				}
			}
		}
		size := 0
		hits := make([]hit, len(records))
		for i, record := range records {
			size += len(record.Value)
			hits[i] = hit{app: segment.App, record: record}
			if segments > 1 {
				if hits[i].keys, err = sortKeys(record, q.Order); err != nil {
					return nil, false, err
				}
			}
		}
		if len(hits) < n && size <= q.MaxBytes {
			return hits, false, nil
		}
		last = &records[len(records)-1]
		return hits, true, nil
	}
}
