// Package authztest has the suite that every store of package authz passes.
package authztest

import (
	"cmp"
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
	soon := authz.Revocation{ID: "b.soon", ExpiresAt: now.Add(time.Second)}
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
		later := authz.Revocation{ID: soon.ID, ExpiresAt: now.Add(time.Hour)}
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
	t.Run("an ID may hold any character", func(t *testing.T) {
		t.Parallel()
		odd := authz.Revocation{ID: "../ä\x00/'\"%2F.", ExpiresAt: now.Add(time.Hour)}
		expect(t, filled(t, newStore(t), odd), now, odd)
	})
	t.Run("many at once are all kept", func(t *testing.T) {
		t.Parallel()
		store := newStore(t)
		const many = 1100
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
		list, err := store.List(t.Context(), now)
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
	got, err := store.List(t.Context(), after)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got, func(a, b authz.Revocation) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(want, func(a, b authz.Revocation) int { return cmp.Compare(a.ID, b.ID) })
	same := func(a, b authz.Revocation) bool { return a.ID == b.ID && a.ExpiresAt.Equal(b.ExpiresAt) }
	if !slices.EqualFunc(got, want, same) {
		t.Errorf("List returned %v, want %v", got, want)
	}
}
