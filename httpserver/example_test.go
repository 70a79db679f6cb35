package httpserver_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/httpserver"
)

// A route without an identity is refused, whatever the handler does.
func ExampleGuard() {
	mux := http.NewServeMux()
	cpodkit.Mount(mux, []cpodkit.Route{{
		Name: "listOrders", Pattern: "GET /orders", Scopes: []string{"orders.read"},
		Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
	}})
	log := slog.New(slog.DiscardHandler)
	handler := cpodkit.Chain(httpserver.Guard(mux),
		httpserver.Record(cpodkit.ServerInfo{Realm: "shop", CallsHint: "See https://shop.example.com/api."}),
		httpserver.AccessLog(log), httpserver.Recover(log))
	for _, path := range []string{"/orders", "/order"} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	}
	// Output:
	// 401 Bearer realm="shop"
	// 404
}
