package kv

import (
	"context"
	"strings"

	"github.com/cpodkit/cpodkit/storage"
)

var _ Eraser = (*Memory)(nil)

// Count implements [Eraser]. It looks at every entry.
func (m *Memory) Count(ctx context.Context, prefix string) (int64, error) {
	return m.below(ctx, prefix, func(*shard, *entry) {})
}

// Erase implements [Eraser]. It looks at every entry.
func (m *Memory) Erase(ctx context.Context, prefix string) (int64, error) {
	return m.below(ctx, prefix, (*shard).remove)
}

// below calls do with the entries whose keys begin with prefix, and counts them. A shard
// is locked while it is looked at.
func (m *Memory) below(ctx context.Context, prefix string, do func(*shard, *entry)) (n int64, err error) {
	if err := storage.CheckPrefix(prefix); err != nil {
		return 0, err
	}
	now := m.now()
	for i := range m.shards {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		s := &m.shards[i]
		s.mu.Lock()
		if s.entries == nil {
			s.mu.Unlock()
			return n, errClosed
		}
		var found []*entry
		for key, e := range s.entries {
			if strings.HasPrefix(key, prefix) {
				found = append(found, e)
			}
		}
		for _, e := range found {
			if !e.expired(now) {
				n++
			}
			do(s, e)
		}
		s.mu.Unlock()
	}
	return n, nil
}
