package secretstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore/secretstore"
	"github.com/cpodkit/cpodkit/keyring"
	"github.com/cpodkit/cpodkit/secrets"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// failing is a document driver of which only the first calls succeed.
type failing struct {
	documents.Driver
	left atomic.Int64
	err  error
}

func (d *failing) broken() bool { return d.left.Add(-1) < 0 }

func (d *failing) Get(ctx context.Context, in documents.CollectionID, key string) (documents.Record, error) {
	if d.broken() {
		return documents.Record{}, d.err
	}
	return d.Driver.Get(ctx, in, key)
}

func (d *failing) Apply(ctx context.Context, in documents.CollectionID, ops []documents.Op) []error {
	if d.broken() {
		return slices.Repeat([]error{d.err}, len(ops))
	}
	return d.Driver.Apply(ctx, in, ops)
}

func (d *failing) Query(ctx context.Context, in documents.CollectionID, q documents.DriverQuery) ([]documents.Record, error) {
	if d.broken() {
		return nil, d.err
	}
	return d.Driver.Query(ctx, in, q)
}

var errBroken = errors.New("the database breaks")

// situation is a database with a tenant, in which a replica is killed.
type situation struct {
	documents.Driver

	sealer       secretstore.Sealer
	good, killed *secretstore.Store
	calls        *failing // of the one that is killed
}

func (s *situation) grant(t testing.TB, name string) secrets.Grant {
	t.Helper()
	g, err := s.good.GetGrant(t.Context(), "acme", name)
	if !errors.Is(err, cpodkit.CodeNotFound) {
		must(t, err)
	}
	return g
}

func (s *situation) bundle(t testing.TB, name string) secrets.Bundle {
	t.Helper()
	b, err := s.good.GetBundle(t.Context(), "acme", name)
	if !errors.Is(err, cpodkit.CodeNotFound) {
		must(t, err)
	}
	return b
}

// Wherever a replica is killed, what was there is there as before or as after. Others read
// and write, the write can be done again, and no bound can be passed.
func TestKilledBetweenWrites(t *testing.T) {
	t.Parallel()
	put := func(name string) func(context.Context, *secretstore.Store, *situation) error {
		return func(ctx context.Context, store *secretstore.Store, _ *situation) error {
			_, err := store.Put(ctx, "acme", name, secrets.NewValue("new"), secrets.Condition{})
			return err
		}
	}
	for name, write := range map[string]func(context.Context, *secretstore.Store, *situation) error{
		"put of a new secret": put("new"),
		"put of a version":    put("a"),
		"put of a tenant's first secret": func(ctx context.Context, store *secretstore.Store, _ *situation) error {
			_, err := store.Put(ctx, "globex", "a", secrets.NewValue("new"), secrets.Condition{})
			return err
		},
		"delete": func(ctx context.Context, store *secretstore.Store, _ *situation) error {
			return store.Delete(ctx, "acme", "a", secrets.Condition{})
		},
		"put of a grant": func(ctx context.Context, store *secretstore.Store, s *situation) error {
			_, err := store.PutGrant(ctx, "acme", secrets.Grant{Name: "a", Apps: []string{"one", "two"}}, s.grant(t, "a").Version)
			return err
		},
		"put of a new grant": func(ctx context.Context, store *secretstore.Store, s *situation) error {
			_, err := store.PutGrant(ctx, "acme", secrets.Grant{Name: "new", Apps: []string{"one"}}, s.grant(t, "new").Version)
			return err
		},
		"delete of a grant": func(ctx context.Context, store *secretstore.Store, s *situation) error {
			return store.DeleteGrant(ctx, "acme", "a", s.grant(t, "a").Version)
		},
		"put of a bundle": func(ctx context.Context, store *secretstore.Store, s *situation) error {
			_, err := store.PutBundle(ctx, "acme", secrets.Bundle{Name: "x", Env: map[string]string{"A": "a"}}, s.bundle(t, "x").Version)
			return err
		},
		"delete of a bundle": func(ctx context.Context, store *secretstore.Store, s *situation) error {
			return store.DeleteBundle(ctx, "acme", "x", s.bundle(t, "x").Version)
		},
		"delete of the tenant": func(ctx context.Context, store *secretstore.Store, _ *situation) error {
			_, _, err := store.DeleteTenant(ctx, "acme")
			return err
		},
		"new keys, and sealing anew": func(ctx context.Context, store *secretstore.Store, s *situation) error {
			ctx, end := context.WithCancel(ctx)
			defer end()
			go store.Run(ctx)
			synctest.Wait()
			if store == s.killed && s.calls.left.Load() < 0 {
				return errBroken
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { killAtEachCall(t, write, func() { time.Sleep(keyAge) }) })
		})
	}
}

func killAtEachCall(
	t *testing.T, write func(context.Context, *secretstore.Store, *situation) error, growOld func(),
) {
	master := keyring.NewMaster()
	for calls := int64(0); ; calls++ {
		s := &situation{Driver: documents.NewMemory(), sealer: master}
		s.calls = &failing{Driver: s.Driver, err: errBroken}
		s.good, s.killed = newStore(t, s.Driver, master), newStore(t, s.calls, master)
		put(t, s.good, "acme", "a", "old")
		put(t, s.good, "acme", "b", "old")
		_, err := s.good.PutGrant(t.Context(), "acme", secrets.Grant{Name: "a", Apps: []string{"one"}}, "")
		must(t, err)
		_, err = s.good.PutBundle(t.Context(), "acme", secrets.Bundle{Name: "x"}, "")
		must(t, err)
		growOld() // so that writes make keys

		s.calls.left.Store(calls)
		isDone := write(t.Context(), s.killed, s) == nil
		if !isDone && s.calls.left.Load() >= 0 {
			t.Fatalf("after %d calls the write fails by itself", calls)
		}
		check(t, s, calls)
		if err := write(t.Context(), s.good, s); err != nil {
			t.Errorf("after %d calls the write cannot be done again: %v", calls, err)
		}
		check(t, s, calls)
		for _, tenant := range []string{"acme", "globex"} {
			put(t, s.good, tenant, "later", "later")
			want(t, newStore(t, s.Driver, master), tenant, "later", 0, "later")
		}
		check(t, s, calls)
		if isDone {
			if calls < 2 {
				t.Errorf("the write makes %d calls", calls)
			}
			return
		}
	}
}

// check reads what is there, and holds the counts against it.
func check(t testing.TB, s *situation, calls int64) {
	t.Helper()
	fresh := newStore(t, s.Driver, s.sealer)
	for _, name := range []string{"a", "b", "new"} {
		for _, store := range []*secretstore.Store{s.good, fresh} {
			got, err := store.Get(t.Context(), "acme", name, 0)
			if value := got.Value.Reveal(); err == nil && value != "old" && value != "new" || err != nil && !errors.Is(err, cpodkit.CodeNotFound) {
				t.Errorf("after %d calls %s is %q, %v", calls, name, value, err)
			}
		}
	}
	for _, tenant := range []string{"acme", "globex"} {
		count, size, err := s.good.MeasureTenant(t.Context(), tenant)
		must(t, err)
		var head struct{ Secrets, Grants, Bundles, Bytes int64 }
		stored, err := s.Get(t.Context(), collection("secret-heads"), tenant+"/")
		if errors.Is(err, cpodkit.CodeNotFound) && count == 0 {
			continue
		}
		must(t, err)
		must(t, json.Unmarshal(stored.Value, &head))
		if head.Secrets+head.Grants+head.Bundles < int64(count) || head.Bytes < size {
			t.Errorf("after %d calls %s has %d records with %d bytes, and %+v is counted", calls, tenant, count, size, head)
		}
	}
}

// While the database is gone, cached values are served. What was written meanwhile is seen
// when it is back.
func TestDatabaseIsGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		driver, master := documents.NewMemory(), keyring.NewMaster()
		elsewhere := newStore(t, driver, master)
		broken := &failing{Driver: driver, err: cpodkit.CodeUnavailable}
		broken.left.Store(1 << 40)
		store := newStore(t, broken, master)
		all, err := secrets.New(store, store)
		must(t, err)
		go all.Run(t.Context())
		go store.Run(t.Context())
		synctest.Wait()
		expect := func(name, value string) {
			t.Helper()
			got, err := all.Trusted("acme").Get(t.Context(), name)
			if err != nil || got.Value.Reveal() != value {
				t.Errorf("%s is not %s: %v", name, value, err)
			}
		}
		put(t, elsewhere, "acme", "a", "one")
		expect("a", "one")
		must(t, all.Ping(t.Context()))
		broken.left.Store(0)
		time.Sleep(time.Minute)
		expect("a", "one")
		if all.Ping(t.Context()) == nil {
			t.Error("nothing is wrong")
		}
		_, err = all.Trusted("acme").Put(t.Context(), "a", secrets.NewValue("lost"))
		wantCode(t, err, cpodkit.CodeUnavailable)
		_, err = all.Trusted("globex").Get(t.Context(), "a")
		wantCode(t, err, cpodkit.CodeUnavailable)
		put(t, elsewhere, "acme", "a", "two")
		broken.left.Store(1 << 40)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		expect("a", "two")
		must(t, all.Ping(t.Context()))
		_, err = all.Trusted("acme").Put(t.Context(), "a", secrets.NewValue("three"))
		must(t, err)
		expect("a", "three")
	})
}
