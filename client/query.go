package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"

	"github.com/cpodkit/cpodkit"
)

// maxBatch is the number of operations that the server takes at once.
const maxBatch = 500

// Query picks documents of a collection.
type Query struct {
	// Filter holds one condition for each dotted path, and all of them must be met: a value to equal, or operators, as
	// in Filter{"plan": "pro", "age": map[string]any{"gte": 18}}. The operators are eq, ne, gt, gte, lt, lte, in and
	// exists. Values of different JSON types never compare.
	Filter Filter
	// Sort orders the answer; without it the order is the server's.
	Sort Sort
	// Limit is the number of documents on a page, 1 to 500; 0 means the server's default of 50.
	Limit int
	// Cursor continues after the page whose NextCursor it is, with that page's filter and sort, not those given here.
	Cursor string
}

// Filter maps dotted paths to what they must equal, or to operators: see [Query].
type Filter map[string]any

// Sort is a list of orders, the first being the most significant.
type Sort []Order

// Order is a path to sort by, made by [Asc] or [Desc].
type Order struct {
	path      string
	direction int
}

// Asc sorts by the dotted path, smallest first.
func Asc(path string) Order { return Order{path, 1} }

// Desc sorts by the dotted path, largest first.
func Desc(path string) Order { return Order{path, -1} }

// MarshalJSON writes {"path": 1} for one order, and [["a", 1], ["b", -1]] for several.
func (s Sort) MarshalJSON() ([]byte, error) {
	if len(s) == 1 {
		return json.Marshal(map[string]int{s[0].path: s[0].direction})
	}
	pairs := make([][2]any, len(s))
	for i, order := range s {
		pairs[i] = [2]any{order.path, order.direction}
	}
	return json.Marshal(pairs)
}

// Query returns one page of the documents that match.
func (c *Collection) Query(ctx context.Context, query Query) (Page[Document], error) {
	const op = "db.query"
	ask, err := c.collectionCall(op, http.MethodPost, "/query", anyApps)
	if err != nil {
		return Page[Document]{}, err
	}
	ask.data, err = encodeJSON(op, struct {
		Filter Filter `json:"filter,omitempty"`
		Sort   Sort   `json:"sort,omitempty"`
		Limit  int    `json:"limit,omitempty"`
		Cursor string `json:"cursor,omitempty"`
	}(query))
	if err != nil {
		return Page[Document]{}, err
	}
	ask.contentType, ask.repeat, ask.success, ask.maxAnswer = jsonType, always, []int{http.StatusOK}, maxPage
	var page Page[Document]
	if err := c.api.doJSON(ctx, ask, &page); err != nil {
		return Page[Document]{}, err
	}
	return page, nil
}

// All walks through all documents that match, from query.Cursor on, fetching pages of query.Limit as it goes. It ends
// after an error. Documents that nobody changes meanwhile appear exactly once.
func (c *Collection) All(ctx context.Context, query Query) iter.Seq2[Document, error] {
	return walk(query.Cursor, func(cursor string) ([]Document, string, error) {
		at := query
		at.Cursor = cursor
		page, err := c.Query(ctx, at)
		return page.Items, page.NextCursor, err
	})
}

// Op is a step of a batch, made by [SetOp] or [DeleteOp].
type Op struct {
	verb  string
	key   string
	value any
}

// SetOp writes a value under a key.
func SetOp(key string, value any) Op { return Op{"set", key, value} }

// DeleteOp removes the value under a key; it succeeds too when there is none.
func DeleteOp(key string) Op { return Op{verb: "delete", key: key} }

// BatchResult says how many steps of a batch took effect, and why the others did not.
type BatchResult struct {
	Succeeded int          `json:"succeeded"`
	Failed    int          `json:"failed"`
	Errors    []BatchError `json:"errors"`
}

// BatchError is the failure of one step.
type BatchError struct {
	// Index is the position of the step in the batch, from 0.
	Index  int    `json:"index"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// Batch applies 1 to 500 steps in order. Steps that fail do not stop the others: look at the result. After an error
// some may have been applied.
func (c *Collection) Batch(ctx context.Context, ops []Op) (BatchResult, error) {
	const op = "db.batch"
	batch, err := c.collectionCall(op, http.MethodPost, "/batch", ownApp)
	if err != nil {
		return BatchResult{}, err
	}
	if len(ops) == 0 || len(ops) > maxBatch {
		return BatchResult{}, invalid(op, cpodkit.CodeValidationFailed, "a batch has 1 to %d steps", maxBatch)
	}
	type step struct {
		Op    string          `json:"op"`
		Key   string          `json:"key"`
		Value json.RawMessage `json:"value,omitempty"`
	}
	steps := make([]step, len(ops))
	for i, one := range ops {
		steps[i] = step{Op: one.verb, Key: one.key}
		if one.verb == "" {
			return BatchResult{}, invalid(op, cpodkit.CodeValidationFailed, "step %d is empty: make it with SetOp or DeleteOp", i)
		}
		if err := checkKey(op, one.key, maxKey); err != nil {
			return BatchResult{}, err
		}
		if one.verb == "set" {
			if steps[i].Value, err = encodeJSON(op, one.value); err != nil {
				return BatchResult{}, err
			}
		}
	}
	if batch.data, err = encodeJSON(op, map[string]any{"ops": steps}); err != nil {
		return BatchResult{}, err
	}
	batch.contentType, batch.success = jsonType, []int{http.StatusOK}
	var result BatchResult
	if err := c.api.doJSON(ctx, batch, &result); err != nil {
		return BatchResult{}, err
	}
	return result, nil
}
