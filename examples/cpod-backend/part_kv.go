package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/cpodkit/cpodkit/backends/redis/redisclient"
	"github.com/cpodkit/cpodkit/backends/redis/rediskv"
	"github.com/cpodkit/cpodkit/storage/kv"
)

// kvPart is keys and values.
func kvPart(s *settings) part {
	const name = "CPOD_KV"
	url := s.backend(name, "memory:",
		"keys and values: `memory:`, or with another size than 256 MiB `memory:?size=BYTES`; `redis://…`, also `rediss`, `redis+sentinel`, `redis+cluster`",
		memoryOrRedis()...)
	size, err := memorySize(url)
	if err != nil {
		s.fail(name, "%w", err)
	}
	p := part{name: "kv", data: func(_ context.Context, h *house) (data, error) {
		if isLocal(url) {
			return nil, nil //nolint:nilnil // it is in the memory of the running server
		}
		driver, err := openKV(h, name, url, size)
		if err != nil {
			return nil, err
		}
		h.onClose(driver.Close)
		return kv.New(driver)
	}, open: func(_ context.Context, h *house) (opened, error) {
		driver, err := openKV(h, name, url, size)
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

// memorySize returns the size that the URL of a memory names; the default one for any
// other URL.
func memorySize(text string) (int64, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "memory" || text == "memory:" {
		return kv.DefaultMaxBytes, nil //nolint:nilerr // other URLs are read by those who open them
	}
	size, err := strconv.ParseInt(u.Query().Get("size"), 10, 64)
	if err != nil || size < kv.DefaultMaxBytes/256 || text != fmt.Sprintf("memory:?size=%d", size) {
		return 0, fmt.Errorf("want memory: or memory:?size=BYTES, with at least %d bytes", kv.DefaultMaxBytes/256)
	}
	return size, nil
}

func openKV(h *house, name, url string, size int64) (kv.Driver, error) {
	if isLocal(url) {
		return kv.NewMemoryOf(cmp.Or(h.rooms.kvBytes, size))
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
