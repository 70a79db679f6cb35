package client_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/client"
)

// TestWire fixes, for each call, the request that it makes, and that it takes the contract's answer.
func TestWire(t *testing.T) {
	t.Parallel()
	type (
		ctx = context.Context
		cl  = *client.Client
	)
	const done, ok = http.StatusNoContent, http.StatusOK
	for name, tt := range map[string]struct {
		call   func(ctx, cl) error
		target string
		header string
		body   string
		status int
		answer string
	}{
		"files.Write": {
			func(c ctx, cl cl) error {
				_, err := cl.Storage.Files.Write(c, "config/settings.json", strings.NewReader(`{"hello":"world"}`), client.ContentType("application/json"))
				return err
			},
			"PUT /v1/storage/files/config/settings.json", "Content-Type: application/json", `{"hello":"world"}`, ok, `{}`,
		},
		"files.Write, no type": {
			func(c ctx, cl cl) error {
				_, err := cl.Storage.Files.Write(c, "k", strings.NewReader(""))
				return err
			},
			"PUT /v1/storage/files/k", "Content-Type: application/octet-stream", ``, ok, `{}`,
		},
		"files.Write, no content": {
			func(c ctx, cl cl) error { _, err := cl.Storage.Files.Write(c, "k", nil); return err },
			"PUT /v1/storage/files/k", "Content-Type: application/octet-stream", ``, ok, `{}`,
		},
		"files.Write, absent": {
			func(c ctx, cl cl) error {
				_, err := cl.Storage.Files.Tier(client.User).Write(c, "k", strings.NewReader("x"), client.IfAbsent())
				return err
			},
			"PUT /v1/storage/files/k?tier=user", "If-None-Match: *", `x`, http.StatusCreated, `{}`,
		},
		"files.Write, match": {
			func(c ctx, cl cl) error {
				_, err := cl.Storage.Files.Write(c, "k", strings.NewReader("x"), client.IfMatch("e1"))
				return err
			},
			"PUT /v1/storage/files/k", `If-Match: "e1"`, `x`, ok, `{}`,
		},
		"files.Write, odd key": {
			func(c ctx, cl cl) error {
				_, err := cl.Storage.Files.Write(c, "a b/ü?#%2e%2e/x;y", strings.NewReader("x"))
				return err
			},
			"PUT /v1/storage/files/a%20b/%C3%BC%3F%23%252e%252e/x%3By", "", `x`, ok, `{}`,
		},
		"files.Read": {
			func(c ctx, cl cl) error {
				r, err := cl.Storage.Files.Tier(client.Shared).Read(c, "brand/logo.svg")
				if err != nil {
					return err
				}
				return r.Close()
			},
			"GET /v1/storage/files/brand/logo.svg?tier=shared", "Accept-Encoding: identity", "", ok, "bytes",
		},
		"files.Stat": {
			func(c ctx, cl cl) error { _, err := cl.Storage.Files.Stat(c, "a"); return err },
			"HEAD /v1/storage/files/a", "", "", ok, "",
		},
		"files.List": {
			func(c ctx, cl cl) error {
				_, err := cl.Storage.Files.List(c, "exports/", client.Limit(50), client.Cursor("c&1"), client.Delimiter("/"))
				return err
			},
			"GET /v1/storage/files?cursor=c%261&delimiter=%2F&limit=50&prefix=exports%2F", "", "", ok, `{"items":[]}`,
		},
		"files.List, all": {
			func(c ctx, cl cl) error { _, err := cl.Storage.Files.Tier(client.Private).List(c, ""); return err },
			"GET /v1/storage/files", "", "", ok, `{"items":[]}`,
		},
		"files.URL": {
			func(c ctx, cl cl) error {
				_, err := cl.Storage.Files.URL(c, "exports/report.pdf", time.Hour)
				return err
			},
			"POST /v1/storage/file-urls", "Content-Type: application/json",
			`{"key":"exports/report.pdf","tier":"private","method":"GET","expiresIn":3600}`, ok, `{}`,
		},
		"files.UploadURL": {
			func(c ctx, cl cl) error {
				_, err := cl.Storage.Files.Tier(client.Shared).UploadURL(c, "a", 0)
				return err
			},
			"POST /v1/storage/file-urls", "", `{"key":"a","tier":"shared","method":"PUT"}`, ok, `{}`,
		},
		"files.Write, digest": {
			func(c ctx, cl cl) error {
				_, err := cl.Storage.Files.Write(c, "a", strings.NewReader("test"), client.SHA256(sha256.Sum256([]byte("test"))))
				return err
			},
			"PUT /v1/storage/files/a", "Content-Digest: sha-256=:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=:", `test`, ok, `{}`,
		},
		"files.Delete": {
			func(c ctx, cl cl) error { return cl.Storage.Files.Delete(c, "exports/old-report.pdf") },
			"DELETE /v1/storage/files/exports/old-report.pdf", "", "", done, "",
		},
		"db.Set": {
			func(c ctx, cl cl) error {
				_, err := cl.Storage.DB.Collection("preferences").Set(c, "theme", map[string]any{"mode": "<dark>", "size": 14})
				return err
			},
			"PUT /v1/storage/db/preferences/theme", "Content-Type: application/json", `{"mode":"<dark>","size":14}`, ok, `{}`,
		},
		"db.Set, match": {
			func(c ctx, cl cl) error {
				_, err := cl.Storage.DB.Collection("p").Tier(client.User).Set(c, "a/b:c", nil, client.IfMatch("v1"))
				return err
			},
			"PUT /v1/storage/db/p/a%2Fb:c?tier=user", `If-Match: "v1"`, `null`, ok, `{}`,
		},
		"db.Set, absent": {
			func(c ctx, cl cl) error {
				_, err := cl.Storage.DB.Collection("p").Set(c, "k", true, client.IfAbsent())
				return err
			},
			"PUT /v1/storage/db/p/k", `If-None-Match: *`, `true`, http.StatusCreated, `{}`,
		},
		"db.Get": {
			func(c ctx, cl cl) error { _, err := cl.Storage.DB.Collection("p").Get(c, "k", new(any)); return err },
			"GET /v1/storage/db/p/k", "", "", ok, `{"value":1}`,
		},
		"db.Delete": {
			func(c ctx, cl cl) error { return cl.Storage.DB.Collection("p").Delete(c, "k") },
			"DELETE /v1/storage/db/p/k", "", "", done, "",
		},
		"db.Query, the seed's first": {
			func(c ctx, cl cl) error {
				_, err := cl.Storage.DB.Collection("sessions").Query(c, client.Query{
					Filter: client.Filter{"status": "active", "plan": "pro"},
					Sort:   client.Sort{client.Desc("createdAt")},
					Limit:  20,
				})
				return err
			},
			"POST /v1/storage/db/sessions/query", "Content-Type: application/json",
			`{"filter":{"plan":"pro","status":"active"},"sort":{"createdAt":-1},"limit":20}`, ok, `{"items":[]}`,
		},
		"db.Query, the seed's second": {
			func(c ctx, cl cl) error {
				_, err := cl.Storage.DB.Collection("sessions").Query(c, client.Query{
					Filter: client.Filter{"status": "active"}, Cursor: "c1", Limit: 20,
				})
				return err
			},
			"POST /v1/storage/db/sessions/query", "", `{"filter":{"status":"active"},"limit":20,"cursor":"c1"}`, ok, `{"items":[]}`,
		},
		"db.Query, several orders": {
			func(c ctx, cl cl) error {
				_, err := cl.Storage.DB.Collection("s").Tier(client.Shared).Query(c, client.Query{
					Filter: client.Filter{"age": map[string]any{"gte": 18}}, Sort: client.Sort{client.Asc("plan"), client.Desc("age")},
				})
				return err
			},
			"POST /v1/storage/db/s/query?tier=shared", "", `{"filter":{"age":{"gte":18}},"sort":[["plan",1],["age",-1]]}`, ok, `{"items":[]}`,
		},
		"db.Query, everything": {
			func(c ctx, cl cl) error { _, err := cl.Storage.DB.Collection("s").Query(c, client.Query{}); return err },
			"POST /v1/storage/db/s/query", "", `{}`, ok, `{"items":[]}`,
		},
		"db.Batch": {
			func(c ctx, cl cl) error {
				_, err := cl.Storage.DB.Collection("cache").Batch(c, []client.Op{
					client.SetOp("user:123", map[string]string{"plan": "pro"}), client.SetOp("null", nil), client.DeleteOp("user:999"),
				})
				return err
			},
			"POST /v1/storage/db/cache/batch", "Content-Type: application/json",
			`{"ops":[{"op":"set","key":"user:123","value":{"plan":"pro"}},{"op":"set","key":"null","value":null},{"op":"delete","key":"user:999"}]}`,
			ok, `{"succeeded":3,"failed":0}`,
		},
		"kv.Set": {
			func(c ctx, cl cl) error {
				return cl.Storage.KV.Set(c, "session:abc123", map[string]string{"userId": "usr-xxx"}, client.TTL(time.Hour))
			},
			"PUT /v1/storage/kv/session:abc123", "Content-Type: application/json", `{"value":{"userId":"usr-xxx"},"ttl":3600}`, done, "",
		},
		"kv.Set, part of a second": {
			func(c ctx, cl cl) error {
				return cl.Storage.KV.Tier(client.Shared).Set(c, "locks/a", "me & <you>", client.TTL(1500*time.Millisecond), client.IfAbsent())
			},
			"PUT /v1/storage/kv/locks%2Fa?tier=shared", "If-None-Match: *", `{"value":"me & <you>","ttl":2}`, done, "",
		},
		"kv.Set, bytes": {
			func(c ctx, cl cl) error { return cl.Storage.KV.Set(c, "k", []byte("text")) },
			"PUT /v1/storage/kv/k", "", `{"value":"text"}`, done, "",
		},
		"kv.Get": {
			func(c ctx, cl cl) error { _, _, err := cl.Storage.KV.Get(c, "a/b"); return err },
			"GET /v1/storage/kv/a%2Fb", "", "", ok, `{"value":"v"}`,
		},
		"kv.Exists": {
			func(c ctx, cl cl) error { _, err := cl.Storage.KV.Exists(c, "k"); return err },
			"HEAD /v1/storage/kv/k", "", "", ok, "",
		},
		"kv.Incr": {
			func(c ctx, cl cl) error { _, err := cl.Storage.KV.Incr(c, "counter:api-calls", 5); return err },
			"POST /v1/storage/kv/counter:api-calls/incr", "Content-Type: application/json", `{"by":5}`, ok, `{"value":6}`,
		},
		"kv.TTL": {
			func(c ctx, cl cl) error { _, _, err := cl.Storage.KV.TTL(c, "k"); return err },
			"GET /v1/storage/kv/k/ttl", "", "", ok, `{"ttl":5}`,
		},
		"kv.Delete": {
			func(c ctx, cl cl) error { return cl.Storage.KV.Delete(c, "k") },
			"DELETE /v1/storage/kv/k", "", "", done, "",
		},
		"kv.DeleteIf": {
			func(c ctx, cl cl) error {
				_, err := cl.Storage.KV.Tier(client.User).DeleteIf(c, "k", "me & you")
				return err
			},
			"DELETE /v1/storage/kv/k?ifValue=me+%26+you&tier=user", "", "", done, "",
		},
		"apps.Register": {
			func(c ctx, cl cl) error {
				_, _, err := cl.Apps.Register(c, client.NewApp{
					ClientID: "app-myservice", Name: "My Service", DeclaredScopes: []string{"storage.private.read"},
				})
				return err
			},
			"POST /v1/oauth/apps", "Content-Type: application/json",
			`{"client_id":"app-myservice","name":"My Service","declared_scopes":["storage.private.read"],"app_type":"service"}`,
			http.StatusCreated, `{}`,
		},
		"apps.List": {
			func(c ctx, cl cl) error { _, err := cl.Apps.List(c, client.Limit(10), client.Cursor("x")); return err },
			"GET /v1/oauth/apps?cursor=x&limit=10", "", "", ok, `{"items":[]}`,
		},
		"apps.Get": {
			func(c ctx, cl cl) error { _, err := cl.Apps.Get(c, "a/b"); return err },
			"GET /v1/oauth/apps/a%2Fb", "", "", ok, `{}`,
		},
		"apps.Update": {
			func(c ctx, cl cl) error {
				_, err := cl.Apps.Update(c, "a", client.AppChange{Name: "x & y", RedirectURIs: []string{}}, client.IfMatch("e1"))
				return err
			},
			"PATCH /v1/oauth/apps/a", `If-Match: "e1"`, `{"name":"x & y","redirect_uris":[]}`, ok, `{}`,
		},
		"apps.Update of scopes": {
			func(c ctx, cl cl) error {
				_, err := cl.Apps.Update(c, "a", client.AppChange{DeclaredScopes: []string{"a.read"}, AllowedOrigins: []string{"https://x"}})
				return err
			},
			"PATCH /v1/oauth/apps/a", "Content-Type: application/merge-patch+json",
			`{"declared_scopes":["a.read"],"allowed_origins":["https://x"]}`, ok, `{}`,
		},
		"apps.Delete": {
			func(c ctx, cl cl) error { return cl.Apps.Delete(c, "a") },
			"DELETE /v1/oauth/apps/a", "", "", done, "",
		},
		"apps.RotateSecret": {
			func(c ctx, cl cl) error { _, err := cl.Apps.RotateSecret(c, "a"); return err },
			"POST /v1/oauth/apps/a/rotate-secret", "", "", ok, `{"client_secret":"cs_new"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, handlerTransport(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				equal(t, "request", fmt.Sprintf("%s %s", r.Method, r.URL.RequestURI()), tt.target)
				equal(t, "body", string(body), tt.body)
				equal(t, "Authorization", r.Header.Get("Authorization"), "Bearer "+testKey)
				if name, value, found := strings.Cut(tt.header, ": "); found {
					equal(t, name, r.Header.Get(name), value)
				}
				respond(w, tt.status, "application/json", tt.answer)
			}))
			if err := tt.call(t.Context(), c); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWireOfTokenCalls(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		call   func(*client.Client) error
		target string
		answer string
	}{
		"introspect": {
			func(c *client.Client) error { _, err := c.Introspect(t.Context(), "a.b+c"); return err },
			"POST /v1/oauth/introspect", `{"active":false}`,
		},
		"revoke": {func(c *client.Client) error { return c.Revoke(t.Context(), "a.b+c") }, "POST /v1/oauth/revoke", ``},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := mustNew(t, client.Config{
				ClientID: "app", ClientSecret: testSecret,
				HTTPClient: &http.Client{Transport: handlerTransport(func(w http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					equal(t, "request", r.Method+" "+r.URL.RequestURI(), tt.target)
					equal(t, "body", string(body), "token=a.b%2Bc")
					equal(t, "Content-Type", r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
					id, secret, _ := r.BasicAuth()
					equal(t, "credentials", id+" "+secret, "app "+testSecret)
					respond(w, http.StatusOK, "application/json", tt.answer)
				})},
			})
			if err := tt.call(c); err != nil {
				t.Error(err)
			}
		})
	}
}
