package flags_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/flags"
)

// No more tenants are kept than asked for. Those that are in use stay, and so do those
// that are watched.
func TestTenantsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		definitions := map[string]string{}
		for i := range 20 {
			definitions[fmt.Sprint("t", i)] = texts("a", fmt.Sprint(i))
		}
		m := newFaulty(t, definitions)
		all := open(t, m, flags.WithMaxTenants(3))
		ctx, stop := context.WithCancel(t.Context())
		go all.Run(ctx)
		var changes atomic.Int64
		go func() {
			for range all.Watch(ctx, "t0") {
				changes.Add(1)
			}
		}()
		synctest.Wait()
		for i := range 20 {
			if a := textOf(t, all, fmt.Sprint("t", i), "a"); a != fmt.Sprint(i) {
				t.Errorf("flag %d is %q", i, a)
			}
			if a := textOf(t, all, "t0", "a"); a != "0" {
				t.Errorf("the flag of t0 is %q", a)
			}
		}
		if n := m.loads.Load(); n != 20 {
			t.Errorf("there were %d loads of 20 tenants", n)
		}
		if a := textOf(t, all, "t1", "a"); a != "1" || m.loads.Load() != 21 {
			t.Errorf("the flag of t1 is %q after %d loads", a, m.loads.Load())
		}
		if err := m.Set("t0", []byte(texts("a", "new"))); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if n := changes.Load(); n != 1 {
			t.Errorf("the tenant that is watched has %d changes", n)
		}
		stop()
		synctest.Wait()
	})
}

// evicting is a source whose first load of tenant a makes room for b, and for a again.
type evicting struct {
	all   *flags.Flags
	loads atomic.Int64
}

func (e *evicting) Load(ctx context.Context, tenantID string) ([]flags.Definition, error) {
	if tenantID == "b" {
		return nil, nil
	}
	if e.loads.Add(1) > 1 {
		return nil, cpodkit.CodeUnavailable
	}
	_, errB := e.all.Set(ctx, "b")
	if _, errA := e.all.Set(ctx, "a"); errB != nil || !errors.Is(errA, cpodkit.CodeUnavailable) {
		return nil, fmt.Errorf("the loads within are %w, %w", errA, errB)
	}
	return nil, nil
}

// A handle whose tenant is evicted during its first call loads the flags again.
func TestHandleOfAnEvictedTenant(t *testing.T) {
	t.Parallel()
	source := &evicting{}
	source.all = open(t, source, flags.WithMaxTenants(1))
	h := source.all.Trusted("a")
	if r, err := h.Evaluate(t.Context(), "f", nil); r.ErrorCode != flags.ErrorFlagNotFound || err != nil {
		t.Errorf("the first call is %+v, %v", r, err)
	}
	if _, err := h.Evaluate(t.Context(), "f", nil); cpodkit.CodeOf(err) != cpodkit.CodeUnavailable {
		t.Errorf("the second call is %v", err)
	}
}

// Tenants with the same definition share what it is compiled to.
func TestTenantsShareDefinitions(t *testing.T) {
	t.Parallel()
	source := loadedFrom(texts("a", "1"))
	all := open(t, source)
	one, err := all.Set(t.Context(), "t1")
	if err != nil {
		t.Fatal(err)
	}
	two, err := all.Set(t.Context(), "t2")
	if err != nil || one.Version() != two.Version() || len(one.Changed(two)) > 0 {
		t.Errorf("the sets are %q and %q, %v", one.Version(), two.Version(), err)
	}
}

// loadedFrom is a source that gives everyone the same text, and knows nothing else.
type loadedFrom string

func (l loadedFrom) Load(context.Context, string) ([]flags.Definition, error) {
	return []flags.Definition{{Name: "text", JSON: []byte(l)}}, nil
}

// slow is a source whose loads, after the first one, wait until they may go on.
type slow struct {
	*flags.Memory
	loads atomic.Int64
	goOn  chan struct{}
}

func (s *slow) Load(ctx context.Context, tenantID string) ([]flags.Definition, error) {
	if s.loads.Add(1) > 1 {
		<-s.goOn
	}
	return s.Memory.Load(ctx, tenantID)
}

// Those who wait for a load share the next one.
func TestRefreshesAreShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := &slow{Memory: flags.NewMemory(), goOn: make(chan struct{})}
		all := open(t, loadOnly{source})
		_ = textOf(t, all, "acme", "a")
		var callers sync.WaitGroup
		for range 10 {
			callers.Go(func() {
				if err := all.Refresh(t.Context(), "acme"); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		close(source.goOn)
		callers.Wait()
		if n := source.loads.Load(); n != 3 {
			t.Errorf("there were %d loads", n)
		}
	})
}

// hanging is a source that hangs for one tenant, as soon as it is told to.
type hanging struct {
	*flags.Memory
	hangs atomic.Bool
}

func (h *hanging) Load(ctx context.Context, tenantID string) ([]flags.Definition, error) {
	if tenantID == "hung" && h.hangs.Load() {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return h.Memory.Load(ctx, tenantID)
}

// A load that hangs does not hold up those of other tenants that are due.
func TestAHangingLoadHoldsUpNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := &hanging{Memory: flags.NewMemory()}
		all := open(t, loadOnly{source}, flags.WithInterval(time.Second))
		tenants := []string{"hung"}
		for i := range 20 {
			tenants = append(tenants, fmt.Sprint("t", i))
		}
		change := func(value string) {
			t.Helper()
			if err := source.Set("", []byte(texts("a", value))); err != nil {
				t.Fatal(err)
			}
		}
		change("old")
		for _, id := range tenants {
			if a := textOf(t, all, id, "a"); a != "old" {
				t.Fatalf("at first the flag of %s is %q", id, a)
			}
		}
		ctx, stop := context.WithCancel(t.Context())
		go all.Run(ctx)
		source.hangs.Store(true)
		change("new")
		time.Sleep(time.Second)
		synctest.Wait()
		for _, id := range tenants {
			want := "new"
			if id == "hung" {
				want = "old"
			}
			if a := textOf(t, all, id, "a"); a != want {
				t.Errorf("the flag of %s is %q, want %q", id, a, want)
			}
		}
		stop()
		synctest.Wait()
	})
}
