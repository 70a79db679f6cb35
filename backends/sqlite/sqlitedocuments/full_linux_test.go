package sqlitedocuments_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/sqlite/sqlitedocuments"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// TestFullDisk runs itself in a process of its own, whose files cannot grow past
// a limit: what a full disk looks like to SQLite.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	const marker = "CPODKIT_TEST_FULL_DISK"
	if os.Getenv(marker) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFullDisk$", "-test.v")
		cmd.Env = append(os.Environ(), marker+"=1")
		if output, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	d, err := sqlitedocuments.Open(t.Context(), filepath.Join(t.TempDir(), "documents.db"))
	if err != nil {
		t.Fatal(err)
	}
	value := `{"text":"` + strings.Repeat("x", 100_000) + `"}`
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	full := limit
	full.Cur = 2 << 20
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &full); err != nil {
		t.Fatal(err)
	}
	acknowledged := 0
	for err == nil && acknowledged < 1000 {
		if err = set(t.Context(), d, fmt.Sprint(acknowledged), value); err == nil {
			acknowledged++
		}
	}
	if !errors.Is(err, cpodkit.CodeUnavailable) {
		t.Errorf("after %d documents: %v, want %s", acknowledged, err, cpodkit.CodeUnavailable)
	}
	checkAll := func(n int) {
		for i := range n {
			if r, err := d.Get(t.Context(), things, fmt.Sprint(i)); err != nil || string(r.Value) != value {
				t.Errorf("document %d of %d: %d bytes, %v", i, n, len(r.Value), err)
			}
		}
		if _, err := d.Get(t.Context(), things, fmt.Sprint(n)); !errors.Is(err, cpodkit.CodeNotFound) {
			t.Errorf("the document that was refused: %v", err)
		}
	}
	checkAll(acknowledged)
	another := documents.CollectionID{Space: things.Space, Name: "another"}
	op := documents.Op{Record: documents.Record{Key: "a", Value: []byte(value), Version: "1"}}
	if err := d.Apply(t.Context(), another, []documents.Op{op})[0]; !errors.Is(err, cpodkit.CodeUnavailable) {
		t.Errorf("the first document of a collection: %v", err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		if err := set(t.Context(), d, fmt.Sprint(acknowledged+i), value); err != nil {
			t.Fatalf("with room again: %v", err)
		}
	}
	checkAll(acknowledged + 20)
	if err := d.Apply(t.Context(), another, []documents.Op{op})[0]; err != nil {
		t.Error(err)
	}
	if _, err := d.Get(t.Context(), another, "a"); err != nil {
		t.Errorf("the first document of a collection, with room again: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
