// Package portable is what the portable types of all capabilities share: the
// measuring of their calls to drivers, the wording of drivers' errors for
// clients, and the handle of an identity in a request's context.
package portable

import (
	"context"
	"net/http"

	"github.com/cpodkit/cpodkit"
)

// handleKey is the key of the context's handle of type H. Each capability has a
// type of its own.
type handleKey[H any] struct{}

// Attach returns next with the handle of each request's identity in the
// request's context, where [FromContext] finds it. A request without an identity
// passes without a handle.
func Attach[H any](next http.Handler, handle func(cpodkit.Identity) H) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id, ok := cpodkit.IdentityFromContext(r.Context()); ok {
			r = r.WithContext(context.WithValue(r.Context(), handleKey[H]{}, handle(id)))
		}
		next.ServeHTTP(w, r)
	})
}

// FromContext returns the handle of type H that [Attach] stored in ctx.
func FromContext[H any](ctx context.Context) (H, bool) {
	h, ok := ctx.Value(handleKey[H]{}).(H)
	return h, ok
}
