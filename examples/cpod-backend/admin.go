package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/backends/docstore/tenantstore"
	"github.com/cpodkit/cpodkit/oauth"
)

const defaultTenant = "default"

// withAdminToken verifies CPOD_ADMIN_TOKEN beside the stored API keys.
func withAdminToken(adminToken string, stored authz.Verifier) authz.Verifier {
	if adminToken == "" {
		return stored
	}
	want := authz.DigestOf(adminToken)
	return authz.VerifierFunc(func(ctx context.Context, token string) (cpodkit.Identity, error) {
		if got := authz.DigestOf(token); subtle.ConstantTimeCompare(want[:], got[:]) == 1 {
			k := adminRecord("CPOD_ADMIN_TOKEN", defaultTenant)
			return cpodkit.Identity{TenantID: k.TenantID, AppID: k.AppID, Scopes: k.Scopes, TokenID: k.ID}, nil
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
	return makeAdminKey(ctx, h, defaultTenant)
}

// hasAdminKey reports whether somebody can administer the first tenant.
func hasAdminKey(ctx context.Context, h *house) (bool, error) {
	const pageSize = 100
	for after := ""; ; {
		keys, err := h.records.apiKeys.List(ctx, "", after, pageSize) // of no app: the operator's
		if err != nil {
			return false, err
		}
		for _, k := range keys {
			if k.TenantID == defaultTenant && k.Scopes.Covers(oauth.AdminScope) {
				return true, nil
			}
			after = k.ID
		}
		if len(keys) < pageSize {
			return false, nil
		}
	}
}

// makeAdminKey stores a new admin key of a tenant and returns it.
func makeAdminKey(ctx context.Context, h *house, tenant string, more ...string) (string, error) {
	key := authz.NewAPIKey()
	return key, h.records.apiKeys.Create(ctx, authz.DigestOf(key), adminRecord("key-"+rand.Text()[:16], tenant, more...))
}

func adminRecord(id, tenant string, more ...string) authz.APIKey {
	return authz.APIKey{
		ID:        id,
		Name:      "admin key",
		TenantID:  tenant,
		AppID:     "cpod:admin", // no client_id holds a colon, so no app is this one
		Scopes:    append(cpodkit.Scopes{oauth.AdminScope}, more...),
		CreatedAt: time.Now().UTC().Truncate(time.Second),
	}
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
