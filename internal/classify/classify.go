// Package classify makes the errors of drivers errors for clients.
package classify

import (
	"context"
	"errors"

	"github.com/cpodkit/cpodkit"
)

// Error returns an error with the code of err, a sentence for the client, and err
// as its cause. A code for which sentence returns "" becomes internal, which has a
// sentence always. Nil and a cancelled context's error come back as they are.
func Error(err error, sentence func(cpodkit.Code) string) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	code := cpodkit.CodeOf(err)
	detail := sentence(code)
	if detail == "" {
		code = cpodkit.CodeInternal
		detail = sentence(code)
	}
	e := cpodkit.Errorf(code, "%s", detail).WithCause(err)
	if from, ok := errors.AsType[*cpodkit.Error](err); ok {
		e.RetryAfter = from.RetryAfter
	}
	return e
}
