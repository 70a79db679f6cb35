// Package rest is what all calls of the HTTP contract have in common: how a
// handler answers, which query parameters it takes, the conditions of a request,
// lists, times, and streams of events.
package rest

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/cpodkit/cpodkit"
)

// Func serves one call, or returns the error to answer with. It then has written
// nothing.
type Func func(w http.ResponseWriter, r *http.Request, q Query) error

// Handler serves a call that takes the named query parameters and no others. A
// malformed query, an unknown parameter and one that is given twice are
// bad_request: two readers of such a request may see two different calls, and a
// misspelled name would be ignored.
func Handler(serve Func, parameters ...string) http.Handler {
	return HandlerAs(cpodkit.WriteError, serve, parameters...)
}

// HandlerAs is [Handler] for a call of another protocol, whose errors writeError writes.
func HandlerAs(
	writeError func(http.ResponseWriter, *http.Request, error), serve Func, parameters ...string,
) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q, err := readQuery(r, parameters)
		if err == nil {
			err = serve(w, r, q)
		}
		if err != nil {
			writeError(w, r, err)
		}
	})
}

// None is the answer of a call that answers nothing but 204.
type None struct{}

// JSON serves a call with a JSON body of at most maxBody bytes; 0 is
// [cpodkit.MaxJSONBody]. The body is decoded as [cpodkit.DecodeJSON] does. What
// serve returns is sent as JSON with 200 and is not to be cached; [None] is 204.
func JSON[Body, Answer any](maxBody int64, serve func(*http.Request, Body) (Answer, error)) Func {
	return func(w http.ResponseWriter, r *http.Request, _ Query) error {
		var body Body
		if err := cpodkit.DecodeJSON(w, r, &body, maxBody); err != nil {
			return err
		}
		answer, err := serve(r, body)
		if err != nil {
			return err
		}
		if _, none := any(answer).(None); none {
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		w.Header().Set("Cache-Control", "no-store")
		cpodkit.WriteJSON(w, r, http.StatusOK, answer)
		return nil
	}
}

// Query is the query of a call. Each parameter is there once, and one of those
// that the call takes.
type Query struct{ values url.Values }

func readQuery(r *http.Request, parameters []string) (Query, error) {
	if r.URL.RawQuery == "" {
		return Query{}, nil
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return Query{}, badRequest("The query of the URL is malformed.")
	}
	for _, name := range slices.Sorted(maps.Keys(values)) { // the same request has the same error
		if !slices.Contains(parameters, name) {
			return Query{}, UnknownParameter(name)
		}
		if len(values[name]) > 1 {
			return Query{}, badRequest("The query parameter " + name + " is given more than once.")
		}
	}
	return Query{values}, nil
}

// maxName bounds how much of a stranger's text an error repeats.
const maxName = 64

// UnknownParameter is the error for a query parameter that the call does not
// take, or not together with the others.
func UnknownParameter(name string) error {
	return badRequest("This call does not take the query parameter " + strconv.QuoteToASCII(name[:min(len(name), maxName)]) + ".")
}

// Has reports whether the parameter is there.
func (q Query) Has(name string) bool { return q.values.Has(name) }

// Get returns the value of a parameter; "" when it is not there.
func (q Query) Get(name string) string { return q.values.Get(name) }

func badRequest(detail string) error { return cpodkit.Errorf(cpodkit.CodeBadRequest, "%s", detail) }

// WriteRaw answers with a JSON text that is made already. It may append to body.
func WriteRaw(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(body)+1))
	w.WriteHeader(status)
	// A write that fails means that the client has gone: nobody is left to tell.
	_, _ = w.Write(append(body, '\n'))
}
