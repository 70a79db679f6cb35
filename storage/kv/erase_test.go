package kv_test

import (
	"errors"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/kv"
)

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
