package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/api"
)

// serverRoutes returns the routes of all parts.
func serverRoutes(t *testing.T) []cpodkit.Route {
	t.Helper()
	server := openForTest(t, quiet(), map[string]string{"CPOD_DATA_DIR": t.TempDir()})
	t.Cleanup(func() { _ = server.Close() })
	return server.routes
}

// operation is what a route and an operation of the document must agree on.
type operation struct {
	name, call string
	scopes     string // "by request" where the handler decides
}

// The routes and openapi.yaml name the same calls. A GET route may also document
// HEAD.
func TestRoutesAreTheOperations(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(api.Spec())
	if err != nil {
		t.Fatal(err)
	}
	documented, heads := map[string]operation{}, map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			o := operation{name: op.OperationID, call: method + " " + path}
			scopes, _ := op.Extensions["x-required-scopes"].([]any)
			public := op.Security != nil
			switch {
			case public && scopes == nil:
				o.scopes = "public"
			case public || len(scopes) == 0:
				t.Errorf("%s: its scopes are %v, and public is %t", o.call, scopes, public)
			case strings.Contains(fmt.Sprint(scopes), "{tier}"):
				o.scopes = "by request"
			default:
				o.scopes = strings.Trim(fmt.Sprint(scopes), "[]")
			}
			documented[o.call] = o
			heads[o.call] = method == http.MethodHead && item.Get != nil
		}
	}
	served := map[string]operation{}
	for _, route := range serverRoutes(t) {
		o := operation{name: route.Name, call: strings.ReplaceAll(route.Pattern, "...}", "}"), scopes: strings.Join(route.Scopes, " ")}
		switch {
		case route.Public:
			o.scopes = "public"
		case slices.Contains(route.Scopes, cpodkit.ByRequest):
			o.scopes = "by request"
		}
		served[o.call] = o
		if documented[o.call] != o {
			t.Errorf("the route %+v is documented as %+v", o, documented[o.call])
		}
	}
	for call := range documented {
		if _, ok := served[call]; !ok && !heads[call] {
			t.Errorf("%s is documented and has no route", call)
		}
	}
}

var wildcard = regexp.MustCompile(`\{[^}]*\}`)

// request makes one for a route, with x for each wildcard.
func request(route cpodkit.Route, query string) *http.Request {
	return httptest.NewRequest(route.Method(), wildcard.ReplaceAllString(route.Path(), "x")+query, strings.NewReader("{}"))
}

// Without any Wrap no route that is not public is served.
func TestEveryRouteIsProtected(t *testing.T) {
	t.Parallel()
	routes, mux := serverRoutes(t), http.NewServeMux()
	cpodkit.Mount(mux, routes)
	for _, route := range routes {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, request(route, ""))
		if refused := w.Code == http.StatusUnauthorized && w.Header().Get("WWW-Authenticate") == `Bearer realm="api"`; refused == route.Public {
			t.Errorf("%s without a token: %d", route.Pattern, w.Code)
		}
	}
}

// A query parameter that a call does not take is refused and named, and so is one
// that is given twice, except where OAuth and signed URLs ignore it.
func TestEveryRouteRefusesUnknownParameters(t *testing.T) {
	t.Parallel()
	ignores := []string{
		"issueToken", "introspectToken", "revokeToken", "getAuthorizationServerMetadata", "getKeySet", "readSignedFile", "writeSignedFile",
	}
	routes, mux := serverRoutes(t), http.NewServeMux()
	id := cpodkit.Identity{TenantID: "t", AppID: "a", UserID: "u", Scopes: cpodkit.ParseScopes(
		"admin ratelimit.write storage.private.* storage.user.* storage.shared.*")}
	cpodkit.Mount(mux, routes, cpodkit.WrapProtected(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(cpodkit.WithIdentity(r.Context(), id)))
		})
	}))
	for _, route := range routes {
		if slices.Contains(ignores, route.Name) {
			continue
		}
		for _, query := range []string{"?teir=shared", "?tier=private&tier=shared", "?bogus", "?a=%zz", "?tenantId=t2"} {
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, request(route, query))
			name, _, _ := strings.Cut(query[1:], "=")
			if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), `"bad_request"`) ||
				!strings.Contains(w.Body.String(), name) && route.Method() != http.MethodHead && name != "a" {
				t.Errorf("%s%s: %d %s", route.Pattern, query, w.Code, w.Body)
			}
		}
	}
}

// What audit and policy see of a call is what the contract says.
func TestAccessOfEveryRoute(t *testing.T) {
	t.Parallel()
	want := map[cpodkit.Access][]string{
		cpodkit.Reads: {"queryDocuments", "introspectToken"}, // besides GET and HEAD
		cpodkit.WritesAfter: {
			"setEntry", "deleteEntry", "incrementEntry", "checkRateLimit", "resetRateLimit", "issueToken", "revokeToken",
		},
	}
	mux := http.NewServeMux()
	cpodkit.Mount(mux, serverRoutes(t), func(route cpodkit.Route) cpodkit.Middleware {
		expected := cpodkit.Writes
		if m := route.Method(); m == http.MethodGet || m == http.MethodHead {
			expected = cpodkit.Reads
		}
		for access, names := range want {
			if slices.Contains(names, route.Name) {
				expected = access
			}
		}
		if route.Access != expected {
			t.Errorf("%s %s, want %s", route.Name, route.Access, expected)
		}
		return nil
	})
}
