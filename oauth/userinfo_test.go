package oauth_test

import (
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/cpodkit/cpodkit/oauth"
)

// A provider may give e-mail addresses at its UserInfo endpoint alone.
func TestUserInfo(t *testing.T) {
	t.Parallel()
	says := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if got := r.Header.Get("Authorization"); got != "Bearer x" {
				t.Errorf("the endpoint is asked with %q", got)
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	for name, c := range map[string]struct {
		info   http.HandlerFunc // nil for a provider without the endpoint
		change func(*provider)
		status int
		want   string
	}{
		"an address":       {info: says(200, `{"sub":"alice","email":"Alice@example.com","email_verified":true}`), status: 200, want: "t9 corp-alice alice@example.com"},
		"a name":           {info: says(200, `{"sub":"alice","email":"a@example.com","email_verified":true,"name":"Bob"}`), status: 200, want: "t9 corp-alice a@example.com"},
		"not verified":     {info: says(200, `{"sub":"alice","email":"alice@example.com"}`), status: 403, want: "belongs to no organisation"},
		"verified as text": {info: says(200, `{"sub":"alice","email":"alice@example.com","email_verified":"true"}`), status: 403, want: "belongs to no organisation"},
		"no address":       {info: says(200, `{"sub":"alice"}`), status: 403, want: "belongs to no organisation"},
		"no endpoint":      {status: 403, want: "belongs to no organisation"},
		"another user":     {info: says(200, `{"sub":"bob","email":"bob@example.com","email_verified":true}`), status: 403, want: "cannot be used to sign in"},
		"no user":          {info: says(200, `{"email":"bob@example.com","email_verified":true}`), status: 403, want: "cannot be used to sign in"},
		"a JWT":            {info: says(200, `eyJ.e30.x`), status: 403, want: "cannot be used to sign in"},
		"refused":          {info: says(401, `{}`), status: 403, want: "cannot be used to sign in"},
		"down":             {info: says(503, `x`), status: 503, want: "does not answer"},
		"by http": {
			info: says(200, `{}`), change: func(p *provider) { p.discovery["userinfo_endpoint"] = "http://evil.example/userinfo" },
			status: 503, want: "does not answer",
		},
		"in the ID token": {
			info:   says(200, `{"sub":"bob","email":"bob@example.org","email_verified":true}`),
			change: func(p *provider) { p.claims["email"] = "alice@example.com" }, status: 200, want: "t9 corp-alice alice@example.com",
		},
		"an address in the ID token is not verified": {
			info:   says(200, `{"sub":"alice","email":"alice@example.com","email_verified":true}`),
			change: func(p *provider) { p.claims["email"], p.claims["email_verified"] = "alice@example.com", false }, status: 403, want: "belongs to no organisation",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			delete(p.claims, "email")
			if c.info != nil {
				p.userInfo, p.discovery["userinfo_endpoint"] = c.info, p.server.URL+"/userinfo"
			}
			if c.change != nil {
				c.change(p)
			}
			u := p.upstream("corp", func(u *oauth.UpstreamConfig) { u.Tenant, u.Domains = "", map[string]string{"example.com": "t9"} })
			newSite(t, withUpstreams(u)).visitor().open("/private").want(t, c.status, c.want)
		})
	}
}

// A UserInfo endpoint that is slow holds no more sign-ins than the token endpoint may.
func TestUserInfoIsBounded(t *testing.T) {
	t.Parallel()
	const most = 64
	p := newProvider(t)
	delete(p.claims, "email")
	asked, answer := make(chan struct{}, 2*most), make(chan struct{})
	p.discovery["userinfo_endpoint"] = p.server.URL + "/userinfo"
	p.userInfo = func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		<-answer
		_, _ = io.WriteString(w, `{"sub":"alice"}`)
	}
	s := newSite(t, withUpstreams(p.upstream("corp")))
	var all sync.WaitGroup
	for range most {
		v := s.visitor()
		all.Go(func() { v.open("/private") })
	}
	for range most {
		<-asked
	}
	s.visitor().open("/private").want(t, http.StatusServiceUnavailable, "does not answer")
	close(answer)
	all.Wait()
}
