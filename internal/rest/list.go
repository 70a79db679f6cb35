package rest

import (
	"net/http"
	"strconv"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/seal"
)

// Bounds of a list's limit parameter.
const (
	DefaultLimit = 50
	MaxLimit     = 500
)

// Limit returns the limit parameter: [DefaultLimit] when it is absent, and a
// bad_request error outside 1 to [MaxLimit].
func (q Query) Limit() (int, error) {
	if !q.Has("limit") {
		return DefaultLimit, nil
	}
	n, err := strconv.Atoi(q.Get("limit"))
	if err != nil || n < 1 || n > MaxLimit {
		return 0, cpodkit.Errorf(cpodkit.CodeBadRequest, "The query parameter limit is a number from 1 to %d.", MaxLimit)
	}
	return n, nil
}

// Page is what a list call asks for, in a list whose position is one text.
type Page struct {
	After string // the position that the last page ended with; "" from the start
	Limit int

	cursors *seal.Box
	binding string
}

// Page reads limit and cursor. A cursor is opened with cursors and binding, which
// says for whom and for what list it was made; any other one is invalid_cursor.
func (q Query) Page(cursors *seal.Box, binding string) (Page, error) {
	limit, err := q.Limit()
	if err != nil {
		return Page{}, err
	}
	p := Page{Limit: limit, cursors: cursors, binding: binding}
	if !q.Has("cursor") {
		return p, nil
	}
	position, err := cursors.Open(binding, q.Get("cursor"))
	if err != nil {
		return Page{}, cpodkit.Errorf(cpodkit.CodeInvalidCursor,
			"The cursor is not one that this list gave to this caller; start again without it.")
	}
	p.After = string(position)
	return p, nil
}

// list is the body of every list.
type list[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"nextCursor,omitempty"`
}

// WritePage answers with a list, of which up to one item more than the limit was
// read. position says where an item stands, and view how it is shown.
func WritePage[T, V any](
	w http.ResponseWriter, r *http.Request, p Page, items []T, position func(T) string, view func(T) V,
) {
	answer := list[V]{Items: []V{}}
	if len(items) > p.Limit {
		items = items[:p.Limit]
		answer.NextCursor = p.cursors.Seal(p.binding, []byte(position(items[p.Limit-1])))
	}
	for _, item := range items {
		answer.Items = append(answer.Items, view(item))
	}
	cpodkit.WriteJSON(w, r, http.StatusOK, answer)
}
