package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/client"
)

func TestFlagsWire(t *testing.T) {
	t.Parallel()
	type ctx = context.Context
	attributes := map[string]any{"user_id": "alice@example.com", "plan": "pro"}
	const value = `{"key":"k","enabled":true,"value":1,"variant":"one","reason":"STATIC"}`
	for name, tt := range map[string]struct {
		call         func(ctx, *client.Flags) error
		target, body string
		header       string // one that the request has
		status       int
		answer       string
	}{
		"bool": {
			func(c ctx, f *client.Flags) error {
				on, err := f.Bool(c, "dark_mode", attributes)
				if err == nil && !on {
					err = errors.New("it is off")
				}
				return err
			},
			"POST /v1/flags/dark_mode/evaluate", `{"context":{"plan":"pro","user_id":"alice@example.com"},"default":false}`, "", 200,
			`{"key":"dark_mode","enabled":true,"value":true,"variant":"on","reason":"TARGETING_MATCH"}`,
		},
		"string": {
			func(c ctx, f *client.Flags) error {
				_, err := f.String(c, "a/b", nil, client.Default("x"))
				return err
			},
			"POST /v1/flags/a%2Fb/evaluate", `{"context":null,"default":"x"}`, "", 200, `{"key":"a/b","value":"y"}`,
		},
		"int": {
			func(c ctx, f *client.Flags) error {
				_, err := f.Int(c, "k", nil)
				return err
			},
			"POST /v1/flags/k/evaluate", `{"context":null,"default":0}`, "", 200, value,
		},
		"float": {
			func(c ctx, f *client.Flags) error {
				_, err := f.Float(c, "k", nil, client.Default(1.5))
				return err
			},
			"POST /v1/flags/k/evaluate", `{"context":null,"default":1.5}`, "", 200, value,
		},
		"object": {
			func(c ctx, f *client.Flags) error {
				_, err := f.Object(c, "k", nil)
				return err
			},
			"POST /v1/flags/k/evaluate", `{"context":null,"default":null}`, "", 200, value,
		},
		"all": {
			func(c ctx, f *client.Flags) error {
				all, err := f.EvaluateAll(c, attributes)
				if err == nil && all["k"].Variant != "one" {
					err = errors.New("the flag is missing")
				}
				return err
			},
			"POST /v1/flags/evaluate", `{"context":{"plan":"pro","user_id":"alice@example.com"}}`, "", 200, `{"flags":{"k":` + value + `}}`,
		},
		"some": {
			func(c ctx, f *client.Flags) error {
				_, err := f.EvaluateAll(c, nil, "k", "l")
				return err
			},
			"POST /v1/flags/evaluate", `{"context":null,"keys":["k","l"]}`, "", 200, `{"flags":{}}`,
		},
		"put": {
			func(c ctx, f *client.Flags) error {
				flag, err := f.Put(c, "k", json.RawMessage(`{"state":"DISABLED"}`), client.IfAbsent())
				if err == nil && (flag.Version != "v1" || flag.UpdatedAt.IsZero() || string(flag.Definition) != `{"state":"DISABLED"}`) {
					err = errors.New("another flag")
				}
				return err
			},
			"PUT /v1/flags/k", `{"state":"DISABLED"}`, "If-None-Match: *", 201, `{"key":"k","version":"v1","updatedAt":"2026-01-02T15:04:05.000Z"}`,
		},
		"replace": {
			func(c ctx, f *client.Flags) error {
				_, err := f.Put(c, "k", map[string]any{"state": "DISABLED"}, client.IfMatch("v1"))
				return err
			},
			"PUT /v1/flags/k", `{"state":"DISABLED"}`, `If-Match: "v1"`, 200, `{"key":"k","version":"v2"}`,
		},
		"get": {
			func(c ctx, f *client.Flags) error {
				flag, found, err := f.Get(c, "k")
				if err == nil && (!found || flag.Version != "v1" || string(flag.Definition) != `{"state":"DISABLED"}`) {
					err = errors.New("another flag")
				}
				return err
			},
			"GET /v1/flags/k", "", "", 200, `{"state":"DISABLED"}`,
		},
		"delete": {
			func(c ctx, f *client.Flags) error { return f.Delete(c, "k", client.IfMatch("v1")) },
			"DELETE /v1/flags/k", "", `If-Match: "v1"`, 204, "",
		},
		"list": {
			func(c ctx, f *client.Flags) error {
				page, err := f.List(c, client.Limit(2), client.Cursor("c1"))
				if err == nil && (len(page.Items) != 1 || page.Items[0].Key != "k" || page.NextCursor != "c2") {
					err = errors.New("another page")
				}
				return err
			},
			"GET /v1/flags?cursor=c1&limit=2", "", "", 200, `{"items":[{"key":"k","definition":{},"version":"v1"}],"nextCursor":"c2"}`,
		},
		"walk": {
			func(c ctx, f *client.Flags) error {
				for _, err := range f.All(c) {
					return err
				}
				return errors.New("there is none")
			},
			"GET /v1/flags?limit=500", "", "", 200, `{"items":[{"key":"k"}]}`,
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
				respond(w, tt.status, "application/json", tt.answer, "ETag", `"v1"`, "Last-Modified", "Fri, 02 Jan 2026 15:04:05 GMT")
			}))
			if err := tt.call(t.Context(), c.Flags); err != nil {
				t.Error(err)
			}
		})
	}
}

// A call that fails gives the default.
func TestFlagsDefaults(t *testing.T) {
	t.Parallel()
	down := newClient(t, handlerTransport(func(w http.ResponseWriter, _ *http.Request) {
		respondProblem(w, http.StatusForbidden, "invalid_scope")
	})).Flags
	if on, err := down.Bool(t.Context(), "k", nil, client.Default(true)); !on || err == nil {
		t.Errorf("Bool is %t, %v", on, err)
	}
	if text, err := down.String(t.Context(), "k", nil, client.Default("x")); text != "x" || err == nil {
		t.Errorf("String is %q, %v", text, err)
	}
	other := newClient(t, reply(200, "application/json", `{"key":"k","enabled":true,"value":"text","variant":"a","reason":"STATIC"}`)).Flags
	if on, err := other.Bool(t.Context(), "k", nil, client.Default(true)); !on || err == nil || !strings.Contains(err.Error(), "another type") {
		t.Errorf("a flag of another type: %t, %v", on, err)
	}
	if n, err := down.Int(t.Context(), "k", nil, client.Default(5)); n != 5 || err == nil {
		t.Errorf("Int is %d, %v", n, err)
	}
	if f, err := down.Float(t.Context(), "k", nil, client.Default(5)); f != 5 || err == nil {
		t.Errorf("Float is %v, %v", f, err)
	}
	if _, err := other.Bool(t.Context(), "k", nil, client.Default("yes")); err == nil || !strings.Contains(err.Error(), "bad_request") {
		t.Errorf("a default of another type: %v", err)
	}
	if _, err := other.Int(t.Context(), "k", nil, client.Default(1.5)); err == nil || !strings.Contains(err.Error(), "bad_request") {
		t.Errorf("a default with a fraction: %v", err)
	}
	for _, key := range []string{"", "..", "a//b", "a\n", strings.Repeat("k", 257)} {
		if _, err := other.Bool(t.Context(), key, nil); err == nil {
			t.Errorf("the key %q is sent", key)
		}
		if err := other.Delete(t.Context(), key); err == nil {
			t.Errorf("the key %q is deleted", key)
		}
	}
	gone := newClient(t, handlerTransport(func(w http.ResponseWriter, _ *http.Request) { respondProblem(w, 404, "not_found") })).Flags
	if _, found, err := gone.Get(t.Context(), "k"); found || err != nil {
		t.Errorf("found %t, %v", found, err)
	}
}
