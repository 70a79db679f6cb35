package rego

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/cpodkit/cpodkit"
)

const (
	maxHeaders   = 20
	maxRouteBody = 1 << 20
)

// WrapOption configures [Engine.Wrap].
type WrapOption func(*wrapOptions)

type wrapOptions struct {
	headers []string
	bodies  map[string]int64
}

// WithHeaders puts the headers with these names, 20 at most, into the input. Authorization,
// Proxy-Authorization and Cookie are refused: they hold credentials.
func WithHeaders(names ...string) WrapOption {
	return func(o *wrapOptions) {
		for _, name := range names {
			o.headers = append(o.headers, strings.ToLower(name))
		}
	}
}

// WithBody puts the body of the calls of a route into the input. It is for routes that take
// JSON: Wrap reads the body whole, before the rule is evaluated, and refuses one that is not
// strict JSON as [cpodkit.DecodeJSON] does, and one of more than maxBytes (1 to 1 MiB) with
// payload_too_large.
func WithBody(routeName string, maxBytes int64) WrapOption {
	return func(o *wrapOptions) {
		if o.bodies == nil {
			o.bodies = map[string]int64{}
		}
		o.bodies[routeName] = maxBytes
	}
}

func (o *wrapOptions) check() error {
	if len(o.headers) > maxHeaders {
		return fmt.Errorf("rego: WithHeaders: there are %d names, at most %d are allowed", len(o.headers), maxHeaders)
	}
	for _, name := range o.headers {
		if name == "" || slices.Contains([]string{"authorization", "proxy-authorization", "cookie"}, name) {
			return fmt.Errorf("rego: WithHeaders: %q is not a header that a policy may see", name)
		}
	}
	for name, most := range o.bodies {
		if name == "" || most < 1 || most > maxRouteBody {
			return fmt.Errorf("rego: WithBody(%q, %d): the name is not empty, and the bytes are 1 to %d", name, most, maxRouteBody)
		}
	}
	return nil
}

// Wrap returns what puts the policy on routes: each call is decided by data.http.allow of
// the operator's policy, over a [RouteInput], before the handler sees it. A policy without
// that rule allows all. Tenants have no say in it.
//
//   - A result other than true is 403 policy_denied. The detail is data.http.reason, where
//     that is a string.
//   - A failed evaluation is 503 unavailable. It is never a decision.
//   - A call without an identity to a route that is not public is 401 missing_token, and one
//     without a scope of the route is 403 invalid_scope. Neither is decided.
//
// Put it inside of authentication. It can be used without [cpodkit.Mount]: call the result
// with a Route that has a name.
func (e *Engine) Wrap(opts ...WrapOption) (cpodkit.Wrap, error) {
	var o wrapOptions
	for _, opt := range opts {
		opt(&o)
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	return func(route cpodkit.Route) cpodkit.Middleware {
		guard := &routeGuard{engine: e, reader: newRouteReader(route, &o)}
		if !route.Public {
			guard.protected = true
			if !slices.Contains(route.Scopes, cpodkit.ByRequest) {
				guard.scopes = route.Scopes
			}
		}
		return guard.wrap
	}, nil
}

// routeGuard decides the calls of one route.
type routeGuard struct {
	engine    *Engine
	reader    *routeReader
	protected bool
	scopes    []string // nil where the handler decides
}

func (g *routeGuard) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := g.admit(w, r); err != nil {
			cpodkit.WriteError(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// admit returns why a call is refused, or nil.
func (g *routeGuard) admit(w http.ResponseWriter, r *http.Request) error {
	var id *cpodkit.Identity
	if identity, ok := cpodkit.IdentityFromContext(r.Context()); ok {
		id = &identity
	}
	if g.protected {
		if id == nil {
			return cpodkit.MissingToken()
		}
		if g.scopes != nil {
			if err := id.RequireAny(g.scopes...); err != nil {
				return err
			}
		}
	}
	return g.decide(w, r, id)
}

// body reads the body of a call, and gives the handler the same bytes.
func (p *routeReader) body(w http.ResponseWriter, r *http.Request, in *RouteInput) error {
	if p.maxBody == 0 || r.Body == nil || r.ContentLength == 0 {
		return nil
	}
	body, err := cpodkit.ReadJSON(w, r, p.maxBody)
	if err != nil {
		return err
	}
	if err := cpodkit.UnmarshalStrict(body, &in.Body); err != nil {
		return err
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{bytes.NewReader(body), r.Body}
	return nil
}
