package flagstest

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/flags"
	"github.com/cpodkit/cpodkit/internal/mustfail"
)

// brief is how long the suite waits here for what never comes.
const brief = 500 * time.Millisecond

// broken is a source in memory with some of it replaced.
type broken struct {
	*flags.Memory
	load    func(m *flags.Memory, ctx context.Context, tenantID string) ([]flags.Definition, error)
	watch   func(m *flags.Memory, ctx context.Context, changed func(string)) error
	version func(m *flags.Memory, ctx context.Context, tenantID string) (string, error)
}

func (b broken) Load(ctx context.Context, tenantID string) ([]flags.Definition, error) {
	if b.load != nil {
		return b.load(b.Memory, ctx, tenantID)
	}
	return b.Memory.Load(ctx, tenantID)
}

func (b broken) Watch(ctx context.Context, changed func(string)) error {
	if b.watch != nil {
		return b.watch(b.Memory, ctx, changed)
	}
	return b.Memory.Watch(ctx, changed)
}

func (b broken) Version(ctx context.Context, tenantID string) (string, error) {
	if b.version != nil {
		return b.version(b.Memory, ctx, tenantID)
	}
	return b.Memory.Version(ctx, tenantID)
}

func editor(source flags.Source, m *flags.Memory) Editor {
	return Editor{
		Source: source,
		Put: func(t testing.TB, tenantID, definition string) {
			t.Helper()
			if err := m.Set(tenantID, []byte(definition)); err != nil {
				t.Fatal(err)
			}
		},
		Remove: func(_ testing.TB, tenantID string) { m.Remove(tenantID) },
	}
}

// The suite catches each of these mistakes.
func TestMistakesAreSeen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		test   func(*suite)
		broken func() broken
	}{
		"an unknown tenant is an error": {testEmpty, func() broken {
			return broken{load: func(m *flags.Memory, ctx context.Context, id string) ([]flags.Definition, error) {
				if all, err := m.Load(ctx, id); err != nil || len(all) > 0 {
					return all, err
				}
				return nil, cpodkit.CodeNotFound
			}}
		}},
		"all tenants have the same": {testTenants, func() broken {
			return broken{load: func(m *flags.Memory, ctx context.Context, _ string) ([]flags.Definition, error) {
				return m.Load(ctx, "t1")
			}}
		}},
		"a tenant is matched by its beginning": {testTenants, func() broken {
			return broken{load: func(m *flags.Memory, ctx context.Context, id string) ([]flags.Definition, error) {
				if strings.HasPrefix(id, "t1") {
					id = "t1"
				}
				return m.Load(ctx, id)
			}}
		}},
		"the end of the context is not seen": {testCancelledContext, func() broken {
			return broken{load: func(m *flags.Memory, ctx context.Context, id string) ([]flags.Definition, error) {
				return m.Load(context.WithoutCancel(ctx), id)
			}}
		}},
		"the version is of all tenants": {testVersion, func() broken {
			return broken{version: func(m *flags.Memory, ctx context.Context, _ string) (string, error) {
				one, err := m.Version(ctx, "t1")
				two, _ := m.Version(ctx, "t2")
				return one + two, err
			}}
		}},
		"the version is new each time": {testVersion, func() broken {
			var n atomic.Int64
			return broken{version: func(*flags.Memory, context.Context, string) (string, error) {
				return strconv.FormatInt(n.Add(1), 10), nil
			}}
		}},
		"what was loaded first stays": {testPut, func() broken {
			var once sync.Once
			var first []flags.Definition
			return broken{load: func(m *flags.Memory, ctx context.Context, id string) ([]flags.Definition, error) {
				all, err := m.Load(ctx, id)
				if len(all) > 0 {
					once.Do(func() { first = all })
					return first, err
				}
				return all, err
			}}
		}},
		"what is removed stays": {testRemoved, func() broken {
			var last atomic.Pointer[[]flags.Definition]
			return broken{load: func(m *flags.Memory, ctx context.Context, id string) ([]flags.Definition, error) {
				all, err := m.Load(ctx, id)
				if len(all) > 0 {
					last.Store(&all)
				} else if before := last.Load(); before != nil {
					all = *before
				}
				return all, err
			}}
		}},
		"definitions add up": {testReplaced, func() broken {
			var mu sync.Mutex
			var all []flags.Definition
			return broken{load: func(m *flags.Memory, ctx context.Context, id string) ([]flags.Definition, error) {
				now, err := m.Load(ctx, id)
				mu.Lock()
				defer mu.Unlock()
				all = append(all, now...)
				return slices.Clone(all), err
			}}
		}},
		"nothing is reported": {testWatchReports, func() broken {
			return broken{watch: func(_ *flags.Memory, ctx context.Context, _ func(string)) error {
				<-ctx.Done()
				return nil
			}}
		}},
		"another tenant is reported": {testWatchReports, func() broken {
			return broken{watch: func(m *flags.Memory, ctx context.Context, changed func(string)) error {
				return m.Watch(ctx, func(string) { changed("another") })
			}}
		}},
		"Watch does not end": {testWatchEnds, func() broken {
			return broken{watch: func(m *flags.Memory, ctx context.Context, changed func(string)) error {
				ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*brief)
				defer cancel()
				return m.Watch(ctx, changed)
			}}
		}},
		"Watch ends with an error": {testWatchEnds, func() broken {
			return broken{watch: func(_ *flags.Memory, ctx context.Context, _ func(string)) error {
				<-ctx.Done()
				return cpodkit.CodeInternal
			}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mustfail.Want(t, func(t testing.TB) {
				run(t, func(testing.TB) Editor {
					b := c.broken()
					b.Memory = flags.NewMemory()
					return editor(b, b.Memory)
				}, c.test, brief)
			})
		})
	}
}

// Parts of two definitions in one load are seen.
func TestPartsAreSeen(t *testing.T) {
	t.Parallel()
	mustfail.Want(t, func(t testing.TB) {
		run(t, func(testing.TB) Editor {
			m := flags.NewMemory()
			e := editor(m, m)
			put := e.Put
			e.Put = func(t testing.TB, tenantID, definition string) {
				t.Helper()
				for range 1000 { // one flag is older than the others
					put(t, tenantID, strings.Replace(definition, `{"v": "`, `{"v": "x`, 1))
				}
				put(t, tenantID, definition)
			}
			return e
		}, testWhole, brief)
	})
}

func TestMemory(t *testing.T) {
	t.Parallel()
	Run(t, func(testing.TB) Editor { m := flags.NewMemory(); return editor(m, m) })
}
