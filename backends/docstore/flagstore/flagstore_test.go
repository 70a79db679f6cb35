package flagstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/backends/docstore/flagstore"
	"github.com/cpodkit/cpodkit/backends/sqlite/sqlitedocuments"
	"github.com/cpodkit/cpodkit/cluster"
	"github.com/cpodkit/cpodkit/flags"
	"github.com/cpodkit/cpodkit/flags/flagstest"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
)

const flag = `{"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"on"}`

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, code cpodkit.Code) {
	t.Helper()
	if !errors.Is(err, code) {
		t.Errorf("the error is %v, want %s", err, code)
	}
}

func newStore(t testing.TB, driver documents.Driver, opts ...flagstore.Option) *flagstore.Store {
	t.Helper()
	db, err := docstore.New(driver)
	must(t, err)
	store, err := flagstore.New(db, opts...)
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

func TestSource(t *testing.T) {
	t.Parallel()
	for name, newDriver := range map[string]func(testing.TB) documents.Driver{
		"memory": func(testing.TB) documents.Driver { return documents.NewMemory() },
		"sqlite": newSQLite,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flagstest.Run(t, func(t testing.TB) flagstest.Editor {
				store := newStore(t, newDriver(t))
				return flagstest.Editor{
					Source: store, OneByOne: true,
					Put: func(t testing.TB, tenantID, definition string) { putAll(t, store, tenantID, definition) },
					Remove: func(t testing.TB, tenantID string) {
						t.Helper()
						_, _, err := store.DeleteTenant(t.Context(), tenantID)
						must(t, err)
					},
				}
			})
		})
	}
}

// putAll stores each flag of a definition with the evaluators, and deletes all others.
func putAll(t testing.TB, store *flagstore.Store, tenantID, definition string) {
	t.Helper()
	var whole struct {
		Flags      map[string]map[string]json.RawMessage
		Evaluators json.RawMessage `json:"$evaluators"`
	}
	must(t, json.Unmarshal([]byte(definition), &whole))
	there, _, err := store.ListFlags(t.Context(), tenantID, "", flags.MaxFlags)
	must(t, err)
	for _, f := range there {
		if whole.Flags[f.Key] == nil {
			must(t, store.DeleteFlag(t.Context(), tenantID, f.Key, flags.Condition{}))
		}
	}
	for key, members := range whole.Flags {
		if whole.Evaluators != nil {
			members["$evaluators"] = whole.Evaluators
		}
		encoded, err := json.Marshal(members)
		must(t, err)
		_, err = store.PutFlag(t.Context(), tenantID, key, encoded, flags.Condition{})
		must(t, err)
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	store, ctx := newStore(t, newSQLite(t)), t.Context()
	put := func(c flags.Condition) (flags.StoredFlag, error) {
		return store.PutFlag(ctx, "acme", "a/b", []byte(flag), c)
	}
	_, err := store.GetFlag(ctx, "acme", "a/b")
	wantCode(t, err, cpodkit.CodeNotFound)
	for _, c := range []flags.Condition{{Exists: true}, {Version: "x"}} {
		_, err = put(c)
		wantCode(t, err, cpodkit.CodePreconditionFailed)
		wantCode(t, store.DeleteFlag(ctx, "acme", "a/b", c), cpodkit.CodePreconditionFailed)
	}
	must(t, store.DeleteFlag(ctx, "acme", "a/b", flags.Condition{}))
	first, err := put(flags.Condition{Absent: true})
	must(t, err)
	_, err = put(flags.Condition{Absent: true})
	wantCode(t, err, cpodkit.CodePreconditionFailed)
	second, err := put(flags.Condition{Version: first.Version})
	must(t, err)
	_, err = put(flags.Condition{Version: first.Version})
	wantCode(t, err, cpodkit.CodePreconditionFailed)
	got, err := store.GetFlag(ctx, "acme", "a/b")
	must(t, err)
	if got.Version != second.Version || string(got.Definition) != flag || got.UpdatedAt.IsZero() || second.Version == first.Version {
		t.Errorf("stored is %+v", got)
	}
	_, err = put(flags.Condition{Exists: true})
	must(t, err)
	wantCode(t, store.DeleteFlag(ctx, "acme", "a/b", flags.Condition{Version: second.Version}), cpodkit.CodePreconditionFailed)
	must(t, store.DeleteFlag(ctx, "acme", "a/b", flags.Condition{Exists: true}))
}

// Tenants whose ids are alike, and keys that look like those of another tenant.
func TestTenantsAreApart(t *testing.T) {
	t.Parallel()
	store, ctx := newStore(t, newSQLite(t)), t.Context()
	tenants := map[string][]string{"t": {"1/a", "a", "b"}, "t1": {"a", "c"}, "t/1": {"a"}, "T": {"a"}, "u": {"a"}}
	for tenant, keys := range tenants {
		for _, key := range keys {
			_, err := store.PutFlag(ctx, tenant, key, []byte(strings.Replace(flag, `"on":true`, `"on":true,"of `+tenant+`":true`, 1)), flags.Condition{})
			must(t, err)
		}
	}
	for _, deleted := range []string{"", "t"} {
		if deleted != "" {
			count, size, err := store.DeleteTenant(ctx, deleted)
			must(t, err)
			if count != len(tenants[deleted]) || size == 0 {
				t.Errorf("deleted are %d flags with %d bytes", count, size)
			}
			delete(tenants, deleted)
			tenants["t"] = nil
		}
		for tenant, keys := range tenants {
			var listed []string
			for after := ""; ; {
				page, more, err := store.ListFlags(ctx, tenant, after, 1)
				must(t, err)
				for _, f := range page {
					listed = append(listed, f.Key)
					if !strings.Contains(string(f.Definition), `"of `+tenant+`"`) {
						t.Errorf("tenant %s has %s", tenant, f.Definition)
					}
				}
				if !more {
					break
				}
				after = page[len(page)-1].Key
			}
			loaded, err := store.Load(ctx, tenant)
			must(t, err)
			if !slices.Equal(listed, keys) || len(loaded) != len(keys) {
				t.Errorf("tenant %s: listed are %q, and %d are loaded; want %q", tenant, listed, len(loaded), keys)
			}
		}
	}
	for _, tenant := range []string{"", ".", ".."} {
		if _, err := store.Load(ctx, tenant); err == nil {
			t.Errorf("the tenant %q is loaded", tenant)
		}
		if _, err := store.PutFlag(ctx, tenant, "a", []byte(flag), flags.Condition{}); err == nil {
			t.Errorf("a flag of the tenant %q is stored", tenant)
		}
	}
}

// One flag more than a tenant may have is refused, and room that was lost by a crash is
// found again.
func TestLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		driver := documents.NewMemory()
		store, ctx := newStore(t, driver), t.Context()
		big := []byte(`{"state":"ENABLED","variants":{"on":"` + strings.Repeat("x", 1<<20-200) + `"},"defaultVariant":"on"}`)
		put := func(key string, definition []byte) error {
			_, err := store.PutFlag(ctx, "acme", key, definition, flags.Condition{})
			return err
		}
		for i := range flags.MaxFlags {
			must(t, put(fmt.Sprintf("f%05d", i), []byte(flag)))
		}
		wantCode(t, put("one more", []byte(flag)), cpodkit.CodeValidationFailed)
		must(t, put("f00000", []byte(strings.Replace(flag, "true", "false", 1))))
		for i := range 100 {
			if err := put(fmt.Sprintf("f%05d", i), big); err != nil {
				wantCode(t, err, cpodkit.CodeValidationFailed)
				if i < 50 {
					t.Errorf("only %d large flags are stored", i)
				}
				break
			}
		}
		loaded, err := store.Load(ctx, "acme")
		must(t, err)
		if len(loaded) != flags.MaxFlags {
			t.Errorf("%d flags are loaded", len(loaded))
		}
		// A flag goes without the counts: as when a server is killed.
		in := documents.CollectionID{Space: storage.System("flags").Root(), Name: "flags"}
		gone := documents.Op{Delete: true, Record: documents.Record{Key: "acme/f00000"}}
		must(t, errors.Join(driver.Apply(ctx, in, []documents.Op{gone})...))
		wantCode(t, put("one more", []byte(flag)), cpodkit.CodeValidationFailed)
		time.Sleep(2 * time.Minute)
		must(t, put("one more", []byte(flag)))
		wantCode(t, put("and another", []byte(flag)), cpodkit.CodeValidationFailed)
	})
}

// Writers at once lose no count, and a key is created once.
func TestConcurrentWriters(t *testing.T) {
	t.Parallel()
	driver := newSQLite(t)
	stores := []*flagstore.Store{newStore(t, driver), newStore(t, driver)}
	var writers sync.WaitGroup
	var mu sync.Mutex
	created := 0
	for w := range 4 {
		writers.Go(func() {
			store := stores[w%2]
			for i := range 10 {
				_, err := store.PutFlag(t.Context(), "acme", fmt.Sprint(i), []byte(flag), flags.Condition{Absent: true})
				if err == nil {
					mu.Lock()
					created++
					mu.Unlock()
				} else if !errors.Is(err, cpodkit.CodePreconditionFailed) {
					t.Errorf("writer %d: %v", w, err)
				}
			}
		})
	}
	writers.Wait()
	loaded, err := stores[0].Load(t.Context(), "acme")
	must(t, err)
	if created != 10 || len(loaded) != 10 {
		t.Errorf("%d were created, and %d are there", created, len(loaded))
	}
}

// A change is reported to another store: at once by notices, else within 2 s.
func TestOtherReplicas(t *testing.T) {
	t.Parallel()
	for name, within := range map[string]time.Duration{"polling": 2 * time.Second, "notices": time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				driver, hub := documents.NewMemory(), cluster.NewMemory()
				newReplica := func() (*flagstore.Store, *flags.Flags) {
					var opts []flagstore.Option
					if name == "notices" {
						c, err := cluster.New(hub)
						must(t, err)
						opts = append(opts, flagstore.WithNotices(c.Topic("flags")))
					}
					store := newStore(t, driver, opts...)
					all, err := flags.New(store)
					must(t, err)
					go all.Run(t.Context())
					return store, all
				}
				a, _ := newReplica()
				_, b := newReplica()
				synctest.Wait()
				on := func() bool {
					on, err := b.Trusted("acme").Bool(t.Context(), "f", false, nil)
					must(t, err)
					return on
				}
				if on() {
					t.Fatal("the flag is on")
				}
				_, err := a.PutFlag(t.Context(), "acme", "f", []byte(flag), flags.Condition{})
				must(t, err)
				time.Sleep(within)
				synctest.Wait()
				if !on() {
					t.Error("the other replica does not see the flag")
				}
				must(t, a.DeleteFlag(t.Context(), "acme", "f", flags.Condition{}))
				time.Sleep(within)
				synctest.Wait()
				if on() {
					t.Error("the other replica still sees the flag")
				}
			})
		})
	}
}

// A record that something else has broken breaks its own flag alone.
func TestBrokenRecord(t *testing.T) {
	t.Parallel()
	driver := documents.NewMemory()
	store := newStore(t, driver)
	for _, key := range []string{"good", "bad"} {
		_, err := store.PutFlag(t.Context(), "acme", key, []byte(flag), flags.Condition{})
		must(t, err)
	}
	in := documents.CollectionID{Space: storage.System("flags").Root(), Name: "flags"}
	broken := documents.Record{Key: "acme/bad", Value: []byte(`{"definition":{"state":"ON"},"version":"v","updatedAt":1}`), Version: "w"}
	must(t, errors.Join(driver.Apply(t.Context(), in, []documents.Op{{Record: broken}})...))
	all, err := flags.New(store)
	must(t, err)
	for key, code := range map[string]flags.ErrorCode{"good": "", "bad": flags.ErrorParse} {
		r, err := all.Trusted("acme").Evaluate(t.Context(), key, nil)
		must(t, err)
		if r.ErrorCode != code {
			t.Errorf("%s is %+v", key, r)
		}
	}
}

// breakable is a document driver that can be down.
type breakable struct {
	documents.Driver
	down atomic.Bool
}

func (b *breakable) Get(ctx context.Context, in documents.CollectionID, key string) (documents.Record, error) {
	if b.down.Load() {
		return documents.Record{}, cpodkit.CodeUnavailable
	}
	return b.Driver.Get(ctx, in, key)
}

func (b *breakable) Query(ctx context.Context, in documents.CollectionID, q documents.DriverQuery) ([]documents.Record, error) {
	if b.down.Load() {
		return nil, cpodkit.CodeUnavailable
	}
	return b.Driver.Query(ctx, in, q)
}

// While the database is gone, the last good flags are in effect. What changed meanwhile
// is seen when it is back.
func TestDatabaseIsGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		driver := documents.NewMemory()
		elsewhere, broken := newStore(t, driver), &breakable{Driver: driver}
		all, err := flags.New(newStore(t, broken))
		must(t, err)
		go all.Run(t.Context())
		put := func(key string) {
			t.Helper()
			_, err := elsewhere.PutFlag(t.Context(), "acme", key, []byte(flag), flags.Condition{})
			must(t, err)
		}
		put("first")
		on := func(key string) bool {
			t.Helper()
			on, err := all.Trusted("acme").Bool(t.Context(), key, false, nil)
			must(t, err)
			return on
		}
		if !on("first") || all.Ping(t.Context()) != nil {
			t.Fatalf("before: %v", all.Ping(t.Context()))
		}
		broken.down.Store(true)
		time.Sleep(10 * time.Second)
		if !on("first") {
			t.Error("the last good flags are gone")
		}
		if all.Ping(t.Context()) == nil {
			t.Error("nothing is wrong")
		}
		if _, err := all.Trusted("globex").Bool(t.Context(), "first", false, nil); !errors.Is(err, cpodkit.CodeUnavailable) {
			t.Errorf("flags that were never read: %v", err)
		}
		put("second")
		time.Sleep(10 * time.Second)
		broken.down.Store(false)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if !on("second") || all.Ping(t.Context()) != nil {
			t.Errorf("after: %v", all.Ping(t.Context()))
		}
	})
}
