package cluster

import (
	"context"
	"errors"

	"github.com/cpodkit/cpodkit"
)

// classify makes a driver's error one for a client: its code, a sentence of
// ours, and the driver's own words as the cause.
func classify(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	code := cpodkit.CodeOf(err)
	var detail string
	switch code {
	case cpodkit.CodeConflict:
		detail = "Another holder has the lease; try again later."
	case cpodkit.CodeUnavailable:
		detail = "The replicas cannot reach each other now; try again later."
	case cpodkit.CodeTimeout:
		detail = "The replicas took too long to reach each other; try again."
	default:
		code = cpodkit.CodeInternal
		detail = "The replicas failed to reach each other; the request id finds the reason in the server's logs."
	}
	e := cpodkit.Errorf(code, "%s", detail).WithCause(err)
	if from, ok := errors.AsType[*cpodkit.Error](err); ok {
		e.RetryAfter = from.RetryAfter
	}
	return e
}

var (
	errClosed = cpodkit.Errorf(cpodkit.CodeUnavailable, "The server stops.")
	errLost   = cpodkit.Errorf(cpodkit.CodeConflict, "The lease has ended; take it again before going on.")
)
