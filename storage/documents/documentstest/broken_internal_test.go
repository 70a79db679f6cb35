package documentstest

import (
	"context"
	"slices"
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
