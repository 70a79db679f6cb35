package cpodkit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"time"
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

type requestKey struct{}

// requestInfo lets inner handlers tell outer middleware what they learned.
type requestInfo struct {
	id       string
	identity atomic.Pointer[Identity]
	failure  atomic.Pointer[Error]
}

// RequestID returns the id that [WithRequestID] gave to the request, or "".
func RequestID(ctx context.Context) string {
	if info, ok := ctx.Value(requestKey{}).(*requestInfo); ok {
		return info.id
	}
	return ""
}

// WithRequestID is middleware that takes the request's X-Request-Id (1 to 128
// visible ASCII bytes) or makes one, puts it in the context and returns it on
// every answer.
func WithRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-Id")
		if !visibleASCII(id) {
			id = rand.Text()
		}
		w.Header().Set("X-Request-Id", id)
		ctx := context.WithValue(r.Context(), requestKey{}, &requestInfo{id: id})
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func visibleASCII(s string) bool {
	if len(s) == 0 || len(s) > 128 {
		return false
	}
	return strings.IndexFunc(s, func(c rune) bool { return c <= ' ' || c > '~' }) < 0
}

// AccessLog is middleware that writes one line a request: method, route,
// status, bytes, duration, request id and, where they are known, tenant and
// app. A failed request also says why, at level Error when the server is to
// blame. Paths, queries, headers and bodies are never logged: they may hold
// secrets. Put it inside [WithRequestID].
func AccessLog(log *slog.Logger) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			rec := &recorder{ResponseWriter: w}
			defer func() {
				level, attrs := accessAttrs(r, rec, time.Since(start))
				log.LogAttrs(r.Context(), level, "request", attrs...)
			}()
			next.ServeHTTP(rec, r)
		})
	}
}

func accessAttrs(r *http.Request, rec *recorder, took time.Duration) (slog.Level, []slog.Attr) {
	level := slog.LevelInfo
	attrs := []slog.Attr{
		slog.String("method", r.Method),
		slog.Int("status", rec.Status()),
		slog.Int64("bytes", rec.bytes),
		slog.Float64("seconds", took.Seconds()),
	}
	if r.Pattern != "" {
		attrs = append(attrs, slog.String("route", r.Pattern))
	}
	info, ok := r.Context().Value(requestKey{}).(*requestInfo)
	if !ok {
		return level, attrs
	}
	attrs = append(attrs, slog.String("request_id", info.id))
	if id := info.identity.Load(); id != nil {
		attrs = append(attrs, slog.String("tenant", id.TenantID), slog.String("app", id.AppID))
	}
	if e := info.failure.Load(); e != nil {
		attrs = append(attrs, slog.String("code", string(e.Code)), slog.Any("error", e))
		if e.Code.Status() == http.StatusInternalServerError {
			level = slog.LevelError
		}
	}
	return level, attrs
}

// Recover is middleware that turns a panic into an internal error: the client
// learns nothing of it, the log gets the stack. When the answer has begun
// already, the connection is cut, so that half an answer cannot pass for a
// whole one.
func Recover(log *slog.Logger) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := &recorder{ResponseWriter: w}
			defer func() {
				p := recover()
				if p == nil {
					return
				}
				if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(p)
				}
				log.LogAttrs(r.Context(), slog.LevelError, "panic",
					slog.Any("panic", p),
					slog.String("request_id", RequestID(r.Context())),
					slog.String("stack", string(debug.Stack())))
				if rec.status != 0 {
					panic(http.ErrAbortHandler)
				}
				WriteError(w, r, fmt.Errorf("panic: %v", p))
			}()
			next.ServeHTTP(rec, r)
		})
	}
}
