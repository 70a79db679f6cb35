package oauth

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/oauth/pages"
)

// consentLife is how long a user may look at the question.
const consentLife = time.Hour

// authorize gives the app a code when the user has granted what it asks for, and else
// asks the user.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request, a *authorization, user User) (url.Values, error) {
	granted, grant, err := s.granted(r.Context(), a.app, user)
	if err != nil {
		return nil, err
	}
	// Any program of the machine may wait at a loopback address (RFC 8252 section 8.6).
	if missing := lacking(granted, a.scopes); len(missing) == 0 && !a.mustAsk && strings.HasPrefix(a.redirectURI, "https:") {
		return s.giveCode(w, r, a, user, grant, false)
	}
	if !a.mayAsk {
		return nil, &authorizationError{"consent_required", "The user has to be asked."}
	}
	s.ask(w, r, a, user, granted)
	return nil, nil //nolint:nilnil // the page is the answer
}

// granted returns what a user has granted to an app, as it counts now.
func (s *Server) granted(ctx context.Context, app App, user User) (cpodkit.Scopes, Grant, error) {
	grant, err := s.grants.Grant(ctx, user.TenantID, user.ID, app.ClientID)
	if errors.Is(err, cpodkit.CodeNotFound) {
		return nil, Grant{}, nil
	}
	if err != nil {
		return nil, Grant{}, backendError(err)
	}
	if grant.Instance != app.Instance { // of an app before this one
		return nil, Grant{Version: grant.Version}, nil
	}
	return app.stillGranted(grant.Scopes, grant.Generation), grant, nil
}

// ask shows the page on which the user allows or denies what the app asks for.
func (s *Server) ask(w http.ResponseWriter, r *http.Request, a *authorization, user User, granted cpodkit.Scopes) {
	list := pages.List{Title: "It will be able to:"}
	for _, scope := range a.scopes {
		item := pages.Item{Text: scopeInWords(scope)}
		if len(granted) > 0 && !granted.Covers(scope) {
			item.Note = "new"
		}
		list.Items = append(list.Items, item)
	}
	redirect, _ := url.Parse(a.redirectURI)
	name := user.Email
	if name == "" {
		name = user.Name
	}
	if name == "" {
		name = user.ID
	}
	pages.Write(w, r, http.StatusOK, pages.Page{
		Title: "Allow “" + a.app.Name + "”?",
		Text:  []string{"“" + a.app.Name + "” wants to act for you."},
		Facts: []pages.Fact{
			{Name: "You are signed in as", Value: name},
			{Name: "Organisation", Value: a.app.TenantID},
			{Name: "App", Value: a.app.ClientID},
			{Name: "You will go back to", Value: redirect.Host},
		},
		Lists: []pages.List{list},
		Forms: []pages.Form{{
			Action:  a.path(),
			Hidden:  []pages.Hidden{{Name: "form", Value: s.sealForm(a, user)}},
			Buttons: []pages.Button{{Name: "decision", Value: "allow", Label: "Allow"}, {Name: "decision", Value: "deny", Label: "Deny", Second: true}},
		}},
	})
}

// formBinding ties a form to the user, the session and what was asked.
func formBinding(a *authorization, user User) string {
	return strings.Join([]string{
		"consent", url.QueryEscape(user.TenantID), url.QueryEscape(user.ID), url.QueryEscape(user.SessionID),
		url.QueryEscape(a.scopes.String()), a.binding(),
	}, " ")
}

func (s *Server) sealForm(a *authorization, user User) string {
	expires := time.Now().Add(consentLife).Unix()
	return s.forms.Seal(formBinding(a, user), []byte(strconv.FormatInt(expires, 10)))
}

func (s *Server) isForm(a *authorization, user User, sealed string) bool {
	opened, err := s.forms.Open(formBinding(a, user), sealed)
	if err != nil {
		return false
	}
	expires, err := strconv.ParseInt(string(opened), 10, 64)
	return err == nil && time.Now().Unix() < expires
}

// decideAuthorization is POST /oauth/authorize: the answer of a user to the question. An
// app may also send its request so (RFC 6749 section 3.1); then it is asked with GET.
func (s *Server) decideAuthorization(w http.ResponseWriter, r *http.Request) error {
	form, err := readBody(w, r)
	if err != nil {
		return err
	}
	if !form.Has("decision") && !form.Has("form") {
		again := url.Values{}
		for _, name := range parametersOfAuthorize() {
			if form.Has(name) {
				again.Set(name, form.Get(name))
			}
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Location", authorizePath+"?"+again.Encode())
		w.WriteHeader(http.StatusSeeOther)
		return nil
	}
	if err := s.checkSameOrigin(r); err != nil {
		return err
	}
	a, err := s.readAuthorization(r)
	var answer url.Values
	if err == nil {
		answer, err = s.serveAuthorization(w, r, a, func(user User) (url.Values, error) {
			return s.decide(w, r, a, user, form)
		})
	}
	if answer, err = told(answer, err); err == nil && answer != nil {
		s.leave(w, r, a, answer)
	}
	return err
}

// decide returns what the app is answered after a user has decided.
func (s *Server) decide(w http.ResponseWriter, r *http.Request, a *authorization, user User, form url.Values) (url.Values, error) {
	if !s.isForm(a, user, form.Get("form")) {
		return nil, cpodkit.Errorf(cpodkit.CodeForbidden, "This form is too old, or not yours. Go back to the app and try again.")
	}
	switch form.Get("decision") {
	case "allow":
	case "deny":
		return nil, &authorizationError{"access_denied", "The user has denied it."}
	default:
		return nil, cpodkit.Errorf(cpodkit.CodeBadRequest, "The form has no decision.")
	}
	grant, err := s.putGrant(r, a, user)
	if err != nil {
		return nil, err
	}
	return s.giveCode(w, r, a, user, grant, grant.CreatedAt.Equal(grant.UpdatedAt))
}

// checkSameOrigin refuses a form or a call that another site has a browser send. Origin
// is null after a page whose policy is to send no referrer, as ours is.
func (s *Server) checkSameOrigin(r *http.Request) error {
	site, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
	if site == "" || site == "same-origin" {
		if origin == "" || origin == s.issuer || origin == "null" && site != "" {
			return nil
		}
	}
	return cpodkit.Errorf(cpodkit.CodeForbidden, "Another site has sent this.")
}

// putGrant stores that the user allows what the app asks for, beside what the user has
// allowed before.
func (s *Server) putGrant(r *http.Request, a *authorization, user User) (Grant, error) {
	for range endAttempts {
		granted, grant, err := s.granted(r.Context(), a.app, user)
		if err != nil {
			return Grant{}, err
		}
		now := now()
		if len(granted) == 0 {
			grant = Grant{
				ID: rand.Text(), TenantID: user.TenantID, UserID: user.ID, ClientID: a.app.ClientID, Instance: a.app.Instance,
				CreatedAt: now, Version: grant.Version,
			}
		}
		grant.Scopes = slices.Concat(granted, lacking(granted, a.scopes))
		grant.Generation, grant.UpdatedAt = a.app.Generation, now
		err = s.grants.PutGrant(r.Context(), grant)
		switch {
		case err == nil:
			s.log.LogAttrs(r.Context(), slog.LevelInfo, "grant given", append(logGrant(r, GrantFilter{TenantID: grant.TenantID, UserID: grant.UserID, ClientID: grant.ClientID}), slog.String("scopes", grant.Scopes.String()))...)
			return grant, nil
		case !errors.Is(err, cpodkit.CodePreconditionFailed):
			return Grant{}, backendError(err)
		}
	}
	return Grant{}, errContended()
}

func logGrant(r *http.Request, of GrantFilter) []slog.Attr {
	return []slog.Attr{
		slog.String("request_id", cpodkit.RequestID(r.Context())), slog.String("tenant", of.TenantID),
		slog.String("user", of.UserID), slog.String("client_id", of.ClientID),
	}
}

// now returns the time in the form of records.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// giveCode makes a code for the app (RFC 6749 section 4.1.2). isNew says that the request has
// stored the grant as well.
func (s *Server) giveCode(w http.ResponseWriter, r *http.Request, a *authorization, user User, grant Grant, isNew bool) (url.Values, error) {
	if err := s.countUser(w, r, "authorizations", user.TenantID, user.ID, a.app.ClientID); err != nil {
		return nil, err
	}
	code, family, err := s.startFamily(r.Context(), a, user, grant)
	if err != nil {
		return nil, err
	}
	if err := s.confirmSession(r, user, family, grant, isNew); err != nil {
		return nil, err
	}
	return url.Values{"code": {code}}, nil
}

// confirmSession looks, after a code and a new grant were stored, whether the session that they
// came of is still there, and else takes them back. Who ends a user ends the sessions first. So
// neither outlives the user.
func (s *Server) confirmSession(r *http.Request, user User, familyID string, grant Grant, isNew bool) error {
	now, ok, err := s.signIn.User(r.Context(), r)
	if err != nil || ok && now.TenantID == user.TenantID && now.ID == user.ID && now.SessionID == user.SessionID {
		return err // nobody was told the code
	}
	if err := s.endFamily(r.Context(), familyID); err != nil {
		return err
	}
	if isNew {
		if err := s.removeGrant(r.Context(), grant.TenantID, grant.UserID, grant.ClientID); err != nil {
			return err
		}
	}
	return &authorizationError{"login_required", "The user has been signed out meanwhile."}
}
