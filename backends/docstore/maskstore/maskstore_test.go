package maskstore_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/backends/docstore/maskstore"
	"github.com/cpodkit/cpodkit/backends/sqlite/sqlitedocuments"
	"github.com/cpodkit/cpodkit/keyring"
	"github.com/cpodkit/cpodkit/masking/maskingtest"
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

func newStore(t testing.TB, driver documents.Driver, sealer maskstore.Sealer) *maskstore.Store {
	t.Helper()
	db, err := docstore.New(driver)
	must(t, err)
	store, err := maskstore.New(db, sealer)
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

func TestSuites(t *testing.T) {
	t.Parallel()
	for name, newDriver := range map[string]func(testing.TB) documents.Driver{
		"memory": func(testing.TB) documents.Driver { return documents.NewMemory() },
		"sqlite": newSQLite,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			maskingtest.Run(t, func(t testing.TB) maskingtest.Store { return newStore(t, newDriver(t), keyring.NewMaster()) })
		})
	}
}

// token returns a token of one letter.
func token(letter string) string { return "tok_" + strings.Repeat(letter, 26) }

func put(t testing.TB, store *maskstore.Store, tenant string, values map[string]string) {
	t.Helper()
	must(t, store.Put(t.Context(), tenant, values))
}

func want(t testing.TB, store *maskstore.Store, tenant string, values map[string]string, tokens ...string) {
	t.Helper()
	got, err := store.Get(t.Context(), tenant, tokens)
	if err != nil || !maps.Equal(got, values) {
		t.Errorf("%q has %q, %v; want %q", tenant, got, err, values)
	}
}

func keyOf(t testing.TB, store *maskstore.Store, tenant string) string {
	t.Helper()
	key, err := store.Key(t.Context(), tenant)
	must(t, err)
	return string(key)
}

func collection(name string) documents.CollectionID {
	return documents.CollectionID{Space: storage.System("masking").Root(), Name: name}
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

// No value and no key is in the database in plain, hex or base64.
func TestValuesAreSealed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	driver, err := sqlitedocuments.Open(t.Context(), filepath.Join(dir, "documents.db"))
	must(t, err)
	store := newStore(t, driver, keyring.NewMaster())
	const value = "alice.somebody@mail.example.com"
	put(t, store, "acme", map[string]string{token("a"): value, token("b"): "x" + value})
	want(t, store, "acme", map[string]string{token("a"): value}, token("a"))
	forms := map[string]string{}
	for name, secret := range map[string]string{"value": value, "key": keyOf(t, store, "acme")} {
		forms[name+" plain"], forms[name+" hex"] = secret, hex.EncodeToString([]byte(secret))
		for before := range 3 {
			encoded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", before) + secret))
			forms[fmt.Sprint(name, " base64 after ", before)] = encoded[4 : len(encoded)-4]
		}
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
		if !bytes.Contains(all, []byte("token-heads")) {
			t.Fatalf("%s: the records are not in the files", when)
		}
		for name, form := range forms {
			if bytes.Contains(all, []byte(form)) {
				t.Errorf("%s: the %s is in the files", when, name)
			}
		}
	}
	search("while it is open")
	must(t, driver.Close())
	search("after it")
}

// Several replicas have one key for each tenant, and each reads what others have stored.
func TestReplicasAgree(t *testing.T) {
	t.Parallel()
	driver, master := newSQLite(t), keyring.NewMaster()
	const replicas, tenants = 3, 20
	var all sync.WaitGroup
	var keys [replicas][tenants]string
	stores := make([]*maskstore.Store, replicas)
	for i := range replicas {
		stores[i] = newStore(t, driver, master)
		all.Go(func() {
			for j := range tenants {
				tenant := fmt.Sprint("t", j)
				key, err := stores[i].Key(t.Context(), tenant)
				keys[i][j] = string(key)
				if err == nil {
					err = stores[i].Put(t.Context(), tenant, map[string]string{token("a"): "shared", token("bcd"[i : i+1]): tenant})
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for j := range tenants {
		tenant := fmt.Sprint("t", j)
		for i, store := range stores {
			if keys[i][j] != keys[0][j] || keys[i][j] == keys[i][(j+1)%tenants] {
				t.Errorf("replica %d has another key of %s", i, tenant)
			}
			want(t, store, tenant, map[string]string{token("a"): "shared", token("b"): tenant, token("c"): tenant, token("d"): tenant},
				token("a"), token("b"), token("c"), token("d"), token("e"))
		}
		// What replicas stored at once counts once.
		var head struct{ Tokens, Bytes int64 }
		stored, err := driver.Get(t.Context(), collection("token-heads"), tenant+"/")
		must(t, err)
		must(t, json.Unmarshal(stored.Value, &head))
		count, size, err := stores[0].MeasureTenant(t.Context(), tenant)
		must(t, err)
		if count != 4 || head.Tokens != 4 || head.Bytes != size || size != int64(4*33+len("shared")+3*len(tenant)) {
			t.Errorf("%s has %d tokens with %d bytes, and %+v is counted", tenant, count, size, head)
		}
	}
}

// A tenant's records go, and those of others stay. A later tenant of the same name has other
// keys, also on a replica that had the old ones in memory.
func TestTenantIsDeleted(t *testing.T) {
	t.Parallel()
	driver, master, ctx := documents.NewMemory(), keyring.NewMaster(), t.Context()
	a, b := newStore(t, driver, master), newStore(t, driver, master)
	const many = 1200
	values := map[string]string{token("a"): "of t"}
	for i := range many {
		values[fmt.Sprint("tok_", i)] = "v"
	}
	put(t, a, "t", values)
	for _, tenant := range []string{"t1", "t/1", "T"} {
		put(t, a, tenant, map[string]string{token("a"): "of " + tenant})
	}
	before := keyOf(t, b, "t")
	for _, what := range []string{"measured", "deleted", "deleted again"} {
		do, items, size := a.MeasureTenant, many+1, int64(33*(many+1)+many+len("of t"))
		if what != "measured" {
			do = a.DeleteTenant
		}
		if what == "deleted again" {
			items, size = 0, 0
		}
		count, bytes, err := do(ctx, "t")
		must(t, err)
		if count != items || bytes != size {
			t.Errorf("%s are %d tokens with %d bytes, want %d with %d", what, count, bytes, items, size)
		}
	}
	left, err := driver.Query(ctx, collection("tokens/t"), documents.DriverQuery{Limit: 9})
	must(t, err)
	if len(left) > 0 {
		t.Errorf("there are %d records", len(left))
	}
	for in, key := range map[string]string{"keys": "t", "token-heads": "t/"} {
		_, err := driver.Get(ctx, collection(in), key)
		wantCode(t, err, cpodkit.CodeNotFound)
	}
	for _, tenant := range []string{"t1", "t/1", "T"} {
		want(t, a, tenant, map[string]string{token("a"): "of " + tenant}, token("a"))
	}
	want(t, b, "t", map[string]string{}, token("a"))

	// Before it forgets the tenant, the other replica still seals what everybody reads.
	put(t, a, "t", map[string]string{token("a"): "anew"})
	want(t, b, "t", map[string]string{token("a"): "anew"}, token("a"))
	put(t, b, "t", map[string]string{token("b"): "of b"})
	want(t, a, "t", map[string]string{token("b"): "of b"}, token("b"))
	b.Forget("t")
	if after := keyOf(t, b, "t"); after == before || after != keyOf(t, a, "t") {
		t.Error("the later tenant has the key of the earlier one, or one for each replica")
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		driver, ctx := documents.NewMemory(), t.Context()
		store := newStore(t, driver, keyring.NewMaster())
		putOne := func(letter string, size int) error {
			return store.Put(ctx, "acme", map[string]string{token(letter): strings.Repeat("v", size)})
		}
		must(t, putOne("a", 1))
		set := func(member string, n int) {
			edit(t, driver, "token-heads", "acme/", func(head map[string]any) { head[member] = n })
		}
		set("tokens", maskstore.MaxTokens)
		wantCode(t, putOne("b", 1), cpodkit.CodeQuotaExceeded)
		must(t, putOne("a", 1)) // one that is there already
		must(t, store.Put(ctx, "globex", map[string]string{token("b"): "v"}))
		want(t, store, "acme", map[string]string{token("a"): "v"}, token("a"), token("b"))

		// A server that was killed has given no room back: it is counted anew.
		time.Sleep(2 * time.Minute)
		must(t, putOne("b", 1))

		set("bytes", maskstore.MaxTenantBytes-40)
		wantCode(t, putOne("c", 8), cpodkit.CodeQuotaExceeded)
		must(t, putOne("c", 7))
		wantCode(t, putOne("d", 1), cpodkit.CodeQuotaExceeded)
		for what, values := range map[string]map[string]string{
			"another form": {"TOK_A": "v"}, "an empty token": {"": "v"}, "a long token": {strings.Repeat("a", 65): "v"},
		} {
			if store.Put(ctx, "acme", values) == nil {
				t.Errorf("%s is stored", what)
			}
		}
	})
}

// A tenant that is full is counted once a minute, and not with each write.
func TestFullTenantIsCountedSeldom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		driver := &counting{Driver: documents.NewMemory()}
		store := newStore(t, driver, keyring.NewMaster())
		put(t, store, "acme", map[string]string{token("a"): "v"})
		driver.page = make([]documents.Record, 0, maskstore.MaxTokens)
		for i := range maskstore.MaxTokens {
			driver.page = append(driver.page, documents.Record{Key: fmt.Sprint(i), Value: []byte("{}")})
		}
		edit(t, driver, "token-heads", "acme/", func(head map[string]any) { head["tokens"] = maskstore.MaxTokens })
		for range 1 {
			time.Sleep(2 * time.Minute)
			driver.counts = 0
			for i := range 5 {
				wantCode(t, store.Put(t.Context(), "acme", map[string]string{fmt.Sprint("tok_", i): "v"}), cpodkit.CodeQuotaExceeded)
			}
			if driver.counts != 1 {
				t.Errorf("the tenant is counted %d times", driver.counts)
			}
		}
	})
}

// counting is a driver that has one page of tokens.
type counting struct {
	documents.Driver
	page   []documents.Record
	counts int
}

func (c *counting) Query(ctx context.Context, in documents.CollectionID, q documents.DriverQuery) ([]documents.Record, error) {
	switch {
	case !strings.HasPrefix(in.Name, "tokens/"):
		return c.Driver.Query(ctx, in, q)
	case q.After != nil:
		return nil, nil
	}
	c.counts++
	return c.page, nil
}
