package httpserver

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/cpodkit/cpodkit"
)

// Recover is middleware that turns a panic into an internal error: the client
// learns nothing of it, the log gets the stack. When the answer has begun
// already, the connection is cut, so that half an answer cannot pass for a
// whole one.
func Recover(log *slog.Logger) cpodkit.Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := record(w)
			defer func() {
				p := recover()
				if p == nil {
					return
				}
				if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(p)
				}
				attrs := []slog.Attr{slog.Any("panic", p), slog.String("stack", string(debug.Stack()))}
				log.LogAttrs(r.Context(), slog.LevelError, "panic", appendIDs(r.Context(), attrs)...)
				if rec.status != 0 {
					panic(http.ErrAbortHandler)
				}
				rec.guarded = false
				cpodkit.WriteError(rec, r, fmt.Errorf("panic: %v", p))
			}()
			next.ServeHTTP(rec, r)
		})
	}
}
