package filestest

import (
	"context"
	"io"
	"testing"

	"github.com/cpodkit/cpodkit/internal/mustfail"
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
