package cpodkit_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
)

// sayRoute answers with the name and the access of the call.
var sayRoute = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	route, ok := cpodkit.RouteFromContext(r.Context())
	fmt.Fprint(w, route.Name, " ", route.Access, " ", ok)
})

func routes() []cpodkit.Route {
	return []cpodkit.Route{
		{Name: "list", Pattern: "GET /things", Scopes: []string{"things.read"}, Handler: sayRoute},
		{Name: "make", Pattern: "POST /things", Scopes: []string{"things.write", "admin"}, Handler: sayRoute},
		{Name: "touch", Pattern: "PUT /things", Scopes: []string{"things.write"}, Access: cpodkit.WritesAfter, Handler: sayRoute},
		{Name: "search", Pattern: "POST /search", Scopes: []string{cpodkit.ByRequest}, Access: cpodkit.Reads, Handler: sayRoute},
		{Name: "health", Pattern: "GET /health", Public: true, Handler: sayRoute},
	}
}

// as authenticates every request.
func as(scopes string) cpodkit.Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id := cpodkit.Identity{TenantID: "t1", AppID: "a1", Scopes: cpodkit.ParseScopes(scopes)}
			next.ServeHTTP(w, r.WithContext(cpodkit.WithIdentity(r.Context(), id)))
		})
	}
}

// Whatever wraps a server gives, a route that is not public is not served without
// an identity and a scope.
func TestMountProtects(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		wraps []cpodkit.Wrap
		want  string
	}{
		"without wraps":  {nil, "401 401 401 401 200"},
		"nil middleware": {[]cpodkit.Wrap{func(cpodkit.Route) cpodkit.Middleware { return nil }}, "401 401 401 401 200"},
		"no scope":       {[]cpodkit.Wrap{cpodkit.WrapProtected(as(""))}, "403 403 403 200 200"},
		"a scope":        {[]cpodkit.Wrap{cpodkit.WrapProtected(as("things.read"))}, "200 403 403 200 200"},
		"one of two":     {[]cpodkit.Wrap{cpodkit.WrapProtected(as("admin"))}, "403 200 403 200 200"},
		"a wildcard":     {[]cpodkit.Wrap{cpodkit.WrapProtected(as("things.*"))}, "200 200 200 200 200"},
		"by name":        {[]cpodkit.Wrap{cpodkit.WrapNamed(as("things.*"), "list", "search")}, "200 401 401 200 200"},
	} {
		mux := http.NewServeMux()
		cpodkit.Mount(mux, routes(), c.wraps...)
		var got []string
		for _, route := range routes() {
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, httptest.NewRequest(route.Method(), route.Path(), nil))
			got = append(got, fmt.Sprint(w.Code))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %s; want %s", name, strings.Join(got, " "), c.want)
		}
	}
}

func TestRouteFromContext(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	var seen []string
	var order []string
	note := func(layer string) cpodkit.Wrap {
		return func(route cpodkit.Route) cpodkit.Middleware {
			seen = append(seen, layer+" "+route.Name+" "+route.Access.String())
			return func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					inner, _ := cpodkit.RouteFromContext(r.Context())
					order = append(order, layer+" "+inner.Name)
					next.ServeHTTP(w, r)
				})
			}
		}
	}
	cpodkit.Mount(mux, routes(), note("outer"), cpodkit.WrapProtected(as("things.*")), note("inner"))
	if !slices.Contains(seen, "inner health reads") || !slices.Contains(seen, "outer touch writes after") || len(seen) != 10 {
		t.Errorf("the wraps saw %q", seen)
	}
	for call, want := range map[string]string{
		"GET /things":  "list reads true",
		"POST /things": "make writes true",
		"PUT /things":  "touch writes after true",
		"POST /search": "search reads true",
		"GET /health":  "health reads true",
	} {
		method, path, _ := strings.Cut(call, " ")
		for _, recorded := range []bool{false, true} {
			r := httptest.NewRequest(method, path, nil)
			var rec *cpodkit.Record
			if recorded {
				ctx, made := cpodkit.WithRecord(r.Context(), "r-1", cpodkit.ServerInfo{})
				r, rec = r.WithContext(ctx), made
			}
			order = nil
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, r)
			name, _, _ := strings.Cut(want, " ")
			if w.Body.String() != want || !slices.Equal(order, []string{"outer " + name, "inner " + name}) {
				t.Errorf("%s: %q, in the order %q", call, w.Body, order)
			}
			if recorded && (rec.Route().Name != name || path == "/things" && rec.Identity().TenantID != "t1") {
				t.Errorf("%s: the record has %+v and %+v", call, rec.Route(), rec.Identity())
			}
		}
	}
	if _, ok := cpodkit.RouteFromContext(t.Context()); ok {
		t.Error("a context without a route has one")
	}
}

func TestMountRefusesWhatIsNoRoute(t *testing.T) {
	t.Parallel()
	good := routes()[0]
	for name, spoil := range map[string]func(*cpodkit.Route){
		"no name":                func(r *cpodkit.Route) { r.Name = "" },
		"no method":              func(r *cpodkit.Route) { r.Pattern = "/things" },
		"no handler":             func(r *cpodkit.Route) { r.Handler = nil },
		"neither public nor any": func(r *cpodkit.Route) { r.Scopes = nil },
		"public with a scope":    func(r *cpodkit.Route) { r.Public = true },
		"more beside ByRequest":  func(r *cpodkit.Route) { r.Scopes = append(r.Scopes, cpodkit.ByRequest) },
		"a bad pattern":          func(r *cpodkit.Route) { r.Pattern = "GET /{" },
		"the same name":          func(r *cpodkit.Route) { r.Name = "other" },
	} {
		spoilt, other := good, good
		spoil(&spoilt)
		other.Name, other.Pattern = "other", "GET /others"
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: it is mounted", name)
				}
			}()
			cpodkit.Mount(http.NewServeMux(), []cpodkit.Route{other, spoilt})
		}()
	}
}

// A record is optional: what notes and reads it does not ask.
func TestNoRecord(t *testing.T) {
	t.Parallel()
	rec := cpodkit.RecordFromContext(t.Context())
	rec.NoteLimit("tenant")
	rec.NoteClientID("app")
	rec.NoteURLMaker(cpodkit.Identity{TenantID: "t"})
	if rec != nil || rec.URLMaker() != nil || rec.Route() != nil || rec.Identity() != nil || rec.Failure() != nil || rec.Limit()+rec.ClientID()+rec.RequestID() != "" {
		t.Error("no record holds something")
	}
	_, rec = cpodkit.WithRecord(t.Context(), "r-1", cpodkit.ServerInfo{})
	rec.NoteLimit("tenant")
	rec.NoteClientID("app")
	if rec.Limit() != "tenant" || rec.ClientID() != "app" || rec.RequestID() != "r-1" || rec.Route() != nil {
		t.Errorf("the record is %+v", rec)
	}
}
