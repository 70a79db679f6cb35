package documents_test

import (
	"testing"

	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/documents/documentstest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	documentstest.Run(t, func(testing.TB) documents.Driver { return documents.NewMemory() })
}
