package oauth

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/cpodkit/cpodkit"
)

// The calls on apps and their keys need one of these.
const (
	AdminScope    = "admin"          // administers the token's own tenant
	PlatformScope = "platform.admin" // administers all tenants
)

// administrator is who calls.
type administrator struct {
	cpodkit.Identity
	platform bool // of all tenants
}

// hasAdminKey reports whether the administrator calls with an admin key.
func (a administrator) hasAdminKey() bool { return a.AppID == AdminAppID && a.Issuer == "" }

// administers reports whether the tenant is the administrator's to administer.
func (a administrator) administers(tenantID string) bool { return a.platform || a.TenantID == tenantID }

// logAttrs say who changes something.
func (a administrator) logAttrs(ctx context.Context) []slog.Attr {
	return []slog.Attr{
		slog.String("request_id", cpodkit.RequestID(ctx)),
		slog.String("by", a.AppID),
		slog.String("by_credential", a.TokenID),
	}
}

// caller returns the administrator who calls. The route asks for one of the two
// scopes.
func caller(r *http.Request) administrator {
	id, _ := cpodkit.IdentityFromContext(r.Context())
	return administrator{id, id.Scopes.Covers(PlatformScope)}
}

// appOf returns the app that the path names when it is the caller's to
// administer. One of another tenant is as little known as one that is not there.
func (s *Server) appOf(r *http.Request) (admin administrator, app App, err error) {
	admin = caller(r)
	if app, err = s.lookUp(r.Context(), r.PathValue("id")); err != nil {
		return admin, App{}, err
	}
	if app.ClientID == "" || !admin.administers(app.TenantID) {
		return admin, App{}, cpodkit.Errorf(cpodkit.CodeNotFound, "There is no app with this client_id.")
	}
	return admin, app, nil
}

// mayGrant returns an invalid_scope error for the administration of all tenants,
// also by a wildcard, when the administrator lacks it. Every other scope is an
// administrator's to give.
func (a administrator) mayGrant(scopes cpodkit.Scopes) error {
	if a.platform || !scopes.Covers(PlatformScope) {
		return nil
	}
	return a.Require(PlatformScope)
}

// cursorBinding ties a cursor to one list of one caller. No encoded id holds a
// slash.
func (a administrator) cursorBinding(list string) string {
	tenant, _ := cpodkit.EncodeID(a.TenantID)
	app, _ := cpodkit.EncodeID(a.AppID)
	user, _ := cpodkit.EncodeID(a.UserID)
	reach := "tenant"
	if a.platform {
		reach = "platform"
	}
	return list + "/" + reach + "/" + tenant + "/" + app + "/" + user
}
