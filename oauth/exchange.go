package oauth

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/cpodkit/cpodkit"
)

const (
	exchangeGrant   = "urn:ietf:params:oauth:grant-type:token-exchange"
	accessTokenType = "urn:ietf:params:oauth:token-type:access_token" //nolint:gosec // a name, not a secret
	jwtType         = "urn:ietf:params:oauth:token-type:jwt"
)

// grantExchange is RFC 8693: an app brings the token of a user, of an issuer that the
// server trusts, and gets one of this server for the same user.
func (s *Server) grantExchange(w http.ResponseWriter, r *http.Request, form url.Values) error {
	app, err := s.identifyClient(w, r, form)
	if err != nil {
		return err
	}
	// Otherwise whoever finds a user's token could use it as any browser app.
	if app.Type.Public() {
		return badRequest("unauthorized_client", "A browser app cannot authenticate, and cannot use this grant.")
	}
	if err := checkExchange(form); err != nil {
		return err
	}
	if err := s.countToken(w, r, app.ClientID); err != nil {
		return err
	}
	id, active, err := s.verifySubject(r, form.Get("subject_token"))
	if err != nil {
		return err
	}
	switch {
	case !active || id.Issuer == "" || id.TenantID != app.TenantID:
		return invalidRequest("The subject_token is not valid here.")
	case id.UserID == "":
		return invalidRequest("The subject_token has no user.")
	case id.Issuer == s.issuer && id.AppID != app.ClientID:
		// The user has granted it to that app alone.
		return invalidRequest("The subject_token is one of this server for another app.")
	}
	if err := s.countUser(w, r, "user-tokens", id.TenantID, id.UserID, app.ClientID); err != nil {
		return err
	}
	held := narrowed(app.DeclaredScopes, id.Scopes)
	scopes, err := grantedScopes(form.Get("scope"), held)
	if err == nil && len(scopes) == 0 {
		err = badRequest("invalid_scope", "The subject_token holds no scope that the app has declared.")
	}
	if err != nil {
		return err
	}
	ttl := min(s.tokenTTL, time.Until(id.ExpiresAt).Truncate(time.Second))
	if ttl < time.Second {
		return invalidRequest("The subject_token is not valid here.")
	}
	answer, issued, err := s.tokenFor(app, id.UserID, scopes, ttl)
	if err != nil {
		return err
	}
	// So the token ends with the user, and with the user's grant.
	family := newFamily(app, id.TenantID, id.UserID, scopes)
	family.Tokens, family.ExpiresAt = []IssuedToken{issued}, issued.ExpiresAt
	if err := s.addFamily(r.Context(), family); err != nil {
		return err
	}
	// The end of a grant, or of the user, may have come before the family was there.
	if _, active, err = s.verifySubject(r, form.Get("subject_token")); err != nil {
		return err // nobody was told the token
	}
	if !active {
		if err := s.endFamily(r.Context(), family.ID); err != nil {
			return err
		}
		return invalidRequest("The subject_token is not valid here.")
	}
	answer.IssuedTokenType = accessTokenType
	writeUncached(w, r, http.StatusOK, answer)
	return nil
}

// checkExchange refuses what is asked for and not supported (RFC 8693 section 2.1).
func checkExchange(form url.Values) error {
	switch {
	case form.Get("subject_token") == "":
		return invalidRequest("The parameter subject_token is missing.")
	case !slices.Contains([]string{accessTokenType, jwtType}, form.Get("subject_token_type")):
		return invalidRequest("The subject_token_type is " + accessTokenType + " or " + jwtType + ".")
	case form.Has("actor_token") || form.Has("actor_token_type"):
		return invalidRequest("An actor_token is not supported.")
	case form.Has("resource") || form.Has("audience"):
		return badRequest("invalid_target", "Tokens for other servers are not given: leave out resource and audience.")
	case form.Has("requested_token_type") && form.Get("requested_token_type") != accessTokenType:
		return invalidRequest("The requested_token_type that is supported is " + accessTokenType + ".")
	}
	return nil
}

// verifySubject verifies a token. One that is refused is not an error but not active.
func (s *Server) verifySubject(r *http.Request, token string) (id cpodkit.Identity, active bool, err error) {
	id, err = s.verifier.Verify(r.Context(), token)
	switch cpodkit.CodeOf(err) {
	case "":
		return id, true, nil
	case cpodkit.CodeInvalidToken, cpodkit.CodeTokenExpired, cpodkit.CodeTokenRevoked:
		return cpodkit.Identity{}, false, nil
	}
	return cpodkit.Identity{}, false, err
}
