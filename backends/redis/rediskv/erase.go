package rediskv

import (
	"context"
	"strings"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/kv"
)

var _ kv.Eraser = (*Driver)(nil)

// scanStep is how many keys Redis looks at for one answer.
const scanStep = 1000

// Count implements [kv.Eraser]. It looks at every key of the database, some at a time.
func (d *Driver) Count(ctx context.Context, prefix string) (int64, error) {
	return d.below(ctx, prefix, func(_ context.Context, _ redis.UniversalClient, keys []string) (int64, error) {
		return int64(len(keys)), nil
	})
}

// Erase implements [kv.Eraser]. It looks at every key of the database, some at a time.
func (d *Driver) Erase(ctx context.Context, prefix string) (int64, error) {
	return d.below(ctx, prefix, func(ctx context.Context, node redis.UniversalClient, keys []string) (int64, error) {
		var removed int64
		err := d.guard.Do(ctx, func(ctx context.Context) error {
			answers, err := node.Pipelined(ctx, func(p redis.Pipeliner) error {
				for _, key := range keys { // each by itself: in a Cluster they have different slots
					p.Unlink(ctx, key)
				}
				return nil
			})
			for _, answer := range answers {
				if n, ok := answer.(*redis.IntCmd); ok {
					removed += n.Val()
				}
			}
			return err
		})
		return removed, err
	})
}

// below calls use with the keys of Redis that begin with a prefix, on the node that has
// them, and adds up what it returns.
func (d *Driver) below(
	ctx context.Context, prefix string, use func(context.Context, redis.UniversalClient, []string) (int64, error),
) (int64, error) {
	if err := storage.CheckPrefix(prefix); err != nil {
		return 0, err
	}
	var total atomic.Int64
	pattern := escapeGlob(d.prefix+prefix) + "*"
	each := func(ctx context.Context, node redis.UniversalClient) error {
		for cursor := uint64(0); ; {
			var keys []string
			err := d.guard.Do(ctx, func(ctx context.Context) (err error) {
				keys, cursor, err = node.Scan(ctx, cursor, pattern, scanStep).Result()
				return err
			})
			if err != nil {
				return err
			}
			if len(keys) > 0 {
				n, err := use(ctx, node, keys)
				if total.Add(n); err != nil {
					return err
				}
			}
			if cursor == 0 {
				return nil
			}
		}
	}
	var err error
	if nodes, ok := d.client.(*redis.ClusterClient); ok {
		err = nodes.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error { return each(ctx, node) })
	} else {
		err = each(ctx, d.client)
	}
	return total.Load(), err
}

// escapeGlob escapes the characters that a pattern of Redis gives a meaning.
func escapeGlob(text string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(text)
}
