package kv_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/kv"
	"github.com/cpodkit/cpodkit/storage/kv/kvtest"
)

func newMemory(testing.TB) kv.Driver { return kv.NewMemory() }

func TestMemory(t *testing.T) {
	t.Parallel()
	kvtest.Run(t, func(testing.TB) kv.Driver { return kv.NewMemory() })
}

func TestMemoryInBubble(t *testing.T) {
	t.Parallel()
	kvtest.RunInBubble(t, newMemory)
}

// entryCost is what an entry takes of the budget beside its key and value.
const entryCost = 128

// fill sets entries "t/k0000", "t/k0001", … of 1 KiB until there is no room for
// tenant t.
func fill(t *testing.T, m *kv.Memory, ttl time.Duration) (stored int) {
	t.Helper()
	value := strings.Repeat("x", 1<<10)
	for {
		_, err := m.Set(t.Context(), fmt.Sprintf("t/k%04d", stored), value, ttl, false)
		if errors.Is(err, cpodkit.CodeUnavailable) {
			return stored
		}
		if err != nil {
			t.Fatal(err)
		}
		stored++
	}
}

func memoryOf(t testing.TB, maxBytes int64) *kv.Memory {
	t.Helper()
	m, err := kv.NewMemoryOf(maxBytes)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	const budget = 1 << 20
	m := memoryOf(t, budget)
	defer m.Close()
	stored := fill(t, m, time.Hour)
	if want := budget / 8 / (1<<10 + 7 + entryCost); stored != want {
		t.Errorf("%d entries fit; want %d", stored, want)
	}
	// Nothing was evicted, and what does not grow still works.
	for i := range stored {
		if ok, err := m.Exists(t.Context(), fmt.Sprintf("t/k%04d", i)); err != nil || !ok {
			t.Fatalf("entry %d is gone: %v", i, err)
		}
	}
	if _, err := m.Set(t.Context(), "t/k0000", strings.Repeat("y", 3<<10), 0, false); !errors.Is(err, cpodkit.CodeUnavailable) {
		t.Errorf("Set of a larger value in a full memory: %v", err)
	}
	if got, _ := m.Get(t.Context(), "t/k0000"); got[0] != 'x' {
		t.Error("a Set that failed changed the value")
	}
	if left, err := m.TTL(t.Context(), "t/k0000"); err != nil || left == 0 {
		t.Errorf("a Set that failed changed the ttl: %v, %v", left, err)
	}
	if _, err := m.Set(t.Context(), "t/k0000", "small", 0, false); err != nil {
		t.Errorf("Set of a smaller value in a full memory: %v", err)
	}
	if _, err := m.Set(t.Context(), "t/new", strings.Repeat("z", 800), 0, false); err != nil {
		t.Errorf("Set after room was made: %v", err)
	}
	for i := range stored {
		if _, err := m.Delete(t.Context(), fmt.Sprintf("t/k%04d", i), nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := m.Delete(t.Context(), "t/new", nil); err != nil {
		t.Fatal(err)
	}
	if again := fill(t, m, 0); again != stored {
		t.Errorf("%d entries fit after all were deleted; before it were %d", again, stored)
	}
}

// TestMemoryExpiryMakesRoom holds the budget to account: whatever way entries
// go, all of their room comes back.
func TestMemoryExpiryMakesRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := memoryOf(t, 1<<20)
		defer m.Close()
		first := fill(t, m, time.Minute)
		for range 3 {
			time.Sleep(time.Minute) // the bubble's clock: no real time passes
			synctest.Wait()
			if again := fill(t, m, time.Minute); again != first {
				t.Fatalf("%d entries fit after expiry; before it were %d", again, first)
			}
		}
		// Expired entries go on demand too, before a timer had its turn.
		time.Sleep(time.Minute)
		if again := fill(t, m, 0); again != first {
			t.Fatalf("%d entries fit at once after expiry; before it were %d", again, first)
		}
	})
}

func TestMemoryBudgetUnderConcurrency(t *testing.T) {
	t.Parallel()
	const budget, size = 1 << 20, 4 << 10
	m := memoryOf(t, budget)
	defer m.Close()
	value := strings.Repeat("x", size)
	var stored atomic.Int64
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 200 {
				_, err := m.Set(t.Context(), fmt.Sprintf("t/%d/%03d", w, i), value, 0, false)
				switch {
				case err == nil:
					stored.Add(1)
				case !errors.Is(err, cpodkit.CodeUnavailable):
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got, want := stored.Load(), int64(budget/8/(size+7+entryCost)); got != want {
		t.Errorf("%d entries were stored; exactly %d fit", got, want)
	}
}

// TestMemoryExpiryFreesMemory makes no call after the entries were set.
func TestMemoryExpiryFreesMemory(t *testing.T) {
	t.Parallel()
	m := kv.NewMemory()
	defer m.Close()
	freed := make(chan struct{})
	value := new([64 << 10]byte)
	runtime.AddCleanup(value, func(done chan struct{}) { close(done) }, freed)
	text := unsafe.String(&value[0], len(value))
	if _, err := m.Set(t.Context(), "k", text, 50*time.Millisecond, false); err != nil {
		t.Fatal(err)
	}
	watchdog := time.NewTimer(30 * time.Second)
	defer watchdog.Stop()
	collect := time.NewTicker(20 * time.Millisecond)
	defer collect.Stop()
	for {
		select {
		case <-freed:
			return
		case <-collect.C:
			runtime.GC()
		case <-watchdog.C:
			t.Fatal("the driver still holds the value of an expired entry")
		}
	}
}

// TestMemoryShrinks takes most entries away, in both ways, and looks whether the
// rest is still in place.
func TestMemoryShrinks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := kv.NewMemory()
		defer m.Close()
		const entries = 30_000
		key := func(i int) string { return fmt.Sprint("key/", i) }
		for i := range entries {
			ttl := []time.Duration{0, time.Minute, time.Hour}[i%3]
			if _, err := m.Set(t.Context(), key(i), key(i), ttl, false); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		stays := func(i int) bool { return i%3 == 2 && i%30 == 2 || i%3 == 0 && i%33 == 0 }
		for i := range entries {
			if i%3 != 1 && !stays(i) {
				if removed, err := m.Delete(t.Context(), key(i), nil); err != nil || !removed {
					t.Fatalf("Delete(%d) = %v, %v", i, removed, err)
				}
			}
		}
		check := func(want func(i int) bool) {
			for i := range entries {
				got, err := m.Get(t.Context(), key(i))
				if (err == nil) != want(i) || err == nil && got != key(i) {
					t.Fatalf("Get(%d) = %q, %v", i, got, err)
				}
			}
		}
		check(stays)
		time.Sleep(time.Hour)
		synctest.Wait()
		check(func(i int) bool { return stays(i) && i%3 == 0 })
	})
}

func TestMemoryIsUnavailableAfterClose(t *testing.T) {
	t.Parallel()
	m := kv.NewMemory()
	if _, err := m.Set(t.Context(), "k", "v", time.Hour, false); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, getErr := m.Get(t.Context(), "k")
	_, setErr := m.Set(t.Context(), "k", "v", 0, false)
	_, incrErr := m.Incr(t.Context(), "k", 1)
	for _, err := range []error{getErr, setErr, incrErr} {
		if !errors.Is(err, cpodkit.CodeUnavailable) {
			t.Errorf("a call after Close: %v", err)
		}
	}
}
