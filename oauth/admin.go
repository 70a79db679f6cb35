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

// isAdminKey reports whether the administrator calls with an admin key.
func (a administrator) isAdminKey() bool { return a.AppID == AdminAppID && a.Issuer == "" }

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

// mayGrant returns an invalid_scope error for the first scope that the administrator
// may not hand on. The credential of an app or a user hands on what it holds itself. An
// admin key hands on every scope; platform.admin, also by a wildcard, only when it
// holds it.
func (a administrator) mayGrant(scopes cpodkit.Scopes) error {
	for _, scope := range scopes {
		switch {
		case grantsPlatform(scope):
			scope = PlatformScope
		case a.isAdminKey():
			continue
		}
		if err := a.Require(scope); err != nil {
			return err
		}
	}
	return nil
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
