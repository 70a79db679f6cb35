package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	neturl "net/url"
	"slices"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore/secretstore"
	"github.com/cpodkit/cpodkit/backends/vault/vaultsecrets"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/secrets"
	"github.com/cpodkit/cpodkit/storage"
)

const (
	secretsVariable = "CPOD_SECRETS"

	envScheme   = "env"
	filesScheme = "files"
	vaultScheme = "vault"
)

// secretSources are where secrets are, in the order in which they are asked.
type secretSources []secretSource

type secretSource struct {
	scheme string
	target string // a prefix of variables, a folder, or the URL of a Vault
	tenant string // whose it is, where a source has secrets of one tenant
}

func readSecretSources(s *settings) secretSources {
	urls := strings.Fields(s.get(secretsVariable, "db:",
		"where secrets are: `db:`, sealed in the database; `vault://host:port/mount?auth=…`; `env:PREFIX?tenant=T` and `files:/dir?tenant=T`, read-only and for one tenant, `default` without it; "+
			"several URLs, separated by spaces, are asked in their order; who may read which is in the database always"))
	var sources secretSources
	var schemes []string
	for _, text := range urls {
		source, err := parseSecretSource(text)
		switch {
		case err != nil:
			s.fail(secretsVariable, "%w", err)
		case slices.Contains(sources, source):
			s.fail(secretsVariable, "names the same source twice")
		}
		sources, schemes = append(sources, source), append(schemes, source.scheme)
	}
	if len(sources) == 0 {
		s.fail(secretsVariable, "names no source; unset it for db:")
	}
	s.backends = append(s.backends, slog.String("secrets", strings.Join(schemes, " ")))
	return sources
}

// parseSecretSource reads a URL. Its errors repeat nothing of it.
func parseSecretSource(text string) (secretSource, error) {
	if s := scheme(text); s == vaultScheme || s == vaultScheme+"+http" { // which its driver reads
		return secretSource{scheme: vaultScheme, target: text}, nil
	}
	u, err := neturl.Parse(text)
	if err != nil {
		return secretSource{}, errors.New("one of the URLs is malformed")
	}
	source := secretSource{scheme: u.Scheme, target: u.Opaque + u.Path, tenant: defaultTenant}
	query, err := neturl.ParseQuery(u.RawQuery)
	if err != nil || u.Host != "" || u.User != nil || u.Fragment != "" {
		return secretSource{}, errors.New("one of the URLs is malformed: want db:, env:PREFIX?tenant=T or files:/dir?tenant=T")
	}
	tenants, hasTenant := query["tenant"]
	switch u.Scheme {
	case "db":
		if source.target != "" || len(query) > 0 {
			return secretSource{}, errors.New("db: takes nothing")
		}
		return secretSource{scheme: "db"}, nil
	case envScheme, filesScheme:
		if source.target == "" {
			return secretSource{}, fmt.Errorf("%s: wants a prefix of variables, or a folder", u.Scheme)
		}
	default:
		return secretSource{}, errors.New("want URLs with one of the schemes db, vault, vault+http, env, files")
	}
	if len(query) > len(tenants) || len(tenants) > 1 {
		return secretSource{}, fmt.Errorf("%s: takes the parameter tenant, once, and no other one", u.Scheme)
	}
	if hasTenant {
		source.tenant = tenants[0]
	}
	if _, err := cpodkit.EncodeID(source.tenant); err != nil {
		return secretSource{}, fmt.Errorf("%s: its tenant %w", u.Scheme, err)
	}
	if u.Scheme == envScheme {
		_, err = secrets.NewEnv(source.target, source.tenant, func() []string { return nil })
	}
	return source, err
}

// secretsPart is secrets, and who may use them.
func secretsPart(s *settings) part {
	sources := readSecretSources(s)
	return part{name: "secrets", data: func(ctx context.Context, h *house) (data, error) {
		store, err := openSecretStore(h)
		kept := keptSecrets{store}
		for _, source := range sources {
			if err == nil && source.scheme == vaultScheme {
				var vault *vaultsecrets.Driver
				vault, err = openVault(ctx, h, source.target)
				kept = append(kept, vault)
			}
		}
		return kept, err
	}, open: func(ctx context.Context, h *house) (opened, error) {
		all, store, err := sources.open(ctx, h, s.environ)
		if err != nil {
			return opened{}, err
		}
		h.inMemory = append(h.inMemory, namedData{"secrets", cachedSecrets{all}})
		h.onAppDeleted = append(h.onAppDeleted, func(ctx context.Context, app oauth.App) error {
			return all.DeleteApp(ctx, app.TenantID, app.ClientID)
		})
		return opened{
			routes: all.Routes(),
			ready:  []dependency{{"secrets", all, true}}, // the last good ones go on
			run:    []func(context.Context){all.Run, store.Run},
		}, nil
	}}
}

// open returns the secrets of the sources, and the store of their grants.
func (sources secretSources) open(ctx context.Context, h *house, environ func() []string) (*secrets.Secrets, *secretstore.Store, error) {
	store, err := openSecretStore(h)
	if err != nil {
		return nil, nil, err
	}
	var providers []secrets.Provider
	for _, source := range sources {
		provider, err := source.open(ctx, h, store, environ)
		if err != nil {
			return nil, nil, err
		}
		providers = append(providers, provider)
	}
	provider := providers[0]
	if len(providers) > 1 {
		provider = secrets.NewChain(providers...)
	}
	all, err := secrets.New(provider, store,
		secrets.WithSecret(h.ring.Secret("secrets")), secrets.WithLog(h.log),
		secrets.WithTelemetry(h.telemetry.tracers, h.telemetry.meters))
	return all, store, err
}

func (source secretSource) open(
	ctx context.Context, h *house, store *secretstore.Store, environ func() []string,
) (provider secrets.Provider, err error) {
	switch source.scheme {
	case envScheme:
		provider, err = secrets.NewEnv(source.target, source.tenant, environ)
	case filesScheme:
		provider, err = secrets.NewFiles(ctx, source.target, source.tenant, secrets.WithFilesLog(h.log))
	case vaultScheme:
		return openVault(ctx, h, source.target)
	default:
		return store, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", secretsVariable, err)
	}
	return provider, nil
}

func openVault(ctx context.Context, h *house, url string) (*vaultsecrets.Driver, error) {
	driver, err := vaultsecrets.Open(ctx, url, vaultsecrets.WithLog(h.log))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", secretsVariable, err)
	}
	h.onClose(driver.Close)
	return driver, nil
}

func openSecretStore(h *house) (*secretstore.Store, error) {
	opts := []secretstore.Option{secretstore.WithLog(h.log)}
	if h.cluster != nil {
		opts = append(opts, secretstore.WithNotices(h.cluster.Topic("secrets")))
	}
	store, err := secretstore.New(h.db, h.ring.Sealer("secrets"), opts...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", secretsVariable, err)
	}
	return store, nil
}

// keptSecrets are the secrets, grants and bundles in the database, and the secrets in
// Vault, as data of tenants. No user has any.
type keptSecrets []interface {
	MeasureTenant(ctx context.Context, tenantID string) (count int, size int64, err error)
	DeleteTenant(ctx context.Context, tenantID string) (count int, size int64, err error)
}

// Measure implements [data].
func (k keptSecrets) Measure(ctx context.Context, realm storage.Realm) (total storage.Amount, err error) {
	for _, store := range k {
		amount, err := ofTenant(ctx, realm, store.MeasureTenant)
		total.Add(amount)
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// Erase implements [data].
func (k keptSecrets) Erase(ctx context.Context, realm storage.Realm) (total storage.Amount, err error) {
	for _, store := range k {
		amount, err := ofTenant(ctx, realm, store.DeleteTenant)
		total.Add(amount)
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// cachedSecrets are the secrets in the memory of this server.
type cachedSecrets struct{ secrets *secrets.Secrets }

// Measure implements [data].
func (cachedSecrets) Measure(context.Context, storage.Realm) (storage.Amount, error) {
	return storage.Amount{}, nil
}

// Erase implements [data]: a later tenant of the same name sees nothing of the erased
// one.
func (c cachedSecrets) Erase(ctx context.Context, realm storage.Realm) (storage.Amount, error) {
	return ofTenant(ctx, realm, func(_ context.Context, tenantID string) (int, int64, error) {
		c.secrets.Forget(tenantID)
		return 0, 0, nil
	})
}
