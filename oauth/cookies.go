package oauth

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
)

// The cookies of sign-in. On https their names begin with __Host-, so that no other host
// and no http page can set them (RFC 6265bis section 4.1.3.2).
const (
	sessionCookie = "cpod"         // who is signed in
	browserCookie = "cpod-browser" // what forms and upstream providers answer to, until sign-in
	deviceCookie  = "cpod-device"  // that a user has signed in with this browser before

	hostPrefix = "__Host-"
	deviceLife = 365 * 24 * time.Hour
	tokenBytes = 32
)

func (s *Sessions) cookieName(name string) string {
	if s.secure {
		return hostPrefix + name
	}
	return name
}

// setCookie sets a cookie that ends with the browser when life is 0, and removes it when life
// is negative.
func (s *Sessions) setCookie(w http.ResponseWriter, name, value string, life time.Duration) {
	c := &http.Cookie{ //nolint:gosec // Secure is left out for this machine alone
		Name: s.cookieName(name), Value: value, Path: "/", Secure: s.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		MaxAge: int(life / time.Second),
	}
	if life < 0 {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// cookie returns the value of a cookie. One that is there twice was set by two servers, and
// counts as absent. So does every one where pages are refused.
func (s *Sessions) cookie(r *http.Request, name string) (string, bool) {
	found := r.CookiesNamed(s.cookieName(name))
	if len(found) != 1 || found[0].Value == "" || s.refusal != nil {
		return "", false
	}
	return found[0].Value, true
}

// browser returns what names the browser until somebody signs in, and gives it a name when
// it has none.
func (s *Sessions) browser(w http.ResponseWriter, r *http.Request) string {
	if value, ok := s.knownBrowser(r); ok {
		return value
	}
	value := newToken()
	s.setCookie(w, browserCookie, value, 0)
	return value
}

func (s *Sessions) knownBrowser(r *http.Request) (string, bool) {
	value, ok := s.cookie(r, browserCookie)
	return value, ok && len(value) == base64.RawURLEncoding.EncodedLen(tokenBytes)
}

// newToken returns 256 random bits as text.
func newToken() string {
	random := make([]byte, tokenBytes)
	rand.Read(random)
	return base64.RawURLEncoding.EncodeToString(random)
}

// formToken is what a form of this server sends back, bound to a cookie of the browser.
func (s *Sessions) formToken(cookie string) string { return s.box.Seal("form/"+cookie, nil) }

// checkForm refuses a form that no page of this server has sent from the same browser.
func (s *Sessions) checkForm(r *http.Request, form url.Values, cookie string) error {
	_, err := s.box.Open("form/"+cookie, form.Get("csrf"))
	if cookie == "" || err != nil || !s.sameOrigin(r) {
		return cpodkit.Errorf(cpodkit.CodeForbidden,
			"The form did not come from a page of this server in this browser, or the page is too old. Load the page again; cookies must be allowed.")
	}
	return nil
}

// sameOrigin reports whether a page of this server may have sent the request. A browser
// without Sec-Fetch-Site may leave out the Origin, or send "null" because of the
// Referrer-Policy of our pages.
func (s *Sessions) sameOrigin(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin"
	}
	origin := r.Header.Get("Origin")
	return origin == "" || origin == "null" || origin == s.config.PublicURL
}

// maxReturn is the most bytes of where a user goes after sign-in.
const maxReturn = 8 << 10

// validReturn reports whether a text is a path with query of this server, for every reader:
// browsers take a backslash for a slash, and skip tabs and line breaks.
func validReturn(path string) bool {
	if len(path) > maxReturn || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsFunc(path, outsideURI) {
		return false
	}
	u, err := url.Parse(path)
	return err == nil && u.Scheme == "" && u.Host == "" && u.User == nil && u.Fragment == "" && !strings.Contains(u.Path, "//")
}

func errReturn() error {
	return cpodkit.Errorf(cpodkit.CodeBadRequest, "The page to return to is not a path of this server, or has more than %d bytes.", maxReturn)
}
