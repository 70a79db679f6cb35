package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/oauth"
)

const defaultTenant = "default"

// adminKeys verifies the stored API keys and CPOD_ADMIN_TOKEN.
func adminKeys(cfg config, d *data) authz.Verifier {
	stored := authz.NewAPIKeys(d.records.APIKeys())
	if cfg.adminToken == "" {
		return stored
	}
	want := authz.DigestOf(cfg.adminToken)
	return authz.VerifierFunc(func(ctx context.Context, token string) (cpodkit.Identity, error) {
		if got := authz.DigestOf(token); subtle.ConstantTimeCompare(want[:], got[:]) == 1 {
			k := adminRecord("CPOD_ADMIN_TOKEN")
			return cpodkit.Identity{TenantID: k.TenantID, AppID: k.AppID, Scopes: k.Scopes, TokenID: k.ID}, nil
		}
		return stored.Verify(ctx, token)
	})
}

// firstAdminKey makes the admin key of a new installation. It returns "" when
// there is one already.
func firstAdminKey(ctx context.Context, cfg config, d *data) (string, error) {
	if cfg.adminToken != "" {
		return "", nil
	}
	keys, err := d.records.APIKeys().List(ctx, defaultTenant)
	if err != nil {
		return "", err
	}
	for _, k := range keys {
		if k.Scopes.Covers(oauth.AdminScope) {
			return "", nil
		}
	}
	return makeAdminKey(ctx, d)
}

func makeAdminKey(ctx context.Context, d *data) (string, error) {
	key := authz.NewAPIKey()
	return key, d.records.APIKeys().Put(ctx, authz.DigestOf(key), adminRecord("key-"+rand.Text()[:16]))
}

func adminRecord(id string) authz.APIKey {
	return authz.APIKey{
		ID:        id,
		TenantID:  defaultTenant,
		AppID:     "cpod:admin", // no client_id holds a colon, so no app is this one
		Scopes:    cpodkit.Scopes{oauth.AdminScope},
		CreatedAt: time.Now().UTC().Truncate(time.Second),
	}
}

// adminKey is the subcommand that makes another admin key. It works beside a
// running server, which finds the key at its first use.
func adminKey(ctx context.Context, cfg config, stdout io.Writer) (err error) {
	if _, err := os.Stat(filepath.Join(cfg.dataDir, databaseFile)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no data in %s yet: start the server once, or set CPOD_DATA_DIR", cfg.dataDir)
	}
	d := &data{}
	defer func() { err = errors.Join(err, d.Close()) }()
	if err := d.openRecords(ctx, cfg); err != nil {
		return err
	}
	key, err := makeAdminKey(ctx, d)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, key)
	return err
}
