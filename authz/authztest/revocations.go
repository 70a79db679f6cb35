// Package authztest has the suite that every store of package authz passes.
package authztest

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/authz"
)

// RunRevocations tests a RevocationStore. Each call of newStore returns an empty
// one.
func RunRevocations(t *testing.T, newStore func(t *testing.T) authz.RevocationStore) {
	now := time.Now().UTC().Truncate(time.Second)
	old := authz.Revocation{ID: "a.old", ExpiresAt: now.Add(-time.Hour)}
	edge := authz.Revocation{ID: "a.edge", ExpiresAt: now}
	soon := authz.Revocation{ID: "b.soon", TenantID: "t/\x00é", ExpiresAt: now.Add(time.Second)}
	app := authz.Revocation{ID: "b.", ExpiresAt: now.Add(24 * time.Hour)}

	t.Run("an empty store lists nothing", func(t *testing.T) {
		t.Parallel()
		expect(t, newStore(t), now)
	})
	t.Run("List returns what has not expired", func(t *testing.T) {
		t.Parallel()
		expect(t, filled(t, newStore(t), old, edge, soon, app), now, app, soon)
	})
	t.Run("Add takes the place of the same ID", func(t *testing.T) {
		t.Parallel()
		store := filled(t, newStore(t), soon, app)
		later := authz.Revocation{ID: soon.ID, TenantID: soon.TenantID, ExpiresAt: now.Add(time.Hour)}
		expect(t, filled(t, store, later), now, app, later)
	})
	t.Run("Prune removes what has expired and nothing else", func(t *testing.T) {
		t.Parallel()
		store := filled(t, newStore(t), old, edge, soon, app)
		if err := store.Prune(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		expect(t, store, now.Add(-48*time.Hour), app, soon)
	})
	t.Run("List with since leaves out what was added long before", func(t *testing.T) {
		t.Parallel()
		store := filled(t, newStore(t), soon, app)
		for since, want := range map[time.Time][]authz.Revocation{
			time.Now().Add(-time.Minute): {app, soon},
			time.Now().Add(time.Minute):  nil,
		} {
			list, err := store.List(t.Context(), now, since)
			same(t, list, err, want)
		}
	})
	t.Run("Find returns what is there by its whole ID", func(t *testing.T) {
		t.Parallel()
		store := filled(t, newStore(t), soon, app)
		for _, c := range []struct {
			ids  []string
			want []authz.Revocation
		}{
			{[]string{soon.ID}, []authz.Revocation{soon}},
			{[]string{"b.other", app.ID}, []authz.Revocation{app}},
			{[]string{soon.ID, app.ID}, []authz.Revocation{app, soon}},
			{[]string{"b", "b.s", "b.soon.", "", "B."}, nil},
			{nil, nil},
		} {
			found, err := store.Find(t.Context(), c.ids...)
			same(t, found, err, c.want)
		}
	})
	t.Run("a call whose context has ended fails", func(t *testing.T) {
		t.Parallel()
		store := filled(t, newStore(t), soon)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := store.Add(ctx, app); err == nil {
			t.Error("Add returned no error")
		}
		if _, err := store.Find(ctx, soon.ID); err == nil {
			t.Error("Find returned no error")
		}
	})
	t.Run("an ID may hold any character", func(t *testing.T) {
		t.Parallel()
		odd := authz.Revocation{ID: "../ä\x00/'\"%2F.", ExpiresAt: now.Add(time.Hour)}
		store := filled(t, newStore(t), odd)
		expect(t, store, now, odd)
		found, err := store.Find(t.Context(), odd.ID)
		same(t, found, err, []authz.Revocation{odd})
	})
	t.Run("many at once are all kept", func(t *testing.T) {
		t.Parallel()
		store := newStore(t)
		const many = 510 // more than one page
		var wg sync.WaitGroup
		for worker := range 4 {
			wg.Go(func() {
				for i := worker; i < many; i += 4 {
					if err := store.Add(t.Context(), authz.Revocation{ID: strconv.Itoa(i), ExpiresAt: app.ExpiresAt}); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		list, err := store.List(t.Context(), now, time.Time{})
		if err != nil || len(list) != many {
			t.Fatalf("got %d of %d revocations, error %v", len(list), many, err)
		}
		if err := store.Prune(t.Context(), app.ExpiresAt); err != nil {
			t.Fatal(err)
		}
		expect(t, store, now)
	})
}

func filled(t *testing.T, store authz.RevocationStore, list ...authz.Revocation) authz.RevocationStore {
	t.Helper()
	for _, r := range list {
		if err := store.Add(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

func expect(t *testing.T, store authz.RevocationStore, after time.Time, want ...authz.Revocation) {
	t.Helper()
	got, err := store.List(t.Context(), after, time.Time{})
	same(t, got, err, want)
}

// same holds what a store returned against what it should have.
func same(t *testing.T, got []authz.Revocation, err error, want []authz.Revocation) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got, func(a, b authz.Revocation) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(want, func(a, b authz.Revocation) int { return cmp.Compare(a.ID, b.ID) })
	equal := func(a, b authz.Revocation) bool {
		return a.ID == b.ID && a.TenantID == b.TenantID && a.ExpiresAt.Equal(b.ExpiresAt)
	}
	if !slices.EqualFunc(got, want, equal) {
		t.Errorf("the store returned %v, want %v", got, want)
	}
}
