package rego_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz/rego"
	"github.com/cpodkit/cpodkit/internal/webtest"
)

// policy is a source of one policy, which a test can change.
type policy struct {
	mu      sync.Mutex
	current *rego.Policy
	changed func()
}

func fixed(modules ...string) *policy {
	p := &policy{}
	p.set(nil, modules...)
	return p
}

func (p *policy) set(data map[string]any, modules ...string) {
	current := &rego.Policy{Modules: map[string]string{}, Data: data}
	for i, text := range modules {
		current.Modules[fmt.Sprintf("m%d.rego", i)] = text
	}
	p.mu.Lock()
	p.current = current
	changed := p.changed
	p.mu.Unlock()
	if changed != nil {
		changed()
	}
}

func (p *policy) Current() *rego.Policy {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.current
}

func (p *policy) Run(ctx context.Context, changed func()) error {
	p.mu.Lock()
	p.changed = changed
	p.mu.Unlock()
	changed() // what was set before
	<-ctx.Done()
	return ctx.Err()
}

func (p *policy) Err() error { return nil }

func newEngine(t testing.TB, source rego.Source, opts ...rego.Option) *rego.Engine {
	t.Helper()
	if source != nil {
		opts = append(opts, rego.WithSource(source))
	}
	engine, err := rego.New(rego.NewMemory(), opts...)
	must(t, err)
	return engine
}

var ann = cpodkit.Identity{
	TenantID: "acme", AppID: "shop", UserID: "ann", Scopes: cpodkit.Scopes{"orders.read", "orders.write"}, TokenID: "t-1", Issuer: "iss",
}

// served returns a server with three routes under a policy, and what its handlers got.
func served(t *testing.T, engine *rego.Engine, opts ...rego.WrapOption) (http.Handler, *[]string) {
	t.Helper()
	wrap, err := engine.Wrap(opts...)
	must(t, err)
	var got []string
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, r.Method+" "+string(body))
		w.WriteHeader(http.StatusNoContent)
	})
	find := webtest.Find(func(token string) *cpodkit.Identity {
		if token == "ann" {
			return &ann
		}
		return nil
	})
	mux := http.NewServeMux()
	cpodkit.Mount(mux, []cpodkit.Route{
		{Name: "readOrder", Pattern: "GET /v1/orders/{id}/{rest...}", Scopes: []string{"orders.read"}, Handler: handler},
		{Name: "writeOrder", Pattern: "PUT /v1/orders/{id}", Scopes: []string{"orders.write"}, Handler: handler},
		{Name: "countOrder", Pattern: "POST /v1/orders/{id}", Scopes: []string{cpodkit.ByRequest}, Access: cpodkit.WritesAfter, Handler: handler},
		{Name: "eraseOrders", Pattern: "DELETE /v1/orders", Scopes: []string{"orders.erase"}, Handler: handler},
		{Name: "hello", Pattern: "GET /hello", Public: true, Handler: handler},
	}, func(cpodkit.Route) cpodkit.Middleware { return find.Authenticate }, wrap)
	return mux, &got
}

// Each cause has its own answer, and a call that is refused never reaches its handler.
func TestRefusalsAreToldApart(t *testing.T) {
	t.Parallel()
	const (
		deny      = "package http\n\ndefault allow := false\n"
		conflict  = "package http\n\nallow := x if some x in [true, false]\n"
		slow      = "package http\n\nallow if count([1 | some i in numbers.range(1, 100000); some j in numbers.range(1, 100000); i == j]) == 0\n"
		undefined = "package http\n\nallow if input.absent\n"
	)
	for name, c := range map[string]struct {
		policy string
		call   string
		token  string
		code   cpodkit.Code // "" for served
		detail string
	}{
		"no policy":             {"package other\n", "GET /v1/orders/7/x", "ann", "", ""},
		"allowed":               {"package http\n\nallow := true\n", "GET /v1/orders/7/x", "ann", "", ""},
		"public, allowed":       {"package http\n\nallow if input.public\n", "GET /hello", "", "", ""},
		"no token":              {"package http\n\nallow := true\n", "GET /v1/orders/7/x", "", cpodkit.CodeMissingToken, ""},
		"no token, denied":      {deny, "GET /v1/orders/7/x", "", cpodkit.CodeMissingToken, ""},
		"no token, error":       {conflict, "GET /v1/orders/7/x", "", cpodkit.CodeMissingToken, ""},
		"no scope":              {"package http\n\nallow := true\n", "DELETE /v1/orders", "ann", cpodkit.CodeInvalidScope, ""},
		"no scope, denied":      {deny, "DELETE /v1/orders", "ann", cpodkit.CodeInvalidScope, ""},
		"no scope, error":       {conflict, "DELETE /v1/orders", "ann", cpodkit.CodeInvalidScope, ""},
		"denied":                {deny, "GET /v1/orders/7/x", "ann", cpodkit.CodePolicyDenied, "denies the call"},
		"denied, public":        {deny, "GET /hello", "", cpodkit.CodePolicyDenied, "denies the call"},
		"denied, with a reason": {deny + "reason := \"Not today.\"\n", "GET /v1/orders/7/x", "ann", cpodkit.CodePolicyDenied, "Not today."},
		"a reason that is none": {deny + "reason := {\"a\": 1}\n", "GET /v1/orders/7/x", "ann", cpodkit.CodePolicyDenied, "denies the call"},
		"a reason that fails":   {deny + "reason := x if some x in [1, 2]\n", "GET /v1/orders/7/x", "ann", cpodkit.CodePolicyDenied, "denies the call"},
		"undefined":             {undefined, "GET /v1/orders/7/x", "ann", cpodkit.CodePolicyDenied, "denies the call"},
		"not a boolean":         {"package http\n\nallow := \"yes\"\n", "GET /v1/orders/7/x", "ann", cpodkit.CodePolicyDenied, ""},
		"an empty set":          {"package http\n\nallow contains x if some x in []\n", "GET /v1/orders/7/x", "ann", cpodkit.CodePolicyDenied, ""},
		"an error":              {conflict, "GET /v1/orders/7/x", "ann", cpodkit.CodeUnavailable, "could not decide"},
		"an error, public":      {conflict, "GET /hello", "", cpodkit.CodeUnavailable, "could not decide"},
		"too slow":              {slow, "GET /v1/orders/7/x", "ann", cpodkit.CodeUnavailable, "could not decide"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, got := served(t, newEngine(t, fixed(c.policy)))
			method, target, _ := strings.Cut(c.call, " ")
			a := webtest.Call(t, h, method, target, c.token, "")
			if c.code == "" {
				a.WantStatus(t, http.StatusNoContent)
				return
			}
			a.WantProblem(t, c.code)
			if !strings.Contains(a.Body.String(), c.detail) {
				t.Errorf("%s; want %q", a, c.detail)
			}
			if len(*got) > 0 {
				t.Errorf("the handler got %q", *got)
			}
		})
	}
}

// showInput denies each call, and has the part of the input that is asked for as the reason.
const showInput = "package http\n\nallow := false\n\nreason := json.marshal(%s)\n"

func TestRouteInput(t *testing.T) {
	t.Parallel()
	identity := `{"appId":"shop","issuer":"iss","scopes":["orders.read","orders.write"],"tenantId":"acme","tokenId":"t-1","userId":"ann"}`
	for name, c := range map[string]struct{ call, body, part, want string }{
		"route":          {"GET /v1/orders/7/x", "", "input.route", `"readOrder"`},
		"reads":          {"GET /v1/orders/7/x", "", "input.access", `"reads"`},
		"writes":         {"PUT /v1/orders/7", "", "input.access", `"writes"`},
		"writes after":   {"POST /v1/orders/7", "", "input.access", `"writes"`},
		"method":         {"HEAD /v1/orders/7/x", "", "input.method", `"HEAD"`},
		"path":           {"GET /v1/orders/a%2Fb/c/d%20e", "", "input.path", `["v1","orders","a/b","c","d e"]`},
		"params":         {"GET /v1/orders/a%2Fb/c/d%20e", "", "input.params", `{"id":"a/b","rest":"c/d e"}`},
		"query":          {"GET /v1/orders/7/x?a=1&a=2&b=", "", "input.query", `{"a":["1","2"],"b":[""]}`},
		"no query":       {"GET /v1/orders/7/x", "", "object.get(input, \"query\", \"none\")", `"none"`},
		"headers":        {"GET /v1/orders/7/x", "", "input.headers", `{"x-device":"phone, watch"}`},
		"identity":       {"GET /v1/orders/7/x", "", "input.identity", identity},
		"one member":     {"GET /v1/orders/7/x", "", "input.identity.userId", `"ann"`},
		"client":         {"GET /v1/orders/7/x", "", "input.clientAddress", `"192.0.2.1"`},
		"not public":     {"GET /v1/orders/7/x", "", "input.public", `false`},
		"all names":      {"GET /hello", "", "sort([k | some k, _ in input])", `["access","clientAddress","headers","method","path","public","route"]`},
		"body":           {"PUT /v1/orders/7", `{"n": 1.0, "a": []}`, "input.body.n", `1.0`},
		"body elsewhere": {"POST /v1/orders/7", `{"n": 1}`, "object.get(input, \"body\", \"none\")", `"none"`},
		"no body":        {"PUT /v1/orders/7", "", "object.get(input, \"body\", \"none\")", `"none"`},
	} {
		h, _ := served(t, newEngine(t, fixed(fmt.Sprintf(showInput, c.part))), rego.WithHeaders("X-Device"), rego.WithBody("writeOrder", 100))
		method, target, _ := strings.Cut(c.call, " ")
		token := "ann"
		if target == "/hello" {
			token = ""
		}
		a := webtest.Call(t, h, method, target, token, c.body, "X-Device", "phone", "X-Device", "watch", "Content-Type", "application/json")
		if method == http.MethodHead {
			continue // the answer has no body; a HEAD is denied as a GET is
		}
		var problem struct{ Code, Detail string }
		must(t, json.Unmarshal(a.Body.Bytes(), &problem))
		if problem.Code != string(cpodkit.CodePolicyDenied) || problem.Detail != c.want {
			t.Errorf("%s: %s, want %s", name, a, c.want)
		}
	}
}

// The handler gets the body that the policy has seen, and nothing is read where no body is
// asked for.
func TestBodies(t *testing.T) {
	t.Parallel()
	engine := newEngine(t, fixed("package http\n\ndefault allow := false\n\nallow if input.body.n == 1\n\nallow if input.route == \"countOrder\"\n"))
	h, got := served(t, engine, rego.WithBody("writeOrder", 20))
	call := func(method, body, contentType string) *webtest.Answer {
		return webtest.Call(t, h, method, "/v1/orders/7", "ann", body, "Content-Type", contentType)
	}
	const media = "application/json"
	call("PUT", `{"n": 1}`, media).WantStatus(t, http.StatusNoContent)
	call("POST", "no JSON, and longer than 20 bytes", "text/plain").WantStatus(t, http.StatusNoContent)
	if want := []string{`PUT {"n": 1}`, "POST no JSON, and longer than 20 bytes"}; !slices.Equal(*got, want) {
		t.Errorf("the handler got %q", *got)
	}
	call("PUT", `{"n": 2}`, media).WantProblem(t, cpodkit.CodePolicyDenied)
	call("PUT", "", media).WantProblem(t, cpodkit.CodePolicyDenied)
	call("PUT", `{"n": 1, "x": "longer"}`, media).WantProblem(t, cpodkit.CodePayloadTooLarge)
	call("PUT", `{"n": 1, "n": 2}`, media).WantProblem(t, cpodkit.CodeValidationFailed)
	call("PUT", `{"n": `, media).WantProblem(t, cpodkit.CodeBadRequest)
	call("PUT", `{"n": 1}`, "text/plain").WantProblem(t, cpodkit.CodeUnsupportedMediaType)
	if len(*got) != 2 {
		t.Errorf("the handler got %q", *got)
	}
}

func TestWrapOptions(t *testing.T) {
	t.Parallel()
	engine := newEngine(t, nil)
	for want, opt := range map[string]rego.WrapOption{
		`"authorization" is not`: rego.WithHeaders("Authorization"),
		`"cookie" is not`:        rego.WithHeaders("X", "Cookie"),
		`"" is not`:              rego.WithHeaders(""),
		"at most 20":             rego.WithHeaders(slices.Repeat([]string{"x"}, 21)...),
		`WithBody("", 1)`:        rego.WithBody("", 1),
		`WithBody("a", 0)`:       rego.WithBody("a", 0),
		`WithBody("a", 1048577)`: rego.WithBody("a", 1<<20+1),
	} {
		_, err := engine.Wrap(opt)
		fails(t, want, err, want)
	}
}

// Without Mount, the routes that are not public are protected all the same.
func TestWrapWithoutMount(t *testing.T) {
	t.Parallel()
	wrap, err := newEngine(t, fixed("package http\n\nallow if input.route == \"listOrders\"\n")).Wrap()
	must(t, err)
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	route := cpodkit.Route{Name: "listOrders", Scopes: []string{"orders.read"}}
	webtest.Call(t, wrap(route)(ok), "GET", "/orders", "", "").WantProblem(t, cpodkit.CodeMissingToken)
	as := func(id cpodkit.Identity) http.Handler { return webtest.As(id)(wrap(route)(ok)) }
	webtest.Call(t, as(ann), "GET", "/orders", "", "").WantStatus(t, http.StatusNoContent)
	webtest.Call(t, as(cpodkit.Identity{TenantID: "acme", AppID: "shop"}), "GET", "/orders", "", "").WantProblem(t, cpodkit.CodeInvalidScope)
	other := cpodkit.Route{Name: "other", Public: true}
	webtest.Call(t, wrap(other)(ok), "GET", "/orders", "", "").WantProblem(t, cpodkit.CodePolicyDenied)
}
