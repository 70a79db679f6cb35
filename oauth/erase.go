package oauth

import (
	"context"
	"errors"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

// RevokeApps ends the tokens of the apps of a tenant, and the signed URLs that were made
// with them. It returns how many apps there are. Whoever deletes a tenant calls it on
// each server that holds revocations in memory.
func RevokeApps(ctx context.Context, apps AppStore, revocations *authz.Revocations, tenantID string) (int, error) {
	n := 0
	err := eachApp(ctx, apps, tenantID, func(app App) error {
		n++
		return revocations.Revoke(ctx, authz.Revocation{ID: app.tokens(), TenantID: app.TenantID, ExpiresAt: time.Now().Add(RevocationLife)})
	})
	return n, err
}

// DeleteApps deletes the apps of a tenant with their API keys, each after all that it was
// given is revoked. It returns how many it has deleted, also when it fails; what is left
// is for another call.
func DeleteApps(
	ctx context.Context, apps AppStore, keys KeyStore, revocations *authz.Revocations, tenantID string,
) (int, error) {
	if _, err := RevokeApps(ctx, apps, revocations, tenantID); err != nil {
		return 0, err
	}
	n := 0
	err := eachApp(ctx, apps, tenantID, func(app App) error {
		if err := keys.DeleteAll(ctx, app.Instance); err != nil {
			return err
		}
		err := apps.Delete(ctx, app)
		if errors.Is(err, cpodkit.CodePreconditionFailed) {
			return errBusy() // somebody changes it; the next call finds it again
		}
		if err == nil {
			n++
		}
		return err
	})
	return n, err
}

func eachApp(ctx context.Context, apps AppStore, tenantID string, do func(App) error) error {
	for after := ""; ; {
		page, err := apps.List(ctx, tenantID, after, originsPage)
		if err != nil {
			return err
		}
		for _, app := range page {
			if err := do(app); err != nil {
				return err
			}
			after = app.ClientID
		}
		if len(page) < originsPage {
			return nil
		}
	}
}
