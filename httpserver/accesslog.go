package httpserver

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/cpodkit/cpodkit"
)

// AccessLog is middleware that writes one line for each request: method, route,
// status, bytes, duration, request id and the client's address. Where they are known
// it has tenant, app, the kind of credential and the id of the API key, the client_id
// that an OAuth call names, the rate limit that refused, trace id and span id. A request
// by a signed URL has the tenant, the client_id and the id of the API key or token that
// made the URL. A path that no route has is logged too; method and path are bounded. A
// failed request also says why, at level Error when the server is to blame. One whose
// answer was not sent in whole has the code "canceled" when the client left, else
// "aborted".
//
// Any other URL, the headers and the values of the body are not logged, because they
// may hold secrets; the reason of a failure may name a storage path or a member of
// the body. Put it inside [Record] and [Telemetry].
func AccessLog(log *slog.Logger) cpodkit.Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			rec := record(w)
			defer func() {
				var space [18]slog.Attr // all that a line may have
				level, attrs := appendAccess(space[:0], r, rec, time.Since(start))
				log.LogAttrs(r.Context(), level, "request", attrs...)
			}()
			next.ServeHTTP(rec, r)
		})
	}
}

func appendAccess(attrs []slog.Attr, r *http.Request, rec *recorder, took time.Duration) (slog.Level, []slog.Attr) {
	attrs = append(attrs,
		slog.String("method", bounded(r.Method, maxLoggedMethod)),
		slog.Int("status", rec.Status()),
		slog.Int64("bytes", rec.bytes),
		slog.Float64("seconds", took.Seconds()))
	if pattern := patternOf(r, rec); pattern != "" {
		attrs = append(attrs, slog.String("route", pattern))
	} else if rec.Status() == http.StatusNotFound {
		attrs = append(attrs, slog.String("path", bounded(r.URL.EscapedPath(), maxLoggedPath)))
	}
	attrs = appendIDs(r.Context(), attrs)
	if addr := cpodkit.ClientAddr(r); addr.IsValid() {
		attrs = append(attrs, slog.String("client_addr", addr.String()))
	}
	known := cpodkit.RecordFromContext(r.Context())
	if limit := known.Limit(); limit != "" {
		attrs = append(attrs, slog.String("limit", limit))
	}
	level := slog.LevelInfo
	if e := known.Failure(); e != nil {
		attrs = append(attrs, slog.String("code", string(e.Code)), slog.Any("error", e))
		if cpodkit.StatusOf(e) == http.StatusInternalServerError {
			level = slog.LevelError
		}
	} else if cut := cutOf(r, rec); cut != "" {
		attrs = append(attrs, slog.String("code", cut), slog.String("error", rec.failed.Error()))
	}
	return level, attrs
}

const (
	maxLoggedMethod = 32
	maxLoggedPath   = 256
)

func bounded(s string, most int) string { return s[:min(len(s), most)] }

// patternOf returns the pattern that the request has matched, or "". [cpodkit.Mount]
// notes it. For other handlers the mux has written it into its own request, which
// is not r where middleware in between has copied that.
func patternOf(r *http.Request, rec *recorder) string {
	if route := cpodkit.RecordFromContext(r.Context()).Route(); route != nil {
		return route.Pattern
	}
	if rec.routed != nil {
		return rec.routed.Pattern
	}
	return r.Pattern
}

// appendIDs adds what finds the other traces of a request.
func appendIDs(ctx context.Context, attrs []slog.Attr) []slog.Attr {
	known := cpodkit.RecordFromContext(ctx)
	if id := known.RequestID(); id != "" {
		attrs = append(attrs, slog.String("request_id", id))
	}
	client := known.ClientID()
	if maker := known.URLMaker(); maker != nil {
		client = maker.AppID
		attrs = append(attrs, slog.String("tenant", maker.TenantID), slog.String("credential", "signed_url"))
		if maker.KeyDigest != "" {
			attrs = append(attrs, slog.String("key_id", maker.TokenID))
		} else if maker.TokenID != "" {
			attrs = append(attrs, slog.String("token_id", maker.TokenID))
		}
	} else if id := known.Identity(); id != nil {
		attrs = append(attrs, slog.String("tenant", id.TenantID), slog.String("app", id.AppID))
		if id.Issuer == "" && id.TokenID != "" {
			attrs = append(attrs, slog.String("credential", "api_key"), slog.String("key_id", id.TokenID))
		} else {
			attrs = append(attrs, slog.String("credential", "token"))
		}
	}
	if client != "" {
		attrs = append(attrs, slog.String("client_id", client))
	}
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		attrs = append(attrs, slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String()))
	}
	return attrs
}
