package filestest

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/internal/mustfail"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/files"
)

// broken is a driver in memory whose conditions are changed by a mistake.
type broken struct {
	*files.Memory
	mistake func(*files.PutOptions)
}

func (b broken) Put(ctx context.Context, name string, body io.Reader, opts files.PutOptions) (files.Attributes, error) {
	b.mistake(&opts)
	return b.Memory.Put(ctx, name, body, opts)
}

func TestConditionsFindBrokenDrivers(t *testing.T) {
	t.Parallel()
	for name, mistake := range map[string]func(*files.PutOptions){
		"the ETag * stands for any": func(opts *files.PutOptions) {
			if opts.IfMatch == "*" {
				opts.IfMatch, opts.IfPresent = "", true
			}
		},
		"IfPresent is ignored":       func(opts *files.PutOptions) { opts.IfPresent = false },
		"IfMatch is ignored":         func(opts *files.PutOptions) { opts.IfMatch = "" },
		"IfPresent replaces IfMatch": func(opts *files.PutOptions) { opts.IfMatch, opts.IfPresent = "", opts.NeedsFile() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mustfail.Want(t, func(t testing.TB) { testIfMatch(start(t, broken{files.NewMemory(), mistake})) })
		})
	}
}

// brokenList is a driver in memory that finds what to erase in a wrong way.
type brokenList struct {
	*files.Memory
	list func(m *files.Memory, q files.ListQuery) (files.Listing, error)
}

func (b brokenList) List(_ context.Context, q files.ListQuery) (files.Listing, error) {
	return b.list(b.Memory, q)
}

// eagerEraser erases the sibling of what it is told.
type eagerEraser struct{ *files.Memory }

func (b eagerEraser) Erase(ctx context.Context, prefix string) error {
	if err := storage.CheckPrefix(prefix); err != nil {
		return err
	}
	return b.Delete(ctx, strings.TrimSuffix(prefix, "/")+"x/apps/a/x")
}

// carelessEraser erases below any prefix.
type carelessEraser struct{ *files.Memory }

func (carelessEraser) Erase(context.Context, string) error { return nil }

func TestErasureFindsBrokenDrivers(t *testing.T) {
	t.Parallel()
	list := func(list func(m *files.Memory, q files.ListQuery) (files.Listing, error)) files.Driver {
		return brokenList{files.NewMemory(), list}
	}
	for name, driver := range map[string]files.Driver{
		"erases the sibling": eagerEraser{files.NewMemory()},
		"erases any prefix":  carelessEraser{files.NewMemory()},
		"stops after one page": list(func(m *files.Memory, q files.ListQuery) (files.Listing, error) {
			page, err := m.List(t.Context(), q)
			page.Next = ""
			return page, err
		}),
		"ignores the slash of the prefix": list(func(m *files.Memory, q files.ListQuery) (files.Listing, error) {
			q.Prefix = strings.TrimSuffix(q.Prefix, "/")
			return m.List(t.Context(), q)
		}),
		"lists the first page again": list(func(m *files.Memory, q files.ListQuery) (files.Listing, error) {
			q.After = ""
			return m.List(t.Context(), q)
		}),
		"says a wrong size": list(func(m *files.Memory, q files.ListQuery) (files.Listing, error) {
			page, err := m.List(t.Context(), q)
			for i := range page.Items {
				page.Items[i].Size++
			}
			return page, err
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mustfail.Want(t, func(t testing.TB) { testErase(&suite{TB: t, driver: driver, ctx: t.Context()}) })
		})
	}
	testErase(start(t, files.NewMemory()))
}
