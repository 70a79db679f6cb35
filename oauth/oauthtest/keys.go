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
func keyIDs(t *testing.T, store oauth.KeyStore, instance string) (ids []string) {
	t.Helper()
	for after := ""; ; after = ids[len(ids)-1] {
		page, err := store.List(t.Context(), instance, after, 4)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) > 4 {
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

func endedKeys(t *testing.T, store oauth.KeyStore) {
	addKey(t, store, "i1", "k1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, findErr := store.Find(ctx, digest("i1", "k1"))
	_, listErr := store.List(ctx, "i1", "", 1)
	for name, err := range map[string]error{
		"Create":    store.Create(ctx, digest("i1", "k2"), newKey("i1", "k2")),
		"Find":      findErr,
		"List":      listErr,
		"Narrow":    store.Narrow(ctx, "i1", "k1", nil),
		"Delete":    store.Delete(ctx, "i1", "k1"),
		"DeleteAll": store.DeleteAll(ctx, "i1"),
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
