package kv

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
	case cpodkit.CodeNotFound:
		detail = "There is no entry with this key."
	case cpodkit.CodeConflict:
		detail = "The entry holds no 64-bit integer, or the sum would not be one; it was left as it is."
	case cpodkit.CodeUnavailable:
		detail = "The key-value store cannot take this call now; try again later."
	case cpodkit.CodeTimeout:
		detail = "The key-value store took too long; try again."
	default:
		code = cpodkit.CodeInternal
		detail = "The key-value store failed; the request id finds the reason in the server's logs."
	}
	e := cpodkit.Errorf(code, "%s", detail).WithCause(err)
	if from, ok := errors.AsType[*cpodkit.Error](err); ok {
		e.RetryAfter = from.RetryAfter
	}
	return e
}

func invalid(pointer, detail string) error {
	return cpodkit.ValidationError(cpodkit.FieldError{Pointer: pointer, Detail: detail})
}
