// Package localuserstest has the suite that every store of package localusers passes.
package localuserstest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/oauth/localusers"
)

type storeTest func(t testing.TB, store localusers.Store)

// Run tests a Store. Each call of newStore returns an empty one.
func Run(t *testing.T, newStore func(t *testing.T) localusers.Store) {
	for _, test := range []struct {
		name string
		run  storeTest
	}{
		{"an account is found by ID, e-mail address and link", testFind},
		{"an e-mail address is unique within its tenant", testEmailIsUnique},
		{"one of many concurrent Creates succeeds", testCreateRace},
		{"Update and Delete need the current version", testVersions},
		{"one of many concurrent Updates succeeds", testUpdateRace},
		{"List and Count know one tenant", testList},
		{"DeleteTenant removes one tenant", testDeleteTenant},
		{"a context that has ended ends the call", testEnded},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, newStore(t))
		})
	}
}

func newAccount(tenantID, id string) localusers.Account {
	at := time.Date(2026, 1, 2, 15, 4, 5, 678e6, time.UTC)
	return localusers.Account{
		ID: id, TenantID: tenantID, Email: id + "@example.com", Name: "Ann, \"服务\"", Disabled: true, Password: "$argon2id$x",
		ValidFrom: at, Link: sha256.Sum256([]byte(tenantID + id)), LinkEndsAt: at.Add(time.Hour), CreatedAt: at.Add(-time.Hour),
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, want cpodkit.Code) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("the error is %v, want %s", err, want)
	}
}

func add(t testing.TB, store localusers.Store, a localusers.Account) localusers.Account {
	t.Helper()
	must(t, store.Create(t.Context(), a))
	stored, err := store.Get(t.Context(), a.TenantID, a.ID)
	must(t, err)
	if a.Version = stored.Version; stored.Version == "" || stored != a {
		t.Errorf("Get returned %+v, want %+v", stored, a)
	}
	return stored
}

func testFind(t testing.TB, store localusers.Store) {
	ctx := t.Context()
	bare := localusers.Account{ID: "bare", TenantID: "t1", Email: "bare@example.com", CreatedAt: time.UnixMilli(1).UTC()}
	add(t, store, bare)
	a := add(t, store, newAccount("t1", "a"))
	add(t, store, newAccount("t2", "a"))
	for name, find := range map[string]func() (localusers.Account, error){
		"FindEmail": func() (localusers.Account, error) { return store.FindEmail(ctx, "t1", "a@example.com") },
		"FindLink":  func() (localusers.Account, error) { return store.FindLink(ctx, a.Link) },
	} {
		if got, err := find(); err != nil || got != a {
			t.Errorf("%s returned %+v, %v; want %+v", name, got, err, a)
		}
	}
	_, err := store.Get(ctx, "t3", "a")
	wantCode(t, err, cpodkit.CodeNotFound)
	_, err = store.FindEmail(ctx, "t1", "A@example.com")
	wantCode(t, err, cpodkit.CodeNotFound)
	_, err = store.FindLink(ctx, sha256.Sum256([]byte("other")))
	wantCode(t, err, cpodkit.CodeNotFound)
	_, err = store.FindLink(ctx, localusers.LinkDigest{}) // which is no link
	wantCode(t, err, cpodkit.CodeNotFound)
}

func testEmailIsUnique(t testing.TB, store localusers.Store) {
	a := newAccount("t1", "a")
	a.Email = strings.Repeat("l", 64) + "@" + strings.Repeat("d", 189) // the longest one
	first := add(t, store, a)
	second := a
	second.ID, second.Link = "b", sha256.Sum256([]byte("b"))
	wantCode(t, store.Create(t.Context(), second), cpodkit.CodeConflict)
	second.TenantID = "t2/x"
	add(t, store, second)
	if got, err := store.FindEmail(t.Context(), "t1", a.Email); err != nil || got != first {
		t.Errorf("the account is now %+v, %v", got, err)
	}
}

// concurrently calls do ten times at once.
func concurrently(do func(i int)) {
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() { do(i) })
	}
	wg.Wait()
}

func testCreateRace(t testing.TB, store localusers.Store) {
	var won atomic.Int32
	concurrently(func(i int) {
		a := newAccount("t1", fmt.Sprint("a", i))
		a.Email = "same@example.com"
		err := store.Create(t.Context(), a)
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

func testVersions(t testing.TB, store localusers.Store) {
	ctx := t.Context()
	old := add(t, store, newAccount("t1", "a"))
	changed := old
	changed.Name, changed.Disabled, changed.Link, changed.LinkEndsAt, changed.Password = "Bea", false, localusers.LinkDigest{}, time.Time{}, "y"
	must(t, store.Update(ctx, changed))
	got, err := store.Get(ctx, "t1", "a")
	must(t, err)
	if changed.Version = got.Version; got.Version == old.Version || got != changed {
		t.Errorf("Get returned %+v, want %+v", got, changed)
	}
	unknown := newAccount("t1", "b")
	unknown.Version = got.Version
	for _, a := range []localusers.Account{old, unknown, newAccount("t1", "a")} {
		wantCode(t, store.Update(ctx, a), cpodkit.CodePreconditionFailed)
		wantCode(t, store.Delete(ctx, a), cpodkit.CodePreconditionFailed)
	}
	must(t, store.Delete(ctx, got))
	wantCode(t, store.Update(ctx, got), cpodkit.CodePreconditionFailed)
	_, err = store.Get(ctx, "t1", "a")
	wantCode(t, err, cpodkit.CodeNotFound)
	add(t, store, newAccount("t1", "a"))
}

func testUpdateRace(t testing.TB, store localusers.Store) {
	a := add(t, store, newAccount("t1", "a"))
	var won atomic.Int32
	concurrently(func(i int) {
		changed := a
		changed.Name = fmt.Sprint("name ", i)
		err := store.Update(t.Context(), changed)
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

func testList(t testing.TB, store localusers.Store) {
	ctx := t.Context()
	for _, id := range []string{"c", "a", "d", "b"} {
		add(t, store, newAccount("t1", id))
	}
	add(t, store, newAccount("t10", "a"))
	var ids []string
	for after := ""; ; {
		page, err := store.List(ctx, "t1", after, 3)
		must(t, err)
		for _, a := range page {
			ids = append(ids, a.ID)
			after = a.ID
		}
		if len(page) < 3 {
			break
		}
	}
	if got := strings.Join(ids, " "); got != "a b c d" {
		t.Errorf("List returned %s", got)
	}
	for tenant, want := range map[string]int{"t1": 4, "t10": 1, "t": 0} {
		if n, err := store.Count(ctx, tenant); err != nil || n != want {
			t.Errorf("%s has %d accounts, %v; want %d", tenant, n, err, want)
		}
	}
}

func testDeleteTenant(t testing.TB, store localusers.Store) {
	add(t, store, newAccount("t1", "a"))
	other := add(t, store, newAccount("t10", "a"))
	must(t, store.DeleteTenant(t.Context(), "t1"))
	_, err := store.FindEmail(t.Context(), "t1", "a@example.com")
	wantCode(t, err, cpodkit.CodeNotFound)
	if got, err := store.Get(t.Context(), "t10", "a"); err != nil || got != other {
		t.Errorf("the other tenant's account is now %+v, %v", got, err)
	}
}

func testEnded(t testing.TB, store localusers.Store) {
	a := add(t, store, newAccount("t1", "a"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range map[string]func() error{
		"Create":       func() error { return store.Create(ctx, newAccount("t1", "b")) },
		"Get":          func() error { _, err := store.Get(ctx, "t1", "a"); return err },
		"FindEmail":    func() error { _, err := store.FindEmail(ctx, "t1", a.Email); return err },
		"FindLink":     func() error { _, err := store.FindLink(ctx, a.Link); return err },
		"Update":       func() error { return store.Update(ctx, a) },
		"Delete":       func() error { return store.Delete(ctx, a) },
		"List":         func() error { _, err := store.List(ctx, "t1", "", 1); return err },
		"Count":        func() error { _, err := store.Count(ctx, "t1"); return err },
		"DeleteTenant": func() error { return store.DeleteTenant(ctx, "t1") },
	} {
		if err := call(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s returns %v", name, err)
		}
	}
	if got, err := store.Get(t.Context(), "t1", "a"); err != nil || got != a {
		t.Errorf("the account is now %+v, %v", got, err)
	}
}
