package oauth_test

import (
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/oauth"
)

// Faults of a provider: none signs anybody in, none shows an address of it, and each ends.
func TestProvidersThatFail(t *testing.T) {
	t.Parallel()
	tokens := func(status int, body string) func(*provider) {
		return func(p *provider) {
			p.tokens = func(w http.ResponseWriter, _ *http.Request) bool {
				w.WriteHeader(status)
				_, _ = io.WriteString(w, body)
				return true
			}
		}
	}
	discovery := func(name string, value any) func(*provider) {
		return func(p *provider) { p.discovery[name] = value }
	}
	for name, c := range map[string]struct {
		change func(*provider)
		status int
	}{
		"down":                      {func(p *provider) { p.server.Close() }, http.StatusServiceUnavailable},
		"another issuer":            {discovery("issuer", "https://evil.example"), http.StatusServiceUnavailable},
		"keys by http":              {discovery("jwks_uri", "http://evil.example/keys"), http.StatusServiceUnavailable},
		"tokens by http":            {discovery("token_endpoint", "http://evil.example/token"), http.StatusServiceUnavailable},
		"no authorization endpoint": {discovery("authorization_endpoint", nil), http.StatusServiceUnavailable},
		"no keys":                   {func(p *provider) { p.keys = func() []any { return nil } }, http.StatusServiceUnavailable},
		"tokens fail":               {tokens(500, "x"), http.StatusServiceUnavailable},
		"tokens are none":           {tokens(200, `{"access_token":"x"}`), http.StatusForbidden},
		"tokens are HTML":           {tokens(200, "<html>"), http.StatusForbidden},
		"tokens are refused":        {tokens(400, `{"error":"invalid_grant"}`), http.StatusForbidden},
		"tokens are huge":           {tokens(200, strings.Repeat(" ", 2<<20)), http.StatusServiceUnavailable},
		"tokens are elsewhere": {func(p *provider) {
			p.tokens = func(w http.ResponseWriter, r *http.Request) bool {
				http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
				return true
			}
		}, http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			u := p.upstream("corp")
			c.change(p)
			v := newSite(t, withUpstreams(u)).visitor()
			page := v.open("/private")
			if page.Code != c.status || strings.Contains(page.Body.String(), "127.0.0.1") || v.cookie("cpod") != "" {
				_, body, _ := strings.Cut(page.Body.String(), "</style>")
				t.Errorf("%d, want %d: %s", page.Code, c.status, body)
			}
		})
	}
}

// Attack: a provider leads this server to an address of its own network.
func TestProvidersAtPrivateAddresses(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	secure := httptest.NewTLSServer(p.server.Config.Handler)
	t.Cleanup(secure.Close)
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	for name, c := range map[string]struct {
		allowed   bool
		endpoints string // where they are
		want      int
	}{
		"not allowed":                   {false, secure.URL, http.StatusServiceUnavailable},
		"allowed":                       {true, secure.URL, http.StatusSeeOther},
		"plain http of this machine":    {true, p.server.URL, http.StatusServiceUnavailable},
		"plain http of another machine": {true, "http://10.0.0.1", http.StatusServiceUnavailable},
	} {
		p.mu.Lock()
		p.discovery["issuer"], p.discovery["jwks_uri"] = secure.URL, secure.URL+"/keys"
		p.discovery["authorization_endpoint"], p.discovery["token_endpoint"] = secure.URL+"/authorize", c.endpoints+"/token"
		p.mu.Unlock()
		u := p.upstream("corp", func(u *oauth.UpstreamConfig) {
			u.Issuer, u.RootCAs, u.AllowPrivateAddresses = secure.URL, roots, c.allowed
		})
		if page := newSite(t, withUpstreams(u)).visitor().get("/login?return=/private"); page.Code != c.want {
			t.Errorf("%s: %d, want %d", name, page.Code, c.want)
		}
	}
}

// A provider that stops to answer keeps nobody waiting who has what is known of it.
func TestProviderThatHangs(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	s := newSite(t, withUpstreams(p.upstream("corp")))
	s.visitor().open("/private").want(t, http.StatusOK, "t1 corp-alice")
	p.mu.Lock() // it answers nothing meanwhile
	defer p.mu.Unlock()
	page := s.visitor().get("/login?return=/private")
	if page.Code != http.StatusSeeOther {
		t.Errorf("%d", page.Code)
	}
}

// Keys that rotate are found, and unknown ids do not have the provider asked each time.
func TestProviderRotates(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	s := newSite(t, withUpstreams(p.upstream("corp")))
	s.visitor().open("/private").want(t, http.StatusOK, "t1 corp-alice")
	p.header["kid"] = "unknown"
	for range 5 {
		s.visitor().open("/private").want(t, http.StatusForbidden, "cannot be used")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.jwksCalls != 1 {
		t.Errorf("the keys were asked for %d times within a few seconds", p.jwksCalls)
	}
}
