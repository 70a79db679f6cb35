package localfiles_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/local/localfiles"
	"github.com/cpodkit/cpodkit/storage/files"
)

// What a killed process was writing goes with the next start, however young.
func TestAbandonedTemporaryFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := open(t, dir)
	temp := filepath.Join(dir, "tmp")
	if err := os.WriteFile(filepath.Join(temp, "young"), []byte("half a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" {
		if second, err := localfiles.Open(dir); err == nil {
			t.Error("a second driver opens the same folder")
			second.Close()
		}
		wantEntries(t, temp, "young")
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	defer open(t, dir).Close()
	if runtime.GOOS != "windows" {
		wantEntries(t, temp)
	}
}

// A temporary file that could not be removed when its Put failed goes with a
// later one.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("nothing stops this user from removing a file; crashtest takes a read-only disk")
	}
	dir := t.TempDir()
	d := open(t, dir)
	defer d.Close()
	temp := filepath.Join(dir, "tmp")
	if _, err := d.Put(t.Context(), "t/x", lockingReader(func() { os.Chmod(temp, 0o500) }), files.PutOptions{}); err == nil {
		t.Error("the Put succeeded")
	}
	if err := os.Chmod(temp, 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, d, "t/y", "content")
	wantEntries(t, temp)
}

type lockingReader func()

func (r lockingReader) Read([]byte) (int, error) {
	r()
	return 0, errors.New("broken")
}

func TestKeepFree(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, open(t, dir), "t/x", "content")
	d, err := localfiles.Open(filepath.Join(dir, "another"), localfiles.KeepFree(math.MaxInt64))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	_, err = d.Put(t.Context(), "t/x", strings.NewReader("x"), files.PutOptions{})
	if runtime.GOOS == "linux" || runtime.GOOS == "darwin" {
		if e, ok := errors.AsType[*cpodkit.Error](err); !ok || e.Code != cpodkit.CodeUnavailable || !strings.Contains(e.Detail, "full") {
			t.Errorf("Put = %v; want unavailable", err)
		}
	}
	wantEntries(t, filepath.Join(dir, "another", "tmp"))
}
