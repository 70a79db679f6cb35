package oauth

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/loopback"
	"github.com/cpodkit/cpodkit/oauth/pages"
)

const (
	// maxState is the most bytes of the parameter state.
	maxState = 1 << 10

	// stampLife is how long a user may take to sign in anew.
	stampLife = time.Hour

	authorizePath = "/oauth/authorize"
)

// parametersOfAuthorize are those that the authorization endpoint reads. signed_in_after
// is its own: it stands in the URL to which the user comes back.
func parametersOfAuthorize() []string {
	return []string{
		"client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "code_challenge",
		"code_challenge_method", "prompt", "max_age", "login_hint", stampParameter,
	}
}

const stampParameter = "signed_in_after"

// authorization is a request of an app for a code (RFC 6749 section 4.1.1).
type authorization struct {
	app         App
	redirectURI string // as it was asked for, and found registered
	state       string
	challenge   string
	scopes      cpodkit.Scopes
	mayAsk      bool // the user may be asked
	mustAsk     bool // the user is asked for consent, whatever is granted

	// Who signed in before signedInAfter has to sign in anew.
	signedInAfter time.Time

	values url.Values // what of the request is read
}

// authorizationError is sent to the app (RFC 6749 section 4.1.2.1).
type authorizationError struct{ code, detail string }

func (e *authorizationError) Error() string { return e.code + ": " + e.detail }

func invalidAuthorization(detail string) error { return &authorizationError{"invalid_request", detail} }

// page serves a call of a browser, which reads errors as pages.
func (s *Server) page(handle handlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := s.servesPages()
		if err == nil {
			err = handle(w, r)
		}
		if err != nil {
			pages.WriteError(w, r, err)
		}
	})
}

// servesPages returns why the server shows no pages for users, or nil.
func (s *Server) servesPages() error {
	u, err := url.Parse(s.issuer)
	switch {
	case s.signIn == nil:
		return cpodkit.Errorf(cpodkit.CodeNotSupported, "This server signs no users in.")
	case err != nil || u.Scheme != "https" && !loopback.Is(u.Hostname()):
		return cpodkit.Errorf(cpodkit.CodeForbidden, "This server signs users in over https only.")
	}
	return nil
}

// showAuthorization is GET /oauth/authorize.
func (s *Server) showAuthorization(w http.ResponseWriter, r *http.Request) error {
	a, err := s.readAuthorization(r)
	if answer, ok := s.openAnswer(a, r.URL.Query().Get(answerParameter)); ok {
		s.answerApp(w, a, answer)
		return nil
	}
	var answer url.Values
	if err == nil {
		answer, err = s.serveAuthorization(w, r, a, func(user User) (url.Values, error) { return s.authorize(w, r, a, user) })
	}
	if answer, err = told(answer, err); err == nil && answer != nil {
		s.answerApp(w, a, answer)
	}
	return err
}

// serveAuthorization finds out who is signed in. It returns what to answer to the app;
// nothing where the request is answered already.
func (s *Server) serveAuthorization(
	w http.ResponseWriter, r *http.Request, a *authorization, serve func(User) (url.Values, error),
) (url.Values, error) {
	user, err := s.signedIn(w, r, a)
	if err != nil || user.ID == "" {
		return nil, err
	}
	return serve(user)
}

// told makes an answer of an error that the app is told.
func told(answer url.Values, err error) (url.Values, error) {
	if refusal, ok := err.(*authorizationError); ok { //nolint:errorlint // nobody wraps it
		return url.Values{"error": {refusal.code}, "error_description": {refusal.detail}}, nil
	}
	return answer, err
}

// answerApp sends the browser back to the app (RFC 6749 section 4.1.2).
func (s *Server) answerApp(w http.ResponseWriter, a *authorization, answer url.Values) {
	answer.Set("iss", s.issuer) // RFC 9207
	if a.state != "" {
		answer.Set("state", a.state)
	}
	separator := "?"
	if strings.Contains(a.redirectURI, "?") {
		separator = "&"
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Location", a.redirectURI+separator+answer.Encode())
	w.WriteHeader(http.StatusSeeOther)
}

// readAuthorization returns the request of the query. Its error is an
// authorizationError, and the request is not nil, once the app and its redirect URI are
// known. Before that the app is not told, but the user.
func (s *Server) readAuthorization(r *http.Request) (*authorization, error) {
	bad := func(detail string) error {
		return cpodkit.Errorf(cpodkit.CodeBadRequest, "%s Go back to the app and try again; if that does not help, tell its makers.", detail)
	}
	if strings.Count(r.URL.RawQuery, "&") >= maxParameters {
		return nil, bad("The app sent too many parameters.")
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, bad("The app sent a malformed request.")
	}
	a := &authorization{values: url.Values{}}
	repeated := ""
	for _, name := range parametersOfAuthorize() {
		if len(query[name]) > 1 {
			repeated = cmp.Or(repeated, name)
		}
		if value := query.Get(name); value != "" {
			a.values.Set(name, value)
		}
	}
	if repeated == "client_id" || repeated == "redirect_uri" {
		return nil, bad("The app sent the parameter " + repeated + " twice.")
	}
	if a.app, err = s.lookUp(r.Context(), a.values.Get("client_id")); err != nil {
		return nil, err
	}
	if a.app.ClientID == "" || a.app.Deleting {
		return nil, bad("The app is not known here.")
	}
	cpodkit.RecordFromContext(r.Context()).NoteClientID(a.app.ClientID)
	if a.redirectURI = a.values.Get("redirect_uri"); !a.app.redirectsTo(a.redirectURI) {
		return nil, bad("The app wants to be answered at an address that it has not registered.")
	}
	// From here on the app is told.
	if state := a.values.Get("state"); len(state) <= maxState && len(query["state"]) == 1 {
		a.state = state
	}
	if repeated != "" {
		return a, invalidAuthorization("The parameter " + repeated + " stands more than once.")
	}
	for _, name := range []string{"request", "request_uri"} { // RFC 9101
		if query.Has(name) {
			return a, &authorizationError{name + "_not_supported", "The parameter " + name + " is not supported."}
		}
	}
	return a, s.readParameters(a)
}

// redirectsTo reports whether an app has registered a redirect URI: exactly, or, on an IP
// address of this machine and without a port, for any port (RFC 8252 section 7.3).
func (a App) redirectsTo(uri string) bool {
	if slices.Contains(a.RedirectURIs, uri) {
		return uri != ""
	}
	if checkRedirectURI(uri) != "" {
		return false
	}
	for _, host := range []string{"http://127.0.0.1", "http://[::1]"} {
		rest, ok := strings.CutPrefix(uri, host+":")
		port := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
		if n, err := strconv.Atoi(port); ok && err == nil && n > 0 && n < 1<<16 {
			path := rest[len(port):]
			return (path == "" || path[0] == '/' || path[0] == '?') && slices.Contains(a.RedirectURIs, host+path)
		}
	}
	return false
}

// readParameters reads the parameters about which the app is told.
func (s *Server) readParameters(a *authorization) error {
	if len(a.values.Get("state")) > maxState {
		return invalidAuthorization("The parameter state is too long: at most " + strconv.Itoa(maxState) + " bytes.")
	}
	switch responseType := a.values.Get("response_type"); {
	case responseType == "":
		return invalidAuthorization("The parameter response_type is missing.")
	case responseType != "code":
		return &authorizationError{"unsupported_response_type", "The response_type that is supported is code."}
	case a.app.Type == ServiceApp:
		return &authorizationError{"unauthorized_client", "The app is registered as a service, which acts for no users."}
	}
	if mode := a.values.Get("response_mode"); mode != "" && mode != "query" {
		return invalidAuthorization("The response_mode that is supported is query.")
	}
	a.challenge = a.values.Get("code_challenge")
	if sum, err := base64.RawURLEncoding.Strict().DecodeString(a.challenge); err != nil || len(sum) != 32 || strings.ContainsAny(a.challenge, "\r\n") {
		return invalidAuthorization("PKCE is needed: code_challenge is a SHA-256 in base64url (RFC 7636).")
	}
	if a.values.Get("code_challenge_method") != "S256" {
		return invalidAuthorization("The code_challenge_method that is supported is S256.")
	}
	var err error
	if a.scopes, err = scopesForUsers(a.values.Get("scope"), a.app); err != nil {
		return err
	}
	return s.readPrompt(a)
}

// scopesForUsers returns the scopes that an app asks a user for. An administrator's are
// not among them: a user has none to give.
func scopesForUsers(asked string, app App) (cpodkit.Scopes, error) {
	declared := slices.DeleteFunc(slices.Clone(app.DeclaredScopes), isForAdministrators)
	scopes, err := grantedScopes(asked, declared)
	if refusal, ok := err.(*cpodkit.OAuthError); ok { //nolint:errorlint // nobody wraps it
		return nil, &authorizationError{refusal.OAuth, refusal.Err.Detail}
	}
	if err == nil && len(scopes) == 0 {
		err = &authorizationError{"invalid_scope", "The app has declared no scope for users."}
	}
	return scopes, err
}

func isForAdministrators(scope string) bool {
	return scope == AdminScope || grantsPlatform(scope)
}

// readPrompt reads when the user is asked (OpenID Connect Core section 3.1.2.1).
func (s *Server) readPrompt(a *authorization) error {
	a.mayAsk = true
	var anew bool
	prompts := strings.Fields(a.values.Get("prompt"))
	for _, prompt := range prompts {
		switch {
		case prompt == "none" && len(prompts) == 1:
			a.mayAsk = false
		case prompt == "login", prompt == "select_account":
			anew = true
		case prompt == "consent":
			a.mustAsk = true
		default:
			return invalidAuthorization("The parameter prompt is none alone, or some of login, consent and select_account.")
		}
	}
	now := time.Now()
	if text := a.values.Get("max_age"); text != "" {
		seconds, err := strconv.ParseUint(text, 10, 31)
		if err != nil {
			return invalidAuthorization("The parameter max_age is a number of seconds.")
		}
		a.signedInAfter = now.Add(-time.Duration(seconds) * time.Second)
	}
	if anew {
		a.signedInAfter = now
	}
	// Who has been asked since the request came needs not be asked again.
	if stamp, ok := s.openStamp(a); ok && stamp.Before(a.signedInAfter) {
		a.signedInAfter = stamp
	}
	return nil
}

func (s *Server) openStamp(a *authorization) (time.Time, bool) {
	opened, err := s.forms.Open("sign-in "+a.app.ClientID, a.values.Get(stampParameter))
	if err != nil {
		return time.Time{}, false
	}
	milliseconds, err := strconv.ParseInt(string(opened), 10, 64)
	stamp := time.UnixMilli(milliseconds)
	return stamp, err == nil && time.Since(stamp) < stampLife
}

// signedIn returns who is signed in. It returns no user, and no error, where it has
// answered the request with what signs one in.
func (s *Server) signedIn(w http.ResponseWriter, r *http.Request, a *authorization) (User, error) {
	user, ok, err := s.signIn.User(r.Context(), r)
	if err != nil {
		return User{}, err
	}
	if ok && !user.AuthTime.Before(a.signedInAfter.Truncate(time.Second)) {
		if user.TenantID != a.app.TenantID {
			return User{}, &authorizationError{"access_denied", "The app is not one of the user's tenant."}
		}
		return user, nil
	}
	if !a.mayAsk {
		return User{}, &authorizationError{"login_required", "The user is not signed in."}
	}
	a.values.Set(stampParameter, s.forms.Seal("sign-in "+a.app.ClientID, []byte(strconv.FormatInt(time.Now().UnixMilli(), 10))))
	s.signIn.Begin(w, r, a.path())
	return User{}, nil
}

// path returns the request as a path of this server.
func (a *authorization) path() string { return authorizePath + "?" + a.values.Encode() }

// answerParameter holds the sealed answer to the app, after a form.
const answerParameter = "answer"

// answerLife is how long the browser may take from a form to the app.
const answerLife = CodeLife

// leave answers a form with a page from which the browser goes on to the app, by way of
// GET. A redirect cannot take its place: browsers hold each redirect after a form, also
// those of the app, against the form-action of the page that had it.
func (s *Server) leave(w http.ResponseWriter, r *http.Request, a *authorization, answer url.Values) {
	answer.Set("until", strconv.FormatInt(time.Now().Add(answerLife).Unix(), 10))
	sealed := s.forms.Seal("answer "+a.binding(), []byte(answer.Encode()))
	pages.Write(w, r, http.StatusOK, pages.Page{
		Title:    "Back to “" + a.app.Name + "”",
		Continue: a.path() + "&" + url.Values{answerParameter: {sealed}}.Encode(),
	})
}

// openAnswer returns an answer that leave has sealed.
func (s *Server) openAnswer(a *authorization, sealed string) (url.Values, bool) {
	if a == nil || sealed == "" {
		return nil, false
	}
	opened, err := s.forms.Open("answer "+a.binding(), sealed)
	if err != nil {
		return nil, false
	}
	answer, err := url.ParseQuery(string(opened))
	if err != nil {
		return nil, false
	}
	until, err := strconv.ParseInt(answer.Get("until"), 10, 64)
	answer.Del("until")
	return answer, err == nil && time.Now().Unix() < until
}

// binding ties what is sealed to the request, and to this very registration of the app.
func (a *authorization) binding() string {
	asked := sha256.Sum256([]byte(a.values.Encode()))
	return a.app.Instance + " " + base64.RawURLEncoding.EncodeToString(asked[:])
}
