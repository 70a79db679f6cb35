//go:build !race

package masking_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/masking"
)

// The race detector empties pools by chance, so these tests are not built with it.

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

func TestFindDoesNotAllocate(t *testing.T) { //nolint:paralleltest // AllocsPerRun counts those of all goroutines
	m := newMasker(t)
	text := "Call Alice at 555-867-5309, card 4111 1111 1111 1111, DE89 3704 0044 0532 0130 00, password=hunter2, 2001:db8::1"
	dst := make([]masking.Finding, 0, 16)
	if n := testing.AllocsPerRun(100, func() { dst = m.Find(dst[:0], text) }); n > 0 || len(dst) != 6 {
		t.Errorf("Find allocates %v times for %d findings, want 0 for 6", n, len(dst))
	}
	clean := strings.Repeat("nothing to see in this text. ", 50)
	if n := testing.AllocsPerRun(100, func() { m.MaskString(clean) }); n > 0 {
		t.Errorf("MaskString of a text without a finding allocates %v times", n)
	}
}
