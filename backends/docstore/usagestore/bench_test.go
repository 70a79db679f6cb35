package usagestore_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/backends/docstore/usagestore"
	"github.com/cpodkit/cpodkit/backends/local/localfiles"
	"github.com/cpodkit/cpodkit/backends/sqlite/sqlitedocuments"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/files"
)

// BenchmarkQuota stores without and with a quota: files of 4 KiB and documents of 1 KiB,
// new ones and in place of others, by many writers. On the disk that is localfiles and
// SQLite; in memory nearly all is what the portable types do.
func BenchmarkQuota(b *testing.B) {
	owner := storage.Owner{TenantID: "t1", AppID: "a1"}
	content, value := strings.Repeat("x", 4<<10), []byte(`"`+strings.Repeat("x", 1<<10-2)+`"`)
	for _, place := range []string{"disk", "memory"} {
		for _, keys := range []int{0, 1000} { // 0 for new ones
			for _, with := range []string{"without", "with"} {
				name := fmt.Sprintf("%s/in place of %d/%s", place, keys, with)
				b.Run("put 4 KiB/"+name, func(b *testing.B) {
					store, err := files.New(fileDriver(b, place), files.WithQuota(quotaFor(b, with)))
					if err != nil {
						b.Fatal(err)
					}
					defer store.Close()
					h := store.Trusted(owner)
					run(b, keys, func(ctx context.Context, key string) error {
						_, err := h.Write(ctx, key, strings.NewReader(content), nil)
						return err
					})
				})
				b.Run("set 1 KiB/"+name, func(b *testing.B) {
					store, err := documents.New(documentDriver(b, place), documents.WithQuota(quotaFor(b, with)))
					if err != nil {
						b.Fatal(err)
					}
					defer store.Close()
					c := store.Trusted(owner).Collection("c")
					run(b, keys, func(ctx context.Context, key string) error {
						_, err := c.Set(ctx, key, value, nil)
						return err
					})
				})
			}
		}
	}
}

func fileDriver(b *testing.B, place string) files.Driver {
	b.Helper()
	var driver files.Driver
	var err error
	if driver, err = files.NewMemoryOf(8 << 30); place == "disk" {
		driver, err = localfiles.Open(b.TempDir())
	}
	if err != nil {
		b.Fatal(err)
	}
	return driver
}

func documentDriver(b *testing.B, place string) documents.Driver {
	b.Helper()
	if place != "disk" {
		return documents.NewMemory()
	}
	driver, err := sqlitedocuments.Open(b.Context(), filepath.Join(b.TempDir(), "documents.db"))
	if err != nil {
		b.Fatal(err)
	}
	return driver
}

// quotaFor returns a quota that is never used up, or none.
func quotaFor(b *testing.B, with string) storage.Quota {
	b.Helper()
	if with == "without" {
		return nil
	}
	driver := documents.NewMemory()
	db, err1 := docstore.New(driver)
	count := func(context.Context, string) (int64, error) { return 0, nil }
	usage, err2 := usagestore.New(usagestore.NewRecords(db), 1<<60, count, nil)
	if err := errors.Join(err1, err2); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := errors.Join(usage.Close(context.WithoutCancel(b.Context())), driver.Close()); err != nil {
			b.Error(err)
		}
	})
	return usage
}

func run(b *testing.B, keys int, store func(ctx context.Context, key string) error) {
	b.Helper()
	var next atomic.Int64
	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n := int(next.Add(1))
			if keys > 0 {
				n %= keys
			}
			if err := store(b.Context(), fmt.Sprintf("%08d", n)); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
