package oauth

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/oauth/pages"
)

const (
	maxLinkToken = 128

	maxLinks = 60 // links that one network address may try, in limitAttempts
)

// showInvite is GET /invite/{token}. It does not use the link up: programs that look at
// mail open links.
func (s *Sessions) showInvite(w http.ResponseWriter, r *http.Request) error {
	user, err := s.linked(w, r)
	if err != nil {
		return err
	}
	pages.Write(w, r, http.StatusOK, s.invitePage(w, r, user))
	return nil
}

// linked returns whom the link of the path is for.
func (s *Sessions) linked(w http.ResponseWriter, r *http.Request) (User, error) {
	token := r.PathValue("token")
	if s.config.Local == nil || len(token) > maxLinkToken {
		return User{}, errLink()
	}
	if err := s.config.Limiter.Charge(w, r, "sign-in-links", cpodkit.ClientNetwork(r).String(), maxLinks, limitAttempts); err != nil {
		return User{}, err
	}
	user, err := s.config.Local.FindLink(r.Context(), token)
	if errors.Is(err, cpodkit.CodeNotFound) {
		return User{}, errLink()
	}
	return user, err
}

func errLink() error {
	return cpodkit.Errorf(cpodkit.CodeNotFound, "The link was used already, or is too old. Ask an administrator for a new one.")
}

func (s *Sessions) invitePage(w http.ResponseWriter, r *http.Request, u User) pages.Page {
	return pages.Page{
		Title: "Set your password",
		Facts: []pages.Fact{{Name: "User", Value: u.Email}, {Name: organisation, Value: u.TenantID}},
		Forms: []pages.Form{{
			Action: "/invite/" + url.PathEscape(r.PathValue("token")),
			Hidden: []pages.Hidden{
				{Name: "csrf", Value: s.formToken(s.browser(w, r))},
			},
			Fields: []pages.Field{
				// Password managers store the password under this name.
				{Name: "username", Label: "E-mail address", Type: "email", Value: u.Email, Autocomplete: "username", ReadOnly: true},
				{
					Name: "password", Label: "New password", Type: "password", Autocomplete: "new-password", MaxLength: maxPassword, Required: true,
					Hint: "At least 12 characters. Several words are easier to remember than signs.",
				},
			},
			Buttons: []pages.Button{{Label: "Set password and sign in"}},
		}},
	}
}

// useInvite is POST /invite/{token}.
func (s *Sessions) useInvite(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	browser, _ := s.knownBrowser(r)
	if err := s.checkForm(r, form, browser); err != nil {
		return err
	}
	user, err := s.linked(w, r)
	if err != nil {
		return err
	}
	used, err := s.config.Local.UseLink(r.Context(), r.PathValue("token"), form.Get("password"))
	if err == nil {
		err = s.start(w, r, used, "")
	}
	s.count.add(r.Context(), byLink, err)
	switch {
	case errors.Is(err, cpodkit.CodeBadRequest):
		pages.WriteErrorOn(w, r, err, s.invitePage(w, r, user))
		return nil
	case errors.Is(err, cpodkit.CodeNotFound):
		return errLink()
	case err != nil:
		return err
	}
	if email, ok := NormalEmail(used.Email); ok {
		s.rememberDevice(w, used.TenantID, email, "")
	}
	s.goOn(w, r, "")
	return nil
}
