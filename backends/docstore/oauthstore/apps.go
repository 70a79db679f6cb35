// Package oauthstore keeps apps, API keys and the grants of users in a document driver.
package oauthstore

import (
	"context"
	"fmt"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/oauth"
)

// Apps keeps the registered apps.
type Apps struct {
	records *docstore.Collection[appRecord]
}

var _ oauth.AppStore = (*Apps)(nil)

// NewApps returns the store of apps.
func NewApps(db *docstore.DB) *Apps {
	return &Apps{docstore.NewCollection[appRecord](db, "oauth", "apps")}
}

// appRecord is an app as it is stored. Its key is the client_id.
type appRecord struct {
	TenantID       string         `json:"tenantId"`
	Name           string         `json:"name"`
	Type           oauth.AppType  `json:"type"`
	DeclaredScopes cpodkit.Scopes `json:"declaredScopes"`
	RedirectURIs   []string       `json:"redirectUris"`
	AllowedOrigins []string       `json:"allowedOrigins"`
	SecretSHA256   []byte         `json:"secretSha256,omitempty"`
	CreatedAt      time.Time      `json:"createdAt"`
	Instance       string         `json:"instance"`
	TokenPrefix    string         `json:"tokenPrefix,omitempty"`
	Deleting       bool           `json:"deleting,omitempty"`

	Generation int64            `json:"generation,omitempty"`
	DeclaredIn map[string]int64 `json:"declaredIn,omitempty"`
	JWKS       string           `json:"jwks,omitempty"` // as it was registered, byte for byte
}

func newAppRecord(app oauth.App) appRecord {
	r := appRecord{
		TenantID:       app.TenantID,
		Name:           app.Name,
		Type:           app.Type,
		DeclaredScopes: app.DeclaredScopes,
		RedirectURIs:   app.RedirectURIs,
		AllowedOrigins: app.AllowedOrigins,
		CreatedAt:      app.CreatedAt.UTC(),
		Instance:       app.Instance,
		TokenPrefix:    app.TokenPrefix,
		Deleting:       app.Deleting,
		Generation:     app.Generation,
		DeclaredIn:     app.DeclaredIn,
		JWKS:           string(app.JWKS),
	}
	if app.SecretHash != (oauth.SecretHash{}) {
		r.SecretSHA256 = app.SecretHash[:]
	}
	return r
}

func (r appRecord) app(clientID, version string) (oauth.App, error) {
	app := oauth.App{
		ClientID:       clientID,
		TenantID:       r.TenantID,
		Name:           r.Name,
		Type:           r.Type,
		DeclaredScopes: r.DeclaredScopes,
		RedirectURIs:   r.RedirectURIs,
		AllowedOrigins: r.AllowedOrigins,
		CreatedAt:      r.CreatedAt,
		Instance:       r.Instance,
		TokenPrefix:    r.TokenPrefix,
		Deleting:       r.Deleting,
		Generation:     r.Generation,
		DeclaredIn:     r.DeclaredIn,
		JWKS:           jwksBytes(r.JWKS),
		Version:        version,
	}
	if n := len(r.SecretSHA256); n != 0 && n != len(app.SecretHash) {
		return oauth.App{}, fmt.Errorf("oauthstore: the secret's hash of the app %q has %d bytes", clientID, n)
	}
	copy(app.SecretHash[:], r.SecretSHA256)
	return app, nil
}

// Create implements [oauth.AppStore].
func (a *Apps) Create(ctx context.Context, app oauth.App) error {
	return a.records.Create(ctx, app.ClientID, newAppRecord(app))
}

// Get implements [oauth.AppStore].
func (a *Apps) Get(ctx context.Context, clientID string) (oauth.App, error) {
	r, err := a.records.Get(ctx, clientID)
	if err != nil {
		return oauth.App{}, err
	}
	return r.Value.app(r.Key, r.Version)
}

// Update implements [oauth.AppStore].
func (a *Apps) Update(ctx context.Context, app oauth.App) error {
	return a.records.Replace(ctx, app.ClientID, newAppRecord(app), app.Version)
}

// Delete implements [oauth.AppStore].
func (a *Apps) Delete(ctx context.Context, app oauth.App) error {
	return a.records.DeleteVersion(ctx, app.ClientID, app.Version)
}

// List implements [oauth.AppStore].
func (a *Apps) List(ctx context.Context, tenantID, after string, limit int) ([]oauth.App, error) {
	return a.list(ctx, docstore.Query{Where: []docstore.Condition{docstore.Equal("tenantId", tenantID)}, After: after, Limit: limit})
}

// ListAll implements [oauth.AppStore].
func (a *Apps) ListAll(ctx context.Context, after string, limit int) ([]oauth.App, error) {
	return a.list(ctx, docstore.Query{After: after, Limit: limit})
}

func (a *Apps) list(ctx context.Context, q docstore.Query) ([]oauth.App, error) {
	page, err := a.records.List(ctx, q)
	if err != nil {
		return nil, err
	}
	apps := make([]oauth.App, len(page))
	for i, r := range page {
		if apps[i], err = r.Value.app(r.Key, r.Version); err != nil {
			return nil, err
		}
	}
	return apps, nil
}

// CountTenant returns how many apps a tenant has.
func (a *Apps) CountTenant(ctx context.Context, tenantID string) (n int, err error) {
	for _, err := range a.records.All(ctx, docstore.Equal("tenantId", tenantID)) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func jwksBytes(text string) []byte {
	if text == "" {
		return nil
	}
	return []byte(text)
}
