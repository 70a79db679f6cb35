package documents

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/cpodkit/cpodkit"
)

// classify makes an error for the caller out of a driver's. The driver's own
// text stays behind it, for logs.
func classify(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, cpodkit.CodeNotFound):
		return cpodkit.Errorf(cpodkit.CodeNotFound, "There is no document with this key in this collection.").WithCause(err)
	case errors.Is(err, cpodkit.CodePreconditionFailed):
		return errPrecondition().WithCause(err)
	case errors.Is(err, cpodkit.CodeUnavailable):
		e := cpodkit.Errorf(cpodkit.CodeUnavailable, "The document store cannot be reached or cannot write now; try again.")
		if driver, ok := errors.AsType[*cpodkit.Error](err); ok {
			e.RetryAfter = driver.RetryAfter
			e.Detail = cmp.Or(driver.Detail, e.Detail)
		}
		return e.WithCause(err)
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(ctx.Err(), context.Canceled):
		return fmt.Errorf("documents: %w: %w", context.Canceled, err)
	case errors.Is(err, cpodkit.CodeTimeout), errors.Is(err, context.DeadlineExceeded), ctx.Err() != nil:
		return cpodkit.Errorf(cpodkit.CodeTimeout, "The document store took too long; try again.").WithCause(err)
	}
	return cpodkit.Errorf(cpodkit.CodeInternal,
		"The document store failed; the request id finds the reason in the server's logs.").WithCause(err)
}

func errPrecondition() *cpodkit.Error {
	return cpodkit.Errorf(cpodkit.CodePreconditionFailed,
		"The document is not in the state that the call asks for; read it and try again.")
}

func errWrongCount(got, want int) error {
	return fmt.Errorf("documents: the driver answered %d of %d ops", got, want)
}
