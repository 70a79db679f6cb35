package kv_test

import (
	"errors"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/ledger"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/kv"
)

// A closed gate keeps writes out, and neither reads nor deletes.
func TestGate(t *testing.T) {
	t.Parallel()
	door := new(ledger.Door)
	store, err := kv.New(kv.NewMemory(), kv.WithGate(door))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	h := store.Trusted(storage.Owner{TenantID: "t1", AppID: "a1"})
	if err := h.Set(t.Context(), "k", "1", nil); err != nil {
		t.Fatal(err)
	}
	if n, err := h.Incr(t.Context(), "k", 1); err != nil || n != 2 {
		t.Fatalf("Incr = %d, %v", n, err)
	}
	door.Close()
	if err := h.Set(t.Context(), "l", "1", nil); !errors.Is(err, cpodkit.CodeForbidden) {
		t.Errorf("Set: %v", err)
	}
	if _, err := h.Incr(t.Context(), "k", 1); !errors.Is(err, cpodkit.CodeForbidden) {
		t.Errorf("Incr: %v", err)
	}
	if value, err := h.Get(t.Context(), "k"); err != nil || value != "2" {
		t.Errorf("Get = %q, %v", value, err)
	}
	if err := h.Delete(t.Context(), "k"); err != nil || door.Inside() != 0 {
		t.Errorf("Delete: %v; %d are still inside", err, door.Inside())
	}
}

// A store measures and erases realms where its driver can.
func TestErase(t *testing.T) {
	t.Parallel()
	type plain struct{ kv.Driver }
	tenant, err1 := storage.TenantRealm("t1")
	user, err2 := storage.UserRealm("t1", "u")
	store, err3 := kv.New(kv.NewMemory())
	cannot, err4 := kv.New(plain{kv.NewMemory()})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	defer cannot.Close()
	for _, id := range []string{"t1", "t1x"} {
		owner := storage.Owner{TenantID: id, AppID: "a", UserID: "u"}
		for _, tier := range []storage.Tier{storage.Private, storage.User, storage.Shared} {
			if err := store.Trusted(owner).Tier(tier).Set(t.Context(), "k", "v", nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, step := range []struct {
		realm storage.Realm
		want  int64
	}{{user, 1}, {user, 0}, {tenant, 2}, {tenant, 0}} {
		if got, err := store.Measure(t.Context(), step.realm); err != nil || got.Items != step.want {
			t.Errorf("Measure = %+v, %v; want %d", got, err, step.want)
		}
		if got, err := store.Erase(t.Context(), step.realm); err != nil || got.Items != step.want {
			t.Errorf("Erase = %+v, %v; want %d", got, err, step.want)
		}
	}
	if other, err := store.Trusted(storage.Owner{TenantID: "t1x", AppID: "a"}).Exists(t.Context(), "k"); !other || err != nil {
		t.Errorf("another tenant's entry is there: %t, %v", other, err)
	}
	if _, err := store.Erase(t.Context(), storage.Realm{}); err == nil {
		t.Error("the zero realm is erased")
	}
	if _, err := cannot.Erase(t.Context(), tenant); !errors.Is(err, cpodkit.CodeNotSupported) {
		t.Errorf("a driver that cannot: %v", err)
	}
}
