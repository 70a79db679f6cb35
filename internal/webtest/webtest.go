// Package webtest calls handlers in tests, and checks their answers.
package webtest

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/httpserver"
)

// Find returns whom a bearer token stands for, nil when it stands for nobody.
type Find func(token string) *cpodkit.Identity

// Authenticate stands for authentication. A request whose token stands for nobody
// goes on without an identity.
func (find Find) Authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token, given := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); given {
			if id := find(token); id != nil {
				r = r.WithContext(cpodkit.WithIdentity(r.Context(), *id))
			}
		}
		next.ServeHTTP(w, r)
	})
}

// As lets every request act for id.
func As(id cpodkit.Identity) cpodkit.Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(cpodkit.WithIdentity(r.Context(), id)))
		})
	}
}

// Handler serves routes as a server does: behind the path guard, with each route
// that is not public behind protect, outermost first.
func Handler(routes []cpodkit.Route, protect ...cpodkit.Middleware) http.Handler {
	mux := http.NewServeMux()
	cpodkit.Mount(mux, routes, cpodkit.WrapProtected(func(next http.Handler) http.Handler {
		return cpodkit.Chain(next, protect...)
	}))
	return httpserver.Guard(mux, httpserver.WithKeyPaths("/v1/storage/"))
}

// Call sends one request to h. A token of "" is none. header alternates names and
// values.
func Call(t testing.TB, h http.Handler, method, target, token, body string, header ...string) *Answer {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return Serve(h, r, body)
}

// Serve has h answer a request. body is what messages show of its body.
func Serve(h http.Handler, r *http.Request, body string) *Answer {
	a := &Answer{ResponseRecorder: httptest.NewRecorder(), call: name(r, body)}
	h.ServeHTTP(a.ResponseRecorder, r)
	return a
}

// Do sends a request over the network, and reads the answer to its end.
func Do(t testing.TB, client *http.Client, r *http.Request, body string) *Answer {
	t.Helper()
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	a := &Answer{ResponseRecorder: httptest.NewRecorder(), call: name(r, body)}
	maps.Copy(a.Header(), res.Header)
	a.WriteHeader(res.StatusCode)
	if _, err := io.Copy(a.Body, res.Body); err != nil {
		t.Fatal(err)
	}
	return a
}

func name(r *http.Request, body string) string {
	return strings.TrimSpace(r.Method + " " + Abridged(r.URL.RequestURI()) + " " + Abridged(body))
}

// Answer is an answer, and what was asked.
type Answer struct {
	*httptest.ResponseRecorder

	call string
}

// String returns the call and its answer, for messages.
func (a *Answer) String() string {
	return a.call + " is answered " + http.StatusText(a.Code) + " " + Abridged(a.Body.String())
}

// WantStatus ends the test unless the answer has the status.
func (a *Answer) WantStatus(t testing.TB, status int) {
	t.Helper()
	if a.Code != status {
		t.Fatalf("%s: status %d, want %d: %s", a.call, a.Code, status, Abridged(a.Body.String()))
	}
}

// WantProblem fails the test unless the answer is the error code in the form of RFC
// 9457. With pointers, these are the JSON pointers of its field errors, in order.
// The answer to a HEAD has the status alone.
func (a *Answer) WantProblem(t testing.TB, code cpodkit.Code, pointers ...string) {
	t.Helper()
	if strings.HasPrefix(a.call, http.MethodHead+" ") {
		if a.Code != code.Status() {
			t.Errorf("%s; want %s", a, code)
		}
		return
	}
	if contentType := a.Header().Get("Content-Type"); contentType != "application/problem+json" {
		t.Errorf("%s, %s; want a problem", a, contentType)
	}
	problem := a.problem(t)
	if problem.Code != code || a.Code != code.Status() || problem.Status != a.Code || problem.Title != code.Title() ||
		problem.Detail == "" || !strings.HasSuffix(problem.Type, string(code)) {
		t.Errorf("%s; want %s", a, code)
	}
	for _, e := range problem.Errors {
		if e.Detail == "" {
			t.Errorf("%s has no detail at %q", a, e.Pointer)
		}
	}
	if found := a.Pointers(t); pointers != nil && !slices.Equal(found, pointers) {
		t.Errorf("%s is wrong at %q; want %q", a, found, pointers)
	}
}

// Pointers returns the JSON pointers of a problem's field errors.
func (a *Answer) Pointers(t testing.TB) []string {
	t.Helper()
	var all []string
	for _, e := range a.problem(t).Errors {
		all = append(all, e.Pointer)
	}
	return all
}

// Detail returns the text of a problem.
func (a *Answer) Detail(t testing.TB) string {
	t.Helper()
	return a.problem(t).Detail
}

type problem struct {
	Type, Title, Detail string
	Status              int
	Code                cpodkit.Code
	Errors              []cpodkit.FieldError
}

func (a *Answer) problem(t testing.TB) (p problem) {
	t.Helper()
	if err := json.Unmarshal(a.Body.Bytes(), &p); err != nil {
		t.Errorf("%s: %v", a, err)
	}
	return p
}

// Decode returns the JSON of an answer. It ends the test at a member that T does not
// have.
func Decode[T any](t testing.TB, a *Answer) T {
	t.Helper()
	var v T
	d := json.NewDecoder(bytes.NewReader(a.Body.Bytes()))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", a, err)
	}
	return v
}

// Abridged returns s, cut when it is long.
func Abridged(s string) string {
	if len(s) > 300 {
		return s[:200] + "…"
	}
	return s
}
