// Package redisguard makes calls to Redis: with a time limit and a circuit, each
// at most once, and with its errors told apart.
package redisguard

import (
	"context"
	"crypto/sha1" //nolint:gosec // the name of a script, as Redis wants it
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/internal/circuit"
	"github.com/cpodkit/cpodkit/backends/internal/queryslots"
)

// Guard makes the calls of one driver. It is safe for concurrent use.
type Guard struct {
	client  redis.UniversalClient
	breaker *circuit.Breaker
	slots   *queryslots.Slots

	// timeLimit is that of the deadline which calls get; 0 when the breaker has one.
	timeLimit time.Duration
}

// New returns a guard of client. The system is named in sentences for clients:
// "key-value store".
func New(client redis.UniversalClient, system string) *Guard {
	g := &Guard{client: client, slots: queryslots.NewPool(poolSize(client))}
	options := []circuit.Option{circuit.WithIsDown(isDown)}
	if endsItself(client) {
		g.timeLimit = circuit.DefaultTimeLimit
		options = append(options, circuit.WithTimeLimit(0))
	}
	g.breaker = circuit.New(system, options...)
	return g
}

// Share waits until the tenant may make one call more, which release ends: one tenant's
// calls leave connections to the others. The only error is that of ctx.
func (g *Guard) Share(ctx context.Context, tenant string) (release func(), err error) {
	return g.slots.AcquireFor(ctx, tenant)
}

// poolSize returns how many connections a client has to each server.
func poolSize(client redis.UniversalClient) int {
	switch c := client.(type) {
	case *redis.Client:
		return c.Options().PoolSize
	case *redis.ClusterClient:
		return c.Options().PoolSize
	case *redis.Ring:
		if n := c.Options().PoolSize; n > 0 {
			return n
		}
	}
	return 10 * runtime.GOMAXPROCS(0) // the default of go-redis
}

// Do runs one call. An error that says that Redis cannot serve it now is
// unavailable; a nil reply passes as [redis.Nil].
func (g *Guard) Do(ctx context.Context, call func(ctx context.Context) error) error {
	isNil := false
	err := g.breaker.Do(ctx, func(ctx context.Context) error {
		err := call(g.limited(ctx))
		if isNil = errors.Is(err, redis.Nil); isNil {
			return nil
		}
		return classify(err)
	})
	if err == nil && isNil {
		return redis.Nil
	}
	return err
}

// Once sends a command at most once and returns its reply. go-redis repeats a
// command by default when the answer is lost, which applies a write twice; one
// that it sends for this method it does not repeat. Redirections in a Cluster are
// followed, for a redirected command was not applied. The key, if there is one,
// is the argument at keyAt: it routes the command.
func (g *Guard) Once(ctx context.Context, keyAt int8, args ...any) (reply any, err error) {
	err = g.Do(ctx, func(ctx context.Context) error {
		reply, err = g.once(ctx, keyAt, args)
		return err
	})
	return reply, err
}

func (g *Guard) once(ctx context.Context, keyAt int8, args []any) (any, error) {
	cmd := onceCmd{redis.NewCmd(ctx, args...)}
	cmd.SetFirstKeyPos(keyAt)
	err := g.client.Process(ctx, cmd)
	return cmd.Val(), err
}

// onceCmd is a command that go-redis does not repeat.
type onceCmd struct{ *redis.Cmd }

func (onceCmd) NoRetry() bool { return true }

// Script is a Lua script, called by its digest.
type Script struct {
	source string
	digest any // a string
}

// NewScript returns the script of that source.
func NewScript(source string) Script {
	sum := sha1.Sum([]byte(source)) //nolint:gosec // see the import
	return Script{source: source, digest: hex.EncodeToString(sum[:])}
}

// Run runs a script at most once, as [Guard.Once] does. All keys are in one hash
// slot. A Redis that does not know the script yet gets its source.
func (g *Guard) Run(ctx context.Context, s Script, keys []string, args ...any) (reply any, err error) {
	const firstKey = 3
	all := make([]any, 0, firstKey+len(keys)+len(args))
	all = append(all, "evalsha", s.digest, len(keys))
	for _, key := range keys {
		all = append(all, key)
	}
	all = append(all, args...)
	err = g.Do(ctx, func(ctx context.Context) error {
		reply, err = g.once(ctx, firstKey, all)
		if err != nil && redis.HasErrorPrefix(err, "NOSCRIPT") {
			all[0], all[1] = "eval", s.source
			reply, err = g.once(ctx, firstKey, all)
		}
		return err
	})
	return reply, err
}

// Ping asks whether Redis serves.
func (g *Guard) Ping(ctx context.Context) error {
	return g.Do(ctx, func(ctx context.Context) error { return g.client.Ping(ctx).Err() })
}

// isDown reports whether no answer came.
func isDown(err error) bool {
	return circuit.IsDown(err) || strings.Contains(err.Error(), "all sentinels specified in configuration are unreachable")
}

// classify marks the answers that say "not now": they are unavailable, but no
// reason to keep other calls away, for reads may go on and answers come fast.
func classify(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, redis.ErrPoolTimeout) || errors.Is(err, redis.ErrPoolExhausted) {
		return unavailableError{err}
	}
	for _, prefix := range []string{
		"LOADING", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "READONLY", "NOREPLICAS", "MISCONF", "OOM", "BUSY ",
		"max number of clients reached", "NOAUTH", "WRONGPASS", "UNKILLABLE", "MOVED", "ASK ",
	} {
		if redis.HasErrorPrefix(err, prefix) {
			return unavailableError{err}
		}
	}
	if strings.Contains(err.Error(), "redis: cluster has no nodes") {
		return unavailableError{err}
	}
	return err
}

// unavailableError is an error of Redis that a later call may not meet.
type unavailableError struct{ cause error }

func (e unavailableError) Error() string {
	return fmt.Sprintf("%v: %v", cpodkit.CodeUnavailable, e.cause)
}
func (e unavailableError) Unwrap() []error { return []error{cpodkit.CodeUnavailable, e.cause} }
