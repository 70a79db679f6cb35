package oauth_test

import (
	"net/http"
	"testing"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/cpodkit/cpodkit/oauth"
)

// Providers are replaced while users sign in. The sessions of one that is gone end.
func TestSetUpstreams(t *testing.T) {
	t.Parallel()
	p, q := newProvider(t), newProvider(t)
	s := newSite(t, withUpstreams(p.upstream("corp")))
	v := s.visitor()
	v.open("/private").want(t, http.StatusOK, "t1 corp-alice")
	s.must(s.sessions.SetUpstreams(q.upstream("corp"), p.upstream("more")))
	v.open("/private").want(t, http.StatusOK, "t1 corp-alice")
	for _, wrong := range [][]*oauth.Upstream{{}, {nil}, {p.upstream("x"), q.upstream("x")}} {
		if err := s.sessions.SetUpstreams(wrong...); err == nil {
			t.Errorf("%v is accepted", wrong)
		}
	}
	v.open("/private").want(t, http.StatusOK, "t1 corp-alice")
	s.must(s.sessions.SetUpstreams(q.upstream("other")))
	v.open("/private").want(t, http.StatusOK, "t1 other-alice")
}

// Attempts to sign in are counted by way and outcome.
func TestSignInsAreCounted(t *testing.T) {
	t.Parallel()
	reader := sdkmetric.NewManualReader()
	p := newProvider(t)
	s := newSite(t, func(_ *site, c *oauth.SessionsConfig) {
		c.Meters, c.Upstreams = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)), []*oauth.Upstream{p.upstream("corp")}
	})
	s.invite("t1", "ann@example.com")
	v := s.visitor()
	for range 11 {
		v.signIn("ann@example.com", "wrong password")
	}
	s.visitor().get("/login/callback?state=x").want(t, http.StatusForbidden, "did not begin in this browser")
	s.visitor().open("/login?upstream=corp").want(t, http.StatusOK, "You are signed in")
	p.server.Close()
	var collected metricdata.ResourceMetrics
	s.must(reader.Collect(t.Context(), &collected))
	got := map[string]int64{}
	for _, scope := range collected.ScopeMetrics {
		for _, m := range scope.Metrics {
			sum, ok := m.Data.(metricdata.Sum[int64])
			if !ok || m.Name != "cpodkit.oauth.sign_ins" {
				continue
			}
			for _, point := range sum.DataPoints {
				way, _ := point.Attributes.Value("cpodkit.oauth.way")
				outcome, _ := point.Attributes.Value("cpodkit.oauth.outcome")
				got[way.AsString()+" "+outcome.AsString()] = point.Value
			}
		}
	}
	for what, want := range map[string]int64{"password refused": 10, "password throttled": 1, "provider refused": 1, "provider signed_in": 1} {
		if got[what] != want {
			t.Errorf("%s: %d, want %d in %v", what, got[what], want, got)
		}
	}
}
