package httpserver

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/cpodkit/cpodkit"
)

// GuardOption configures [Guard].
type GuardOption func(*guard)

// WithKeyPaths sets the prefix of paths that end with a key which the client
// chooses, such as "/v1/storage/". An unclean path below it is 400 invalid_key
// instead of 404.
func WithKeyPaths(prefix string) GuardOption { return func(g *guard) { g.keyPaths = prefix } }

type guard struct {
	mux      *http.ServeMux
	keyPaths string
}

// Guard serves mux, and replaces what a ServeMux itself answers in plain text or
// with a redirect:
//
//   - A path that is not clean (an empty, "." or ".." segment, raw or
//     percent-encoded) is 404 (see [WithKeyPaths]). A ServeMux redirects it, and
//     clients replay a redirected request, body and token included, somewhere
//     else.
//   - The redirect from a path to the same path with a slash is a 404.
//   - An unknown path is 404 and a wrong method 405 with Allow, both as
//     problem+json.
//
// What the handlers of mux answer stays as it is.
func Guard(mux *http.ServeMux, opts ...GuardOption) http.Handler {
	g := &guard{mux: mux}
	for _, opt := range opts {
		opt(g)
	}
	return g
}

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case isClean(r.URL):
		rec := record(w)
		rec.routed, rec.guarded = r, true
		g.mux.ServeHTTP(rec, r)
	case g.keyPaths != "" && strings.HasPrefix(r.URL.EscapedPath(), g.keyPaths):
		cpodkit.WriteError(w, r, cpodkit.Errorf(cpodkit.CodeInvalidKey,
			"A key has no empty, \".\" or \"..\" segment and no slash at its start."))
	default:
		cpodkit.NotFound(w, r)
	}
}

// isClean reports whether the path of a URL is clean, raw and decoded.
func isClean(u *url.URL) bool {
	escaped := u.EscapedPath()
	return cleanPath(u.Path) && (escaped == u.Path || cleanPath(escaped))
}

// cleanPath reports whether p starts with a slash and has no empty, "." or
// ".." segment. One slash at the end is allowed, as in a ServeMux.
func cleanPath(p string) bool {
	p, rooted := strings.CutPrefix(p, "/")
	if !rooted {
		return false
	}
	p = strings.TrimSuffix(p, "/")
	if p == "" {
		return true
	}
	for segment := range strings.SplitSeq(p, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return false
		}
	}
	return true
}

// muxAnswers reports whether a ServeMux that has routed r answers by itself. It
// sets the pattern of a request before it calls a handler. Without a pattern it
// refuses. A pattern with more slashes than the path is one that only the path
// with another slash matches: the mux redirects to it.
func muxAnswers(r *http.Request) bool {
	return r.Pattern == "" || strings.Count(r.Pattern, "/") > strings.Count(r.URL.EscapedPath(), "/")
}

// refuse answers in place of a mux that answers with status.
func refuse(w http.ResponseWriter, r *http.Request, status int) {
	w.Header().Del("Location")
	if status != http.StatusMethodNotAllowed {
		cpodkit.NotFound(w, r)
		return
	}
	e := cpodkit.Errorf(cpodkit.CodeMethodNotAllowed,
		"This path does not take %s; the Allow header lists what it takes.", safeMethod(r.Method))
	e.Allow = w.Header().Get("Allow")
	cpodkit.WriteError(w, r, e)
}

func safeMethod(m string) string {
	switch m {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT":
		return m
	}
	return "this method"
}
