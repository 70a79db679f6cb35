package portable_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/portable"
)

func sentence(code cpodkit.Code, _ string) string {
	if code == cpodkit.CodeUnavailable {
		return "Later."
	}
	return portable.Failed("It", code)
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
		{fmt.Errorf("driver: %w", context.DeadlineExceeded), cpodkit.CodeTimeout, "It took too long; try again.", 0},
		{cpodkit.CodeNotFound, cpodkit.CodeInternal, "It failed; the request id finds the reason in the server's logs.", 0}, // the capability knows of no such outcome
		{raw, cpodkit.CodeInternal, "It failed; the request id finds the reason in the server's logs.", 0},
	} {
		got := portable.Error(c.err, sentence)
		e, ok := errors.AsType[*cpodkit.Error](got)
		if !ok || e.Code != c.code || e.Detail != c.detail || e.RetryAfter != c.after || !errors.Is(got, c.err) {
			t.Errorf("%v gives %#v", c.err, got)
		}
	}
	if err := portable.Error(nil, sentence); err != nil {
		t.Errorf("nil gives %v", err)
	}
	gone := fmt.Errorf("driver: %w", context.Canceled)
	if err := portable.Error(gone, sentence); !errors.Is(err, context.Canceled) || err.Error() != gone.Error() {
		t.Errorf("a cancelled call gives %v", err)
	}
}

// What a driver says of itself is shown where the capability wants it.
func TestDriverSpeaks(t *testing.T) {
	t.Parallel()
	said := func(_ cpodkit.Code, said string) string { return said }
	full := fmt.Errorf("driver: %w", cpodkit.Errorf(cpodkit.CodeUnavailable, "The disk is full."))
	e, ok := errors.AsType[*cpodkit.Error](portable.Error(full, said))
	if !ok || e.Code != cpodkit.CodeUnavailable || e.Detail != "The disk is full." {
		t.Errorf("%v gives %#v", full, e)
	}
}

// When the context has ended, an error without a known code comes from that.
func TestEndedContext(t *testing.T) {
	t.Parallel()
	calls, err := portable.NewCalls("test", nil, nil, sentence)
	if err != nil {
		t.Fatal(err)
	}
	operation := calls.Operation("call")
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	interrupted := errors.New("interrupted")
	for _, c := range []struct {
		ctx  context.Context
		err  error
		want error
	}{
		{t.Context(), nil, nil},
		{t.Context(), interrupted, cpodkit.CodeInternal},
		{canceled, nil, nil},
		{canceled, interrupted, context.Canceled},
		{canceled, cpodkit.CodeForbidden, context.Canceled},
		{canceled, cpodkit.CodeUnavailable, cpodkit.CodeUnavailable},
		{late, interrupted, cpodkit.CodeTimeout},
	} {
		ctx, call := operation.Start(c.ctx)
		if got := call.End(ctx, c.err); !errors.Is(got, c.want) || !errors.Is(got, c.err) {
			t.Errorf("%v gives %v, want %v", c.err, got, c.want)
		}
	}
}

// A call that nobody measures costs no allocation.
func TestUnmeasured(t *testing.T) { //nolint:paralleltest // it counts allocations
	calls, err := portable.NewCalls("test", nil, nil, sentence)
	if err != nil {
		t.Fatal(err)
	}
	operation := calls.Operation("call")
	n := testing.AllocsPerRun(100, func() {
		ctx, call := operation.Start(t.Context())
		if err := call.End(ctx, nil); err != nil {
			t.Error(err)
		}
	})
	if n > 0 {
		t.Errorf("%v allocations", n)
	}
}
