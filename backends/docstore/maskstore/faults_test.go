package maskstore_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore/maskstore"
	"github.com/cpodkit/cpodkit/keyring"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// failing is a document driver of which only the first calls succeed. Each call takes the
// delay.
type failing struct {
	documents.Driver
	left  atomic.Int64
	err   error
	delay time.Duration
}

func (d *failing) wait(ctx context.Context) error {
	timer := time.NewTimer(d.delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	if d.left.Add(-1) < 0 {
		return d.err
	}
	return nil
}

func (d *failing) Get(ctx context.Context, in documents.CollectionID, key string) (documents.Record, error) {
	if err := d.wait(ctx); err != nil {
		return documents.Record{}, err
	}
	return d.Driver.Get(ctx, in, key)
}

func (d *failing) Apply(ctx context.Context, in documents.CollectionID, ops []documents.Op) []error {
	if err := d.wait(ctx); err != nil {
		return slices.Repeat([]error{err}, len(ops))
	}
	return d.Driver.Apply(ctx, in, ops)
}

func (d *failing) Query(ctx context.Context, in documents.CollectionID, q documents.DriverQuery) ([]documents.Record, error) {
	if err := d.wait(ctx); err != nil {
		return nil, err
	}
	return d.Driver.Query(ctx, in, q)
}

// Wherever a replica is killed, what was there is there. Others read and write, the call can
// be made again, and no bound can be passed.
func TestKilledBetweenWrites(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(ctx context.Context, store *maskstore.Store) error{
		"a tenant's first key": func(ctx context.Context, store *maskstore.Store) error {
			_, err := store.Key(ctx, "globex")
			return err
		},
		"a tenant's first token": func(ctx context.Context, store *maskstore.Store) error {
			return store.Put(ctx, "globex", map[string]string{token("a"): "v"})
		},
		"more tokens": func(ctx context.Context, store *maskstore.Store) error {
			return store.Put(ctx, "acme", map[string]string{token("a"): "v", token("c"): "v"})
		},
		"delete of the tenant": func(ctx context.Context, store *maskstore.Store) error {
			_, _, err := store.DeleteTenant(ctx, "acme")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for calls := int64(0); ; calls++ {
				driver, master := documents.NewMemory(), keyring.NewMaster()
				broken := &failing{Driver: driver, err: errors.New("the database breaks")}
				good, killed := newStore(t, driver, master), newStore(t, broken, master)
				put(t, good, "acme", map[string]string{token("a"): "v", token("b"): "v"})
				broken.left.Store(calls)
				isDone := call(t.Context(), killed) == nil
				if !isDone && broken.left.Load() >= 0 {
					t.Fatalf("after %d calls it fails by itself", calls)
				}
				checkCounts(t, driver, good)
				if err := call(t.Context(), good); err != nil {
					t.Errorf("after %d calls it cannot be done again: %v", calls, err)
				}
				checkCounts(t, driver, good)
				for _, tenant := range []string{"acme", "globex"} {
					put(t, good, tenant, map[string]string{token("d"): "later"})
					want(t, newStore(t, driver, master), tenant, map[string]string{token("d"): "later"}, token("d"))
				}
				if isDone {
					return
				}
			}
		})
	}
}

// checkCounts holds the counts of tenants against what is there.
func checkCounts(t testing.TB, driver documents.Driver, store *maskstore.Store) {
	t.Helper()
	for _, tenant := range []string{"acme", "globex"} {
		count, size, err := store.MeasureTenant(t.Context(), tenant)
		must(t, err)
		stored, err := driver.Get(t.Context(), collection("token-heads"), tenant+"/")
		if errors.Is(err, cpodkit.CodeNotFound) && count == 0 {
			continue
		}
		must(t, err)
		var head struct{ Tokens, Bytes int64 }
		must(t, json.Unmarshal(stored.Value, &head))
		if head.Tokens < int64(count) || head.Bytes < size {
			t.Errorf("%s has %d tokens with %d bytes, and %+v is counted", tenant, count, size, head)
		}
	}
}

// While the database is gone, hashes go on where the key is in memory. All else is
// unavailable, and works when the database is back.
func TestDatabaseIsGone(t *testing.T) {
	t.Parallel()
	driver := &failing{Driver: documents.NewMemory(), err: cpodkit.CodeUnavailable}
	driver.left.Store(1 << 40)
	store := newStore(t, driver, keyring.NewMaster())
	put(t, store, "acme", map[string]string{token("a"): "v"})
	key := keyOf(t, store, "acme")
	driver.left.Store(0)
	if keyOf(t, store, "acme") != key {
		t.Error("the key is another one")
	}
	_, err := store.Key(t.Context(), "globex")
	wantCode(t, err, cpodkit.CodeUnavailable)
	_, err = store.Get(t.Context(), "acme", []string{token("a")})
	wantCode(t, err, cpodkit.CodeUnavailable)
	wantCode(t, store.Put(t.Context(), "acme", map[string]string{token("b"): "v"}), cpodkit.CodeUnavailable)
	_, _, err = store.DeleteTenant(t.Context(), "acme")
	wantCode(t, err, cpodkit.CodeUnavailable)
	driver.left.Store(1 << 40)
	put(t, store, "acme", map[string]string{token("b"): "v"})
	want(t, store, "acme", map[string]string{token("a"): "v", token("b"): "v"}, token("a"), token("b"))
}

// A call on a slow database ends with its context. Tokens are read several at a time.
func TestDatabaseIsSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		driver := &failing{Driver: documents.NewMemory(), delay: time.Second}
		driver.left.Store(1 << 40)
		store := newStore(t, driver, keyring.NewMaster())
		put(t, store, "acme", map[string]string{token("a"): "v"})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		began := time.Now()
		for what, err := range map[string]error{
			"Put": store.Put(ctx, "acme", map[string]string{token("b"): "v"}),
			"Get": func() error { _, err := store.Get(ctx, "acme", []string{token("a")}); return err }(),
			"Key": func() error { _, err := store.Key(ctx, "globex"); return err }(),
		} {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("the calls took %s", took)
		}
		tokens := make([]string, 80)
		for i := range tokens {
			tokens[i] = fmt.Sprint("tok_", i)
		}
		began = time.Now()
		want(t, store, "acme", map[string]string{}, tokens...)
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("80 tokens are read in %s, when each takes 1 s", took)
		}
	})
}

// A sealer with another key, and records that something else has changed, are errors that
// say so. No error holds a value.
func TestBentRecords(t *testing.T) {
	t.Parallel()
	const value = "a-value-that-no-error-holds"
	bend := func(member string) func(record map[string]any) {
		return func(record map[string]any) {
			text, _ := record[member].(string)
			raw, _ := base64.StdEncoding.DecodeString(text)
			raw[len(raw)-1] ^= 1
			record[member] = raw
		}
	}
	set := func(member string, value any) func(record map[string]any) {
		return func(record map[string]any) { record[member] = value }
	}
	tokenA := token("a")
	for name, c := range map[string]struct {
		in, key string
		change  func(record map[string]any)
		want    error // nil for any
		says    string
	}{
		"a sealed value":     {"tokens/acme", tokenA, bend("sealed"), maskstore.ErrDamaged, tokenA},
		"no sealed value":    {"tokens/acme", tokenA, set("sealed", ""), maskstore.ErrDamaged, "restore"},
		"another form":       {"tokens/acme", tokenA, set("sealed", 7), nil, "decode"},
		"the keys":           {"keys", "acme", bend("keys"), keyring.ErrAltered, `the keys of the tenant "acme"`},
		"no keys":            {"keys", "acme", set("keys", ""), nil, `the keys of the tenant "acme"`},
		"keys without sense": {"keys", "acme", set("keys", "AAAA"), nil, `the keys of the tenant "acme"`},
		"the key for hashes": {"keys", "acme", bend("hashKey"), maskstore.ErrDamaged, "key for hashes"},
		"no key for hashes":  {"keys", "acme", set("hashKey", ""), maskstore.ErrDamaged, "key for hashes"},
		"another sealer":     {"keys", "acme", set("sealer", "other"), maskstore.ErrWrongSealer, `"other"`},
	} {
		driver, master := documents.NewMemory(), keyring.NewMaster()
		writer := newStore(t, driver, master)
		put(t, writer, "acme", map[string]string{tokenA: value, token("b"): value})
		edit(t, driver, c.in, c.key, c.change)
		store := newStore(t, driver, master)
		_, err := store.Get(t.Context(), "acme", []string{tokenA})
		if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), value) {
			t.Errorf("%s: %v", name, err)
		}
		if c.in == "keys" {
			if _, keyErr := store.Key(t.Context(), "acme"); keyErr == nil || keyErr.Error() != err.Error() {
				t.Errorf("%s: a key: %v", name, keyErr)
			}
			continue
		}
		if _, again := writer.Get(t.Context(), "acme", []string{tokenA}); fmt.Sprint(again) != err.Error() {
			t.Errorf("%s: where the keys are in memory: %v", name, again)
		}
		want(t, store, "acme", map[string]string{token("b"): value}, token("b"))
	}
}

// What is sealed for one tenant or token opens for no other one.
func TestSealedValuesStayInTheirPlace(t *testing.T) {
	t.Parallel()
	driver, master := documents.NewMemory(), keyring.NewMaster()
	store := newStore(t, driver, master)
	put(t, store, "acme", map[string]string{token("a"): "of a", token("b"): "of b"})
	put(t, store, "globex", map[string]string{token("a"): "of globex"})
	read := func(in, key, member string) (value any) {
		edit(t, driver, in, key, func(r map[string]any) { value = r[member] })
		return value
	}
	moved := read("tokens/acme", token("a"), "sealed")
	for tenant, key := range map[string]string{"acme": token("b"), "globex": token("a")} {
		edit(t, driver, "tokens/"+tenant, key, func(r map[string]any) { r["sealed"] = moved })
		if _, err := store.Get(t.Context(), tenant, []string{key}); !errors.Is(err, maskstore.ErrDamaged) {
			t.Errorf("moved to %q: %v", tenant, err)
		}
	}
	keys := read("keys", "acme", "keys")
	edit(t, driver, "keys", "globex", func(r map[string]any) { r["keys"] = keys })
	if _, err := newStore(t, driver, master).Key(t.Context(), "globex"); !errors.Is(err, keyring.ErrAltered) {
		t.Errorf("with the keys of another tenant: %v", err)
	}
	_, err := newStore(t, driver, keyring.NewMaster()).Key(t.Context(), "acme")
	if !errors.Is(err, maskstore.ErrWrongSealer) || !strings.Contains(err.Error(), master.ID()) {
		t.Errorf("with another master key: %v", err)
	}
}
