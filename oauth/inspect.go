package oauth

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/cpodkit/cpodkit"
)

// introspection is RFC 7662 section 2.2.
type introspection struct {
	Active    bool   `json:"active"`
	TokenType string `json:"token_type"`
	ClientID  string `json:"client_id"`
	Subject   string `json:"sub"`
	Scope     string `json:"scope"`
	Issuer    string `json:"iss"`
	Audience  string `json:"aud"`
	TokenID   string `json:"jti"`
	IssuedAt  int64  `json:"iat"`
	ExpiresAt int64  `json:"exp"`
	TenantID  string `json:"tenantId"`
	AppID     string `json:"appId"`
	UserID    string `json:"userId,omitempty"`
}

// inactive is all that is said of a token that cannot be used, or is none of
// the caller's business (RFC 7662 section 2.2).
type inactive struct {
	Active bool `json:"active"`
}

// introspectToken is POST /v1/oauth/introspect (RFC 7662). A client may ask about
// the tokens of its own tenant.
func (s *Server) introspectToken(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	app, err := s.authenticateClient(w, r, form)
	if err != nil {
		return err
	}
	id, active, err := s.inspect(r, form)
	if err != nil {
		return err
	}
	if !active || id.Issuer != s.issuer || id.TenantID != app.TenantID {
		writeUncached(w, r, http.StatusOK, inactive{})
		return nil
	}
	subject := id.UserID
	if subject == "" {
		subject = id.AppID
	}
	writeUncached(w, r, http.StatusOK, introspection{
		Active:    true,
		TokenType: "Bearer",
		ClientID:  id.AppID,
		Subject:   subject,
		Scope:     id.Scopes.String(),
		Issuer:    id.Issuer,
		Audience:  s.audience,
		TokenID:   id.TokenID,
		IssuedAt:  id.IssuedAt.Unix(),
		ExpiresAt: id.ExpiresAt.Unix(),
		TenantID:  id.TenantID,
		AppID:     id.AppID,
		UserID:    id.UserID,
	})
	return nil
}

// revokeToken is POST /v1/oauth/revoke (RFC 7009). A client may revoke its own
// tokens. A browser app, which cannot authenticate, shows that they are its own by having
// them.
func (s *Server) revokeToken(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	app, err := s.identifyClient(w, r, form)
	if err != nil {
		return err
	}
	if !app.Type.Public() {
		if err := s.countInspection(w, r, app.ClientID); err != nil {
			return err
		}
	}
	if token := form.Get("token"); strings.HasPrefix(token, refreshPrefix) {
		if err := s.revokeRefresh(w, r, app, token); err != nil {
			return err
		}
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusOK)
		return nil
	}
	id, active, err := s.inspect(r, form)
	if err != nil {
		return err
	}
	isOwn := active && id.Issuer == s.issuer && id.TenantID == app.TenantID && id.AppID == app.ClientID
	switch {
	case app.Type.Public() && active && !isOwn:
		return s.refuseClient(w, r, app.ClientID)
	case app.Type.Public() && !active:
		if err := s.countFailure(w, r, app.ClientID); err != nil {
			return err
		}
	case !active || id.TenantID != app.TenantID:
		// RFC 7009 section 2.2: an invalid token is no error. One of another tenant
		// is not known here.
	case id.Issuer != s.issuer:
		// To answer 200 would let the client believe that the credential is dead.
		return badRequest("unsupported_token_type", "Only access tokens of this server are revoked here.")
	case id.AppID != app.ClientID:
		// RFC 7009 section 2.1: the client is told.
		return badRequest("unauthorized_client", "The token belongs to another app.")
	default:
		if err := s.revoke(r.Context(), id.TenantID, id.TokenID); err != nil {
			return backendError(err)
		}
		s.log.LogAttrs(r.Context(), slog.LevelInfo, "token revoked", slog.String("request_id", cpodkit.RequestID(r.Context())),
			slog.String("by", app.ClientID), slog.String("tenant", app.TenantID), slog.String("client_id", id.AppID),
			slog.String("token_id", id.TokenID))
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	return nil
}

// inspect verifies the token of the form. A token that is refused is not an
// error but not active.
func (s *Server) inspect(r *http.Request, form url.Values) (id cpodkit.Identity, active bool, err error) {
	token := form.Get("token")
	if token == "" {
		return id, false, invalidRequest("The parameter token is missing.")
	}
	return s.verifySubject(r, token)
}
