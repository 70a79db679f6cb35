package documentstest

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/internal/mustfail"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// broken is a driver in memory whose conditions are changed by a mistake.
type broken struct {
	*documents.Memory
	mistake func(*documents.Op)
}

func (b broken) Apply(ctx context.Context, in documents.CollectionID, ops []documents.Op) []error {
	ops = slices.Clone(ops)
	for i := range ops {
		b.mistake(&ops[i])
	}
	return b.Memory.Apply(ctx, in, ops)
}

func TestConditionsFindBrokenDrivers(t *testing.T) {
	t.Parallel()
	for name, mistake := range map[string]func(*documents.Op){
		"the version * stands for any": func(op *documents.Op) {
			if op.IfVersion == "*" {
				op.IfVersion, op.IfPresent = "", true
			}
		},
		"IfPresent is ignored":         func(op *documents.Op) { op.IfPresent = false },
		"IfVersion is ignored":         func(op *documents.Op) { op.IfVersion = "" },
		"IfPresent replaces IfVersion": func(op *documents.Op) { op.IfVersion, op.IfPresent = "", op.IfPresent || op.IfVersion != "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mustfail.Want(t, func(t testing.TB) {
				s := suite{open: func(testing.TB) documents.Driver { return broken{documents.NewMemory(), mistake} }}
				checkConditions(t, s.driver(t))
			})
		})
	}
}

// brokenFinder is a driver in memory that finds its collections in a wrong way.
type brokenFinder struct {
	*documents.Memory
	find func(m *documents.Memory, prefix string, after documents.CollectionID, limit int) ([]documents.CollectionID, error)
}

func (b brokenFinder) Collections(
	_ context.Context, prefix string, after documents.CollectionID, limit int,
) ([]documents.CollectionID, error) {
	return b.find(b.Memory, prefix, after, limit)
}

func TestCollectionsFindBrokenDrivers(t *testing.T) {
	t.Parallel()
	type finder = func(*documents.Memory, string, documents.CollectionID, int) ([]documents.CollectionID, error)
	for name, find := range map[string]finder{
		"takes a prefix for the start of a name": func(m *documents.Memory, prefix string, after documents.CollectionID, limit int) ([]documents.CollectionID, error) {
			return m.Collections(t.Context(), strings.TrimSuffix(prefix, "/"), after, limit)
		},
		"ignores the end of the prefix": func(m *documents.Memory, prefix string, after documents.CollectionID, limit int) ([]documents.CollectionID, error) {
			all, err := m.Collections(t.Context(), "", after, 1000)
			all = slices.DeleteFunc(all, func(in documents.CollectionID) bool { return in.Space < prefix })
			return all[:min(limit, len(all))], err
		},
		"goes on with the collection itself": func(m *documents.Memory, prefix string, after documents.CollectionID, limit int) ([]documents.CollectionID, error) {
			after.Name = strings.TrimSuffix(after.Name, "s")
			return m.Collections(t.Context(), prefix, after, limit)
		},
		"goes on in the next space": func(m *documents.Memory, prefix string, after documents.CollectionID, limit int) ([]documents.CollectionID, error) {
			if after.Name != "" {
				after.Name = "\x7f"
			}
			return m.Collections(t.Context(), prefix, after, limit)
		},
		"ignores the limit": func(m *documents.Memory, prefix string, after documents.CollectionID, _ int) ([]documents.CollectionID, error) {
			return m.Collections(t.Context(), prefix, after, 1000)
		},
		"goes by names first": func(m *documents.Memory, prefix string, after documents.CollectionID, limit int) ([]documents.CollectionID, error) {
			found, err := m.Collections(t.Context(), prefix, after, limit)
			slices.SortStableFunc(found, func(a, b documents.CollectionID) int { return strings.Compare(a.Name, b.Name) })
			return found, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mustfail.Want(t, func(t testing.TB) {
				b := brokenFinder{documents.NewMemory(), find}
				checkCollections(t, b, b)
			})
		})
	}
	m := documents.NewMemory()
	checkCollections(t, m, m)
}
