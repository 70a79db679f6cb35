package cpodkit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Code names a kind of failure. Its value is the "code" member of an error
// answer and never changes. A Code is itself an error, so that
// errors.Is(err, CodeNotFound) asks for the kind of any error in a chain.
type Code string

// The codes of the HTTP contract. docs/errors.md says for each what it means
// to a caller.
const (
	CodeBadRequest           Code = "bad_request"
	CodeInvalidCursor        Code = "invalid_cursor"
	CodeInvalidKey           Code = "invalid_key"
	CodeDigestMismatch       Code = "digest_mismatch"
	CodeMissingToken         Code = "missing_token"
	CodeInvalidToken         Code = "invalid_token"
	CodeTokenExpired         Code = "token_expired"
	CodeTokenRevoked         Code = "token_revoked"
	CodeInvalidScope         Code = "invalid_scope"
	CodePolicyDenied         Code = "policy_denied"
	CodeUserRequired         Code = "user_required"
	CodeForbidden            Code = "forbidden"
	CodeNotFound             Code = "not_found"
	CodeMethodNotAllowed     Code = "method_not_allowed"
	CodeNotAcceptable        Code = "not_acceptable"
	CodeConflict             Code = "conflict"
	CodePreconditionFailed   Code = "precondition_failed"
	CodePayloadTooLarge      Code = "payload_too_large"
	CodeUnsupportedMediaType Code = "unsupported_media_type"
	CodeRangeNotSatisfiable  Code = "range_not_satisfiable"
	CodeValidationFailed     Code = "validation_failed"
	CodeRateLimited          Code = "rate_limited"
	CodeInternal             Code = "internal"
	CodeNotSupported         Code = "not_supported"
	CodeUnavailable          Code = "unavailable"
	CodeTimeout              Code = "timeout"
	CodeQuotaExceeded        Code = "quota_exceeded"

	// CodeCanceled is for the log and for metrics: the client has gone, and nobody
	// reads the answer. Its status is [StatusCanceled].
	CodeCanceled Code = "canceled"
)

// StatusCanceled is the status of a request whose client went before the answer. It
// is not of HTTP, but widely used for it.
const StatusCanceled = 499

// Error returns the code itself.
func (c Code) Error() string { return string(c) }

// Status returns the HTTP status of the code; 500 for one that is not of the
// contract. An [Error] with such a code carries its own (see [StatusOf]).
func (c Code) Status() int { return c.describe().status }

// Title returns a short English name of the code; "Internal error" for one that
// is not of the contract.
func (c Code) Title() string { return c.describe().title }

type description struct {
	status int
	title  string
}

func (c Code) describe() description { //nolint:gocyclo // a case for each code
	switch c {
	case CodeBadRequest:
		return description{http.StatusBadRequest, "Bad request"}
	case CodeInvalidCursor:
		return description{http.StatusBadRequest, "Invalid cursor"}
	case CodeInvalidKey:
		return description{http.StatusBadRequest, "Invalid key"}
	case CodeDigestMismatch:
		return description{http.StatusBadRequest, "Digest mismatch"}
	case CodeMissingToken:
		return description{http.StatusUnauthorized, "Token missing"}
	case CodeInvalidToken:
		return description{http.StatusUnauthorized, "Token invalid"}
	case CodeTokenExpired:
		return description{http.StatusUnauthorized, "Token expired"}
	case CodeTokenRevoked:
		return description{http.StatusUnauthorized, "Token revoked"}
	case CodeInvalidScope:
		return description{http.StatusForbidden, "Scope not granted"}
	case CodePolicyDenied:
		return description{http.StatusForbidden, "Denied by policy"}
	case CodeUserRequired:
		return description{http.StatusForbidden, "User required"}
	case CodeForbidden:
		return description{http.StatusForbidden, "Forbidden"}
	case CodeNotFound:
		return description{http.StatusNotFound, "Not found"}
	case CodeMethodNotAllowed:
		return description{http.StatusMethodNotAllowed, "Method not allowed"}
	case CodeNotAcceptable:
		return description{http.StatusNotAcceptable, "Not acceptable"}
	case CodeConflict:
		return description{http.StatusConflict, "Conflict"}
	case CodePreconditionFailed:
		return description{http.StatusPreconditionFailed, "Precondition failed"}
	case CodePayloadTooLarge:
		return description{http.StatusRequestEntityTooLarge, "Payload too large"}
	case CodeUnsupportedMediaType:
		return description{http.StatusUnsupportedMediaType, "Unsupported media type"}
	case CodeRangeNotSatisfiable:
		return description{http.StatusRequestedRangeNotSatisfiable, "Range not satisfiable"}
	case CodeValidationFailed:
		return description{http.StatusUnprocessableEntity, "Validation failed"}
	case CodeRateLimited:
		return description{http.StatusTooManyRequests, "Rate limit exceeded"}
	case CodeNotSupported:
		return description{http.StatusNotImplemented, "Not supported"}
	case CodeUnavailable:
		return description{http.StatusServiceUnavailable, "Unavailable"}
	case CodeTimeout:
		return description{http.StatusGatewayTimeout, "Timeout"}
	case CodeQuotaExceeded:
		return description{http.StatusInsufficientStorage, "Quota exceeded"}
	case CodeCanceled:
		return description{StatusCanceled, "Canceled"}
	}
	return description{http.StatusInternalServerError, "Internal error"}
}

// Error is the one error value of the toolkit. Capabilities return it, and
// [WriteError] and [WriteOAuthError] render it. All fields reach the client; the
// cause never does.
type Error struct {
	Code   Code
	Detail string       // a sentence for the caller: what is wrong and what to do
	Fields []FieldError // for CodeValidationFailed

	// Status, 400 to 599, and Title are for a Code of your own, which has none
	// otherwise: it would be 500, "Internal error". On a code of the contract they
	// replace what that has.
	Status int
	Title  string

	Scope      string        // for CodeInvalidScope: the scope that was missing
	RetryAfter time.Duration // for CodeRateLimited and CodeUnavailable; rounded up to seconds
	Allow      string        // for CodeMethodNotAllowed: the Allow header

	cause error
}

// FieldError says what is wrong with one member of a JSON body.
type FieldError struct {
	Pointer string `json:"pointer"` // RFC 6901; "" is the whole body
	Detail  string `json:"detail"`
}

// Errorf returns an error of the given code with the formatted text as its
// Detail. The text reaches the client: keep causes out of it and hand them to
// [Error.WithCause].
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Detail: fmt.Sprintf(format, args...)}
}

// WithCause returns a copy of e that wraps cause: errors.Is and errors.As find
// it and logs show it, but no client ever sees it.
func (e *Error) WithCause(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// Error returns code, detail and cause, for logs.
func (e *Error) Error() string {
	s := string(e.Code)
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	for _, f := range e.Fields {
		s += fmt.Sprintf(" [%s: %s]", f.Pointer, f.Detail)
	}
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Unwrap returns the cause, which may be nil.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is the error's [Code].
func (e *Error) Is(target error) bool { return target == error(e.Code) }

// CodeOf returns the code of the outermost [Error] or Code in err's chain. For
// an error without one it is [CodeTimeout] when a deadline passed,
// [CodeUnavailable] when its context was cancelled, and else [CodeInternal]; for
// nil it is "".
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	return asError(err).Code
}

// StatusOf returns the HTTP status that an answer with err has: that of the
// outermost [Error] or [Code] in its chain (see [CodeOf]); 200 for nil.
func StatusOf(err error) int {
	if err == nil {
		return http.StatusOK
	}
	return asError(err).status()
}

func (e *Error) status() int {
	if e.Status >= http.StatusBadRequest && e.Status < 600 {
		return e.Status
	}
	return e.Code.Status()
}

func (e *Error) title() string { return cmp.Or(e.Title, e.Code.Title()) }

// asError finds the Error in the chain of err, or makes one that tells the
// client nothing but its kind.
func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if c, ok := errors.AsType[Code](err); ok {
		return (&Error{Code: c, Detail: c.Title() + "."}).WithCause(err)
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return (&Error{Code: CodePayloadTooLarge, Detail: "The body is larger than this call takes."}).WithCause(err)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return (&Error{Code: CodeTimeout, Detail: "The call took too long; try it again."}).WithCause(err)
	}
	if errors.Is(err, context.Canceled) {
		// [WriteError] calls it canceled where the client has gone.
		return (&Error{Code: CodeUnavailable, Detail: "The call was broken off; try it again."}).WithCause(err)
	}
	return (&Error{Code: CodeInternal, Detail: "The server failed; the request id finds the reason in its logs."}).WithCause(err)
}

func errCanceled(cause error) *Error {
	return (&Error{Code: CodeCanceled, Detail: "The call was broken off; try it again."}).WithCause(cause)
}
