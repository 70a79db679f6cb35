package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/client"
)

func TestSecretsWire(t *testing.T) {
	t.Parallel()
	type ctx = context.Context
	const info = `{"name":"db/password","version":3,"createdAt":"2026-01-02T15:04:05.000Z","owner":"app-a","apps":["app-a"]}`
	const grant = `{"name":"a/b","apps":["app-a"],"version":"v1","updatedAt":"2026-01-02T15:04:05.000Z"}`
	const bundle = `{"name":"a/b","secrets":{"A":"x"},"files":{"f":"y"},"apps":["app-a"],"version":"v1"}`
	must := func(ok bool, err error) error {
		if err == nil && !ok {
			err = errors.New("another answer")
		}
		return err
	}
	for name, tt := range map[string]struct {
		call         func(ctx, *client.Secrets) error
		target, body string
		header       string // one that the request has
		status       int
		answer       string
	}{
		"get": {
			func(c ctx, s *client.Secrets) error {
				got, err := s.Get(c, "db/password")
				return must(got.Name == "db/password" && got.Value.Reveal() == "hunter2" && got.Version == 3 && !got.CreatedAt.IsZero(), err)
			},
			"GET /v1/secrets/db/password", "", "", 200, `{"name":"db/password","value":"hunter2","version":3,"createdAt":"2026-01-02T15:04:05.000Z"}`,
		},
		"a version": {
			func(c ctx, s *client.Secrets) error {
				got, err := s.Get(c, "a b", client.Version(2))
				return must(got.Value.Reveal() == "\xff\x00", err)
			},
			"GET /v1/secrets/a%20b?version=2", "", "", 200, `{"name":"a b","valueBase64":"/wA=","version":2}`,
		},
		"resolve": {
			func(c ctx, s *client.Secrets) error {
				values, missing, err := s.Resolve(c, "a", "b", "c")
				return must(values["a"].Reveal() == "1" && values["b"].Reveal() == "\xff\x00" && slices.Equal(missing, []string{"c"}), err)
			},
			"POST /v1/secrets/resolve", `{"names":["a","b","c"]}`, "", 200, `{"values":{"a":"1"},"valuesBase64":{"b":"/wA="},"missing":["c"]}`,
		},
		"put": {
			func(c ctx, s *client.Secrets) error {
				got, err := s.Put(c, "db/password", client.NewSecretValue("hunter2"))
				return must(got.Name == "db/password" && got.Version == 3 && got.Owner == "app-a", err)
			},
			"PUT /v1/secrets/db/password", `{"value":"hunter2"}`, "", 200, info,
		},
		"put for apps": {
			func(c ctx, s *client.Secrets) error {
				_, err := s.Put(c, "x", client.NewSecretValue("\xff\x00"), client.ForApps("app-a", "app-b"), client.IfAbsent())
				return err
			},
			"PUT /v1/secrets/x", `{"valueBase64":"/wA=","apps":["app-a","app-b"]}`, "If-None-Match: *", 201, info,
		},
		"put for none": {
			func(c ctx, s *client.Secrets) error {
				_, err := s.Put(c, "x", client.NewSecretValue("v"), client.ForApps(), client.IfVersion(2))
				return err
			},
			"PUT /v1/secrets/x", `{"value":"v","apps":[]}`, `If-Match: "2"`, 200, info,
		},
		"delete": {
			func(c ctx, s *client.Secrets) error { return s.Delete(c, "x", client.IfVersion(2)) },
			"DELETE /v1/secrets/x", "", `If-Match: "2"`, 204, "",
		},
		"list": {
			func(c ctx, s *client.Secrets) error {
				page, err := s.List(c, client.Limit(2), client.Cursor("c1"))
				return must(len(page.Items) == 1 && page.Items[0].Version == 3 && page.NextCursor == "c2", err)
			},
			"GET /v1/secrets?cursor=c1&limit=2", "", "", 200, `{"items":[` + info + `],"nextCursor":"c2"}`,
		},
		"walk": {
			func(c ctx, s *client.Secrets) error { return first(s.All(c)) },
			"GET /v1/secrets?limit=500", "", "", 200, `{"items":[` + info + `]}`,
		},
		"grant": {
			func(c ctx, s *client.Secrets) error {
				got, err := s.Grant(c, "a/b")
				return must(got.Name == "a/b" && got.Version == "v1" && slices.Equal(got.Apps, []string{"app-a"}), err)
			},
			"GET /v1/secret-grants/a/b", "", "", 200, grant,
		},
		"set a grant": {
			func(c ctx, s *client.Secrets) error {
				got, err := s.SetGrant(c, "a/b", nil, client.IfMatch("v0"))
				return must(got.Version == "v1", err)
			},
			"PUT /v1/secret-grants/a/b", `{"apps":[]}`, `If-Match: "v0"`, 200, grant,
		},
		"delete a grant": {
			func(c ctx, s *client.Secrets) error { return s.DeleteGrant(c, "a/b") },
			"DELETE /v1/secret-grants/a/b", "", "", 204, "",
		},
		"grants": {
			func(c ctx, s *client.Secrets) error { return first(s.AllGrants(c)) },
			"GET /v1/secret-grants?limit=500", "", "", 200, `{"items":[` + grant + `]}`,
		},
		"bundle": {
			func(c ctx, s *client.Secrets) error {
				got, err := s.Bundle(c, "a/b")
				return must(got.Env["A"] == "x" && got.Files["f"] == "y" && got.Version == "v1", err)
			},
			"GET /v1/secret-bundles/a/b", "", "", 200, bundle,
		},
		"put a bundle": {
			func(c ctx, s *client.Secrets) error {
				got, err := s.PutBundle(c, client.SecretBundle{
					Name: "a/b", Env: map[string]string{"A": "x"}, Files: map[string]string{"f": "y"}, Apps: []string{"app-b"},
				}, client.IfMatch("v0"))
				return must(got.Version == "v1", err)
			},
			"PUT /v1/secret-bundles/a/b", `{"secrets":{"A":"x"},"files":{"f":"y"},"apps":["app-b"]}`, `If-Match: "v0"`, 200, bundle,
		},
		"put an empty bundle": {
			func(c ctx, s *client.Secrets) error {
				_, err := s.PutBundle(c, client.SecretBundle{Name: "b"}, client.IfAbsent())
				return err
			},
			"PUT /v1/secret-bundles/b", `{"secrets":{}}`, `If-None-Match: *`, 201, bundle,
		},
		"delete a bundle": {
			func(c ctx, s *client.Secrets) error { return s.DeleteBundle(c, "a/b", client.IfMatch("v1")) },
			"DELETE /v1/secret-bundles/a/b", "", `If-Match: "v1"`, 204, "",
		},
		"bundles": {
			func(c ctx, s *client.Secrets) error { return first(s.AllBundles(c)) },
			"GET /v1/secret-bundles?limit=500", "", "", 200, `{"items":[` + bundle + `]}`,
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
				respond(w, tt.status, "application/json", tt.answer)
			}))
			if err := tt.call(t.Context(), c.Secrets); err != nil {
				t.Error(err)
			}
		})
	}
}

// first returns the error of the first item, or one when there is none.
func first[T any](all func(func(T, error) bool)) error {
	for _, err := range all {
		return err
	}
	return errors.New("there is none")
}

func TestSecretValuesDoNotPrint(t *testing.T) {
	t.Parallel()
	v := client.NewSecretValue("hunter2")
	secret := client.Secret{Name: "n", Value: v}
	for _, text := range []string{
		fmt.Sprintf("%v %+v %#v %s %q %x", v, v, v, v, v, v), fmt.Sprintf("%+v %#v", secret, map[string]client.Secret{"a": secret}),
		fmt.Sprintf("%+v", struct{ v client.Secret }{secret}),
	} {
		if strings.Contains(text, "hunter") || strings.Contains(text, "68756e") {
			t.Errorf("it prints %s", text)
		}
	}
	if _, err := json.Marshal(secret); err == nil {
		t.Error("it is marshalled")
	}
	if v.Reveal() != "hunter2" || (client.SecretValue{}).Reveal() != "" {
		t.Error("it reveals something else")
	}
}

// An answer that repeats the value has it cut out of the error.
func TestSecretsFail(t *testing.T) {
	t.Parallel()
	c := newClient(t, reply(409, "application/problem+json", `{"code":"conflict","detail":"no correct-horse here","errors":[{"pointer":"/value","detail":"correct-horse"}]}`))
	_, err := c.Secrets.Put(t.Context(), "k", client.NewSecretValue("correct-horse"))
	if _, ok := errors.AsType[*client.ConflictError](err); !ok || strings.Contains(err.Error(), "horse") {
		t.Errorf("the error is %v", err)
	}
	for _, name := range []string{"", "..", "a//b", "a\n", "/a", strings.Repeat("k", 513)} {
		_, err1 := c.Secrets.Get(t.Context(), name)
		_, err2 := c.Secrets.Put(t.Context(), name, client.NewSecretValue("x"))
		_, _, err3 := c.Secrets.Resolve(t.Context(), name)
		_, err4 := c.Secrets.PutBundle(t.Context(), client.SecretBundle{Name: name})
		for _, err := range []error{err1, err2, err3, err4, c.Secrets.Delete(t.Context(), name), c.Secrets.DeleteGrant(t.Context(), name)} {
			if e, ok := errors.AsType[*client.Error](err); !ok || e.Status != 0 {
				t.Errorf("the name %q is sent: %v", name, err)
			}
		}
	}
	if _, err := c.Secrets.Put(t.Context(), "k", client.NewSecretValue("x"), client.IfAbsent(), client.IfVersion(1)); err == nil {
		t.Error("two conditions are sent")
	}
}
