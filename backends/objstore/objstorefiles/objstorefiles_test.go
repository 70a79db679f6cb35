package objstorefiles_test

import (
	"testing"

	"github.com/thanos-io/objstore"
	"github.com/thanos-io/objstore/providers/filesystem"
	"go.uber.org/goleak"

	"github.com/cpodkit/cpodkit/backends/objstore/objstorefiles"
	"github.com/cpodkit/cpodkit/storage/files"
	"github.com/cpodkit/cpodkit/storage/files/filestest"
	"github.com/cpodkit/cpodkit/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newDriver(t testing.TB, bucket objstore.Bucket, opts ...objstorefiles.Option) *objstorefiles.Driver {
	t.Helper()
	d, err := objstorefiles.New(bucket, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func onDisk(t testing.TB) objstore.Bucket {
	t.Helper()
	bucket, err := filesystem.NewBucket(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return bucket
}

func TestSuite(t *testing.T) {
	t.Parallel()
	filestest.Run(t, func(t testing.TB) files.Driver {
		return newDriver(t, objstore.NewInMemBucket(), objstorefiles.WithSoleWriter())
	})
}

func TestPersistence(t *testing.T) {
	t.Parallel()
	for name, bucket := range map[string]objstore.Bucket{"memory": objstore.NewInMemBucket(), "disk": onDisk(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			filestest.RunPersistent(t, func(t testing.TB) func() files.Driver {
				return func() files.Driver { return newDriver(t, bucket) }
			})
		})
	}
}

func TestNamesStayApart(t *testing.T) {
	t.Parallel()
	for name, bucket := range map[string]objstore.Bucket{"memory": objstore.NewInMemBucket(), "disk": onDisk(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storagetest.RunFiles(t, func(t testing.TB) files.Driver {
				return newDriver(t, bucket, objstorefiles.WithSoleWriter())
			})
		})
	}
}
