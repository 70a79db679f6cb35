package sqlitedocuments_test

import (
	"errors"
	"math"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/sqlite/sqlitedocuments"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// While too little is free, documents can be deleted, and the server can keep
// its own records.
func TestKeepFree(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skip("the free space cannot be told here")
	}
	d, err := sqlitedocuments.Open(t.Context(), filepath.Join(t.TempDir(), "documents.db"), sqlitedocuments.KeepFree(math.MaxInt64))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	one := documents.Op{Record: documents.Record{Key: "a", Value: []byte(`1`), Version: "1"}}
	gone := documents.Op{Record: documents.Record{Key: "b"}, Delete: true}
	errs := d.Apply(t.Context(), things, []documents.Op{one, gone})
	full, ok := errors.AsType[*cpodkit.Error](errs[0])
	if !ok || full.Code != cpodkit.CodeUnavailable || !strings.Contains(full.Detail, "full") || errs[1] != nil {
		t.Errorf("a set and a delete: %v", errs)
	}
	if _, err := d.Get(t.Context(), things, "a"); !errors.Is(err, cpodkit.CodeNotFound) {
		t.Errorf("the refused document: %v", err)
	}
	own := documents.CollectionID{Space: storage.System("authz").Root(), Name: "revocations"}
	if err := d.Apply(t.Context(), own, []documents.Op{one})[0]; err != nil {
		t.Errorf("a set in a system space: %v", err)
	}
}
