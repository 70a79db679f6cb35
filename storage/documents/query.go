package documents

import (
	"cmp"
	"context"
	"encoding/json"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/merge"
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

// Page is one page of documents.
type Page struct {
	Items      []Document
	NextCursor string // "" when this is the last page
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
	var filter []byte
	if len(q.Filter) > 0 && q.Cursor == "" {
		var err error
		if filter, err = json.Marshal(q.Filter); err != nil {
			return Page{}, cpodkit.ValidationError(fault("/filter", "cannot be written as JSON")).WithCause(err)
		}
	}
	return c.query(ctx, queryBody{Filter: filter, Limit: orNil(q.Limit), Cursor: orNil(q.Cursor)},
		func(p *parser) { p.orders(q.Sort) })
}

func orNil[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// queryBody is the body of a query call.
type queryBody struct {
	Filter json.RawMessage `json:"filter"`
	Sort   json.RawMessage `json:"sort"`
	Limit  *int            `json:"limit"`
	Cursor *string         `json:"cursor"`
}

// query answers body, whose order readSort finds.
func (c Collection) query(ctx context.Context, body queryBody, readSort func(*parser)) (Page, error) {
	if _, err := c.authorizeQuery(c.handle.apps); err != nil {
		return Page{}, err
	}
	limit := rest.DefaultLimit
	if body.Limit != nil {
		limit = *body.Limit
	}
	var p parser
	if body.Cursor == nil {
		p.filter(body.Filter)
		readSort(&p)
	}
	if limit < 1 || limit > rest.MaxLimit {
		p.fault("/limit", "must be an integer from 1 to %d", rest.MaxLimit)
	}
	if err := p.err(); err != nil {
		return Page{}, err
	}
	p.query.apps = c.handle.apps
	return c.handle.store.inTime(ctx, func(ctx context.Context) (Page, error) {
		w := walk{query: p.query}
		if body.Cursor != nil {
			var err error
			if w, err = c.open(ctx, *body.Cursor); err != nil {
				return Page{}, err
			}
		}
		return c.page(ctx, w, limit)
	})
}

// walk is a query under way.
type walk struct {
	query parsedQuery
	after *Position // nil from the start
	app   string    // with all apps: whose document after is
}

// afterIn returns what the walk goes on behind in one app. The key that the last
// page ended with may be in several apps, and come in this one only now.
func (w walk) afterIn(app string) *Position {
	if w.after == nil || !w.query.apps.All() || app <= w.app {
		return w.after
	}
	return &Position{Keys: w.after.Keys, Key: storage.JustBefore(w.after.Key)}
}

// page returns the next documents of a walk.
func (c Collection) page(ctx context.Context, w walk, limit int) (Page, error) {
	segments, err := c.segments(ctx, w.query.apps)
	if err != nil {
		return Page{}, err
	}
	sources := make([]merge.Source[hit], len(segments))
	for i, segment := range segments {
		sources[i] = c.source(w, segment, len(segments))
	}
	size, full := 0, false
	fill := func(h hit) bool {
		size += len(h.record.Value)
		full = size > MaxPage && size > len(h.record.Value) // the first one always fits
		return full
	}
	// One hit more than fits shows that there is another page.
	hits, err := merge.PageUntil(ctx, sources, limit+1, w.query.compare, fill)
	if err != nil {
		return Page{}, err
	}
	fit := len(hits)
	if len(hits) > limit || full {
		fit--
	}
	page := Page{Items: make([]Document, 0, fit)}
	for _, hit := range hits[:fit] {
		d := document(hit.record)
		if w.query.apps.All() {
			d.App = hit.app
		}
		page.Items = append(page.Items, d)
	}
	if fit < len(hits) {
		if page.NextCursor, err = c.cursor(w.query, hits[fit-1], hits[fit]); err != nil {
			return Page{}, err
		}
	}
	return page, nil
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
