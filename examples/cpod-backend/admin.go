package main

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/backends/docstore/tenantstore"
	"github.com/cpodkit/cpodkit/oauth"
)

const defaultTenant = "default"

// envKey is what CPOD_ADMIN_TOKEN stands for. It is made when the server starts.
func envKey() authz.APIKey {
	return authz.APIKey{
		ID: "env", Name: "CPOD_ADMIN_TOKEN", TenantID: defaultTenant, AppID: oauth.AdminAppID,
		Scopes: cpodkit.Scopes{oauth.AdminScope}, CreatedAt: time.Now().UTC().Truncate(time.Millisecond),
	}
}

// withAdminToken verifies CPOD_ADMIN_TOKEN, which stands for key, beside the stored
// API keys.
func withAdminToken(adminToken string, key authz.APIKey, stored authz.Verifier) authz.Verifier {
	want := authz.DigestOf(adminToken)
	return authz.VerifierFunc(func(ctx context.Context, token string) (cpodkit.Identity, error) {
		if got := authz.DigestOf(token); subtle.ConstantTimeCompare(want[:], got[:]) == 1 {
			return cpodkit.Identity{TenantID: key.TenantID, AppID: key.AppID, Scopes: key.Scopes, TokenID: key.ID}, nil
		}
		return stored.Verify(ctx, token)
	})
}

// adminKeyClaim is how long a server that set out to make the first admin key has
// for it before another one does.
const adminKeyClaim = time.Minute

// firstAdminKey makes the admin key of a new installation. It returns "" when
// there is one already, or another server is making it.
func firstAdminKey(ctx context.Context, h *house) (string, error) {
	if h.adminToken != "" {
		return "", nil
	}
	if closed, err := h.isClosed(ctx, defaultTenant); closed || err != nil {
		return "", err
	}
	if there, err := hasAdminKey(ctx, h); there || err != nil {
		return "", err
	}
	mine, err := h.records.claims.Claim(ctx, "first admin key", adminKeyClaim)
	if !mine || err != nil {
		return "", err
	}
	// Another server may have had the claim, and made a key, since.
	if there, err := hasAdminKey(ctx, h); there || err != nil {
		return "", err
	}
	_, key, err := oauth.MakeAdminKey(ctx, h.records.apiKeys, oauth.NewAdminKey{TenantID: defaultTenant, Name: "first key"})
	return key, err
}

// hasAdminKey reports whether there is an admin key of the first tenant, also when it
// has expired: who had it makes the next one with a command.
func hasAdminKey(ctx context.Context, h *house) (bool, error) {
	keys, err := h.records.apiKeys.ListAdmin(ctx, defaultTenant, "", 1)
	return len(keys) > 0, err
}

// ensureTenant makes a tenant that is not there.
func ensureTenant(ctx context.Context, h *house, id string) error {
	if closed, err := h.isClosed(ctx, id); closed || err != nil {
		return err // a deleted tenant comes back by tenant create alone
	}
	_, err := h.records.tenants.Get(ctx, id)
	if !errors.Is(err, cpodkit.CodeNotFound) {
		return err
	}
	err = h.records.tenants.Create(ctx, tenantstore.Tenant{ID: id, CreatedAt: time.Now().UTC().Truncate(time.Second)})
	if errors.Is(err, cpodkit.CodeConflict) { // another process was faster
		return nil
	}
	return err
}

// tenantExists reports whether there is a tenant with this name.
func (h *house) tenantExists(ctx context.Context, id string) (bool, error) {
	_, err := h.records.tenants.Get(ctx, id)
	if errors.Is(err, cpodkit.CodeNotFound) {
		return false, nil
	}
	return err == nil, err
}

// checkTenant returns what to do where there is no tenant with this name.
func (h *house) checkTenant(ctx context.Context, id string) error {
	exists, err := h.tenantExists(ctx, id)
	if err == nil && !exists {
		err = fmt.Errorf("there is no tenant %q: cpod-backend tenant list shows all, and tenant create makes one", id)
	}
	return err
}
