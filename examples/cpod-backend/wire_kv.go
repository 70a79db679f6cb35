package main

import (
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/cpodkit/cpodkit/backends/redis/redisclient"
	"github.com/cpodkit/cpodkit/backends/redis/rediskv"
	"github.com/cpodkit/cpodkit/storage/kv"
)

// openKV opens the store of keys and values that CPOD_KV names.
func (d *data) openKV(cfg config) error {
	if isLocal(cfg.kv) {
		d.kv = kv.NewMemory()
	} else {
		client, err := d.redis("CPOD_KV", cfg.kv)
		if err != nil {
			return err
		}
		if d.kv, err = rediskv.New(client); err != nil {
			return fmt.Errorf("CPOD_KV: %w", err)
		}
	}
	d.closers = append(d.closers, d.kv.Close)
	return nil
}

// redis returns the client of a URL. Variables that hold the same URL share one.
func (d *data) redis(variable, url string) (redis.UniversalClient, error) {
	if client, ok := d.redisClients[url]; ok {
		return client, nil
	}
	client, err := redisclient.Open(url)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", variable, err)
	}
	if d.redisClients == nil {
		d.redisClients = map[string]redis.UniversalClient{}
	}
	d.redisClients[url] = client
	d.closers = append(d.closers, client.Close)
	return client, nil
}
