package main

import (
	"context"
	"crypto/rand"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/redis/redisclient"
	"github.com/cpodkit/cpodkit/backends/redis/rediskv"
	"github.com/cpodkit/cpodkit/storage/kv"
)

// identity is whom the portable types act for: they check its scopes and build
// its paths in every call.
func identity() cpodkit.Identity {
	return cpodkit.Identity{
		TenantID: "acme", AppID: "shop",
		Scopes: cpodkit.Scopes{"storage.private.read", "storage.private.write"},
	}
}

func redisPairs(ctx context.Context) ([]pair, func(), error) {
	url, err := variable("CPODKIT_TEST_REDIS")
	if err != nil {
		return nil, nil, err
	}
	client, err := redisclient.Open(url)
	if err != nil {
		return nil, nil, err
	}
	done := func() { client.Close() }
	driver, err := rediskv.New(client, rediskv.WithPrefix("bench:"+rand.Text()+":"))
	if err != nil {
		return nil, done, err
	}
	store, err := kv.New(driver)
	if err != nil {
		return nil, done, err
	}
	entries, value := store.For(identity()), strings.Repeat("x", 100)
	if err := entries.Set(ctx, "session", value, nil); err != nil {
		return nil, done, err
	}
	const bareKey = "bench:acme/apps/shop/session"
	if err := client.Set(ctx, bareKey, value, 0).Err(); err != nil {
		return nil, done, err
	}
	return []pair{{
		name: "Redis GET of 100 bytes",
		bare: func(ctx context.Context) error { return client.Get(ctx, bareKey).Err() },
		ours: func(ctx context.Context) error { _, err := entries.Get(ctx, "session"); return err },
	}}, done, nil
}
