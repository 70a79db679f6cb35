package oauth

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/internal/query"
)

// deleteAttempts bounds how often a delete starts again after another change
// of the same app.
const deleteAttempts = 5

// appView is an app in an answer.
type appView struct {
	ClientID       string   `json:"client_id"`
	ClientSecret   string   `json:"client_secret,omitempty"`
	Name           string   `json:"name"`
	DeclaredScopes []string `json:"declared_scopes"`
	AppType        AppType  `json:"app_type"`
	RedirectURIs   []string `json:"redirect_uris"`
	AllowedOrigins []string `json:"allowed_origins,omitempty"`
	CreatedAt      string   `json:"created_at"`
}

func view(app App, secret string) appView {
	return appView{
		ClientID:       app.ClientID,
		ClientSecret:   secret,
		Name:           app.Name,
		DeclaredScopes: append([]string{}, app.DeclaredScopes...),
		AppType:        app.Type,
		RedirectURIs:   append([]string{}, app.RedirectURIs...),
		AllowedOrigins: app.AllowedOrigins,
		CreatedAt:      app.CreatedAt.UTC().Format(time.RFC3339),
	}
}

// registerApp is POST /v1/oauth/apps.
func (s *Server) registerApp(w http.ResponseWriter, r *http.Request) error {
	admin, err := caller(r)
	if err != nil {
		return err
	}
	var body registration
	if err := cpodkit.DecodeJSON(w, r, &body, 0); err != nil {
		return err
	}
	if err := body.check(); err != nil {
		return err
	}
	if err := body.checkGrant(admin); err != nil {
		return err
	}
	app := App{
		ClientID:       body.ClientID,
		TenantID:       admin.TenantID,
		Name:           body.Name,
		Type:           body.AppType,
		DeclaredScopes: body.DeclaredScopes,
		RedirectURIs:   body.RedirectURIs,
		AllowedOrigins: body.AllowedOrigins,
		CreatedAt:      time.Now().UTC().Truncate(time.Second),
		Instance:       rand.Text(),
	}
	secret := ""
	if !app.Type.Public() {
		secret, app.SecretHash = newSecret()
	}
	err = s.apps.Create(r.Context(), app)
	if errors.Is(err, cpodkit.CodeConflict) {
		return cpodkit.Errorf(cpodkit.CodeConflict, "This client_id is taken; choose another one.")
	}
	if err != nil {
		return backendError(err)
	}
	s.logChange(r, "app registered", admin, app)
	w.Header().Set("Location", "/v1/oauth/apps/"+url.PathEscape(app.ClientID))
	writeUncached(w, r, http.StatusCreated, view(app, secret))
	return nil
}

// listApps is GET /v1/oauth/apps.
func (s *Server) listApps(w http.ResponseWriter, r *http.Request) error {
	admin, err := caller(r)
	if err != nil {
		return err
	}
	params, err := query.Of(r)
	if err != nil {
		return err
	}
	limit, err := params.Limit()
	if err != nil {
		return err
	}
	after, err := s.openCursor(params, admin)
	if err != nil {
		return err
	}
	apps, err := s.apps.List(r.Context(), admin.TenantID, after, limit+1)
	if err != nil {
		return backendError(err)
	}
	answer := struct {
		Items      []appView `json:"items"`
		NextCursor string    `json:"nextCursor,omitempty"`
	}{Items: []appView{}}
	if len(apps) > limit {
		apps = apps[:limit]
		answer.NextCursor = s.cursors.Seal(cursorBinding(admin), []byte(apps[limit-1].ClientID))
	}
	for _, app := range apps {
		answer.Items = append(answer.Items, view(app, ""))
	}
	cpodkit.WriteJSON(w, r, http.StatusOK, answer)
	return nil
}

func (s *Server) openCursor(params query.Params, admin cpodkit.Identity) (after string, err error) {
	cursor, given, err := params.One("cursor")
	if err != nil || !given {
		return "", err
	}
	position, err := s.cursors.Open(cursorBinding(admin), cursor)
	if err != nil {
		return "", cpodkit.Errorf(cpodkit.CodeInvalidCursor,
			"The cursor is not one that this list gave to this caller; start again without it.")
	}
	return string(position), nil
}

// cursorBinding ties a cursor to this list and this caller. No encoded id holds
// a slash.
func cursorBinding(id cpodkit.Identity) string {
	tenant, _ := cpodkit.EncodeID(id.TenantID)
	app, _ := cpodkit.EncodeID(id.AppID)
	user, _ := cpodkit.EncodeID(id.UserID)
	return "apps/" + tenant + "/" + app + "/" + user
}

// getApp is GET /v1/oauth/apps/{id}.
func (s *Server) getApp(w http.ResponseWriter, r *http.Request) error {
	_, app, err := s.ownApp(r)
	if err != nil {
		return err
	}
	cpodkit.WriteJSON(w, r, http.StatusOK, view(app, ""))
	return nil
}

// deleteApp is DELETE /v1/oauth/apps/{id}.
func (s *Server) deleteApp(w http.ResponseWriter, r *http.Request) error {
	for range deleteAttempts {
		admin, app, err := s.ownApp(r)
		if err != nil {
			return err
		}
		// The tokens go first: a crash in between leaves an app whose tokens are
		// refused, old and new, and never tokens without an app. MaxTokenTTL,
		// because the tokens may be from before a change of the configured one.
		err = s.revocations.Revoke(r.Context(), authz.Revocation{
			ID: app.Instance + ".", ExpiresAt: time.Now().Add(MaxTokenTTL),
		})
		if err != nil {
			return backendError(err)
		}
		err = s.apps.Delete(r.Context(), app)
		if errors.Is(err, cpodkit.CodePreconditionFailed) {
			continue
		}
		if err != nil {
			return backendError(err)
		}
		s.logChange(r, "app deleted", admin, app)
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return errBusy()
}

// rotateSecret is POST /v1/oauth/apps/{id}/rotate-secret.
func (s *Server) rotateSecret(w http.ResponseWriter, r *http.Request) error {
	admin, app, err := s.ownApp(r)
	if err != nil {
		return err
	}
	if app.Type.Public() {
		return cpodkit.Errorf(cpodkit.CodeConflict, "A browser app has no secret.")
	}
	var secret string
	secret, app.SecretHash = newSecret()
	err = s.apps.Update(r.Context(), app)
	if errors.Is(err, cpodkit.CodePreconditionFailed) {
		return errBusy()
	}
	if err != nil {
		return backendError(err)
	}
	s.logChange(r, "app secret rotated", admin, app)
	writeUncached(w, r, http.StatusOK, view(app, secret))
	return nil
}

// ownApp returns the app that the path names when it is of the caller's tenant.
// One of another tenant is as little known as one that is not there.
func (s *Server) ownApp(r *http.Request) (admin cpodkit.Identity, app App, err error) {
	if admin, err = caller(r); err != nil {
		return admin, App{}, err
	}
	if app, err = s.lookUp(r, r.PathValue("id")); err != nil {
		return admin, App{}, err
	}
	if app.ClientID == "" || app.TenantID != admin.TenantID {
		return admin, App{}, cpodkit.Errorf(cpodkit.CodeNotFound, "There is no app with this client_id.")
	}
	return admin, app, nil
}

// caller is who calls. cpodkit.Mount has seen to it that there is someone with
// the scope; a handler that is mounted without it still refuses.
func caller(r *http.Request) (cpodkit.Identity, error) {
	id, ok := cpodkit.IdentityFromContext(r.Context())
	if !ok {
		return id, cpodkit.Errorf(cpodkit.CodeMissingToken, "This call needs a token.")
	}
	return id, id.Require(AdminScope)
}

func errBusy() error {
	return cpodkit.Errorf(cpodkit.CodeConflict, "The app was changed at the same time; try again.")
}

func (s *Server) logChange(r *http.Request, what string, admin cpodkit.Identity, app App) {
	s.log.LogAttrs(r.Context(), slog.LevelInfo, what,
		slog.String("request_id", cpodkit.RequestID(r.Context())),
		slog.String("tenant", app.TenantID),
		slog.String("client_id", app.ClientID),
		slog.String("by", admin.AppID))
}
