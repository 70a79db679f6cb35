package main

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/httpserver"
)

// BenchmarkAccessLog measures a request with its line in the log, with masking and without.
func BenchmarkAccessLog(b *testing.B) {
	masked := newLog(readSettings(nil, io.Discard), io.Discard)
	plain := slog.New(slog.NewJSONHandler(io.Discard, logOptions(slog.LevelInfo))) //nolint:sloglint // the work is what is measured
	for name, log := range map[string]*slog.Logger{"nothing": nil, "plain": plain, "masked": masked} {
		b.Run(name, func(b *testing.B) {
			id := cpodkit.Identity{TenantID: "default", AppID: "app-orders", TokenID: "key-06h2r0e9lfdoq9fkt2a81ct9dc"}
			answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_ = r.WithContext(cpodkit.WithIdentity(r.Context(), id))
				w.WriteHeader(http.StatusNoContent)
			})
			h := httpserver.Record((&house{}).serverInfo())(answer)
			if log != nil {
				h = httpserver.Record((&house{}).serverInfo())(httpserver.AccessLog(log)(answer))
			}
			r := httptest.NewRequest(http.MethodGet, "/v1/storage/kv/counter:api-calls", nil)
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
