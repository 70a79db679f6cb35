package usagestore_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/backends/docstore/usagestore"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// counted is a counter that says what it is told.
type counted struct {
	bytes atomic.Int64
	calls atomic.Int64
	err   atomic.Pointer[error]
}

func (c *counted) count(context.Context, string) (int64, error) {
	c.calls.Add(1)
	if err := c.err.Load(); err != nil {
		return 0, *err
	}
	return c.bytes.Load(), nil
}

func recordsOn(t *testing.T, driver documents.Driver) *usagestore.Records {
	t.Helper()
	db, err := docstore.New(driver)
	if err != nil {
		t.Fatal(err)
	}
	return usagestore.NewRecords(db)
}

func newUsage(t *testing.T, records *usagestore.Records, limit int64, c *counted) *usagestore.Usage {
	t.Helper()
	u, err := usagestore.New(records, limit, c.count, nil)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func reserve(t *testing.T, u *usagestore.Usage, tenant string, n int64, fits bool) {
	t.Helper()
	err := u.Reserve(t.Context(), tenant, n)
	if fits && err != nil || !fits && !errors.Is(err, cpodkit.CodeQuotaExceeded) {
		t.Errorf("Reserve(%s, %d) = %v; want it to fit: %t", tenant, n, err, fits)
	}
}

func stored(t *testing.T, records *usagestore.Records, tenant string, want int64) {
	t.Helper()
	if got, err := records.Get(t.Context(), tenant); err != nil || got.Bytes != want {
		t.Errorf("the record of %s has %d, %v; want %d", tenant, got.Bytes, err, want)
	}
}

func flush(t *testing.T, usages ...*usagestore.Usage) {
	t.Helper()
	for range 2 { // so that the first has read what the last has written
		for _, u := range usages {
			if err := u.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	records, c := recordsOn(t, documents.NewMemory()), &counted{}
	c.bytes.Store(30)
	u := newUsage(t, records, 100, c)
	reserve(t, u, "t1", 70, true)
	reserve(t, u, "t1", 1, false)
	reserve(t, u, "t1", 1<<63-1, false)
	reserve(t, u, "t2", 70, true)
	u.Release("t1", 20)
	reserve(t, u, "t1", 20, true)
	reserve(t, u, "t1", 1, false)
	if err := u.Reserve(t.Context(), "t1", 5); err == nil || !strings.Contains(err.Error(), "100 of the 100 bytes") {
		t.Errorf("the refusal says %v", err)
	}
	if n := c.calls.Load(); n != 2 {
		t.Errorf("%d counts of two tenants", n)
	}
	stored(t, records, "t1", 30)
	flush(t, u)
	stored(t, records, "t1", 100)
	u.Release("t1", 60)
	u.Release("t3", 60) // which is not counted yet
	flush(t, u)
	stored(t, records, "t1", 40)
	u.Forget("t1")
	reserve(t, u, "t1", 61, false)
	reserve(t, u, "t1", 60, true)
	if err := u.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	stored(t, records, "t1", 100)
	if err := u.Reserve(t.Context(), "t4", 1); !errors.Is(err, cpodkit.CodeUnavailable) {
		t.Errorf("after Close: %v", err)
	}
	for _, wrong := range []func() (*usagestore.Usage, error){
		func() (*usagestore.Usage, error) { return usagestore.New(nil, 1, c.count, nil) },
		func() (*usagestore.Usage, error) { return usagestore.New(records, 0, c.count, nil) },
		func() (*usagestore.Usage, error) { return usagestore.New(records, 1, nil, nil) },
	} {
		if _, err := wrong(); err == nil {
			t.Error("a wrong usage is made")
		}
	}
}

// Replicas pass the limit by no more than what each takes before it has read the others.
func TestReplicas(t *testing.T) {
	t.Parallel()
	records, c := recordsOn(t, documents.NewMemory()), &counted{}
	replicas := []*usagestore.Usage{newUsage(t, records, 1000, c), newUsage(t, records, 1000, c), newUsage(t, records, 1000, c)}
	for _, u := range replicas {
		reserve(t, u, "t1", 300, true)
	}
	flush(t, replicas...)
	stored(t, records, "t1", 900)
	for _, u := range replicas { // within one second
		reserve(t, u, "t1", 101, false)
		reserve(t, u, "t1", 100, true)
	}
	flush(t, replicas...)
	stored(t, records, "t1", 1200)
	for _, u := range replicas {
		reserve(t, u, "t1", 1, false)
	}
	replicas[0].Release("t1", 300)
	flush(t, replicas...)
	for _, u := range replicas {
		reserve(t, u, "t1", 101, false)
	}
	reserve(t, replicas[2], "t1", 100, true)
}

// Many writers and flushes at once lose nothing.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	records, c := recordsOn(t, documents.NewMemory()), &counted{}
	replicas := []*usagestore.Usage{newUsage(t, records, 1<<40, c), newUsage(t, records, 1<<40, c), newUsage(t, records, 1<<40, c)}
	var work sync.WaitGroup
	for _, u := range replicas {
		for range 4 {
			work.Go(func() {
				for range 200 {
					reserve(t, u, "t1", 3, true)
					u.Release("t1", 1)
				}
			})
		}
		work.Go(func() {
			for range 20 {
				if err := u.Flush(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	flush(t, replicas...)
	stored(t, records, "t1", 3*4*200*2)
}

// A crash loses what was not written yet; counting mends it, and running replicas go on
// from there.
func TestKillAndRecount(t *testing.T) {
	t.Parallel()
	records, c := recordsOn(t, documents.NewMemory()), &counted{}
	killed := newUsage(t, records, 100, c)
	reserve(t, killed, "t1", 60, true)
	flush(t, killed)
	reserve(t, killed, "t1", 30, true) // and now it is killed
	c.bytes.Store(90)                  // are really there
	next := newUsage(t, records, 100, c)
	reserve(t, next, "t1", 40, true) // which is wrong
	next.Release("t1", 40)
	if n, err := records.Recount(t.Context(), "t1", c.count); err != nil || n != 90 {
		t.Errorf("Recount = %d, %v", n, err)
	}
	flush(t, next)
	reserve(t, next, "t1", 11, false)
	reserve(t, next, "t1", 10, true)

	// Without a record it is counted again by itself.
	flush(t, next)
	c.bytes.Store(50)
	if err := records.Delete(t.Context(), "t1"); err != nil {
		t.Fatal(err)
	}
	flush(t, next)
	reserve(t, next, "t1", 51, false)
	reserve(t, next, "t1", 50, true)
	if err := records.Clear(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := records.Get(t.Context(), "t1"); !errors.Is(err, cpodkit.CodeNotFound) {
		t.Errorf("after Clear: %v", err)
	}
}

// What was written while it was counted is not lost.
func TestRecountWhileOthersWrite(t *testing.T) {
	t.Parallel()
	records, c := recordsOn(t, documents.NewMemory()), &counted{}
	u := newUsage(t, records, 1000, c)
	reserve(t, u, "t1", 10, true)
	flush(t, u)
	counts := 0
	n, err := records.Recount(t.Context(), "t1", func(context.Context, string) (int64, error) {
		counts++
		reserve(t, u, "t1", 10, true)
		flush(t, u)
		return int64(counts * 10), nil
	})
	if err != nil || n != 40 || counts != 3 {
		t.Errorf("Recount = %d, %v after %d counts", n, err, counts)
	}
	failing := errors.New("no count")
	if _, err := records.Recount(t.Context(), "t1", func(context.Context, string) (int64, error) { return 0, failing }); !errors.Is(err, failing) {
		t.Errorf("a count that fails: %v", err)
	}
}

// A write waits for a count, and not for a long one; one that fails is unavailable, and
// tried again.
func TestCountsThatTakeLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var counting atomic.Int64
		records := recordsOn(t, documents.NewMemory())
		u, err := usagestore.New(records, 100, func(ctx context.Context, _ string) (int64, error) {
			counting.Add(1)
			select {
			case <-release:
				return 10, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			began := time.Now()
			if err := u.Reserve(t.Context(), "t1", 1); !errors.Is(err, cpodkit.CodeUnavailable) || time.Since(began) != 5*time.Second {
				t.Errorf("while it is counted: %v after %v", err, time.Since(began))
			}
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := u.Reserve(ended, "t1", 1); !errors.Is(err, context.Canceled) {
			t.Errorf("with a context that has ended: %v", err)
		}
		close(release)
		synctest.Wait()
		reserve(t, u, "t1", 91, false)
		reserve(t, u, "t1", 90, true)
		if n := counting.Load(); n != 1 {
			t.Errorf("%d counts at once", n)
		}

		// Run writes every second, until its context ends.
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			u.Run(ctx)
		}()
		time.Sleep(1100 * time.Millisecond)
		stored(t, records, "t1", 100)
		stop()
		<-done
		if err := u.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
	c := &counted{}
	failing := errors.New("the disk is away")
	c.err.Store(&failing)
	u := newUsage(t, recordsOn(t, documents.NewMemory()), 100, c)
	if err := u.Reserve(t.Context(), "t1", 1); !errors.Is(err, cpodkit.CodeUnavailable) || !errors.Is(err, failing) {
		t.Errorf("a count that fails: %v", err)
	}
	c.err.Store(nil)
	reserve(t, u, "t1", 1, true)
}
