package health_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/internal/health"
)

func TestEachFailureIsLoggedOnce(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	state := health.New(slog.New(slog.NewTextHandler(&out, nil)), "the thing")
	if err := state.Err(); err != nil {
		t.Errorf("at first: %v", err)
	}
	for i, step := range []struct {
		err  error
		logs string
	}{
		{nil, ""},
		{errors.New("a"), `level=WARN msg="the thing: it fails" error=a`},
		{errors.New("a"), ""},
		{errors.New("b"), `level=WARN msg="the thing: it fails" error=b`},
		{errors.New("a"), `level=WARN msg="the thing: it fails" error=a`},
		{nil, `level=INFO msg="the thing: it works again"`},
		{nil, ""},
	} {
		out.Reset()
		state.Set(t.Context(), step.err)
		if got := strings.TrimSpace(out.String()); !strings.HasSuffix(got, step.logs) || (got == "") != (step.logs == "") {
			t.Errorf("step %d logs %q, want %q", i, got, step.logs)
		}
		if got := state.Err(); !errors.Is(got, step.err) {
			t.Errorf("step %d: the failure is %v, want %v", i, got, step.err)
		}
	}
	health.New(nil, "silent").Set(t.Context(), errors.New("a"))
}
