package oauth_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit/oauth"
)

// countedApps counts the reads of all apps, and fails them on demand.
type countedApps struct {
	oauth.AppStore

	reads   atomic.Int32
	failure atomic.Pointer[error]
}

func (c *countedApps) ListAll(ctx context.Context, after string, limit int) ([]oauth.App, error) {
	c.reads.Add(1)
	if failure := c.failure.Load(); failure != nil {
		return nil, *failure
	}
	return c.AppStore.ListAll(ctx, after, limit)
}

func (c *countedApps) add(t *testing.T, tenant, id string, origins ...string) {
	t.Helper()
	if err := c.Create(t.Context(), oauth.App{ClientID: id, TenantID: tenant, AllowedOrigins: origins}); err != nil {
		t.Fatal(err)
	}
}

func TestOriginsOfApps(t *testing.T) {
	t.Parallel()
	apps := &countedApps{AppStore: oauth.NewMemoryApps()}
	apps.add(t, "t1", "web", "https://web.example", "https://shared.example")
	apps.add(t, "t2", "other", "https://shared.example")
	apps.add(t, "t2", "service")
	for i := range 1200 { // some pages
		apps.add(t, "t3", fmt.Sprintf("app-%04d", i), fmt.Sprintf("https://app-%04d.example", i))
	}
	origins, err := oauth.OpenOrigins(t.Context(), apps, nil)
	if err != nil {
		t.Fatal(err)
	}
	before := apps.reads.Load()
	for _, c := range []struct {
		tenant, app, origin string
		ofApp, ofAny        bool
	}{
		{"t1", "web", "https://web.example", true, true},
		{"t1", "web", "https://shared.example", true, true},
		{"", "web", "https://web.example", true, true},
		{"t2", "web", "https://web.example", false, true}, // of another tenant
		{"t2", "other", "https://shared.example", true, true},
		{"t2", "other", "https://web.example", false, true},
		{"t2", "service", "https://web.example", false, true},
		{"t1", "nobody", "https://web.example", false, true},
		{"", "", "https://web.example", false, true},
		{"t3", "app-1199", "https://app-1199.example", true, true},
		{"t1", "web", "https://stranger.example", false, false},
		{"t1", "web", "", false, false},
	} {
		if byApp, byAny := origins.AppAllows(c.tenant, c.app, c.origin), origins.AnyAppAllows(c.origin); byApp != c.ofApp || byAny != c.ofAny {
			t.Errorf("%+v: the app allows it: %t, any app: %t", c, byApp, byAny)
		}
	}
	if apps.reads.Load() != before {
		t.Error("an origin is looked up in the store")
	}
	failure := errors.New("down")
	apps.failure.Store(&failure)
	if _, err := oauth.OpenOrigins(t.Context(), apps, nil); !errors.Is(err, failure) {
		t.Errorf("without a store: %v", err)
	}
}

// What another server registers or deletes is known here within 10 s. The last
// origins stay while the store fails.
func TestOriginsAreFollowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		apps, log := &countedApps{AppStore: oauth.NewMemoryApps()}, &logBuffer{}
		apps.add(t, "t1", "web", "https://web.example")
		origins, err := oauth.OpenOrigins(t.Context(), apps, slog.New(slog.NewJSONHandler(log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go origins.Follow(ctx)
		synctest.Wait()

		apps.add(t, "t2", "late", "https://late.example")
		time.Sleep(10 * time.Second)
		if !origins.AppAllows("t2", "late", "https://late.example") {
			t.Error("after 10 s the new app is not known")
		}
		failure := errors.New("down")
		apps.failure.Store(&failure)
		time.Sleep(time.Minute)
		if !origins.AnyAppAllows("https://web.example") || strings.Count(log.String(), "\n") != 1 {
			t.Errorf("the last origins are gone, or the log is\n%s", log)
		}
		apps.failure.Store(nil)
		late, err := apps.Get(ctx, "late")
		if err != nil {
			t.Fatal(err)
		}
		if err := apps.Delete(ctx, late); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		if origins.AnyAppAllows("https://late.example") || strings.Count(log.String(), "\n") != 2 {
			t.Errorf("the deleted app is known, or the log is\n%s", log)
		}
	})
}

// What this server registers or deletes is known at once.
func TestOriginsOfThisServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		apps := &countedApps{AppStore: oauth.NewMemoryApps()}
		origins, err := oauth.OpenOrigins(t.Context(), apps, nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go origins.Follow(ctx)
		synctest.Wait()
		f := newFixture(t, func(c *oauth.Config) { c.Apps, c.Origins = apps, origins })

		f.register(adminT1, "service")
		before := apps.reads.Load()
		const web = `{"client_id": "web", "name": "Web", "app_type": "browser", "declared_scopes": [], "allowed_origins": ["https://web.example"]}`
		wantProblem(f, f.call(http.MethodPost, "/v1/oauth/apps", adminT1, web), "")
		if !origins.AppAllows("t1", "web", "https://web.example") || before != 2 {
			t.Errorf("the new app is not known; %d reads before it", before)
		}
		patch := func(body string) { wantProblem(f, f.call(http.MethodPatch, "/v1/oauth/apps/web", adminT1, body), "") }
		patch(`{"allowed_origins": ["https://new.example"]}`)
		if origins.AnyAppAllows("https://web.example") || !origins.AppAllows("t1", "web", "https://new.example") {
			t.Error("the app has its old origin, or not the new one")
		}
		before = apps.reads.Load()
		if patch(`{"name": "Renamed"}`); apps.reads.Load() != before {
			t.Error("the apps are read for a new name")
		}
		if patch(`{"allowed_origins": null}`); origins.AnyAppAllows("https://new.example") {
			t.Error("the app has its last origin")
		}
		patch(`{"allowed_origins": ["https://web.example"]}`)
		wantProblem(f, f.call(http.MethodDelete, "/v1/oauth/apps/web", adminT1, ""), "")
		if origins.AnyAppAllows("https://web.example") {
			t.Error("the deleted app is known")
		}
	})
}
