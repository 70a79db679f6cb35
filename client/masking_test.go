package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/client"
)

func TestMaskingWire(t *testing.T) {
	t.Parallel()
	type ctx = context.Context
	same := func(got, want any, err error) error {
		if err == nil && !reflect.DeepEqual(got, want) {
			err = errors.New("another answer")
		}
		return err
	}
	for name, tt := range map[string]struct {
		call         func(ctx, *client.Masking) error
		target, body string
		answer       string
	}{
		"mask": {
			func(c ctx, m *client.Masking) error {
				var masked map[string]string
				err := m.Mask(c, map[string]string{"email": "alice@example.com", "note": "<b>"}, &masked)
				return same(masked, map[string]string{"email": "a***@example.com", "note": "<b>"}, err)
			},
			"POST /v1/mask", `{"value":{"email":"alice@example.com","note":"<b>"}}`, `{"value":{"email":"a***@example.com","note":"<b>"}}`,
		},
		"mask raw": {
			func(c ctx, m *client.Masking) error {
				var masked json.RawMessage
				err := m.Mask(c, json.RawMessage(`{"n":1e400}`), &masked, client.MaskFields("n", "a.b"), client.MaskEntities("EMAIL"), client.MaskWith("last4"))
				return same(string(masked), `{"n":"****"}`, err)
			},
			"POST /v1/mask", `{"value":{"n":1e400},"fields":["n","a.b"],"entities":["EMAIL"],"strategy":"last4"}`, `{"value":{"n":"****"}}`,
		},
		"mask nothing": {
			func(c ctx, m *client.Masking) error {
				masked := any(1)
				err := m.Mask(c, nil, &masked)
				return same(masked, nil, err)
			},
			"POST /v1/mask", `{"value":null}`, `{"value":null}`,
		},
		"mask string": {
			func(c ctx, m *client.Masking) error {
				masked, found, err := m.MaskString(c, "Call Alice at 555-867-5309")
				if err = same(masked, "Call [NAME] at [PHONE]", err); err != nil {
					return err
				}
				return same(found, []client.MaskFinding{{Entity: "NAME", Start: 5, End: 10, Score: 0.8}}, nil)
			},
			"POST /v1/mask/string", `{"value":"Call Alice at 555-867-5309"}`,
			`{"value":"Call [NAME] at [PHONE]","findings":[{"entity":"NAME","start":5,"end":10,"score":0.8}]}`,
		},
		"dry run": {
			func(c ctx, m *client.Masking) error {
				found, err := m.DryRun(c, map[string]any{"password": "x"})
				return same(found, []client.MaskMatch{{Pointer: "/password", Rule: "field", Score: 1, End: 7, Strategy: "placeholder", Field: true}}, err)
			},
			"POST /v1/mask/dry-run", `{"value":{"password":"x"}}`,
			`{"findings":[{"pointer":"/password","rule":"field","score":1,"start":0,"end":7,"strategy":"placeholder","field":true}]}`,
		},
		"profile": {
			func(c ctx, m *client.Masking) error {
				profile, err := m.Profile(c)
				return same(profile, client.MaskProfile{
					Revision: "r", Default: "auto", Entities: map[string]string{"EMAIL": "hash"}, Fields: map[string]string{"ssn": "shape"},
					Paths: map[string]string{}, Strategies: []string{"auto"},
				}, err)
			},
			"GET /v1/mask/profile", "",
			`{"revision":"r","default":"auto","entities":{"EMAIL":"hash"},"fields":{"ssn":"shape"},"paths":{},"strategies":["auto"]}`,
		},
		"detokenise": {
			func(c ctx, m *client.Masking) error {
				values, err := m.Detokenise(c, "tok_a", "tok_b")
				return same(values, map[string]string{"tok_a": "alice@example.com"}, err)
			},
			"POST /v1/mask/detokenise", `{"tokens":["tok_a","tok_b"]}`, `{"values":{"tok_a":"alice@example.com"}}`,
		},
		"detokenise none": {
			func(c ctx, m *client.Masking) error { _, err := m.Detokenise(c); return err },
			"POST /v1/mask/detokenise", `{"tokens":[]}`, `{"values":{}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, handlerTransport(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				equal(t, "request", r.Method+" "+r.URL.RequestURI(), tt.target)
				equal(t, "body", string(body), tt.body)
				respond(w, http.StatusOK, "application/json", tt.answer)
			}))
			if err := tt.call(t.Context(), c.Masking); err != nil {
				t.Error(err)
			}
		})
	}
}

// What is not text or JSON is not sent, and a refusal is an error.
func TestMaskingErrors(t *testing.T) {
	t.Parallel()
	unsent := newClient(t, handlerTransport(func(http.ResponseWriter, *http.Request) { t.Error("a request is sent") })).Masking
	if _, _, err := unsent.MaskString(t.Context(), "\xff"); !strings.Contains(fmt.Sprint(err), "validation_failed") {
		t.Errorf("a text that is not UTF-8: %v", err)
	}
	if err := unsent.Mask(t.Context(), make(chan int), new(any)); !strings.Contains(fmt.Sprint(err), "validation_failed") {
		t.Errorf("a channel: %v", err)
	}
	refused := newClient(t, handlerTransport(func(w http.ResponseWriter, _ *http.Request) {
		respondProblem(w, http.StatusForbidden, "invalid_scope")
	})).Masking
	masked := map[string]any{}
	if err := refused.Mask(t.Context(), "x", &masked); !strings.Contains(fmt.Sprint(err), "invalid_scope") || len(masked) > 0 {
		t.Errorf("a refusal: %v, %v", err, masked)
	}
	if _, err := refused.Detokenise(t.Context(), "tok_a"); !strings.Contains(fmt.Sprint(err), "invalid_scope") {
		t.Errorf("a refusal: %v", err)
	}
}
