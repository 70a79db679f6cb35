package oauth_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/oauth"
)

// The apps of a tenant go with their keys and tokens, and nobody else's do.
func TestDeleteApps(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	apps, keys := oauth.NewMemoryApps(), oauth.NewMemoryKeys()
	revocations, err := authz.OpenRevocations(ctx, authz.NewMemoryRevocations())
	if err != nil {
		t.Fatal(err)
	}
	for _, tenant := range []string{"t1", "t1x"} {
		for i := range 503 { // more than a page
			app := oauth.App{ClientID: fmt.Sprintf("%s-%03d", tenant, i), TenantID: tenant, Instance: fmt.Sprintf("I-%s-%d", tenant, i)}
			err1 := apps.Create(ctx, app)
			err2 := keys.Create(ctx, authz.DigestOf(app.Instance), authz.APIKey{ID: "k", TenantID: tenant, AppID: app.ClientID, Instance: app.Instance})
			if err := errors.Join(err1, err2); err != nil {
				t.Fatal(err)
			}
		}
	}
	live := oauth.LiveKeys(keys, apps)
	find := func(instance string) error {
		_, err := live.Find(ctx, authz.DigestOf(instance))
		return err
	}
	if n, err := oauth.RevokeApps(ctx, apps, revocations, "t1"); err != nil || n != 503 {
		t.Errorf("RevokeApps = %d, %v", n, err)
	}
	for instance, revoked := range map[string]bool{"I-t1-0": true, "I-t1-502": true, "I-t1x-0": false} {
		if got, err := revocations.Revoked(ctx, instance+".x"); got != revoked || err != nil {
			t.Errorf("a token of %s is revoked: %t, %v", instance, got, err)
		}
	}
	for _, want := range []int{503, 0} {
		if n, err := oauth.DeleteApps(ctx, apps, keys, revocations, "t1"); err != nil || n != want {
			t.Errorf("DeleteApps = %d, %v; want %d", n, err, want)
		}
	}
	if _, err := keys.Find(ctx, authz.DigestOf("I-t1-7")); !errors.Is(err, cpodkit.CodeNotFound) {
		t.Errorf("a key is left: %v", err)
	}
	if left, err := apps.ListAll(ctx, "", 1000); err != nil || len(left) != 503 || left[0].TenantID != "t1x" {
		t.Errorf("%d apps are left, %v", len(left), err)
	}
	if err := find("I-t1x-0"); err != nil {
		t.Errorf("another tenant's key: %v", err)
	}
}
