package oauth

import (
	"net/http"
	"net/url"
	"time"

	"github.com/cpodkit/cpodkit"
)

const clientCredentialsGrant = "client_credentials"

// tokenResponse is RFC 6749 section 5.1.
type tokenResponse struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in"` // seconds
	Scope       string `json:"scope"`
}

// issueToken is POST /v1/oauth/token (RFC 6749 section 3.2).
func (s *Server) issueToken(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	switch form.Get("grant_type") {
	case clientCredentialsGrant:
		return s.grantClientCredentials(w, r, form)
	case "":
		return invalidRequest("The parameter grant_type is missing.")
	}
	return badRequest("unsupported_grant_type", "The grant_type that this server supports is client_credentials.")
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
	token, err := s.sign(app, "", scopes, s.tokenTTL)
	if err != nil {
		return err
	}
	writeUncached(w, r, http.StatusOK, tokenResponse{
		AccessToken: token,
		TokenType:   "Bearer",
		ExpiresIn:   int64(s.tokenTTL / time.Second),
		Scope:       scopes.String(),
	})
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
