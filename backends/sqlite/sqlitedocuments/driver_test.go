package sqlitedocuments_test

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/cpodkit/cpodkit/backends/sqlite/sqlitedocuments"
	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/documents/documentstest"
	"github.com/cpodkit/cpodkit/storage/storagetest"
)

func TestDriver(t *testing.T) {
	t.Parallel()
	var paths sync.Map
	openAt := func(t testing.TB, path string) documents.Driver {
		d, err := sqlitedocuments.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		paths.Store(d, path)
		return d
	}
	documentstest.Run(t,
		func(t testing.TB) documents.Driver { return openAt(t, filepath.Join(t.TempDir(), "documents.db")) },
		documentstest.WithReopen(func(t testing.TB, closed documents.Driver) documents.Driver {
			path, _ := paths.Load(closed)
			return openAt(t, path.(string))
		}))
}

func TestFlood(t *testing.T) { //nolint:paralleltest // it would starve the others
	storagetest.FloodDocuments(t, func(t testing.TB) documents.Driver {
		return openAt(t, filepath.Join(t.TempDir(), "documents.db"))
	})
}

func TestNamesStayApart(t *testing.T) {
	t.Parallel()
	storagetest.RunDocuments(t, func(t testing.TB) documents.Driver {
		// Which names differ does not depend on when they reach the disk.
		d, err := sqlitedocuments.Open(t.Context(), filepath.Join(t.TempDir(), "documents.db"), sqlitedocuments.UnsafeWithoutSync())
		if err != nil {
			t.Fatal(err)
		}
		return d
	})
}
