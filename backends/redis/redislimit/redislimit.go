// Package redislimit keeps the token buckets of package ratelimit in Redis:
// exact over any number of replicas, in one round trip, by the server's clock.
package redislimit

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/redis/internal/redisguard"
	"github.com/cpodkit/cpodkit/ratelimit"
)

// DefaultPrefix begins every key in Redis unless [WithPrefix] says otherwise.
const DefaultPrefix = "cpodkit:ratelimit:"

// Driver keeps buckets in a Redis 5 or later, single, with Sentinel, as a Cluster
// or a [redis.Ring]. It is safe for concurrent use, and so is any number of
// Drivers on one Redis with the same prefix.
//
// A bucket is one key of 32 bytes that expires once the bucket would be full. The
// arithmetic is exact, in integers, for every limit that package ratelimit
// allows; a window that is no whole number of microseconds counts as the next
// one. Should the server's clock go back, no bucket is refilled by that, and none
// takes longer than its window to be full.
//
// A call takes at most once, whatever the client's settings for retries: one
// whose answer is lost is unavailable, and may have taken its tokens. It waits
// for an answer as long as the client's ReadTimeout, and at most 5 s. Requests
// wait with it, so let that be short.
//
// A Redis that evicts keys, restarts empty or fails over to a replica that lags
// forgets what was taken, and buckets are fuller than they should be.
type Driver struct {
	guard   *redisguard.Guard
	script  redisguard.Script
	prefix  string
	sharded bool // keys may live on different servers
}

var (
	_ ratelimit.Driver   = (*Driver)(nil)
	_ ratelimit.Returner = (*Driver)(nil)
	_ cpodkit.Pinger     = (*Driver)(nil)
)

// Option changes a [Driver].
type Option func(*Driver)

// WithPrefix sets what begins every key in Redis, [DefaultPrefix] by default.
// Drivers with one prefix share their buckets.
func WithPrefix(prefix string) Option { return func(d *Driver) { d.prefix = prefix } }

// New returns a driver on client, which stays the caller's to close. The server
// need not be reachable yet.
func New(client redis.UniversalClient, opts ...Option) (*Driver, error) {
	if client == nil {
		return nil, errors.New("redislimit: the client is nil")
	}
	d := &Driver{
		guard:  redisguard.New(client, "rate limiter's store"),
		script: redisguard.NewScript(takeSource),
		prefix: DefaultPrefix,
	}
	for _, opt := range opts {
		opt(d)
	}
	switch client.(type) {
	case *redis.ClusterClient, *redis.Ring:
		d.sharded = true
	}
	return d, nil
}

// Take takes from all buckets or from none, in one round trip; by the first call
// to a server that has not seen the script, in two.
//
// On a Cluster or a Ring one step covers the keys with one hash tag (the part in
// the first pair of braces). Buckets with different tags are taken side by side,
// and where one refuses, given back to the others. So no bucket ever gives too
// much, and the call takes from all or from none, but another call may be
// refused for tokens that are on their way back. When giving back fails, those
// tokens come back as the bucket refills.
func (d *Driver) Take(ctx context.Context, buckets []ratelimit.Bucket, cost int64) error {
	if d.sharded && len(buckets) > 1 {
		if groups := d.group(buckets); len(groups) > 1 {
			return d.takeGroups(ctx, buckets, groups, cost)
		}
	}
	answer, err := d.run(ctx, buckets, cost)
	if err != nil {
		return err
	}
	for i := range buckets {
		buckets[i].State = state(buckets[i].Limit, answer.left(i), cost, answer.took())
	}
	return nil
}

// Return gives tokens back that [Driver.Take] took. See [ratelimit.Returner].
func (d *Driver) Return(ctx context.Context, key string, limit ratelimit.Limit, cost int64) error {
	_, err := d.run(ctx, []ratelimit.Bucket{{Key: key, Limit: limit}}, -cost)
	return err
}

// Reset makes the bucket full.
func (d *Driver) Reset(ctx context.Context, key string) error {
	release, err := d.guard.Share(ctx, ratelimit.TenantOf(key))
	if err != nil {
		return err
	}
	defer release()
	_, err = d.guard.Once(ctx, 1, "del", d.prefix+key)
	return err
}

// Ping implements [cpodkit.Pinger].
func (d *Driver) Ping(ctx context.Context) error { return d.guard.Ping(ctx) }

// Close implements [ratelimit.Driver]. It leaves the client open.
func (d *Driver) Close() error { return nil }
