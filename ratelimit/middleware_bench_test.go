package ratelimit_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/clientaddr"
	"github.com/cpodkit/cpodkit/ratelimit"
)

// sink is the cheapest ResponseWriter, so that what is measured is the middleware.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header       { return s.header }
func (*sink) Write(p []byte) (int, error) { return len(p), nil }
func (*sink) WriteHeader(int)             {}

// serve gives every answer a header of its own, as a server does.
func (s *sink) serve(h http.Handler, r *http.Request) {
	s.header = make(http.Header)
	h.ServeHTTP(s, r)
}

func benchRequest() *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/things/1", nil)
	r.Pattern = "GET /things/{id}"
	r.Header.Set("X-Forwarded-For", "203.0.113.9, 10.0.0.7")
	r.RemoteAddr = "10.0.0.1:4711"
	return r.WithContext(cpodkit.WithIdentity(r.Context(), cpodkit.Identity{
		TenantID: "acme", AppID: "shop", UserID: "usr-1", Scopes: cpodkit.Scopes{"orders.read"},
	}))
}

func bareHandler(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
}

// The bar is 500 ns and 3 allocations above "bare", for one policy.
func BenchmarkMiddleware(b *testing.B) {
	source, err := clientaddr.Parse("xff:10.0.0.0/8")
	if err != nil {
		b.Fatal(err)
	}
	plenty := ratelimit.Limit{Name: "api", Tokens: ratelimit.MaxTokens, Window: time.Second}
	named := func(name string) ratelimit.Limit {
		limit := plenty
		limit.Name = name
		return limit
	}
	two := []ratelimit.Policy{{Limit: named("tenant"), Key: ratelimit.ByTenant()}, {Limit: named("app"), Key: ratelimit.ByApp()}}
	for _, c := range []struct {
		name     string
		policies []ratelimit.Policy
		opts     []ratelimit.Option
	}{
		{"bare", nil, nil},
		{"identity", []ratelimit.Policy{{Limit: plenty, Key: ratelimit.ByIdentity()}}, nil},
		{"address", []ratelimit.Policy{{Limit: plenty, Key: ratelimit.ByClientAddr()}}, nil},
		{"tenant and app", []ratelimit.Policy{{Limit: plenty, Key: ratelimit.Combine(ratelimit.ByTenant(), ratelimit.ByApp())}}, nil},
		{"refused address", []ratelimit.Policy{{Limit: plenty, Key: ratelimit.ByClientAddr(), ChargeWhen: ratelimit.Refused}}, nil},
		{"two", two, nil},
		{"two, measured", two, []ratelimit.Option{ratelimit.WithTelemetry(nil, newMeters().provider)}}, // as in the reference server
		{"three", append(slices.Clone(two), ratelimit.Policy{Limit: named("address"), Key: ratelimit.ByClientAddr()}), nil},
	} {
		b.Run(c.name, func(b *testing.B) {
			h := http.Handler(http.HandlerFunc(bareHandler))
			if c.policies != nil {
				h = newMiddleware(b, newLimiter(b, ratelimit.NewMemory(), c.opts...), c.policies...)(h)
				if strings.Contains(c.name, "address") {
					h = source.Middleware(h)
				}
			}
			r, w := benchRequest(), &sink{}
			b.ReportAllocs()
			for b.Loop() {
				w.serve(h, r)
			}
		})
	}
}

func TestMiddlewareAllocates(t *testing.T) { //nolint:paralleltest // it counts allocations
	if raceDetector {
		t.Skip("pools drop at random")
	}
	r, w := benchRequest(), &sink{}
	bare := testing.AllocsPerRun(100, func() { w.serve(http.HandlerFunc(bareHandler), r) })
	for _, opts := range [][]ratelimit.Option{nil, {ratelimit.WithTelemetry(nil, newMeters().provider)}} {
		limit := ratelimit.Limit{Tokens: ratelimit.MaxTokens, Window: time.Second}
		l := newLimiter(t, ratelimit.NewMemory(), opts...)
		h := newMiddleware(t, l, ratelimit.Policy{Limit: limit, Key: ratelimit.ByIdentity()})(http.HandlerFunc(bareHandler))
		if n := testing.AllocsPerRun(100, func() { w.serve(h, r) }); n > bare+2 {
			t.Errorf("%v allocations a request with %d options, %v without the middleware", n, len(opts), bare)
		}
		if n := testing.AllocsPerRun(100, func() { _, _ = l.Take(t.Context(), "key", limit, 1) }); n > 0 {
			t.Errorf("%v allocations a Take with %d options", n, len(opts))
		}
	}
}
