package kv_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/kv"
)

// fillTenant sets entries of 1 KiB in all tiers of a tenant, in ever new apps and
// for ever new users, until there is no room for it. It returns how many bytes it
// has got.
func fillTenant(t *testing.T, store *kv.Store, tenant string) (got int) {
	t.Helper()
	value := strings.Repeat("x", 1<<10)
	for i := 0; ; i++ {
		id := identity(tenant, fmt.Sprintf("app%04d", i), everything...)
		id.UserID = fmt.Sprintf("user%04d", i)
		var refused int
		for _, tier := range []storage.Tier{storage.Private, storage.User, storage.Shared} {
			switch err := store.For(id).Tier(tier).Set(t.Context(), id.AppID, value, nil); {
			case err == nil:
				got += entryCost + len(value)
			case errors.Is(err, cpodkit.CodeUnavailable):
				refused++
			default:
				t.Fatal(err)
			}
		}
		if refused == 3 {
			return got
		}
	}
}

func TestMemoryIsFair(t *testing.T) {
	t.Parallel()
	const budget = 1 << 20
	m := memoryOf(t, budget)
	store, err := kv.New(m)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if got := fillTenant(t, store, "hog"); got > budget/8 || got < budget*3/32 {
		t.Errorf("one tenant alone has got %d bytes of %d", got, budget)
	}
	hog := store.For(identity("hog", "app0000", everything...))
	more := strings.Repeat("x", 4<<10)
	if err := hog.Set(t.Context(), "more", more, nil); !errors.Is(err, cpodkit.CodeUnavailable) {
		t.Errorf("a write of the full tenant: %v", err)
	}
	if err := hog.Set(t.Context(), "app0000", strings.Repeat("y", 1<<10), nil); err != nil {
		t.Errorf("the full tenant writes over what it has: %v", err)
	}

	// An eighth of the rest is there for another, whose name begins the same.
	eighth := strings.Repeat("x", budget*7/64-entryCost-len("hogs/apps/app/k"))
	other := store.For(identity("hogs", "app", everything...))
	if err := other.Set(t.Context(), "k", eighth, nil); err != nil {
		t.Fatalf("another tenant's first eighth of the rest: %v", err)
	}
	if err := other.Set(t.Context(), "more", more, nil); !errors.Is(err, cpodkit.CodeUnavailable) {
		t.Errorf("another tenant's write beyond its share: %v", err)
	}
	if got := fillTenant(t, store, "third"); got < budget/12 {
		t.Errorf("a third tenant has got %d bytes of %d", got, budget)
	}

	// What one gives back is for those who hold less.
	if err := other.Delete(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	if err := hog.Set(t.Context(), "more", more, nil); !errors.Is(err, cpodkit.CodeUnavailable) {
		t.Errorf("a write of the full tenant after another's Delete: %v", err)
	}
	if err := store.For(identity("third", "app", everything...)).Set(t.Context(), "more", more, nil); err != nil {
		t.Errorf("a write of a small tenant after another's Delete: %v", err)
	}
}

// TestMemoryIsFairAfterExpiry comes back to the same shares, whoever was first.
func TestMemoryIsFairAfterExpiry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := memoryOf(t, 1<<20)
		defer m.Close()
		first := fill(t, m, time.Minute)
		for i := range 3 {
			if _, err := m.Set(t.Context(), fmt.Sprintf("tenant%d/k", i), "v", time.Minute, false); err != nil {
				t.Errorf("Set of another tenant: %v", err)
			}
		}
		time.Sleep(time.Minute) // the bubble's clock: no real time passes
		if again := fill(t, m, 0); again != first {
			t.Errorf("%d entries fit after expiry; before it were %d", again, first)
		}
	})
}

// TestMemoryIsFairUnderConcurrency lets tenants take what they get side by side.
func TestMemoryIsFairUnderConcurrency(t *testing.T) {
	t.Parallel()
	const budget, tenants = 1 << 20, 5
	m := memoryOf(t, budget)
	defer m.Close()
	value := strings.Repeat("x", 1<<10)
	var got [tenants]int
	var wg sync.WaitGroup
	for tenant := range tenants {
		wg.Go(func() {
			for i := range budget / len(value) {
				key := fmt.Sprintf("%d/%04d", tenant, i)
				switch _, err := m.Set(t.Context(), key, value, 0, false); {
				case err == nil:
					got[tenant] += len(key) + len(value) + entryCost
				case !errors.Is(err, cpodkit.CodeUnavailable):
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	sum := 0
	for tenant, n := range got {
		sum += n
		if n < budget/14 || n > budget/8 {
			t.Errorf("tenant %d has got %d bytes of %d", tenant, n, budget)
		}
	}
	if left := budget - sum; left < budget/2 {
		t.Errorf("%d bytes are left of %d", left, budget)
	}
	if _, err := m.Set(t.Context(), "newcomer/k", value, 0, false); err != nil {
		t.Errorf("Set of a newcomer: %v", err)
	}
}
