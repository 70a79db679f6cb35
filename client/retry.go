package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"github.com/cpodkit/cpodkit"
)

// repetition says when a call may be sent again.
type repetition int

const (
	// ifUntouched: only when the server certainly did nothing.
	ifUntouched repetition = iota
	// always: sending it twice leaves the same state as sending it once.
	always
)

const (
	firstPause    = 100 * time.Millisecond
	longestPause  = 5 * time.Second
	maxRetryAfter = 30 * time.Second
)

// retryAfter says whether the call that failed with err may be sent again, and after how long.
func (c *call) retryAfter(err error, attempt int) (time.Duration, bool) {
	if !c.replayable() {
		return 0, false
	}
	pause := min(firstPause<<min(attempt-1, 10), longestPause)
	pause = pause/2 + rand.N(pause/2) //nolint:gosec // jitter need not be unguessable
	if refused, ok := errors.AsType[*Error](err); ok {
		switch refused.Status {
		case http.StatusTooManyRequests:
		case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			if c.repeat != always {
				return 0, false
			}
		default:
			return 0, false
		}
		return refused.RetryAfter + pause, refused.RetryAfter <= maxRetryAfter
	}
	if _, ok := errors.AsType[*connectionError](err); !ok || isHopeless(err) {
		return 0, false
	}
	return pause, c.repeat == always || isUnsent(err)
}

// isUnsent reports that no connection was made, so that the server cannot have seen the request.
func isUnsent(err error) bool {
	operation, ok := errors.AsType[*net.OpError](err)
	return ok && operation.Op == "dial"
}

// isHopeless reports a failure that a moment's patience does not cure.
func isHopeless(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*sourceError](err); ok {
		return true
	}
	lookup, ok := errors.AsType[*net.DNSError](err)
	return ok && lookup.IsNotFound
}

// isTokenRefused reports a 401 that a new access token may cure.
func isTokenRefused(err error) bool {
	refused, ok := errors.AsType[*Error](err)
	if !ok || refused.Status != http.StatusUnauthorized {
		return false
	}
	return refused.Code == cpodkit.CodeInvalidToken || refused.Code == cpodkit.CodeTokenExpired || refused.Code == cpodkit.CodeTokenRevoked
}

// waitFor waits before the next attempt. It returns the failure at once when the context ends before the wait does.
func waitFor(ctx context.Context, wait time.Duration, failure error) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= wait {
		return failure
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w; not tried again: %w", failure, ctx.Err())
	}
}
