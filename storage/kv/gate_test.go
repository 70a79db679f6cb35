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
