// Package oauthtest has the suite that every store of package oauth passes.
package oauthtest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/oauth"
)

// RunApps tests an AppStore. Each call of newStore returns an empty one.
func RunApps(t *testing.T, newStore func(t *testing.T) oauth.AppStore) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, store oauth.AppStore)
	}{
		{"Get returns what Create stored", getAfterCreate},
		{"Get of an unknown app is not_found", getUnknown},
		{"Create of a taken client_id is a conflict in every tenant", createTaken},
		{"one of many concurrent Creates succeeds", createConcurrently},
		{"Update replaces the app and changes its version", update},
		{"Update and Delete need the current version", needVersion},
		{"one of many concurrent Updates succeeds", updateConcurrently},
		{"a client_id is free again after Delete", recreate},
		{"List returns one tenant, in order, page by page", list},
		{"ListAll returns all tenants, in order, page by page", listAll},
		{"a context that has ended ends the call", ended},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, newStore(t))
		})
	}
}

func newApp(tenantID, clientID string) oauth.App {
	app := oauth.App{
		ClientID:       clientID,
		TenantID:       tenantID,
		Name:           "Ein Dienst, 服务 \"x\"",
		Type:           oauth.WebApp,
		DeclaredScopes: cpodkit.Scopes{"storage.private.read", "jobs.*"},
		RedirectURIs:   []string{"https://app.example.com/back?x=<1>&y=2"},
		AllowedOrigins: []string{"https://app.example.com"},
		CreatedAt:      time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC),
		Instance:       "instance-of-" + clientID,
		TokenPrefix:    "prefix-of-" + clientID,
		Generation:     3,
		DeclaredIn:     map[string]int64{"jobs.*": 2},
		JWKS:           []byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"<&>"}]}`),
	}
	for i := range app.SecretHash {
		app.SecretHash[i] = byte(255 - i)
	}
	return app
}

func getAfterCreate(t *testing.T, store oauth.AppStore) {
	for _, app := range []oauth.App{
		newApp("t1", "a"),
		{ClientID: "bare", TenantID: "t1", Name: "B", Type: oauth.BrowserApp, CreatedAt: time.Unix(0, 0).UTC(), Instance: "i"},
	} {
		got := created(t, store, app)
		if got.Version == "" {
			t.Error("the version is empty")
		}
		app.Version = got.Version
		if !same(got, app) {
			t.Errorf("Get returned %+v, want %+v", got, app)
		}
	}
}

func getUnknown(t *testing.T, store oauth.AppStore) {
	created(t, store, newApp("t1", "known"))
	_, err := store.Get(t.Context(), "unknown")
	wantCode(t, err, cpodkit.CodeNotFound)
}

func createTaken(t *testing.T, store oauth.AppStore) {
	first := created(t, store, newApp("t1", "a"))
	wantCode(t, store.Create(t.Context(), newApp("t1", "a")), cpodkit.CodeConflict)
	wantCode(t, store.Create(t.Context(), newApp("t2", "a")), cpodkit.CodeConflict)
	if got, err := store.Get(t.Context(), "a"); err != nil || !same(got, first) {
		t.Errorf("the app is now %+v, error %v", got, err)
	}
}

func createConcurrently(t *testing.T, store oauth.AppStore) {
	var won atomic.Int32
	concurrently(func(i int) {
		err := store.Create(t.Context(), newApp(fmt.Sprint("t", i), "a"))
		if err == nil {
			won.Add(1)
		} else if !errors.Is(err, cpodkit.CodeConflict) {
			t.Error(err)
		}
	})
	if won.Load() != 1 {
		t.Errorf("%d of the Creates succeeded", won.Load())
	}
}

func update(t *testing.T, store oauth.AppStore) {
	app := created(t, store, newApp("t1", "a"))
	app.Name, app.SecretHash[0], app.RedirectURIs = "Renamed", 1, nil
	app.DeclaredScopes, app.AllowedOrigins = cpodkit.Scopes{"jobs.read"}, []string{"https://a.example", "https://b.example"}
	app.TokenPrefix, app.Deleting = "another", true
	if err := store.Update(t.Context(), app); err != nil {
		t.Fatal(err)
	}
	got, err := store.Get(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if got.Version == app.Version {
		t.Error("the version did not change")
	}
	app.Version = got.Version
	if !same(got, app) {
		t.Errorf("Get returned %+v, want %+v", got, app)
	}
}

func needVersion(t *testing.T, store oauth.AppStore) {
	old := created(t, store, newApp("t1", "a"))
	if err := store.Update(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	for name, app := range map[string]oauth.App{"stale": old, "unknown": {ClientID: "b", Version: old.Version}} {
		t.Run(name, func(t *testing.T) {
			wantCode(t, store.Update(t.Context(), app), cpodkit.CodePreconditionFailed)
			wantCode(t, store.Delete(t.Context(), app), cpodkit.CodePreconditionFailed)
		})
	}
	if _, err := store.Get(t.Context(), "a"); err != nil {
		t.Error(err)
	}
}

func updateConcurrently(t *testing.T, store oauth.AppStore) {
	app := created(t, store, newApp("t1", "a"))
	var won atomic.Int32
	concurrently(func(int) {
		err := store.Update(t.Context(), app)
		if err == nil {
			won.Add(1)
		} else if !errors.Is(err, cpodkit.CodePreconditionFailed) {
			t.Error(err)
		}
	})
	if won.Load() != 1 {
		t.Errorf("%d of the Updates succeeded", won.Load())
	}
}

func recreate(t *testing.T, store oauth.AppStore) {
	first := created(t, store, newApp("t1", "a"))
	if err := store.Delete(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	_, err := store.Get(t.Context(), "a")
	wantCode(t, err, cpodkit.CodeNotFound)
	second := created(t, store, newApp("t2", "a"))
	if second.Version == first.Version {
		t.Error("the version was used again")
	}
	wantCode(t, store.Delete(t.Context(), first), cpodkit.CodePreconditionFailed)
}

func list(t *testing.T, store oauth.AppStore) {
	var want []string
	for i := range 23 {
		id := fmt.Sprintf("app-%02d", i)
		want = append(want, id)
		created(t, store, newApp("t1", id))
		created(t, store, newApp("t1x", "x"+id))
	}
	created(t, store, newApp("t1", "Upper"))
	want = append([]string{"Upper"}, want...)

	var got []string
	for after := ""; ; {
		page, err := store.List(t.Context(), "t1", after, 5)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		if len(page) > 5 {
			t.Fatalf("a page of %d apps", len(page))
		}
		for _, app := range page {
			got = append(got, app.ClientID)
		}
		after = got[len(got)-1]
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("List returned %v, want %v", got, want)
	}
	if none, err := store.List(t.Context(), "t", "", 5); err != nil || len(none) != 0 {
		t.Errorf("a tenant without apps has %v, error %v", none, err)
	}
}

func listAll(t *testing.T, store oauth.AppStore) {
	var want []string
	for i := range 11 {
		id := fmt.Sprintf("app-%02d", i)
		want = append(want, id)
		created(t, store, newApp(fmt.Sprint("t", i%3), id))
	}
	var got []string
	for after := ""; ; after = got[len(got)-1] {
		page, err := store.ListAll(t.Context(), after, 4)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, app := range page {
			got = append(got, app.ClientID)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("ListAll returned %v, want %v", got, want)
	}
}

func ended(t *testing.T, store oauth.AppStore) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := store.Create(ctx, newApp("t1", "a")); err == nil {
		t.Error("Create went on")
	}
	if _, err := store.Get(ctx, "a"); err == nil || errors.Is(err, cpodkit.CodeNotFound) {
		t.Errorf("Get returned %v, which is not about the context", err)
	}
	if _, err := store.List(ctx, "t1", "", 1); err == nil {
		t.Error("List went on")
	}
	if _, err := store.ListAll(ctx, "", 1); err == nil {
		t.Error("ListAll went on")
	}
}

func created(t *testing.T, store oauth.AppStore, app oauth.App) oauth.App {
	t.Helper()
	if err := store.Create(t.Context(), app); err != nil {
		t.Fatal(err)
	}
	got, err := store.Get(t.Context(), app.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// same compares two apps; an absent list equals an empty one.
func same(a, b oauth.App) bool {
	if !a.CreatedAt.Equal(b.CreatedAt) {
		return false
	}
	return fmt.Sprintf("%+v", withoutTime(a)) == fmt.Sprintf("%+v", withoutTime(b))
}

func withoutTime(a oauth.App) oauth.App {
	a.CreatedAt = time.Time{}
	return a
}

func concurrently(call func(i int)) {
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() { call(i) })
	}
	wg.Wait()
}

func wantCode(t *testing.T, err error, code cpodkit.Code) {
	t.Helper()
	if !errors.Is(err, code) {
		t.Errorf("got error %v, want %s", err, code)
	}
}
