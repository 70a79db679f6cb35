package localfiles_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/local/localfiles"
	"github.com/cpodkit/cpodkit/storage/files"
)

// Beside the owner of a folder another process erases a tenant, with what is broken, and
// the folders. Links lead it nowhere, and a file that belongs elsewhere stays.
func TestEraseBesideTheOwner(t *testing.T) {
	t.Parallel()
	dir, elsewhere := t.TempDir(), t.TempDir()
	owner := open(t, dir)
	defer owner.Close()
	put := func(d *localfiles.Driver, name string) error {
		_, err := d.Put(t.Context(), name, strings.NewReader("content"), files.PutOptions{})
		return err
	}
	for _, name := range []string{"t1/apps/a/x", "t1/apps/a/deep/er/y", "t1x/apps/a/x", "other/x"} {
		if err := put(owner, name); err != nil {
			t.Fatal(err)
		}
	}
	at := func(name string) string { return filepath.Join(dir, "objects", filepath.FromSlash(name)) }
	outside := filepath.Join(elsewhere, "kept")
	for _, err := range []error{
		os.WriteFile(at("t1/apps/a/broken"), []byte("no trailer"), 0o600),
		os.WriteFile(outside, []byte("kept"), 0o600),
		os.MkdirAll(at("t1/apps/a/empty/folder"), 0o700),
		os.Symlink(elsewhere, at("t1/apps/a/link")),
		os.Link(at("other/x"), at("t1/apps/a/theirs")), // as a file system that ignores case shows it
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := localfiles.Open(dir); err == nil {
		t.Fatal("the folder can be owned twice")
	}
	beside := open(t, dir, localfiles.BesideOwner())
	defer beside.Close()
	if err := put(beside, "t1/apps/a/new"); !errors.Is(err, cpodkit.CodeNotSupported) {
		t.Errorf("Put beside the owner: %v", err)
	}
	if err := beside.Erase(t.Context(), "t1/"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(at("t1/apps/a/theirs")); err != nil {
		t.Errorf("a file that belongs elsewhere: %v", err)
	}
	if err := os.Remove(at("t1/apps/a/theirs")); err != nil {
		t.Fatal(err)
	}
	if err := beside.Erase(t.Context(), "t1/"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(at("t1")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder of the tenant: %v", err)
	}
	if kept, err := os.ReadFile(outside); err != nil || string(kept) != "kept" {
		t.Errorf("beyond the link: %q, %v", kept, err)
	}
	for _, name := range []string{"t1x/apps/a/x", "other/x"} {
		if _, err := owner.Stat(t.Context(), name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := put(owner, "t1/apps/a/deep/er/y"); err != nil {
		t.Errorf("the owner, afterwards: %v", err)
	}
}
