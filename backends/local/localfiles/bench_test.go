package localfiles_test

import (
	"bytes"
	"fmt"
	"io"
	"sync/atomic"
	"testing"

	"github.com/cpodkit/cpodkit/backends/local/localfiles"
	"github.com/cpodkit/cpodkit/storage/files"
)

func sizes(b *testing.B, run func(b *testing.B, d *localfiles.Driver, content []byte)) {
	for name, opts := range map[string][]localfiles.Option{
		"durable": nil, "UnsafeWithoutSync": {localfiles.UnsafeWithoutSync()},
	} {
		for _, size := range []int{4 << 10, 1 << 20} {
			b.Run(fmt.Sprintf("%s/%dKiB", name, size>>10), func(b *testing.B) {
				d, err := localfiles.Open(b.TempDir(), opts...)
				if err != nil {
					b.Fatal(err)
				}
				defer d.Close()
				b.SetBytes(int64(size))
				b.ReportAllocs()
				run(b, d, bytes.Repeat([]byte("x"), size))
			})
		}
	}
}

func BenchmarkPut(b *testing.B) {
	sizes(b, func(b *testing.B, d *localfiles.Driver, content []byte) {
		var next atomic.Int64
		b.SetParallelism(16) // 32 writers on two cores
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				name := fmt.Sprint("t/apps/a/bench/", next.Add(1))
				if _, err := d.Put(b.Context(), name, bytes.NewReader(content), files.PutOptions{}); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

func BenchmarkGet(b *testing.B) {
	sizes(b, func(b *testing.B, d *localfiles.Driver, content []byte) {
		if _, err := d.Put(b.Context(), "t/apps/a/bench/x", bytes.NewReader(content), files.PutOptions{}); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			object, err := d.Open(b.Context(), "t/apps/a/bench/x")
			if err != nil {
				b.Fatal(err)
			}
			if n, err := io.Copy(io.Discard, object); err != nil || n != int64(len(content)) {
				b.Fatal(n, err)
			}
			if err := object.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkList lists 50 files from the middle of 10,000 in one folder.
func BenchmarkList(b *testing.B) {
	d, err := localfiles.Open(b.TempDir(), localfiles.UnsafeWithoutSync())
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	for i := range 10_000 {
		name := fmt.Sprintf("t/apps/a/bench/%05d", i)
		if _, err := d.Put(b.Context(), name, bytes.NewReader(nil), files.PutOptions{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		q := files.ListQuery{Prefix: "t/apps/a/", After: "t/apps/a/bench/05000", Limit: 50}
		if page, err := d.List(b.Context(), q); err != nil || len(page.Items) != 50 {
			b.Fatal(len(page.Items), err)
		}
	}
}
