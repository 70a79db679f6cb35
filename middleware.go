package cpodkit

import (
	"net/http"
	"slices"
)

// Middleware wraps a handler. It is the plain shape of the standard library,
// so any router takes it.
type Middleware = func(http.Handler) http.Handler

// Chain wraps h in the given middleware; the first one is the outermost.
func Chain(h http.Handler, outermostFirst ...Middleware) http.Handler {
	for _, wrap := range slices.Backward(outermostFirst) {
		h = wrap(h)
	}
	return h
}
