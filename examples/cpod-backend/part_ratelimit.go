package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/redis/redislimit"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/ratelimit"
	"github.com/cpodkit/cpodkit/ratelimit/prefetch"
)

// limits are how many requests the server takes. A limit of no tokens is off.
type limits struct {
	tenant, app           ratelimit.Limit // of all requests with a good token
	refusedTokens, grants ratelimit.Limit // of the refusals that one address gets: everywhere, and at the token endpoint

	url      string
	prefetch bool // tokens of busy buckets in Redis
}

const rateLimitVariable = "CPOD_RATELIMIT"

// rateLimitPart is the server's own limits, and those that apps keep by REST.
func rateLimitPart(s *settings) part {
	l := readLimits(s)
	p := part{open: func(_ context.Context, h *house) (opened, error) { return openLimits(h, l) }}
	if isLocal(l.url) {
		p.alone = "each server on this database counts requests for itself, so N of them admit N times the limits: set CPOD_RATELIMIT"
		p.variable = rateLimitVariable
	}
	return p
}

// readLimits reads limits such as "6000/1m" or "off". The defaults stop what no
// single server stands, and leave the rest to the operator.
func readLimits(s *settings) limits {
	var l limits
	l.url = s.backend(rateLimitVariable, "memory:",
		"the buckets of rate limits: `memory:`, or a Redis as in `CPOD_KV`, best with `timeout=500ms`", memoryOrRedis()...)
	switch s.get("CPOD_RATELIMIT_LEASES", off, "`on` takes tokens of busy buckets from Redis in slices: fewer round trips, 5 % over a limit at most") {
	case off:
	case "on":
		if l.prefetch = !isLocal(l.url); !l.prefetch {
			s.fail("CPOD_RATELIMIT_LEASES", "it is for a Redis in CPOD_RATELIMIT; set that too")
		}
	default:
		s.fail("CPOD_RATELIMIT_LEASES", "want on or off")
	}
	for _, v := range []struct {
		name, policy, byDefault, meaning string
		into                             *ratelimit.Limit
	}{
		{"CPOD_LIMIT_TENANT", "tenant", "1200000/1m", "requests of one tenant with a good token: at once, refilled over that time; `off` for none", &l.tenant},
		{"CPOD_LIMIT_APP", "app", "600000/1m", "requests of one app with a good token", &l.app},
		{"CPOD_LIMIT_REFUSED_TOKENS", "refused-tokens", "600/1m", "answers of 401 for one address; above it they are 429", &l.refusedTokens},
		{"CPOD_LIMIT_REFUSED_GRANTS", "refused-grants", "600/1m", "refusals of the token, introspection and revocation endpoints for one address; above it they are 429", &l.grants},
	} {
		var err error
		if *v.into, err = parseLimit(s.get(v.name, v.byDefault, v.meaning)); err != nil {
			s.fail(v.name, "%w", err)
		}
		v.into.Name = v.policy
	}
	return l
}

func parseLimit(text string) (ratelimit.Limit, error) {
	if text == off {
		return ratelimit.Limit{}, nil
	}
	tokens, window, _ := strings.Cut(text, "/")
	n, err := strconv.ParseInt(tokens, 10, 64)
	if err == nil && n >= 1 && n <= ratelimit.MaxTokens {
		if d, err := time.ParseDuration(window); err == nil && d >= ratelimit.MinWindow && d <= ratelimit.MaxWindow {
			return ratelimit.Limit{Tokens: n, Window: d}, nil
		}
	}
	return ratelimit.Limit{}, errors.New("want a number of requests and the time that an empty limit takes to refill, such as 6000/1m, or off")
}

// openLimits opens the buckets and puts the server's own limits around its calls.
func openLimits(h *house, l limits) (opened, error) {
	own, ofApps, err := openBuckets(h, l)
	if err != nil {
		return opened{}, err
	}
	var o opened
	if !isLocal(l.url) {
		o.ready = []dependency{{"ratelimit", own, true}} // limits fail open
	}
	telemetry := ratelimit.WithTelemetry(h.telemetry.tracers, h.telemetry.meters)
	limiter, err1 := ratelimit.New(own, telemetry)
	appLimiter, err2 := ratelimit.New(ofApps, telemetry)
	if err := errors.Join(err1, err2); err != nil {
		return opened{}, err
	}
	h.limiter, o.routes = limiter, appLimiter.Routes()
	for _, w := range []struct {
		layer    layer
		around   func(cpodkit.Middleware) cpodkit.Wrap
		policies []ratelimit.Policy
	}{
		// Who is refused too often only reads that from then on: good tokens behind
		// the same address go on.
		{beforeAuthentication, cpodkit.WrapProtected, []ratelimit.Policy{{
			Limit: l.refusedTokens, Key: ratelimit.ByClientAddr(), ServeWhenEmpty: true,
			ChargeWhen: func(status int) bool { return status == http.StatusUnauthorized },
		}}},
		// These authenticate by themselves.
		{
			beforeAuthentication,
			func(m cpodkit.Middleware) cpodkit.Wrap {
				return cpodkit.WrapNamed(m, oauth.TokenRoute, oauth.IntrospectRoute, oauth.RevokeRoute)
			},
			[]ratelimit.Policy{{
				Limit: l.grants, Key: ratelimit.ByClientAddr(), ServeWhenEmpty: true, ChargeWhen: ratelimit.Refused, WriteError: cpodkit.WriteOAuthError,
			}},
		},
		{afterAuthentication, cpodkit.WrapProtected, []ratelimit.Policy{
			{Limit: l.tenant, Key: ratelimit.ByTenant()}, {Limit: l.app, Key: ratelimit.ByApp()},
		}},
	} {
		var on []ratelimit.Policy
		for _, p := range w.policies {
			if p.Limit.Tokens > 0 {
				on = append(on, p)
			}
		}
		if len(on) == 0 {
			continue
		}
		m, err := limiter.Middleware(on...)
		if err != nil {
			return opened{}, err
		}
		o.wraps = append(o.wraps, wrap{w.layer, w.around(m)})
	}
	return o, nil
}

// openBuckets opens the buckets of the server's own limits, and of those that apps
// keep.
func openBuckets(h *house, l limits) (own, ofApps ratelimit.Driver, err error) {
	if isLocal(l.url) {
		// Apart, so that no app can crowd out the server's own limits with keys.
		own, ofApps = ratelimit.NewMemory(), ratelimit.NewMemory()
		if h.rooms.limitKeys > 0 {
			if ofApps, err = ratelimit.NewMemoryOf(h.rooms.limitKeys); err != nil {
				return nil, nil, err
			}
		}
		h.onClose(own.Close)
		h.onClose(ofApps.Close)
		return own, ofApps, nil
	}
	client, err := h.redis(rateLimitVariable, l.url)
	if err != nil {
		return nil, nil, err
	}
	if own, err = redislimit.New(client); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", rateLimitVariable, err)
	}
	if l.prefetch {
		if own, err = prefetch.New(own); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", rateLimitVariable, err)
		}
	}
	h.onClose(own.Close)
	return own, own, nil
}
