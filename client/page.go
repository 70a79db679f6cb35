package client

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
)

// maxPageItems is the largest page that the server gives; the iterators ask for it, to make few requests.
const maxPageItems = 500

// Page is a part of a list. NextCursor is empty on the last one.
type Page[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"nextCursor"`
}

// getPage fetches one page of a list.
func getPage[T any](ctx context.Context, a *api, op, path string, query url.Values, options []PageOption) (Page[T], error) {
	var page listing
	for _, option := range options {
		option.applyToPage(&page)
	}
	page.addTo(query)
	var listed Page[T]
	err := a.doJSON(ctx, &call{
		op: op, method: http.MethodGet, path: path, query: query,
		repeat: always, success: []int{http.StatusOK}, maxAnswer: maxPage,
	}, &listed)
	if err != nil {
		return Page[T]{}, err
	}
	return listed, nil
}

var errStuckCursor = errors.New("cpod: the server gave the same cursor twice, so the list would never end")

// walk yields the items of all pages, from the given cursor on. After an error it stops.
func walk[T any](cursor string, fetch func(cursor string) ([]T, string, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for at := cursor; ; {
			items, next, err := fetch(at)
			if err == nil && next != "" && next == at {
				err = errStuckCursor
			}
			if err != nil {
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if next == "" {
				return
			}
			at = next
		}
	}
}
