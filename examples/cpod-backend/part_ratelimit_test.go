package main

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/api/apitest"
	"github.com/cpodkit/cpodkit/client"
)

// limitCaller sends requests as a shell would, each answer held against the OpenAPI
// document.
type limitCaller struct {
	t    *testing.T
	url  string
	http *http.Client
}

func (c limitCaller) do(method, path, body string, header ...string) *http.Response {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		c.t.Fatal(err)
	}
	return res
}

func TestLimits(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), map[string]string{
		"CPOD_LIMIT_TENANT": "7/24h", "CPOD_LIMIT_APP": "4/24h",
		"CPOD_LIMIT_REFUSED_TOKENS": "2/24h", "CPOD_LIMIT_REFUSED_GRANTS": "1/24h",
		"CPOD_CLIENT_ADDRESS": "xff-count:1",
	})
	_, config := srv.register(t, "app-a", "storage.private.read") // 1 of the tenant's
	_, other := srv.register(t, "app-b", "storage.private.read")  // 2
	c := limitCaller{t, srv.url, &http.Client{Transport: apitest.Transport(t, nil)}}
	bearer := func(token string) []string {
		return []string{"Authorization", "Bearer " + token, "X-Forwarded-For", "203.0.113.7"}
	}
	get := func(token string) *http.Response { return c.do("GET", "/v1/storage/files", "", bearer(token)...) }
	limited := func(res *http.Response, policy string) {
		t.Helper()
		if res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") == "" ||
			!strings.Contains(strings.Join(res.Header.Values("RateLimit"), ","), `"`+policy+`";r=`) {
			t.Errorf("%s: %d %v", policy, res.StatusCode, res.Header)
		}
	}
	a, b := srv.token(t, config), srv.token(t, other)
	for left := range 4 { // 6 of the tenant's
		if res := get(a); res.StatusCode != http.StatusOK {
			t.Errorf("request %d: %d %v", left, res.StatusCode, res.Header)
		}
	}
	limited(get(a), "app")
	if res := get(b); res.StatusCode != http.StatusOK { // 7
		t.Errorf("another app: %d", res.StatusCode)
	}
	limited(get(b), "tenant")

	for range 2 {
		if res := get("broken"); res.StatusCode != http.StatusUnauthorized {
			t.Errorf("a refused token: %d", res.StatusCode)
		}
	}
	limited(get("broken"), "refused-tokens")
	if res := c.do("GET", "/v1/storage/files", "", "Authorization", "Bearer broken", "X-Forwarded-For", "203.0.113.8"); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("from another address: %d", res.StatusCode)
	}

	grant := func(secret string) *http.Response {
		form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"app-a"}, "client_secret": {secret}}
		return c.do("POST", "/v1/oauth/token", form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "X-Forwarded-For", "203.0.113.7")
	}
	if res := grant("wrong"); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("a wrong secret: %d", res.StatusCode)
	}
	limited(grant("wrong"), "refused-grants")
	if res := grant(config.ClientSecret); res.StatusCode != http.StatusOK {
		t.Errorf("the right secret: %d", res.StatusCode)
	}
}

// The calls on limits go through the running server.
func TestRateLimitCalls(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	a, _ := srv.register(t, "app-a", "ratelimit.write")
	b, _ := srv.register(t, "app-b", "ratelimit.write")
	check := func(c *client.Client, allowed bool) {
		t.Helper()
		result, err := c.RateLimit.Check(t.Context(), "user:1", 2, 24*time.Hour)
		if err != nil || result.Allowed != allowed || result.Limit != 2 {
			t.Errorf("%+v, %v; want allowed %v", result, err, allowed)
		}
	}
	check(a, true)
	check(a, true)
	check(a, false)
	check(b, true) // keys are the app's own
	if err := a.RateLimit.Reset(t.Context(), "user:1"); err != nil {
		t.Error(err)
	}
	check(a, true)
}
