package oauth_test

import (
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/oauth"
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

func TestBudgetOfAnAddress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, func(c *oauth.Config) { c.Limits.PerAddress = 3 })
		c := f.register(adminT1, "app-1")
		refused := func(address string) *webtest.Answer {
			return f.serve(from(f.form("/v1/oauth/token"), address))
		}
		for range 3 {
			wantOAuth(f, refused(here), http.StatusBadRequest, "invalid_request")
		}
		wantLimited(f, refused("192.0.2.1:9"))
		wantOAuth(f, refused(elsewhere), http.StatusBadRequest, "invalid_request")
		for range 5 { // who is behind the same proxy is not locked out, and pays nothing
			wantStatus(f, f.serve(from(f.tokenRequest(c), here)), http.StatusOK)
		}

		time.Sleep(time.Minute) // in the bubble's own time
		wantOAuth(f, refused(here), http.StatusBadRequest, "invalid_request")
	})
}

func TestBudgetOfAnIPv6Network(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *oauth.Config) { c.Limits.PerAddress = 2 })
	refused := func(address string) *webtest.Answer {
		return f.serve(from(f.form("/v1/oauth/token"), address))
	}
	wantStatus(f, refused("[2001:db8:0:1::1]:1"), http.StatusBadRequest)
	wantStatus(f, refused("[2001:db8:0:1:ffff::2]:1"), http.StatusBadRequest)
	wantLimited(f, refused("[2001:db8:0:1:1:2:3:4]:1"))
	wantStatus(f, refused("[2001:db8:0:2::1]:1"), http.StatusBadRequest)
}

func TestBudgetOfAnApp(t *testing.T) {
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

func TestBudgetOfFailures(t *testing.T) {
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

func TestClientAddressIsTheOperatorsChoice(t *testing.T) {
	t.Parallel()
	spoofed := func(f *fixture, client string) *webtest.Answer {
		r := from(f.form("/v1/oauth/token"), here)
		r.Header.Set("X-Forwarded-For", client)
		r.Header.Set("X-Real-Ip", client)
		return f.serve(r)
	}
	f := newFixture(t, func(c *oauth.Config) { c.Limits.PerAddress = 1 })
	wantStatus(f, spoofed(f, "198.51.100.1"), http.StatusBadRequest)
	wantLimited(f, spoofed(f, "198.51.100.2")) // headers are not believed by default

	f = newFixture(t, func(c *oauth.Config) {
		c.Limits.PerAddress = 1
		c.ClientAddress = func(r *http.Request) string { return r.Header.Get("X-Real-Ip") }
	})
	wantStatus(f, spoofed(f, "198.51.100.1"), http.StatusBadRequest)
	wantStatus(f, spoofed(f, "198.51.100.2"), http.StatusBadRequest)
}
