// Package portable is what the portable types of all capabilities share: the
// measuring of their calls to drivers, the wording of drivers' errors for
// clients, the handle of an identity in a request's context, and the walk over pages.
package portable

import (
	"context"
	"iter"
	"net/http"

	"github.com/cpodkit/cpodkit"
)

// handleKey is the key of the function that makes handles of type H in a context.
// Each capability has a type of its own.
type handleKey[H any] struct{}

// Attach returns next with handle in each request's context, where [FromContext]
// finds it.
func Attach[H any](next http.Handler, handle func(cpodkit.Identity) H) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), handleKey[H]{}, handle)))
	})
}

// FromContext returns the handle of type H for the identity in ctx. The order of
// [Attach] and the authentication is free. Without an identity it returns the handle
// of the zero identity, and without Attach the zero H.
func FromContext[H any](ctx context.Context) H {
	handle, attached := ctx.Value(handleKey[H]{}).(func(cpodkit.Identity) H)
	if !attached {
		var none H
		return none
	}
	id, _ := cpodkit.IdentityFromContext(ctx)
	return handle(id)
}

// Walk yields the items of all pages of a list, and ends after an error. Each loop
// over it calls start first. fetch returns a page and the position of the next one,
// nil after the last. A loop that ends early fetches nothing more.
func Walk[T, P any](start func() (P, error), fetch func(P) (items []T, next *P, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		from, err := start()
		if err != nil {
			yield(none, err)
			return
		}
		for at := &from; at != nil; {
			var items []T
			if items, at, err = fetch(*at); err != nil {
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}
