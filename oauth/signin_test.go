package oauth_test

import (
	"net/http"
	"testing"

	"github.com/cpodkit/cpodkit/oauth"
)

// The whole way of a user who is kept here: invited, signed in, signed out.
func TestInvitedUserSignsIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	user := s.invite("t1", "Ann@Example.com")
	b := s.visitor()
	page := b.open("/private?client_id=shop&x=1")
	page.want(t, http.StatusOK, "Sign in")
	page = b.submit(page, "/login", "email", " ann@EXAMPLE.com ", "password", goodPassword)
	page.want(t, http.StatusOK, "t1 "+user.ID+" ann@example.com")
	if page.at != s.url+"/private?client_id=shop&x=1" {
		t.Errorf("the browser is at %s", page.at)
	}
	page = b.open("/login")
	page.want(t, http.StatusOK, "You are signed in")
	b.submit(page, "/logout").want(t, http.StatusOK, "You are signed out")
	b.open("/private").want(t, http.StatusOK, "Organisation")
}

// The whole way of a user of an upstream provider.
func TestUpstreamUserSignsIn(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	s := newSite(t, func(_ *site, c *oauth.SessionsConfig) {
		c.Local, c.Upstreams = nil, []*oauth.Upstream{p.upstream("corp")}
	})
	b := s.visitor()
	page := b.open("/private?a=b")
	page.want(t, http.StatusOK, "t1 corp-alice alice@example.com")
	if page.at != s.url+"/private?a=b" {
		t.Errorf("the browser is at %s", page.at)
	}
}
