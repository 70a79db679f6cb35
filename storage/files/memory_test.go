package files_test

import (
	"testing"

	"github.com/cpodkit/cpodkit/storage/files"
	"github.com/cpodkit/cpodkit/storage/files/filestest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	filestest.Run(t, func(testing.TB) files.Driver { return files.NewMemory() })
}
