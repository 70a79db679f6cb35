package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"

	"github.com/cpodkit/cpodkit"
)

// Users administers the users of the caller's tenant who are kept by the server and sign in with a password. It needs
// the scope admin, and is safe for concurrent use.
type Users struct {
	api *api
}

// Account is somebody who signs in with a password.
type Account struct {
	ID    string `json:"id"`
	Email string `json:"email"`
	// Name is empty when there is none.
	Name      string    `json:"name"`
	Disabled  bool      `json:"disabled"`
	CreatedAt time.Time `json:"createdAt"`
}

// Invitation is a link with which a user sets a password, once.
type Invitation struct {
	User Account `json:"user"`
	// URL is a secret: whoever has it sets the password.
	URL       string    `json:"inviteUrl"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// UserChange says what to change of a user. What is nil stays as it is.
type UserChange struct {
	// Name is empty for none.
	Name     *string `json:"name,omitempty"`
	Disabled *bool   `json:"disabled,omitempty"`
}

// Invite makes a user. The name may be empty. An e-mail address that a user of the tenant has is a [ConflictError].
func (u *Users) Invite(ctx context.Context, email, name string) (Invitation, error) {
	const op = "users.invite"
	body, err := encodeJSON(op, struct {
		Email string `json:"email"`
		Name  string `json:"name,omitempty"`
	}{email, name})
	if err != nil {
		return Invitation{}, err
	}
	return u.invitation(ctx, &call{
		op: op, method: http.MethodPost, path: "/v1/users", contentType: jsonType, data: body, success: []int{http.StatusCreated},
	})
}

func (u *Users) invitation(ctx context.Context, c *call) (invitation Invitation, err error) {
	err = u.api.doJSON(ctx, c, &invitation)
	return invitation, err
}

// List returns one page of users, by id.
func (u *Users) List(ctx context.Context, options ...PageOption) (Page[Account], error) {
	return getPage[Account](ctx, u.api, "users.list", "/v1/users", url.Values{}, options)
}

// All walks through all users, fetching pages as it goes. It ends after an error.
func (u *Users) All(ctx context.Context) iter.Seq2[Account, error] {
	return walk("", func(cursor string) ([]Account, string, error) {
		page, err := u.List(ctx, Limit(maxPageItems), Cursor(cursor))
		return page.Items, page.NextCursor, err
	})
}

// Get returns a user. One that is not there is a [NotFoundError].
func (u *Users) Get(ctx context.Context, id string) (user Account, err error) {
	const op = "users.get"
	path, err := userPath(op, id)
	if err != nil {
		return Account{}, err
	}
	err = u.api.doJSON(ctx, &call{op: op, method: http.MethodGet, path: path, success: []int{http.StatusOK}}, &user)
	return user, err
}

// Update changes a user, and returns it as it is then. Who is disabled has no sessions, grants and tokens any more.
func (u *Users) Update(ctx context.Context, id string, change UserChange) (user Account, err error) {
	const op = "users.update"
	path, err := userPath(op, id)
	if err != nil {
		return Account{}, err
	}
	body, err := encodeJSON(op, change)
	if err != nil {
		return Account{}, err
	}
	err = u.api.doJSON(ctx, &call{
		op: op, method: http.MethodPatch, path: path, contentType: "application/merge-patch+json", data: body, success: []int{http.StatusOK},
	}, &user)
	return user, err
}

// Delete removes a user, after the sessions, grants and tokens of the user have ended. It is not repeated after a broken
// connection, since the repetition would not find the user that the first attempt removed.
func (u *Users) Delete(ctx context.Context, id string) error {
	const op = "users.delete"
	path, err := userPath(op, id)
	if err != nil {
		return err
	}
	_, err = u.api.do(ctx, &call{op: op, method: http.MethodDelete, path: path, success: []int{http.StatusNoContent}})
	return err
}

// Reset makes a link with which the user sets another password. Links before it end. A user who is disabled is a
// [ConflictError].
func (u *Users) Reset(ctx context.Context, id string) (Invitation, error) {
	const op = "users.reset"
	path, err := userPath(op, id)
	if err != nil {
		return Invitation{}, err
	}
	return u.invitation(ctx, &call{op: op, method: http.MethodPost, path: path + "/reset", success: []int{http.StatusOK}})
}

func userPath(op, id string) (string, error) {
	if _, err := cpodkit.EncodeID(id); err != nil {
		return "", invalid(op, cpodkit.CodeInvalidKey, "the id of a user %s", err)
	}
	return "/v1/users/" + url.PathEscape(id), nil
}
