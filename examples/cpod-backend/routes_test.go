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

// router serves the routes of all parts to one identity that may do everything.
type router struct {
	*http.ServeMux
	routes []cpodkit.Route
}

func everyRoute(t *testing.T) router {
	t.Helper()
	served := router{http.NewServeMux(), serverRoutes(t)}
	id := cpodkit.Identity{TenantID: "t", AppID: "a", UserID: "u", Scopes: cpodkit.ParseScopes(
		"admin ratelimit.write storage.private.* storage.user.* storage.shared.*")}
	cpodkit.Mount(served.ServeMux, served.routes, cpodkit.WrapProtected(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(cpodkit.WithIdentity(r.Context(), id)))
		})
	}))
	return served
}

// A query parameter that a call does not take is refused and named, and so is one
// that is given twice, except where OAuth and signed URLs ignore it.
func TestEveryRouteRefusesUnknownParameters(t *testing.T) {
	t.Parallel()
	ignores := []string{
		"issueToken", "introspectToken", "revokeToken", "getAuthorizationServerMetadata", "getKeySet", "readSignedFile", "writeSignedFile",
	}
	mux := everyRoute(t)
	for _, route := range mux.routes {
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

// A call takes the query parameters that its operation documents, each of them
// once.
func TestEveryRouteTakesItsParameters(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(api.Spec())
	if err != nil {
		t.Fatal(err)
	}
	served := everyRoute(t)
	documented := 0
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			for _, ref := range append(item.Parameters, op.Parameters...) {
				p := ref.Value
				if p.In != openapi3.ParameterInQuery {
					continue
				}
				documented++
				route := cpodkit.Route{Pattern: method + " " + path}
				given := fmt.Sprintf("%s=%v", p.Name, p.Example)
				once := "?" + given
				if p.Name == "app" { // goes with this tier alone
					once += "&tier=user"
				}
				for query, refused := range map[string]bool{once: false, once + "&" + given: true} {
					w := httptest.NewRecorder()
					served.ServeHTTP(w, request(route, query))
					names := strings.Contains(strings.ReplaceAll(w.Body.String(), `\"`, ""), "query parameter "+p.Name)
					if refused != names && method != http.MethodHead || refused && w.Code != http.StatusBadRequest {
						t.Errorf("%s%s: %d %s", route.Pattern, query, w.Code, w.Body)
					}
				}
			}
		}
	}
	if documented < 20 {
		t.Errorf("%d query parameters are documented", documented)
	}
}

// A parameter that another call of the capability takes, or that goes with another
// tier, is refused and named.
func TestParametersThatDoNotApply(t *testing.T) {
	t.Parallel()
	served := everyRoute(t)
	for call, name := range map[string]string{
		"GET /v1/storage/files?app=b":                 "app",
		"GET /v1/storage/files/x?tier=shared&app=b":   "app",
		"GET /v1/storage/files/x?limit=5":             "limit",
		"GET /v1/storage/files?ifValue=x":             "ifValue",
		"PUT /v1/storage/files/x?tier=user&app=a":     "app",
		"DELETE /v1/storage/files/x?tier=user&app=a":  "app",
		"DELETE /v1/storage/files/x?ifValue=x":        "ifValue",
		"POST /v1/storage/file-urls?tier=shared":      "tier",
		"POST /v1/storage/file-urls?expiresIn=60":     "expiresIn",
		"GET /v1/storage/db/c/x?tier=private&app=b":   "app",
		"PUT /v1/storage/db/c/x?tier=user&app=a":      "app",
		"DELETE /v1/storage/db/c/x?tier=user&app=a":   "app",
		"POST /v1/storage/db/c/batch?tier=user&app=a": "app",
		"POST /v1/storage/db/c/query?limit=5":         "limit",
		"POST /v1/storage/db/c/query?cursor=x":        "cursor",
		"GET /v1/storage/kv/x?tier=user&app=a":        "app",
		"GET /v1/storage/kv/x?ifValue=x":              "ifValue",
		"PUT /v1/storage/kv/x?ttl=60":                 "ttl",
		"POST /v1/storage/kv/x/incr?by=2":             "by",
		"POST /v1/ratelimit/check?tier=private":       "tier",
		"GET /v1/oauth/apps/x?limit=5":                "limit",
		"POST /v1/oauth/apps?tenantId=t2":             "tenantId",
		"DELETE /v1/oauth/apps/x/keys/y?cursor=x":     "cursor",
		"GET /openapi.yaml?tier=private":              "tier",
	} {
		method, target, _ := strings.Cut(call, " ")
		w := httptest.NewRecorder()
		served.ServeHTTP(w, httptest.NewRequest(method, target, strings.NewReader("{}")))
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), `"bad_request"`) || !strings.Contains(w.Body.String(), name) {
			t.Errorf("%s: %d %s", call, w.Code, w.Body)
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
