package flags

import (
	"net/http"

	"github.com/cpodkit/cpodkit"
)

// Require is middleware that answers not_found (404) unless the boolean flag is true for
// the request's identity. A flag that is unknown, off, or not boolean is not true. It
// goes inside of [Flags.Attach] and of the authentication: without an identity it
// answers missing_token (401). While the flags cannot be read, it answers unavailable.
func Require(key string) cpodkit.Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			on, err := FromContext(r.Context()).Bool(r.Context(), key, false, nil)
			if err == nil && !on {
				err = cpodkit.Errorf(cpodkit.CodeNotFound, "There is nothing here.")
			}
			if err != nil {
				cpodkit.WriteError(w, r, err)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}
