package oauth_test

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/oauth/localusers"
	"github.com/cpodkit/cpodkit/oauth/oauthtest"
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

func TestMemorySessions(t *testing.T) {
	t.Parallel()
	oauthtest.RunSessions(t, func(*testing.T) oauth.SessionStore { return oauth.NewMemorySessions() })
}

// What a browser gets at sign-in, on http to this machine and on https.
func TestCookies(t *testing.T) {
	t.Parallel()
	for publicURL, want := range map[string]map[string][]string{
		"http://localhost:8000": {
			"cpod": {"Path=/", "HttpOnly", "SameSite=Lax"}, "cpod-device": {"Path=/", "Max-Age=31536000", "HttpOnly", "SameSite=Lax"},
			"cpod-browser": {"Path=/", "Max-Age=0", "HttpOnly", "SameSite=Lax"},
		},
		"https://api.example.com": {
			"__Host-cpod":         {"Path=/", "HttpOnly", "Secure", "SameSite=Lax"},
			"__Host-cpod-device":  {"Path=/", "Max-Age=31536000", "HttpOnly", "Secure", "SameSite=Lax"},
			"__Host-cpod-browser": {"Path=/", "Max-Age=0", "HttpOnly", "Secure", "SameSite=Lax"},
		},
	} {
		t.Run(publicURL, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, func(_ *site, c *oauth.SessionsConfig) { c.PublicURL = publicURL })
			s.invite("t1", "ann@example.com")
			h := s.handler(s.sessions, slog.New(slog.DiscardHandler))
			page := webtest.Call(t, h, http.MethodGet, "/login?tenant=t1", "", "")
			first := page.Result().Cookies()
			form := (&shown{Answer: page}).inputs()
			form.Set("email", "ann@example.com")
			form.Set("password", goodPassword)
			w := webtest.Call(t, h, http.MethodPost, "/login", "", form.Encode(), "Content-Type", "application/x-www-form-urlencoded",
				"Origin", publicURL, "Cookie", first[0].Name+"="+first[0].Value)
			w.WantStatus(t, http.StatusOK)
			got := map[string][]string{}
			for _, line := range w.Header().Values("Set-Cookie") {
				parts := strings.Split(line, "; ")
				name, _, _ := strings.Cut(parts[0], "=")
				got[name] = parts[1:]
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("the cookies are %v, want %v", got, want)
			}
		})
	}
}

// A server that others reach by http serves no page of sign-in, and knows no session.
func TestSignInNeedsHTTPS(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(_ *site, c *oauth.SessionsConfig) { c.PublicURL = "http://api.example.com" })
	v := s.visitor()
	for _, path := range []string{"/login", "/login/callback?code=x", "/invite/x"} {
		v.get(path).want(t, http.StatusNotImplemented, "It must be https")
	}
	for _, path := range []string{"/login", "/logout", "/invite/x"} {
		v.do(http.MethodPost, path, nil).want(t, http.StatusNotImplemented, "It must be https")
	}
}

// A session ends on every replica at once, whoever ends it.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	yes := true
	for name, end := range map[string]func(s *site, user localusers.Account) error{
		"the user is ended": func(s *site, user localusers.Account) error {
			n, err := s.sessions.EndUser(s.Context(), user.TenantID, user.ID)
			if n != 2 {
				s.Errorf("%d sessions were ended", n)
			}
			return err
		},
		"the user is disabled": func(s *site, user localusers.Account) error {
			_, err := s.users.Change(s.Context(), user.TenantID, user.ID, localusers.Change{Disabled: &yes})
			return err
		},
		"the user is deleted": func(s *site, user localusers.Account) error {
			_, err := s.users.Delete(s.Context(), user.TenantID, user.ID)
			return err
		},
		"the account is gone": func(s *site, user localusers.Account) error {
			current, err := s.accounts.Get(s.Context(), user.TenantID, user.ID)
			s.must(err)
			return s.accounts.Delete(s.Context(), current)
		},
		"the password is another": func(s *site, user localusers.Account) error {
			link, err := s.users.Reset(s.Context(), user.TenantID, user.ID)
			s.must(err)
			_, err = s.users.UseLink(s.Context(), strings.TrimPrefix(link.URL, s.url+"/invite/"), "another good password")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			user := s.invite("t1", "ann@example.com")
			s.invite("t1", "bob@example.com")
			here, there, other := s.visitor(), s.visitor(), s.visitor()
			for v, email := range map[*visitor]string{here: "ann@example.com", there: "ann@example.com", other: "bob@example.com"} {
				v.signIn(email, goodPassword).want(t, http.StatusOK, email)
			}
			s.must(end(s, user))
			here.open("/private").want(t, http.StatusOK, "Password")
			there.open("/private").want(t, http.StatusOK, "Password")
			other.open("/private").want(t, http.StatusOK, "bob@example.com")
		})
	}
}

func TestSessionsGrowOld(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		age   func(s *oauth.Session)
		lives bool
	}{
		"used lately":     {func(s *oauth.Session) { s.EndsAt = time.Now().Add(time.Minute) }, true},
		"idle":            {func(s *oauth.Session) { s.EndsAt = time.Now().Add(-time.Millisecond) }, false},
		"old, but in use": {func(s *oauth.Session) { s.ExpiresAt = time.Now().Add(-time.Millisecond) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.invite("t1", "ann@example.com")
			v := s.visitor()
			v.signIn("ann@example.com", goodPassword).want(t, http.StatusOK, "ann@example.com")
			digest := oauth.SessionDigest(sha256.Sum256([]byte(v.cookie("cpod"))))
			session, err := s.store.Find(t.Context(), digest)
			s.must(err)
			if life := session.ExpiresAt.Sub(session.CreatedAt); life != oauth.SessionLife {
				t.Errorf("a session lives %s", life)
			}
			if idle := session.EndsAt.Sub(session.CreatedAt); idle != oauth.SessionIdle {
				t.Errorf("a session may be idle for %s", idle)
			}
			s.must(s.store.Delete(t.Context(), digest))
			c.age(&session)
			s.must(s.store.Create(t.Context(), session))
			page := v.open("/private")
			if !c.lives {
				page.want(t, http.StatusOK, "Password")
				return
			}
			page.want(t, http.StatusOK, "ann@example.com")
			extended, err := s.store.Find(t.Context(), digest)
			s.must(err)
			if !extended.EndsAt.After(session.EndsAt.Add(time.Hour)) || extended.EndsAt.After(extended.ExpiresAt) {
				t.Errorf("after use the session ends at %s, and expires at %s", extended.EndsAt, extended.ExpiresAt)
			}
		})
	}
}

// The tenant is that of the app, and else what the user says.
func TestTenantOfSignIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	in1, in2 := s.invite("t1", "ann@example.com"), s.invite("t2", "ann@example.com")
	v := s.visitor()
	page := v.open("/private?client_id=shop")
	if page.inputs().Has("tenant") {
		t.Error("a user whom an app has sent may choose the tenant")
	}
	v.submit(page, "/login", "email", "ann@example.com", "password", goodPassword, "tenant", "t2").want(t, http.StatusOK, "t1 "+in1.ID)
	page = s.visitor().open("/login?tenant=t2")
	if page.inputs().Get("tenant") != "t2" {
		t.Errorf("the form has %v", page.inputs())
	}
	v = s.visitor()
	page = v.open("/private?client_id=unknown")
	v.submit(page, "/login", "email", "ann@example.com", "password", goodPassword, "tenant", "t2").want(t, http.StatusOK, "t2 "+in2.ID)
	v = s.visitor()
	page = v.open("/private")
	v.submit(page, "/login", "email", "ann@example.com", "password", goodPassword, "tenant", "t3").want(t, http.StatusForbidden, "is wrong")
}

func TestTenantThatIsGone(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	s := newSite(t, func(_ *site, c *oauth.SessionsConfig) {
		c.TenantExists = func(context.Context, string) (bool, error) {
			select {
			case <-gone:
				return false, nil
			default:
				return true, nil
			}
		}
	})
	s.invite("t1", "ann@example.com")
	v := s.visitor()
	v.signIn("ann@example.com", goodPassword).want(t, http.StatusOK, "ann@example.com")
	close(gone)
	page := v.open("/private")
	page.want(t, http.StatusOK, "Password")
	v.submit(page, "/login", "tenant", "t1", "email", "ann@example.com", "password", goodPassword).want(t, http.StatusForbidden, "cannot sign in")
	if n, err := s.store.DeleteTenant(t.Context(), "t1"); n != 0 || err != nil {
		t.Errorf("%d sessions are left, %v", n, err)
	}
}

// brokenSessions is a store that does not answer.
type brokenSessions struct{ oauth.SessionStore }

func (brokenSessions) Find(context.Context, oauth.SessionDigest) (oauth.Session, error) {
	return oauth.Session{}, cpodkit.Errorf(cpodkit.CodeUnavailable, "db-7.internal is down")
}

func TestStoreThatIsDown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.invite("t1", "ann@example.com")
	v := s.visitor()
	v.signIn("ann@example.com", goodPassword)
	down := newSite(t, func(_ *site, c *oauth.SessionsConfig) { c.Store = brokenSessions{c.Store} })
	w := down.visitor()
	w.setCookie("cpod", v.cookie("cpod"))
	for _, path := range []string{"/private", "/login"} {
		page := w.get(path)
		if page.Code != http.StatusServiceUnavailable || page.Header().Get("Retry-After") == "" || strings.Contains(page.Body.String(), "db-7") {
			t.Errorf("%s: %d %v %s", path, page.Code, page.Header(), page.Body)
		}
	}
}

// The log has who signed in, and neither cookie nor password.
func TestSignInIsLogged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	user := s.invite("t1", "ann@example.com")
	v := s.visitor()
	v.signIn("ann@example.com", "wrong password!")
	v.signIn("ann@example.com", goodPassword)
	log := s.log.String()
	for _, want := range []string{`"user signed in"`, user.ID, `"source":"local"`, "The e-mail address or the password is wrong"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s", want)
		}
	}
	for _, secret := range []string{v.cookie("cpod"), v.cookie("cpod-device"), goodPassword, "wrong password", "ann@example.com"} {
		if secret == "" || strings.Contains(log, secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}

func TestSessionsConfig(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	for name, change := range map[string]func(*oauth.SessionsConfig){
		"no public URL":           func(c *oauth.SessionsConfig) { c.PublicURL = "" },
		"a path":                  func(c *oauth.SessionsConfig) { c.PublicURL += "/x" },
		"no store":                func(c *oauth.SessionsConfig) { c.Store = nil },
		"no apps":                 func(c *oauth.SessionsConfig) { c.Apps = nil },
		"no limiter":              func(c *oauth.SessionsConfig) { c.Limiter = nil },
		"a short secret":          func(c *oauth.SessionsConfig) { c.Secret = []byte("short") },
		"nobody who signs in":     func(c *oauth.SessionsConfig) { c.Local = nil },
		"no upstream":             func(c *oauth.SessionsConfig) { c.Upstreams = []*oauth.Upstream{nil} },
		"two upstreams of a name": func(c *oauth.SessionsConfig) { c.Upstreams = []*oauth.Upstream{p.upstream("a"), p.upstream("a")} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newSite(t, func(_ *site, c *oauth.SessionsConfig) {
				broken := *c
				change(&broken)
				if _, err := oauth.NewSessions(broken); err == nil {
					t.Error("it is accepted")
				}
			})
		})
	}
}
