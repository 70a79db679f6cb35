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

	"go.opentelemetry.io/otel/trace"
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
	pattern  atomic.Pointer[string]
	identity atomic.Pointer[Identity]
	failure  atomic.Pointer[Error]
}

func (i *requestInfo) notePattern(pattern string) { i.pattern.Store(&pattern) }

// infoOf returns nil for a request that has not passed [AssignRequestID].
func infoOf(ctx context.Context) *requestInfo {
	info, _ := ctx.Value(requestKey{}).(*requestInfo)
	return info
}

// patternOf returns the pattern that the request has matched, or "". A ServeMux
// writes it into its own request, which is a copy when middleware before it put
// something into the context; so [Guard] notes it, too.
func patternOf(r *http.Request) string {
	if r.Pattern != "" {
		return r.Pattern
	}
	if info := infoOf(r.Context()); info != nil {
		if pattern := info.pattern.Load(); pattern != nil {
			return *pattern
		}
	}
	return ""
}

// RequestID returns the id that [AssignRequestID] gave to the request, or "".
func RequestID(ctx context.Context) string {
	if info := infoOf(ctx); info != nil {
		return info.id
	}
	return ""
}

// AssignRequestID is middleware that takes the request's X-Request-Id (1 to 128
// visible ASCII bytes) or makes one, puts it in the context and returns it on
// every answer.
func AssignRequestID(next http.Handler) http.Handler {
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
// status, bytes, duration, request id and, where they are known, tenant, app,
// trace id and span id. A failed request also says why, at level Error when the
// server is to blame. The URL, the headers and the values of the body are not
// logged, because they may hold secrets; the reason of a failure may name a
// storage path or a member of the body. Put it inside [AssignRequestID] and [Telemetry].
func AccessLog(log *slog.Logger) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			rec := record(w)
			defer func() {
				var space [12]slog.Attr // all that a line may have
				level, attrs := appendAccess(space[:0], r, rec, time.Since(start))
				log.LogAttrs(r.Context(), level, "request", attrs...)
			}()
			next.ServeHTTP(rec, r)
		})
	}
}

func appendAccess(attrs []slog.Attr, r *http.Request, rec *recorder, took time.Duration) (slog.Level, []slog.Attr) {
	attrs = append(attrs,
		slog.String("method", r.Method),
		slog.Int("status", rec.Status()),
		slog.Int64("bytes", rec.bytes),
		slog.Float64("seconds", took.Seconds()))
	if pattern := patternOf(r); pattern != "" {
		attrs = append(attrs, slog.String("route", pattern))
	}
	attrs = appendIDs(r.Context(), attrs)
	level := slog.LevelInfo
	if info := infoOf(r.Context()); info != nil {
		if e := info.failure.Load(); e != nil {
			attrs = append(attrs, slog.String("code", string(e.Code)), slog.Any("error", e))
			if e.Code.Status() == http.StatusInternalServerError {
				level = slog.LevelError
			}
		}
	}
	return level, attrs
}

// appendIDs adds what finds the other traces of a request.
func appendIDs(ctx context.Context, attrs []slog.Attr) []slog.Attr {
	if info := infoOf(ctx); info != nil {
		attrs = append(attrs, slog.String("request_id", info.id))
		if id := info.identity.Load(); id != nil {
			attrs = append(attrs, slog.String("tenant", id.TenantID), slog.String("app", id.AppID))
		}
	}
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		attrs = append(attrs, slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String()))
	}
	return attrs
}

// Recover is middleware that turns a panic into an internal error: the client
// learns nothing of it, the log gets the stack. When the answer has begun
// already, the connection is cut, so that half an answer cannot pass for a
// whole one.
func Recover(log *slog.Logger) Middleware {
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
				WriteError(w, r, fmt.Errorf("panic: %v", p))
			}()
			next.ServeHTTP(rec, r)
		})
	}
}
