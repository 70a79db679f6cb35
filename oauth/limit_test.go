package oauth_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit/clientaddr"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/ratelimit"
)

// from sets where a request comes from.
func from(r *http.Request, address string) *http.Request {
	r.RemoteAddr = address
	return r
}

const here, elsewhere = "192.0.2.1:1234", "192.0.2.2:1234"

func wantLimited(f *fixture, w *webtest.Answer) {
	f.Helper()
	wantOAuth(f, w, http.StatusTooManyRequests, "temporarily_unavailable")
	wait, err := strconv.Atoi(w.Header().Get("Retry-After"))
	if err != nil || wait < 1 || wait > 60 || w.Header().Get("RateLimit") == "" || w.Header().Get("RateLimit-Policy") == "" {
		f.Errorf("the headers are %v", w.Header())
	}
}

func wantStatus(f *fixture, w *webtest.Answer, status int) {
	f.Helper()
	if w.Code != status {
		f.Errorf("got %d %s, want %d", w.Code, w.Body, status)
	}
}

func TestLimitOfAnApp(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *oauth.Config) { c.Limits.PerApp = 2 })
	c, d := f.register(adminT1, "app-1"), f.register(adminT1, "app-2")
	for range 5 { // a stranger spends nothing of it
		wantStatus(f, f.serve(from(f.tokenRequest(client{c.id, "cs_wrong"}), elsewhere)), http.StatusUnauthorized)
	}
	wantStatus(f, f.serve(from(f.tokenRequest(c), here)), http.StatusOK)
	wantStatus(f, f.serve(from(f.tokenRequest(c), elsewhere)), http.StatusOK)
	wantLimited(f, f.serve(from(f.tokenRequest(c), "192.0.2.3:1")))
	wantStatus(f, f.serve(from(f.tokenRequest(d), here)), http.StatusOK)
}

func TestLimitOfFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, func(c *oauth.Config) { c.Limits.Failures = 2 })
		c := f.register(adminT1, "app-1")
		wrong := client{c.id, "cs_wrong"}
		wantOAuth(f, f.serve(from(f.tokenRequest(wrong), here)), http.StatusUnauthorized, "invalid_client")
		wantOAuth(f, f.serve(from(f.introspect(wrong, "token", "x"), here)), http.StatusUnauthorized, "invalid_client")
		wantLimited(f, f.serve(from(f.tokenRequest(wrong), here)))
		wantLimited(f, f.serve(from(f.introspect(wrong, "token", "x"), here)))
		wantLimited(f, f.serve(from(f.revoke(wrong, "token", "x"), here)))

		// Nobody is locked out: not the app itself, from anywhere, and no other.
		wantStatus(f, f.serve(from(f.tokenRequest(c), here)), http.StatusOK)
		wantStatus(f, f.serve(from(f.tokenRequest(c), elsewhere)), http.StatusOK)
		wantStatus(f, f.serve(from(f.tokenRequest(client{"app-2", "cs_x"}), here)), http.StatusUnauthorized)
		wantStatus(f, f.serve(from(f.tokenRequest(wrong), elsewhere)), http.StatusUnauthorized)

		time.Sleep(time.Minute)
		wantStatus(f, f.serve(from(f.tokenRequest(wrong), here)), http.StatusUnauthorized)
	})
}

// Who a wrong secret counts for is what the middleware of clientaddr says; without
// it no header is believed.
func TestFailuresOfAnAddress(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *oauth.Config) { c.Limits.Failures = 1 })
	wrong := client{f.register(adminT1, "app-1").id, "cs_wrong"}
	spoofed := func(peer, header string) *http.Request {
		r := from(f.tokenRequest(wrong), peer)
		r.Header.Set("X-Real-Ip", header)
		return r
	}
	wantStatus(f, f.serve(spoofed(here, "198.51.100.1")), http.StatusUnauthorized)
	wantLimited(f, f.serve(spoofed(here, "198.51.100.2")))

	// One customer usually has a whole /64 of IPv6.
	wantStatus(f, f.serve(from(f.tokenRequest(wrong), "[2001:db8:0:1::1]:1")), http.StatusUnauthorized)
	wantLimited(f, f.serve(from(f.tokenRequest(wrong), "[2001:db8:0:1:ffff::2]:1")))
	wantStatus(f, f.serve(from(f.tokenRequest(wrong), "[2001:db8:0:2::1]:1")), http.StatusUnauthorized)

	source, err := clientaddr.FromHeader("X-Real-Ip")
	if err != nil {
		t.Fatal(err)
	}
	f.handler = source.Middleware(f.handler)
	wantStatus(f, f.serve(spoofed(here, "198.51.100.1")), http.StatusUnauthorized)
	wantStatus(f, f.serve(spoofed(here, "198.51.100.2")), http.StatusUnauthorized)
	wantLimited(f, f.serve(spoofed(elsewhere, "198.51.100.2")))
}

// Two servers on one limiter count together.
func TestLimitsOfReplicas(t *testing.T) {
	t.Parallel()
	limiter, err := ratelimit.New(ratelimit.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	share := func(c *oauth.Config) { c.Limiter, c.Limits.Failures = limiter, 5 }
	replicas := []*fixture{newFixture(t, share), newFixture(t, share)}
	refused := 0
	for i := range 8 {
		f := replicas[i%2]
		if f.serve(from(f.tokenRequest(client{"app-1", "cs_wrong"}), here)).Code == http.StatusUnauthorized {
			refused++
		}
	}
	if refused != 5 {
		t.Errorf("%d wrong secrets were looked at; want 5", refused)
	}
}

// Introspection and revocation are limited as the token endpoint is.
func TestLimitOfInspections(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *oauth.Config) { c.Limits.PerAppInspections = 2 })
	c, d := f.register(adminT1, "app-1"), f.register(adminT1, "app-2")
	wantStatus(f, f.serve(from(f.introspect(c, "token", "x"), here)), http.StatusOK)
	wantStatus(f, f.serve(from(f.revoke(c, "token", "x"), elsewhere)), http.StatusOK)
	wantLimited(f, f.serve(from(f.introspect(c, "token", "x"), here)))
	wantLimited(f, f.serve(from(f.revoke(c, "token", "x"), here)))
	wantStatus(f, f.serve(from(f.introspect(d, "token", "x"), here)), http.StatusOK)
	wantStatus(f, f.serve(from(f.tokenRequest(c), here)), http.StatusOK)
}

// More parameters than any call has are refused before they are parsed.
func TestManyParameters(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	many := make([]string, 0, 200)
	for i := range 65 {
		many = append(many, "p"+strconv.Itoa(i), "v")
	}
	w := f.serve(from(f.form("/v1/oauth/token", many...), here))
	wantOAuth(f, w, http.StatusBadRequest, "invalid_request")
	if !strings.Contains(w.Body.String(), "64 parameters") {
		t.Errorf("%s", w.Body)
	}
	r := f.form("/v1/oauth/token", "grant_type", "client_credentials")
	r.URL.RawQuery = strings.Repeat("a&", 65)
	wantOAuth(f, f.serve(from(r, here)), http.StatusBadRequest, "invalid_request")
}
