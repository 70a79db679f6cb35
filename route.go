package cpodkit

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/cpodkit/cpodkit/internal/trailer"
)

// Access says what a call does to the state that the server keeps.
type Access int

// The kinds of access.
const (
	// AccessByMethod is the zero value: Reads for GET and HEAD, else Writes.
	AccessByMethod Access = iota

	// Reads is a call that computes or reads.
	Reads

	// Writes is a call that changes state. An audit log stores the intent before
	// the call and the outcome after it.
	Writes

	// WritesAfter is a call that changes state so often that an audit log stores
	// one event, after the call.
	WritesAfter
)

// String returns "reads", "writes" or "writes after".
func (a Access) String() string {
	switch a {
	case Reads:
		return "reads"
	case Writes:
		return "writes"
	case WritesAfter:
		return "writes after"
	}
	return "by method"
}

// ByRequest stands in [Route.Scopes] for a scope that depends on the request,
// such as the tier of a storage call. The handler then checks the scope.
const ByRequest = "(by request)"

// Route is one call of a capability, and says what it is.
type Route struct {
	// Name is the operationId of the call in OpenAPI, such as "readFile".
	Name string

	// Pattern is that of [http.ServeMux], with its method: "GET /v1/jobs/{id}".
	Pattern string

	// Scopes are those of which the token must hold one. [ByRequest], alone, leaves
	// the check to the handler. A Public route has none, every other one has some.
	Scopes []string

	// Access says whether the call reads or writes. In the Route that a [Wrap] and
	// [RouteFromContext] see, it is never AccessByMethod.
	Access Access

	// Public routes are served without a token. They check what they need
	// themselves, such as the client secret at the token endpoint.
	Public bool

	Handler http.Handler
}

// Method returns the method of the pattern.
func (r Route) Method() string {
	method, _, _ := strings.Cut(r.Pattern, " ")
	return method
}

// Path returns the pattern without its method.
func (r Route) Path() string {
	_, path, _ := strings.Cut(r.Pattern, " ")
	return strings.TrimLeft(path, " \t")
}

// Wrap returns the middleware for a route, or nil to leave the route as it is.
// [Mount] calls it once for each route, also for those that are Public.
type Wrap func(Route) Middleware

// WrapProtected puts m around every route that is not Public.
func WrapProtected(m Middleware) Wrap {
	return func(r Route) Middleware {
		if r.Public {
			return nil
		}
		return m
	}
}

// WrapNamed puts m around the routes with these names. A name that no route has
// wraps nothing: take it from a constant of the capability.
func WrapNamed(m Middleware, names ...string) Wrap {
	return func(r Route) Middleware {
		if !slices.Contains(names, r.Name) {
			return nil
		}
		return m
	}
}

// Mount registers routes on mux, each inside of the wraps, of which the first is
// the outermost. Innermost, and whatever the wraps do, a route that is not Public
// answers 401 missing_token to a request without an identity (see
// [WithIdentity]), and 403 invalid_scope to one without a scope of the route. So
// a server that forgets to authenticate serves nobody.
//
// Like mux.Handle it panics when a pattern is malformed or taken. It also panics
// for a route without a name, a method or a handler, for one that is neither
// Public nor has a scope, for one that is both, and for a name that comes twice.
func Mount(mux *http.ServeMux, routes []Route, outermostFirst ...Wrap) {
	names := map[string]bool{}
	for _, route := range routes {
		fault := route.fault()
		if names[route.Name] {
			fault = "has the name of another route"
		}
		if fault != "" {
			panic(fmt.Sprintf("cpodkit: the route %q (%s) %s", route.Name, route.Pattern, fault))
		}
		names[route.Name] = true
		if route.Access == AccessByMethod {
			route.Access = Writes
			if m := route.Method(); m == http.MethodGet || m == http.MethodHead {
				route.Access = Reads
			}
		}
		route.Scopes = slices.Clone(route.Scopes)
		h := route.Handler
		if !route.Public {
			h = protect(route.Scopes, h)
		}
		for _, wrap := range slices.Backward(outermostFirst) {
			if m := wrap(route); m != nil {
				h = m(h)
			}
		}
		mux.Handle(route.Pattern, noteRoute(&route, h))
	}
}

// fault says what is wrong with a route; "" for nothing.
func (r Route) fault() string {
	switch {
	case r.Name == "":
		return "has no name"
	case r.Handler == nil:
		return "has no handler"
	case r.Path() == "":
		return "has no method before its path"
	case r.Public && len(r.Scopes) > 0:
		return "is public and has a scope"
	case !r.Public && len(r.Scopes) == 0:
		return "is not public and has no scope: give it one, or ByRequest when its handler decides"
	case slices.Contains(r.Scopes, ByRequest) && len(r.Scopes) > 1:
		return "has a scope beside ByRequest"
	}
	return ""
}

// protect lets a request through that has an identity and one of the scopes.
func protect(scopes []string, next http.Handler) http.Handler {
	byRequest := slices.Contains(scopes, ByRequest)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := identityOf(r.Context())
		if id == nil {
			WriteError(w, r, MissingToken())
			return
		}
		if !byRequest {
			if err := id.RequireAny(scopes...); err != nil {
				WriteError(w, r, err)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// MissingToken returns the error of a call that needs an identity and has none.
func MissingToken() *Error {
	return Errorf(CodeMissingToken, "This call needs a token: send it as Authorization: Bearer <token>.")
}

type routeKey struct{}

// noteRoute makes the route known to everything inside, and to what reads the
// request's record afterwards.
func noteRoute(route *Route, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		trailer.Keep(r)
		if rec := RecordFromContext(r.Context()); rec != nil {
			rec.route.Store(route)
		} else {
			r = r.WithContext(context.WithValue(r.Context(), routeKey{}, route))
		}
		next.ServeHTTP(w, r)
	})
}

// RouteFromContext returns the route of [Mount] that serves the request. It is
// false before a mux has chosen one, and on a handler that Mount did not register.
// The Scopes are shared: they are not to be changed.
func RouteFromContext(ctx context.Context) (Route, bool) {
	route := RecordFromContext(ctx).Route()
	if route == nil {
		route, _ = ctx.Value(routeKey{}).(*Route)
	}
	if route == nil {
		return Route{}, false
	}
	return *route, true
}
