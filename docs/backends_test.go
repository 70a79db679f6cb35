package docs_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/vault/vaultsecrets"
	"github.com/cpodkit/cpodkit/backends/vault/vaulttransit"
	"github.com/cpodkit/cpodkit/keyring"
)

// openVault is the snippet of backends.md.
func openVault(ctx context.Context, store keyring.Store, use func(*vaultsecrets.Driver, *keyring.Ring)) error {
	provider, err := vaultsecrets.Open(ctx, "vault://vault.example.com/secret?auth=approle&role-id=cpod&secret-id-file=/run/secret-id")
	if err != nil {
		return err
	}
	defer provider.Close()
	seal, err := vaulttransit.Open(ctx, "vault-transit://vault.example.com/transit/cpod?auth=kubernetes&role=cpod")
	if err != nil {
		return err
	}
	defer seal.Close()
	ring, err := keyring.Open(ctx, store, seal)
	if err == nil {
		use(provider, ring)
	}
	return err
}

// There is no Vault, and no token of a service account.
func TestVault(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := openVault(ctx, keyring.NewMemoryStore(), func(*vaultsecrets.Driver, *keyring.Ring) { t.Error("it opens") })
	if !errors.Is(err, cpodkit.CodeUnavailable) {
		t.Errorf("openVault: %v", err)
	}
}
