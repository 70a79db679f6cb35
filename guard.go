package cpodkit

import (
	"net/http"
	"reflect"
	"strings"
)

// Guard serves mux, and answers in its place what a ServeMux would answer in
// plain text or with a redirect:
//
//   - A path that is not clean (an empty, "." or ".." segment, raw or
//     percent-encoded) is refused: 400 invalid_key under /v1/storage/, else 404.
//     A ServeMux redirects it, and clients replay a redirected request, body and
//     token included, somewhere else.
//   - The redirect from a path to the same path with a slash is a 404.
//   - An unknown path is 404 and a wrong method 405 with Allow, both as
//     problem+json.
//
// It tells [AccessLog] and [Telemetry] which pattern a request has matched, also
// where middleware between them and the mux copied the request.
func Guard(mux *http.ServeMux) http.Handler {
	redirect := reflect.TypeOf(http.RedirectHandler("/", http.StatusTemporaryRedirect))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !cleanPath(r.URL.Path) || !cleanPath(r.URL.EscapedPath()) {
			WriteError(w, r, errUncleanPath(r.URL.EscapedPath()))
			return
		}
		h, pattern := mux.Handler(r)
		switch {
		case pattern == "":
			WriteError(w, r, muxRefusal(h, r))
		case reflect.TypeOf(h) == redirect && addsSlash(h, r):
			WriteError(w, r, errNoSuchPath())
		default:
			if info := infoOf(r.Context()); info != nil {
				info.notePattern(pattern)
			}
			mux.ServeHTTP(w, r)
		}
	})
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

func errUncleanPath(escaped string) *Error {
	if strings.HasPrefix(escaped, "/v1/storage/") {
		return Errorf(CodeInvalidKey, "A key has no empty, \".\" or \"..\" segment and no slash at its start.")
	}
	return errNoSuchPath()
}

func errNoSuchPath() *Error {
	return Errorf(CodeNotFound, "There is nothing at this path; /openapi.yaml lists the calls.")
}

// muxRefusal asks a mux's own error handler which refusal it stands for.
func muxRefusal(h http.Handler, r *http.Request) *Error {
	probe := headerProbe{header: http.Header{}}
	h.ServeHTTP(&probe, r)
	if probe.status != http.StatusMethodNotAllowed {
		return errNoSuchPath()
	}
	e := Errorf(CodeMethodNotAllowed, "This path does not take %s; the Allow header lists what it takes.", safeMethod(r.Method))
	e.Allow = probe.header.Get("Allow")
	return e
}

func safeMethod(m string) string {
	switch m {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT":
		return m
	}
	return "this method"
}

func addsSlash(h http.Handler, r *http.Request) bool {
	probe := headerProbe{header: http.Header{}}
	h.ServeHTTP(&probe, r)
	target, _, _ := strings.Cut(probe.header.Get("Location"), "?")
	return target == r.URL.EscapedPath()+"/"
}

// headerProbe is a ResponseWriter that keeps the head of an answer.
type headerProbe struct {
	header http.Header
	status int
}

func (p *headerProbe) Header() http.Header         { return p.header }
func (p *headerProbe) WriteHeader(status int)      { p.status = status }
func (p *headerProbe) Write(b []byte) (int, error) { return len(b), nil }
