package classify_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/classify"
)

func sentence(code cpodkit.Code) string {
	switch code {
	case cpodkit.CodeUnavailable:
		return "Later."
	case cpodkit.CodeInternal:
		return "Sorry."
	}
	return ""
}

func TestError(t *testing.T) {
	t.Parallel()
	slow := cpodkit.Errorf(cpodkit.CodeUnavailable, "10.1.2.3 is down")
	slow.RetryAfter = time.Second
	raw := errors.New("10.1.2.3 fails")
	for _, c := range []struct {
		err    error
		code   cpodkit.Code
		detail string
		after  time.Duration
	}{
		{slow, cpodkit.CodeUnavailable, "Later.", time.Second},
		{fmt.Errorf("driver: %w", cpodkit.CodeUnavailable), cpodkit.CodeUnavailable, "Later.", 0},
		{cpodkit.CodeNotFound, cpodkit.CodeInternal, "Sorry.", 0}, // the capability knows of no such outcome
		{raw, cpodkit.CodeInternal, "Sorry.", 0},
	} {
		got := classify.Error(c.err, sentence)
		e, ok := errors.AsType[*cpodkit.Error](got)
		if !ok || e.Code != c.code || e.Detail != c.detail || e.RetryAfter != c.after || !errors.Is(got, c.err) {
			t.Errorf("%v gives %#v", c.err, got)
		}
	}
	if err := classify.Error(nil, sentence); err != nil {
		t.Errorf("nil gives %v", err)
	}
	gone := fmt.Errorf("driver: %w", context.Canceled)
	if err := classify.Error(gone, sentence); !errors.Is(err, context.Canceled) || err.Error() != gone.Error() {
		t.Errorf("a cancelled call gives %v", err)
	}
}
