package main

import (
	"context"
	"fmt"
	"maps"

	"github.com/cpodkit/cpodkit/backends/docstore/maskstore"
	"github.com/cpodkit/cpodkit/internal/watch"
	"github.com/cpodkit/cpodkit/masking"
	"github.com/cpodkit/cpodkit/storage"
)

const maskingVariable = "CPOD_MASKING"

// maskingPart is masking by the installation's profile: its calls, and the server's own
// log. Tokens are in the database.
func maskingPart(s *settings) part {
	file := s.optional(maskingVariable, "",
		"file of the masking profile, in JSON; an edit takes effect without a restart; unset: all entities and the built-in fields")
	return part{name: "tokens of masking", data: func(_ context.Context, h *house) (data, error) {
		store, err := openMaskStore(h)
		return keptTokens{store}, err
	}, open: func(ctx context.Context, h *house) (opened, error) {
		store, err := openMaskStore(h)
		if err != nil {
			return opened{}, err
		}
		masker, err := masking.New(masking.WithTokenStore(store), masking.WithKeys(store), masking.WithTablesOf(s.logMasker))
		if err != nil {
			return opened{}, err
		}
		h.masker = masker
		h.inMemory = append(h.inMemory, namedData{"tokens of masking", keysInMemory{store}})
		o := opened{routes: masker.Routes()}
		if file == "" {
			return o, nil
		}
		watcher, err := watch.Open(ctx, file, s.parseProfile, watch.WithLog(h.log))
		if err != nil {
			return opened{}, fmt.Errorf("%s: %w", maskingVariable, err)
		}
		use := func(_ context.Context, p masking.Profile) error {
			if err := masker.SetProfile(p); err != nil {
				return err
			}
			return s.logMasker.SetProfile(forLog(p))
		}
		o.ready = []dependency{{"masking", watched{watcher}, true}} // the last good profile goes on
		o.run = []func(context.Context){func(ctx context.Context) { watcher.Run(ctx, use) }}
		return o, use(ctx, watcher.Current())
	}}
}

func openMaskStore(h *house) (*maskstore.Store, error) {
	return maskstore.New(h.db, h.ring.Sealer("masking"))
}

// parseProfile returns the profile in a file, which can be put in force.
func (s *settings) parseProfile(files watch.Files) (p masking.Profile, err error) {
	for _, content := range files { // there is one
		if p, err = masking.ParseProfile(content); err == nil {
			_, err = masking.New(masking.WithProfile(p), masking.WithTablesOf(s.logMasker))
		}
	}
	return p, err
}

// watched is a watched file, for /readyz.
type watched struct{ watcher interface{ Err() error } }

// Ping returns why the file's content is not in force.
func (w watched) Ping(context.Context) error { return w.watcher.Err() }

// forLog returns the profile of the server's own log. What an operator looks a request up
// by stays, and so do addresses: of clients, and of systems in errors. What the profile
// itself says of one of these holds.
func forLog(p masking.Profile) masking.Profile {
	p.Entities = withDefaults(p.Entities, map[masking.Entity]masking.Strategy{masking.IPAddress: masking.Keep})
	fields := map[string]masking.Strategy{}
	for _, name := range []string{
		"client_addr", "request_id", "trace_id", "span_id", "tenant", "app", "client_id", "key_id", "token_id",
		"by", "by_credential", "credential", "route", "server", "url", "address",
	} {
		fields[name] = masking.Keep
	}
	p.Fields = withDefaults(p.Fields, fields)
	return p
}

func withDefaults[K comparable](given, defaults map[K]masking.Strategy) map[K]masking.Strategy {
	all := maps.Clone(defaults)
	maps.Copy(all, given)
	return all
}

// keptTokens are the tokens in the database, and the keys of tenants for hashes, as data of
// tenants. They are no user's: a token is made of a value, whoever sent it, and two users
// may have sent the same.
type keptTokens struct{ store *maskstore.Store }

// Measure implements [data].
func (k keptTokens) Measure(ctx context.Context, realm storage.Realm) (storage.Amount, error) {
	return ofTenant(ctx, realm, k.store.MeasureTenant)
}

// Erase implements [data].
func (k keptTokens) Erase(ctx context.Context, realm storage.Realm) (storage.Amount, error) {
	return ofTenant(ctx, realm, k.store.DeleteTenant)
}

// keysInMemory are the keys of tenants in the memory of this server.
type keysInMemory struct{ store *maskstore.Store }

// Measure implements [data].
func (keysInMemory) Measure(context.Context, storage.Realm) (storage.Amount, error) {
	return storage.Amount{}, nil
}

// Erase implements [data]: a later tenant of the same name has other hashes.
func (k keysInMemory) Erase(ctx context.Context, realm storage.Realm) (storage.Amount, error) {
	return ofTenant(ctx, realm, func(_ context.Context, tenantID string) (int, int64, error) {
		k.store.Forget(tenantID)
		return 0, 0, nil
	})
}
