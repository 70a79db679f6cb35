package docstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// Apps keeps the registered apps.
type Apps struct{ records records }

var _ oauth.AppStore = (*Apps)(nil)

// Apps returns the store of apps.
func (s *Store) Apps() *Apps { return &Apps{s.records("oauth", "apps")} }

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
		Version:        version,
	}
	if n := len(r.SecretSHA256); n != 0 && n != len(app.SecretHash) {
		return oauth.App{}, fmt.Errorf("docstore: the secret's hash of the app %q has %d bytes", clientID, n)
	}
	copy(app.SecretHash[:], r.SecretSHA256)
	return app, nil
}

// Create implements [oauth.AppStore].
func (a *Apps) Create(ctx context.Context, app oauth.App) error {
	err := a.records.put(ctx, app.ClientID, newAppRecord(app), documents.Op{IfAbsent: true})
	if errors.Is(err, cpodkit.CodePreconditionFailed) {
		return cpodkit.CodeConflict
	}
	return err
}

// Get implements [oauth.AppStore].
func (a *Apps) Get(ctx context.Context, clientID string) (oauth.App, error) {
	var r appRecord
	version, err := a.records.get(ctx, clientID, &r)
	if err != nil {
		return oauth.App{}, err
	}
	return r.app(clientID, version)
}

// Update implements [oauth.AppStore].
func (a *Apps) Update(ctx context.Context, app oauth.App) error {
	return a.records.replace(ctx, app.ClientID, newAppRecord(app), app.Version)
}

// Delete implements [oauth.AppStore].
func (a *Apps) Delete(ctx context.Context, app oauth.App) error {
	return a.records.remove(ctx, app.ClientID, app.Version)
}

// List implements [oauth.AppStore].
func (a *Apps) List(ctx context.Context, tenantID, after string, limit int) ([]oauth.App, error) {
	filter, err := equals("tenantId", tenantID)
	if err != nil {
		return nil, err
	}
	return a.list(ctx, filter, after, limit)
}

// ListAll implements [oauth.AppStore].
func (a *Apps) ListAll(ctx context.Context, after string, limit int) ([]oauth.App, error) {
	return a.list(ctx, nil, after, limit)
}

func (a *Apps) list(ctx context.Context, filter []documents.Condition, after string, limit int) ([]oauth.App, error) {
	page, err := a.records.page(ctx, filter, after, limit)
	if err != nil {
		return nil, err
	}
	apps := make([]oauth.App, len(page))
	for i, record := range page {
		var r appRecord
		if err := decode(record, &r); err != nil {
			return nil, err
		}
		if apps[i], err = r.app(record.Key, record.Version); err != nil {
			return nil, err
		}
	}
	return apps, nil
}
