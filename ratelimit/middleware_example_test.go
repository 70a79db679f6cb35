package ratelimit_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/httpserver"
	"github.com/cpodkit/cpodkit/ratelimit"
)

// A limit by address, in any net/http server.
func ExampleLimiter_Middleware() {
	limiter, err := ratelimit.New(ratelimit.NewMemory())
	if err != nil {
		panic(err)
	}
	defer limiter.Close()
	limit, err := limiter.Middleware(ratelimit.Policy{
		Limit: ratelimit.Limit{Name: "visitor", Tokens: 2, Window: time.Minute},
		Key:   ratelimit.ByClientAddress(ratelimit.AddressFromPeer()),
	})
	if err != nil {
		panic(err)
	}
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })
	handler := limit(hello)

	for range 3 {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		fmt.Println(w.Code, w.Header().Get("RateLimit"))
	}
	// Output:
	// 200 "visitor";r=1;t=30
	// 200 "visitor";r=0;t=60
	// 429 "visitor";r=0;t=30
}

// Each user has a limit, each tenant another, and each address a third for tokens
// that are refused. The first two are inside of the authentication, the last is
// outside.
func ExampleLimiter_Middleware_mount() {
	limiter, err := ratelimit.New(ratelimit.NewMemory())
	if err != nil {
		panic(err)
	}
	defer limiter.Close()
	address, err := ratelimit.ParseClientAddress("xff:10.0.0.0/8") // the proxies before this server
	if err != nil {
		panic(err)
	}
	refused, err := limiter.Middleware(ratelimit.Policy{
		Limit:      ratelimit.Limit{Name: "refused", Tokens: 60, Window: time.Minute},
		Key:        ratelimit.ByClientAddress(address),
		ChargeWhen: ratelimit.Refused,
	})
	if err != nil {
		panic(err)
	}
	calls, err := limiter.Middleware(ratelimit.Policy{Limit: ratelimit.Limit{Name: "user", Tokens: 100, Window: time.Minute}})
	if err != nil {
		panic(err)
	}
	orders, err := limiter.Middleware(ratelimit.Policy{
		Limit: ratelimit.Limit{Name: "tenant-orders", Tokens: 1000, Window: time.Hour}, Key: ratelimit.ByTenant,
	})
	if err != nil {
		panic(err)
	}
	authenticate := func(next http.Handler) http.Handler { // such as authz.Authenticate(verifier)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id := cpodkit.Identity{TenantID: "acme", AppID: "shop", UserID: "usr-1", Scopes: cpodkit.Scopes{"orders.write"}}
			next.ServeHTTP(w, r.WithContext(cpodkit.WithIdentity(r.Context(), id)))
		})
	}

	mux := http.NewServeMux()
	cpodkit.Mount(mux, []cpodkit.Route{{
		Name: "placeOrder", Pattern: "POST /orders", Scopes: []string{"orders.write"},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }),
	}}, cpodkit.WrapProtected(refused), cpodkit.WrapProtected(authenticate), cpodkit.WrapProtected(calls),
		cpodkit.WrapNamed(orders, "placeOrder"))

	w := httptest.NewRecorder()
	httpserver.Guard(mux).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/orders", nil))
	fmt.Println(w.Code)
	fmt.Println(strings.Join(w.Header().Values("RateLimit-Policy"), ", "))
	fmt.Println(strings.Join(w.Header().Values("RateLimit"), ", "))
	// Output:
	// 204
	// "user";q=100;w=60, "tenant-orders";q=1000;w=3600
	// "user";r=99;t=60, "tenant-orders";r=999;t=3597
}
