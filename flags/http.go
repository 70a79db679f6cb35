package flags

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/portable"
	"github.com/cpodkit/cpodkit/internal/rest"
	"github.com/cpodkit/cpodkit/internal/seal"
)

// The scopes of the calls.
const (
	ReadScope  = "flags.read"  // evaluates flags, and reads their definitions
	WriteScope = "flags.write" // changes definitions
)

// maxEvaluateBody takes a context that is too large, to say so.
const maxEvaluateBody = 1 << 20

// webOptions are the options of the HTTP calls.
type webOptions struct {
	secret    []byte
	publicURL *string
}

// WithSecret sets what cursors of lists are sealed with, at least 16 bytes. Every
// replica needs the same secret. Without it New makes a random one, which is fine for
// one process.
func WithSecret(secret []byte) Option { return func(o *options) { o.secret = secret } }

// WithPublicURL sets the http or https URL under which clients reach this server, such as
// "https://api.example.com". Answers of OFREP then name the stream of changes by its
// whole URL. Without it they name its path, which clients take from the server that they
// have asked.
func WithPublicURL(base string) Option { return func(o *options) { o.publicURL = &base } }

// web is what the HTTP calls need.
type web struct {
	get, list, put, remove *portable.Operation
	cursors                *seal.Box
	streams                []eventStream
}

func newWeb(calls *portable.Calls, o webOptions) (w web, err error) {
	w = web{
		get: calls.Operation("get"), list: calls.Operation("list"),
		put: calls.Operation("put"), remove: calls.Operation("delete"),
	}
	if o.secret == nil {
		o.secret = []byte(rand.Text())
	}
	if w.cursors, err = seal.New(o.secret, "flag cursors"); err != nil {
		return web{}, err
	}
	stream := eventStream{Type: "sse", Endpoint: &streamEndpoint{streamPath}}
	if o.publicURL != nil {
		u, err := url.Parse(*o.publicURL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" ||
			u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
			return web{}, errors.New("the public URL must be http or https with a host, and without user, query and fragment")
		}
		stream = eventStream{Type: "sse", URL: strings.TrimRight(*o.publicURL, "/") + streamPath}
	}
	w.streams = []eventStream{stream}
	return w, nil
}

// Routes returns the calls under /v1/flags and those of the OpenFeature Remote
// Evaluation Protocol (OFREP 0.3) under /ofrep/v1. They act for the caller's tenant. The
// calls that change definitions are not_supported unless the source is an [Editor].
func (f *Flags) Routes() []cpodkit.Route {
	route := func(name, pattern, scope string, access cpodkit.Access, handler http.Handler) cpodkit.Route {
		return cpodkit.Route{Name: name, Pattern: pattern, Scopes: []string{scope}, Access: access, Handler: handler}
	}
	reads := func(name, pattern string, serve rest.Func, parameters ...string) cpodkit.Route {
		return route(name, pattern, ReadScope, cpodkit.Reads, rest.Handler(serve, parameters...))
	}
	writes := func(name, pattern string, serve rest.Func) cpodkit.Route {
		return route(name, pattern, WriteScope, cpodkit.Writes, rest.Handler(serve))
	}
	ofrep := func(name, pattern string, serve rest.Func, parameters ...string) cpodkit.Route {
		return route(name, pattern, ReadScope, cpodkit.Reads, rest.HandlerAs(writeOFREPError, serve, parameters...))
	}
	return []cpodkit.Route{
		reads("evaluateFlag", "POST /v1/flags/{key}/evaluate", answers(f.serveEvaluate)),
		reads("evaluateFlags", "POST /v1/flags/evaluate", answers(f.serveEvaluateAll)),
		reads("listFlags", "GET /v1/flags", f.serveList, "limit", "cursor"),
		reads("getFlag", "GET /v1/flags/{key}", f.serveGet),
		writes("putFlag", "PUT /v1/flags/{key}", f.servePut),
		writes("deleteFlag", "DELETE /v1/flags/{key}", f.serveDelete),
		ofrep("ofrepEvaluateFlag", "POST /ofrep/v1/evaluate/flags/{key}", f.serveOFREP),
		ofrep("ofrepEvaluateFlags", "POST /ofrep/v1/evaluate/flags", f.serveBulk, configETag, "flagConfigLastModified"),
		ofrep("ofrepStreamChanges", "GET "+streamPath, f.serveStream),
	}
}

// of returns the flags of the caller. The zero identity has none.
func (f *Flags) of(r *http.Request) Handle {
	id, _ := cpodkit.IdentityFromContext(r.Context())
	return f.For(id)
}

// answers serves a call with a JSON body, as [rest.JSON] does, except that one which
// nests too deep is validation_failed.
func answers[Body, Answer any](serve func(*http.Request, Body) (Answer, error)) rest.Func {
	return func(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
		body, err := cpodkit.ReadJSON(w, r, maxEvaluateBody)
		if err != nil {
			return err
		}
		var decoded Body
		if err := decodeBody(body, &decoded); err != nil {
			return err
		}
		answer, err := serve(r, decoded)
		if err != nil {
			return err
		}
		w.Header().Set("Cache-Control", "no-store")
		cpodkit.WriteJSON(w, r, http.StatusOK, answer)
		return nil
	}
}

// decodeBody is [cpodkit.UnmarshalStrict], except that a body which nests too deep is
// validation_failed.
func decodeBody(body []byte, dst any) error {
	err := cpodkit.UnmarshalStrict(body, dst)
	if errors.Is(err, cpodkit.CodeBadRequest) && utf8.Valid(body) && json.Valid(body) {
		return invalid("", fmt.Sprintf("nests deeper than %d levels", MaxDepth))
	}
	return err
}

type evaluateBody struct {
	Context json.RawMessage `json:"context"`
	Default json.RawMessage `json:"default"`
}

// evaluation is the answer for one flag.
type evaluation struct {
	Key     string  `json:"key"`
	Enabled bool    `json:"enabled"`
	Value   any     `json:"value"`
	Variant *string `json:"variant"`
	Reason  string  `json:"reason"`
}

// newEvaluation returns the answer for a result. Where the flag has no value, it is def.
func newEvaluation(r Result, def any) evaluation {
	e := evaluation{Key: r.Key, Value: def, Reason: string(r.Reason)}
	if r.ErrorCode != "" {
		e.Reason = string(r.ErrorCode)
	}
	if r.HasValue() {
		e.Value, e.Variant, e.Enabled = r.Value, &r.Variant, true
	}
	if on, isBool := e.Value.(bool); isBool {
		e.Enabled = on
	}
	return e
}

func (f *Flags) serveEvaluate(r *http.Request, body evaluateBody) (evaluation, error) {
	c, err := contextAt("/context", body.Context)
	if err != nil {
		return evaluation{}, err
	}
	var def any = false
	if body.Default != nil {
		if err := json.Unmarshal(body.Default, &def); err != nil {
			return evaluation{}, invalid("/default", "holds too large a number")
		}
		if _, isBool := def.(bool); !isBool {
			def = body.Default // digit by digit
		}
	}
	result, err := f.of(r).Evaluate(r.Context(), r.PathValue("key"), c)
	if err != nil {
		return evaluation{}, err
	}
	return newEvaluation(result, def), nil
}

// contextAt reads the context that a body holds at a pointer.
func contextAt(pointer string, data json.RawMessage) (*Context, error) {
	c, err := ParseContext(data)
	if e, ok := errors.AsType[*cpodkit.Error](err); ok {
		fields := make([]cpodkit.FieldError, len(e.Fields))
		for i, field := range e.Fields {
			fields[i] = cpodkit.FieldError{Pointer: pointer + field.Pointer, Detail: field.Detail}
		}
		return nil, cpodkit.ValidationError(fields...)
	}
	return c, err
}

type evaluateAllBody struct {
	Context json.RawMessage `json:"context"`
	Keys    *[]string       `json:"keys"`
}

type evaluateAllAnswer struct {
	Flags map[string]evaluation `json:"flags"`
}

func (f *Flags) serveEvaluateAll(r *http.Request, body evaluateAllBody) (evaluateAllAnswer, error) {
	c, err := contextAt("/context", body.Context)
	if err != nil {
		return evaluateAllAnswer{}, err
	}
	h := f.of(r)
	set, err := h.Set(r.Context())
	if err != nil {
		return evaluateAllAnswer{}, err
	}
	c = h.Complete(r.Context(), c)
	answer := evaluateAllAnswer{map[string]evaluation{}}
	if body.Keys == nil {
		for _, result := range set.EvaluateAll(c) {
			answer.Flags[result.Key] = newEvaluation(result, false)
		}
		return answer, nil
	}
	if len(*body.Keys) > MaxFlags {
		return evaluateAllAnswer{}, invalid("/keys", "has more keys than a tenant has flags")
	}
	for _, key := range *body.Keys {
		if _, done := answer.Flags[key]; !done {
			answer.Flags[key] = newEvaluation(set.Evaluate(key, c), false)
		}
	}
	return answer, nil
}
