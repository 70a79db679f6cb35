package oauth

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/cpodkit/cpodkit"
)

// Limiter counts calls of the server against its [Limits].
type Limiter interface {
	// Charge takes one token for a request out of the bucket of name and key. A full
	// bucket has tokens, and refills over window. It may set the RateLimit
	// fields, and returns a rate_limited error when the bucket is empty. It is safe
	// for concurrent use.
	Charge(w http.ResponseWriter, r *http.Request, name, key string, tokens int64, window time.Duration) error
}

// Limits bound what the server does in a minute: each is the size of a bucket that
// refills evenly. A field that is zero has the default.
type Limits struct {
	// PerApp is how many tokens one app may get, from wherever: 600. A call counts
	// after its secret was found right, so that nobody else can use the limit up.
	PerApp int64

	// PerAppInspections is how many tokens one app may introspect or revoke: 6000.
	PerAppInspections int64

	// PerUser is how many codes, and how many tokens, one app may get for one user: 60.
	PerUser int64

	// Failures is how often one address may present a wrong secret for one
	// client_id before it is told to wait: 10. It also holds for introspection and
	// revocation. A right secret is never refused for the wrong ones before it: it
	// cannot be guessed, and a stranger must not be able to lock an app out.
	// The address is that of [cpodkit.ClientNetwork].
	Failures int64
}

const (
	defaultPerApp      = 600
	defaultInspections = 6000
	defaultPerUser     = 60
	defaultFailures    = 10
	maxLimit           = 1_000_000_000

	limitWindow = time.Minute
)

func (l Limits) orDefault() Limits {
	return Limits{
		cmp.Or(l.PerApp, defaultPerApp), cmp.Or(l.PerAppInspections, defaultInspections), cmp.Or(l.PerUser, defaultPerUser),
		cmp.Or(l.Failures, defaultFailures),
	}
}

func (l Limits) check() error {
	for _, n := range []int64{l.PerApp, l.PerAppInspections, l.PerUser, l.Failures} {
		if n < 1 || n > maxLimit {
			return fmt.Errorf("oauth: a limit is %d a minute; it must be 1 to %d", n, maxLimit)
		}
	}
	return nil
}

// countToken counts a token for an app.
func (s *Server) countToken(w http.ResponseWriter, r *http.Request, clientID string) error {
	return s.limiter.Charge(w, r, "tokens", clientID, s.limits.PerApp, limitWindow)
}

// countUser counts under a name what an app gets for a user.
func (s *Server) countUser(w http.ResponseWriter, r *http.Request, name, tenantID, userID, clientID string) error {
	key := url.QueryEscape(tenantID) + " " + url.QueryEscape(userID) + " " + clientID
	return s.limiter.Charge(w, r, name, key, s.limits.PerUser, limitWindow)
}

// countUserToken counts a token for an app and a user, after the code or the refresh token
// was found right.
func (s *Server) countUserToken(w http.ResponseWriter, r *http.Request, family Family) error {
	if err := s.countUser(w, r, "user-tokens", family.TenantID, family.UserID, family.ClientID); err != nil {
		return err
	}
	return s.countToken(w, r, family.ClientID)
}

// countInspection counts a call of an app about a token.
func (s *Server) countInspection(w http.ResponseWriter, r *http.Request, clientID string) error {
	return s.limiter.Charge(w, r, "inspections", clientID, s.limits.PerAppInspections, limitWindow)
}

// countFailure counts a wrong secret for a client_id, which may be anything.
func (s *Server) countFailure(w http.ResponseWriter, r *http.Request, clientID string) error {
	if !validClientID(clientID) {
		clientID = ""
	}
	key := clientID + " " + cpodkit.ClientNetwork(r).String()
	return s.limiter.Charge(w, r, "wrong-secrets", key, s.limits.Failures, limitWindow)
}
