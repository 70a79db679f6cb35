package vaultclient

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/cpodkit/cpodkit"
)

// retryAfter is what clients are told while Vault does not serve.
const retryAfter = time.Second

// Vault's own numbers: a standby for disaster recovery, and one for performance.
const (
	statusRecoveryStandby    = 472
	statusPerformanceStandby = 473
)

// refusedError is an answer that says that the request, or its token, is wrong.
type refusedError struct {
	status int
	text   string // of Vault, for logs
}

func (e *refusedError) Error() string { return fmt.Sprintf("vault: %d: %s", e.status, e.text) }

// IsStatus reports whether Vault has answered with a status.
func IsStatus(err error, status int) bool {
	e, ok := errors.AsType[*refusedError](err)
	return ok && e.status == status
}

// Says reports whether Vault has refused a call with a text that holds part.
func Says(err error, part string) bool {
	e, ok := errors.AsType[*refusedError](err)
	return ok && strings.Contains(e.text, part)
}

// isDenied reports whether Vault has refused the token, or what its policies do not
// permit. It does not tell the two apart.
func isDenied(err error) bool { return IsStatus(err, http.StatusForbidden) }

// classify marks the answers that say "not now": they are unavailable, but no reason to
// keep other calls away, because they come fast.
func (c *Client) classify(err error) error {
	answer, ok := errors.AsType[*api.ResponseError](err)
	if !ok {
		return err
	}
	// What api says of it holds the address.
	refused := &refusedError{answer.StatusCode, strings.Join(answer.Errors, "; ")}
	switch {
	case answer.StatusCode == http.StatusTooManyRequests, answer.StatusCode >= http.StatusInternalServerError,
		answer.StatusCode == http.StatusPreconditionFailed, // a replica that has not seen a write yet
		answer.StatusCode == statusRecoveryStandby, answer.StatusCode == statusPerformanceStandby,
		// An engine that has just been mounted, or started.
		strings.Contains(refused.text, "Upgrading from non-versioned to versioned"):
		return c.Unavailable(refused)
	}
	return refused
}

// Unavailable returns the error of a Vault that answers, but does not serve this server
// now. The cause is for logs.
func (c *Client) Unavailable(cause error) error {
	unavailable := cpodkit.Errorf(cpodkit.CodeUnavailable, "The %s does not serve this server now; try again.", c.system)
	unavailable.RetryAfter = retryAfter
	return unavailable.WithCause(cause)
}
