package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// Integers of JSON bodies are read by value, in every call that takes one.
func TestIntegersByValue(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	_, config := srv.register(t, "app-a", append(storageScopes, "ratelimit.write")...)
	c := newCaller(t, srv.url)
	c.tokens["app"], c.tokens["admin"] = srv.token(t, config), srv.adminKey
	c.do(t, "app", "PUT /v1/storage/kv/n", `{"value":"0"}`)
	for _, call := range []struct{ token, call, body, pointer string }{
		{"app", "PUT /v1/storage/kv/k", `{"value":"v","ttl":%s}`, "/ttl"},
		{"app", "POST /v1/storage/kv/n/incr", `{"by":%s}`, "/by"},
		{"app", "POST /v1/ratelimit/check", `{"key":"k","limit":%s,"windowSeconds":60}`, "/limit"},
		{"app", "POST /v1/ratelimit/check", `{"key":"k","limit":100,"windowSeconds":%s}`, "/windowSeconds"},
		{"app", "POST /v1/ratelimit/check", `{"key":"k","limit":100,"windowSeconds":60,"cost":%s}`, "/cost"},
		{"app", "POST /v1/storage/file-urls", `{"key":"k","expiresIn":%s}`, "/expiresIn"},
		{"app", "POST /v1/storage/db/c/query", `{"limit":%s}`, "/limit"},
		{"admin", "POST /v1/oauth/apps/app-a/keys", `{"name":"k","scopes":[],"expiresIn":%s}`, "/expiresIn"},
	} {
		for _, number := range []string{"60", "60.0", "6e1", "600e-1"} {
			if a := c.do(t, call.token, call.call, fmt.Sprintf(call.body, number)); a.status >= 300 {
				t.Errorf("%s with %s: %d %s", call.call, number, a.status, a.body)
			}
		}
		for _, number := range []string{"60.5", `"60"`, "1e999", "9223372036854775808"} {
			a := c.do(t, call.token, call.call, fmt.Sprintf(call.body, number))
			if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `"pointer":"`+call.pointer+`"`) {
				t.Errorf("%s with %s: %d %s", call.call, number, a.status, a.body)
			}
		}
	}
}
