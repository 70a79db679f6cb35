package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"

	"github.com/cpodkit/cpodkit"
)

// AdminKeys administers the admin keys of the caller's tenant. It needs an admin key; the credential of an app is a
// [AuthError]. It is safe for concurrent use.
type AdminKeys struct {
	api    *api
	tenant string
}

// Tenant returns the admin keys of another tenant, for a caller with platform.admin.
func (a *AdminKeys) Tenant(name string) *AdminKeys { return &AdminKeys{a.api, name} }

// AdminKey is an admin key of a tenant, without the key itself.
type AdminKey struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"createdAt"`
	// ExpiresAt is zero for a key that does not expire.
	ExpiresAt time.Time `json:"expiresAt"`
	// LastUsedAt is the hour of the last use, and zero for a key that was not used.
	LastUsedAt time.Time `json:"lastUsedAt"`
}

// Create makes an admin key, which lives for expiresIn: whole seconds up to ten years, or without end when it is zero. The
// key itself, a string for [Config.APIKey], is shown this once.
func (a *AdminKeys) Create(ctx context.Context, name string, expiresIn time.Duration) (made AdminKey, secret string, err error) {
	const op = "adminKeys.create"
	if err := checkKeyLife(op, expiresIn); err != nil {
		return AdminKey{}, "", err
	}
	body, err := encodeJSON(op, struct {
		Name      string `json:"name"`
		ExpiresIn int64  `json:"expiresIn,omitempty"`
		Tenant    string `json:"tenant,omitempty"`
	}{name, int64(expiresIn / time.Second), a.tenant})
	if err != nil {
		return AdminKey{}, "", err
	}
	var answer struct {
		AdminKey
		Key string `json:"key"`
	}
	err = a.api.doJSON(ctx, &call{
		op: op, method: http.MethodPost, path: "/v1/admin-keys", contentType: jsonType, data: body, success: []int{http.StatusCreated},
	}, &answer)
	if err != nil {
		return AdminKey{}, "", err
	}
	return answer.AdminKey, answer.Key, nil
}

// List returns one page of the admin keys, by id.
func (a *AdminKeys) List(ctx context.Context, options ...PageOption) (Page[AdminKey], error) {
	query := url.Values{}
	if a.tenant != "" {
		query.Set("tenant", a.tenant)
	}
	return getPage[AdminKey](ctx, a.api, "adminKeys.list", "/v1/admin-keys", query, options)
}

// All walks through all admin keys, fetching pages as it goes. It ends after an error.
func (a *AdminKeys) All(ctx context.Context) iter.Seq2[AdminKey, error] {
	return walk("", func(cursor string) ([]AdminKey, string, error) {
		page, err := a.List(ctx, Limit(maxPageItems), Cursor(cursor))
		return page.Items, page.NextCursor, err
	})
}

// Delete ends an admin key at once. The last one of a tenant that has not expired is a [ConflictError]; one that is not
// there is a [NotFoundError]. It is not repeated after a broken connection, since the repetition would not find the key
// that the first attempt removed.
func (a *AdminKeys) Delete(ctx context.Context, id string) error {
	const op = "adminKeys.delete"
	if err := checkKeyID(op, id); err != nil {
		return err
	}
	_, err := a.api.do(ctx, &call{
		op: op, method: http.MethodDelete, path: "/v1/admin-keys/" + url.PathEscape(id), success: []int{http.StatusNoContent},
	})
	return err
}

func checkKeyLife(op string, life time.Duration) error {
	if life < 0 || life > maxKeyLife || life%time.Second != 0 {
		return invalid(op, cpodkit.CodeValidationFailed, "a key expires in whole seconds, up to ten years")
	}
	return nil
}

func checkKeyID(op, id string) error {
	if id == "" || id == "." || id == ".." || len(id) > maxKeyID {
		return invalid(op, cpodkit.CodeInvalidKey, "the id of a key has 1 to %d bytes and is not %q or %q", maxKeyID, ".", "..")
	}
	return checkText(op, "id", id)
}
