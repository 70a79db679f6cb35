package httpserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/cpodkit/cpodkit"
)

// Origins says which origins apps allow. [CORS] asks it for each request that names
// an origin, so it answers from memory. An *oauth.Origins is one. It is safe for
// concurrent use.
type Origins interface {
	// AnyAppAllows reports whether there is an app that allows the origin.
	AnyAppAllows(origin string) bool

	// AppAllows reports whether the app of the tenant allows the origin. An empty
	// tenantID is for a request that names the app alone: then the app may be of any
	// tenant.
	AppAllows(tenantID, clientID, origin string) bool
}

// CORSOption configures [CORS].
type CORSOption func(*cors)

// WithOrigins adds origins that are answered on every path that is not closed: in
// the form in which browsers send them, such as "https://app.example.com" or
// "http://localhost:3000", or "*" for all origins.
func WithOrigins(origins ...string) CORSOption {
	return func(c *cors) {
		for _, origin := range origins {
			if origin == "*" {
				c.all = true
			} else if !validOrigin(origin) {
				c.wrong = fmt.Errorf("httpserver: %q is not an origin; want one such as https://app.example.com, as browsers send it, or *", origin)
			}
			c.origins[origin] = true
		}
	}
}

// WithOpenPaths adds paths that are answered to every origin, such as "/health". A
// path that ends with a slash stands for all paths below it.
func WithOpenPaths(paths ...string) CORSOption {
	return func(c *cors) { c.open = c.checked(c.open, paths) }
}

// WithClosedPaths adds paths that are answered to no origin, such as "/login". A path
// that ends with a slash stands for all paths below it. A closed path is never open.
func WithClosedPaths(paths ...string) CORSOption {
	return func(c *cors) { c.closed = c.checked(c.closed, paths) }
}

// What CORS tells browsers.
const (
	allowedHeaders = "Authorization, Content-Type, If-Match, If-None-Match, Range, Content-Digest, Content-MD5, " +
		"Idempotency-Key, Last-Event-ID, X-Request-Id, Traceparent"
	exposedHeaders = "ETag, Location, Last-Modified, Content-Disposition, Content-Range, Retry-After, " +
		"RateLimit, RateLimit-Policy, WWW-Authenticate, X-Request-Id"
	preflightMaxAge = "600" // seconds
)

// CORS is middleware that lets pages of other origins call the routes of mux (WHATWG
// Fetch section 3.2). Origins of [WithOrigins] are answered on every path. An origin
// that an app allows is answered:
//
//   - on a preflight, which carries no token;
//   - on a request with the identity of that app (see [cpodkit.WithIdentity]);
//   - on a request without an identity that acts for that app (see
//     [cpodkit.Record.NoteClientID]): a call of OAuth, or a signed URL;
//   - on a request that acts for nobody, or whose client was refused with 401, so that
//     a page can read why.
//
// A preflight is 204 with the methods of its path, also when its origin is not
// allowed: then the answer lets the browser do nothing. A preflight for an unknown path
// goes on to the handler, and so does an OPTIONS request that is not a preflight. Every
// answer has "Vary: Origin". No answer allows credentials, so cookies are never sent.
//
// apps may be nil. Put CORS inside [Record], without which the origins of apps are
// answered on preflights alone, and outside [Guard]. It returns an error when an origin
// is malformed, when a path does not begin with a slash, and without a mux.
func CORS(mux *http.ServeMux, apps Origins, opts ...CORSOption) (cpodkit.Middleware, error) {
	c := &cors{mux: mux, apps: apps, origins: map[string]bool{}}
	if mux == nil {
		c.wrong = errors.New("httpserver: CORS needs the mux whose routes it answers for")
	}
	for _, opt := range opts {
		opt(c)
	}
	if c.wrong != nil {
		return nil, c.wrong
	}
	return c.around, nil
}

type cors struct {
	mux          *http.ServeMux
	apps         Origins
	all          bool
	origins      map[string]bool
	open, closed []string
	wrong        error
}

func (c *cors) checked(paths, more []string) []string {
	for _, path := range more {
		if !strings.HasPrefix(path, "/") {
			c.wrong = fmt.Errorf("httpserver: the path %q for CORS does not begin with a slash", path)
		}
	}
	return append(paths, more...)
}

// validOrigin reports whether a browser may send the origin (RFC 6454 section 6.2).
func validOrigin(origin string) bool {
	outside := func(c rune) bool { return c <= ' ' || c > '~' || c == '*' || c == ',' }
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || origin != strings.ToLower(u.Scheme+"://"+u.Host) || strings.ContainsFunc(origin, outside) {
		return false
	}
	return !strings.HasSuffix(origin, ":") && (u.Scheme != "https" || u.Port() != "443") && (u.Scheme != "http" || u.Port() != "80")
}

func (c *cors) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := ""
		if values := r.Header["Origin"]; len(values) == 1 {
			origin = values[0]
		}
		if r.Method == http.MethodOptions && origin != "" && r.Header.Get("Access-Control-Request-Method") != "" {
			if methods := c.methods(r); methods != "" {
				c.answerPreflight(w, r, origin, methods)
				return
			}
		}
		rec := record(w)
		rec.onAnswer = func() {
			h := rec.Header()
			h.Add("Vary", "Origin")
			if allowed := c.allowed(r.URL.Path, origin, func() bool { return c.appAllows(r.Context(), origin) }); allowed != "" {
				h.Set("Access-Control-Allow-Origin", allowed)
				h.Set("Access-Control-Expose-Headers", exposedHeaders)
			}
		}
		next.ServeHTTP(rec, r)
		rec.begin() // a handler that wrote nothing has answered 200
	})
}

func (c *cors) answerPreflight(w http.ResponseWriter, r *http.Request, origin, methods string) {
	h := w.Header()
	h.Add("Vary", "Origin")
	if allowed := c.allowed(r.URL.Path, origin, func() bool { return c.apps.AnyAppAllows(origin) }); allowed != "" {
		h.Set("Access-Control-Allow-Origin", allowed)
		h.Set("Access-Control-Allow-Methods", methods)
		h.Set("Access-Control-Allow-Headers", allowedHeaders)
		h.Set("Access-Control-Max-Age", preflightMaxAge)
	}
	w.WriteHeader(http.StatusNoContent)
}

// allowed returns the value of Access-Control-Allow-Origin, or "". byApp reports
// whether an app allows the origin.
func (c *cors) allowed(path, origin string, byApp func() bool) string {
	switch {
	case covers(c.closed, path):
		return ""
	case c.all || covers(c.open, path):
		return "*"
	case origin == "":
		return ""
	case c.origins[origin] || c.apps != nil && byApp():
		return origin
	}
	return ""
}

// appAllows decides when the answer begins: whether the token was accepted is known
// only then.
func (c *cors) appAllows(ctx context.Context, origin string) bool {
	rec := cpodkit.RecordFromContext(ctx)
	if rec == nil {
		return false
	}
	if id := rec.Identity(); id != nil {
		return c.apps.AppAllows(id.TenantID, id.AppID, origin)
	}
	// An app whose secret is wrong is named, too.
	failure := rec.Failure()
	refused := failure != nil && cpodkit.StatusOf(failure) == http.StatusUnauthorized
	if clientID := rec.ClientID(); clientID != "" && !refused {
		return c.apps.AppAllows("", clientID, origin)
	}
	return c.apps.AnyAppAllows(origin)
}

// methods returns what the mux serves at the path of the request, or "".
func (c *cors) methods(r *http.Request) string {
	if !isClean(r.URL) {
		return ""
	}
	var methods []string
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
		probe := &http.Request{Method: method, Host: r.Host, URL: r.URL}
		if _, probe.Pattern = c.mux.Handler(probe); !muxAnswers(probe) {
			methods = append(methods, method)
		}
	}
	return strings.Join(methods, ", ")
}

// covers reports whether a path is one of paths, or below one that ends with a slash.
func covers(paths []string, path string) bool {
	for _, p := range paths {
		if path == p || strings.HasSuffix(p, "/") && strings.HasPrefix(path, p) {
			return true
		}
	}
	return false
}
