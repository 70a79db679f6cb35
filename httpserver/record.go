package httpserver

import (
	"crypto/rand"
	"net/http"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/trailer"
)

// Record is middleware that begins the [cpodkit.Record] of each request; put it
// outermost. It takes the request's X-Request-Id (1 to 128 visible ASCII bytes)
// or makes one, and returns it on every answer. server says how error answers
// speak of this server.
func Record(server cpodkit.ServerInfo) cpodkit.Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id := r.Header.Get("X-Request-Id")
			if !visibleASCII(id) {
				id = rand.Text()
			}
			w.Header().Set("X-Request-Id", id)
			ctx, rec := cpodkit.WithRecord(r.Context(), id, server)
			if t, ok := ctx.Value(trackedKey{}).(*tracked); ok {
				t.record.Store(rec)
			}
			trailer.Keep(r)
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

func visibleASCII(s string) bool {
	if len(s) == 0 || len(s) > 128 {
		return false
	}
	return strings.IndexFunc(s, func(c rune) bool { return c <= ' ' || c > '~' }) < 0
}
