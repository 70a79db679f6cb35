//go:build !race

package masking_test

import (
	"log/slog"
	"testing"
	"time"
)

// The race detector empties pools by chance.
func TestSlogDoesNotAllocate(t *testing.T) { //nolint:paralleltest // AllocsPerRun counts those of all goroutines
	log := slog.New(newMasker(t).Handler(slog.NewJSONHandler(&sink{}, nil)))
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() {
		log.LogAttrs(ctx, slog.LevelInfo, "request", slog.String("method", "GET"), slog.String("route", "GET /v1/files/{key...}"),
			slog.Int("status", 200), slog.Duration("took", time.Millisecond), slog.String("request_id", "0b5e0d3a"))
	}); n > 0 {
		t.Errorf("a record without a finding allocates %v times", n)
	}
}
