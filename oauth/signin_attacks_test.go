package oauth_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/oauth/localusers"
)

// Attack: after sign-in the browser goes to a site of the attacker.
func TestOpenRedirect(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.invite("t1", "ann@example.com")
	for _, evil := range []string{
		"https://evil.example", "//evil.example", "///evil.example", `/\evil.example`, `\\evil.example`, "/\t/evil.example", "/\n/evil.example",
		"\t//evil.example", "javascript:alert(1)", "data:text/html,x", "evil.example", "@evil.example", "/%0d%0aLocation:%20https://evil.example",
		"/x#y", "/a//b", "http:/evil.example", "https:evil.example", "/ /evil.example", "/\u2028/evil.example", "/" + strings.Repeat("a", 8<<10),
		"?x", ".", "", "//" + strings.TrimPrefix(s.url, "http://") + "@evil.example", s.url + "/private", "/\x00/evil.example",
	} {
		t.Run(fmt.Sprintf("%.40q", evil), func(t *testing.T) {
			t.Parallel()
			v := s.visitor()
			for _, page := range []*shown{
				v.get("/login?" + url.Values{"return": {evil}, "tenant": {"t1"}}.Encode()),
				v.submit(v.get("/login?tenant=t1"), "/login", "email", "ann@example.com", "password", goodPassword, "return", evil),
			} {
				where := page.Header().Get("Location")
				if next := leadsOn.FindStringSubmatch(page.Body.String()); next != nil {
					where = next[1]
				}
				if strings.Contains(where, "evil") || strings.Contains(page.Body.String(), "evil.example") || !strings.HasPrefix(page.at, s.url) {
					t.Errorf("%d, the browser goes to %q", page.Code, where)
				}
			}
			w := httptest.NewRecorder()
			s.sessions.Begin(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/private", nil), evil)
			if w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" {
				t.Errorf("Begin answers %d %v", w.Code, w.Header())
			}
		})
	}
}

// Attack: a page of another site sends the forms of ours. No row may have an effect.
func TestForgedForms(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	attacker := s.visitor()
	stolen := attacker.get("/login?tenant=t1").inputs().Get("csrf")
	for name, c := range map[string]struct {
		header http.Header
		csrf   func(form url.Values)
	}{
		"no token":                {nil, func(f url.Values) { f.Del("csrf") }},
		"an empty token":          {nil, func(f url.Values) { f.Set("csrf", "") }},
		"a made-up token":         {nil, func(f url.Values) { f.Set("csrf", strings.Repeat("A", len(stolen))) }},
		"the attacker's token":    {nil, func(f url.Values) { f.Set("csrf", stolen) }},
		"two tokens":              {nil, func(f url.Values) { f.Add("csrf", stolen) }},
		"another site":            {http.Header{"Sec-Fetch-Site": {"cross-site"}}, nil},
		"another host of ours":    {http.Header{"Sec-Fetch-Site": {"same-site"}}, nil},
		"no page at all":          {http.Header{"Sec-Fetch-Site": {"none"}}, nil},
		"an old browser":          {http.Header{"Origin": {"https://evil.example"}}, nil},
		"an origin like ours":     {http.Header{"Origin": {s.url + ".evil.example"}}, nil},
		"an origin of our scheme": {http.Header{"Origin": {"http://127.0.0.1"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, who := s.visitor(), fmt.Sprintf("%x@example.com", sha256.Sum256([]byte(name)))
			s.invite("t1", who)
			send := func(action string, form url.Values) *shown {
				if c.csrf != nil {
					c.csrf(form)
				}
				if c.header != nil {
					defer func(before http.Header) { v.header = before }(v.header)
					v.header = c.header
				}
				return v.do(http.MethodPost, action, form)
			}
			form := v.get("/login?tenant=t1").inputs()
			form.Set("email", who)
			form.Set("password", goodPassword)
			if page := send("/login", form); page.Code != http.StatusForbidden && page.Code != http.StatusBadRequest || v.cookie("cpod") != "" {
				t.Errorf("sign-in: %d", page.Code)
			}
			link, err := s.users.Invite(t.Context(), localusers.NewUser{TenantID: "t1", Email: "new-" + who})
			s.must(err)
			at := strings.TrimPrefix(link.URL, s.url)
			form = v.get(at).inputs()
			form.Set("password", goodPassword)
			if page := send(at, form); page.Code < 400 || v.cookie("cpod") != "" {
				t.Errorf("invitation: %d", page.Code)
			}
			v.signIn(who, goodPassword)
			if page := send("/logout", v.get("/login").inputs()); page.Code < 400 {
				t.Errorf("sign-out: %d", page.Code)
			}
			v.open("/private").want(t, http.StatusOK, who)
		})
	}
}

// Attack: the form of one page is sent for another one, or from another browser.
func TestTokensOfFormsAreBound(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.invite("t1", "ann@example.com")
	v := s.visitor()
	before := v.get("/login?tenant=t1").inputs().Get("csrf")
	v.signIn("ann@example.com", goodPassword)
	v.do(http.MethodPost, "/logout", url.Values{"csrf": {before}}).want(t, http.StatusForbidden, "did not come from a page")
	after := v.get("/login").inputs().Get("csrf")
	form := url.Values{"csrf": {after}, "tenant": {"t1"}, "email": {"ann@example.com"}, "password": {goodPassword}}
	v.do(http.MethodPost, "/login", form).want(t, http.StatusForbidden, "did not come from a page")
	// Without a cookie no token is right.
	s.visitor().do(http.MethodPost, "/login", form).want(t, http.StatusForbidden, "did not come from a page")
}

// Attack: a session or a name that the attacker has put into the browser becomes the user's.
func TestSessionFixation(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.invite("t1", "ann@example.com")
	s.invite("t1", "eve@example.com")
	eve := s.visitor()
	eve.signIn("eve@example.com", goodPassword)
	for name, planted := range map[string]string{"a made-up one": strings.Repeat("A", 43), "a session of the attacker": eve.cookie("cpod")} {
		t.Run(name, func(t *testing.T) {
			v := s.visitor()
			v.setCookie("cpod", planted)
			v.signIn("ann@example.com", goodPassword).want(t, http.StatusOK, "ann@example.com")
			if now := v.cookie("cpod"); now == planted || now == "" {
				t.Errorf("the cookie is %q", now)
			}
			other := s.visitor()
			other.setCookie("cpod", planted)
			if planted != eve.cookie("cpod") {
				other.open("/private").want(t, http.StatusOK, "Password")
				return
			}
			other.open("/private").want(t, http.StatusOK, "Password") // it ended with the sign-in over it
		})
	}
	// Each sign-in is another session.
	v := s.visitor()
	v.signIn("ann@example.com", goodPassword)
	first := v.cookie("cpod")
	v.submit(v.get("/login?tenant=t1"), "/login", "email", "ann@example.com", "password", goodPassword)
	if v.cookie("cpod") == first {
		t.Error("the second sign-in has the session of the first one")
	}
	old := s.visitor()
	old.setCookie("cpod", first)
	old.open("/private").want(t, http.StatusOK, "Password")
}

// Attack: cookies that are no session.
func TestForgedCookies(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.invite("t1", "ann@example.com")
	v := s.visitor()
	v.signIn("ann@example.com", goodPassword)
	good := v.cookie("cpod")
	digest := sha256.Sum256([]byte(good))
	for name, header := range map[string]string{
		"empty":                   "cpod=",
		"the digest":              fmt.Sprintf("cpod=%x", digest),
		"one letter less":         "cpod=" + good[:len(good)-1],
		"one letter more":         "cpod=" + good + "A",
		"another case":            "cpod=" + strings.ToUpper(good),
		"twice":                   "cpod=" + good + "; cpod=" + good,
		"after one of a stranger": "cpod=x; cpod=" + good,
		"another name":            "Cpod=" + good,
		"the name of https":       "__Host-cpod=" + good,
		"as the browser":          "cpod-browser=" + good,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/private", nil)
			s.must(err)
			r.Header.Set("Cookie", header)
			if u, ok, err := s.sessions.User(t.Context(), r); ok || err != nil {
				t.Errorf("it is the session of %+v, %v", u, err)
			}
		})
	}
}

// Attack: a page of ours in a frame of another site, or kept by a cache.
func TestPagesAreNotFramed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.invite("t1", "ann@example.com")
	link, err := s.users.Invite(t.Context(), localusers.NewUser{TenantID: "t1", Email: "new@example.com"})
	s.must(err)
	v := s.visitor()
	signedIn := s.visitor()
	signedIn.signIn("ann@example.com", goodPassword)
	for name, page := range map[string]*shown{
		"sign in":        v.get("/login"),
		"refused":        v.submit(v.get("/login?tenant=t1"), "/login", "email", "ann@example.com", "password", "wrong"),
		"bad return":     v.get("/login?return=//x"),
		"callback":       v.get("/login/callback"),
		"invitation":     v.get(strings.TrimPrefix(link.URL, s.url)),
		"no invitation":  v.get("/invite/x"),
		"signed in":      signedIn.get("/login"),
		"signed out":     v.do(http.MethodPost, "/logout", nil),
		"no such method": v.get("/login?upstream=x"),
	} {
		h := page.Header()
		if csp := h.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") || !strings.Contains(csp, "default-src 'none'") ||
			!strings.Contains(csp, "base-uri 'none'") || !strings.Contains(csp, "form-action 'self';") {
			t.Errorf("%s: the policy is %q", name, csp)
		}
		if h.Get("X-Frame-Options") != "DENY" || h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: the headers are %v", name, h)
		}
		if strings.Contains(page.Body.String(), "<script") {
			t.Errorf("%s has a script", name)
		}
	}
}

// Attack: passwords are guessed. Strangers are slowed, whether the user is there or not, and
// however the address is written. The user goes on in a browser that has signed in before.
func TestGuessing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.invite("t1", "ann@example.com")
	known := s.visitor()
	known.signIn("ann@example.com", goodPassword)
	for name, spellings := range map[string][]string{
		"somebody who is there": {"ann@example.com", "ANN@example.com", " ann@example.com", "Ann@Example.COM "},
		"nobody":                {"nobody@example.com", "NOBODY@example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			v := s.visitor()
			slowed := false
			for i := range 14 {
				page := v.submit(v.get("/login?tenant=t1"), "/login", "email", spellings[i%len(spellings)], "password", "guess number "+fmt.Sprint(i))
				if page.Code == http.StatusTooManyRequests {
					slowed = true
					page.want(t, http.StatusTooManyRequests, "Try again in")
					if page.Header().Get("Retry-After") == "" {
						t.Error("it does not say when")
					}
				} else if page.want(t, http.StatusForbidden, "The e-mail address or the password is wrong."); slowed {
					t.Error("the limit is over at once")
				}
			}
			if !slowed {
				t.Error("nobody is slowed")
			}
		})
	}
	stranger := s.visitor()
	stranger.signIn("ann@example.com", goodPassword).want(t, http.StatusTooManyRequests, "Try again in")
	known.signIn("ann@example.com", goodPassword).want(t, http.StatusOK, "ann@example.com")
	// What a device remembers is good for its user alone, and not for guessing on and on.
	s.invite("t1", "eve@example.com")
	eve := s.visitor()
	eve.signIn("eve@example.com", goodPassword)
	stranger.setCookie("cpod-device", eve.cookie("cpod-device"))
	stranger.signIn("ann@example.com", goodPassword).want(t, http.StatusTooManyRequests, "Try again in")
	for range 12 {
		known.signIn("ann@example.com", "not it, not it")
	}
	known.signIn("ann@example.com", goodPassword).want(t, http.StatusTooManyRequests, "Try again in")
	// And a link that an administrator makes helps when nothing else does.
	user, err := s.users.Find(t.Context(), "t1", "ann@example.com")
	s.must(err)
	link, err := s.users.Reset(t.Context(), "t1", user.ID)
	s.must(err)
	fresh := s.visitor()
	at := strings.TrimPrefix(link.URL, s.url)
	fresh.submit(fresh.get(at), at, "password", "another good password").want(t, http.StatusOK, "You are signed in")
	fresh.signIn("ann@example.com", "another good password").want(t, http.StatusOK, "ann@example.com")
}

// Attack: which users there are shows in the answers, or in the work that they take.
func TestUsersAreNotTold(t *testing.T) { //nolint:paralleltest // it measures what is allocated
	s := newSite(t)
	s.invite("t1", "ann@example.com")
	disabled, yes := s.invite("t1", "off@example.com"), true
	_, err := s.users.Change(t.Context(), "t1", disabled.ID, localusers.Change{Disabled: &yes})
	s.must(err)
	_, err = s.users.Invite(t.Context(), localusers.NewUser{TenantID: "t1", Email: "new@example.com"})
	s.must(err)
	work := func(email, password string) (string, uint64) {
		v := s.visitor()
		page := v.get("/login?tenant=t1")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		page = v.submit(page, "/login", "email", email, "password", password)
		runtime.ReadMemStats(&after)
		page.want(t, http.StatusForbidden, "The e-mail address or the password is wrong.")
		_, body, _ := strings.Cut(page.Body.String(), "</style>")
		csrf := page.inputs().Get("csrf")
		return strings.NewReplacer(email, "E", csrf, "C").Replace(body), after.TotalAlloc - before.TotalAlloc
	}
	page, bytes := work("ann@example.com", "not the password")
	if hash := uint64(cheap.Memory) << 10; bytes < hash {
		t.Fatalf("a wrong password allocates %d bytes, which is less than a hash", bytes)
	}
	for what, email := range map[string]string{
		"nobody": "nobody@example.com", "of another tenant's kind": "ann@example.org", "disabled": "off@example.com", "without a password": "new@example.com",
	} {
		password := "not the password"
		if email == "off@example.com" {
			password = goodPassword
		}
		otherPage, otherBytes := work(email, password)
		if otherPage != page {
			t.Errorf("%s: the page is\n%s\nand not\n%s", what, otherPage, page)
		}
		if otherBytes > bytes+bytes/4 || otherBytes < bytes-bytes/4 {
			t.Errorf("%s: %d bytes are allocated, for a wrong password %d", what, otherBytes, bytes)
		}
	}
}

// Attack: links are tried, used twice, or at once.
func TestLinks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	link, err := s.users.Invite(t.Context(), localusers.NewUser{TenantID: "t1", Email: "ann@example.com"})
	s.must(err)
	at := strings.TrimPrefix(link.URL, s.url)
	v := s.visitor()
	v.get(at).want(t, http.StatusOK, "Set your password")
	v.get(at).want(t, http.StatusOK, "Set your password") // looking does not use it up
	v.submit(v.get(at), at, "password", "too short").want(t, http.StatusBadRequest, "at least 12 characters")
	v.submit(v.get(at), at, "password", "ANN@example.com").want(t, http.StatusBadRequest, "not be the e-mail")
	late := v.get(at)
	v.submit(v.get(at), at, "password", goodPassword).want(t, http.StatusOK, "You are signed in")
	v.get(at).want(t, http.StatusNotFound, "was used already")
	w := s.visitor()
	w.get("/login")
	w.submit(late, at, "password", "another good password").want(t, http.StatusForbidden, "")
	for range 70 {
		if w.get("/invite/AAAA").Code == http.StatusTooManyRequests {
			return
		}
	}
	t.Error("links may be tried without an end")
}

// Attack: many use a link at once. One of them sets the password.
func TestLinkRace(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	link, err := s.users.Invite(t.Context(), localusers.NewUser{TenantID: "t1", Email: "ann@example.com"})
	s.must(err)
	token := strings.TrimPrefix(link.URL, s.url+"/invite/")
	won := make(chan string, 5)
	done := make(chan struct{})
	for i := range 5 {
		go func() {
			defer func() { done <- struct{}{} }()
			password := fmt.Sprintf("password number %d", i)
			if _, err := s.users.UseLink(t.Context(), token, password); err == nil {
				won <- password
			}
		}()
	}
	for range 5 {
		<-done
	}
	close(won)
	if len(won) != 1 {
		t.Fatalf("%d have set the password", len(won))
	}
	if _, ok, err := s.users.SignIn(t.Context(), "t1", "ann@example.com", <-won); !ok || err != nil {
		t.Errorf("the password does not work: %v", err)
	}
}

var _ oauth.LocalUsers = (*localusers.Users)(nil)
