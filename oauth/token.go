package oauth

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/cpodkit/cpodkit"
)

const clientCredentialsGrant = "client_credentials"

// tokenResponse is RFC 6749 section 5.1.
type tokenResponse struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in"` // seconds
	Scope       string `json:"scope"`

	RefreshToken    string `json:"refresh_token,omitempty"`
	IssuedTokenType string `json:"issued_token_type,omitempty"` // of an exchange: RFC 8693 section 2.2.1
}

// issueToken is POST /v1/oauth/token (RFC 6749 section 3.2).
func (s *Server) issueToken(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	switch form.Get("grant_type") {
	case "":
		return invalidRequest("The parameter grant_type is missing.")
	case clientCredentialsGrant:
		return s.grantClientCredentials(w, r, form)
	case codeGrant:
		if s.grants != nil {
			return s.grantCode(w, r, form)
		}
	case refreshGrant:
		if s.grants != nil {
			return s.grantRefresh(w, r, form)
		}
	case exchangeGrant:
		if s.grants != nil {
			return s.grantExchange(w, r, form)
		}
	}
	return badRequest("unsupported_grant_type", "This server supports the grant_types "+strings.Join(s.metadata.GrantTypes, ", ")+".")
}

// grantClientCredentials is RFC 6749 section 4.4: the app acts for itself.
func (s *Server) grantClientCredentials(w http.ResponseWriter, r *http.Request, form url.Values) error {
	app, err := s.identifyClient(w, r, form)
	if err != nil {
		return err
	}
	// Section 4.4: this grant is for confidential clients only.
	if app.Type.Public() {
		return badRequest("unauthorized_client", "A browser app has no secret and cannot use this grant.")
	}
	if err := s.countToken(w, r, app.ClientID); err != nil {
		return err
	}
	scopes, err := grantedScopes(form.Get("scope"), app.DeclaredScopes)
	if err != nil {
		return err
	}
	answer, _, err := s.tokenFor(app, "", scopes, s.tokenTTL)
	if err != nil {
		return err
	}
	writeUncached(w, r, http.StatusOK, answer)
	return nil
}

// grantedScopes returns what was asked for when it was declared, and all that
// was declared when nothing was asked for (RFC 6749 section 3.3).
func grantedScopes(asked string, declared cpodkit.Scopes) (cpodkit.Scopes, error) {
	if asked == "" {
		return declared, nil
	}
	scopes := cpodkit.ParseScopes(asked)
	if len(asked) > maxScopesBytes || len(scopes) == 0 || len(scopes) > maxScopes {
		return nil, badRequest("invalid_scope", "The parameter scope is empty, or too long.")
	}
	for _, scope := range scopes {
		if !cpodkit.ValidScope(scope) {
			return nil, badRequest("invalid_scope", "The parameter scope is not a list of scopes, separated by spaces.")
		}
		if !declared.Covers(scope) {
			return nil, badRequest("invalid_scope", "The app has not declared "+scope+".")
		}
	}
	return scopes, nil
}

// writeUncached is for answers that hold a secret (RFC 6749 section 5.1).
func writeUncached(w http.ResponseWriter, r *http.Request, status int, v any) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	cpodkit.WriteJSON(w, r, status, v)
}
