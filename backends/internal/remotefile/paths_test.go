package remotefile_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/cpodkit/cpodkit/backends/internal/remotefile"
)

func TestPaths(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		first, second string
		waits         bool
	}{
		{"a/b", "a/b", false},
		{"a/b", "a/c", false},
		{"a/b", "a/bc", false},
		{"a/b", "a/b/c", true},
		{"a/b", "a/b/c/d", true},
		{"a/b", "a", true},
		{"a/b/c/d", "a/b", true},
	} {
		t.Run(c.first+" and "+c.second, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var p remotefile.Paths
				if err := p.Enter(t.Context(), c.first); err != nil {
					t.Fatal(err)
				}
				entered := make(chan error, 1)
				go func() { entered <- p.Enter(t.Context(), c.second) }()
				synctest.Wait()
				if waits := len(entered) == 0; waits != c.waits {
					t.Errorf("the second waits: %v", waits)
				}
				p.Leave(c.first)
				if err := <-entered; err != nil {
					t.Error(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				if err := p.Enter(ctx, c.second+"/below"); !errors.Is(err, context.Canceled) {
					t.Errorf("a caller who is gone: %v", err)
				}
				p.Leave(c.second)
				if err := p.Enter(t.Context(), c.second+"/below"); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
