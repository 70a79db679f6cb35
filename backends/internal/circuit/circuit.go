// Package circuit keeps a backend that is down from taking its callers along:
// each call has a time limit, and once calls keep failing, further ones fail at
// once until one that is let through succeeds.
package circuit

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/sony/gobreaker/v2"
)

const (
	// DefaultTimeLimit is how long one call may take.
	DefaultTimeLimit = 5 * time.Second

	failuresToOpen = 3           // in a row
	openFor        = time.Second // then one call tries
)

// Breaker guards the calls to one system. It is safe for concurrent use.
type Breaker struct {
	system    string
	timeLimit time.Duration
	isDown    func(error) bool
	breaker   *gobreaker.CircuitBreaker[struct{}]
}

// Option changes a [Breaker].
type Option func(*Breaker)

// WithTimeLimit sets how long one call may take, [DefaultTimeLimit] by default.
// With 0 the calls look after themselves.
func WithTimeLimit(limit time.Duration) Option {
	return func(b *Breaker) { b.timeLimit = limit }
}

// WithIsDown sets which errors of a call mean that the system is down,
// [IsDown] by default.
func WithIsDown(isDown func(error) bool) Option {
	return func(b *Breaker) { b.isDown = isDown }
}

// New returns a Breaker. The system is named in sentences for clients: "store of
// files".
func New(system string, opts ...Option) *Breaker {
	b := &Breaker{system: system, timeLimit: DefaultTimeLimit, isDown: IsDown}
	for _, opt := range opts {
		opt(b)
	}
	b.breaker = gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Timeout:     openFor,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= failuresToOpen },
		// What call decides is either a failure, or says nothing of the system,
		// or is an answer of it.
		IsSuccessful: func(err error) bool { return !errors.Is(err, errDown) },
		IsExcluded:   func(err error) bool { return errors.Is(err, errCaller) },
	})
	return b
}

var (
	errDown   = errors.New("the system is down")
	errCaller = errors.New("the caller gave up")
)

// verdictError is an error of a call, and what it says of the system.
type verdictError struct {
	error

	verdict error // errDown or errCaller
}

func (e verdictError) Is(target error) bool { return target == e.verdict }
func (e verdictError) Unwrap() error        { return e.error }

// Do makes one call. An error that means that the system is down, or that the
// time limit has passed, comes back as [cpodkit.CodeUnavailable], and so does
// every call while the circuit is open; the cause is for logs. Other errors come
// back unchanged. An error that has a [cpodkit.Code] already is an answer.
//
// A call that also fails for reasons of its caller, such as a body that is read
// from a client, keeps those errors to itself and returns nil: they may look like
// the network errors that they are.
func (b *Breaker) Do(ctx context.Context, call func(ctx context.Context) error) error {
	_, err := b.breaker.Execute(func() (struct{}, error) { return struct{}{}, b.call(ctx, call) })
	switch {
	case err == nil:
		return nil
	case errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests):
		return b.unavailable(err)
	}
	e, judged := errors.AsType[verdictError](err)
	switch {
	case !judged:
		return err
	case errors.Is(e.verdict, errDown):
		return b.unavailable(e.error)
	}
	return e.error
}

func (b *Breaker) call(ctx context.Context, call func(ctx context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return verdictError{err, errCaller}
	}
	attempt := ctx
	if b.timeLimit > 0 {
		var cancel context.CancelFunc
		attempt, cancel = context.WithTimeout(ctx, b.timeLimit)
		defer cancel()
	}
	err := call(attempt)
	switch {
	case err == nil, isAnswer(err):
		return err
	case over(ctx) != nil:
		if !errors.Is(err, over(ctx)) { // a connection tells of the deadline in its own words
			err = fmt.Errorf("%w: %w", over(ctx), err)
		}
		return verdictError{err, errCaller}
	case attempt.Err() != nil, b.isDown(err):
		return verdictError{err, errDown}
	}
	return err
}

// over returns the error of a context that has ended. A connection with the same
// deadline may notice it a moment before the context does.
func over(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && ctx.Err() == nil && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

func isAnswer(err error) bool {
	if _, ok := errors.AsType[cpodkit.Code](err); ok {
		return true
	}
	_, ok := errors.AsType[*cpodkit.Error](err)
	return ok
}

func (b *Breaker) unavailable(cause error) error {
	unavailable := cpodkit.Errorf(cpodkit.CodeUnavailable, "The %s is not reachable; try again.", b.system)
	unavailable.RetryAfter = openFor
	return unavailable.WithCause(cause)
}

// IsDown reports whether err says that no answer came: nobody listens, the
// connection broke, the certificate is not trusted, a time limit passed.
func IsDown(err error) bool {
	for _, sentinel := range []error{
		io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, context.DeadlineExceeded, os.ErrDeadlineExceeded,
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE,
	} {
		if errors.Is(err, sentinel) {
			return true
		}
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return true
	}
	_, ok := errors.AsType[tls.RecordHeaderError](err)
	return ok
}
