package storagetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/testfull"
	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/files"
	"github.com/cpodkit/cpodkit/storage/kv"
)

const (
	// floodUses is how many first uses of another tenant must succeed.
	floodUses = 1_000

	// floodTime is what they may take together, as a generous bound.
	floodTime = 2 * time.Minute
)

// usage is one kind of call. It gets the number of the call.
type usage struct {
	name string
	make func(ctx context.Context, i int) error
}

// flood is one tenant that uses a driver as hard as it can, while another one makes its
// first uses of it. The driver must serve all of these, and soon.
type flood struct {
	testing.TB

	// uses are the kinds of calls of the other tenant, which take turns.
	uses []usage

	// hogs are the kinds of calls of the one that floods, one kind after the other. Many
	// goroutines make them again and again. To be unavailable is an outcome like others.
	hogs []usage
}

// run makes the uses without and with each flood, and logs how long they took.
func (f *flood) run() {
	f.Helper()
	alone := f.measure(f.Context(), "alone")
	for _, hog := range f.hogs {
		if f.Failed() {
			return
		}
		full, calls := f.beside(hog)
		for i, use := range f.uses {
			f.Logf("%s beside %d calls to %s: p99 %v, alone %v: %.2f times", use.name, calls, hog.name,
				p99(full[i]), p99(alone[i]), float64(p99(full[i]))/float64(p99(alone[i])))
		}
	}
}

// beside makes the uses while the other tenant floods. It returns how long each kind of
// them took, and how many calls that tenant made.
func (f *flood) beside(hog usage) (took [][]time.Duration, calls int64) {
	f.Helper()
	const goroutines = 32
	ctx, stop := context.WithCancel(f.Context())
	defer stop()
	var hogs sync.WaitGroup
	var made atomic.Int64
	began := make(chan struct{}, goroutines)
	for n := range goroutines {
		hogs.Go(func() {
			began <- struct{}{}
			for i := n; ctx.Err() == nil; i += goroutines {
				err := hog.make(ctx, i)
				if err != nil && ctx.Err() == nil && !errors.Is(err, cpodkit.CodeUnavailable) {
					f.Errorf("call %d of the tenant that floods, to %s: %v", i, hog.name, err)
					return
				}
				made.Add(1)
			}
		})
	}
	for range goroutines {
		<-began
	}
	took = f.measure(ctx, "beside a tenant that makes many calls to "+hog.name)
	stop()
	hogs.Wait()
	return took, made.Load()
}

func p99(took []time.Duration) time.Duration {
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[len(took)*99/100]
}

// measure makes the uses, and returns how long those of each kind took.
func (f *flood) measure(ctx context.Context, when string) [][]time.Duration {
	f.Helper()
	ctx, cancel := context.WithTimeout(ctx, floodTime)
	defer cancel()
	uses := testfull.Pick(floodUses, len(f.uses)*floodUses)
	if testing.Short() || raceDetector {
		uses /= 10
	}
	took := make([][]time.Duration, len(f.uses))
	for i := range uses {
		kind := i % len(f.uses)
		start := time.Now()
		if err := f.uses[kind].make(ctx, i/len(f.uses)); err != nil {
			f.Errorf("%s: %s %d of another tenant: %v", when, f.uses[kind].name, i, err)
			return took
		}
		took[kind] = append(took[kind], time.Since(start))
	}
	return took
}

func floodIdentity(tenant string) cpodkit.Identity {
	return cpodkit.Identity{TenantID: tenant, AppID: "app", UserID: "user", Scopes: cpodkit.Scopes{
		"storage.private.read", "storage.private.write",
	}}
}

// FloodDocuments has one tenant make more calls of a driver at once than it has room for:
// batches of 500 ops, queries that look through a collection, gets. Meanwhile the
// first thousand sets, gets and queries of another tenant must succeed, in two minutes. It
// logs how long they take. The driver must be empty. FloodDocuments closes it.
func FloodDocuments(t *testing.T, newDriver func(t testing.TB) documents.Driver) {
	t.Helper()
	floodDocuments(t, newDriver(t))
}

func floodDocuments(t testing.TB, driver documents.Driver) {
	t.Helper()
	store, err := documents.New(driver)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	const small, large = 50, 2_000
	value := func(i int) []byte { return fmt.Appendf(nil, `{"n":%d,"text":"%0200d"}`, i%97, i) }
	key := func(i int) string { return fmt.Sprint("k", i) }
	a := store.For(floodIdentity("a")).Collection("things")
	b := store.For(floodIdentity("b")).Collection("things")
	batch := func(ctx context.Context, from, n int) error {
		list := make([]documents.BatchOp, n)
		for i := range list {
			list[i] = documents.BatchOp{Key: key(from + i), Value: value(from + i)}
		}
		result, err := a.Batch(ctx, list)
		if err == nil && result.Failed > 0 {
			err = fmt.Errorf("%d ops of a batch failed: %w", result.Failed, result.Errors[0].Code)
			if ctx.Err() != nil || result.Errors[0].Code == cpodkit.CodeUnavailable {
				return nil
			}
		}
		return err
	}
	for from := 0; from < large; from += documents.MaxBatch {
		if err := batch(t.Context(), from, documents.MaxBatch); err != nil {
			t.Fatal(err)
		}
	}
	for i := range small {
		if _, err := b.Set(t.Context(), key(i), value(i), nil); err != nil {
			t.Fatal(err)
		}
	}
	f := &flood{TB: t, uses: []usage{
		{"set", func(ctx context.Context, i int) error {
			_, err := b.Set(ctx, key(i%small), value(i), nil)
			return err
		}},
		{"get", func(ctx context.Context, i int) error {
			_, err := b.Get(ctx, key(i%small))
			return err
		}},
		{"query", func(ctx context.Context, i int) error {
			_, err := b.Query(ctx, documents.Query{Filter: map[string]any{"n": i % small}, Limit: 10})
			return err
		}},
	}, hogs: []usage{
		{"batch", func(ctx context.Context, i int) error { return batch(ctx, i%4*documents.MaxBatch, documents.MaxBatch) }},
		{"get", func(ctx context.Context, i int) error {
			_, err := a.Get(ctx, key(i%large))
			return err
		}},
		{"query", func(ctx context.Context, i int) error {
			order := documents.Order{Path: documents.Path{"text", fmt.Sprint("p", i%100)}}
			_, err := a.Query(ctx, documents.Query{Sort: []documents.Order{order}, Limit: 5})
			return err
		}},
	}}
	f.run()
}

// FloodKV has one tenant store all that a driver lets it, and call it from many
// goroutines. Meanwhile the first thousand uses of another tenant must succeed, in two
// minutes. room is how many bytes the driver holds for all tenants together: the tenant
// that floods may get an eighth of it at most. It is 0 for a driver without such a bound.
// The driver must be empty. FloodKV closes it.
func FloodKV(t *testing.T, newDriver func(t testing.TB) kv.Driver, room int64) {
	t.Helper()
	floodKV(t, newDriver(t), room)
}

func floodKV(t testing.TB, driver kv.Driver, room int64) {
	t.Helper()
	store, err := kv.New(driver)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	a, b := store.For(floodIdentity("a")), store.For(floodIdentity("b"))
	const size = 16 << 10
	value := strings.Repeat("x", size)
	held := int64(0)
	for i := 0; held < 2*room; i++ {
		err := a.Set(t.Context(), fmt.Sprint("k", i), value, nil)
		if errors.Is(err, cpodkit.CodeUnavailable) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		held += size
	}
	if held > room/8 {
		t.Errorf("the tenant that floods holds %d of %d bytes; an eighth is its share", held, room)
	}
	f := &flood{TB: t, uses: []usage{
		{"set", func(ctx context.Context, i int) error { return b.Set(ctx, fmt.Sprint("k", i), "value", nil) }},
		{"incr", func(ctx context.Context, i int) error {
			_, err := b.Incr(ctx, fmt.Sprint("n", i%10), 1)
			return err
		}},
		{"delete", func(ctx context.Context, i int) error { return b.Delete(ctx, fmt.Sprint("k", i-100)) }},
	}, hogs: []usage{
		{"set", func(ctx context.Context, i int) error { return a.Set(ctx, fmt.Sprint("more", i%1000), value, nil) }},
	}}
	f.run()
}

// FloodFiles has one tenant read from many goroutines, and hold as many files open as a
// driver lets it. Meanwhile the first thousand reads of another tenant must succeed, in
// two minutes. The driver must be empty. FloodFiles closes it.
func FloodFiles(t *testing.T, newDriver func(t testing.TB) files.Driver) {
	t.Helper()
	floodFiles(t, newDriver(t))
}

func floodFiles(t testing.TB, driver files.Driver) {
	t.Helper()
	store, err := files.New(driver)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	a, b := store.For(floodIdentity("a")), store.For(floodIdentity("b"))
	read := func(ctx context.Context, h files.Handle, key string) error {
		r, err := h.Open(ctx, key)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, r)
		return errors.Join(err, r.Close())
	}
	for _, h := range []files.Handle{a, b} {
		if _, err := h.Write(t.Context(), "first", strings.NewReader("text"), nil); err != nil {
			t.Fatal(err)
		}
	}
	f := &flood{TB: t, uses: []usage{
		{"read", func(ctx context.Context, _ int) error { return read(ctx, b, "first") }},
	}, hogs: []usage{
		{"read", func(ctx context.Context, _ int) error { return read(ctx, a, "first") }},
		{"hold files open", func(ctx context.Context, _ int) error {
			var all sync.WaitGroup
			for range 50 {
				all.Go(func() {
					if r, err := a.Open(ctx, "first"); err == nil {
						<-ctx.Done()
						_ = r.Close()
					}
				})
			}
			all.Wait()
			return nil
		}},
	}}
	f.run()
}
