package documentstest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// testErase erases by the portable type, on every driver that is a
// [documents.CollectionFinder].
func testErase(t *testing.T, s suite) {
	d := s.driver(t)
	if _, ok := d.(documents.CollectionFinder); !ok {
		t.Skip("the driver is no CollectionFinder")
	}
	checkErase(t, d)
}

// place is a document of a test of erasure.
type place struct {
	in  documents.CollectionID
	key string
}

func checkErase(t testing.TB, d documents.Driver) {
	t.Helper()
	store, err := documents.New(d) // whoever opened d closes it
	if err != nil {
		t.Fatal(err)
	}
	places := func(keys int, spaces ...string) (all []place) {
		for _, space := range spaces {
			for _, name := range []string{"a", "things"} {
				for i := range keys {
					all = append(all, place{documents.CollectionID{Space: space, Name: name}, fmt.Sprintf("key/%04d", i)})
				}
			}
		}
		return all
	}
	user := places(3, "t1/users/u/apps/a/", "t1/users/u/apps/b%2F/")
	rest := append(places(501, "t1/apps/a/"), places(2, "t1/apps/b/", "t1/shared/", "t1/users/ux/apps/a/", "t1/users/u./apps/a/")...)
	outside := places(2, "t1x/apps/a/", "t1-/shared/", "t1./shared/", "t10/shared/", "t/shared/", "T1/shared/", "x/t1/shared/", "$system/t1/")
	ops := map[documents.CollectionID][]documents.Op{}
	for _, p := range append(append(slices.Clip(user), rest...), outside...) {
		ops[p.in] = append(ops[p.in], documents.Op{Record: record(p.key, `{"n":1}`)})
	}
	for in, ops := range ops {
		if err := errors.Join(d.Apply(t.Context(), in, ops)...); err != nil {
			t.Fatal(err)
		}
	}
	gone := documents.CollectionID{Space: "t1/apps/a/", Name: "gone"} // which is in nobody's way
	set(t, d, gone, "k", "1")
	if err := apply(t, d, gone, documents.Op{Delete: true, Record: documents.Record{Key: "k"}}); err != nil {
		t.Fatal(err)
	}

	tenantRealm, err1 := storage.TenantRealm("t1")
	userRealm, err2 := storage.UserRealm("t1", "u")
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	amountOf := func(places []place) storage.Amount {
		return storage.Amount{Items: int64(len(places)), Bytes: int64(len(places) * (len(`key/0000{"n":1}`) + storage.DocumentOverhead))}
	}
	there := func(places []place, want bool) {
		t.Helper()
		for _, p := range places {
			if _, err := d.Get(t.Context(), p.in, p.key); (err == nil) != want || err != nil && !errors.Is(err, cpodkit.CodeNotFound) {
				t.Fatalf("Get(%q, %q) = %v; want it there: %t", p.in, p.key, err, want)
			}
		}
	}
	measure := func(want storage.Amount) {
		t.Helper()
		if got, err := store.Measure(t.Context(), tenantRealm); err != nil || got != want {
			t.Errorf("Measure = %+v, %v; want %+v", got, err, want)
		}
	}
	measure(amountOf(append(slices.Clip(rest), user...)))
	if got, err := store.Erase(t.Context(), userRealm); err != nil || got != amountOf(user) {
		t.Errorf("Erase of a user = %+v, %v; want %+v", got, err, amountOf(user))
	}
	there(user, false)
	there(rest, true)
	measure(amountOf(rest))
	if got, err := store.Erase(t.Context(), tenantRealm); err != nil || got != amountOf(rest) {
		t.Errorf("Erase = %+v, %v; want %+v", got, err, amountOf(rest))
	}
	there(rest, false)
	there(outside, true)
	measure(storage.Amount{})
	set(t, d, rest[0].in, rest[0].key, `"again"`)
	check(t, d, rest[0].in, rest[0].key, `"again"`)
}
