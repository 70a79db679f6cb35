package policystore_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz/rego"
	"github.com/cpodkit/cpodkit/authz/rego/regotest"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/backends/docstore/policystore"
	"github.com/cpodkit/cpodkit/backends/sqlite/sqlitedocuments"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newStore(t testing.TB, driver documents.Driver, opts ...policystore.Option) *policystore.Store {
	t.Helper()
	db, err := docstore.New(driver)
	must(t, err)
	store, err := policystore.New(db, opts...)
	must(t, err)
	return store
}

func newSQLite(t testing.TB) documents.Driver {
	t.Helper()
	driver, err := sqlitedocuments.Open(context.WithoutCancel(t.Context()), filepath.Join(t.TempDir(), "documents.db"))
	must(t, err)
	t.Cleanup(func() { must(t, driver.Close()) })
	return driver
}

func TestStore(t *testing.T) {
	t.Parallel()
	for name, newDriver := range map[string]func(testing.TB) documents.Driver{
		"memory": func(testing.TB) documents.Driver { return documents.NewMemory() },
		"sqlite": newSQLite,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			regotest.Run(t, func(t testing.TB) rego.Store { return newStore(t, newDriver(t)) })
		})
	}
}

// A change is seen by the Watch of another replica within 2 s, without notices.
func TestChangesAreSeen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		driver := documents.NewMemory()
		here, there := newStore(t, driver), newStore(t, driver)
		changed := make(chan string, 100)
		go func() { _ = there.Watch(t.Context(), func(tenantID string) { changed <- tenantID }) }()
		if first := <-changed; first != "" {
			t.Errorf("first reported is %q", first)
		}
		head, err := here.SetHead(t.Context(), "acme", rego.Head{Revision: "r1"}, "")
		must(t, err)
		for range 2 { // a head that names no other blobs is a change as well
			began := time.Now()
			if got := <-changed; got != "acme" {
				t.Errorf("reported is %q", got)
			}
			if late := time.Since(began); late > 2*time.Second {
				t.Errorf("it is reported after %s", late)
			}
			got, err := there.Head(t.Context(), "acme")
			must(t, err)
			if got.Version != head.Version {
				t.Errorf("the other replica has %+v, want %+v", got, head)
			}
			head, err = here.SetHead(t.Context(), "acme", rego.Head{Revision: "r1"}, head.Version)
			must(t, err)
		}
	})
}

// A tenant whose room is full loses what was put longest ago, and never what its head names.
func TestRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, ctx := newStore(t, documents.NewMemory()), t.Context()
		const most = policystore.MaxTenantBytes >> 20
		content := []byte(strings.Repeat("x", 1<<20))
		digest := func(i int) string { return fmt.Sprintf("d%03d", i) }
		for i := range most {
			must(t, store.PutBlob(ctx, "acme", digest(i), content))
			time.Sleep(time.Second)
		}
		_, err := store.SetHead(ctx, "acme", rego.Head{Revision: "r", Blobs: []string{digest(0), digest(2)}}, "")
		must(t, err)
		if err := store.PutBlob(ctx, "acme", "more", content); !errors.Is(err, cpodkit.CodeQuotaExceeded) {
			t.Fatalf("while all of it may be under way: %v", err)
		}
		must(t, store.PutBlob(ctx, "acme", digest(1), content)) // one that is there needs no room
		must(t, store.PutBlob(ctx, "globex", digest(0), content))
		must(t, store.PutBlob(ctx, "", digest(0), content))
		time.Sleep(10 * time.Minute)
		must(t, store.PutBlob(ctx, "acme", digest(1), content)) // which renews it
		must(t, store.PutBlob(ctx, "acme", "more", content))
		for i, want := range map[int]bool{0: true, 1: true, 2: true, 3: false, 20: false, most - 1: true} {
			if _, err := store.Blob(ctx, "acme", digest(i)); (err == nil) != want || err != nil && !errors.Is(err, cpodkit.CodeNotFound) {
				t.Errorf("the blob %d: %v", i, err)
			}
		}
		count, size, err := store.MeasureTenant(ctx, "acme")
		if err != nil || count != most/2+1 || size != int64(count)<<20 {
			t.Errorf("there are %d blobs with %d bytes, %v", count, size, err)
		}
		for _, tenant := range []string{"globex", ""} {
			if _, err := store.Blob(ctx, tenant, digest(0)); err != nil {
				t.Errorf("the blob of %q: %v", tenant, err)
			}
		}
	})
}

func TestDeleteTenant(t *testing.T) {
	t.Parallel()
	store, ctx := newStore(t, newSQLite(t)), t.Context()
	tenants := []string{"t", "t1", "t/1", "T"}
	fill := func(tenant string) {
		_, err := store.SetHead(ctx, tenant, rego.Head{Revision: "r"}, "")
		must(t, err)
		must(t, store.PutBlob(ctx, tenant, "d", []byte("four")))
		must(t, store.AppendDecisions(ctx, []rego.LoggedDecision{{
			ID: rego.DecisionPrefix("data.x") + "1", TenantID: tenant, Path: "data.x", Input: json.RawMessage(`{}`),
		}}))
	}
	for _, tenant := range tenants {
		fill(tenant)
	}
	count, size, err := store.DeleteTenant(ctx, "t")
	if err != nil || count != 2 || size != 6 {
		t.Errorf("deleted are %d with %d bytes, %v", count, size, err)
	}
	for _, tenant := range tenants {
		want := 2
		if tenant == "t" {
			want = 0
		}
		if count, _, err := store.MeasureTenant(ctx, tenant); err != nil || count != want {
			t.Errorf("%s has %d, %v; want %d", tenant, count, err, want)
		}
	}
	fill("t") // a later tenant of the name begins anew
	for _, tenant := range []string{"", "."} {
		if _, _, err := store.DeleteTenant(ctx, tenant); err == nil {
			t.Errorf("the tenant %q is deleted", tenant)
		}
	}
}

// What is stored, except for what is new with every write.
func TestRecords(t *testing.T) {
	t.Parallel()
	driver, ctx := documents.NewMemory(), t.Context()
	store := newStore(t, driver)
	must(t, store.PutBlob(ctx, "a/b", "d1", []byte("hi")))
	must(t, store.PutBlob(ctx, "", "d2", []byte("hi")))
	head, err := store.SetHead(ctx, "a/b", rego.Head{Revision: "r1", Blobs: []string{"d1"}}, "")
	must(t, err)
	must(t, store.AppendDecisions(ctx, []rego.LoggedDecision{{
		ID: "dec-1", TenantID: "a/b", Time: time.UnixMilli(1767366245678), Kind: rego.KindRoute, Path: "data.http.allow", Revision: "1.2",
		Operator: "1", Tenant: "2", Input: json.RawMessage(`{"a":1}`), Result: json.RawMessage(`true`), Allowed: true, Reason: "r", Subject: "s",
	}}))
	for _, want := range []struct{ collection, key, value string }{
		{"policies", "a%2Fb/", fmt.Sprintf(`{"revision":"r1","blobs":["d1"],"version":"%s","updatedAt":%d}`, head.Version, head.UpdatedAt.UnixMilli())},
		{"policy-blobs", "a%2Fb/d1", `{"content":"aGk=","putAt":`},
		{"policy-blobs", "~/d2", `{"content":"aGk=","putAt":`},
		{"policy-heads", "a%2Fb/", `{"bytes":2,"change":"`},
		{"policy-decisions", "a%2Fb/dec-1", `{"at":1767366245678,"kind":"route","path":"data.http.allow","revision":"1.2","operator":"1","tenant":"2",` +
			`"input":{"a":1},"result":true,"allowed":true,"reason":"r","subject":"s"}`},
	} {
		r, err := driver.Get(ctx, documents.CollectionID{Space: storage.System("policy").Root(), Name: want.collection}, want.key)
		must(t, err)
		if !strings.HasPrefix(string(r.Value), want.value) {
			t.Errorf("%s has %s, want %s", want.collection, r.Value, want.value)
		}
	}
}
