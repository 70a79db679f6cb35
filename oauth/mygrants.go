package oauth

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/internal/rest"
)

// grantView is a grant as its user sees it.
type grantView struct {
	ClientID  string    `json:"clientId"`
	Name      string    `json:"name"`
	Scopes    []string  `json:"scopes"`
	CreatedAt rest.Time `json:"createdAt"`
	UpdatedAt rest.Time `json:"updatedAt"`
}

// grantOwner is who asks for grants: a user with a session, or an app that acts for one.
type grantOwner struct {
	tenantID, userID string
	clientID         string // of the app; "" for a session
}

// ownGrants serves a call for the user of the session, or for the one of the token.
func (s *Server) ownGrants(serve func(http.ResponseWriter, *http.Request, rest.Query, grantOwner) error, parameters ...string) http.Handler {
	byToken := func(w http.ResponseWriter, r *http.Request, q rest.Query) (err error) {
		authz.Authenticate(s.verifier)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id, _ := cpodkit.IdentityFromContext(r.Context())
			switch {
			case id.UserID == "":
				err = cpodkit.Errorf(cpodkit.CodeUserRequired, "The token has no user, and so no grants.")
			case id.Issuer != s.issuer:
				err = cpodkit.Errorf(cpodkit.CodeForbidden, "The token is not one that a user granted here.")
			default:
				err = serve(w, r, q, grantOwner{id.TenantID, id.UserID, id.AppID})
			}
		})).ServeHTTP(w, r)
		return err
	}
	return rest.Handler(func(w http.ResponseWriter, r *http.Request, q rest.Query) error {
		w.Header().Add("Vary", "Cookie")
		w.Header().Set("Cache-Control", "no-store")
		if len(r.Header.Values("Authorization")) > 0 {
			return byToken(w, r, q)
		}
		if s.signIn == nil {
			return cpodkit.MissingToken()
		}
		// A page of another site must not act with the cookie that the browser sends.
		if err := s.checkSameOrigin(r); err != nil {
			return err
		}
		user, ok, err := s.signIn.User(r.Context(), r)
		if err != nil {
			return err
		}
		if !ok {
			return cpodkit.Errorf(cpodkit.CodeMissingToken, "Sign in first, or send the token of an app.")
		}
		return serve(w, r, q, grantOwner{user.TenantID, user.ID, ""})
	}, parameters...)
}

// listGrants is GET /v1/oauth/me/grants.
func (s *Server) listGrants(w http.ResponseWriter, r *http.Request, q rest.Query, owner grantOwner) error {
	user, _ := cpodkit.EncodeID(owner.userID)
	tenant, _ := cpodkit.EncodeID(owner.tenantID)
	page, err := q.Page(s.cursors, "grants/"+tenant+"/"+user+"/"+owner.clientID)
	if err != nil {
		return err
	}
	var grants []Grant
	if owner.clientID == "" {
		grants, err = s.grants.ListGrants(r.Context(), owner.tenantID, owner.userID, page.After, page.Limit+1)
	} else {
		var grant Grant
		grant, err = s.grants.Grant(r.Context(), owner.tenantID, owner.userID, owner.clientID)
		if err == nil {
			grants = []Grant{grant}
		} else if errors.Is(err, cpodkit.CodeNotFound) {
			err = nil
		}
	}
	if err != nil {
		return backendError(err)
	}
	views := make(map[string]grantView, len(grants))
	for _, grant := range grants {
		app, err := s.lookUp(r.Context(), grant.ClientID)
		if err != nil {
			return err
		}
		view := grantView{
			ClientID: grant.ClientID, Name: app.Name, Scopes: []string{},
			CreatedAt: rest.Time(grant.CreatedAt), UpdatedAt: rest.Time(grant.UpdatedAt),
		}
		if app.Instance == grant.Instance {
			view.Scopes = append(view.Scopes, app.stillGranted(grant.Scopes, grant.Generation)...)
		}
		views[grant.ClientID] = view
	}
	rest.WritePage(w, r, page, grants,
		func(g Grant) string { return g.ClientID },
		func(g Grant) grantView { return views[g.ClientID] })
	return nil
}

// deleteGrant is DELETE /v1/oauth/me/grants/{clientId}.
func (s *Server) deleteGrant(w http.ResponseWriter, r *http.Request, _ rest.Query, owner grantOwner) error {
	clientID := r.PathValue("clientId")
	notFound := cpodkit.Errorf(cpodkit.CodeNotFound, "There is no grant to this app.")
	if owner.clientID != "" && clientID != owner.clientID || !validClientID(clientID) {
		return notFound
	}
	of := GrantFilter{TenantID: owner.tenantID, UserID: owner.userID, ClientID: clientID}
	_, err := s.grants.Grant(r.Context(), of.TenantID, of.UserID, of.ClientID)
	if errors.Is(err, cpodkit.CodeNotFound) {
		// A removal that failed half-way leaves its families, and is taken up again.
		var left []Family
		if left, err = s.grants.ListFamilies(r.Context(), of, "", 1); err == nil && len(left) == 0 {
			return notFound
		}
	}
	if err != nil {
		return backendError(err)
	}
	if err := s.removeGrant(r.Context(), owner.tenantID, owner.userID, clientID); err != nil {
		return err
	}
	s.log.LogAttrs(r.Context(), slog.LevelInfo, "grant removed", logGrant(r, of)...)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// revokeRefresh is the part of RFC 7009 for refresh tokens: the whole family ends.
func (s *Server) revokeRefresh(w http.ResponseWriter, r *http.Request, app App, token string) error {
	var family Family
	if id, ok := familyIDOf(strings.TrimPrefix(token, refreshPrefix)); ok && s.grants != nil {
		var err error
		if family, err = s.family(r.Context(), id); err != nil {
			return err
		}
	}
	if !family.Redeemed || !family.isOf(app) {
		// Section 2.2: one that is not known to the client is no error.
		if app.Type.Public() {
			return s.countFailure(w, r, app.ClientID)
		}
		return nil
	}
	s.log.LogAttrs(r.Context(), slog.LevelInfo, "refresh token revoked", logGrant(r, family.filter())...)
	return s.endFamily(r.Context(), family.ID)
}
