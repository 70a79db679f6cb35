// Package vaulttransit seals the key ring of a server with the Transit engine of
// HashiCorp Vault, or of OpenBao, so that no master key is on a disk of the server. The
// key never leaves Vault.
package vaulttransit

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/hashicorp/vault/api"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/vault/internal/vaultclient"
	"github.com/cpodkit/cpodkit/keyring"
)

// maxID bounds what [Sealer.ID] returns, in bytes.
const maxID = 256

// Sealer is a [keyring.Sealer] and a [cpodkit.Pinger]. It is safe for concurrent use.
type Sealer struct {
	client     *vaultclient.Client
	mount, key string
	id         string
}

var (
	_ keyring.Sealer = (*Sealer)(nil)
	_ cpodkit.Pinger = (*Sealer)(nil)
)

// Option configures [Open].
type Option func(*config)

type config struct{ log *slog.Logger }

// WithLog sets where failures of the login are logged: each distinct one once, and once
// when it works again. Without it nothing is logged.
func WithLog(log *slog.Logger) Option { return func(c *config) { c.log = log } }

// Open returns a Sealer by the key that a URL names:
//
//	vault-transit://host[:8200]/mount/key?auth=kubernetes&role=cpod
//
// vault-transit+http:// speaks plain HTTP. The parameters are those of
// [github.com/cpodkit/cpodkit/backends/vault/vaultsecrets.Open], except prefix. The key has
// a type that takes associated data: aes256-gcm96, which is Vault's default, aes128-gcm96
// or chacha20-poly1305. The token's policy permits update on MOUNT/encrypt/KEY and
// MOUNT/decrypt/KEY.
//
// Open makes no call: Vault may be down. The end of ctx does not matter. No error of it
// repeats a part of the URL that may be secret. The caller closes the Sealer.
func Open(ctx context.Context, rawURL string, opts ...Option) (*Sealer, error) {
	target, err := vaultclient.Parse(rawURL, "vault-transit")
	if err != nil {
		return nil, fmt.Errorf("vaulttransit: %w", err)
	}
	var c config
	for _, opt := range opts {
		opt(&c)
	}
	end := strings.LastIndexByte(target.Mount, '/')
	if end < 0 {
		return nil, errors.New("vaulttransit: the URL's path is not a mount and a key, such as /transit/cpod")
	}
	s := &Sealer{mount: target.Mount[:end], key: target.Mount[end+1:]}
	// Not the address: Vault may move.
	s.id = "vault-transit " + target.Namespace + "/" + target.Mount
	if len(s.id) > maxID {
		sum := sha256.Sum256([]byte(s.id))
		s.id = "vault-transit " + hex.EncodeToString(sum[:])
	}
	if s.client, err = vaultclient.New(ctx, target, "service that seals the keys of this server", c.log); err != nil {
		return nil, fmt.Errorf("vaulttransit: %w", err)
	}
	return s, nil
}

// Close ends the login. A token that the Sealer got for itself is revoked.
func (s *Sealer) Close() error { return s.client.Close() }

// Ping implements [cpodkit.Pinger]: it seals one byte, and opens it.
func (s *Sealer) Ping(ctx context.Context) error {
	sealed, err := s.Seal(ctx, []byte{0}, nil)
	if err == nil {
		_, err = s.Open(ctx, sealed, nil)
	}
	return err
}

// ID implements [keyring.Sealer]. It is the namespace, the mount and the name of the key,
// or their digest where they are long.
func (s *Sealer) ID() string { return s.id }

// Seal implements [keyring.Sealer], with the newest version of the key.
func (s *Sealer) Seal(ctx context.Context, plain, binding []byte) ([]byte, error) {
	sealed, err := call[struct{ Ciphertext string }](ctx, s, "encrypt", map[string]any{
		"plaintext": encode(plain), "associated_data": encode(binding),
	})
	if err == nil && sealed.Ciphertext == "" {
		err = errors.New("vaulttransit: Vault answers without a ciphertext")
	}
	return []byte(sealed.Ciphertext), err
}

// Open implements [keyring.Sealer], with the version of the key that sealed.
func (s *Sealer) Open(ctx context.Context, sealed, binding []byte) ([]byte, error) {
	opened, err := call[struct{ Plaintext []byte }](ctx, s, "decrypt", map[string]any{
		"ciphertext": string(sealed), "associated_data": encode(binding),
	})
	if vaultclient.IsStatus(err, http.StatusBadRequest) &&
		(vaultclient.Says(err, "message authentication failed") || vaultclient.Says(err, "invalid ciphertext")) {
		return nil, fmt.Errorf("%w: %w", keyring.ErrAltered, err)
	}
	return opened.Plaintext, err
}

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// call calls an operation of the key.
func call[T any](ctx context.Context, s *Sealer, operation string, data map[string]any) (answer T, err error) {
	var secret *api.Secret
	err = s.client.Do(ctx, func(ctx context.Context, vault *api.Logical) (err error) {
		secret, err = vault.WriteWithContext(ctx, s.mount+"/"+operation+"/"+s.key, data)
		return err
	})
	if err != nil {
		return answer, err
	}
	if secret == nil {
		return answer, s.client.Unavailable(fmt.Errorf("vaulttransit: there is no Transit engine at %q", s.mount))
	}
	return answer, vaultclient.Decode(secret, &answer)
}
