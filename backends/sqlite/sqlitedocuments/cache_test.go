package sqlitedocuments_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cpodkit/cpodkit/backends/sqlite/sqlitedocuments"
	"github.com/cpodkit/cpodkit/storage/documents"
)

func openAt(t testing.TB, path string, opts ...sqlitedocuments.Option) *sqlitedocuments.Driver {
	t.Helper()
	d, err := sqlitedocuments.Open(t.Context(), path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func sameRecords(a, b []documents.Record) bool {
	return slices.EqualFunc(a, b, func(a, b documents.Record) bool {
		return a.Key == b.Key && a.Version == b.Version && a.UpdatedAt.Equal(b.UpdatedAt) && bytes.Equal(a.Value, b.Value)
	})
}

// TestCacheChangesNoResult holds drivers with caches of several sizes, and one
// with an index, against one without, while all of them and an SQL client write
// to the file.
func TestCacheChangesNoResult(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "documents.db")
	var drivers []*sqlitedocuments.Driver
	for _, opts := range [][]sqlitedocuments.Option{
		{sqlitedocuments.WithScanCache(0)},
		{},
		{sqlitedocuments.WithScanCache(32 << 10)},
		{sqlitedocuments.WithReaders(1), sqlitedocuments.WithIndexes(index(t, things.Name, "a -b"))},
	} {
		d := openAt(t, path, append(opts, sqlitedocuments.UnsafeWithoutSync())...)
		d.CacheAtOnce()
		drivers = append(drivers, d)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()

	values := []string{
		`null`, `false`, `1`, `1.0`, `2`, `"x"`, `"y\n\u0000\""`, `[1]`, `{"d":1}`, `{"é":["\\"]}`, `"` + strings.Repeat("long", 99) + `"`,
	}
	version := 0
	randomOps := func(r *rand.Rand) []documents.Op {
		ops := make([]documents.Op, 1+r.IntN(40))
		for i := range ops {
			version++
			ops[i] = documents.Op{
				Delete: r.IntN(4) == 0, IfAbsent: r.IntN(9) == 0, IfPresent: r.IntN(9) == 0,
				Record: documents.Record{
					Key:   fmt.Sprint(r.IntN(100), "é<&\u2028\"\\"),
					Value: []byte(randomMembers(r, values)), Version: fmt.Sprint(version), UpdatedAt: time.UnixMilli(int64(version)),
				},
			}
		}
		return ops
	}
	edits := []string{
		"DELETE FROM documents WHERE id % 7 = 0", "UPDATE documents SET key = key || id WHERE id % 7 = 1",
		"UPDATE documents SET projection = NULL WHERE id % 7 = 2", "ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)",
	}
	rapid.Check(t, func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		space := rapid.SampledFrom([]string{"tenant/apps/app/", "tenant/apps/other/", "tenant/users/u/apps/app/"}).Draw(rt, "space")
		in := documents.CollectionID{Space: space, Name: things.Name}
		for range rapid.IntRange(1, 3).Draw(rt, "writes") {
			if rapid.IntRange(0, 5).Draw(rt, "by") > 0 {
				rapid.SampledFrom(drivers).Draw(rt, "driver").Apply(t.Context(), in, randomOps(r))
			} else if _, err := db.ExecContext(t.Context(), rapid.SampledFrom(edits).Draw(rt, "edit")); err != nil {
				rt.Fatal(err)
			}
			for range 3 {
				q := randomQuery(r, values)
				q.MaxBytes = max(0, r.IntN(1000)-700)
				want, err := drivers[0].Query(t.Context(), in, q)
				if err != nil {
					rt.Fatal(err)
				}
				for i, d := range drivers[1:] {
					if got, err := d.Query(t.Context(), in, q); err != nil || !sameRecords(got, want) {
						rt.Fatalf("driver %d: %+v is %v, %v; want %v", i+1, q, got, err, want)
					}
				}
			}
		}
	})
	for i, d := range drivers {
		_, uses, size, counted := d.CacheState()
		if size != counted || i == 2 && size > 32<<10 || (uses == 0) != (i == 0) {
			t.Errorf("driver %d has used its cache %d times; it has %d bytes, counted %d", i, uses, size, counted)
		}
	}
}

// TestCacheIsCurrent has many write to one file by two drivers, and look for what
// they have written, and what they have read before, by queries of both.
func TestCacheIsCurrent(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "documents.db")
	own, other := openAt(t, path), openAt(t, path)
	own.CacheAtOnce()
	other.CacheAtOnce()
	const callers, rounds = 6, 30
	written := func(owner, n int) string { return fmt.Sprintf(`{"n":%d,"owner":%d,"m":%d}`, n, owner, n*7919%101) }
	number := func(value []byte) (n int) {
		if _, err := fmt.Sscanf(string(value), `{"n":%d`, &n); err != nil {
			t.Errorf("%q: %v", value, err)
		}
		return n
	}
	ask := func(ctx context.Context, d documents.Driver, owner int) []byte {
		records, err := d.Query(ctx, things, documents.DriverQuery{
			Filter: []documents.Condition{{Path: documents.Path{"owner"}, Test: documents.Equal, Keys: []documents.SortKey{keyOf(t, fmt.Sprint(owner))}}},
			Order:  index(t, "", "-n").Members, Limit: 10,
		})
		if err == nil && len(records) != 1 {
			err = fmt.Errorf("%d documents", len(records))
		}
		if err != nil {
			if ctx.Err() == nil {
				t.Error(err)
			}
			return []byte(written(owner, rounds))
		}
		return records[0].Value
	}
	var writers, watchers sync.WaitGroup
	for owner := range callers {
		writers.Go(func() {
			for n := range rounds {
				d := documents.Driver(own)
				if n%15 == 9 { // seldom, or nothing would stay in the cache
					d = other
				}
				value := written(owner, n)
				if err := set(t.Context(), d, fmt.Sprint(owner), value); err != nil {
					t.Error(err)
					return
				}
				for _, d := range []documents.Driver{own, other, own} {
					if got := ask(t.Context(), d, owner); string(got) != value {
						t.Errorf("after %s was written, a query finds %s", value, got)
						return
					}
				}
			}
		})
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	for owner := range 2 {
		watchers.Go(func() { // what one has read is there for a query that comes later
			for ctx.Err() == nil {
				record, err := other.Get(ctx, things, fmt.Sprint(owner))
				if err != nil {
					continue
				}
				if got := ask(ctx, own, owner); number(got) < number(record.Value) {
					t.Errorf("after %s was read, a query finds %s", record.Value, got)
				}
			}
		})
		watchers.Go(func() { // a result is of one moment
			for ctx.Err() == nil {
				records, err := own.Query(ctx, things, documents.DriverQuery{Order: index(t, "", "m").Members, Limit: 10})
				if err != nil && ctx.Err() == nil {
					t.Error(err)
				}
				if !slices.IsSortedFunc(records, func(a, b documents.Record) int {
					return number(a.Value)*7919%101 - number(b.Value)*7919%101
				}) {
					t.Errorf("a query by m finds %v", records)
				}
			}
		})
	}
	writers.Wait()
	stop()
	watchers.Wait()
	if _, uses, size, counted := own.CacheState(); uses == 0 || size != counted {
		t.Errorf("the cache was used %d times; it has %d bytes, counted %d", uses, size, counted)
	}
}

func keyOf(t testing.TB, value string) documents.SortKey {
	t.Helper()
	k, err := documents.KeyOf([]byte(value))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestCacheStaysInBounds queries more than fits.
func TestCacheStaysInBounds(t *testing.T) {
	t.Parallel()
	const limit = 64 << 10
	d := open(t, sqlitedocuments.WithScanCache(limit))
	collection := func(i int) documents.CollectionID {
		return documents.CollectionID{Space: "tenant/apps/app/", Name: fmt.Sprint("c", i)}
	}
	write := func(i, from, n int) {
		t.Helper()
		var ops []documents.Op
		for k := range n {
			r := documents.Record{Key: fmt.Sprint(from + k), Value: []byte(`{"n":1}`), Version: "1"}
			ops = append(ops, documents.Op{Record: r})
		}
		if err := errors.Join(d.Apply(t.Context(), collection(i), ops)...); err != nil {
			t.Fatal(err)
		}
	}
	scan := func(i, times int) {
		t.Helper()
		for range times {
			q := documents.DriverQuery{Order: index(t, "", "n").Members, Limit: 1}
			if records, err := d.Query(t.Context(), collection(i), q); err != nil || len(records) != 1 {
				t.Fatalf("%v, %v", records, err)
			}
		}
	}
	expect := func(when string, want int) uint64 {
		t.Helper()
		collections, uses, size, counted := d.CacheState()
		if size > limit || size != counted || collections != want {
			t.Errorf("%s %d collections are cached, want %d; %d bytes, counted %d, of %d", when, collections, want, size, counted, limit)
		}
		return uses
	}
	for i := range 10 {
		write(i, 0, 100)
	}
	write(10, 0, 3000)

	scan(0, 1)
	expect("after one scan", 0)
	scan(0, 20)
	uses := expect("after some scans", 1)
	scan(0, 10)
	if more := expect("", 1); more != uses+10 {
		t.Errorf("10 queries used the cache %d times", more-uses)
	}
	for i := range 10 {
		scan(i, 20)
	}
	expect("after scans of many collections", 5)
	scan(10, 20)
	expect("after scans of a collection that does not fit", 0)
	scan(1, 100)
	expect("after scans of one that has given way", 1)
	for i := range 20 {
		write(1, i*100, 100)
	}
	expect("after many writes without a query", 0)
	scan(1, 1)
}

// A query does not wait for a writer that waits for another process.
func TestCacheWhileTheFileIsLocked(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "documents.db")
	d := openAt(t, path)
	d.CacheAtOnce()
	if err := set(t.Context(), d, "a", `{"n":1}`); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	lock, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var writer sync.WaitGroup
	waiting := &waitingContext{Context: t.Context(), waiting: make(chan struct{})}
	writer.Go(func() {
		if err := set(waiting, d, "b", `{"n":2}`); err != nil {
			t.Error(err)
		}
	})
	<-waiting.waiting
	d.AwaitWriter(t.Context())
	count := func(want int) {
		t.Helper()
		q := documents.DriverQuery{Order: index(t, "", "n").Members, Limit: 10}
		if records, err := d.Query(t.Context(), things, q); err != nil || len(records) != want {
			t.Errorf("%d documents, %v; want %d", len(records), err, want)
		}
	}
	count(1)
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	writer.Wait()
	count(2)
	count(2)
}
