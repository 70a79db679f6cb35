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

// brokenErasure is a driver in memory that deletes in a wrong way.
type brokenErasure struct {
	*documents.Memory
	collections func(m *documents.Memory, prefix string, after documents.CollectionID, limit int) ([]documents.CollectionID, error)
	apply       func(m *documents.Memory, in documents.CollectionID, ops []documents.Op) []error
}

func (b brokenErasure) Collections(
	ctx context.Context, prefix string, after documents.CollectionID, limit int,
) ([]documents.CollectionID, error) {
	if b.collections == nil {
		return b.Memory.Collections(ctx, prefix, after, limit)
	}
	return b.collections(b.Memory, prefix, after, limit)
}

func (b brokenErasure) Apply(ctx context.Context, in documents.CollectionID, ops []documents.Op) []error {
	if b.apply == nil || !ops[0].Delete {
		return b.Memory.Apply(ctx, in, ops)
	}
	return b.apply(b.Memory, in, ops)
}

func TestErasureFindsBrokenDrivers(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]brokenErasure{
		"stops after one page": {collections: func(m *documents.Memory, prefix string, after documents.CollectionID, limit int) ([]documents.CollectionID, error) {
			if after != (documents.CollectionID{}) {
				return nil, nil
			}
			return m.Collections(t.Context(), prefix, after, min(limit, 3))
		}},
		"finds one space alone": {collections: func(m *documents.Memory, prefix string, after documents.CollectionID, limit int) ([]documents.CollectionID, error) {
			found, err := m.Collections(t.Context(), prefix, after, limit)
			return slices.DeleteFunc(found, func(in documents.CollectionID) bool { return in.Space != "t1/apps/a/" }), err
		}},
		"ignores the slash of the prefix": {collections: func(m *documents.Memory, prefix string, after documents.CollectionID, limit int) ([]documents.CollectionID, error) {
			return m.Collections(t.Context(), strings.TrimSuffix(prefix, "/"), after, limit)
		}},
		"erases the sibling": {apply: func(m *documents.Memory, in documents.CollectionID, ops []documents.Op) []error {
			errs := m.Apply(t.Context(), in, ops)
			in.Space = strings.Replace(in.Space, "t1/", "t1x/", 1)
			m.Apply(t.Context(), in, ops)
			return errs
		}},
		"deletes the first of a batch": {apply: func(m *documents.Memory, in documents.CollectionID, ops []documents.Op) []error {
			m.Apply(t.Context(), in, ops[:1])
			return make([]error, len(ops))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b.Memory = documents.NewMemory()
			mustfail.Want(t, func(t testing.TB) { checkErase(t, b) })
		})
	}
	checkErase(t, documents.NewMemory())
}
