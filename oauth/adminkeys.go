package oauth

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/internal/rest"
)

// AdminAppID is the app of every admin key. No client_id holds a colon, so no
// registered app is this one.
const AdminAppID = "cpod:admin"

// MaxAdminKeys is how many admin keys a tenant may have that calls have made.
const MaxAdminKeys = 100

// NewAdminKey describes an admin key to make.
type NewAdminKey struct {
	TenantID  string
	Name      string        // for people: 1 to 200 printable characters
	Platform  bool          // it administers all tenants
	ExpiresIn time.Duration // 0 for one that does not expire
}

// MakeAdminKey stores a new admin key. It returns the record and the key itself,
// which is not stored.
func MakeAdminKey(ctx context.Context, keys KeyStore, k NewAdminKey) (authz.APIKey, string, error) {
	var faults faults
	faults.name(k.Name)
	faults.unless(0 <= k.ExpiresIn && k.ExpiresIn <= MaxKeyLife, "/expiresIn", "must be at most %d seconds", int64(MaxKeyLife/time.Second))
	if err := faults.err(); err != nil {
		return authz.APIKey{}, "", err
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	key := authz.APIKey{
		ID: newKeyID(now), Name: k.Name, TenantID: k.TenantID, AppID: AdminAppID, Scopes: cpodkit.Scopes{AdminScope}, CreatedAt: now,
	}
	if k.Platform {
		key.Scopes = append(key.Scopes, PlatformScope)
	}
	if k.ExpiresIn > 0 {
		key.ExpiresAt = now.Add(k.ExpiresIn)
	}
	secret := authz.NewAPIKey()
	return key, secret, keys.Create(ctx, authz.DigestOf(secret), key)
}

// adminKeyRequest is the body of POST /v1/admin-keys.
type adminKeyRequest struct {
	Name      string  `json:"name"`
	ExpiresIn *int64  `json:"expiresIn"` // seconds
	Tenant    *string `json:"tenant"`    // for platform.admin
}

// adminKeyView is an admin key in an answer. Key is there once, when it is made.
type adminKeyView struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	CreatedAt  rest.Time `json:"createdAt"`
	ExpiresAt  rest.Time `json:"expiresAt,omitzero"`
	LastUsedAt rest.Time `json:"lastUsedAt,omitzero"`
	Key        string    `json:"key,omitempty"`
}

func viewAdminKey(key authz.APIKey, secret string) adminKeyView {
	return adminKeyView{
		ID: key.ID, Name: key.Name, CreatedAt: rest.Time(key.CreatedAt), ExpiresAt: rest.Time(key.ExpiresAt),
		LastUsedAt: rest.Time(key.LastUsedAt), Key: secret,
	}
}

// keyCaller returns the administrator who calls with an admin key. An app's token
// or key must not outlive the app by making one.
func keyCaller(r *http.Request) (administrator, error) {
	admin := caller(r)
	if !admin.isAdminKey() {
		return admin, cpodkit.Errorf(cpodkit.CodeForbidden, "Admin keys are administered with an admin key, not with the credential of an app.")
	}
	return admin, nil
}

// createAdminKey is POST /v1/admin-keys.
func (s *Server) createAdminKey(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	admin, err := keyCaller(r)
	if err != nil {
		return err
	}
	var body adminKeyRequest
	if err := cpodkit.DecodeJSON(w, r, &body, 0); err != nil {
		return err
	}
	var faults faults
	faults.name(body.Name)
	faults.expiresIn("/expiresIn", body.ExpiresIn)
	if err := faults.err(); err != nil {
		return err
	}
	request := NewAdminKey{TenantID: admin.TenantID, Name: body.Name}
	if body.ExpiresIn != nil {
		request.ExpiresIn = time.Duration(*body.ExpiresIn) * time.Second
	}
	if body.Tenant != nil {
		if request.TenantID, err = s.otherTenant(r.Context(), admin, *body.Tenant); errors.Is(err, cpodkit.CodeNotFound) {
			return cpodkit.ValidationError(cpodkit.FieldError{Pointer: "/tenant", Detail: "is not a tenant"})
		}
		if err != nil {
			return err
		}
	}
	key, secret, err := MakeAdminKey(r.Context(), s.keys, request)
	if err != nil {
		return backendError(err)
	}
	if err := s.confirmAdminKey(r.Context(), key); err != nil {
		s.undoKey(r.Context(), key)
		return err
	}
	s.logAdminKey(r, "admin key made", admin, key)
	writeUncached(w, r, http.StatusCreated, viewAdminKey(key, secret))
	return nil
}

// confirmAdminKey looks, after a key was stored, whether its tenant may have it. In
// this order calls at the same time cannot exceed the bound together.
func (s *Server) confirmAdminKey(ctx context.Context, key authz.APIKey) error {
	keys, err := s.keys.ListAdmin(ctx, key.TenantID, "", MaxAdminKeys+1)
	if err != nil {
		return backendError(err)
	}
	if len(keys) > MaxAdminKeys {
		return cpodkit.Errorf(cpodkit.CodeConflict, "The tenant has %d admin keys, which is the most; delete one first.", MaxAdminKeys)
	}
	return nil
}

// otherTenant returns the tenant that an administrator of the platform names;
// not_found when there is none.
func (s *Server) otherTenant(ctx context.Context, admin administrator, tenant string) (string, error) {
	if err := admin.Require(PlatformScope); err != nil {
		return "", err
	}
	errUnknown := cpodkit.Errorf(cpodkit.CodeNotFound, "There is no tenant with this name.")
	if _, err := cpodkit.EncodeID(tenant); err != nil {
		return "", errUnknown
	}
	if s.tenantExists == nil {
		return tenant, nil
	}
	exists, err := s.tenantExists(ctx, tenant)
	if err != nil {
		return "", backendError(err)
	}
	if !exists {
		return "", errUnknown
	}
	return tenant, nil
}

// listAdminKeys is GET /v1/admin-keys.
func (s *Server) listAdminKeys(w http.ResponseWriter, r *http.Request, q rest.Query) error {
	admin, err := keyCaller(r)
	if err != nil {
		return err
	}
	tenant := admin.TenantID
	if q.Has("tenant") {
		if tenant, err = s.otherTenant(r.Context(), admin, q.Get("tenant")); err != nil {
			return err
		}
	}
	page, err := q.Page(s.cursors, admin.cursorBinding("admin-keys/"+url.PathEscape(tenant)))
	if err != nil {
		return err
	}
	keys, err := s.keys.ListAdmin(r.Context(), tenant, page.After, page.Limit+1)
	if err != nil {
		return backendError(err)
	}
	for _, fixed := range s.fixedAdminKeys {
		if fixed.TenantID == tenant && fixed.ID > page.After {
			keys = append(keys, fixed)
		}
	}
	slices.SortFunc(keys, func(a, b authz.APIKey) int { return strings.Compare(a.ID, b.ID) })
	rest.WritePage(w, r, page, keys[:min(len(keys), page.Limit+1)],
		func(key authz.APIKey) string { return key.ID },
		func(key authz.APIKey) adminKeyView { return viewAdminKey(key, "") })
	return nil
}

// deleteAdminKey is DELETE /v1/admin-keys/{id}.
func (s *Server) deleteAdminKey(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	admin, err := keyCaller(r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	errUnknown := cpodkit.Errorf(cpodkit.CodeNotFound, "There is no admin key with this id.")
	if slices.ContainsFunc(s.fixedAdminKeys, func(k authz.APIKey) bool { return k.ID == id && admin.administers(k.TenantID) }) {
		return cpodkit.Errorf(cpodkit.CodeConflict, "This admin key is a setting of the server: the operator ends it there.")
	}
	key, err := s.keys.FindAdmin(r.Context(), id)
	if errors.Is(err, cpodkit.CodeNotFound) || err == nil && !admin.administers(key.TenantID) {
		return errUnknown
	}
	if err != nil {
		return backendError(err)
	}
	if key.Scopes.Covers(PlatformScope) {
		if err := admin.Require(PlatformScope); err != nil {
			return err
		}
	}
	// A tenant with a fixed key keeps that one.
	mayBeLast := slices.ContainsFunc(s.fixedAdminKeys, func(k authz.APIKey) bool { return k.TenantID == key.TenantID })
	err = s.keys.DeleteAdmin(r.Context(), key, mayBeLast)
	switch {
	case errors.Is(err, cpodkit.CodeNotFound):
		return errUnknown
	case errors.Is(err, cpodkit.CodeConflict):
		return cpodkit.Errorf(cpodkit.CodeConflict, "This is the last admin key of its tenant that works: make another one first.")
	case err != nil:
		return backendError(err)
	}
	s.logAdminKey(r, "admin key ended", admin, key)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) logAdminKey(r *http.Request, what string, by administrator, key authz.APIKey) {
	s.log.LogAttrs(r.Context(), slog.LevelInfo, what, append(by.logAttrs(r.Context()),
		slog.String("tenant", key.TenantID), slog.String("key_id", key.ID))...)
}
