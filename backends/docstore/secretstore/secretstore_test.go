package secretstore_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/backends/docstore/secretstore"
	"github.com/cpodkit/cpodkit/backends/sqlite/sqlitedocuments"
	"github.com/cpodkit/cpodkit/cluster"
	"github.com/cpodkit/cpodkit/keyring"
	"github.com/cpodkit/cpodkit/secrets"
	"github.com/cpodkit/cpodkit/secrets/secretstest"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
)

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

func newStore(t testing.TB, driver documents.Driver, sealer secretstore.Sealer, opts ...secretstore.Option) *secretstore.Store {
	t.Helper()
	db, err := docstore.New(driver)
	must(t, err)
	store, err := secretstore.New(db, sealer, opts...)
	must(t, err)
	return store
}

func newMemory(testing.TB) documents.Driver { return documents.NewMemory() }

func newSQLite(t testing.TB) documents.Driver {
	t.Helper()
	driver, err := sqlitedocuments.Open(context.WithoutCancel(t.Context()), filepath.Join(t.TempDir(), "documents.db"))
	must(t, err)
	t.Cleanup(func() { must(t, driver.Close()) })
	return driver
}

func TestSuites(t *testing.T) {
	t.Parallel()
	for name, newDriver := range map[string]func(testing.TB) documents.Driver{"memory": newMemory, "sqlite": newSQLite} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			secretstest.Run(t, func(t testing.TB) secretstest.Store {
				return secretstest.Store{Provider: newStore(t, newDriver(t), keyring.NewMaster())}
			})
		})
		t.Run(name+" records", func(t *testing.T) {
			t.Parallel()
			secretstest.RunRecords(t, func(t testing.TB) secrets.Records {
				return newStore(t, newDriver(t), keyring.NewMaster())
			})
		})
	}
}

// put stores a value, and want reads it.
func put(t testing.TB, store *secretstore.Store, tenantID, name, value string) {
	t.Helper()
	_, err := store.Put(t.Context(), tenantID, name, secrets.NewValue(value), secrets.Condition{})
	must(t, err)
}

func want(t testing.TB, store *secretstore.Store, tenantID, name string, version int64, value string) {
	t.Helper()
	got, err := store.Get(t.Context(), tenantID, name, version)
	if err != nil || got.Value.Reveal() != value {
		t.Errorf("version %d of %s is not %q: %v", version, name, value, err)
	}
}

func collection(name string) documents.CollectionID {
	return documents.CollectionID{Space: storage.System("secrets").Root(), Name: name}
}

// edit changes a stored record as something else than the store would.
func edit(t testing.TB, driver documents.Driver, in, key string, change func(record map[string]any)) {
	t.Helper()
	stored, err := driver.Get(t.Context(), collection(in), key)
	must(t, err)
	var record map[string]any
	must(t, json.Unmarshal(stored.Value, &record))
	change(record)
	stored.Value, err = json.Marshal(record)
	must(t, err)
	stored.Version += "x"
	must(t, errors.Join(driver.Apply(t.Context(), collection(in), []documents.Op{{Record: stored}})...))
}

// versionOf returns a version in a record; 0 is the first one.
func versionOf(record map[string]any, i int) map[string]any {
	versions, _ := record["versions"].([]any)
	version, _ := versions[i].(map[string]any)
	return version
}

// No value is in the database in plain, hex or base64, also where another text is before it.
func TestValuesAreSealed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	driver, err := sqlitedocuments.Open(t.Context(), filepath.Join(dir, "documents.db"))
	must(t, err)
	store := newStore(t, driver, keyring.NewMaster())
	const value = "correct horse battery staple, and one more"
	for i := range 3 {
		put(t, store, "acme", "a", fmt.Sprint(i)+value)
		put(t, store, "acme", "b", value)
		want(t, store, "acme", "b", 0, value)
	}
	forms := map[string]string{"plain": value, "hex": hex.EncodeToString([]byte(value)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(value)))}
	for before := range 3 {
		encoded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", before) + value))
		forms[fmt.Sprint("base64 after ", before)] = encoded[4 : len(encoded)-4]
	}
	search := func(when string) {
		t.Helper()
		files, err := os.ReadDir(dir)
		must(t, err)
		var all []byte
		for _, f := range files {
			content, err := os.ReadFile(filepath.Join(dir, f.Name()))
			must(t, err)
			all = append(all, content...)
		}
		if !bytes.Contains(all, []byte("secret-heads")) {
			t.Fatalf("%s: the files of the database hold no records", when)
		}
		for form, text := range forms {
			if bytes.Contains(all, []byte(text)) {
				t.Errorf("%s: the value is in the database: %s", when, form)
			}
		}
	}
	search("while the database is open")
	must(t, driver.Close())
	search("when it is closed")
}

func TestVersionsAreKept(t *testing.T) {
	t.Parallel()
	driver := documents.NewMemory()
	store := newStore(t, driver, keyring.NewMaster(), secretstore.WithVersions(3))
	for i := range 5 {
		put(t, store, "acme", "a", fmt.Sprint("value ", i+1))
	}
	for version := int64(1); version <= 6; version++ {
		if _, err := store.Get(t.Context(), "acme", "a", version); version < 3 || version > 5 {
			wantCode(t, err, cpodkit.CodeNotFound)
		} else {
			want(t, store, "acme", "a", version, fmt.Sprint("value ", version))
		}
	}
	count, size, err := store.MeasureTenant(t.Context(), "acme")
	must(t, err)
	if all := 3 * int64(len("value 1")+33); count != 1 || size != all {
		t.Errorf("measured are %d items with %d bytes, want %d", count, size, all)
	}
}

// A tenant's records go, and those of others stay. A later tenant of the same name has other
// keys, also on a replica that has the old ones in memory.
func TestTenantIsDeleted(t *testing.T) {
	t.Parallel()
	driver, master, ctx := documents.NewMemory(), keyring.NewMaster(), t.Context()
	a, b := newStore(t, driver, master), newStore(t, driver, master)
	fill := func(tenant string) {
		put(t, a, tenant, "a", "of "+tenant)
		put(t, a, tenant, "a/b", "also")
		_, err := a.PutGrant(ctx, tenant, secrets.Grant{Name: "a", Owner: "app", Apps: []string{"app"}}, "")
		must(t, err)
		_, err = a.PutBundle(ctx, tenant, secrets.Bundle{Name: "x", Env: map[string]string{"A": "a"}, Apps: []string{"app"}}, "")
		must(t, err)
	}
	for _, tenant := range []string{"t", "t1", "t/1", "T"} {
		fill(tenant)
		want(t, b, tenant, "a", 0, "of "+tenant)
	}
	for _, what := range []string{"measured", "deleted", "deleted again"} {
		do, items, bytes := a.MeasureTenant, 4, int64(2*33+len("of t")+len("also")+2*len("app")+len("app")+len("Aa"))
		if what != "measured" {
			do = a.DeleteTenant
		}
		if what == "deleted again" {
			items, bytes = 0, 0
		}
		count, size, err := do(ctx, "t")
		must(t, err)
		if count != items || size != bytes {
			t.Errorf("%s are %d items with %d bytes, want %d with %d", what, count, size, items, bytes)
		}
	}
	for _, in := range []string{"secrets/t", "grants/t", "bundles/t"} {
		left, err := driver.Query(ctx, collection(in), documents.DriverQuery{Limit: 9})
		must(t, err)
		if len(left) > 0 {
			t.Errorf("%s has %d records", in, len(left))
		}
	}
	for in, key := range map[string]string{"keys": "t", "secret-heads": "t/"} {
		_, err := driver.Get(ctx, collection(in), key)
		wantCode(t, err, cpodkit.CodeNotFound)
	}
	for _, tenant := range []string{"t1", "t/1", "T"} {
		want(t, a, tenant, "a", 0, "of "+tenant)
	}
	fill("t")
	put(t, b, "t", "a", "of b")
	want(t, a, "t", "a", 0, "of b")
	want(t, b, "t", "a", 1, "of t")
	for _, tenant := range []string{"", ".", ".."} {
		if _, err := a.Get(ctx, tenant, "a", 0); err == nil {
			t.Errorf("the tenant %q has a secret", tenant)
		}
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		driver, ctx := documents.NewMemory(), t.Context()
		store := newStore(t, driver, keyring.NewMaster(), secretstore.WithVersions(1))
		putTo := func(name string, size int) error {
			_, err := store.Put(ctx, "acme", name, secrets.NewValue(strings.Repeat("v", size)), secrets.Condition{})
			return err
		}
		grant := func(name string) error {
			_, err := store.PutGrant(ctx, "acme", secrets.Grant{Name: name}, "")
			return err
		}
		bundle := func(name string) error {
			_, err := store.PutBundle(ctx, "acme", secrets.Bundle{Name: name}, "")
			return err
		}
		must(t, putTo("a", 1))
		must(t, grant("a"))
		for i := range secretstore.MaxBundles {
			must(t, bundle(fmt.Sprint(i)))
		}
		wantCode(t, bundle("one more"), cpodkit.CodeQuotaExceeded)
		edit(t, driver, "secret-heads", "acme/", func(head map[string]any) {
			head["secrets"], head["grants"] = secretstore.MaxSecrets, secretstore.MaxGrants
		})
		wantCode(t, putTo("b", 1), cpodkit.CodeQuotaExceeded)
		must(t, putTo("a", 2)) // one that is there already
		wantCode(t, grant("b"), cpodkit.CodeQuotaExceeded)
		must(t, store.DeleteGrant(ctx, "acme", "b", ""))
		must(t, store.Delete(ctx, "acme", "b", secrets.Condition{}))

		// A server that was killed has given no room back: it is counted anew.
		time.Sleep(2 * time.Minute)
		must(t, putTo("b", 1))
		must(t, grant("b"))
		wantCode(t, bundle("one more"), cpodkit.CodeQuotaExceeded)

		edit(t, driver, "secret-heads", "acme/", func(head map[string]any) { head["bytes"] = secretstore.MaxTenantBytes - 40 })
		wantCode(t, putTo("b", 42), cpodkit.CodeQuotaExceeded)
		must(t, putTo("b", 41))
		wantCode(t, putTo("c", 1), cpodkit.CodeQuotaExceeded)
		must(t, putTo("b", 1))
		must(t, putTo("c", 1))
	})
}

// A change is reported to other replicas: at once by notices, else within 2 s. Several
// watches at once see it.
func TestOtherReplicas(t *testing.T) {
	t.Parallel()
	for name, within := range map[string]time.Duration{"polling": 2 * time.Second, "notices": time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				driver, hub, master := documents.NewMemory(), cluster.NewMemory(), keyring.NewMaster()
				newReplica := func() *secretstore.Store {
					var opts []secretstore.Option
					if name == "notices" {
						c, err := cluster.New(hub)
						must(t, err)
						opts = append(opts, secretstore.WithNotices(c.Topic("secrets")))
					}
					return newStore(t, driver, master, opts...)
				}
				a, b := newReplica(), newReplica()
				ctx, end := context.WithCancel(t.Context())
				var mu sync.Mutex
				var seen [2]string
				for i := range seen {
					watching := ctx
					if i == 0 { // and ends before the other one
						watching, end = context.WithCancel(t.Context())
					}
					go func() {
						_ = b.Watch(watching, func(tenantID, name string) {
							mu.Lock()
							defer mu.Unlock()
							seen[i] += " " + tenantID + "/" + name
						})
					}()
					synctest.Wait()
				}
				go func() { _ = a.Watch(t.Context(), func(string, string) {}) }()
				synctest.Wait()
				expect := func(when string, want ...string) {
					t.Helper()
					synctest.Wait()
					mu.Lock()
					defer mu.Unlock()
					for i, w := range want {
						if seen[i] != w {
							t.Errorf("%s: watch %d has seen%s, want%s", when, i, seen[i], w)
						}
						seen[i] = ""
					}
				}
				expect("at first", " /", " /")
				put(t, a, "acme", "a", "v") // the first change of a tenant may be of anything
				time.Sleep(within)
				expect("after a put", " acme/", " acme/")
				for range 3 {
					put(t, a, "acme", "a", "v")
					time.Sleep(within)
					expect("after a put", " acme/a", " acme/a")
				}
				time.Sleep(10 * time.Minute)
				put(t, a, "acme", "b", "v")
				put(t, a, "acme", "c", "v")
				time.Sleep(within)
				if name == "polling" { // at once, with a look for each notice otherwise
					expect("after puts", " acme/c acme/b", " acme/c acme/b")
				}
				_, err := a.PutGrant(t.Context(), "acme", secrets.Grant{Name: "d"}, "")
				must(t, err)
				time.Sleep(within)
				if name == "polling" {
					expect("after a grant", " acme/d", " acme/d")
				}
				for i := range 20 {
					put(t, a, "acme", fmt.Sprint(i), "v")
				}
				time.Sleep(within)
				if name == "polling" {
					expect("after more than are listed", " acme/", " acme/")
				}
				end()
				synctest.Wait()
				seen[0], seen[1] = "", ""
				put(t, b, "acme", "b", "v")
				expect("after its own", "", " acme/b")
				time.Sleep(within)
				expect("when it looks", "", map[string]string{"polling": " acme/b"}[name])
				must(t, a.Delete(t.Context(), "acme", "a", secrets.Condition{}))
				time.Sleep(within)
				expect("after a deletion", "", map[string]string{"polling": " acme/a", "notices": " acme/a acme/b"}[name])
				must(t, b.Ping(t.Context()))
			})
		})
	}
}
