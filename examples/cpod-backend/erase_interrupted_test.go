package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// failing is a document driver of which only the first calls succeed.
type failing struct {
	documents.Driver
	documents.CollectionFinder
	left *int
}

var errBroken = errors.New("the database breaks")

func (d failing) broken() bool {
	*d.left--
	return *d.left < 0
}

func (d failing) Get(ctx context.Context, in documents.CollectionID, key string) (documents.Record, error) {
	if d.broken() {
		return documents.Record{}, errBroken
	}
	return d.Driver.Get(ctx, in, key)
}

func (d failing) Apply(ctx context.Context, in documents.CollectionID, ops []documents.Op) []error {
	if d.broken() {
		return slices.Repeat([]error{errBroken}, len(ops))
	}
	return d.Driver.Apply(ctx, in, ops)
}

func (d failing) Query(ctx context.Context, in documents.CollectionID, q documents.DriverQuery) ([]documents.Record, error) {
	if d.broken() {
		return nil, errBroken
	}
	return d.Driver.Query(ctx, in, q)
}

func (d failing) Collections(ctx context.Context, prefix string, after documents.CollectionID, limit int) ([]documents.CollectionID, error) {
	if d.broken() {
		return nil, errBroken
	}
	return d.CollectionFinder.Collections(ctx, prefix, after, limit)
}

// Wherever a deletion is interrupted, the next one finishes it. The same holds for the
// making of a later tenant.
func TestInterruptedDeletion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start(t, dir, nil).stop()
	d, parts := loadForTest(t, map[string]string{"CPOD_DATA_DIR": dir})
	erasingOn := func(calls *int) *erasing {
		h, err := openExisting(t.Context(), d, quiet())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = h.Close() })
		if calls != nil {
			finder, _ := h.documents.(documents.CollectionFinder)
			h.documents = failing{h.documents, finder, calls}
			if err := h.makeRecords(); err != nil {
				t.Fatal(err)
			}
			if h.revocations, err = authz.OpenRevocations(t.Context(), authz.NewMemoryRevocations()); err != nil {
				t.Fatal(err)
			}
		}
		return &erasing{house: h, out: io.Discard, parts: parts}
	}
	good := erasingOn(nil)
	if err := good.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	realm, err := storage.TenantRealm("acme")
	if err != nil {
		t.Fatal(err)
	}
	command := func(args ...string) error {
		_, err := runOnce(t, map[string]string{"CPOD_DATA_DIR": dir}, args...)
		return err
	}
	populate := func() {
		t.Helper()
		if err := command("tenant", "create", "acme"); err != nil {
			t.Fatal(err)
		}
		app := oauth.App{ClientID: "app-a", TenantID: "acme", Name: "A", Type: oauth.ServiceApp, Instance: "I" + rand.Text()}
		key := authz.APIKey{ID: "key-1", TenantID: "acme", AppID: app.ClientID, Instance: app.Instance}
		store, err := documents.New(good.documents)
		if err != nil {
			t.Fatal(err)
		}
		_, err1 := store.Trusted(storage.Owner{TenantID: "acme", AppID: "app-a"}).Collection("c").Set(t.Context(), "k", []byte("1"), nil)
		_, err2 := store.Trusted(storage.Owner{TenantID: "acme"}).Tier(storage.Shared).Collection("c").Set(t.Context(), "k", []byte("1"), nil)
		if err := errors.Join(err1, err2, good.records.apps.Create(t.Context(), app),
			good.records.apiKeys.Create(t.Context(), authz.DigestOf(rand.Text()), key)); err != nil {
			t.Fatal(err)
		}
	}
	interrupted := 0
	for calls := 0; ; calls++ {
		if interrupted == calls {
			populate()
		}
		left := calls
		broken := erasingOn(&left)
		err := broken.open(t.Context())
		if err == nil {
			err = broken.deleteTenant(t.Context(), "acme", realm, &figures{})
		}
		if err == nil {
			break
		}
		if !errors.Is(err, errBroken) && !strings.Contains(fmt.Sprint(err), "store") {
			t.Fatalf("after %d calls: %v", calls, err)
		}
		interrupted++
		past, err := good.records.erasures.Get(t.Context(), "acme", "")
		if err == nil && past.Done && past.Closed { // only the order of what is over was interrupted
			nothingOf(t, dir, "acme")
			continue
		}
		if err := command("tenant", "create", "acme"); err == nil {
			t.Fatalf("after %d calls: the name can be taken", calls)
		}
		if err := command("tenant", "delete", "--yes", "acme"); err != nil {
			t.Fatalf("after %d calls: the next deletion: %v", calls, err)
		}
		nothingOf(t, dir, "acme")
		// A later tenant, whose making is interrupted as well.
		left = calls
		if broken = erasingOn(&left); broken.reopen(t.Context(), "acme") == nil && left >= 0 {
			continue
		}
	}
	if interrupted < 20 {
		t.Errorf("a deletion makes %d calls", interrupted)
	}
}
