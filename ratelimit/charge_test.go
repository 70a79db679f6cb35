package ratelimit_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/ratelimit"
)

func TestCharge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(t, ratelimit.NewMemory())
		ctx, record := cpodkit.WithRecord(t.Context(), "id", cpodkit.ServerInfo{})
		charge := func(name, key string) (http.Header, error) {
			w := httptest.NewRecorder()
			err := l.Charge(w, httptest.NewRequestWithContext(ctx, http.MethodPost, "/", nil), name, key, 2, time.Minute)
			return w.Header(), err
		}
		for range 2 {
			if _, err := charge("wrong", "ann"); err != nil || record.Limit() != "" {
				t.Fatalf("%v, %q", err, record.Limit())
			}
		}
		h, err := charge("wrong", "ann")
		refusal, _ := errors.AsType[*cpodkit.Error](err)
		if refusal == nil || refusal.Code != cpodkit.CodeRateLimited || refusal.RetryAfter != 30*time.Second || record.Limit() != "wrong" {
			t.Errorf("%v %q", err, record.Limit())
		}
		if h.Get("RateLimit") != `"wrong";r=0;t=30` || h.Get("RateLimit-Policy") != `"wrong";q=2;w=60` {
			t.Errorf("%v", h)
		}
		for _, other := range [][2]string{{"wrong", "bob"}, {"other", "ann"}, {"wrong", strings.Repeat("x", 5000)}, {"wrong", ""}} {
			if _, err := charge(other[0], other[1]); err != nil {
				t.Errorf("%.20q: %v", other, err)
			}
		}
		time.Sleep(30 * time.Second)
		if _, err := charge("wrong", "ann"); err != nil {
			t.Errorf("after the wait: %v", err)
		}
	})
}

// A limiter that fails refuses nobody, and says so; a malformed limit is a mistake
// of the handler.
func TestChargeFails(t *testing.T) {
	t.Parallel()
	l := newLimiter(t, &broken{ratelimit.NewMemory(), errors.New("10.1.2.3: boom")})
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil)
	if err := l.Charge(w, r, "wrong", "ann", 2, time.Minute); err != nil || w.Header().Get("Cpod-RateLimit") != `"wrong";unavailable` {
		t.Errorf("%v %v", err, w.Header())
	}
	if err := l.Charge(w, r, "wrong", "ann", 0, time.Minute); !errors.Is(err, cpodkit.CodeInternal) {
		t.Errorf("no tokens: %v", err)
	}
}

// A policy by identity that is outside of the authentication counts by address: it
// is not one bucket for everybody.
func TestWithoutIdentity(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]ratelimit.Key{
		"identity": ratelimit.ByIdentity(), "app": ratelimit.ByApp(), "tenant": ratelimit.ByTenant(),
	} {
		l := newLimiter(t, ratelimit.NewMemory())
		s := newSite(newMiddleware(t, l, ratelimit.Policy{Limit: perMinute("", 1), Key: key}), authenticate)
		for _, peer := range []string{"192.0.2.1:1", "192.0.2.2:1", "[2001:db8::1]:1", "@"} {
			if w := s.get("/things/1", "t/a/u", "Peer", peer); w.Code != http.StatusOK {
				t.Errorf("%s of %s: %d", name, peer, w.Code)
			}
			if w := s.get("/things/1", "x/y/z", "Peer", peer); w.Code != http.StatusTooManyRequests {
				t.Errorf("%s of %s, again: %d", name, peer, w.Code)
			}
		}
	}
}

// A limit by route that could never know its route is refused when it is built.
func TestByRouteNeedsWrap(t *testing.T) {
	t.Parallel()
	l := newLimiter(t, ratelimit.NewMemory())
	for _, key := range []ratelimit.Key{ratelimit.ByRoute(), ratelimit.Combine(ratelimit.ByTenant(), ratelimit.Combine(ratelimit.ByRoute()))} {
		policy := ratelimit.Policy{Limit: perMinute("", 1), Key: key}
		if _, err := l.Middleware(policy); err == nil || !strings.Contains(err.Error(), "Wrap") {
			t.Errorf("Middleware: %v", err)
		}
		if _, err := l.Wrap(policy); err != nil {
			t.Errorf("Wrap: %v", err)
		}
	}
}

func TestUsualPolicies(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		policy      ratelimit.Policy
		same, other string // tokens
	}{
		"client": {ratelimit.PerClientAddr(1, time.Minute), "x/y/z", ""},
		"user":   {ratelimit.PerUser(1, time.Minute), "t/a/u", "t/a/v"},
		"app":    {ratelimit.PerApp(1, time.Minute), "t/a/v", "t/b/u"},
		"tenant": {ratelimit.PerTenant(1, time.Minute), "t/b/v", "x/a/u"},
	} {
		s := newSite(authenticate, newMiddleware(t, newLimiter(t, ratelimit.NewMemory()), c.policy))
		if w := s.get("/things/1", "t/a/u"); w.Header().Get("RateLimit-Policy") != `"`+name+`";q=1;w=60` {
			t.Errorf("%s: %v", name, w.Header())
		}
		if w := s.get("/things/1", c.same); w.Code != http.StatusTooManyRequests {
			t.Errorf("%s: %s is served", name, c.same)
		}
		if c.other != "" && s.get("/things/1", c.other).Code != http.StatusOK {
			t.Errorf("%s: %s is refused", name, c.other)
		}
	}
}
