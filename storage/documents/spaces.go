package documents

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// SpaceFinder is a [Driver] that knows in which spaces a collection has
// documents. Without it the user tier reaches an app's own documents alone: a
// read that has to look further is not_supported.
type SpaceFinder interface {
	// Spaces returns the spaces that begin with prefix, which ends with a slash,
	// and hold a document in the collection of that name: in byte order, at most
	// limit of them.
	Spaces(ctx context.Context, prefix, collection string, limit int) ([]string, error)
}

var _ SpaceFinder = (*Memory)(nil)

// Spaces implements [SpaceFinder]. It looks at every collection.
func (m *Memory) Spaces(ctx context.Context, prefix, collection string, limit int) ([]string, error) {
	if err := m.ready(ctx); err != nil {
		return nil, err
	}
	var spaces []string
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.RLock()
		for in := range maps.Keys(s.collections) {
			if in.Name == collection && strings.HasPrefix(in.Space, prefix) {
				spaces = append(spaces, in.Space)
			}
		}
		s.mu.RUnlock()
	}
	slices.Sort(spaces)
	return spaces[:min(limit, len(spaces))], nil
}
