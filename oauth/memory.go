package oauth

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/cpodkit/cpodkit"
)

// MemoryApps is an [AppStore] that a restart empties.
type MemoryApps struct {
	mu     sync.Mutex
	byID   map[string]App
	writes int
}

var _ AppStore = (*MemoryApps)(nil)

// NewMemoryApps returns an empty store.
func NewMemoryApps() *MemoryApps { return &MemoryApps{byID: map[string]App{}} }

// Create implements [AppStore].
func (m *MemoryApps) Create(ctx context.Context, app App) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, taken := m.byID[app.ClientID]; taken {
		return cpodkit.CodeConflict
	}
	m.write(app)
	return nil
}

// Get implements [AppStore].
func (m *MemoryApps) Get(ctx context.Context, clientID string) (App, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return App{}, err
	}
	app, ok := m.byID[clientID]
	if !ok {
		return App{}, cpodkit.CodeNotFound
	}
	return app.clone(), nil
}

// Update implements [AppStore].
func (m *MemoryApps) Update(ctx context.Context, app App) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.holds(ctx, app); err != nil {
		return err
	}
	m.write(app)
	return nil
}

// Delete implements [AppStore].
func (m *MemoryApps) Delete(ctx context.Context, app App) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.holds(ctx, app); err != nil {
		return err
	}
	delete(m.byID, app.ClientID)
	return nil
}

// List implements [AppStore].
func (m *MemoryApps) List(ctx context.Context, tenantID, after string, limit int) ([]App, error) {
	return m.list(ctx, after, limit, func(app App) bool { return app.TenantID == tenantID })
}

// ListAll implements [AppStore].
func (m *MemoryApps) ListAll(ctx context.Context, after string, limit int) ([]App, error) {
	return m.list(ctx, after, limit, func(App) bool { return true })
}

func (m *MemoryApps) list(ctx context.Context, after string, limit int, which func(App) bool) ([]App, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var apps []App
	for _, app := range m.byID {
		if app.ClientID > after && which(app) {
			apps = append(apps, app.clone())
		}
	}
	slices.SortFunc(apps, func(a, b App) int { return cmp.Compare(a.ClientID, b.ClientID) })
	return apps[:min(limit, len(apps))], nil
}

func (m *MemoryApps) holds(ctx context.Context, app App) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if stored, ok := m.byID[app.ClientID]; !ok || stored.Version != app.Version {
		return cpodkit.CodePreconditionFailed
	}
	return nil
}

func (m *MemoryApps) write(app App) {
	m.writes++
	app = app.clone()
	app.Version = strconv.Itoa(m.writes)
	m.byID[app.ClientID] = app
}

func (a App) clone() App {
	a.DeclaredScopes = slices.Clone(a.DeclaredScopes)
	a.RedirectURIs = slices.Clone(a.RedirectURIs)
	a.DeclaredIn = maps.Clone(a.DeclaredIn)
	a.JWKS = bytes.Clone(a.JWKS)
	a.AllowedOrigins = slices.Clone(a.AllowedOrigins)
	return a
}
