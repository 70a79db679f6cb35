package rego_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz/rego"
	"github.com/cpodkit/cpodkit/internal/webtest"
)

// callers are the identities of the tests of HTTP, by their tokens: "tenant" or
// "tenant/reader".
func callers(token string) *cpodkit.Identity {
	if token == "" {
		return nil
	}
	tenant, role, _ := strings.Cut(token, "/")
	id := &cpodkit.Identity{TenantID: tenant, AppID: "shop", Scopes: cpodkit.Scopes{rego.ReadScope, rego.WriteScope}}
	if role == "reader" {
		id.Scopes = cpodkit.Scopes{rego.ReadScope}
	}
	return id
}

func policyCalls(e *rego.Engine) http.Handler {
	return webtest.Handler(e.Routes(), webtest.Find(callers).Authenticate)
}

type evaluated struct {
	Result     json.RawMessage
	Allowed    bool
	DecisionID string
	Revision   string
}

func TestEvaluateByHTTP(t *testing.T) {
	t.Parallel()
	e := running(t, onStore(t, rego.NewMemory(), operator(map[string]string{
		"base.rego": "package base\nlisted := input.user in data.users\nname := input.user\nnothing := null if true\nfails := 1 if { x := [1, 2][_]; x == 1 } \nfails := 2",
	}, map[string]any{"users": []any{"alice"}})))
	must(t, second1(e.PutModule(t.Context(), "acme", "m", "package base\nname := \"acme's\"", rego.Condition{})))
	h := policyCalls(e)
	for _, c := range []struct {
		token, body, want string
		allowed           bool
	}{
		{"acme", `{"path":"base/listed","input":{"user":"alice"}}`, "true", true},
		{"acme", `{"path":"data.base.listed","input":{"user":"bob"}}`, "false", false},
		{"acme/reader", `{"path":"base/name","input":{"user":"bob"}}`, `"acme's"`, true},
		{"globex", `{"path":"base/name","input":{"user":"bob"}}`, `"bob"`, true},
		{"globex", `{"path":"base/nothing"}`, "null", false},
	} {
		a := webtest.Call(t, h, "POST", "/v1/policy/evaluate", c.token, c.body)
		a.WantStatus(t, http.StatusOK)
		got := webtest.Decode[evaluated](t, a)
		if string(got.Result) != c.want || got.Allowed != c.allowed || !strings.HasPrefix(got.DecisionID, "dec-") || len(got.DecisionID) != 30 ||
			strings.Contains(got.Revision, ".") != (c.token != "globex") {
			t.Errorf("%s: want %s, %t", a, c.want, c.allowed)
		}
		if a.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be cached", a)
		}
	}
	for _, c := range []struct {
		token, body string
		code        cpodkit.Code
		pointers    []string
	}{
		{"", `{"path":"base/name"}`, cpodkit.CodeMissingToken, nil},
		{"acme", `{"path":"base/none"}`, cpodkit.CodeNotFound, nil},
		{"globex", `{"path":"base/name"}`, cpodkit.CodeNotFound, nil}, // undefined without an input
		{"acme", `{"path":"base/fails"}`, cpodkit.CodeUnavailable, nil},
		{"acme", `{"input":1}`, cpodkit.CodeValidationFailed, []string{"/path"}},
		{"acme", `{"path":""}`, cpodkit.CodeValidationFailed, []string{"/path"}},
		{"acme", `{"path":"base/name","inputs":1}`, cpodkit.CodeValidationFailed, []string{"/inputs"}},
		{"acme", `{"path":"base/name","input":"` + strings.Repeat("x", rego.MaxInput) + `"}`, cpodkit.CodePayloadTooLarge, nil},
		{"acme", `{`, cpodkit.CodeBadRequest, nil},
	} {
		webtest.Call(t, h, "POST", "/v1/policy/evaluate", c.token, c.body).WantProblem(t, c.code, c.pointers...)
	}
}

func TestPoliciesByHTTP(t *testing.T) {
	t.Parallel()
	h := policyCalls(onStore(t, rego.NewMemory()))
	const modules, team = "/v1/policy/modules", "/v1/policy/modules/lib/team.rego"
	text := func(method, target, token, body string, header ...string) *webtest.Answer {
		t.Helper()
		return webtest.Call(t, h, method, target, token, body, append([]string{"Content-Type", "text/plain; charset=utf-8"}, header...)...)
	}
	type written struct{ Name, Path, Version, Revision, UpdatedAt string }
	text("GET", team, "acme", "").WantProblem(t, cpodkit.CodeNotFound)
	put := text("PUT", team, "acme", "package team\nx := 1\n", "If-None-Match", "*")
	put.WantStatus(t, http.StatusCreated)
	first := webtest.Decode[written](t, put)
	if _, err := time.Parse("2006-01-02T15:04:05.000Z", first.UpdatedAt); err != nil || first.Name != "lib/team.rego" || first.Revision == "" ||
		put.Header().Get("ETag") != `"`+first.Version+`"` {
		t.Errorf("%s", put)
	}
	text("PUT", team, "acme", "package team\nx := 2\n", "If-None-Match", "*").WantProblem(t, cpodkit.CodePreconditionFailed)
	text("PUT", team, "acme", "package team\nx := 2\n", "If-Match", `"other"`).WantProblem(t, cpodkit.CodePreconditionFailed)
	text("PUT", team, "acme", "package team\nx := 2\n", "If-Match", `"`+first.Version+`"`).WantStatus(t, http.StatusOK)
	broken := text("PUT", team, "acme", "package team\nx := nothing\n")
	broken.WantProblem(t, cpodkit.CodeValidationFailed, "/modules/lib~1team.rego")
	if !strings.Contains(broken.Body.String(), "line 2, column 6") {
		t.Errorf("%s", broken)
	}
	got := text("GET", team, "acme/reader", "")
	if got.Code != http.StatusOK || got.Body.String() != "package team\nx := 2\n" || got.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("%s", got)
	}
	text("GET", team, "acme", "", "If-None-Match", got.Header().Get("ETag")).WantStatus(t, http.StatusNotModified)
	text("GET", team, "globex", "").WantProblem(t, cpodkit.CodeNotFound)
	text("PUT", team, "acme/reader", "package team").WantProblem(t, cpodkit.CodeInvalidScope)
	text("PUT", team, "", "package team").WantProblem(t, cpodkit.CodeMissingToken)
	text("PUT", modules+"/a~b", "acme", "package team").WantProblem(t, cpodkit.CodeInvalidKey)
	text("PUT", team, "acme", "package team\n# "+strings.Repeat("x", rego.MaxModule)).WantProblem(t, cpodkit.CodePayloadTooLarge)
	for _, media := range []string{"application/json", "text/plain; charset=latin1", "text/html"} {
		webtest.Call(t, h, "PUT", team, "acme", "package team", "Content-Type", media).WantProblem(t, cpodkit.CodeUnsupportedMediaType)
	}
	for i := range 3 {
		text("PUT", fmt.Sprintf("%s/m%d", modules, i), "acme", fmt.Sprintf("package m%d", i)).WantStatus(t, http.StatusOK)
	}
	type list struct {
		Items []struct {
			Name, Version string
			Size          int
		}
		NextCursor string
	}
	page := webtest.Decode[list](t, text("GET", modules+"?limit=3", "acme", ""))
	if len(page.Items) != 3 || page.Items[0].Name != "lib/team.rego" || page.Items[0].Size != 20 || page.NextCursor == "" {
		t.Errorf("the modules are %+v", page)
	}
	if rest := webtest.Decode[list](t, text("GET", modules+"?cursor="+page.NextCursor, "acme", "")); len(rest.Items) != 1 || rest.Items[0].Name != "m2" || rest.NextCursor != "" {
		t.Errorf("the last modules are %+v", rest)
	}
	text("GET", modules+"?cursor="+page.NextCursor, "globex", "").WantProblem(t, cpodkit.CodeInvalidCursor)
	if none := webtest.Decode[list](t, text("GET", modules, "globex", "")); len(none.Items) != 0 {
		t.Errorf("the modules of another tenant are %+v", none)
	}
	text("DELETE", team, "acme", "", "If-None-Match", "*").WantProblem(t, cpodkit.CodeBadRequest)
	text("DELETE", team, "acme/reader", "").WantProblem(t, cpodkit.CodeInvalidScope)
	text("DELETE", team, "acme", "", "If-Match", "*").WantStatus(t, http.StatusNoContent)
	text("DELETE", team, "acme", "").WantStatus(t, http.StatusNoContent)
	text("DELETE", team, "acme", "", "If-Match", "*").WantProblem(t, cpodkit.CodePreconditionFailed)
}

func TestDataByHTTP(t *testing.T) {
	t.Parallel()
	h := policyCalls(onStore(t, rego.NewMemory()))
	const data = "/v1/policy/data"
	call := func(method, path, token, body string, header ...string) *webtest.Answer {
		t.Helper()
		return webtest.Call(t, h, method, data+path, token, body, header...)
	}
	call("GET", "", "acme", "").WantProblem(t, cpodkit.CodeNotFound)
	put := call("PUT", "/teams/red%20one", "acme", ` ["alice", 1.0] `, "If-None-Match", "*")
	put.WantStatus(t, http.StatusCreated)
	got := call("GET", "/teams/red%20one", "acme/reader", "")
	if got.Code != http.StatusOK || strings.TrimSpace(got.Body.String()) != `["alice",1.0]` || got.Header().Get("ETag") != put.Header().Get("ETag") {
		t.Errorf("%s", got)
	}
	call("GET", "/teams/red%20one", "acme", "", "If-None-Match", got.Header().Get("ETag")).WantStatus(t, http.StatusNotModified)
	for _, whole := range []string{"", "/"} {
		if got := call("GET", whole, "acme", ""); strings.TrimSpace(got.Body.String()) != `{"teams":{"red one":["alice",1.0]}}` {
			t.Errorf("%s", got)
		}
	}
	call("GET", "/teams/blue", "acme", "").WantProblem(t, cpodkit.CodeNotFound)
	call("GET", "/teams", "globex", "").WantProblem(t, cpodkit.CodeNotFound)
	call("PUT", "/teams/red%20one/x", "acme", "1").WantProblem(t, cpodkit.CodeConflict)
	call("PUT", "/teams", "acme", "{").WantProblem(t, cpodkit.CodeBadRequest)
	call("PUT", "", "acme", "[]").WantProblem(t, cpodkit.CodeValidationFailed, "")
	call("PUT", "/teams", "acme/reader", "1").WantProblem(t, cpodkit.CodeInvalidScope)
	call("PUT", "/teams", "acme", "1", "If-Match", `"no"`).WantProblem(t, cpodkit.CodePreconditionFailed)
	call("PUT", "", "acme", `{"a":{"b":1}}`).WantStatus(t, http.StatusOK)
	call("DELETE", "/a/b", "acme", "", "If-Match", "*").WantStatus(t, http.StatusNoContent)
	call("DELETE", "/a/b", "acme", "", "If-Match", "*").WantProblem(t, cpodkit.CodePreconditionFailed)
	call("DELETE", "", "acme", "").WantStatus(t, http.StatusNoContent)
	call("GET", "", "acme", "").WantProblem(t, cpodkit.CodeNotFound)
}

func TestDecisionsByHTTP(t *testing.T) {
	t.Parallel()
	e := running(t, onStore(t, rego.NewMemory(), operator(map[string]string{"shop.rego": double}, nil)))
	h := policyCalls(e)
	made := webtest.Decode[evaluated](t, webtest.Call(t, h, "POST", "/v1/policy/evaluate", "acme", `{"path":"shop/double","input":{"n":2}}`))
	const decisions = "/v1/policy/decisions/"
	type explained struct {
		DecisionID, Time, Kind, Path, Revision string
		Input, Result                          json.RawMessage
		Allowed                                bool
		Explain                                *struct {
			Result  json.RawMessage
			Allowed bool
			Trace   []string
		}
	}
	got := webtest.Decode[explained](t, webtest.Call(t, h, "GET", decisions+made.DecisionID, "acme/reader", ""))
	if got.DecisionID != made.DecisionID || got.Kind != "evaluate" || got.Path != "data.shop.double" || string(got.Input) != `{"n":2}` ||
		string(got.Result) != "4" || !got.Allowed || got.Revision != made.Revision || got.Explain != nil {
		t.Errorf("the decision is %+v", got)
	}
	if _, err := time.Parse("2006-01-02T15:04:05.000Z", got.Time); err != nil {
		t.Errorf("its time is %s", got.Time)
	}
	got = webtest.Decode[explained](t, webtest.Call(t, h, "GET", decisions+made.DecisionID+"?explain=true", "acme", ""))
	if got.Explain == nil || string(got.Explain.Result) != "4" || !got.Explain.Allowed || len(got.Explain.Trace) == 0 {
		t.Errorf("the explanation is %+v", got.Explain)
	}
	webtest.Call(t, h, "GET", decisions+made.DecisionID, "globex", "").WantProblem(t, cpodkit.CodeNotFound)
	webtest.Call(t, h, "GET", decisions+"dec-1", "acme", "").WantProblem(t, cpodkit.CodeNotFound)
	webtest.Call(t, h, "GET", decisions+made.DecisionID+"?explain=yes", "acme", "").WantProblem(t, cpodkit.CodeBadRequest)
	trial := `{"path":"shop/double","input":{"n":2},"compareLast":10.0`
	type tried struct {
		evaluated

		Trace    []string
		Compared int
		Changes  []struct {
			DecisionID    string
			Before, After json.RawMessage
		}
	}
	dry := webtest.Decode[tried](t, webtest.Call(t, h, "POST", "/v1/policy/dry-run", "acme/reader", trial+"}"))
	if string(dry.Result) != "4" || dry.Compared != 1 || dry.Changes == nil || len(dry.Changes) != 0 || len(dry.Trace) == 0 {
		t.Errorf("the dry run is %+v", dry)
	}
	trial += `,"modules":{"m":"package shop\ndouble := input.n + 1"}}`
	webtest.Call(t, h, "POST", "/v1/policy/dry-run", "acme/reader", trial).WantProblem(t, cpodkit.CodeInvalidScope)
	dry = webtest.Decode[tried](t, webtest.Call(t, h, "POST", "/v1/policy/dry-run", "acme", trial))
	if string(dry.Result) != "3" || len(dry.Changes) != 1 || dry.Changes[0].DecisionID != made.DecisionID ||
		string(dry.Changes[0].Before)+string(dry.Changes[0].After) != "43" {
		t.Errorf("the dry run is %+v", dry)
	}
	webtest.Call(t, h, "POST", "/v1/policy/dry-run", "acme", `{"path":"shop/double","compareLast":1001}`).WantProblem(t, cpodkit.CodeValidationFailed, "/compareLast")
}

// The stream begins with the revision in force, and a reader that comes back with it gets the
// next one.
func TestUpdates(t *testing.T) {
	t.Parallel()
	store, source := rego.NewMemory(), fixed("package o\nx := 1")
	here, there := onStore(t, store, rego.WithSource(source)), running(t, onStore(t, store, rego.WithSource(source)))
	server := httptest.NewServer(policyCalls(there))
	defer server.Close()
	read := func(ctx context.Context, lastID string) func() string {
		t.Helper()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/v1/policy/updates", nil)
		must(t, err)
		r.Header.Set("Authorization", "Bearer acme")
		r.Header.Set("Last-Event-ID", lastID)
		answer, err := server.Client().Do(r)
		must(t, err)
		t.Cleanup(func() { _ = answer.Body.Close() })
		lines := bufio.NewScanner(answer.Body)
		return func() string {
			t.Helper()
			id := ""
			for lines.Scan() {
				if now, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
					id = now
				}
				if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
					var event struct{ Revision, UpdatedAt string }
					must(t, json.Unmarshal([]byte(data), &event))
					if _, err := time.Parse("2006-01-02T15:04:05.000Z", event.UpdatedAt); err != nil || event.Revision != id {
						t.Errorf("the event %s has %s", id, data)
					}
					return event.Revision
				}
			}
			t.Fatalf("the stream ended: %v", lines.Err())
			return ""
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	next := read(ctx, "")
	first := next()
	want(t, there, "acme", "o/x", "1")
	changed, err := here.PutModule(t.Context(), "acme", "m", "package m\nx := 1", rego.Condition{})
	must(t, err)
	second := next()
	if second != first+"."+changed.Revision {
		t.Errorf("the revision after %s is %s", first, second)
	}
	if d := want(t, there, "acme", "m/x", "1"); d.Revision != second {
		t.Errorf("the stream has %s, and decides is %s", second, d.Revision)
	}
	must(t, second1(here.PutModule(t.Context(), "globex", "m", "package m", rego.Condition{}))) // no event
	resumed := read(ctx, second)
	source.set(nil, "package o\nx := 2")
	for _, next := range []func() string{next, resumed} {
		if third := next(); third == second || !strings.HasSuffix(third, "."+changed.Revision) {
			t.Errorf("after the operator's change it is %s", third)
		}
	}
	want(t, there, "acme", "o/x", "2")
	if late := read(ctx, first); late() == first {
		t.Error("a reader that missed changes gets the old one")
	}
}
