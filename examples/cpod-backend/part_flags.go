package main

import (
	"context"
	"encoding/json"
	"fmt"
	neturl "net/url"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/backends/docstore/flagstore"
	"github.com/cpodkit/cpodkit/flags"
	"github.com/cpodkit/cpodkit/storage"
)

const flagsVariable = "CPOD_FLAGS"

// flagsPart is feature flags: each tenant's own, in the database, or the installation's,
// in a file.
func flagsPart(s *settings) part {
	url := s.backend(flagsVariable, "db:",
		"feature flags: `db:`, where each tenant keeps its own by API, or `file:/path`, a file or a folder of `.json` files in flagd's format "+
			"for all tenants; of two flags with one key that of the later file name holds", "db", "file")
	if scheme(url) == "file" && pathOf(url, "") == "" {
		s.fail(flagsVariable, "want the path of a file or a folder, such as file:/etc/cpod/flags.json")
	}
	p := part{open: func(ctx context.Context, h *house) (opened, error) {
		source, err := openFlags(ctx, h, url)
		if err != nil {
			return opened{}, fmt.Errorf("%s: %w", flagsVariable, err)
		}
		all, err := flags.New(source,
			flags.WithSecret(h.ring.Secret("flags")), flags.WithPublicURL(h.publicURL), flags.WithLog(h.log), flags.WithClaims(lastingClaims),
			flags.WithTelemetry(h.telemetry.tracers, h.telemetry.meters))
		if err != nil {
			return opened{}, err
		}
		h.inMemory = append(h.inMemory, namedData{"flags", evaluatedFlags{all}})
		return opened{
			routes: all.Routes(),
			ready:  []dependency{{"flags", all, true}}, // the last good ones go on
			run:    []func(context.Context){all.Run},
		}, nil
	}}
	if scheme(url) == "db" {
		p.name, p.data = "flags", func(_ context.Context, h *house) (data, error) {
			store, err := flagstore.New(h.db)
			return keptFlags{store}, err
		}
	}
	return p
}

// lastingClaims are those of the request's token, for rules, except those that differ from
// one token of a user to the next. An API key has none.
func lastingClaims(ctx context.Context, _ cpodkit.Identity) map[string]any {
	claims, ok := authz.ClaimsFromContext(ctx)
	if !ok {
		return nil
	}
	text, err := json.Marshal(claims)
	var all map[string]any
	if err != nil || json.Unmarshal(text, &all) != nil {
		return nil
	}
	for _, name := range []string{"jti", "iat", "nbf", "exp"} {
		delete(all, name)
	}
	return all
}

func openFlags(ctx context.Context, h *house, url string) (flags.Source, error) {
	if scheme(url) == "file" {
		return flags.NewFile(ctx, pathOf(url, ""), flags.WithFileLog(h.log))
	}
	opts := []flagstore.Option{flagstore.WithLog(h.log)}
	if h.cluster != nil {
		opts = append(opts, flagstore.WithNotices(h.cluster.Topic("flags")))
	}
	return flagstore.New(h.db, opts...)
}

// keptFlags are the flags in the database, as data of tenants. No user has any.
type keptFlags struct{ store *flagstore.Store }

// Measure implements [data].
func (k keptFlags) Measure(ctx context.Context, realm storage.Realm) (storage.Amount, error) {
	return ofTenant(ctx, realm, k.store.MeasureTenant)
}

// Erase implements [data].
func (k keptFlags) Erase(ctx context.Context, realm storage.Realm) (storage.Amount, error) {
	return ofTenant(ctx, realm, k.store.DeleteTenant)
}

// evaluatedFlags are the flags in the memory of this server, which only repeats what
// the database has.
type evaluatedFlags struct{ flags *flags.Flags }

// Measure implements [data].
func (evaluatedFlags) Measure(context.Context, storage.Realm) (storage.Amount, error) {
	return storage.Amount{}, nil
}

// Erase implements [data]: a later tenant of the same name sees nothing of the erased
// one.
func (e evaluatedFlags) Erase(ctx context.Context, realm storage.Realm) (storage.Amount, error) {
	return ofTenant(ctx, realm, func(ctx context.Context, tenantID string) (int, int64, error) {
		return 0, 0, e.flags.Refresh(ctx, tenantID)
	})
}

// ofTenant calls do with the tenant of a realm, unless it is the realm of a user.
func ofTenant(
	ctx context.Context, realm storage.Realm, do func(ctx context.Context, tenantID string) (int, int64, error),
) (storage.Amount, error) {
	root, err := realm.Root()
	if err != nil {
		return storage.Amount{}, err
	}
	encoded, user, _ := strings.Cut(root, "/")
	if user != "" {
		return storage.Amount{}, nil
	}
	tenantID, err := neturl.PathUnescape(encoded)
	if err != nil {
		return storage.Amount{}, err
	}
	items, size, err := do(ctx, tenantID)
	return storage.Amount{Items: int64(items), Bytes: size}, err
}
