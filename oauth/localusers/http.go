package localusers

import (
	"context"
	"errors"
	"log/slog"
	"mime"
	"net/http"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/rest"
	"github.com/cpodkit/cpodkit/oauth"
)

// Routes returns the calls on users, for administrators of the tenant of the users.
func (u *Users) Routes() []cpodkit.Route {
	admin := func(name, pattern string, handle rest.Func, parameters ...string) cpodkit.Route {
		return cpodkit.Route{
			Name: name, Pattern: pattern, Scopes: []string{oauth.AdminScope, oauth.PlatformScope}, Handler: rest.Handler(handle, parameters...),
		}
	}
	return []cpodkit.Route{
		admin("createUser", "POST /v1/users", u.createUser),
		admin("listUsers", "GET /v1/users", u.listUsers, "limit", "cursor"),
		admin("getUser", "GET /v1/users/{id}", u.getUser),
		admin("updateUser", "PATCH /v1/users/{id}", u.updateUser),
		admin("deleteUser", "DELETE /v1/users/{id}", u.deleteUser),
		admin("resetUser", "POST /v1/users/{id}/reset", u.resetUser),
	}
}

// view is a user in an answer.
type view struct {
	ID        string    `json:"id"`
	Email     string    `json:"email"`
	Name      string    `json:"name"`
	Disabled  bool      `json:"disabled"`
	CreatedAt rest.Time `json:"createdAt"`
}

func viewOf(a Account) view {
	return view{a.ID, a.Email, a.Name, a.Disabled, rest.Time(a.CreatedAt)}
}

// invitation is the answer that has a link.
type invitation struct {
	User      view      `json:"user"`
	InviteURL string    `json:"inviteUrl"`
	ExpiresAt rest.Time `json:"expiresAt"`
}

func writeLink(w http.ResponseWriter, r *http.Request, status int, l Link) {
	w.Header().Set("Cache-Control", "no-store")
	cpodkit.WriteJSON(w, r, status, invitation{viewOf(l.User), l.URL, rest.Time(l.ExpiresAt)})
}

func tenantOf(r *http.Request) (tenantID string, by []slog.Attr) {
	id, _ := cpodkit.IdentityFromContext(r.Context())
	return id.TenantID, []slog.Attr{slog.String("by", id.AppID), slog.String("by_credential", id.TokenID)}
}

// createUser is POST /v1/users.
func (u *Users) createUser(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	var body struct {
		Email string  `json:"email"`
		Name  *string `json:"name"`
	}
	if err := cpodkit.DecodeJSON(w, r, &body, 0); err != nil {
		return err
	}
	tenantID, by := tenantOf(r)
	user := NewUser{TenantID: tenantID, Email: body.Email}
	if body.Name != nil {
		user.Name = *body.Name
	}
	link, err := u.Invite(r.Context(), user)
	if err != nil {
		return down(err)
	}
	u.logChange(r.Context(), "user invited", link.User, by)
	w.Header().Set("Location", "/v1/users/"+link.User.ID)
	writeLink(w, r, http.StatusCreated, link)
	return nil
}

// listUsers is GET /v1/users.
func (u *Users) listUsers(w http.ResponseWriter, r *http.Request, q rest.Query) error {
	tenantID, _ := tenantOf(r)
	tenant, err := cpodkit.EncodeID(tenantID)
	if err != nil {
		return err
	}
	page, err := q.Page(u.cursors, "users/"+tenant)
	if err != nil {
		return err
	}
	accounts, err := u.List(r.Context(), tenantID, page.After, page.Limit+1)
	if err != nil {
		return down(err)
	}
	rest.WritePage(w, r, page, accounts, func(a Account) string { return a.ID }, viewOf)
	return nil
}

// getUser is GET /v1/users/{id}.
func (u *Users) getUser(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	tenantID, _ := tenantOf(r)
	account, err := u.Get(r.Context(), tenantID, r.PathValue("id"))
	if err != nil {
		return down(err)
	}
	w.Header().Set("Cache-Control", "no-store")
	cpodkit.WriteJSON(w, r, http.StatusOK, viewOf(account))
	return nil
}

// patchTypes are the media types that a change comes in (RFC 5789 section 3.1).
const patchTypes = "application/merge-patch+json, application/json"

// updateUser is PATCH /v1/users/{id}: a JSON Merge Patch (RFC 7396).
func (u *Users) updateUser(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	if err := rest.RefuseConditions(r.Header); err != nil {
		return err
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && media != "application/merge-patch+json" && media != "application/json" {
		w.Header().Set("Accept-Patch", patchTypes)
		return cpodkit.Errorf(cpodkit.CodeUnsupportedMediaType, "This call takes a JSON Merge Patch: send %s.", patchTypes)
	}
	data, err := cpodkit.ReadJSON(w, r, 0)
	if err != nil {
		return err
	}
	same := new(string) // null makes nil of it, which is no name
	body := struct {
		Name     *string `json:"name"`
		Disabled bool    `json:"disabled"`
	}{Name: same}
	var given map[string]any
	if err := cpodkit.UnmarshalStrict(data, &body); err != nil {
		return err
	}
	if err := cpodkit.UnmarshalStrict(data, &given); err != nil {
		return err
	}
	var change Change
	switch body.Name {
	case same:
	case nil:
		change.Name = new(string)
	default:
		change.Name = body.Name
	}
	if _, there := given["disabled"]; there {
		change.Disabled = &body.Disabled
	}
	tenantID, by := tenantOf(r)
	account, err := u.Change(r.Context(), tenantID, r.PathValue("id"), change)
	if err != nil {
		return down(err)
	}
	u.logChange(r.Context(), "user changed", account, append(by, slog.Bool("disabled", account.Disabled)))
	w.Header().Set("Cache-Control", "no-store")
	cpodkit.WriteJSON(w, r, http.StatusOK, viewOf(account))
	return nil
}

// deleteUser is DELETE /v1/users/{id}.
func (u *Users) deleteUser(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	if err := rest.RefuseConditions(r.Header); err != nil {
		return err
	}
	tenantID, by := tenantOf(r)
	account, err := u.Delete(r.Context(), tenantID, r.PathValue("id"))
	if err != nil {
		return down(err)
	}
	u.logChange(r.Context(), "user deleted", account, by)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// resetUser is POST /v1/users/{id}/reset.
func (u *Users) resetUser(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	tenantID, by := tenantOf(r)
	link, err := u.Reset(r.Context(), tenantID, r.PathValue("id"))
	if err != nil {
		return down(err)
	}
	u.logChange(r.Context(), "user gets a link for another password", link.User, by)
	writeLink(w, r, http.StatusOK, link)
	return nil
}

func (u *Users) logChange(ctx context.Context, what string, a Account, by []slog.Attr) {
	u.log.LogAttrs(ctx, slog.LevelInfo, what, append(logAttrs(ctx, a), by...)...)
}

// down says of an error of the store that it did not answer.
func down(err error) error {
	if cpodkit.CodeOf(err) != cpodkit.CodeUnavailable || errors.Is(err, errDelivery) {
		return err
	}
	return cpodkit.Errorf(cpodkit.CodeUnavailable, "The server's store of users does not answer; try again.").WithCause(err)
}
