package portable

import (
	"context"
	"errors"
	"fmt"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/shares"
)

// Sentence returns what a code means in a capability, as a sentence for the
// client. It returns "" when the code is not an outcome that the capability knows.
// said is the Detail that the driver gave, "" without one: a capability that lets
// its drivers speak to clients may return it.
type Sentence func(code cpodkit.Code, said string) string

// Failed is the end of a [Sentence]: it words the codes that every capability
// knows in the same way, for a subject such as "The file store". It returns ""
// for all other codes.
func Failed(subject string, code cpodkit.Code) string {
	switch code {
	case cpodkit.CodeTimeout:
		return subject + " took too long; try again."
	case cpodkit.CodeInternal:
		return subject + " failed; the request id finds the reason in the server's logs."
	}
	return ""
}

// Error returns an error with the code of err, a sentence for the client, and err
// as its cause. A driver whose tenant's share is full says so itself. A code for which sentence returns "" becomes internal, which has a
// sentence always. Nil and a cancelled context's error come back as they are.
func Error(err error, sentence Sentence) error { return worded(nil, err, sentence) }

// Error is the function [Error] with the capability's sentences, for an error of a
// call with ctx. When ctx has ended and err has no code that the capability knows,
// the end of ctx is the reason: the error is then a cancelled context's, or timeout.
func (c *Calls) Error(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	return worded(ctx.Err(), err, c.sentence)
}

func worded(ended, err error, sentence Sentence) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	from, ok := errors.AsType[*cpodkit.Error](err)
	if !ok {
		from = &cpodkit.Error{}
	}
	code := cpodkit.CodeOf(err)
	detail := sentence(code, from.Detail)
	if shares.IsFull(err) {
		detail = from.Detail
	}
	if code == cpodkit.CodeInternal || detail == "" {
		switch {
		case errors.Is(ended, context.Canceled):
			return fmt.Errorf("%w: %w", ended, err)
		case ended != nil:
			code = cpodkit.CodeTimeout
		default:
			code = cpodkit.CodeInternal
		}
		detail = sentence(code, "")
	}
	e := cpodkit.Errorf(code, "%s", detail).WithCause(err)
	e.RetryAfter = from.RetryAfter
	return e
}
