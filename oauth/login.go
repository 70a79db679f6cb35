package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/oauth/pages"
)

// How often somebody may try to sign in, in limitAttempts. What is counted is all that is
// tried, right or wrong. An address that is not known is counted as one that is.
const (
	maxStrangers = 10  // for one e-mail address of a tenant, from browsers that it never signed in from
	maxDevice    = 10  // for one e-mail address, from a browser that it has signed in from
	maxAddress   = 60  // from one network address, strangers only
	maxCallbacks = 600 // answers of providers, from one network address

	maxNewSessions = 60 // sessions of one user, in limitSessions

	limitAttempts = 15 * time.Minute
	limitSessions = time.Hour

	maxPassword = 256 // bytes

	organisation = "Organisation" // what pages call a tenant
)

// target is where a user wants to sign in.
type target struct {
	back   string // the path to return to; "" for none
	tenant string // "" where the user has to say it
	chosen bool   // an app has sent the user, so that the tenant is not the user's to choose
	hint   string // the e-mail address that the app expects
	again  bool   // the app wants the user to be asked although the provider knows who it is

	// maxAge is how many seconds ago the user may have signed in, as text; "" for any.
	maxAge string
}

// query returns the parameters that lead to the target again.
func (t target) query() url.Values {
	query := url.Values{}
	if t.back != "" {
		query.Set("return", t.back)
	}
	if !t.chosen && t.tenant != "" {
		query.Set("tenant", t.tenant)
	}
	return query
}

// targetOf reads the parameters return and tenant. The tenant of the app that has sent the
// user has precedence.
func (s *Sessions) targetOf(ctx context.Context, query url.Values) (target, error) {
	t := target{back: query.Get("return"), tenant: query.Get("tenant")}
	if _, err := cpodkit.EncodeID(t.tenant); err != nil {
		t.tenant = ""
	}
	if t.back == "" {
		return t, nil
	}
	if !validReturn(t.back) {
		return target{}, errReturn()
	}
	u, err := url.Parse(t.back)
	if err != nil {
		return target{}, errReturn()
	}
	asked := u.Query()
	t.hint = asked.Get("login_hint")
	for prompt := range strings.FieldsSeq(asked.Get("prompt")) {
		t.again = t.again || prompt == "login" || prompt == "select_account"
	}
	if _, err := strconv.ParseUint(asked.Get("max_age"), 10, 31); err == nil {
		t.maxAge = asked.Get("max_age")
	}
	if clientID := asked.Get("client_id"); validClientID(clientID) {
		app, err := s.config.Apps.Get(ctx, clientID)
		switch {
		case err == nil:
			t.tenant, t.chosen = app.TenantID, true
		case !errors.Is(err, cpodkit.CodeNotFound):
			return target{}, backendError(err)
		}
	}
	return t, nil
}

// showLogin is GET /login.
func (s *Sessions) showLogin(w http.ResponseWriter, r *http.Request) error {
	query, err := readQuery(r)
	if err != nil {
		return err
	}
	t, err := s.targetOf(r.Context(), query)
	if err != nil {
		return err
	}
	if name := query.Get("upstream"); name != "" {
		for _, u := range s.upstreams(t) {
			if u.config.Name == name {
				return s.beginUpstream(w, r, u, t)
			}
		}
		return cpodkit.Errorf(cpodkit.CodeNotFound, "There is no such way to sign in here.")
	}
	if t.back == "" && !query.Has("tenant") {
		user, ok, err := s.User(r.Context(), r)
		if err != nil {
			return err
		}
		if ok {
			s.showUser(w, r, user)
			return nil
		}
	}
	if known := s.upstreams(t); s.config.Local == nil && len(known) == 1 && t.back != "" {
		return s.beginUpstream(w, r, known[0], t)
	}
	pages.Write(w, r, http.StatusOK, s.loginPage(w, r, t, t.hint))
	return nil
}

// readQuery returns the query of a page. Unknown parameters are ignored: providers add
// their own.
func readQuery(r *http.Request) (url.Values, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || strings.Count(r.URL.RawQuery, "&") >= maxParameters {
		return nil, cpodkit.Errorf(cpodkit.CodeBadRequest, "The query of the URL is malformed, or has more than %d parameters.", maxParameters)
	}
	for _, values := range query {
		if len(values) > 1 {
			return nil, cpodkit.Errorf(cpodkit.CodeBadRequest, "A parameter of the query stands more than once.")
		}
	}
	return query, nil
}

// upstreams returns the providers by which users can sign in at the target.
func (s *Sessions) upstreams(t target) []*Upstream {
	var fit []*Upstream
	for _, u := range *s.providers.Load() {
		if only := u.config.Tenant; only == "" || t.tenant == "" || only == t.tenant {
			fit = append(fit, u)
		}
	}
	return fit
}

func (s *Sessions) loginPage(w http.ResponseWriter, r *http.Request, t target, email string) pages.Page {
	page := pages.Page{Title: "Sign in"}
	if t.chosen {
		page.Facts = []pages.Fact{{Name: organisation, Value: t.tenant}}
	}
	if s.config.Local != nil {
		form := pages.Form{Action: "/login", Hidden: []pages.Hidden{{Name: "csrf", Value: s.formToken(s.browser(w, r))}},
			Buttons: []pages.Button{{Label: "Sign in"}}}
		if t.back != "" {
			form.Hidden = append(form.Hidden, pages.Hidden{Name: "return", Value: t.back})
		}
		if !t.chosen {
			tenant := t.tenant
			if tenant == "" {
				tenant = s.config.DefaultTenant
			}
			form.Fields = append(form.Fields, pages.Field{Name: "tenant", Label: organisation, Type: "text", Value: tenant,
				Autocomplete: "organization", MaxLength: cpodkit.MaxIDLen, Required: true})
		}
		form.Fields = append(form.Fields,
			pages.Field{Name: "email", Label: "E-mail address", Type: "email", Value: email, Autocomplete: "username", MaxLength: maxEmail, Required: true},
			pages.Field{Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", MaxLength: maxPassword, Required: true})
		page.Forms = []pages.Form{form}
	}
	for _, u := range s.upstreams(t) {
		query := t.query()
		query.Set("upstream", u.config.Name)
		page.Links = append(page.Links, pages.Link{Label: "Sign in with " + u.config.Label, To: loginURL(query)})
	}
	return page
}

func (s *Sessions) showUser(w http.ResponseWriter, r *http.Request, u User) {
	cookie, _ := s.cookie(r, sessionCookie)
	who := u.Email
	if who == "" {
		who = u.ID
	}
	pages.Write(w, r, http.StatusOK, pages.Page{
		Title: "You are signed in", Facts: []pages.Fact{{Name: "User", Value: who}, {Name: organisation, Value: u.TenantID}},
		Forms: []pages.Form{{
			Action: "/logout", Hidden: []pages.Hidden{{Name: "csrf", Value: s.formToken(cookie)}},
			Buttons: []pages.Button{{Label: "Sign out", Second: true}},
		}},
	})
}

// signIn is POST /login.
func (s *Sessions) signIn(w http.ResponseWriter, r *http.Request) error {
	if s.config.Local == nil {
		return cpodkit.Errorf(cpodkit.CodeNotSupported, "Users do not sign in with passwords here.")
	}
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	browser, _ := s.knownBrowser(r)
	if err := s.checkForm(r, form, browser); err != nil {
		return err
	}
	t, err := s.targetOf(r.Context(), form)
	if err != nil {
		return err
	}
	email, password := form.Get("email"), form.Get("password")
	err = s.signInWith(w, r, t.tenant, email, password)
	s.count.add(r.Context(), byPassword, err)
	switch cpodkit.CodeOf(err) {
	case "":
		s.goOn(w, r, t.back)
	case cpodkit.CodeForbidden, cpodkit.CodeRateLimited:
		pages.WriteErrorOn(w, r, err, s.loginPage(w, r, t, email))
	default:
		return err
	}
	return nil
}

// signInWith signs the user of a tenant in who has an e-mail address and a password. Whoever
// is refused learns nothing of users.
func (s *Sessions) signInWith(w http.ResponseWriter, r *http.Request, tenantID, email, password string) error {
	errWrong := cpodkit.Errorf(cpodkit.CodeForbidden, "The e-mail address or the password is wrong.")
	name, ok := NormalEmail(email)
	if !ok || tenantID == "" || len(password) > maxPassword {
		return errWrong
	}
	device, err := s.countAttempt(w, r, tenantID, name)
	if err != nil {
		return err
	}
	user, ok, err := s.config.Local.SignIn(r.Context(), tenantID, name, password)
	if err != nil {
		return err
	}
	if !ok {
		return errWrong
	}
	if err := s.start(w, r, user, ""); err != nil {
		return err
	}
	s.rememberDevice(w, user.TenantID, name, device)
	return nil
}

// countAttempt counts an attempt to sign in. The browser of a user who has signed in with it
// before has a count of its own, so that strangers who use theirs up lock nobody out. It
// returns what names the device, "" for that of a stranger.
func (s *Sessions) countAttempt(w http.ResponseWriter, r *http.Request, tenantID, email string) (device string, err error) {
	who := segment(tenantID) + "/" + email
	charge := func(limit, key string, most int64) error {
		err := s.config.Limiter.Charge(w, r, limit, key, most, limitAttempts)
		if e, ok := errors.AsType[*cpodkit.Error](err); ok && e.Code == cpodkit.CodeRateLimited {
			wait := max(e.RetryAfter, time.Second)
			return &cpodkit.Error{Code: e.Code, RetryAfter: wait, Detail: fmt.Sprintf(
				"There were too many attempts to sign in. Try again in %s, or ask an administrator for a link that sets a new password.", inWords(wait))}
		}
		return err
	}
	if device = s.device(r, who); device != "" {
		return device, charge("sign-in-device", device, maxDevice)
	}
	if err := charge("sign-in-address", cpodkit.ClientNetwork(r).String(), maxAddress); err != nil {
		return "", err
	}
	return "", charge("sign-in-user", who, maxStrangers)
}

func inWords(wait time.Duration) string {
	if minutes := int((wait + time.Minute - 1) / time.Minute); minutes > 1 {
		return fmt.Sprintf("%d minutes", minutes)
	}
	return "a minute"
}

// device returns what names the browser when the user has signed in with it before.
func (s *Sessions) device(r *http.Request, who string) string {
	value, _ := s.cookie(r, deviceCookie)
	device, err := s.box.Open("device/"+who, value)
	if err != nil {
		return ""
	}
	return string(device)
}

func (s *Sessions) rememberDevice(w http.ResponseWriter, tenantID, email, device string) {
	if device == "" {
		device = newToken()
	}
	s.setCookie(w, deviceCookie, s.box.Seal("device/"+segment(tenantID)+"/"+email, []byte(device)), deviceLife)
}

// goOn leads a user who has just signed in to where the user came from.
func (s *Sessions) goOn(w http.ResponseWriter, r *http.Request, back string) {
	if back == "" {
		back = "/login"
	}
	pages.Write(w, r, http.StatusOK, pages.Page{Title: "You are signed in", Continue: back})
}

// signOut is POST /logout. Who is not signed in is signed out.
func (s *Sessions) signOut(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	if value, ok := s.cookie(r, sessionCookie); ok {
		if err := s.checkForm(r, form, value); err != nil {
			return err
		}
		session, err := s.config.Store.Find(r.Context(), digestOf(value))
		if err == nil {
			s.logUser(r, "user signed out", session)
			err = s.config.Store.Delete(r.Context(), session.Digest)
		}
		if err != nil && !errors.Is(err, cpodkit.CodeNotFound) {
			return backendError(err)
		}
	}
	s.setCookie(w, sessionCookie, "", -1)
	pages.Write(w, r, http.StatusOK, pages.Page{
		Title: "You are signed out", Text: []string{"Apps that you have allowed to act for you may go on until you remove them."},
		Links: []pages.Link{{Label: "Sign in again", To: "/login"}},
	})
	return nil
}
