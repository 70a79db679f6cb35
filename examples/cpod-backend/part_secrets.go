package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/cpodkit/cpodkit/backends/docstore/secretstore"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/secrets"
	"github.com/cpodkit/cpodkit/storage"
)

const secretsVariable = "CPOD_SECRETS"

// secretSources are the URLs of where secrets are, in the order in which they are asked.
type secretSources []string

func readSecretSources(s *settings) secretSources {
	urls := strings.Fields(s.get(secretsVariable, "db:",
		"where secrets are: `db:`, sealed in the database; several URLs, separated by spaces, are asked in their order; "+
			"who may read which is in the database always"))
	var schemes []string
	for _, url := range urls {
		schemes = append(schemes, scheme(url))
		if scheme(url) != "db" {
			s.fail(secretsVariable, "want URLs with the scheme db")
		}
	}
	if len(slices.Compact(slices.Sorted(slices.Values(urls)))) < len(urls) {
		s.fail(secretsVariable, "names the same source twice")
	}
	s.backends = append(s.backends, slog.String("secrets", strings.Join(schemes, " ")))
	return urls
}

// secretsPart is secrets, and who may use them.
func secretsPart(s *settings) part {
	sources := readSecretSources(s)
	return part{name: "secrets", data: func(_ context.Context, h *house) (data, error) {
		store, err := openSecretStore(h)
		return keptSecrets{store}, err
	}, open: func(ctx context.Context, h *house) (opened, error) {
		all, store, err := sources.open(ctx, h)
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
func (urls secretSources) open(_ context.Context, h *house) (*secrets.Secrets, *secretstore.Store, error) {
	store, err := openSecretStore(h)
	if err != nil {
		return nil, nil, err
	}
	all, err := secrets.New(store, store,
		secrets.WithSecret(h.ring.Secret("secrets")), secrets.WithLog(h.log),
		secrets.WithTelemetry(h.telemetry.tracers, h.telemetry.meters))
	return all, store, err
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

// keptSecrets are the secrets, grants and bundles in the database, as data of tenants. No
// user has any.
type keptSecrets struct{ store *secretstore.Store }

// Measure implements [data].
func (k keptSecrets) Measure(ctx context.Context, realm storage.Realm) (storage.Amount, error) {
	return ofTenant(ctx, realm, k.store.MeasureTenant)
}

// Erase implements [data].
func (k keptSecrets) Erase(ctx context.Context, realm storage.Realm) (storage.Amount, error) {
	return ofTenant(ctx, realm, k.store.DeleteTenant)
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
