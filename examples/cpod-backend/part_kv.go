package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/cpodkit/cpodkit/backends/redis/redisclient"
	"github.com/cpodkit/cpodkit/backends/redis/rediskv"
	"github.com/cpodkit/cpodkit/storage/kv"
)

// kvPart is keys and values.
func kvPart(s *settings) part {
	const name = "CPOD_KV"
	url := s.backend(name, "memory:",
		"keys and values: `memory:`, or `redis://…`, also `rediss`, `redis+sentinel`, `redis+cluster`", memoryOrRedis()...)
	p := part{name: "kv", data: func(_ context.Context, h *house) (data, error) {
		if isLocal(url) {
			return nil, nil //nolint:nilnil // it is in the memory of the running server
		}
		driver, err := openKV(h, name, url)
		if err != nil {
			return nil, err
		}
		h.onClose(driver.Close)
		return kv.New(driver)
	}, open: func(_ context.Context, h *house) (opened, error) {
		driver, err := openKV(h, name, url)
		if err != nil {
			return opened{}, err
		}
		return serveKV(h, driver, isLocal(url))
	}}
	if isLocal(url) {
		p.alone, p.variable = "what kv keeps is this server's own: run one server only, or set CPOD_KV", name
	}
	return p
}

func openKV(h *house, name, url string) (kv.Driver, error) {
	if isLocal(url) {
		return kv.NewMemoryOf(cmp.Or(h.rooms.kvBytes, kv.DefaultMaxBytes))
	}
	client, err := h.redis(name, url)
	if err != nil {
		return nil, err
	}
	driver, err := rediskv.New(client)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return driver, nil
}

func serveKV(h *house, driver kv.Driver, inMemory bool) (opened, error) {
	h.onClose(driver.Close)
	store, err := kv.New(driver, kv.WithGate(h.gate), kv.WithTelemetry(h.telemetry.tracers, h.telemetry.meters))
	if err != nil {
		return opened{}, err
	}
	if inMemory {
		h.inMemory = append(h.inMemory, namedData{"kv", store})
	}
	return opened{routes: store.Routes(), ready: []dependency{{"kv", driver, false}}}, nil
}

// redis returns the client of a URL. Variables that hold the same URL share one.
func (h *house) redis(variable, url string) (redis.UniversalClient, error) {
	if client, ok := h.redisClients[url]; ok {
		return client, nil
	}
	client, err := redisclient.Open(url)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", variable, err)
	}
	if h.redisClients == nil {
		h.redisClients = map[string]redis.UniversalClient{}
	}
	h.redisClients[url] = client
	h.onClose(client.Close)
	return client, nil
}
