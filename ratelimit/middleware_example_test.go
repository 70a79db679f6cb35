package ratelimit_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/clientaddr"
	"github.com/cpodkit/cpodkit/httpserver"
	"github.com/cpodkit/cpodkit/ratelimit"
)

// Each client address may make 2 requests a minute, in any net/http server.
func ExampleLimiter_Middleware() {
	err := func() error {
		hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })
		limiter, err := ratelimit.New(ratelimit.NewMemory())
		if err != nil {
			return err
		}
		defer limiter.Close()
		limit, err := limiter.Middleware(ratelimit.PerClientAddr(2, time.Minute))
		if err != nil {
			return err
		}
		handler := limit(hello)

		for range 3 {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
			fmt.Println(w.Code, w.Header().Get("RateLimit"))
		}
		return nil
	}()
	fmt.Println(err)
	// Output:
	// 200 "client";r=1;t=30
	// 200 "client";r=0;t=60
	// 429 "client";r=0;t=30
	// <nil>
}

// A limit by route, in any router: a middleware around the handler of the route.
func ExampleLimiter_Middleware_route() {
	err := func() error {
		limiter, err := ratelimit.New(ratelimit.NewMemory())
		if err != nil {
			return err
		}
		defer limiter.Close()
		getOrder := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "an order") })
		limitOrders, err := limiter.Middleware(ratelimit.Policy{
			Limit: ratelimit.Limit{Name: "orders", Tokens: 1, Window: time.Minute},
			Key:   ratelimit.ByClientAddr(),
		})
		if err != nil {
			return err
		}
		mux := http.NewServeMux()
		mux.Handle("GET /orders/{id}", limitOrders(getOrder))
		// chi: router.With(limitOrders).Get("/orders/{id}", getOrder)

		for _, path := range []string{"/orders/1", "/orders/2"} {
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
			fmt.Println(w.Code)
		}
		return nil
	}()
	fmt.Println(err)
	// Output:
	// 200
	// 429
	// <nil>
}

// Each tenant has a limit on each route of Mount.
func ExampleLimiter_Wrap() {
	err := func() error {
		limiter, err := ratelimit.New(ratelimit.NewMemory())
		if err != nil {
			return err
		}
		defer limiter.Close()
		perRoute, err := limiter.Wrap(ratelimit.Policy{
			Limit: ratelimit.Limit{Name: "route", Tokens: 100, Window: time.Minute},
			Key:   ratelimit.Combine(ratelimit.ByTenant(), ratelimit.ByRoute()),
		})
		if err != nil {
			return err
		}
		mux := http.NewServeMux()
		cpodkit.Mount(mux, shopRoutes(), cpodkit.WrapProtected(shopAuthentication), perRoute)

		for _, method := range []string{http.MethodGet, http.MethodGet, http.MethodPost} {
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, httptest.NewRequest(method, "/orders", nil))
			fmt.Println(method, w.Header().Get("RateLimit"))
		}
		return nil
	}()
	fmt.Println(err)
	// Output:
	// GET "route";r=99;t=60
	// GET "route";r=98;t=59
	// POST "route";r=99;t=60
	// <nil>
}

// Each user has a limit, each tenant another, and each address a third for tokens
// that are refused. The first two are inside of the authentication, the last is
// outside.
func Example_mount() {
	err := func() error {
		routes, authenticate := shopRoutes(), shopAuthentication
		limiter, err := ratelimit.New(ratelimit.NewMemory())
		if err != nil {
			return err
		}
		defer limiter.Close()
		proxies, err := clientaddr.Parse("xff:10.0.0.0/8") // the proxies before this server
		if err != nil {
			return err
		}
		refused, err := limiter.Middleware(ratelimit.Policy{
			Limit:      ratelimit.Limit{Name: "refused", Tokens: 60, Window: time.Minute},
			Key:        ratelimit.ByClientAddr(),
			ChargeWhen: ratelimit.Refused,
		})
		if err != nil {
			return err
		}
		calls, err := limiter.Middleware(
			ratelimit.PerUser(100, time.Minute),
			ratelimit.PerTenant(1000, time.Minute),
		)
		if err != nil {
			return err
		}
		orders, err := limiter.Middleware(ratelimit.Policy{
			Limit: ratelimit.Limit{Name: "tenant-orders", Tokens: 1000, Window: time.Hour}, Key: ratelimit.ByTenant(),
		})
		if err != nil {
			return err
		}
		mux := http.NewServeMux()
		cpodkit.Mount(mux, routes,
			cpodkit.WrapProtected(refused), cpodkit.WrapProtected(authenticate), cpodkit.WrapProtected(calls),
			cpodkit.WrapNamed(orders, "placeOrder"))
		handler := proxies.Middleware(httpserver.Guard(mux))

		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/orders", nil))
		fmt.Println(w.Code)
		fmt.Println(strings.Join(w.Header().Values("RateLimit-Policy"), ", "))
		fmt.Println(strings.Join(w.Header().Values("RateLimit"), ", "))
		return nil
	}()
	fmt.Println(err)
	// Output:
	// 204
	// "user";q=100;w=60, "tenant";q=1000;w=60, "tenant-orders";q=1000;w=3600
	// "user";r=99;t=60, "tenant";r=999;t=60, "tenant-orders";r=999;t=3597
	// <nil>
}

// A handler counts what it learns only by its work: wrong passwords of an account.
func ExampleLimiter_Charge() {
	err := func() error {
		limiter, err := ratelimit.New(ratelimit.NewMemory())
		if err != nil {
			return err
		}
		defer limiter.Close()
		login := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			account, password, _ := r.BasicAuth()
			if password == "right" {
				fmt.Fprint(w, "hello ", account)
				return
			}
			err := limiter.Charge(w, r, "wrong-passwords", account, 2, time.Hour)
			if err == nil {
				err = cpodkit.Errorf(cpodkit.CodeInvalidToken, "The password is wrong.")
			}
			cpodkit.WriteError(w, r, err)
		})

		for _, password := range []string{"a", "b", "c", "right"} {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodPost, "/login", nil)
			r.SetBasicAuth("ann", password)
			login.ServeHTTP(w, r)
			fmt.Println(w.Code, w.Header()["Ratelimit"])
		}
		return nil
	}()
	fmt.Println(err)
	// Output:
	// 401 ["wrong-passwords";r=1;t=1800]
	// 401 ["wrong-passwords";r=0;t=3600]
	// 429 ["wrong-passwords";r=0;t=1800]
	// 200 []
	// <nil>
}

// shopRoutes are the calls of a shop.
func shopRoutes() []cpodkit.Route {
	done := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	return []cpodkit.Route{
		{Name: "listOrders", Pattern: "GET /orders", Scopes: []string{"orders.read"}, Handler: done},
		{Name: "placeOrder", Pattern: "POST /orders", Scopes: []string{"orders.write"}, Handler: done},
	}
}

// shopAuthentication stands for authz.Authenticate.
func shopAuthentication(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := cpodkit.Identity{TenantID: "acme", AppID: "shop", UserID: "usr-1", Scopes: cpodkit.Scopes{"orders.*"}}
		next.ServeHTTP(w, r.WithContext(cpodkit.WithIdentity(r.Context(), id)))
	})
}
