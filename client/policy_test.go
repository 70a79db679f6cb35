package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/client"
)

// What each call sends, and what it makes of the answer.
func TestPolicyWire(t *testing.T) {
	t.Parallel()
	const decision = `"result":true,"allowed":true,"decisionId":"dec-1","revision":"p-1.2"`
	type ctx = context.Context
	const written = `{"name":"n","version":"v2","revision":"2","updatedAt":"2026-01-02T15:04:05.000Z"}`
	none := errors.New("the answer is another one")
	check := func(isRight bool, err error) error {
		if err == nil && !isRight {
			return none
		}
		return err
	}
	for name, tt := range map[string]struct {
		call         func(ctx, *client.Policy) error
		target, body string
		header       string // one that the request has
		status       int
		answer       string
	}{
		"evaluate": {
			func(c ctx, p *client.Policy) error {
				d, err := p.Evaluate(c, "authz/allow", map[string]any{"user": "alice"})
				return check(d.Allowed && string(d.Result) == "true" && d.DecisionID == "dec-1" && d.Revision == "p-1.2", err)
			},
			"POST /v1/policy/evaluate", `{"path":"authz/allow","input":{"user":"alice"}}`, "", 200, `{` + decision + `}`,
		},
		"dry run": {
			func(c ctx, p *client.Policy) error {
				trial, err := p.DryRun(c, "authz/allow", nil, client.WithModules(map[string]string{"m": "package m"}), client.CompareLast(9))
				return check(trial.Allowed && len(trial.Trace) == 1 && trial.Compared == 9 && string(trial.Changes[0].After) == "null", err)
			},
			"POST /v1/policy/dry-run", `{"path":"authz/allow","input":null,"modules":{"m":"package m"},"compareLast":9}`, "", 200,
			`{` + decision + `,"trace":["a"],"compared":9,"changes":[{"decisionId":"dec-2","before":1,"after":null}]}`,
		},
		"decision": {
			func(c ctx, p *client.Policy) error {
				d, err := p.Decision(c, "dec-1")
				return check(d.Allowed && d.Explain == nil && d.Kind == "route" && !d.Time.IsZero(), err)
			},
			"GET /v1/policy/decisions/dec-1", "", "", 200, `{` + decision + `,"kind":"route","time":"2026-01-02T15:04:05.000Z"}`,
		},
		"explain": {
			func(c ctx, p *client.Policy) error {
				d, err := p.Explain(c, "dec-1")
				return check(d.Explain != nil && len(d.Explain.Trace) == 1, err)
			},
			"GET /v1/policy/decisions/dec-1?explain=true", "", "", 200, `{` + decision + `,"explain":{"result":1,"allowed":true,"trace":["a"]}}`,
		},
		"modules": {
			func(c ctx, p *client.Policy) error {
				page, err := p.Modules(c, client.Limit(2), client.Cursor("c1"))
				return check(page.NextCursor == "c2" && page.Items[0].Size == 9, err)
			},
			"GET /v1/policy/modules?cursor=c1&limit=2", "", "", 200, `{"items":[{"name":"n","version":"v1","size":9}],"nextCursor":"c2"}`,
		},
		"all modules": {
			func(c ctx, p *client.Policy) error {
				for _, err := range p.AllModules(c) {
					return err
				}
				return none
			},
			"GET /v1/policy/modules?limit=500", "", "", 200, `{"items":[{"name":"n"}]}`,
		},
		"module": {
			func(c ctx, p *client.Policy) error {
				rego, version, found, err := p.Module(c, "a/b.rego")
				return check(rego == "package b" && version == "v1" && found, err)
			},
			"GET /v1/policy/modules/a/b.rego", "", "", 200, `package b`,
		},
		"no module": {
			func(c ctx, p *client.Policy) error {
				_, _, found, err := p.Module(c, "a")
				return check(!found, err)
			},
			"GET /v1/policy/modules/a", "", "", 404, `{"code":"not_found"}`,
		},
		"put module": {
			func(c ctx, p *client.Policy) error {
				w, err := p.PutModule(c, "n", "package n", client.IfAbsent())
				return check(w.Version == "v2" && w.Revision == "2" && !w.UpdatedAt.IsZero(), err)
			},
			"PUT /v1/policy/modules/n", "package n", "If-None-Match: *", 201, written,
		},
		"put as text": {
			func(c ctx, p *client.Policy) error { _, err := p.PutModule(c, "n", "package n"); return err },
			"PUT /v1/policy/modules/n", "package n", "Content-Type: text/plain; charset=utf-8", 200, written,
		},
		"delete module": {
			func(c ctx, p *client.Policy) error { return p.DeleteModule(c, "n", client.IfMatch("v1")) },
			"DELETE /v1/policy/modules/n", "", `If-Match: "v1"`, 204, "",
		},
		"all data": {
			func(c ctx, p *client.Policy) error {
				var all map[string]int
				version, found, err := p.Data(c, "", &all)
				return check(all["a"] == 1 && version == "v1" && found, err)
			},
			"GET /v1/policy/data", "", "", 200, `{"a":1}`,
		},
		"no data": {
			func(c ctx, p *client.Policy) error {
				_, found, err := p.Data(c, "a/b c", nil)
				return check(!found, err)
			},
			"GET /v1/policy/data/a/b%20c", "", "", 404, `{"code":"not_found"}`,
		},
		"put data": {
			func(c ctx, p *client.Policy) error {
				w, err := p.PutData(c, "a/b", []int{1}, client.IfMatch("v1"))
				return check(w.Version == "v2", err)
			},
			"PUT /v1/policy/data/a/b", "[1]", `If-Match: "v1"`, 200, written,
		},
		"delete data": {
			func(c ctx, p *client.Policy) error { return p.DeleteData(c, "a") },
			"DELETE /v1/policy/data/a", "", "", 204, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, handlerTransport(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				equal(t, "request", r.Method+" "+r.URL.RequestURI(), tt.target)
				equal(t, "body", string(body), tt.body)
				if name, value, ok := strings.Cut(tt.header, ": "); ok {
					equal(t, name, r.Header.Get(name), value)
				}
				respond(w, tt.status, "application/json", tt.answer, "ETag", `"v1"`)
			}))
			if err := tt.call(t.Context(), c.Policy); err != nil {
				t.Error(err)
			}
		})
	}
}

// Names that would be another call are refused before anything is sent.
func TestPolicyNames(t *testing.T) {
	t.Parallel()
	c := newClient(t, handlerTransport(func(http.ResponseWriter, *http.Request) { t.Error("a request is sent") }))
	isRefused := func(err error) bool {
		return err != nil && strings.Contains(err.Error(), string(cpodkit.CodeInvalidKey))
	}
	for _, name := range []string{"", "..", "a/../b", "/a", "a/", strings.Repeat("a", 129)} {
		_, putErr := c.Policy.PutModule(t.Context(), name, "package a")
		_, _, _, getErr := c.Policy.Module(t.Context(), name)
		for _, err := range []error{putErr, getErr, c.Policy.DeleteModule(t.Context(), name)} {
			if !isRefused(err) {
				t.Errorf("the module %q: %v", name, err)
			}
		}
		if len(name) > 128 {
			continue
		}
		if _, err := c.Policy.Decision(t.Context(), name); !isRefused(err) {
			t.Errorf("the decision %q: %v", name, err)
		}
		if name != "" && !isRefused(c.Policy.DeleteData(t.Context(), name)) {
			t.Errorf("the data %q is deleted", name)
		}
	}
}
