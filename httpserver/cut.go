package httpserver

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"syscall"

	"github.com/cpodkit/cpodkit"
)

// aborted is the error type of an answer that was cut in its middle, and not by its
// client. It has no code.
const aborted = "aborted"

// cutOf returns why an answer has not been sent in whole: "canceled" when the client has
// gone, "aborted" when a deadline or the end of the server cut it, or when its content
// could not be read; "" when nothing failed, or when a failure was answered. A handler
// often ignores the error, as http.ServeContent does.
func cutOf(r *http.Request, rec *recorder) string {
	err := rec.failed
	switch {
	case err == nil || cpodkit.RecordFromContext(r.Context()).Failure() != nil:
		return ""
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, net.ErrClosed):
		return aborted // net/http then ends the context, too
	case errors.Is(r.Context().Err(), context.Canceled), isHangUp(err):
		return string(cpodkit.CodeCanceled)
	}
	return aborted
}

// isHangUp reports whether a write failed because the other side has closed the
// connection. That may be known before the context of the request has ended. A reset
// while the content was read, such as from a store, is not one.
func isHangUp(err error) bool {
	for cause := err; ; {
		op, ok := errors.AsType[*net.OpError](cause)
		if !ok {
			return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
		}
		if op.Op == "read" {
			return false
		}
		cause = op.Err
	}
}
