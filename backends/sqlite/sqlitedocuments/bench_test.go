package sqlitedocuments_test

import (
	"crypto/rand"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/backends/sqlite/sqlitedocuments"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// The cases of every benchmark: documents of two sizes, one caller and 32.
var benchCases = []struct {
	name    string
	filler  int // bytes of a long text in the document
	callers int
}{
	{"small/1", 0, 1},
	{"small/32", 0, 32},
	{"4KiB/1", 4000, 1},
	{"4KiB/32", 4000, 32},
}

var benchCollection = documents.CollectionID{Space: "tenant/apps/app/", Name: "sessions"}

func benchRecord(key string, i, filler int) documents.Record {
	status := [...]string{"active", "idle", "closed", "blocked"}[i%4]
	return documents.Record{
		Key: key,
		Value: fmt.Appendf(nil, `{"status":%q,"plan":"pro","createdAt":"2026-01-%02dT%02d:%02d:00Z","visits":%d,`+
			`"user":{"name":"Alice Example","city":"Berlin"},"tags":["a","b"],"text":"%s"}`,
			status, i%28+1, i%24, i%60, i*7919%10007, strings.Repeat("lorem ipsum ", filler/12)),
		Version:   rand.Text()[:16],
		UpdatedAt: time.UnixMilli(1_800_000_000_000).UTC(),
	}
}

func open(tb testing.TB, opts ...sqlitedocuments.Option) *sqlitedocuments.Driver {
	tb.Helper()
	d, err := sqlitedocuments.Open(tb.Context(), filepath.Join(tb.TempDir(), "documents.db"), opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := d.Close(); err != nil {
			tb.Error(err)
		}
	})
	return d
}

func fill(b *testing.B, d documents.Driver, n, filler int) {
	b.Helper()
	for start := 0; start < n; start += 500 {
		var ops []documents.Op
		for i := start; i < min(start+500, n); i++ {
			ops = append(ops, documents.Op{Record: benchRecord(fmt.Sprintf("key-%06d", i), i, filler)})
		}
		for _, err := range d.Apply(b.Context(), benchCollection, ops) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

// run calls each from several goroutines; i counts over all of them.
func run(b *testing.B, callers int, each func(i int) error) {
	b.Helper()
	var n atomic.Int64
	b.SetParallelism((callers + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := each(int(n.Add(1))); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func benchmarkSet(b *testing.B, opts ...sqlitedocuments.Option) {
	for _, c := range benchCases {
		b.Run(c.name, func(b *testing.B) {
			d := open(b, opts...)
			fill(b, d, 10_000, c.filler)
			run(b, c.callers, func(i int) error {
				record := benchRecord(fmt.Sprintf("key-%06d", i*7919%20_000), i, c.filler)
				return d.Apply(b.Context(), benchCollection, []documents.Op{{Record: record}})[0]
			})
		})
	}
}

func BenchmarkSet(b *testing.B)              { benchmarkSet(b) }
func BenchmarkSetPowerLossRisk(b *testing.B) { benchmarkSet(b, sqlitedocuments.UnsafeWithoutSync()) }

func BenchmarkGet(b *testing.B) {
	for _, c := range benchCases {
		b.Run(c.name, func(b *testing.B) {
			d := open(b)
			fill(b, d, 10_000, c.filler)
			run(b, c.callers, func(i int) error {
				_, err := d.Get(b.Context(), benchCollection, fmt.Sprintf("key-%06d", i*7919%10_000))
				return err
			})
		})
	}
}

// BenchmarkQuery finds the first 20 of the 2,500 of 10,000 documents that pass a
// filter, in the order of another member.
func BenchmarkQuery(b *testing.B) { benchmarkQuery(b) }

func BenchmarkQueryByIndex(b *testing.B) {
	benchmarkQuery(b, sqlitedocuments.WithIndexes(index(b, benchCollection.Name, "status -visits")))
}

func benchmarkQuery(b *testing.B, opts ...sqlitedocuments.Option) {
	b.Helper()
	active, err := documents.KeyOf([]byte(`"active"`))
	if err != nil {
		b.Fatal(err)
	}
	q := documents.DriverQuery{
		Filter: []documents.Condition{{Path: documents.Path{"status"}, Test: documents.Equal, Keys: []documents.SortKey{active}}},
		Order:  []documents.Order{{Path: documents.Path{"visits"}, Descending: true}},
		Limit:  20,
	}
	for _, c := range benchCases {
		b.Run(c.name, func(b *testing.B) {
			d := open(b, opts...)
			fill(b, d, 10_000, c.filler)
			run(b, c.callers, func(int) error {
				records, err := d.Query(b.Context(), benchCollection, q)
				if err == nil && len(records) != q.Limit {
					err = fmt.Errorf("%d documents", len(records))
				}
				return err
			})
		})
	}
}
