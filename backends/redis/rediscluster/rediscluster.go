// Package rediscluster connects the replicas of a server through Redis: a single
// node, Sentinel or Cluster.
package rediscluster

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/redis/internal/redisguard"
	"github.com/cpodkit/cpodkit/cluster"
)

// DefaultPrefix begins every key and channel in Redis unless [WithPrefix] says
// otherwise.
const DefaultPrefix = "cpodkit:cluster:"

// Driver is a [cluster.Driver] on Redis: topics are channels of its
// publish/subscribe, a lease is a key that expires by the clock of Redis.
//
// A token is the time of Redis in microseconds, or one more than the last token
// of the name, whichever is larger. So tokens grow as long as Redis keeps its data,
// whatever its clock does, and after a loss of data as long as its clock was not
// set back. Each name that was ever leased keeps one small key. A failover of
// Redis can lose a lease that was not replicated yet: then two believe to hold
// it until the first one's time is over, and the token tells them apart.
type Driver struct {
	guard  *redisguard.Guard
	client redis.UniversalClient
	prefix string

	acquire, renew, release redisguard.Script
}

var (
	_ cluster.Driver = (*Driver)(nil)
	_ cpodkit.Pinger = (*Driver)(nil)
)

// Option configures [New].
type Option func(*Driver)

// WithPrefix sets what begins every key and channel in Redis, [DefaultPrefix] by
// default. It holds no brace. Channels do not belong to a database of Redis: two
// installations that share a Redis need prefixes of their own even in different
// databases.
func WithPrefix(prefix string) Option { return func(d *Driver) { d.prefix = prefix } }

// New returns a driver on client, which may be shared and stays open after
// Close. It makes no call: Redis may be down.
func New(client redis.UniversalClient, opts ...Option) (*Driver, error) {
	if client == nil {
		return nil, errors.New("rediscluster: the client is nil")
	}
	d := &Driver{
		client: client, prefix: DefaultPrefix, guard: redisguard.New(client, "channel between replicas"),
		acquire: redisguard.NewScript(acquire), renew: redisguard.NewScript(renew), release: redisguard.NewScript(release),
	}
	for _, opt := range opts {
		opt(d)
	}
	if strings.ContainsAny(d.prefix, "{}") {
		return nil, errors.New("rediscluster: the prefix holds a brace")
	}
	return d, nil
}

// Close implements [cluster.Driver]. It leaves the client open.
func (d *Driver) Close() error { return nil }

// Ping implements [cpodkit.Pinger].
func (d *Driver) Ping(ctx context.Context) error { return d.guard.Ping(ctx) }

// name returns a key or channel. The braces keep all that belongs to one topic
// or lease in one hash slot: on one node of a Cluster.
func (d *Driver) name(of, what string) string { return d.prefix + "{" + of + "}:" + what }

// Publish implements [cluster.Driver].
func (d *Driver) Publish(ctx context.Context, topic string, message []byte) error {
	return d.publish(ctx, d.name(topic, "topic"), message)
}

// publish sends through the node of the channel's hash slot, where its
// subscribers are: so messages and echoes of one topic keep their order.
func (d *Driver) publish(ctx context.Context, channel string, message []byte) error {
	const channelAt = 1
	_, err := d.guard.Once(ctx, channelAt, "publish", channel, message)
	return err
}

// Acquire implements [cluster.Driver].
func (d *Driver) Acquire(ctx context.Context, name, holder string, ttl time.Duration) (int64, error) {
	keys := []string{d.name(name, "lease"), d.name(name, "token")}
	reply, err := d.guard.Run(ctx, d.acquire, keys, holder, milliseconds(ttl))
	switch {
	case errors.Is(err, redis.Nil):
		return 0, cpodkit.CodeConflict
	case err != nil:
		return 0, err
	}
	text, ok := reply.(string)
	token, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil {
		return 0, fmt.Errorf("redis answered %T, not a token", reply)
	}
	return token, nil
}

// Renew implements [cluster.Driver].
func (d *Driver) Renew(ctx context.Context, name, holder string, ttl time.Duration) error {
	reply, err := d.guard.Run(ctx, d.renew, []string{d.name(name, "lease")}, holder, milliseconds(ttl))
	if err == nil && reply != int64(1) {
		return cpodkit.CodeConflict
	}
	return err
}

// Release implements [cluster.Driver].
func (d *Driver) Release(ctx context.Context, name, holder string) error {
	_, err := d.guard.Run(ctx, d.release, []string{d.name(name, "lease")}, holder)
	return err
}

// The scripts. A lease holds its token, a space and its holder.
const (
	acquire = `
local lease = redis.call('get', KEYS[1])
if lease then
	local space = string.find(lease, ' ', 1, true)
	if string.sub(lease, space + 1) ~= ARGV[1] then
		return false
	end
	redis.call('pexpire', KEYS[1], ARGV[2])
	return string.sub(lease, 1, space - 1)
end
local now = redis.call('time')
local token = math.max(now[1] * 1000000 + now[2], (redis.call('get', KEYS[2]) or 0) + 1)
token = string.format('%.0f', token)
redis.call('set', KEYS[2], token)
redis.call('set', KEYS[1], token .. ' ' .. ARGV[1], 'px', ARGV[2])
return token`

	renew = `
local lease = redis.call('get', KEYS[1])
if lease and string.sub(lease, string.find(lease, ' ', 1, true) + 1) == ARGV[1] then
	return redis.call('pexpire', KEYS[1], ARGV[2])
end
return 0`

	release = `
local lease = redis.call('get', KEYS[1])
if lease and string.sub(lease, string.find(lease, ' ', 1, true) + 1) == ARGV[1] then
	return redis.call('del', KEYS[1])
end
return 0`
)

func milliseconds(d time.Duration) int64 {
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}
