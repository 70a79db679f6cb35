package oauth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/rest"
)

// MaxApps is how many apps a tenant may have. Their allowed origins are in the memory of
// every server.
const MaxApps = 1000

// changeAttempts bounds how often a change of an app starts again after another one.
const changeAttempts = 5

// appView is an app in an answer. Its tenant is shown to those alone who see the
// apps of all tenants.
type appView struct {
	TenantID       string    `json:"tenant_id,omitempty"`
	ClientID       string    `json:"client_id"`
	ClientSecret   string    `json:"client_secret,omitempty"`
	Name           string    `json:"name"`
	DeclaredScopes []string  `json:"declared_scopes"`
	AppType        AppType   `json:"app_type"`
	RedirectURIs   []string  `json:"redirect_uris"`
	AllowedOrigins []string  `json:"allowed_origins,omitempty"`
	CreatedAt      rest.Time `json:"created_at"`

	JWKS json.RawMessage `json:"jwks,omitempty"`
}

func (a administrator) view(app App, secret string) appView {
	v := appView{
		ClientID:       app.ClientID,
		ClientSecret:   secret,
		Name:           app.Name,
		DeclaredScopes: append([]string{}, app.DeclaredScopes...),
		AppType:        app.Type,
		RedirectURIs:   append([]string{}, app.RedirectURIs...),
		AllowedOrigins: app.AllowedOrigins,
		CreatedAt:      rest.Time(app.CreatedAt),
		JWKS:           app.JWKS,
	}
	if a.platform {
		v.TenantID = app.TenantID
	}
	return v
}

// registerApp is POST /v1/oauth/apps.
func (s *Server) registerApp(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	admin := caller(r)
	var body registration
	if err := cpodkit.DecodeJSON(w, r, &body, 0); err != nil {
		return err
	}
	if err := body.check(); err != nil {
		return err
	}
	if err := admin.mayGrant(body.DeclaredScopes); err != nil {
		return err
	}
	// Its deletion will take a place among the revocations, and is never refused.
	if err := s.revocations.HasRoom(admin.TenantID); err != nil {
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
		JWKS:           compactJWKS(body.JWKS),
		CreatedAt:      time.Now().UTC().Truncate(time.Second),
		Instance:       rand.Text(),
	}
	secret := ""
	if !app.Type.Public() {
		secret, app.SecretHash = newSecret()
	}
	err := s.apps.Create(r.Context(), app)
	if errors.Is(err, cpodkit.CodeConflict) {
		return cpodkit.Errorf(cpodkit.CodeConflict, "This client_id is taken; choose another one.")
	}
	if err != nil {
		return backendError(err)
	}
	if err := s.confirmApp(r.Context(), app); err != nil {
		return err
	}
	s.origins.changed(r.Context(), app.AllowedOrigins...)
	s.logChange(r, "app registered", admin, app)
	w.Header().Set("Location", "/v1/oauth/apps/"+url.PathEscape(app.ClientID))
	writeUncached(w, r, http.StatusCreated, admin.view(app, secret))
	return nil
}

// confirmApp looks, after an app was stored, whether its tenant may have it, and else
// removes it. In this order calls at the same time cannot exceed the bound together.
func (s *Server) confirmApp(ctx context.Context, app App) error {
	apps, err := s.apps.List(ctx, app.TenantID, "", MaxApps+1)
	if err == nil && len(apps) <= MaxApps {
		return nil
	}
	undoing, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer cancel()
	stored, undone := s.apps.Get(undoing, app.ClientID)
	if undone == nil && stored.Instance == app.Instance {
		undone = s.apps.Delete(undoing, stored)
	}
	if undone != nil && !errors.Is(undone, cpodkit.CodeNotFound) {
		s.log.WarnContext(ctx, "a refused app stays listed; nobody was told its secret", "client_id", app.ClientID, "error", undone)
	}
	if err != nil {
		return backendError(err)
	}
	return cpodkit.Errorf(cpodkit.CodeConflict, "The tenant has %d apps, which is the most; delete one first.", MaxApps)
}

// listApps is GET /v1/oauth/apps.
func (s *Server) listApps(w http.ResponseWriter, r *http.Request, q rest.Query) error {
	admin := caller(r)
	page, err := q.Page(s.cursors, admin.cursorBinding("apps"))
	if err != nil {
		return err
	}
	var apps []App
	if admin.platform {
		apps, err = s.apps.ListAll(r.Context(), page.After, page.Limit+1)
	} else {
		apps, err = s.apps.List(r.Context(), admin.TenantID, page.After, page.Limit+1)
	}
	if err != nil {
		return backendError(err)
	}
	rest.WritePage(w, r, page, apps,
		func(app App) string { return app.ClientID },
		func(app App) appView { return admin.view(app, "") })
	return nil
}

// getApp is GET /v1/oauth/apps/{id}.
func (s *Server) getApp(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	admin, app, err := s.appOf(r)
	if err != nil {
		return err
	}
	admin.writeApp(w, r, app)
	return nil
}

// writeApp answers with an app and its ETag.
func (a administrator) writeApp(w http.ResponseWriter, r *http.Request, app App) {
	w.Header().Set("ETag", rest.ETag(a.tag(app)))
	cpodkit.WriteJSON(w, r, http.StatusOK, a.view(app, ""))
}

// tag returns the entity tag of an app, without quotes: a hash of what the
// administrator sees of it.
func (a administrator) tag(app App) string {
	v := a.view(app, "")
	hash := sha256.Sum256(fmt.Appendf(nil, "%d %q", app.CreatedAt.Unix(),
		[]any{v.TenantID, v.ClientID, v.Name, v.DeclaredScopes, v.AppType, v.RedirectURIs, v.AllowedOrigins, v.JWKS}))
	return base64.RawURLEncoding.EncodeToString(hash[:16])
}

// RevocationLife is how long tokens stand revoked, which is longer than what they made
// can live: a token lives for [MaxTokenTTL] at most, and a signed URL for seven days.
const RevocationLife = 7*24*time.Hour + time.Hour

// deleteApp is DELETE /v1/oauth/apps/{id}.
func (s *Server) deleteApp(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	for range changeAttempts {
		admin, app, err := s.appOf(r)
		if err != nil {
			return err
		}
		isMarked := app.Deleting
		if isMarked {
			err = s.remove(r.Context(), app)
		} else {
			app.Deleting = true
			err = s.apps.Update(r.Context(), app)
		}
		if err != nil && !errors.Is(err, cpodkit.CodePreconditionFailed) {
			return backendError(err)
		}
		if err != nil || !isMarked {
			continue // with the app as it is now
		}
		s.origins.changed(r.Context(), app.AllowedOrigins...)
		s.logChange(r, "app deleted", admin, app)
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return errBusy()
}

// remove removes an app that is marked. Its tokens and keys end first: a crash in
// between leaves an app whose tokens and keys are refused, old and new, and never
// these without an app.
func (s *Server) remove(ctx context.Context, app App) error {
	if err := s.revoke(ctx, app.TenantID, app.tokens()); err != nil {
		return err
	}
	if s.keys != nil {
		if err := s.keys.DeleteAll(ctx, app.Instance); err != nil {
			return err
		}
	}
	if s.grants != nil {
		if err := s.grants.DeleteAll(ctx, GrantFilter{Instance: app.Instance}); err != nil {
			return err
		}
	}
	if s.appDeleted != nil {
		if err := s.appDeleted(ctx, app); err != nil {
			return err
		}
	}
	return s.apps.Delete(ctx, app)
}

// rotateSecret is POST /v1/oauth/apps/{id}/rotate-secret.
func (s *Server) rotateSecret(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	admin, app, err := s.appOf(r)
	if err != nil {
		return err
	}
	if app.Type.Public() {
		return cpodkit.Errorf(cpodkit.CodeConflict, "A browser app has no secret.")
	}
	// Who has the secret has all that the app declared.
	if err := admin.mayGrant(app.DeclaredScopes); err != nil {
		return err
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
	writeUncached(w, r, http.StatusOK, admin.view(app, secret))
	return nil
}

func errBusy() error {
	return cpodkit.Errorf(cpodkit.CodeConflict, "The app was changed at the same time; try again.")
}

func (s *Server) logChange(r *http.Request, what string, admin administrator, app App, more ...slog.Attr) {
	attrs := append(admin.logAttrs(r.Context()), slog.String("tenant", app.TenantID), slog.String("client_id", app.ClientID))
	s.log.LogAttrs(r.Context(), slog.LevelInfo, what, append(attrs, more...)...)
}
