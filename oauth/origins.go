package oauth

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/cpodkit/cpodkit/internal/follow"
)

const (
	// originsInterval keeps what is in memory younger than 10 s, with some seconds
	// for the store to answer.
	originsInterval = 5 * time.Second

	originsPage = 500 // apps of one read
)

// Origins holds the allowed origins of all apps of a store in memory. It says which
// apps let pages of an origin call the server: an httpserver.Origins. It is safe for
// concurrent use, except that Follow runs once at a time.
type Origins struct {
	apps     AppStore
	follower *follow.Follower
	current  atomic.Pointer[originSet]
}

// originSet is never changed.
type originSet struct {
	all   map[string]bool
	byApp map[string]App // with origins, by client_id
}

// OpenOrigins reads the origins of all apps, and returns an error when that fails.
// [Origins.Follow] keeps them current. log gets a line when they cannot be read any
// more, and one when they can again; it may be nil.
func OpenOrigins(ctx context.Context, apps AppStore, log *slog.Logger) (*Origins, error) {
	if apps == nil {
		return nil, errors.New("oauth: OpenOrigins needs a store of apps")
	}
	o := &Origins{apps: apps}
	follower, err := follow.New(o.read, follow.WithInterval(originsInterval), follow.WithLog(log, "allowed origins of apps"))
	if err != nil {
		return nil, err
	}
	o.follower = follower
	if err := o.read(ctx); err != nil {
		return nil, err
	}
	return o, nil
}

// Follow reads all apps every 5 s until ctx ends, and at once when the [Server] of
// [Config.Origins] has registered, changed or deleted an app with origins. While the
// store fails, the last origins stay.
func (o *Origins) Follow(ctx context.Context) { o.follower.Run(ctx) }

// AnyAppAllows reports whether there is an app that allows the origin.
func (o *Origins) AnyAppAllows(origin string) bool { return o.current.Load().all[origin] }

// AppAllows reports whether the app allows the origin. The app must be of the tenant,
// unless tenantID is empty.
func (o *Origins) AppAllows(tenantID, clientID, origin string) bool {
	app, ok := o.current.Load().byApp[clientID]
	return ok && (tenantID == "" || app.TenantID == tenantID) && slices.Contains(app.AllowedOrigins, origin)
}

func (o *Origins) read(ctx context.Context) error {
	set := &originSet{all: map[string]bool{}, byApp: map[string]App{}}
	for after := ""; ; {
		apps, err := o.apps.ListAll(ctx, after, originsPage)
		if err != nil {
			return err
		}
		for _, app := range apps {
			after = app.ClientID
			if len(app.AllowedOrigins) == 0 {
				continue
			}
			set.byApp[app.ClientID] = App{TenantID: app.TenantID, AllowedOrigins: app.AllowedOrigins}
			for _, origin := range app.AllowedOrigins {
				set.all[origin] = true
			}
		}
		if len(apps) < originsPage {
			o.current.Store(set)
			return nil
		}
	}
}

// changed reads the apps again after these origins were allowed, or no longer. When
// that fails, Follow tries it again.
func (o *Origins) changed(ctx context.Context, origins ...string) {
	if o != nil && len(origins) > 0 {
		_ = o.follower.Announce(ctx)
	}
}
