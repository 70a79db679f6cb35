package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"

	"github.com/cpodkit/cpodkit"
)

// AppType says where an app runs, and so whether it can keep a secret.
type AppType string

const (
	// ServiceApp runs on a server and acts for itself.
	ServiceApp AppType = "service"
	// WebApp runs on a server and acts for users.
	WebApp AppType = "web"
	// BrowserApp runs in a browser, where nothing is secret: it has no client secret.
	BrowserApp AppType = "browser"
)

// Apps administers the OAuth apps of the caller's tenant and their API keys. It needs the scope admin, or
// platform.admin for those of all tenants, and is safe for concurrent use.
type Apps struct {
	api *api
}

// NewApp describes an app to register.
type NewApp struct {
	// ClientID is unique over the whole installation.
	ClientID string `json:"client_id"`
	Name     string `json:"name"`
	// DeclaredScopes are all that the app's tokens can ever have.
	DeclaredScopes cpodkit.Scopes `json:"declared_scopes"`
	// Type is ServiceApp when empty.
	Type           AppType  `json:"app_type"`
	RedirectURIs   []string `json:"redirect_uris,omitempty"`
	AllowedOrigins []string `json:"allowed_origins,omitempty"`
	JWKS           AppKeys  `json:"jwks,omitempty"`
}

// App is a registered app.
type App struct {
	// TenantID is set for a caller with platform.admin only.
	TenantID       string         `json:"tenant_id"`
	ClientID       string         `json:"client_id"`
	Name           string         `json:"name"`
	DeclaredScopes cpodkit.Scopes `json:"declared_scopes"`
	Type           AppType        `json:"app_type"`
	RedirectURIs   []string       `json:"redirect_uris"`
	AllowedOrigins []string       `json:"allowed_origins"`
	JWKS           AppKeys        `json:"jwks"`
	CreatedAt      time.Time      `json:"created_at"`

	// ETag is set by [Apps.Get] and [Apps.Update], and changes with the other fields; see [IfMatch].
	ETag string `json:"-"`
}

// AppChange says what to change of an app. What is empty stays as it is. A list that is empty, but
// not nil, empties the app's.
type AppChange struct {
	Name           string         `json:"name,omitempty"`
	DeclaredScopes cpodkit.Scopes `json:"declared_scopes,omitzero"`
	RedirectURIs   []string       `json:"redirect_uris,omitzero"`
	AllowedOrigins []string       `json:"allowed_origins,omitzero"`
	JWKS           AppKeys        `json:"jwks,omitempty"` // "null" takes the keys away
}

// Register makes an app and its client secret, which is shown this once; it is empty for a [BrowserApp]. A client id
// that is taken is a [ConflictError].
func (a *Apps) Register(ctx context.Context, app NewApp) (registered App, clientSecret string, err error) {
	const op = "apps.register"
	if app.Type == "" {
		app.Type = ServiceApp
	}
	if app.DeclaredScopes == nil {
		app.DeclaredScopes = []string{}
	}
	if _, err := clientIDSegment(op, app.ClientID); err != nil {
		return App{}, "", err
	}
	body, err := encodeJSON(op, app)
	if err != nil {
		return App{}, "", err
	}
	var answer struct {
		App
		ClientSecret string `json:"client_secret"`
	}
	err = a.api.doJSON(ctx, &call{
		op: op, method: http.MethodPost, path: "/v1/oauth/apps", contentType: jsonType, data: body,
		repeat: ifUntouched, success: []int{http.StatusCreated},
	}, &answer)
	if err != nil {
		return App{}, "", err
	}
	return answer.App, answer.ClientSecret, nil
}

// List returns one page of the apps.
func (a *Apps) List(ctx context.Context, options ...PageOption) (Page[App], error) {
	return getPage[App](ctx, a.api, "apps.list", "/v1/oauth/apps", url.Values{}, options)
}

// All walks through all apps, fetching pages as it goes. It ends after an error.
func (a *Apps) All(ctx context.Context) iter.Seq2[App, error] {
	return walk("", func(cursor string) ([]App, string, error) {
		page, err := a.List(ctx, Limit(maxPageItems), Cursor(cursor))
		return page.Items, page.NextCursor, err
	})
}

// Get returns an app. One that is not there, or is another tenant's, is a [NotFoundError].
func (a *Apps) Get(ctx context.Context, clientID string) (App, error) {
	get, err := a.call("apps.get", http.MethodGet, clientID, "", http.StatusOK)
	if err != nil {
		return App{}, err
	}
	get.repeat = always
	return a.one(ctx, get)
}

// Update changes an app, and returns it as it is then. Taking a scope away ends the app's earlier
// tokens and the signed URLs that they made, and narrows its API keys. With [IfMatch] and [App.ETag]
// it changes that very state only; else it fails with a [PreconditionFailedError].
func (a *Apps) Update(ctx context.Context, clientID string, change AppChange, options ...UpdateOption) (App, error) {
	const op = "apps.update"
	update, err := a.call(op, http.MethodPatch, clientID, "", http.StatusOK)
	if err != nil {
		return App{}, err
	}
	if update.data, err = encodeJSON(op, change); err != nil {
		return App{}, err
	}
	var w writing
	for _, option := range options {
		option.applyToUpdate(&w)
	}
	update.header = http.Header{}
	if update.repeat, err = w.condition(op, update.header); err != nil {
		return App{}, err
	}
	update.contentType = "application/merge-patch+json"
	return a.one(ctx, update)
}

// one sends a call that is answered with an app and its ETag.
func (a *Apps) one(ctx context.Context, c *call) (App, error) {
	got, err := a.api.do(ctx, c)
	if err != nil {
		return App{}, err
	}
	var app App
	if err := got.decode(&app); err != nil {
		return App{}, err
	}
	app.ETag = bareTag(got.header.Get("ETag"))
	return app, nil
}

// Delete removes an app, and its tokens and API keys stop working, and so do the signed URLs that
// they made and the server serves. One that is not there is a [NotFoundError]. It is not repeated
// after a broken connection, since the repetition would not find the app that the first attempt
// removed.
func (a *Apps) Delete(ctx context.Context, clientID string) error {
	remove, err := a.call("apps.delete", http.MethodDelete, clientID, "", http.StatusNoContent)
	if err != nil {
		return err
	}
	_, err = a.api.do(ctx, remove)
	return err
}

// RotateSecret gives an app a new client secret, shown this once. The old one stops working.
func (a *Apps) RotateSecret(ctx context.Context, clientID string) (clientSecret string, err error) {
	rotate, err := a.call("apps.rotateSecret", http.MethodPost, clientID, "/rotate-secret", http.StatusOK, http.StatusCreated)
	if err != nil {
		return "", err
	}
	var answer struct {
		ClientSecret string `json:"client_secret"`
	}
	if err := a.api.doJSON(ctx, rotate, &answer); err != nil {
		return "", err
	}
	return answer.ClientSecret, nil
}

// call is the common part of what acts on one app.
func (a *Apps) call(op, method, clientID, below string, success ...int) (*call, error) {
	segment, err := clientIDSegment(op, clientID)
	if err != nil {
		return nil, err
	}
	return &call{op: op, method: method, path: "/v1/oauth/apps/" + segment + below, success: success}, nil
}
