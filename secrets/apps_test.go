package secrets_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/secrets"
)

// A later app of a client id finds nothing of the one before it.
func TestDeleteApp(t *testing.T) {
	t.Parallel()
	s, _ := newSecrets(t)
	ctx := t.Context()
	a, b, admin := app(s, "a"), app(s, "b"), s.Trusted(tenant)
	put(t, a, "own", "1")
	put(t, a, "shared", "2", secrets.Apps("a", "b"))
	put(t, b, "theirs", "3", secrets.Apps("a", "b"))
	put(t, b, "others", "4")
	put(t, s.For(cpodkit.Identity{TenantID: "globex", AppID: "a"}), "own", "5")
	for i := range 450 { // several pages
		if _, err := admin.SetGrant(ctx, fmt.Sprintf("vault/%03d", i), []string{"a", "z"}, secrets.Match{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, bundle := range []struct {
		h secrets.Handle
		b secrets.Bundle
	}{
		{a, secrets.Bundle{Name: "own", Env: map[string]string{"A": "own"}, Apps: []string{"b"}}},
		{b, secrets.Bundle{Name: "theirs", Env: map[string]string{"A": "theirs"}, Apps: []string{"a", "b"}}},
	} {
		if _, err := bundle.h.PutBundle(ctx, bundle.b, secrets.Match{}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second time there is nothing to do
		if err := s.DeleteApp(ctx, tenant, "a"); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"own": "", "shared": "", "theirs": ""} {
		wantValue(t, a, name, want)
	}
	for name, want := range map[string]string{"own": "", "shared": "2", "theirs": "3", "others": "4"} {
		wantValue(t, b, name, want)
	}
	wantValue(t, admin, "own", "1")
	wantValue(t, s.For(cpodkit.Identity{TenantID: "globex", AppID: "a"}), "own", "5")
	_, err := a.Put(ctx, "own", secrets.NewValue("mine"))
	wantCode(t, err, cpodkit.CodeConflict)
	for _, h := range []secrets.Handle{a, b, admin} {
		_, err = h.Expand(ctx, "own")
		wantCode(t, err, cpodkit.CodeNotFound)
	}
	_, err = a.Expand(ctx, "theirs")
	wantCode(t, err, cpodkit.CodeNotFound)
	if bundle, err := b.Bundle(ctx, "theirs"); err != nil || !slices.Equal(bundle.Apps, []string{"b"}) || bundle.Owner != "b" {
		t.Errorf("the bundle is %+v, %v", bundle, err)
	}
	infos, _, err := a.List(ctx, "", 10)
	if err != nil || len(infos) > 0 {
		t.Errorf("it lists %+v, %v", infos, err)
	}
	for after, more := "", true; more; {
		var grants []secrets.Grant
		if grants, more, err = admin.ListGrants(ctx, after, 100); err != nil {
			t.Fatal(err)
		}
		for _, g := range grants {
			if after = g.Name; g.Owner == "a" || slices.Contains(g.Apps, "a") {
				t.Errorf("the grant is %+v", g)
			}
		}
	}
	wantCode(t, s.DeleteApp(ctx, "", "a"), cpodkit.CodeValidationFailed)
}
