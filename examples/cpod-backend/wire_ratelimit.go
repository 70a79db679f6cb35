package main

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/redis/redislimit"
	"github.com/cpodkit/cpodkit/ratelimit"
)

// rateLimits are the parts of the limiter that go into the server.
type rateLimits struct {
	refused cpodkit.Middleware // around the authentication
	calls   cpodkit.Middleware // inside of it
	grants  cpodkit.Middleware // around the token endpoint
	routes  []cpodkit.Route
}

// openRateLimit opens the buckets that CPOD_RATELIMIT names.
func (d *data) openRateLimit(cfg config) error {
	if isLocal(cfg.rateLimit) {
		// Apart, so that no app can crowd out the server's own limits with keys.
		d.rateLimit, d.appLimits = ratelimit.NewMemory(), ratelimit.NewMemory()
		d.closers = append(d.closers, d.appLimits.Close)
	} else {
		client, err := d.redis("CPOD_RATELIMIT", cfg.rateLimit)
		if err != nil {
			return err
		}
		if d.rateLimit, err = redislimit.New(client); err != nil {
			return fmt.Errorf("CPOD_RATELIMIT: %w", err)
		}
		if cfg.limits.leases {
			d.rateLimit = ratelimit.NewLeased(d.rateLimit)
		}
		d.appLimits = d.rateLimit
	}
	d.closers = append(d.closers, d.rateLimit.Close)
	return nil
}

func wireRateLimit(cfg config, d *data, t *telemetry) (rateLimits, error) {
	measured := ratelimit.WithTelemetry(t.tracers, t.meters)
	limiter, err1 := ratelimit.New(d.rateLimit, measured)
	ofApps, err2 := ratelimit.New(d.appLimits, measured)
	err := errors.Join(err1, err2)
	if err != nil {
		return rateLimits{}, err
	}
	middleware := func(policies ...ratelimit.Policy) cpodkit.Middleware {
		var on []ratelimit.Policy
		for _, p := range policies {
			if p.Limit.Tokens > 0 {
				on = append(on, p)
			}
		}
		if len(on) == 0 {
			return func(next http.Handler) http.Handler { return next }
		}
		m, policyErr := limiter.Middleware(on...)
		err = errors.Join(err, policyErr)
		return m
	}
	byAddress := ratelimit.ByClientAddress(cfg.limits.address)
	l := rateLimits{
		// Who is refused too often only reads that from then on: good tokens behind
		// the same address go on.
		refused: middleware(ratelimit.Policy{
			Limit: cfg.limits.refusedTokens, Key: byAddress, ServeWhenEmpty: true,
			ChargeWhen: func(status int) bool { return status == http.StatusUnauthorized },
		}),
		grants: middleware(ratelimit.Policy{
			Limit: cfg.limits.grants, Key: byAddress, ServeWhenEmpty: true,
			ChargeWhen: ratelimit.Refused, WriteError: cpodkit.WriteOAuthError,
		}),
		calls: middleware(
			ratelimit.Policy{Limit: cfg.limits.tenant, Key: ratelimit.ByTenant},
			ratelimit.Policy{Limit: cfg.limits.app, Key: ratelimit.ByApp}),
		routes: ofApps.Routes(),
	}
	return l, err
}
