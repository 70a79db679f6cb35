package oauthtest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/oauth"
)

// RunKeys tests a KeyStore. Each call of newStore returns an empty one.
func RunKeys(t *testing.T, newStore func(t *testing.T) oauth.KeyStore) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, store oauth.KeyStore)
	}{
		{"Find returns what Create stored", findKey},
		{"one of many concurrent Creates of a digest succeeds", createKeyConcurrently},
		{"List returns one instance, in order, page by page", listKeys},
		{"Narrow gives one key other scopes", narrowKey},
		{"a key that is deleted beside Narrows does not come back", narrowBesideDelete},
		{"Delete removes one key of one instance", deleteKey},
		{"DeleteAll removes one instance and nothing else", deleteAllKeys},
		{"admin keys are listed and found by tenant", listAdminKeys},
		{"DeleteAdmin keeps the last key of a tenant", deleteAdminKey},
		{"of many concurrent DeleteAdmins one key is left", deleteAdminConcurrently},
		{"NoteUse notes, and brings no key back", noteUse},
		{"a context that has ended ends the call", endedKeys},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, newStore(t))
		})
	}
}

func newKey(instance, id string) authz.APIKey {
	return authz.APIKey{
		ID: id, Name: "Ein Schlüssel, 服务 \"x\"", TenantID: "t1", AppID: "app", Instance: instance,
		Scopes:    cpodkit.Scopes{"storage.private.read", "jobs.*"},
		CreatedAt: time.Date(2026, 1, 2, 15, 4, 5, 678e6, time.UTC),
		ExpiresAt: time.Date(2027, 1, 2, 15, 4, 5, 678e6, time.UTC),
	}
}

// digest stands for the secret of a key.
func digest(instance, id string) authz.KeyDigest { return authz.DigestOf(instance + " " + id) }

func addKey(t *testing.T, store oauth.KeyStore, instance, id string) authz.APIKey {
	t.Helper()
	key := newKey(instance, id)
	if err := store.Create(t.Context(), digest(instance, id), key); err != nil {
		t.Fatal(err)
	}
	return key
}

func findKey(t *testing.T, store oauth.KeyStore) {
	bare := authz.APIKey{ID: "bare", TenantID: "t1", AppID: "a", CreatedAt: time.Unix(0, 0).UTC()}
	if err := store.Create(t.Context(), digest("", "bare"), bare); err != nil {
		t.Fatal(err)
	}
	for _, want := range []authz.APIKey{addKey(t, store, "i1", "k1"), bare} {
		got, err := store.Find(t.Context(), digest(want.Instance, want.ID))
		if err != nil || !sameKey(got, want) {
			t.Errorf("Find returned %+v, error %v; want %+v", got, err, want)
		}
	}
	_, err := store.Find(t.Context(), digest("i1", "k2"))
	wantCode(t, err, cpodkit.CodeNotFound)
}

func createKeyConcurrently(t *testing.T, store oauth.KeyStore) {
	var won atomic.Int32
	concurrently(func(i int) {
		err := store.Create(t.Context(), digest("i", "same"), newKey("i", fmt.Sprint("k", i)))
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

func listKeys(t *testing.T, store oauth.KeyStore) {
	var want []string
	for i := range 11 {
		id := fmt.Sprintf("key-%02d", i)
		want = append(want, id)
		addKey(t, store, "i1", id)
		addKey(t, store, "i10", id)
		addKey(t, store, "", id)
	}
	for _, instance := range []string{"i1", ""} {
		if got := keyIDs(t, store, instance); !reflect.DeepEqual(got, want) {
			t.Errorf("List of %q returned %v, want %v", instance, got, want)
		}
	}
	one, err := store.List(t.Context(), "i1", "key-04", 1)
	if err != nil || len(one) != 1 || !sameKey(one[0], newKey("i1", "key-05")) {
		t.Errorf("List returned %+v, error %v", one, err)
	}
	if got := keyIDs(t, store, "i"); got != nil {
		t.Errorf("an instance without keys has %v", got)
	}
}

// keyIDs lists an instance in pages.
func keyIDs(t *testing.T, store oauth.KeyStore, instance string) []string {
	t.Helper()
	return pagedIDs(t, func(after string, limit int) ([]authz.APIKey, error) {
		return store.List(t.Context(), instance, after, limit)
	})
}

func pagedIDs(t *testing.T, list func(after string, limit int) ([]authz.APIKey, error)) (ids []string) {
	t.Helper()
	const limit = 4
	for after := ""; ; after = ids[len(ids)-1] {
		page, err := list(after, limit)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) > limit {
			t.Fatalf("a page of %d keys", len(page))
		}
		if len(page) == 0 {
			return ids
		}
		for _, key := range page {
			ids = append(ids, key.ID)
		}
	}
}

func narrowKey(t *testing.T, store oauth.KeyStore) {
	for _, instance := range []string{"i1", "i2", ""} {
		addKey(t, store, instance, "k1")
		addKey(t, store, instance, "k2")
	}
	wantCode(t, store.Narrow(t.Context(), "i3", "k1", nil), cpodkit.CodeNotFound)
	wantCode(t, store.Narrow(t.Context(), "i1", "k3", nil), cpodkit.CodeNotFound)
	for _, scopes := range []cpodkit.Scopes{{"jobs.read"}, {"jobs.read", "orders.read"}, nil} {
		if err := store.Narrow(t.Context(), "i1", "k1", scopes); err != nil {
			t.Fatal(err)
		}
		want := newKey("i1", "k1")
		want.Scopes = scopes
		if got, err := store.Find(t.Context(), digest("i1", "k1")); err != nil || !sameKey(got, want) {
			t.Errorf("Find returned %+v, error %v; want %+v", got, err, want)
		}
	}
	for _, key := range []struct{ instance, id string }{{"i1", "k2"}, {"i2", "k1"}, {"", "k1"}} {
		if got, err := store.Find(t.Context(), digest(key.instance, key.id)); err != nil || !sameKey(got, newKey(key.instance, key.id)) {
			t.Errorf("another key is %+v, error %v", got, err)
		}
	}
}

func narrowBesideDelete(t *testing.T, store oauth.KeyStore) {
	addKey(t, store, "i", "k")
	concurrently(func(i int) {
		err := store.Narrow(t.Context(), "i", "k", cpodkit.Scopes{fmt.Sprint("s", i)})
		if err == nil && i == 7 {
			err = store.Delete(t.Context(), "i", "k")
		}
		if err != nil && !errors.Is(err, cpodkit.CodeNotFound) {
			t.Error(err)
		}
	})
	_, err := store.Find(t.Context(), digest("i", "k"))
	wantCode(t, err, cpodkit.CodeNotFound)
}

func deleteKey(t *testing.T, store oauth.KeyStore) {
	for _, instance := range []string{"i1", "i2", ""} {
		addKey(t, store, instance, "k1")
		addKey(t, store, instance, "k2")
	}
	wantCode(t, store.Delete(t.Context(), "i3", "k1"), cpodkit.CodeNotFound)
	wantCode(t, store.Delete(t.Context(), "i1", "k3"), cpodkit.CodeNotFound)
	for _, instance := range []string{"i1", ""} {
		if err := store.Delete(t.Context(), instance, "k1"); err != nil {
			t.Fatal(err)
		}
		wantCode(t, store.Delete(t.Context(), instance, "k1"), cpodkit.CodeNotFound)
		_, err := store.Find(t.Context(), digest(instance, "k1"))
		wantCode(t, err, cpodkit.CodeNotFound)
		if got := keyIDs(t, store, instance); !reflect.DeepEqual(got, []string{"k2"}) {
			t.Errorf("left of %q: %v", instance, got)
		}
	}
	if got := keyIDs(t, store, "i2"); len(got) != 2 {
		t.Errorf("left of the other instance: %v", got)
	}
}

func deleteAllKeys(t *testing.T, store oauth.KeyStore) {
	for i := range 30 {
		addKey(t, store, "i1", fmt.Sprintf("k%02d", i))
	}
	addKey(t, store, "i10", "other")
	addKey(t, store, "", "operator")
	for range 2 { // again is no error
		if err := store.DeleteAll(t.Context(), "i1"); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.DeleteAll(t.Context(), ""); err == nil {
		t.Error("DeleteAll took an empty instance")
	}
	_, err := store.Find(t.Context(), digest("i1", "k07"))
	wantCode(t, err, cpodkit.CodeNotFound)
	for instance, want := range map[string]int{"i1": 0, "i10": 1, "": 1} {
		if got := keyIDs(t, store, instance); len(got) != want {
			t.Errorf("left of %q: %v", instance, got)
		}
	}
}

// addAdmin adds an admin key that expires so long from now, or never.
func addAdmin(t *testing.T, store oauth.KeyStore, tenant, id string, expires time.Duration) authz.APIKey {
	t.Helper()
	key := authz.APIKey{
		ID: id, Name: id, TenantID: tenant, AppID: oauth.AdminAppID, Scopes: cpodkit.Scopes{oauth.AdminScope},
		CreatedAt: time.Date(2026, 1, 2, 15, 4, 5, 678e6, time.UTC),
	}
	if expires != 0 {
		key.ExpiresAt = time.Now().Add(expires).UTC().Truncate(time.Millisecond)
	}
	if err := store.Create(t.Context(), authz.DigestOf("admin "+id), key); err != nil {
		t.Fatal(err)
	}
	return key
}

func adminIDs(t *testing.T, store oauth.KeyStore, tenant string) []string {
	t.Helper()
	return pagedIDs(t, func(after string, limit int) ([]authz.APIKey, error) {
		return store.ListAdmin(t.Context(), tenant, after, limit)
	})
}

func listAdminKeys(t *testing.T, store oauth.KeyStore) {
	all := []string{"k1", "k2", "k3", "k4", "k5"} // more than a page
	for _, id := range all {
		addAdmin(t, store, "t1", id, 0)
		addAdmin(t, store, "t10", id+"0", time.Hour)
		addKey(t, store, "i1", id) // of an app of t1
	}
	if got := adminIDs(t, store, "t1"); !reflect.DeepEqual(got, all) {
		t.Errorf("t1 has %v", got)
	}
	if got := adminIDs(t, store, "t"); got != nil {
		t.Errorf("a tenant without keys has %v", got)
	}
	found, err := store.FindAdmin(t.Context(), "k20")
	if err != nil || found.TenantID != "t10" || found.ID != "k20" {
		t.Errorf("found %+v, %v", found, err)
	}
	addKey(t, store, "i1", "of-app")
	for _, id := range []string{"of-app", "none", ""} {
		_, err := store.FindAdmin(t.Context(), id)
		wantCode(t, err, cpodkit.CodeNotFound)
	}
}

func deleteAdminKey(t *testing.T, store oauth.KeyStore) {
	first, second := addAdmin(t, store, "t1", "first", 0), addAdmin(t, store, "t1", "second", time.Hour)
	expired := addAdmin(t, store, "t1", "expired", -time.Hour)
	addAdmin(t, store, "t2", "other", 0)
	if err := store.DeleteAdmin(t.Context(), first, false); err != nil {
		t.Fatal(err)
	}
	wantCode(t, store.DeleteAdmin(t.Context(), first, false), cpodkit.CodeNotFound)
	// Neither an expired key nor one of another tenant is another key.
	wantCode(t, store.DeleteAdmin(t.Context(), second, false), cpodkit.CodeConflict)
	if err := store.DeleteAdmin(t.Context(), expired, false); err != nil {
		t.Errorf("an expired key: %v", err)
	}
	wantCode(t, store.DeleteAdmin(t.Context(), second, false), cpodkit.CodeConflict)
	if err := store.DeleteAdmin(t.Context(), second, true); err != nil {
		t.Errorf("the last key, by somebody who may: %v", err)
	}
	if got := adminIDs(t, store, "t1"); got != nil {
		t.Errorf("left: %v", got)
	}
	if got := adminIDs(t, store, "t2"); len(got) != 1 {
		t.Errorf("left of the other tenant: %v", got)
	}
}

func deleteAdminConcurrently(t *testing.T, store oauth.KeyStore) {
	for round := range 5 {
		tenant := fmt.Sprint("t", round)
		keys := []authz.APIKey{addAdmin(t, store, tenant, tenant+"a", 0), addAdmin(t, store, tenant, tenant+"b", 0)}
		var ended, kept atomic.Int32
		concurrently(func(i int) {
			switch err := store.DeleteAdmin(t.Context(), keys[i%2], false); {
			case err == nil:
				ended.Add(1)
			case errors.Is(err, cpodkit.CodeConflict):
				kept.Add(1)
			case !errors.Is(err, cpodkit.CodeNotFound) && !errors.Is(err, cpodkit.CodeUnavailable):
				t.Error(err)
			}
		})
		if left := adminIDs(t, store, tenant); len(left) != 1 || ended.Load() == 0 || kept.Load() == 0 {
			t.Errorf("%v is left; %d deletes succeeded, %d were refused", left, ended.Load(), kept.Load())
		}
	}
}

func noteUse(t *testing.T, store oauth.KeyStore) {
	key := addAdmin(t, store, "t1", "k1", 0)
	digest := authz.DigestOf("admin k1")
	at := time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC)
	if err := store.NoteUse(t.Context(), digest, at); err != nil {
		t.Fatal(err)
	}
	found, err := store.Find(t.Context(), digest)
	if err != nil || !found.LastUsedAt.Equal(at) || found.Name != key.Name {
		t.Errorf("found %+v, %v", found, err)
	}
	if err := store.DeleteAdmin(t.Context(), key, true); err != nil {
		t.Fatal(err)
	}
	if err := store.NoteUse(t.Context(), digest, at); err != nil {
		t.Errorf("the use of a deleted key: %v", err)
	}
	_, err = store.Find(t.Context(), digest)
	wantCode(t, err, cpodkit.CodeNotFound)
}

func endedKeys(t *testing.T, store oauth.KeyStore) {
	addKey(t, store, "i1", "k1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, findErr := store.Find(ctx, digest("i1", "k1"))
	_, listErr := store.List(ctx, "i1", "", 1)
	admin := addAdmin(t, store, "t1", "admin", 0)
	_, findAdminErr := store.FindAdmin(ctx, "admin")
	_, listAdminErr := store.ListAdmin(ctx, "t1", "", 1)
	for name, err := range map[string]error{
		"Create":    store.Create(ctx, digest("i1", "k2"), newKey("i1", "k2")),
		"Find":      findErr,
		"List":      listErr,
		"Narrow":    store.Narrow(ctx, "i1", "k1", nil),
		"Delete":    store.Delete(ctx, "i1", "k1"),
		"DeleteAll": store.DeleteAll(ctx, "i1"),

		"FindAdmin":   findAdminErr,
		"ListAdmin":   listAdminErr,
		"DeleteAdmin": store.DeleteAdmin(ctx, admin, true),
		"NoteUse":     store.NoteUse(ctx, authz.DigestOf("admin admin"), time.Now()),
	} {
		if err == nil || errors.Is(err, cpodkit.CodeNotFound) {
			t.Errorf("%s returned %v, which is not about the context", name, err)
		}
	}
}

func sameKey(a, b authz.APIKey) bool {
	times := a.CreatedAt.Equal(b.CreatedAt) && a.ExpiresAt.Equal(b.ExpiresAt)
	a.CreatedAt, b.CreatedAt, a.ExpiresAt, b.ExpiresAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	return times && fmt.Sprintf("%+v", a) == fmt.Sprintf("%+v", b)
}
