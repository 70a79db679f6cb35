//go:build unix

package secrets_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/cpodkit/cpodkit/backends/vault/vaultsecrets"
	"github.com/cpodkit/cpodkit/internal/testservice"
	"github.com/cpodkit/cpodkit/secrets"
)

// BenchmarkVault measures reads that no cache serves, beside those of Vault's own client.
func BenchmarkVault(b *testing.B) {
	ctx := b.Context()
	vault := testservice.SharedVault(b)
	token := filepath.Join(b.TempDir(), "token")
	if err := os.WriteFile(token, []byte(vault.Token), 0o600); err != nil {
		b.Fatal(err)
	}
	driver, err := vaultsecrets.Open(ctx, "vault+http://"+vault.Addr+"/secret?prefix=bench&auth=token-file&token-file="+token)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = driver.Close() }()
	s, err := secrets.New(driver, secrets.NewMemory(), secrets.WithCacheSize(1))
	if err != nil {
		b.Fatal(err)
	}
	h := s.Trusted("acme")
	for i := range many {
		if _, err := h.Put(ctx, name(i), secrets.NewValue("s3cr3t")); err != nil {
			b.Fatal(err)
		}
	}
	client, err := api.NewClient(&api.Config{Address: "http://" + vault.Addr})
	if err != nil {
		b.Fatal(err)
	}
	client.SetToken(vault.Token)
	kv := client.KVv2("secret")
	bare := way{"bare", func(i int) error {
		secret, err := kv.Get(ctx, "bench/acme/"+name(i%many))
		if err == nil && secret.Data["value"] != "s3cr3t" {
			err = errors.New("it has another value")
		}
		return err
	}}
	check := func(secret secrets.Secret, err error) error {
		if err == nil && secret.Value.Reveal() != "s3cr3t" {
			err = errors.New("it has another value")
		}
		return err
	}
	b.Run("Cold", func(b *testing.B) {
		compare(b, way{"ours", func(i int) error { return check(h.Get(ctx, name(i%many))) }}, bare)
	})
	b.Run("Driver", func(b *testing.B) {
		compare(b, way{"ours", func(i int) error { return check(driver.Get(ctx, "acme", name(i%many), 0)) }}, bare)
	})
}
