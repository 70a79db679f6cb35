//go:build !race

package mongodocuments_test

import (
	"testing"

	"github.com/cpodkit/cpodkit/internal/testservice"
	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/storagetest"
)

// Not a second time under the race detector: it takes minutes, because the
// stand-in for MongoDB reads its whole database for each query.
func TestIsolation(t *testing.T) {
	t.Parallel()
	testservice.MongoURL(t)
	storagetest.RunDocuments(t, func(t testing.TB) documents.Driver { return open(t, newDatabase(t)) },
		storagetest.ForSlowDriver(), storagetest.WithRandom(100))
}
