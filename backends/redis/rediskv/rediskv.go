// Package rediskv keeps the key-value store in Redis: a single node, Sentinel or
// Cluster.
package rediskv

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/redis/internal/redisguard"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/kv"
)

// DefaultPrefix begins every key in Redis unless [WithPrefix] says otherwise.
const DefaultPrefix = "cpodkit:kv:"

// Driver is a [kv.Driver] on Redis. Each call is one round trip on one key, and
// each write is sent at most once: when its answer is lost it is unavailable, and
// may have been applied.
//
// Times to live are whole milliseconds, rounded up, by the clock of Redis. What
// survives a crash or a failover of Redis is what its persistence and
// replication keep; a Redis that evicts keys (maxmemory-policy) also evicts
// locks.
type Driver struct {
	guard  *redisguard.Guard
	client redis.UniversalClient
	prefix string

	deleteIfValue redisguard.Script
}

var (
	_ kv.Driver      = (*Driver)(nil)
	_ cpodkit.Pinger = (*Driver)(nil)
)

// Option configures [New].
type Option func(*Driver)

// WithPrefix sets what begins every key in Redis, [DefaultPrefix] by default, so
// that others can use the same database.
func WithPrefix(prefix string) Option { return func(d *Driver) { d.prefix = prefix } }

// New returns a driver on client, which may be shared and stays open after
// Close. It makes no call: Redis may be down.
func New(client redis.UniversalClient, opts ...Option) (*Driver, error) {
	if client == nil {
		return nil, errors.New("rediskv: the client is nil")
	}
	d := &Driver{
		client: client, prefix: DefaultPrefix, guard: redisguard.New(client, "key-value store"),
		deleteIfValue: redisguard.NewScript(deleteIfValue),
	}
	for _, opt := range opts {
		opt(d)
	}
	return d, nil
}

// Close implements [kv.Driver]. It leaves the client open.
func (d *Driver) Close() error { return nil }

// Ping implements [cpodkit.Pinger].
func (d *Driver) Ping(ctx context.Context) error { return d.guard.Ping(ctx) }

// Get implements [kv.Driver].
func (d *Driver) Get(ctx context.Context, key string) (value string, err error) {
	release, err := d.guard.Share(ctx, storage.TenantOf(key))
	if err != nil {
		return "", err
	}
	defer release()
	err = d.guard.Do(ctx, func(ctx context.Context) error {
		value, err = d.client.Get(ctx, d.prefix+key).Result()
		return err
	})
	if errors.Is(err, redis.Nil) {
		return "", cpodkit.CodeNotFound
	}
	return value, err
}

// Exists implements [kv.Driver].
func (d *Driver) Exists(ctx context.Context, key string) (bool, error) {
	release, err := d.guard.Share(ctx, storage.TenantOf(key))
	if err != nil {
		return false, err
	}
	defer release()
	var n int64
	err = d.guard.Do(ctx, func(ctx context.Context) (err error) {
		n, err = d.client.Exists(ctx, d.prefix+key).Result()
		return err
	})
	return n > 0, err
}

// Set implements [kv.Driver].
func (d *Driver) Set(ctx context.Context, key, value string, ttl time.Duration, ifAbsent bool) (bool, error) {
	release, err := d.guard.Share(ctx, storage.TenantOf(key))
	if err != nil {
		return false, err
	}
	defer release()
	args := append(make([]any, 0, 6), "set", d.prefix+key, value)
	if ttl > 0 {
		args = append(args, "px", milliseconds(ttl))
	}
	if ifAbsent {
		args = append(args, "nx")
	}
	_, err = d.guard.Once(ctx, 1, args...)
	if ifAbsent && errors.Is(err, redis.Nil) {
		return false, nil
	}
	return err == nil, err
}

// Delete implements [kv.Driver].
func (d *Driver) Delete(ctx context.Context, key string, ifValue *string) (bool, error) {
	release, err := d.guard.Share(ctx, storage.TenantOf(key))
	if err != nil {
		return false, err
	}
	defer release()
	if ifValue == nil {
		n, err := integer(d.guard.Once(ctx, 1, "del", d.prefix+key))
		return n > 0, err
	}
	n, err := integer(d.guard.Run(ctx, d.deleteIfValue, []string{d.prefix + key}, *ifValue))
	return n > 0, err
}

// Incr implements [kv.Driver].
func (d *Driver) Incr(ctx context.Context, key string, by int64) (int64, error) {
	release, err := d.guard.Share(ctx, storage.TenantOf(key))
	if err != nil {
		return 0, err
	}
	defer release()
	sum, err := integer(d.guard.Once(ctx, 1, "incrby", d.prefix+key, by))
	if redis.HasErrorPrefix(err, "value is not an integer") || redis.HasErrorPrefix(err, "increment or decrement would overflow") {
		return 0, fmt.Errorf("%w: %w", cpodkit.CodeConflict, err)
	}
	return sum, err
}

// TTL implements [kv.Driver].
func (d *Driver) TTL(ctx context.Context, key string) (time.Duration, error) {
	release, err := d.guard.Share(ctx, storage.TenantOf(key))
	if err != nil {
		return 0, err
	}
	defer release()
	const missing, endless = -2, -1
	var left int64
	err = d.guard.Do(ctx, func(ctx context.Context) (err error) {
		left, err = d.client.Do(ctx, "pttl", d.prefix+key).Int64()
		return err
	})
	switch {
	case err != nil:
		return 0, err
	case left == missing:
		return 0, cpodkit.CodeNotFound
	case left == endless:
		return 0, nil
	}
	// In its last millisecond an entry has 0 left, which would mean no end.
	return max(time.Duration(left)*time.Millisecond, time.Microsecond), nil
}

// deleteIfValue removes KEYS[1] if it holds ARGV[1].
const deleteIfValue = `
if redis.call('get', KEYS[1]) == ARGV[1] then
	return redis.call('del', KEYS[1])
end
return 0`

func milliseconds(d time.Duration) int64 {
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}

func integer(reply any, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	n, ok := reply.(int64)
	if !ok {
		return 0, fmt.Errorf("redis answered %T, not an integer", reply)
	}
	return n, nil
}
