package redisguard

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cpodkit/cpodkit/backends/internal/circuit"
)

// endsItself reports whether each wait of a client's call ends within the time
// limit by itself: for a connection of the pool, for a new one, and, given a
// deadline, for the answer. Its calls then need no timer, which would cost as much
// as all else that a Guard does.
func endsItself(client redis.UniversalClient) bool {
	single, ok := client.(*redis.Client)
	if !ok {
		return false
	}
	o := single.Options()
	return o.ContextTimeoutEnabled && o.MaxRetries == 0 && o.DialerRetries == 1 &&
		o.PoolTimeout > 0 && o.DialTimeout > 0 && o.PoolTimeout+o.DialTimeout <= circuit.DefaultTimeLimit
}

// limited gives a call the deadline of the time limit, unless it has an earlier one.
func (g *Guard) limited(ctx context.Context) context.Context {
	if g.timeLimit == 0 {
		return ctx
	}
	deadline := time.Now().Add(g.timeLimit)
	if earlier, ok := ctx.Deadline(); ok && earlier.Before(deadline) {
		return ctx
	}
	return &withDeadline{ctx, deadline}
}

// withDeadline tells go-redis when to stop waiting for an answer. It does not end
// by itself.
type withDeadline struct {
	context.Context //nolint:containedctx // it is one

	deadline time.Time
}

func (c *withDeadline) Deadline() (time.Time, bool) { return c.deadline, true }
