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
	"github.com/cpodkit/cpodkit/oauth"
)

type grantTest func(t testing.TB, store oauth.GrantStore)

// RunGrants tests a GrantStore. Each call of newStore returns an empty one.
func RunGrants(t *testing.T, newStore func(t *testing.T) oauth.GrantStore) {
	for name, run := range map[string]grantTest{
		"Grant returns what PutGrant stored":                  testGetGrant,
		"PutGrant needs the current version":                  testGrantVersion,
		"one of many concurrent PutGrants succeeds":           testGrantRace,
		"DeleteGrant removes one grant":                       testDeleteGrant,
		"ListGrants returns one user, in order, page by page": testListGrants,
		"Family returns what CreateFamily stored":             testGetFamily,
		"UpdateFamily and DeleteFamily need the version":      testFamilyVersion,
		"one of many concurrent UpdateFamilys succeeds":       testFamilyRace,
		"a family that is deleted beside updates stays away":  testDeleteBesideUpdates,
		"ListFamilies passes a filter, page by page":          testListFamilies,
		"DeleteAll removes what passes and nothing else":      testDeleteAllGrants,
		"UseOnce succeeds once":                               testUseOnce,
		"Prune removes what has expired":                      testPrune,
		"a context that has ended ends the call":              testEndedGrants,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, newStore(t))
		})
	}
}

var made = time.Date(2026, 1, 2, 15, 4, 5, 678e6, time.UTC)

func newGrant(tenantID, userID, clientID string) oauth.Grant {
	return oauth.Grant{
		ID: "G1", TenantID: tenantID, UserID: userID, ClientID: clientID, Instance: "instance-of-" + clientID,
		Scopes: cpodkit.Scopes{"storage.user.*", "orders.read"}, Generation: 3, CreatedAt: made, UpdatedAt: made.Add(time.Hour),
	}
}

func newFamily(tenantID, userID, clientID, id string) oauth.Family {
	f := oauth.Family{
		ID: id, TenantID: tenantID, UserID: userID, ClientID: clientID, Instance: "instance-of-" + clientID, GrantID: "G1",
		Scopes: cpodkit.Scopes{"storage.user.*"}, Generation: 3, AuthTime: made.Add(-time.Hour), SessionID: "S1",
		RedirectURI: "https://app.example.com/back?x=<1>&y=2", Challenge: "c", Redeemed: true, RotatedAt: made.Add(time.Minute),
		Tokens:    []oauth.IssuedToken{{ID: "p.1", ExpiresAt: made.Add(time.Hour)}, {ID: "p.2", ExpiresAt: made.Add(2 * time.Hour)}},
		CreatedAt: made, ExpiresAt: made.Add(time.Hour),
	}
	for i := range f.Code {
		f.Code[i], f.Refresh[i], f.Previous[i] = byte(i), byte(255-i), byte(i+7)
	}
	return f
}

// ids of users as hard as keys.
const hardUser = "a/b %ü@x.example"

func testGetGrant(t testing.TB, store oauth.GrantStore) {
	_, err := store.Grant(t.Context(), "t1", "ann", "app")
	wantErr(t, err, cpodkit.CodeNotFound)
	for _, want := range []oauth.Grant{newGrant("t1", "ann", "app"), newGrant("t1", hardUser, "app"), newGrant("t2", "ann", "app")} {
		putGrant(t, store, want)
		got, err := store.Grant(t.Context(), want.TenantID, want.UserID, want.ClientID)
		if got.Version == "" {
			t.Error("the grant has no version")
		}
		got.Version = ""
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Grant returned %+v, error %v; want %+v", got, err, want)
		}
	}
	for _, other := range [][3]string{{"t1", "ann", "app2"}, {"t1", "bob", "app"}, {"t2", hardUser, "app"}, {"t1", "a", "b/app"}} {
		_, err := store.Grant(t.Context(), other[0], other[1], other[2])
		if err == nil {
			t.Errorf("there is a grant of %v", other)
		}
	}
}

func putGrant(t testing.TB, store oauth.GrantStore, grant oauth.Grant) oauth.Grant {
	t.Helper()
	if err := store.PutGrant(t.Context(), grant); err != nil {
		t.Fatal(err)
	}
	stored, err := store.Grant(t.Context(), grant.TenantID, grant.UserID, grant.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

func testGrantVersion(t testing.TB, store oauth.GrantStore) {
	first := putGrant(t, store, newGrant("t1", "ann", "app"))
	wantErr(t, store.PutGrant(t.Context(), newGrant("t1", "ann", "app")), cpodkit.CodePreconditionFailed)
	changed := first
	changed.Scopes = cpodkit.Scopes{"x.read"}
	second := putGrant(t, store, changed)
	if second.Version == first.Version || !reflect.DeepEqual(second.Scopes, changed.Scopes) {
		t.Errorf("the grant is %+v", second)
	}
	wantErr(t, store.PutGrant(t.Context(), first), cpodkit.CodePreconditionFailed)
	other := second
	other.UserID = "bob"
	wantErr(t, store.PutGrant(t.Context(), other), cpodkit.CodePreconditionFailed)
	if err := store.DeleteGrant(t.Context(), "t1", "ann", "app"); err != nil {
		t.Fatal(err)
	}
	wantErr(t, store.PutGrant(t.Context(), second), cpodkit.CodePreconditionFailed)
}

func testGrantRace(t testing.TB, store oauth.GrantStore) {
	for _, grant := range []oauth.Grant{newGrant("t1", "ann", "app"), putGrant(t, store, newGrant("t1", "bob", "app"))} {
		var won atomic.Int32
		concurrently(func(int) {
			if err := store.PutGrant(t.Context(), grant); err == nil {
				won.Add(1)
			} else if !errors.Is(err, cpodkit.CodePreconditionFailed) {
				t.Error(err)
			}
		})
		if won.Load() != 1 {
			t.Errorf("%d of the PutGrants succeeded", won.Load())
		}
	}
}

func testDeleteGrant(t testing.TB, store oauth.GrantStore) {
	for _, user := range []string{"ann", "bob"} {
		for _, app := range []string{"a", "b"} {
			putGrant(t, store, newGrant("t1", user, app))
		}
	}
	for range 2 { // again is no error
		if err := store.DeleteGrant(t.Context(), "t1", "ann", "a"); err != nil {
			t.Fatal(err)
		}
	}
	_, err := store.Grant(t.Context(), "t1", "ann", "a")
	wantErr(t, err, cpodkit.CodeNotFound)
	for _, left := range [][2]string{{"ann", "b"}, {"bob", "a"}} {
		if _, err := store.Grant(t.Context(), "t1", left[0], left[1]); err != nil {
			t.Errorf("of %v: %v", left, err)
		}
	}
}

func testListGrants(t testing.TB, store oauth.GrantStore) {
	var want []string
	for i := range 11 {
		id := fmt.Sprintf("app-%02d", i)
		want = append(want, id)
		for _, owner := range [][2]string{{"t1", "ann"}, {"t1", "ann2"}, {"t2", "ann"}} {
			putGrant(t, store, newGrant(owner[0], owner[1], id))
		}
	}
	var got []string
	for after := ""; ; after = got[len(got)-1] {
		page, err := store.ListGrants(t.Context(), "t1", "ann", after, 4)
		if err != nil || len(page) > 4 {
			t.Fatalf("a page of %d, %v", len(page), err)
		}
		if len(page) == 0 {
			break
		}
		for _, grant := range page {
			if grant.TenantID != "t1" || grant.UserID != "ann" || grant.Version == "" {
				t.Errorf("ListGrants returned %+v", grant)
			}
			got = append(got, grant.ClientID)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("ListGrants returned %v, want %v", got, want)
	}
}

func addFamily(t testing.TB, store oauth.GrantStore, family oauth.Family) oauth.Family {
	t.Helper()
	if err := store.CreateFamily(t.Context(), family); err != nil {
		t.Fatal(err)
	}
	stored, err := store.Family(t.Context(), family.ID)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

func testGetFamily(t testing.TB, store oauth.GrantStore) {
	bare := oauth.Family{ID: "bare", TenantID: "t1", UserID: hardUser, ClientID: "a", Instance: "i", CreatedAt: made, ExpiresAt: made}
	for _, want := range []oauth.Family{newFamily("t1", "ann", "app", "f1"), bare} {
		got := addFamily(t, store, want)
		if got.Version == "" {
			t.Error("the family has no version")
		}
		got.Version = ""
		if !reflect.DeepEqual(got, want) {
			t.Errorf("Family returned %+v, want %+v", got, want)
		}
		wantErr(t, store.CreateFamily(t.Context(), want), cpodkit.CodeConflict)
	}
	_, err := store.Family(t.Context(), "f2")
	wantErr(t, err, cpodkit.CodeNotFound)
}

func testFamilyVersion(t testing.TB, store oauth.GrantStore) {
	first := addFamily(t, store, newFamily("t1", "ann", "app", "f1"))
	changed := first
	changed.Tokens = append(changed.Tokens[:1:1], oauth.IssuedToken{ID: "p.3", ExpiresAt: made.Add(time.Hour)})
	if err := store.UpdateFamily(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	second, err := store.Family(t.Context(), "f1")
	if err != nil || second.Version == first.Version || len(second.Tokens) != 2 || second.Tokens[1].ID != "p.3" {
		t.Errorf("the family is %+v, %v", second, err)
	}
	wantErr(t, store.UpdateFamily(t.Context(), first), cpodkit.CodePreconditionFailed)
	wantErr(t, store.DeleteFamily(t.Context(), first), cpodkit.CodePreconditionFailed)
	if err := store.DeleteFamily(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	wantErr(t, store.UpdateFamily(t.Context(), second), cpodkit.CodePreconditionFailed)
	wantErr(t, store.DeleteFamily(t.Context(), second), cpodkit.CodePreconditionFailed)
	_, err = store.Family(t.Context(), "f1")
	wantErr(t, err, cpodkit.CodeNotFound)
}

func testFamilyRace(t testing.TB, store oauth.GrantStore) {
	family := addFamily(t, store, newFamily("t1", "ann", "app", "f1"))
	var won atomic.Int32
	concurrently(func(i int) {
		mine := family
		mine.Challenge = fmt.Sprint("of ", i)
		if err := store.UpdateFamily(t.Context(), mine); err == nil {
			won.Add(1)
		} else if !errors.Is(err, cpodkit.CodePreconditionFailed) {
			t.Error(err)
		}
	})
	if won.Load() != 1 {
		t.Errorf("%d of the UpdateFamilys succeeded", won.Load())
	}
}

func testDeleteBesideUpdates(t testing.TB, store oauth.GrantStore) {
	addFamily(t, store, newFamily("t1", "ann", "app", "f1"))
	concurrently(func(i int) {
		for {
			family, err := store.Family(t.Context(), "f1")
			if err == nil && i == 7 {
				err = store.DeleteFamily(t.Context(), family)
			} else if err == nil {
				err = store.UpdateFamily(t.Context(), family)
			}
			switch {
			case errors.Is(err, cpodkit.CodeNotFound), err == nil && i == 7, errors.Is(err, cpodkit.CodePreconditionFailed) && i != 7:
				return
			case err != nil && !errors.Is(err, cpodkit.CodePreconditionFailed):
				t.Error(err)
				return
			}
			if i != 7 {
				return
			}
		}
	})
	_, err := store.Family(t.Context(), "f1")
	wantErr(t, err, cpodkit.CodeNotFound)
}

func testListFamilies(t testing.TB, store oauth.GrantStore) {
	for i, owner := range [][3]string{{"t1", "ann", "a"}, {"t1", "ann", "b"}, {"t1", "bob", "a"}, {"t2", "ann", "a2"}} {
		for n := range 5 {
			addFamily(t, store, newFamily(owner[0], owner[1], owner[2], fmt.Sprintf("f%d-%d", n, i)))
		}
	}
	for _, c := range []struct {
		filter oauth.GrantFilter
		want   string // the last digits
	}{
		{oauth.GrantFilter{TenantID: "t1", UserID: "ann"}, "01"},
		{oauth.GrantFilter{TenantID: "t1", UserID: "ann", ClientID: "b"}, "1"},
		{oauth.GrantFilter{TenantID: "t1"}, "012"},
		{oauth.GrantFilter{Instance: "instance-of-a"}, "02"},
		{oauth.GrantFilter{TenantID: "t3"}, ""},
	} {
		var want, got []string
		for n := range 5 {
			for _, i := range c.want {
				want = append(want, fmt.Sprintf("f%d-%c", n, i))
			}
		}
		for after := ""; ; after = got[len(got)-1] {
			page, err := store.ListFamilies(t.Context(), c.filter, after, 2)
			if err != nil || len(page) > 2 {
				t.Fatalf("a page of %d, %v", len(page), err)
			}
			if len(page) == 0 {
				break
			}
			for _, family := range page {
				if family.Version == "" || len(family.Tokens) != 2 {
					t.Errorf("ListFamilies returned %+v", family)
				}
				got = append(got, family.ID)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("ListFamilies of %+v returned %v, want %v", c.filter, got, want)
		}
	}
}

func testDeleteAllGrants(t testing.TB, store oauth.GrantStore) {
	owners := [][3]string{{"t1", "ann", "a"}, {"t1", "ann", "b"}, {"t1", "bob", "a"}, {"t2", "ann", "a2"}}
	for i, owner := range owners {
		putGrant(t, store, newGrant(owner[0], owner[1], owner[2]))
		addFamily(t, store, newFamily(owner[0], owner[1], owner[2], fmt.Sprint("f", i)))
	}
	left := func(want string) {
		t.Helper()
		got := ""
		for i, owner := range owners {
			_, grant := store.Grant(t.Context(), owner[0], owner[1], owner[2])
			_, family := store.Family(t.Context(), fmt.Sprint("f", i))
			if (grant == nil) != (family == nil) {
				t.Errorf("of %v the grant is %v, the family %v", owner, grant, family)
			}
			if grant == nil {
				got += fmt.Sprint(i)
			}
		}
		if got != want {
			t.Errorf("left are %q, want %q", got, want)
		}
	}
	if err := store.DeleteAll(t.Context(), oauth.GrantFilter{}); err == nil {
		t.Error("DeleteAll took an empty filter")
	}
	for _, c := range []struct {
		filter oauth.GrantFilter
		left   string
	}{
		{oauth.GrantFilter{Instance: "instance-of-none"}, "0123"},
		{oauth.GrantFilter{Instance: "instance-of-b"}, "023"},
		{oauth.GrantFilter{TenantID: "t1", UserID: "bob"}, "03"},
		{oauth.GrantFilter{TenantID: "t1"}, "3"},
	} {
		if err := store.DeleteAll(t.Context(), c.filter); err != nil {
			t.Fatal(err)
		}
		left(c.left)
	}
}

func testUseOnce(t testing.TB, store oauth.GrantStore) {
	until := time.Now().Add(time.Minute)
	for _, id := range []string{"a", "b"} {
		var first atomic.Int32
		concurrently(func(int) {
			if err := store.UseOnce(t.Context(), id, until); err == nil {
				first.Add(1)
			} else if !errors.Is(err, cpodkit.CodeConflict) {
				t.Error(err)
			}
		})
		if first.Load() != 1 {
			t.Errorf("%q was used once %d times", id, first.Load())
		}
	}
}

func testPrune(t testing.TB, store oauth.GrantStore) {
	putGrant(t, store, newGrant("t1", "ann", "app"))
	for _, seconds := range []int{-1, 0, 1} {
		f := newFamily("t1", "ann", "app", fmt.Sprint("f", seconds))
		f.ExpiresAt = made.Add(time.Duration(seconds) * time.Second)
		addFamily(t, store, f)
		if err := store.UseOnce(t.Context(), fmt.Sprint("u", seconds), f.ExpiresAt); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Prune(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	for _, seconds := range []int{-1, 0} {
		_, err := store.Family(t.Context(), fmt.Sprint("f", seconds))
		wantErr(t, err, cpodkit.CodeNotFound)
		if err := store.UseOnce(t.Context(), fmt.Sprint("u", seconds), made); err != nil {
			t.Errorf("an assertion that has expired is kept: %v", err)
		}
	}
	if _, err := store.Family(t.Context(), "f1"); err != nil {
		t.Errorf("a family that has not expired: %v", err)
	}
	wantErr(t, store.UseOnce(t.Context(), "u1", made.Add(time.Second)), cpodkit.CodeConflict)
	if _, err := store.Grant(t.Context(), "t1", "ann", "app"); err != nil {
		t.Errorf("a grant does not expire: %v", err)
	}
}

func testEndedGrants(t testing.TB, store oauth.GrantStore) {
	grant, family := newGrant("t1", "ann", "app"), addFamily(t, store, newFamily("t1", "ann", "app", "f1"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, getErr := store.Grant(ctx, "t1", "ann", "app")
	_, listErr := store.ListGrants(ctx, "t1", "ann", "", 1)
	_, familyErr := store.Family(ctx, "f1")
	_, familiesErr := store.ListFamilies(ctx, oauth.GrantFilter{TenantID: "t1"}, "", 1)
	for name, err := range map[string]error{
		"Grant": getErr, "ListGrants": listErr, "Family": familyErr, "ListFamilies": familiesErr,
		"PutGrant":     store.PutGrant(ctx, grant),
		"CreateFamily": store.CreateFamily(ctx, newFamily("t1", "ann", "app", "f2")),
		"UpdateFamily": store.UpdateFamily(ctx, family),
		"DeleteFamily": store.DeleteFamily(ctx, family),
		"DeleteAll":    store.DeleteAll(ctx, oauth.GrantFilter{TenantID: "t1"}),
		"UseOnce":      store.UseOnce(ctx, "a", made),
	} {
		if err == nil || errors.Is(err, cpodkit.CodeNotFound) || errors.Is(err, cpodkit.CodePreconditionFailed) {
			t.Errorf("%s returned %v, which is not about the context", name, err)
		}
	}
}

func wantErr(t testing.TB, err error, code cpodkit.Code) {
	t.Helper()
	if !errors.Is(err, code) {
		t.Errorf("got error %v, want %s", err, code)
	}
}
