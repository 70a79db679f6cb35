package kvtest

import (
	"context"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/storage/kv"
)

// brokenEraser is a driver in memory that erases in a wrong way.
type brokenEraser struct {
	*kv.Memory
	erase func(ctx context.Context, m *kv.Memory, prefix string) (int64, error)
}

func (b brokenEraser) Erase(ctx context.Context, prefix string) (int64, error) {
	return b.erase(ctx, b.Memory, prefix)
}

func TestErasersThatAreWrong(t *testing.T) {
	t.Parallel()
	for name, erase := range map[string]func(ctx context.Context, m *kv.Memory, prefix string) (int64, error){
		"erases the sibling": func(ctx context.Context, m *kv.Memory, prefix string) (int64, error) {
			n, err := m.Erase(ctx, prefix)
			if err == nil {
				_, err = m.Erase(ctx, strings.TrimSuffix(prefix, "/")+"x/")
			}
			return n, err
		},
		"takes the prefix for a pattern": func(ctx context.Context, m *kv.Memory, prefix string) (int64, error) {
			n, err := m.Erase(ctx, prefix)
			if err == nil && strings.Contains(prefix, "*?/") {
				_, err = m.Erase(ctx, strings.ReplaceAll(prefix, "t[1]*?/", "t1xx/"))
			}
			return n, err
		},
		"ignores the slash at the end": func(ctx context.Context, m *kv.Memory, prefix string) (int64, error) {
			n, err := m.Erase(ctx, prefix)
			if err == nil {
				_, err = m.Delete(ctx, strings.TrimSuffix(prefix, "/"), nil)
			}
			return n, err
		},
		"does not erase what has an end": func(ctx context.Context, m *kv.Memory, prefix string) (int64, error) {
			kept := map[string]string{}
			for _, key := range []string{"x", "*", "["} {
				if value, err := m.Get(ctx, prefix+key); err == nil {
					kept[key] = value
				}
			}
			n, err := m.Erase(ctx, prefix)
			for key, value := range kept {
				_, _ = m.Set(ctx, prefix+key, value, 0, false)
			}
			return n, err
		},
		"stops after one page": func(ctx context.Context, m *kv.Memory, prefix string) (n int64, err error) {
			if strings.HasSuffix(prefix, "/u/") {
				return m.Erase(ctx, prefix)
			}
			for _, digit := range []string{"1", "2", "3"} {
				_, _ = m.Delete(ctx, prefix+"apps/a/"+digit, nil)
			}
			return 3, ctx.Err()
		},
		"says nothing of what it erased": func(ctx context.Context, m *kv.Memory, prefix string) (int64, error) {
			_, err := m.Erase(ctx, prefix)
			return 0, err
		},
		"takes any prefix": func(ctx context.Context, m *kv.Memory, prefix string) (int64, error) {
			n, err := m.Erase(ctx, prefix)
			if ctx.Err() == nil {
				err = nil
			}
			return n, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fails(t, testErase, func() kv.Driver { return brokenEraser{kv.NewMemory(), erase} })
		})
	}
}
