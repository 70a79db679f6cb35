package objstorefiles_test

import (
	"log/slog"

	"github.com/thanos-io/objstore"

	"github.com/cpodkit/cpodkit/backends/objstore/objstorefiles"
	"github.com/cpodkit/cpodkit/storage/files"
)

// Any bucket will do; that of objstore's client package is made from its YAML
// configuration, for Azure, Google and others.
func ExampleNew() {
	bucket := objstore.NewInMemBucket()
	defer bucket.Close()
	driver, err := objstorefiles.New(bucket)
	if err != nil {
		slog.Default().Error("no store of files", "err", err)
		return
	}
	store, err := files.New(driver, files.WithPublicURL("https://api.example.com"))
	if err != nil {
		slog.Default().Error("no store of files", "err", err)
		return
	}
	defer store.Close()
}
