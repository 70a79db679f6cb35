package secretstore_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit/backends/docstore/secretstore"
	"github.com/cpodkit/cpodkit/keyring"
	"github.com/cpodkit/cpodkit/secrets"
	"github.com/cpodkit/cpodkit/storage/documents"
)

const keyAge = 90 * 24 * time.Hour

// keysOf returns the ids of the keys that sealed the versions of a secret, and renewedBy of
// its tenant.
func keysOf(t testing.TB, driver documents.Driver, tenant, name string) (ids []string, renewedBy uint32) {
	t.Helper()
	stored, err := driver.Get(t.Context(), collection("secrets/"+tenant), name)
	must(t, err)
	var secret struct{ Versions []struct{ Sealed []byte } }
	must(t, json.Unmarshal(stored.Value, &secret))
	for _, v := range secret.Versions {
		ids = append(ids, fmt.Sprintf("%x", v.Sealed[:5]))
	}
	stored, err = driver.Get(t.Context(), collection("keys"), tenant)
	must(t, err)
	var keys struct{ RenewedBy uint32 }
	must(t, json.Unmarshal(stored.Value, &keys))
	return ids, keys.RenewedBy
}

// A write makes a new key when the newest is too old. What the old one sealed stays
// readable, is sealed anew by the next write of the secret, and else by Run.
func TestKeysRotate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		driver, master := documents.NewMemory(), keyring.NewMaster()
		a, b := newStore(t, driver, master), newStore(t, driver, master)
		for i := range 3 {
			put(t, a, "acme", "a", fmt.Sprint("a", i+1))
		}
		put(t, a, "acme", "b", "b1")
		want(t, b, "acme", "b", 0, "b1") // whose keys are in memory from here on
		first, renewedBy := keysOf(t, driver, "acme", "a")
		if first[0] != first[2] || first[0] != fmt.Sprintf("01%08x", renewedBy) {
			t.Fatalf("three versions are sealed by %v; %08x sealed all", first, renewedBy)
		}
		time.Sleep(keyAge)
		put(t, a, "acme", "a", "a4")
		second, _ := keysOf(t, driver, "acme", "a")
		for _, id := range second {
			if id == first[0] || id != second[3] {
				t.Fatalf("the versions are sealed by %v; the old key is %s", second, first[0])
			}
		}
		want(t, b, "acme", "a", 0, "a4") // by a key that it has not seen
		want(t, b, "acme", "a", 1, "a1")
		put(t, b, "acme", "c", "c1")
		if third, renewed := keysOf(t, driver, "acme", "c"); third[0] != second[0] || renewed != renewedBy {
			t.Errorf("the other replica seals by %v; %08x sealed all", third, renewed)
		}
		if old, _ := keysOf(t, driver, "acme", "b"); old[0] != first[0] {
			t.Errorf("a secret that is not written is sealed by %v", old)
		}

		run(t, a, b)
		for _, name := range []string{"a", "b", "c"} {
			if ids, renewed := keysOf(t, driver, "acme", name); ids[0] != second[0] || fmt.Sprintf("01%08x", renewed) != second[0] {
				t.Errorf("%s is sealed by %v, and %08x sealed all", name, ids, renewed)
			}
		}
		want(t, a, "acme", "b", 1, "b1")
		want(t, b, "acme", "a", 2, "a2")

		// Run makes keys, too.
		time.Sleep(keyAge)
		run(t, a, b)
		ids, renewed := keysOf(t, driver, "acme", "b")
		if ids[0] == second[0] || fmt.Sprintf("01%08x", renewed) != ids[0] {
			t.Errorf("after Run b is sealed by %v, and %08x sealed all", ids, renewed)
		}
		for _, store := range []*secretstore.Store{a, b, newStore(t, driver, master)} {
			want(t, store, "acme", "a", 1, "a1")
			want(t, store, "acme", "b", 1, "b1")
		}
		if count, size, err := a.MeasureTenant(t.Context(), "acme"); err != nil || count != 3 || size != 6*(33+2) {
			t.Errorf("measured are %d secrets with %d bytes, %v", count, size, err)
		}
	})
}

// run lets all stores do at once what Run does when it begins.
func run(t testing.TB, stores ...*secretstore.Store) {
	ctx, end := context.WithCancel(t.Context())
	for _, store := range stores {
		go store.Run(ctx)
	}
	synctest.Wait()
	end()
	synctest.Wait()
}

// Replicas that write the first secret of a tenant at once, and later rotate at once while
// they write and read, agree on the keys. No value is lost.
func TestReplicasAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		driver, master := documents.NewMemory(), keyring.NewMaster()
		const replicas, rounds = 4, 3
		for round := range rounds {
			var working sync.WaitGroup
			for i := range replicas {
				working.Go(func() {
					store := newStore(t, driver, master)
					ctx, end := context.WithCancel(t.Context())
					defer end()
					working.Go(func() { store.Run(ctx) })
					name := fmt.Sprint("own ", i)
					for n := range 3 {
						if _, err := store.Put(ctx, "acme", name, secrets.NewValue(name), secrets.Condition{}); err != nil {
							t.Errorf("round %d: %v", round, err)
						}
						if _, err := store.Put(ctx, "acme", "shared", secrets.NewValue(name), secrets.Condition{}); err != nil {
							t.Errorf("round %d: %v", round, err)
						}
						for _, read := range []string{name, "shared"} {
							if got, err := store.Get(ctx, "acme", read, 0); err != nil || !strings.HasPrefix(got.Value.Reveal(), "own") {
								t.Errorf("round %d, after %d writes: %s: %v", round, n, read, err)
							}
						}
					}
					time.Sleep(time.Minute)
				})
			}
			working.Wait()
			ids, renewedBy := keysOf(t, driver, "acme", "shared")
			for i := range replicas {
				own, _ := keysOf(t, driver, "acme", fmt.Sprint("own ", i))
				ids = append(ids, own...)
			}
			for _, id := range ids {
				if id != fmt.Sprintf("01%08x", renewedBy) {
					t.Errorf("round %d: a version is sealed by %s, and %08x sealed all", round, id, renewedBy)
				}
			}
			fresh := newStore(t, driver, master)
			if got, err := fresh.Get(t.Context(), "acme", "shared", 0); err != nil || got.Version != int64(3*replicas*(round+1)) {
				t.Errorf("round %d: version %d of the shared secret, %v", round, got.Version, err)
			}
			time.Sleep(keyAge)
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
	for name, c := range map[string]struct {
		in, key string
		change  func(record map[string]any)
		want    error // nil for any
		says    string
	}{
		"a sealed value":     {"secrets/acme", "a", func(r map[string]any) { bend("sealed")(versionOf(r, 1)) }, secretstore.ErrDamaged, `version 2 of "a"`},
		"no sealed value":    {"secrets/acme", "a", func(r map[string]any) { versionOf(r, 1)["sealed"] = "" }, secretstore.ErrDamaged, "restore"},
		"another version":    {"secrets/acme", "a", func(r map[string]any) { versionOf(r, 1)["sealed"] = versionOf(r, 0)["sealed"] }, secretstore.ErrDamaged, ""},
		"no versions":        {"secrets/acme", "a", func(r map[string]any) { r["versions"] = nil }, secretstore.ErrDamaged, "has no version"},
		"another form":       {"secrets/acme", "a", func(r map[string]any) { r["versions"] = "x" }, nil, "decode"},
		"the keys":           {"keys", "acme", bend("keys"), keyring.ErrAltered, `the keys of the tenant "acme"`},
		"no keys":            {"keys", "acme", func(r map[string]any) { r["keys"] = "" }, nil, `the keys of the tenant "acme"`},
		"keys without sense": {"keys", "acme", func(r map[string]any) { r["keys"] = "AAAA" }, nil, `the keys of the tenant "acme"`},
		"another sealer":     {"keys", "acme", func(r map[string]any) { r["sealer"] = "other" }, secretstore.ErrWrongSealer, `"other"`},
	} {
		driver, master := documents.NewMemory(), keyring.NewMaster()
		writer := newStore(t, driver, master)
		put(t, writer, "acme", "a", value)
		put(t, writer, "acme", "a", value)
		edit(t, driver, c.in, c.key, c.change)
		store := newStore(t, driver, master)
		_, err := store.Get(t.Context(), "acme", "a", 0)
		if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), value) {
			t.Errorf("%s: %v", name, err)
		}
		if c.in == "keys" {
			if _, putErr := store.Put(t.Context(), "acme", "a", secrets.NewValue(value), secrets.Condition{}); putErr == nil || putErr.Error() != err.Error() {
				t.Errorf("%s: a put: %v", name, putErr)
			}
			continue
		}
		if _, again := writer.Get(t.Context(), "acme", "a", 0); fmt.Sprint(again) != err.Error() {
			t.Errorf("%s: where the keys are in memory: %v", name, again)
		}
		if name != "another form" {
			put(t, store, "acme", "a", "new")
			want(t, store, "acme", "a", 0, "new")
		}
	}
}

// What is sealed for one tenant or name opens for no other one.
func TestSealedValuesStayInTheirPlace(t *testing.T) {
	t.Parallel()
	driver, master := documents.NewMemory(), keyring.NewMaster()
	store := newStore(t, driver, master)
	put(t, store, "acme", "a", "of a")
	put(t, store, "acme", "b", "of b")
	put(t, store, "globex", "a", "of globex")
	read := func(in, key string) (value any) {
		edit(t, driver, in, key, func(r map[string]any) { value = r })
		return value
	}
	for _, to := range []struct{ tenant, key string }{{"acme", "b"}, {"globex", "a"}} {
		moved, _ := read("secrets/acme", "a").(map[string]any)
		edit(t, driver, "secrets/"+to.tenant, to.key, func(r map[string]any) { r["versions"] = moved["versions"] })
		if _, err := store.Get(t.Context(), to.tenant, to.key, 0); !errors.Is(err, secretstore.ErrDamaged) {
			t.Errorf("moved to %v: %v", to, err)
		}
	}
	keys, _ := read("keys", "acme").(map[string]any)
	edit(t, driver, "keys", "globex", func(r map[string]any) { r["keys"] = keys["keys"] })
	if _, err := newStore(t, driver, master).Get(t.Context(), "globex", "a", 0); !errors.Is(err, keyring.ErrAltered) {
		t.Errorf("with the keys of another tenant: %v", err)
	}
	_, err := newStore(t, driver, keyring.NewMaster()).Get(t.Context(), "acme", "a", 0)
	if !errors.Is(err, secretstore.ErrWrongSealer) || !strings.Contains(err.Error(), master.ID()) {
		t.Errorf("with another master key: %v", err)
	}
}
