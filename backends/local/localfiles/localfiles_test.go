package localfiles_test

import (
	"testing"

	"github.com/cpodkit/cpodkit/backends/local/localfiles"
	"github.com/cpodkit/cpodkit/storage/files"
	"github.com/cpodkit/cpodkit/storage/files/filestest"
	"github.com/cpodkit/cpodkit/storage/storagetest"
)

func open(t testing.TB, dir string, opts ...localfiles.Option) *localfiles.Driver {
	t.Helper()
	driver, err := localfiles.Open(dir, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return driver
}

func TestSuite(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]localfiles.Option{
		"durable":           nil,
		"UnsafeWithoutSync": {localfiles.UnsafeWithoutSync()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			filestest.Run(t, func(t testing.TB) files.Driver { return open(t, t.TempDir(), opts...) })
		})
	}
}

func TestNamesStayApart(t *testing.T) {
	t.Parallel()
	storagetest.RunFiles(t, func(t testing.TB) files.Driver {
		// The place of a file does not depend on when it reaches the disk.
		return open(t, t.TempDir(), localfiles.UnsafeWithoutSync())
	})
}

func TestPersistence(t *testing.T) {
	t.Parallel()
	filestest.RunPersistent(t, func(t testing.TB) func() files.Driver {
		dir := t.TempDir()
		return func() files.Driver { return open(t, dir) }
	})
}
