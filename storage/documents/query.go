package documents

import (
	"context"
	"encoding/json"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/query"
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

	// Limit is the most documents of a page, 1 to 500; 0 is 50.
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
// A malformed query is validation_failed. So is one whose filter and sort are
// too long for the cursor that the next page needs (about 1,900 bytes); a larger
// Limit may do without it. A cursor that was altered, or comes from another
// identity, tier, collection or secret, is invalid_cursor.
func (c CollectionHandle) Query(ctx context.Context, q Query) (Page, error) {
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
func (c CollectionHandle) query(ctx context.Context, body queryBody, readSort func(*parser)) (Page, error) {
	in, err := c.place(storage.Read)
	if err != nil {
		return Page{}, err
	}
	limit := query.DefaultLimit
	if body.Limit != nil {
		limit = *body.Limit
	}
	var p parser
	if body.Cursor == nil {
		p.filter(body.Filter)
		readSort(&p)
	}
	if limit < 1 || limit > query.MaxLimit {
		p.fault("/limit", "must be an integer from 1 to %d", query.MaxLimit)
	}
	if err := p.err(); err != nil {
		return Page{}, err
	}
	w := walk{query: p.query}
	if body.Cursor != nil {
		if w, err = c.open(ctx, in, *body.Cursor); err != nil {
			return Page{}, err
		}
	}
	return c.page(ctx, in, w, limit)
}

// walk is a query under way.
type walk struct {
	query parsedQuery
	after *Position // nil from the start
}

// page returns the next documents of a walk.
func (c CollectionHandle) page(ctx context.Context, in Collection, w walk, limit int) (Page, error) {
	records, err := c.handle.store.driver.Query(ctx, in, DriverQuery{
		Filter: w.query.conditions,
		Order:  w.query.order,
		After:  w.after,
		Limit:  limit + 1, // one more shows that there is another page
	})
	if err != nil {
		return Page{}, classify(ctx, err)
	}
	page := Page{Items: make([]Document, 0, min(len(records), limit))}
	for _, record := range records[:min(len(records), limit)] {
		page.Items = append(page.Items, document(record))
	}
	if len(records) > limit {
		if page.NextCursor, err = c.cursor(w.query, records[limit-1], records[limit]); err != nil {
			return Page{}, err
		}
	}
	return page, nil
}
