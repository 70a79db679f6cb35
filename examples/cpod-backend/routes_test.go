package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/api"
	"github.com/cpodkit/cpodkit/api/apitest"
	"github.com/cpodkit/cpodkit/httpserver"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/storage"
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
			o := operation{name: op.OperationID, call: method + " " + pattern(path, append(item.Parameters, op.Parameters...))}
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
		o := operation{name: route.Name, call: route.Pattern, scopes: strings.Join(route.Scopes, " ")}
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

// The scopes that apps can declare are those that the document lists, and the routes
// need no others.
func TestScopesOfTheDocument(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(api.Spec())
	if err != nil {
		t.Fatal(err)
	}
	known := oauth.KnownScopes()
	if listed := doc.Components.Schemas["Scope"].Value.Extensions["x-known-scopes"]; fmt.Sprint(listed) != fmt.Sprint(known) {
		t.Errorf("the document lists %v, want %v", listed, known)
	}
	needed := map[string]bool{}
	for _, route := range serverRoutes(t) {
		for _, scope := range route.Scopes {
			needed[scope] = scope != cpodkit.ByRequest
		}
	}
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			scopes, _ := op.Extensions["x-required-scopes"].([]any)
			for _, scope := range scopes {
				for _, tier := range []storage.Tier{storage.Private, storage.User, storage.Shared} {
					needed[strings.ReplaceAll(scope.(string), "{tier}", string(tier))] = true
				}
			}
		}
	}
	for scope, isNeeded := range needed {
		if isNeeded && !slices.Contains(known, scope) {
			t.Errorf("a call needs %s, which no app can declare", scope)
		}
	}
}

// pattern is the path of the document as http.ServeMux writes it.
func pattern(path string, parameters openapi3.Parameters) string {
	for _, p := range parameters {
		if p.Value.Extensions["x-multi-segment"] == true {
			path = strings.ReplaceAll(path, "{"+p.Value.Name+"}", "{"+p.Value.Name+"...}")
		}
	}
	return path
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
	// These take a session or a token, and check both themselves.
	bySession := []string{"listGrants", "deleteGrant"}
	for _, route := range routes {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, request(route, ""))
		isOpen := route.Public && !slices.Contains(bySession, route.Name)
		if refused := w.Code == http.StatusUnauthorized && w.Header().Get("WWW-Authenticate") == `Bearer realm="api"`; refused == isOpen {
			t.Errorf("%s without a token: %d", route.Pattern, w.Code)
		}
	}
}

// router serves the routes of all parts to one identity that may do everything.
// Each answer is held against the OpenAPI document.
type router struct {
	*http.ServeMux
	routes   []cpodkit.Route
	contract http.RoundTripper
}

func everyRoute(t *testing.T) *router {
	t.Helper()
	served := &router{ServeMux: http.NewServeMux(), routes: serverRoutes(t)}
	served.contract = apitest.Transport(t, served)
	id := cpodkit.Identity{TenantID: "t", AppID: "a", UserID: "u", Scopes: cpodkit.ParseScopes(
		"admin auth.* policy.* ratelimit.write flags.* masking.* storage.private.* storage.user.* storage.shared.*")}
	cpodkit.Mount(served.ServeMux, served.routes, cpodkit.WrapProtected(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(cpodkit.WithIdentity(r.Context(), id)))
		})
	}))
	return served
}

// RoundTrip answers in this process, as the server does.
func (s *router) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	httpserver.Record((&house{}).serverInfo())(s.ServeMux).ServeHTTP(w, r)
	return w.Result(), nil
}

// ask returns the status and the body of the answer to a request.
func (s *router) ask(t *testing.T, r *http.Request) (int, string) {
	t.Helper()
	r.Header.Set("Authorization", "Bearer of-the-identity")
	res, err := s.contract.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// A query parameter that a call does not take is refused and named, and so is one
// that is given twice, except where OAuth and signed URLs ignore it.
func TestEveryRouteRefusesUnknownParameters(t *testing.T) {
	t.Parallel()
	ignores := []string{
		"issueToken", "introspectToken", "revokeToken", "getAuthorizationServerMetadata", "getKeySet", "readSignedFile", "writeSignedFile",
		"authorize", "decideAuthorization", "showSignIn", "signIn", "signInCallback", "signOut", "showInvitation", "useInvitation",
	}
	served := everyRoute(t)
	for _, route := range served.routes {
		if slices.Contains(ignores, route.Name) {
			without, _ := served.ask(t, request(route, ""))
			if with, body := served.ask(t, request(route, "?bogus=1")); with != without {
				t.Errorf("%s: %d with a parameter that it ignores, else %d: %s", route.Pattern, with, without, body)
			}
			continue
		}
		for _, query := range []string{"?teir=shared", "?tier=private&tier=shared", "?bogus", "?a=%zz", "?tenantId=t2"} {
			status, body := served.ask(t, request(route, query))
			name, _, _ := strings.Cut(query[1:], "=")
			code := `"bad_request"`
			if strings.HasPrefix(route.Name, "ofrep") { // which has codes of its own
				code = `"PARSE_ERROR"`
			}
			if status != http.StatusBadRequest || !strings.Contains(body, code) ||
				!strings.Contains(body, name) && route.Method() != http.MethodHead && name != "a" {
				t.Errorf("%s%s: %d %s", route.Pattern, query, status, body)
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
				isPage := slices.Contains([]string{"authorize", "showSignIn", "signInCallback"}, op.OperationID) // which answers for people
				if p.In != openapi3.ParameterInQuery || isPage {
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
					status, body := served.ask(t, request(route, query))
					names := strings.Contains(strings.ReplaceAll(body, `\"`, ""), "query parameter "+p.Name)
					if refused != names && method != http.MethodHead || refused && status != http.StatusBadRequest {
						t.Errorf("%s%s: %d %s", route.Pattern, query, status, body)
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
		"GET /v1/storage/db?tier=shared&app=b":        "app",
		"GET /v1/storage/db?prefix=c":                 "prefix",
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
		"GET /v1/secrets/x?limit=5":                   "limit",
		"GET /v1/secrets?version=2":                   "version",
		"PUT /v1/secrets/x?version=2":                 "version",
		"DELETE /v1/secrets/x?version=2":              "version",
		"POST /v1/secrets/resolve?version=2":          "version",
		"GET /v1/secret-grants/x?cursor=x":            "cursor",
		"GET /v1/secret-bundles/x?version=2":          "version",
		"GET /v1/oauth/apps/x?limit=5":                "limit",
		"POST /v1/oauth/apps?tenantId=t2":             "tenantId",
		"DELETE /v1/oauth/apps/x/keys/y?cursor=x":     "cursor",
		"GET /openapi.yaml?tier=private":              "tier",
	} {
		method, target, _ := strings.Cut(call, " ")
		status, body := served.ask(t, httptest.NewRequest(method, target, strings.NewReader("{}")))
		if status != http.StatusBadRequest || !strings.Contains(body, `"bad_request"`) || !strings.Contains(body, name) {
			t.Errorf("%s: %d %s", call, status, body)
		}
	}
}

// What audit and policy see of a call is what the contract says.
func TestAccessOfEveryRoute(t *testing.T) {
	t.Parallel()
	want := map[cpodkit.Access][]string{
		cpodkit.Reads: { // besides GET and HEAD
			"queryDocuments", "introspectToken", "evaluateFlag", "evaluateFlags", "ofrepEvaluateFlag", "ofrepEvaluateFlags",
			"resolveSecrets", "mask", "maskString", "dryRunMask", "authorizeToken", "validateToken",
			"evaluatePolicy", "dryRunPolicy",
		},
		cpodkit.WritesAfter: {
			"setEntry", "deleteEntry", "incrementEntry", "checkRateLimit", "resetRateLimit", "issueToken", "revokeToken",
			"authorize", "decideAuthorization", "deleteGrant", "signIn", "signInCallback", "signOut", "useInvitation",
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
