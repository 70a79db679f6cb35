package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/didip/tollbooth/v8"
	"github.com/didip/tollbooth/v8/limiter"
	"github.com/go-chi/httprate"
	"github.com/throttled/throttled/v2"
	"github.com/throttled/throttled/v2/store/memstore"
	ulule "github.com/ulule/limiter/v3"
	"github.com/ulule/limiter/v3/drivers/middleware/stdlib"
	"github.com/ulule/limiter/v3/drivers/store/memory"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/ratelimit"
)

// plenty is a limit that no turn uses up.
const plenty = 1_000_000_000

// wrapper is a middleware.
type wrapper = func(http.Handler) http.Handler

// middleware compares what the handlers cost above the one that they wrap.
func middleware(ctx context.Context) ([]contest, func(), error) {
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
	bare, err1 := ratelimit.New(ratelimit.NewMemory())
	measured, err2 := ratelimit.New(ratelimit.NewMemory(), ratelimit.WithTelemetry(nil, meters))
	if err := errors.Join(err1, err2); err != nil {
		return nil, func() {}, err
	}
	done := func() { _ = errors.Join(bare.Close(), measured.Close(), meters.Shutdown(ctx)) }
	byIdentity, err := peersBy(func(r *http.Request) string {
		id, _ := cpodkit.IdentityFromContext(r.Context())
		return id.TenantID + "/" + id.AppID + "/" + id.UserID
	})
	if err != nil {
		return nil, done, err
	}
	byAddress, err := peersByAddress()
	if err != nil {
		return nil, done, err
	}
	limit := func(name string) ratelimit.Limit {
		return ratelimit.Limit{Name: name, Tokens: plenty, Window: time.Second}
	}
	two := []ratelimit.Policy{{Limit: limit("app"), Key: ratelimit.ByApp()}, {Limit: limit("tenant"), Key: ratelimit.ByTenant()}}
	var contests []contest
	for _, c := range []struct {
		name     string
		limiter  *ratelimit.Limiter
		policies []ratelimit.Policy
		peers    []namedWrapper
	}{
		{"middleware by identity", bare, []ratelimit.Policy{{Limit: limit("identity"), Key: ratelimit.ByIdentity()}}, byIdentity},
		{"middleware by client address", bare, []ratelimit.Policy{
			{Limit: limit("address"), Key: ratelimit.ByClientAddr()},
		}, byAddress},
		{"middleware by tenant and app", bare, []ratelimit.Policy{{Limit: limit("both"), Key: ratelimit.ByApp()}}, nil},
		{"middleware with two policies", bare, two, nil},
		// As the reference server has it: with metrics, and without a collector of spans.
		{"middleware with two policies, measured", measured, two, nil},
	} {
		wrap, err := c.limiter.Middleware(c.policies...)
		if err != nil {
			return nil, done, err
		}
		row := contest{
			name: c.name, short: true, bare: call(ctx, func(h http.Handler) http.Handler { return h }), ours: call(ctx, wrap),
		}
		if len(c.policies) == 1 {
			row.bar = "500 ns, 3 allocations"
		}
		for _, p := range c.peers {
			row.peers = append(row.peers, peer{name: p.name, call: call(ctx, p.wrap)})
		}
		contests = append(contests, row)
	}
	return contests, done, nil
}

type namedWrapper struct {
	name string
	wrap wrapper
}

// peersBy returns the middleware of others that can take a key from the request.
func peersBy(key func(*http.Request) string) ([]namedWrapper, error) {
	store, err := memstore.NewCtx(1 << 16)
	if err != nil {
		return nil, err
	}
	gcra, err := throttled.NewGCRARateLimiterCtx(store, throttled.RateQuota{MaxRate: throttled.PerSec(plenty), MaxBurst: plenty})
	if err != nil {
		return nil, err
	}
	throttle := throttled.HTTPRateLimiterCtx{RateLimiter: gcra, VaryBy: &throttled.VaryBy{Custom: key}}
	window := ulule.New(memory.NewStore(), ulule.Rate{Period: time.Second, Limit: plenty})
	return []namedWrapper{
		{"httprate", httprate.LimitBy(plenty, time.Second, func(r *http.Request) (string, error) { return key(r), nil })},
		{"throttled", throttle.RateLimit},
		{"ulule", stdlib.NewMiddleware(window, stdlib.WithKeyGetter(key)).Handler},
	}, nil
}

// peersByAddress returns the middleware of others with their keys for addresses.
func peersByAddress() ([]namedWrapper, error) {
	var throttledKey throttled.VaryBy
	throttledKey.RemoteAddr = true
	store, err := memstore.NewCtx(1 << 16)
	if err != nil {
		return nil, err
	}
	gcra, err := throttled.NewGCRARateLimiterCtx(store, throttled.RateQuota{MaxRate: throttled.PerSec(plenty), MaxBurst: plenty})
	if err != nil {
		return nil, err
	}
	throttle := throttled.HTTPRateLimiterCtx{RateLimiter: gcra, VaryBy: &throttledKey}
	window := ulule.New(memory.NewStore(), ulule.Rate{Period: time.Second, Limit: plenty})
	booth := tollbooth.NewLimiter(plenty, nil)
	booth.SetIPLookup(limiter.IPLookup{Name: "RemoteAddr"})
	return []namedWrapper{
		{"httprate", httprate.LimitBy(plenty, time.Second, httprate.KeyByIP)},
		{"tollbooth", tollbooth.HTTPMiddleware(booth)},
		{"throttled", throttle.RateLimit},
		{"ulule", stdlib.NewMiddleware(window).Handler},
	}, nil
}

// call returns one request to a small handler inside of a middleware.
func call(ctx context.Context, wrap wrapper) func(i int) error {
	served := 0
	h := wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		served++
		w.Header()["Content-Type"] = []string{"application/json"}
		w.WriteHeader(http.StatusOK)
	}))
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/things/1", http.NoBody)
	r.Pattern = "GET /things/{id}"
	r.RemoteAddr = "203.0.113.9:4711"
	r = r.WithContext(cpodkit.WithIdentity(r.Context(), cpodkit.Identity{
		TenantID: "acme", AppID: "shop", UserID: "usr-1", Scopes: cpodkit.Scopes{"orders.read"},
	}))
	w := &sink{}
	requests := 0
	return func(int) error {
		requests++
		w.header = make(http.Header)
		h.ServeHTTP(w, r)
		if served != requests {
			return errors.New("a request was not served")
		}
		return nil
	}
}

// sink is the cheapest ResponseWriter, so that what is measured is the middleware.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header       { return s.header }
func (*sink) Write(p []byte) (int, error) { return len(p), nil }
func (*sink) WriteHeader(int)             {}
