package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/portable"
)

const (
	// Scope is what a token needs for the calls under /v1/ratelimit.
	Scope = "ratelimit.write"

	// MaxHandleKey is the most bytes of a key of a [Handle].
	MaxHandleKey = 512
)

// Handle is the buckets of one tenant and app. No other tenant or app reaches
// them. Every call checks the identity's [Scope] and the key: 1 to
// [MaxHandleKey] bytes of UTF-8 without control characters. A handle is a small
// value, safe for concurrent use.
//
// Errors are those of [Limiter], missing_token without an identity, invalid_scope,
// and forbidden for an identity whose ids cannot be encoded (see
// [cpodkit.EncodeID]). Trusted code needs no handle: it takes keys of its own from the
// [Limiter].
type Handle struct {
	limiter  *Limiter
	identity cpodkit.Identity
}

// For returns the buckets of the tenant and app of id.
func (l *Limiter) For(id cpodkit.Identity) Handle { return Handle{limiter: l, identity: id} }

// Attach is middleware: inside of next, [FromContext] returns the handle of the
// request's identity.
func (l *Limiter) Attach(next http.Handler) http.Handler { return portable.Attach(next, l.For) }

// FromContext returns the handle of the identity in ctx. Every call of it is
// missing_token when there is none, or when [Limiter.Attach] is not around the
// handler.
func FromContext(ctx context.Context) Handle {
	return portable.FromContext[Handle](ctx)
}

// Take is [Limiter.Take].
func (h Handle) Take(ctx context.Context, key string, limit Limit, cost int64) (Decision, error) {
	bucket, err := h.bucket(key)
	if err != nil {
		return Decision{}, err
	}
	return h.limiter.Take(ctx, bucket, limit, cost)
}

// Peek is [Limiter.Peek].
func (h Handle) Peek(ctx context.Context, key string, limit Limit) (Decision, error) {
	return h.Take(ctx, key, limit, 0)
}

// Reset is [Limiter.Reset].
func (h Handle) Reset(ctx context.Context, key string) error {
	bucket, err := h.bucket(key)
	if err != nil {
		return err
	}
	return h.limiter.Reset(ctx, bucket)
}

// bucket checks the identity and the key, and returns the bucket's key. Encoded
// ids hold no slash, so different handles and keys never share one.
func (h Handle) bucket(key string) (string, error) {
	if h.limiter == nil || h.identity.TenantID == "" {
		return "", h.missingToken()
	}
	if err := h.identity.Require(Scope); err != nil {
		return "", err
	}
	if err := h.identity.Validate(); err != nil {
		return "", cpodkit.Errorf(cpodkit.CodeForbidden, "The token's identity cannot own rate limits: %s.", err)
	}
	if fault := handleKeyFault(key); fault != "" {
		return "", invalid("/key", fault)
	}
	tenant, _ := cpodkit.EncodeID(h.identity.TenantID)
	app, _ := cpodkit.EncodeID(h.identity.AppID)
	return tenant + "/apps/" + app + "/" + key, nil
}

func (h Handle) missingToken() error {
	err := cpodkit.MissingToken()
	if h.limiter == nil {
		return err.WithCause(errors.New("ratelimit: there is no handle in the context: wrap the handler in Limiter.Attach"))
	}
	return err
}

// handleKeyFault says what is wrong with a key of a [Handle]; "" for nothing.
func handleKeyFault(key string) string {
	switch {
	case key == "":
		return "is empty"
	case len(key) > MaxHandleKey:
		return fmt.Sprintf("has %d bytes; at most %d are allowed", len(key), MaxHandleKey)
	case !utf8.ValidString(key):
		return "is not UTF-8"
	case strings.ContainsFunc(key, unicode.IsControl):
		return "holds a control character"
	}
	return ""
}
