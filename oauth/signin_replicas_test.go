package oauth_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/oauth/localusers"
)

// newCluster is a site of three replicas, each of which gets every third request.
func newCluster(t *testing.T, changes ...func(*site, *oauth.SessionsConfig)) *site {
	t.Helper()
	var config oauth.SessionsConfig
	s := newSite(t, append(changes, func(_ *site, c *oauth.SessionsConfig) { config = *c })...)
	replicas := make([]http.Handler, 3)
	for i := range replicas {
		own := config
		if config.Local != nil {
			users, err := localusers.New(s.accounts, s.url, localusers.WithCost(cheap))
			s.must(err)
			own.Local = users
		}
		sessions, err := oauth.NewSessions(own)
		s.must(err)
		replicas[i] = s.handler(sessions, slog.New(slog.DiscardHandler))
	}
	var n atomic.Uint32
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		replicas[n.Add(1)%3].ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	s.url = front.URL
	return s
}

func TestSignInOverReplicas(t *testing.T) {
	t.Parallel()
	s := newCluster(t)
	link, err := s.users.Invite(t.Context(), localusers.NewUser{TenantID: "t1", Email: "ann@example.com"})
	s.must(err)
	_, path, _ := strings.Cut(strings.TrimPrefix(link.URL, "http://"), "/")
	first, second := s.visitor(), s.visitor()
	first.submit(first.get("/"+path), "/"+path, "password", goodPassword).want(t, http.StatusOK, "You are signed in")
	second.signIn("ann@example.com", goodPassword).want(t, http.StatusOK, "ann@example.com")
	for _, v := range []*visitor{first, second} {
		for range 3 {
			v.open("/private").want(t, http.StatusOK, "ann@example.com")
		}
	}
	first.submit(first.get("/login"), "/logout").want(t, http.StatusOK, "You are signed out")
	for range 3 {
		first.open("/private").want(t, http.StatusOK, "Password")
		second.open("/private").want(t, http.StatusOK, "ann@example.com")
	}
	_, err = s.sessions.EndUser(t.Context(), "t1", link.User.ID)
	s.must(err)
	for range 3 {
		second.open("/private").want(t, http.StatusOK, "Password")
	}
}

func TestUpstreamSignInOverReplicas(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	var public string
	s := newCluster(t, withUpstreams(p.upstream("corp")), func(s *site, _ *oauth.SessionsConfig) { public = s.url })
	for range 3 {
		v := s.visitor()
		page := v.get(v.get("/login?return=/private").Header().Get("Location"))
		back := strings.TrimPrefix(page.Header().Get("Location"), public)
		v.open(back).want(t, http.StatusOK, "t1 corp-alice")
	}
}
