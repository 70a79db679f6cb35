package authz

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/cpodkit/cpodkit"
)

// Question asks whether a token may do something.
type Question struct {
	Identity cpodkit.Identity // of the token
	Claims   Claims           // of the token; only the identity's for an API key
	Action   string           // such as "read"
	Resource string           // such as "/api/orders"
	Context  json.RawMessage  // an object that the caller sent besides, or nil
}

// Decision is the answer.
type Decision struct {
	Allowed bool
	Reason  string // a sentence for the caller

	// ID names the decision in logs. [Service] makes one where it is empty.
	ID string
}

// Decider decides. It is safe for concurrent use. Its error is never a denial: that is a
// Decision.
type Decider interface {
	Decide(ctx context.Context, q Question) (Decision, error)
}

// ByScope is a [Decider]. It allows what the scopes of the token cover: for the action
// "read" on "/v1/orders/7" or "/api/orders/7" the scope is "orders.read". A resource with a
// "." or ".." segment, an empty one or a query is denied.
type ByScope struct{}

var _ Decider = ByScope{}

// Decide implements [Decider].
func (ByScope) Decide(_ context.Context, q Question) (Decision, error) {
	family, ok := familyOf(q.Resource)
	if !ok {
		return Decision{Reason: "The resource is not a clean path such as /api/orders."}, nil
	}
	scope := family + "." + q.Action
	switch {
	case !cpodkit.ValidScope(scope) || strings.Contains(scope, "*"):
		return Decision{Reason: "No scope covers this action on this resource."}, nil
	case !q.Identity.Scopes.Covers(scope):
		return Decision{Reason: "The token lacks the scope " + scope + "."}, nil
	}
	return Decision{Allowed: true, Reason: "The token has the scope " + scope + "."}, nil
}

// familyOf returns the first segment of a path after /v1 or /api.
func familyOf(resource string) (string, bool) {
	path, ok := strings.CutPrefix(resource, "/")
	if !ok || strings.ContainsAny(path, "?#\\") {
		return "", false
	}
	segments := strings.Split(strings.TrimSuffix(path, "/"), "/")
	for _, segment := range segments {
		plain, err := url.PathUnescape(segment)
		if err != nil || plain == "" || plain == "." || plain == ".." {
			return "", false
		}
	}
	if segments[0] == "v1" || segments[0] == "api" {
		segments = segments[1:]
	}
	if len(segments) == 0 {
		return "", false
	}
	return segments[0], true
}

func newDecisionID() string { return "dec-" + strings.ToLower(rand.Text()) }
