package oauth

import (
	"bytes"
	"cmp"
	"compress/flate"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/internal/seal"
	"github.com/cpodkit/cpodkit/oauth/pages"
)

// attemptLife is how long a user may take at an upstream provider.
const attemptLife = 30 * time.Minute

// maxAttempt is the most bytes of an attempt that is unpacked: 1 MiB.
const maxAttempt = 1 << 20

// attempt is a sign-in at an upstream provider that has begun. It is sealed for the browser
// that began it, and goes to the provider and back as the state (RFC 6749 section 4.1.1). So
// no replica has to remember it.
type attempt struct {
	Upstream string `json:"u"`
	Verifier string `json:"v"` // of PKCE
	Nonce    string `json:"n"`
	Return   string `json:"r"`
	EndsAt   int64  `json:"e"` // in seconds since 1970

	// SignedInAfter is when the user may have signed in at the earliest, in milliseconds
	// since 1970; 0 for any time.
	SignedInAfter int64 `json:"a,omitempty"`
}

// pack makes the attempt shorter: what comes back in a state is a request in a request.
func (a attempt) pack() ([]byte, error) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if err := json.NewEncoder(w).Encode(a); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (a *attempt) unpack(packed []byte) error {
	r := flate.NewReader(bytes.NewReader(packed))
	return json.NewDecoder(io.LimitReader(r, maxAttempt)).Decode(a)
}

func (s *Sessions) redirectURI() string { return s.config.PublicURL + "/login/callback" }

func (s *Sessions) beginUpstream(w http.ResponseWriter, r *http.Request, u *Upstream, t target) error {
	a := attempt{
		Upstream: u.config.Name, Verifier: newToken(), Nonce: newToken(), Return: t.back, EndsAt: time.Now().Add(attemptLife).Unix(),
	}
	if t.again {
		a.SignedInAfter = time.Now().UnixMilli()
	} else if age, err := strconv.ParseInt(t.maxAge, 10, 64); err == nil {
		a.SignedInAfter = time.Now().UnixMilli() - age*1000
	}
	plain, err := a.pack()
	if err != nil {
		return err
	}
	state := s.box.Seal("state/"+s.browser(w, r), plain)
	if len(state) > seal.MaxToken {
		return cpodkit.Errorf(cpodkit.CodeBadRequest, "The request of the app is too long to sign in at %s.", u.config.Label)
	}
	to, err := u.authorizeURL(r.Context(), s.redirectURI(), state, a, t)
	if err != nil {
		return err
	}
	seeOther(w, to)
	return nil
}

func seeOther(w http.ResponseWriter, to string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}

// callback is GET /login/callback, where an upstream provider sends the browser.
func (s *Sessions) callback(w http.ResponseWriter, r *http.Request) error {
	query, err := readQuery(r)
	if err != nil {
		return err
	}
	a, err := s.finishAttempt(w, r, query)
	s.count.add(r.Context(), byProvider, err)
	if err != nil {
		return s.callbackFailed(w, r, a.Return, err)
	}
	seeOther(w, cmp.Or(a.Return, "/login"))
	return nil
}

// finishAttempt signs in the user whom a provider has sent back. It returns the attempt as far
// as it is one of this browser.
func (s *Sessions) finishAttempt(w http.ResponseWriter, r *http.Request, query url.Values) (a attempt, err error) {
	// Each may have the provider asked.
	if err := s.config.Limiter.Charge(w, r, "sign-in-callbacks", cpodkit.ClientNetwork(r).String(), maxCallbacks, limitAttempts); err != nil {
		return attempt{}, err
	}
	browser, _ := s.knownBrowser(r)
	plain, err := s.box.Open("state/"+browser, query.Get("state"))
	if err != nil || browser == "" || a.unpack(plain) != nil || time.Now().Unix() >= a.EndsAt {
		return attempt{}, cpodkit.Errorf(cpodkit.CodeForbidden,
			"This sign-in did not begin in this browser, or took too long. Begin again; cookies must be allowed.")
	}
	for _, u := range *s.providers.Load() {
		if u.config.Name == a.Upstream {
			user, err := s.upstreamUser(r, u, a)
			if err != nil {
				return a, err
			}
			return a, s.start(w, r, user, u.config.Name)
		}
	}
	return a, cpodkit.Errorf(cpodkit.CodeNotFound, "There is no such way to sign in here.")
}

// callbackFailed offers to begin again.
func (s *Sessions) callbackFailed(w http.ResponseWriter, r *http.Request, back string, err error) error {
	pages.WriteErrorOn(w, r, err, pages.Page{
		Title: "You are not signed in", RequestID: cpodkit.RequestID(r.Context()),
		Links: []pages.Link{{Label: "Sign in", To: loginURL(target{back: back}.query())}},
	})
	return nil
}

func (s *Sessions) upstreamUser(r *http.Request, u *Upstream, a attempt) (User, error) {
	query, ctx := r.URL.Query(), r.Context()
	p, err := u.discover(ctx)
	if err != nil {
		return User{}, err
	}
	// RFC 9207 section 2.4: the answer of another provider goes no further.
	if issuer := query.Get("iss"); issuer != u.config.Issuer && (query.Has("iss") || p.SendsIssuer) {
		return User{}, u.refuse(cpodkit.Errorf(cpodkit.CodeForbidden, "the answer is of the issuer %q", issuer))
	}
	if code := query.Get("error"); code != "" {
		return User{}, cpodkit.Errorf(cpodkit.CodeForbidden, "%s has not signed you in: %s.", u.config.Label, errorName(code))
	}
	code := query.Get(codeName)
	if code == "" {
		return User{}, u.refuse(cpodkit.Errorf(cpodkit.CodeBadRequest, "the answer has no code"))
	}
	leave, err := u.enter()
	if err != nil {
		return User{}, err
	}
	defer leave()
	tokens, err := u.exchange(ctx, code, a.Verifier, s.redirectURI())
	if err != nil {
		return User{}, err
	}
	claims, err := u.verifyIDToken(ctx, tokens.ID, a.Nonce)
	if err != nil {
		return User{}, err
	}
	said, err := u.profile(ctx, claims, tokens.Access)
	if err != nil {
		return User{}, err
	}
	user, err := u.user(claims, said)
	if err != nil {
		return User{}, err
	}
	// Else the app would send the user to a provider that does not ask, on and on.
	if earliest := time.UnixMilli(a.SignedInAfter); user.AuthTime.Before(earliest) {
		if user.AuthTime.Before(earliest.Add(-authz.ClockSkew)) {
			return User{}, u.refuse(cpodkit.Errorf(cpodkit.CodeForbidden, "the user has signed in at %s, which is too long ago", user.AuthTime))
		}
		user.AuthTime = earliest // by our clock
	}
	return user, nil
}

// errorName returns an error code as far as it can be one.
func errorName(code string) string {
	if len(code) > 64 || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return "unknown error"
	}
	return code
}
