package cpodkit

import "net/http"

// Route is one call of a capability. Unless it is Public it needs an identity.
type Route struct {
	Pattern string // of http.ServeMux, with its method: "GET /v1/jobs/{id}"

	// Scope is what the token must hold. A capability whose scope depends on
	// the request (the tier of a storage call) leaves it empty and checks the
	// identity itself.
	Scope string

	// Public routes are served without a token. They check what they need
	// themselves, such as the client secret at the token endpoint.
	Public bool

	Handler http.Handler
}

// Mount registers routes on mux. Every route that is not Public is wrapped in
// authenticate and refuses requests without an identity, and without its
// scope. A nil authenticate means that the server puts the identity in the
// context before the mux is reached (see [WithIdentity]).
//
// Like mux.Handle it panics when a pattern is malformed or taken.
func Mount(mux *http.ServeMux, authenticate Middleware, routes ...Route) {
	for _, route := range routes {
		h := route.Handler
		if !route.Public {
			if route.Scope != "" {
				h = RequireScope(route.Scope)(h)
			} else {
				h = requireIdentity(h)
			}
			if authenticate != nil {
				h = authenticate(h)
			}
		}
		mux.Handle(route.Pattern, h)
	}
}

func requireIdentity(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := IdentityFromContext(r.Context()); !ok {
			WriteError(w, r, errMissingToken())
			return
		}
		next.ServeHTTP(w, r)
	})
}

func errMissingToken() *Error {
	return Errorf(CodeMissingToken, "This call needs a token: send it as Authorization: Bearer <token>.")
}
