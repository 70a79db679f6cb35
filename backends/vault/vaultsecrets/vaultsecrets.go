// Package vaultsecrets is a provider of secrets on the KV engine of HashiCorp Vault,
// version 2, and of OpenBao, which speaks the same protocol.
//
// # Where a secret is
//
// The secret NAME of a tenant is at MOUNT/data/PREFIX/TENANT/NAME, in the member "value".
// Operators write it there by
//
//	vault kv put -mount=secret cpod/acme/db/password value=…
//
// The name NAME#MEMBER means another member of the same path. A Put keeps the other
// members; versions and times are those of the path. A list names each path once, without
// its members. Bytes of a tenant's id or a name that are not of [A-Za-z0-9@._-] are
// percent-encoded in the path, as in "caf%C3%A9". The member "value" has no other name:
// NAME#value is a path of its own.
//
// A value that is not UTF-8 is stored as {"base64": "…"}. A member that is another JSON
// value than a string is handed out as its JSON text. An empty string counts as not there.
//
// # What Vault makes of the contract
//
// Vault keeps as many versions as its operator says, 10 by default. A version that was
// deleted or destroyed there is not_found.
//
// A write that changes the same path at the same time as another one is repeated, unless it
// has a condition. A Delete with a condition first writes an empty version. What somebody
// writes to the path in the moment after that is deleted, too.
package vaultsecrets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/internal/queryslots"
	"github.com/cpodkit/cpodkit/backends/vault/internal/vaultclient"
	"github.com/cpodkit/cpodkit/internal/shares"
	"github.com/cpodkit/cpodkit/secrets"
)

// DefaultPrefix is the folder of all secrets in a mount unless the URL names another one.
const DefaultPrefix = "cpod"

// maxAnswer bounds an answer of Vault, in bytes. A path may have members that are not
// ours.
const maxAnswer = 8 << 20

// Driver is a [secrets.Provider] that is also a [secrets.Lister], a [secrets.Editor] and a
// [cpodkit.Pinger]. It is safe for concurrent use.
type Driver struct {
	client        *vaultclient.Client
	mount, prefix string
	slots         *queryslots.Slots
	isChecked     atomic.Bool // that the mount is one of ours
}

var (
	_ secrets.Provider = (*Driver)(nil)
	_ secrets.Lister   = (*Driver)(nil)
	_ secrets.Editor   = (*Driver)(nil)
	_ cpodkit.Pinger   = (*Driver)(nil)
)

// Option configures [Open].
type Option func(*config)

type config struct{ log *slog.Logger }

// WithLog sets where failures of the login are logged: each distinct one once, and once
// when it works again. Without it nothing is logged.
func WithLog(log *slog.Logger) Option { return func(c *config) { c.log = log } }

// Open returns a provider on the KV engine that a URL names:
//
//	vault://host[:8200]/mount?prefix=cpod&auth=approle&role-id=ID&secret-id-file=/run/secret-id
//
// It speaks HTTPS; vault+http:// speaks plain HTTP, on loopback alone unless
// unsafe-unencrypted-http=true permits it elsewhere. The parameters, all optional:
//
//	prefix          the folder of all secrets in the mount; "cpod"
//	namespace       of Vault Enterprise, or of OpenBao
//	ca              a file of PEM certificates, which alone are trusted
//	timeout         how long a call may take; 5s
//	auth            the login, one of the following; token
//
//	token           the token is in the environment: VAULT_TOKEN
//	token-file      token-file=PATH holds it, and is read again when it changes
//	approle         role-id=ID; the secret id is in secret-id-file=PATH or VAULT_SECRET_ID
//	kubernetes      role=NAME; jwt-file=PATH has the service account's token by default
//	jwt             role=NAME, jwt-file=PATH
//
// The last three take auth-mount=PATH, where the login is mounted when not at its name.
// Files are read at each login.
//
// The driver logs in at its first call, renews its token after about two thirds of its
// life, and logs in again when the token reaches its maximum life, or when Vault accepts it
// no more. It does so until it is closed; the end of ctx does not matter. Open makes no
// call: Vault may be down. [Driver.Ping] tells whether all is well.
// No error of Open repeats a part of the URL that may be secret. The caller closes the
// driver.
func Open(ctx context.Context, rawURL string, opts ...Option) (*Driver, error) {
	target, err := vaultclient.Parse(rawURL, "vault", "prefix")
	if err != nil {
		return nil, fmt.Errorf("vaultsecrets: %w", err)
	}
	var c config
	for _, opt := range opts {
		opt(&c)
	}
	prefix, ok := target.Own["prefix"]
	if !ok {
		prefix = DefaultPrefix
	}
	if encoded, ok := encode(prefix); !ok || encoded != prefix {
		return nil, errors.New("vaultsecrets: the URL's parameter prefix is not a path of letters, digits and @._-, such as cpod")
	}
	client, err := vaultclient.New(ctx, target, "secret store", c.log)
	if err != nil {
		return nil, fmt.Errorf("vaultsecrets: %w", err)
	}
	slots := queryslots.NewCalls(vaultclient.MaxConns).Fewer(vaultclient.MaxConns/shares.Fraction, new(queryslots.Activity))
	return &Driver{client: client, mount: target.Mount, prefix: prefix, slots: slots}, nil
}

// Close ends the login. A token that the driver got for itself is revoked.
func (d *Driver) Close() error { return d.client.Close() }

// Ping implements [cpodkit.Pinger]: it logs in when it has not, and asks for the mount.
func (d *Driver) Ping(ctx context.Context) error { return d.checkMount(ctx) }

// checkMount returns an error unless the mount is a KV engine of version 2. To one of
// version 1 all secrets would seem to be missing.
func (d *Driver) checkMount(ctx context.Context) error {
	var mount *api.Secret
	err := d.client.Do(ctx, func(ctx context.Context, vault *api.Logical) (err error) {
		mount, err = vault.ReadWithContext(ctx, "sys/internal/ui/mounts/"+d.mount)
		return err
	})
	if err != nil {
		return err
	}
	kind, version, at := "", "", ""
	if mount != nil {
		kind, _ = mount.Data["type"].(string)
		at, _ = mount.Data["path"].(string)
		options, _ := mount.Data["options"].(map[string]any)
		version, _ = options["version"].(string)
	}
	if kind != "kv" || version != "2" || strings.Trim(at, "/") != d.mount {
		return d.client.Unavailable(fmt.Errorf("vaultsecrets: %q is not the mount of a KV engine of version 2: "+
			"it is of type %q and version %q at %q; enable one by: vault secrets enable -path=%s -version=2 kv", d.mount, kind, version, at, d.mount))
	}
	d.isChecked.Store(true)
	return nil
}

// call makes a call for a tenant.
func (d *Driver) call(ctx context.Context, tenantID string, call func(ctx context.Context, vault *api.Logical) error) error {
	release, err := d.slots.AcquireFor(ctx, tenantID)
	if err != nil {
		return err
	}
	defer release()
	if !d.isChecked.Load() {
		if err := d.checkMount(ctx); err != nil {
			return err
		}
	}
	return d.client.Do(ctx, call)
}

// Get implements [secrets.Provider].
func (d *Driver) Get(ctx context.Context, tenantID, name string, version int64) (secrets.Secret, error) {
	at, err := d.locate(tenantID, name)
	if err != nil {
		return secrets.Secret{}, err
	}
	found, err := d.read(ctx, at, version)
	if err != nil {
		return secrets.Secret{}, err
	}
	value, err := found.value(at.member)
	if err != nil {
		return secrets.Secret{}, err
	}
	if value == "" {
		return secrets.Secret{}, cpodkit.CodeNotFound
	}
	return secrets.Secret{Value: secrets.NewValue(value), Version: found.Version, CreatedAt: found.CreatedAt.UTC()}, nil
}

// revision is one version of a path.
type revision struct {
	members map[string]json.RawMessage // nil for one that is deleted, or not there

	// The newest one of a path has a version also when it is deleted.
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_time"`
}

// read returns a version of a path, the newest one for 0. One that is not there has no
// members.
func (d *Driver) read(ctx context.Context, at location, version int64) (revision, error) {
	var query map[string][]string
	if version > 0 {
		query = map[string][]string{"version": {strconv.FormatInt(version, 10)}}
	}
	var answer struct {
		Errors []string `json:"errors"`
		Data   struct {
			Data     map[string]json.RawMessage `json:"data"`
			Metadata revision                   `json:"metadata"`
		} `json:"data"`
	}
	err := d.call(ctx, at.tenantID, func(ctx context.Context, vault *api.Logical) error {
		resp, err := vault.ReadRawWithDataWithContext(ctx, d.mount+"/data/"+at.path, query)
		if resp == nil {
			return err
		}
		defer resp.Body.Close()
		if err != nil && resp.StatusCode != http.StatusNotFound {
			return err
		}
		return json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&answer)
	})
	if err != nil {
		return revision{}, err
	}
	if len(answer.Errors) > 0 {
		d.isChecked.Store(false)
		return revision{}, d.client.Unavailable(fmt.Errorf("vaultsecrets: the mount %q: %s", d.mount, strings.Join(answer.Errors, "; ")))
	}
	found := answer.Data.Metadata
	found.members = answer.Data.Data
	return found, nil
}
