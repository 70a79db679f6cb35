package storagetest_test

import (
	"path/filepath"
	"testing"

	"github.com/cpodkit/cpodkit/backends/local/localfiles"
	"github.com/cpodkit/cpodkit/backends/sqlite/sqlitedocuments"
	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/files"
	"github.com/cpodkit/cpodkit/storage/kv"
	"github.com/cpodkit/cpodkit/storage/storagetest"
)

func TestFilesInMemory(t *testing.T) {
	t.Parallel()
	storagetest.RunFiles(t, func(testing.TB) files.Driver { return files.NewMemory() })
}

func TestLocalFiles(t *testing.T) {
	t.Parallel()
	storagetest.RunFiles(t, func(t testing.TB) files.Driver {
		// Where a file lies does not depend on when it reaches the disk.
		driver, err := localfiles.Open(t.TempDir(), localfiles.UnsafeWithoutSync())
		if err != nil {
			t.Fatal(err)
		}
		return driver
	}, storagetest.ForSlowDriver())
}

func TestDocumentsInMemory(t *testing.T) {
	t.Parallel()
	storagetest.RunDocuments(t, func(testing.TB) documents.Driver { return documents.NewMemory() })
}

func TestSQLiteDocuments(t *testing.T) {
	t.Parallel()
	storagetest.RunDocuments(t, func(t testing.TB) documents.Driver {
		driver, err := sqlitedocuments.Open(t.Context(), filepath.Join(t.TempDir(), "documents.db"), sqlitedocuments.UnsafeWithoutSync())
		if err != nil {
			t.Fatal(err)
		}
		return driver
	}, storagetest.ForSlowDriver())
}

func TestKVInMemory(t *testing.T) {
	t.Parallel()
	storagetest.RunKV(t, func(testing.TB) kv.Driver { return kv.NewMemory() })
}
