package authz_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

// revocationOf is of one token of a tenant.
func revocationOf(tenant string, i int) authz.Revocation {
	return authz.Revocation{ID: fmt.Sprint(tenant, ".", i), TenantID: tenant, ExpiresAt: time.Now().Add(time.Hour)}
}

// revokeUntilFull revokes tokens of a tenant, from several goroutines, until it has its
// share. It returns how many, and the error.
func revokeUntilFull(t *testing.T, r *authz.Revocations, tenant string, most int) (revoked int, full error) {
	t.Helper()
	const workers = 4
	var mu sync.Mutex
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := w; i < most; i += workers {
				err := r.Revoke(t.Context(), revocationOf(tenant, i))
				mu.Lock()
				if err == nil {
					revoked++
				} else {
					full = err
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return revoked, full
}

func TestATenantHasAShareOfTheRevocations(t *testing.T) {
	t.Parallel()
	const room = 16_384
	store := authz.NewMemoryRevocations()
	r, err := authz.OpenRevocations(t.Context(), store, authz.WithMaxRevocations(room))
	must(t, err)
	first := authz.Revocation{ID: "a.first", TenantID: "a", ExpiresAt: time.Now().Add(time.Hour)}
	must(t, r.Revoke(t.Context(), first))
	got, full := revokeUntilFull(t, r, "a", room)
	if got != room/8-1 {
		t.Errorf("a tenant alone has %d tokens revoked, want %d", 1+got, room/8)
	}
	if !errors.Is(full, authz.ErrRevocationsFull) || cpodkit.CodeOf(full) != cpodkit.CodeUnavailable ||
		!strings.Contains(full.Error(), "Your tenant has 2048 tokens and apps revoked") {
		t.Errorf("the error of a full share: %v", full)
	}
	for i := range 1000 {
		if err := r.Revoke(t.Context(), revocationOf("b", i)); err != nil {
			t.Fatalf("revocation %d of another tenant: %v", i, err)
		}
	}
	must(t, r.Revoke(t.Context(), first)) // what is there takes no other place
	must(t, r.Revoke(t.Context(), authz.Revocation{ID: "app.", TenantID: "a", ExpiresAt: time.Now().Add(time.Hour)}))

	// After a restart each has the places that it had.
	r, err = authz.OpenRevocations(t.Context(), store, authz.WithMaxRevocations(room))
	must(t, err)
	if err := r.Revoke(t.Context(), revocationOf("a", room)); !errors.Is(err, authz.ErrRevocationsFull) {
		t.Errorf("after a restart a full tenant gets %v", err)
	}
	for i := range 1000 {
		must(t, r.Revoke(t.Context(), revocationOf("c", i)))
	}
	if _, err := authz.OpenRevocations(t.Context(), store, authz.WithMaxRevocations(7)); err == nil {
		t.Error("a room of 7 was opened")
	}
}

// Revocations of prefixes take places and are never refused.
func TestRevocationsOfPrefixesTakePlaces(t *testing.T) {
	t.Parallel()
	r, err := authz.OpenRevocations(t.Context(), authz.NewMemoryRevocations(), authz.WithMaxRevocations(800))
	must(t, err)
	for i := range 200 {
		if err := r.HasRoom("a"); (err == nil) != (i < 100) || err != nil && !errors.Is(err, authz.ErrRevocationsFull) {
			t.Fatalf("after %d apps: %v", i, err)
		}
		must(t, r.Revoke(t.Context(), authz.Revocation{ID: fmt.Sprintf("app%d.", i), TenantID: "a", ExpiresAt: time.Now().Add(time.Hour)}))
	}
	must(t, r.HasRoom("b"))
	for _, id := range []string{"app0.x", "app199.x"} {
		if !revoked(t, r, id) {
			t.Errorf("%s is not revoked", id)
		}
	}
}

// Records of a version that kept no tenant leave room for tenants, however many they are.
func TestRevocationsOfNoTenantLeaveRoom(t *testing.T) {
	t.Parallel()
	const room = 800
	store := authz.NewMemoryRevocations()
	for i := range 10 * room {
		must(t, store.Add(t.Context(), authz.Revocation{ID: fmt.Sprint("old.", i), ExpiresAt: time.Now().Add(time.Hour)}))
	}
	r, err := authz.OpenRevocations(t.Context(), store, authz.WithMaxRevocations(room))
	must(t, err)
	if !revoked(t, r, "old.0") || !revoked(t, r, fmt.Sprint("old.", 10*room-1)) {
		t.Error("an old record does not count")
	}
	for i := range 50 {
		must(t, r.Revoke(t.Context(), revocationOf("b", i)))
	}
}

func TestExpiredRevocationsGiveTheirPlacesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const room = 800
		r, err := authz.OpenRevocations(t.Context(), authz.NewMemoryRevocations(), authz.WithMaxRevocations(room))
		must(t, err)
		for range 3 {
			if got, _ := revokeUntilFull(t, r, "a", room); got != room/8 {
				t.Fatalf("%d tokens were revoked, want %d", got, room/8)
			}
			time.Sleep(2 * time.Hour)
		}
		broken, err := authz.OpenRevocations(t.Context(), brokenRevocations{authz.NewMemoryRevocations()}, authz.WithMaxRevocations(room))
		must(t, err)
		for i := range room {
			if err := broken.Revoke(t.Context(), revocationOf("a", i)); !errors.Is(err, errDown) {
				t.Fatalf("a store that is down takes places: %v", err)
			}
		}
	})
}

// A replica counts what another one revokes for the same tenant.
func TestReplicasCountTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, authz.WithMaxRevocations(800))
		for i := range 100 {
			must(t, p.a.Revoke(t.Context(), revocationOf("a", i)))
		}
		if err := p.b.Revoke(t.Context(), revocationOf("a", 100)); !errors.Is(err, authz.ErrRevocationsFull) {
			t.Errorf("another replica takes what is over the share: %v", err)
		}
		must(t, p.b.Revoke(t.Context(), revocationOf("b", 0)))
	})
}
