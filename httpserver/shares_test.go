package httpserver_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/httpserver"
)

func TestShareRequests(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ connections, alone int }{{4, 1}, {64, 8}, {16_000, 2000}} {
		held, release := make(chan struct{}), make(chan struct{})
		handler := httpserver.ShareRequests(c.connections)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Hold") != "" {
				held <- struct{}{}
				<-release
			}
		}))
		serve := func(tenant string, hold bool) *httptest.ResponseRecorder {
			r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
			if tenant != "" {
				r = r.WithContext(cpodkit.WithIdentity(r.Context(), cpodkit.Identity{TenantID: tenant, AppID: "app"}))
			}
			if hold {
				r.Header.Set("X-Hold", "1")
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			return w
		}
		for range c.alone {
			go serve("a", true)
			<-held
		}
		for range 3 {
			w := serve("a", false)
			if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "1" || w.Header().Get("RateLimit") != `"requests";r=0;t=1` ||
				!strings.Contains(w.Body.String(), "Your tenant has ") {
				t.Fatalf("beyond %d of %d requests: %d %s", c.alone, c.connections, w.Code, w.Body)
			}
		}
		for i := range 1000 {
			if w := serve("b", false); w.Code != http.StatusOK {
				t.Fatalf("request %d of another tenant: %d %s", i, w.Code, w.Body)
			}
		}
		if w := serve("", false); w.Code != http.StatusOK {
			t.Errorf("without an identity: %d", w.Code)
		}
		close(release)
	}
}
