package ratelimit

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/cpodkit/cpodkit"
)

// Policy is one limit of a [Limiter.Middleware]. Policies of the same name, tokens,
// window and key share their buckets, also in another middleware and on another
// replica; those that differ in any of them do not, so a limit that was changed
// begins with full buckets. A request is served when the driver cannot be reached,
// unless FailClosed is set. [PerClientAddr], [PerUser], [PerApp] and [PerTenant]
// make the usual ones.
type Policy struct {
	// Limit is the bucket's. Its Name, up to 64 bytes of printable ASCII, stands in
	// the RateLimit fields and in metrics; "" stands for "default".
	Limit Limit

	// Key says whose bucket a request takes from, such as [ByIdentity]. Every policy
	// needs one.
	Key Key

	// Cost is how many tokens a request takes: 1 when it is nil. What is below 1 is
	// free, what is above the Tokens takes the whole bucket.
	Cost func(*http.Request) int64

	// ChargeWhen makes the policy take tokens only for an answer of such a status,
	// such as [Refused], when the answer begins. A request whose bucket is empty
	// is not served, but see ServeWhenEmpty. An answer to charge that finds the
	// bucket empty is replaced by the refusal. So no more answers to charge are
	// sent than the limit allows, however many requests come at once; but a refusal
	// in place of an answer tells that it was one to charge. A connection that the
	// handler takes over counts as 101, and a handler that panics as 500.
	ChargeWhen func(status int) bool

	// ServeWhenEmpty, which needs ChargeWhen, serves a request whose bucket is
	// empty and replaces only an answer that is to be charged. Nobody who shares
	// the key, as behind one proxy, is then locked out by another's refusals. But
	// each request costs its full work, and whoever guesses learns from a request
	// that is not refused that the guess was right, at any rate.
	ServeWhenEmpty bool

	// FailClosed refuses requests with unavailable when the limiter fails.
	// Otherwise they are served. The answer says so in both cases: Cpod-RateLimit:
	// "<name>";unavailable. What the driver does not support is no failure but a
	// mistake in the configuration: it refuses requests with internal.
	FailClosed bool

	// Shadow tries the limit out: it counts and never refuses. An answer that it
	// would have refused has Cpod-RateLimit: "<name>";exceeded.
	Shadow bool

	// WriteError answers a refused request; [cpodkit.WriteError] when it is nil.
	// An OAuth endpoint takes [cpodkit.WriteOAuthError].
	WriteError func(http.ResponseWriter, *http.Request, error)
}

// PerClientAddr is a policy "client" of so many requests in window for each client
// address, see [ByClientAddr].
func PerClientAddr(requests int64, window time.Duration) Policy {
	return Policy{Limit: Limit{"client", requests, window}, Key: ByClientAddr()}
}

// PerUser is a policy "user" of so many requests in window for each user of each
// app, and each app that acts for itself, see [ByIdentity].
func PerUser(requests int64, window time.Duration) Policy {
	return Policy{Limit: Limit{"user", requests, window}, Key: ByIdentity()}
}

// PerApp is a policy "app" of so many requests in window for each app, see [ByApp].
func PerApp(requests int64, window time.Duration) Policy {
	return Policy{Limit: Limit{"app", requests, window}, Key: ByApp()}
}

// PerTenant is a policy "tenant" of so many requests in window for each tenant, see
// [ByTenant].
func PerTenant(requests int64, window time.Duration) Policy {
	return Policy{Limit: Limit{"tenant", requests, window}, Key: ByTenant()}
}

// Refused is for [Policy.ChargeWhen]: it charges answers of 400 and 401, by which
// a token endpoint and the authentication refuse.
func Refused(status int) bool {
	return status == http.StatusBadRequest || status == http.StatusUnauthorized
}

// Middleware returns middleware that serves a request only if all of policies
// allow it, and else answers rate_limited, naming the one that takes longest.
// It sets RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-11)
// on every answer, but on a refusal only the policies that refused stand in
// RateLimit, and one with ChargeWhen only where it charges or refuses. Policies of
// equal cost are charged together or not at all; those of
// another cost are asked afterwards, in their order.
//
// Policies by identity go inside of the authentication; one by address that
// charges what is refused goes outside.
//
// A request pays also when its client has gone: the driver is asked with a context
// of its own, which ends after 5 s ([Memory] needs no end).
//
// It is an error when a limit is out of bounds, a policy has no Key or the one of
// [ByRoute], a name is malformed or there twice, there are no policies or more than
// [MaxBuckets], or more of them could be asked together than a [Bounded] driver
// takes.
func (l *Limiter) Middleware(policies ...Policy) (cpodkit.Middleware, error) {
	e, err := l.enforcer(nil, policies)
	if err != nil {
		return nil, err
	}
	return e.wrap, nil
}

// Wrap returns a [cpodkit.Wrap] that puts [Limiter.Middleware] around each route of
// [cpodkit.Mount], and knows which one it is: policies may be by [ByRoute]. Its
// errors are those of Middleware, but ByRoute is none.
func (l *Limiter) Wrap(policies ...Policy) (cpodkit.Wrap, error) {
	if _, err := l.enforcer(&cpodkit.Route{}, policies); err != nil {
		return nil, err
	}
	policies = slices.Clone(policies)
	return func(route cpodkit.Route) cpodkit.Middleware {
		e, err := l.enforcer(&route, policies)
		if err != nil {
			panic(err) // no route makes an error of policies that one has not
		}
		return e.wrap
	}, nil
}

// enforcer binds policies to a route, or to any when route is nil.
func (l *Limiter) enforcer(route *cpodkit.Route, policies []Policy) (*enforcer, error) {
	if len(policies) == 0 || len(policies) > MaxBuckets {
		return nil, fmt.Errorf("ratelimit: a middleware has 1 to %d policies, not %d", MaxBuckets, len(policies))
	}
	rules := make([]rule, len(policies))
	for i, p := range policies {
		var err error
		if rules[i], err = newRule(p, route, l.counts); err != nil {
			return nil, fmt.Errorf("ratelimit: policy %q: %w", p.Limit.Name, err)
		}
		if slices.ContainsFunc(rules[:i], rules[i].sameName) {
			return nil, fmt.Errorf("ratelimit: two policies have the name %q", rules[i].Limit.Name)
		}
	}
	most := MaxBuckets
	if b, ok := l.driver.(Bounded); ok {
		most = b.MaxBuckets()
	}
	if err := checkTogether(rules, most); err != nil {
		return nil, err
	}
	return newEnforcer(l, rules), nil
}

// checkTogether takes costs for equal, as they may be.
func checkTogether(rules []rule, most int) error {
	for _, stage := range []stage{peeking, taking} {
		together := 0
		for i := range rules {
			if rules[i].stage == stage && rules[i].isAsked() {
				together++
			}
		}
		if together > most {
			return fmt.Errorf("ratelimit: the driver takes from at most %d buckets at once, but %d policies ask together;"+
				" give each a middleware of its own", most, together)
		}
	}
	return nil
}

// stage is when a policy is asked. What only looks comes first, so that nothing is
// taken for its refusals; what never refuses comes last, so that it counts the
// requests that are served.
type stage int

const (
	peeking stage = iota
	taking
	onTrial
)

// rule is a policy, ready for use.
type rule struct {
	Policy

	appendKey  KeyFunc
	stage      stage
	keys       keyspace
	quotedName string // as in the fields
	item       string // of RateLimit-Policy
	outcomes   *outcomes
}

func newRule(p Policy, route *cpodkit.Route, counted *counts) (rule, error) {
	if p.Limit.Name == "" {
		p.Limit.Name = defaultName
	}
	if err := checkName(p.Limit.Name); err != nil {
		return rule{}, err
	}
	if err := checkCost(&p.Limit, 0); err != nil {
		return rule{}, err
	}
	if p.ServeWhenEmpty && p.ChargeWhen == nil {
		return rule{}, errors.New("ServeWhenEmpty needs ChargeWhen")
	}
	if p.Key.isZero() {
		return rule{}, errors.New("it has no Key: say whose bucket a request takes from, such as ByIdentity()")
	}
	appendKey, err := p.Key.bind(route)
	if err != nil {
		return rule{}, err
	}
	if p.WriteError == nil {
		p.WriteError = cpodkit.WriteError
	}
	r := rule{
		Policy:     p,
		appendKey:  appendKey,
		stage:      taking,
		keys:       newKeyspace(p.Limit),
		quotedName: string(appendString(nil, p.Limit.Name)),
		item:       policyItem(p.Limit),
		outcomes:   counted.of(p.Limit.Name),
	}
	switch {
	case p.Shadow:
		r.stage = onTrial
	case p.ChargeWhen != nil:
		r.stage = peeking
	}
	return r, nil
}

func (p *rule) sameName(other rule) bool { return p.Limit.Name == other.Limit.Name }

// isAsked reports whether the buckets are asked before the request is served.
func (p *rule) isAsked() bool { return p.ChargeWhen == nil || !p.Shadow && !p.ServeWhenEmpty }

// cost is what the request is to pay; 0 when it is free.
func (p *rule) cost(r *http.Request) int64 {
	if p.Cost == nil {
		return 1
	}
	return min(max(p.Cost(r), 0), p.Limit.Tokens)
}

// limited is the answer to a request for which the bucket has not enough.
func (p *rule) limited(s State) *refusal {
	wait := effectiveWindow(p.Limit, s)
	err := cpodkit.Errorf(cpodkit.CodeRateLimited, "The limit %s is used up; try again in %d s.", p.quotedName, wait)
	err.RetryAfter = time.Duration(wait) * time.Second
	return &refusal{p, err}
}

// unavailable is the answer to a request that could not be counted.
func (p *rule) unavailable(cause error) *refusal {
	err := cpodkit.Errorf(cpodkit.CodeUnavailable, "The rate limiter cannot take this call now; try again later.")
	if from, ok := errors.AsType[*cpodkit.Error](cause); ok {
		err.RetryAfter = from.RetryAfter
	}
	return &refusal{p, err.WithCause(cause)}
}

// misconfigured is the answer to a request that the driver can never count.
func (p *rule) misconfigured(cause error) *refusal {
	err := cpodkit.Errorf(cpodkit.CodeInternal, "The rate limiter cannot apply the limit %s.", p.quotedName)
	return &refusal{p, err.WithCause(cause)}
}

// refusal is the answer to a request that is not served.
type refusal struct {
	rule *rule
	err  *cpodkit.Error
}

func (f *refusal) write(w http.ResponseWriter, r *http.Request) {
	cpodkit.RecordFromContext(r.Context()).NoteLimit(f.rule.Limit.Name)
	f.rule.WriteError(w, r, f.err)
}
