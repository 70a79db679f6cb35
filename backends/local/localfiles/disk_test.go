package localfiles_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/local/localfiles"
	"github.com/cpodkit/cpodkit/storage/files"
)

func put(t *testing.T, d *localfiles.Driver, name, content string) files.Attributes {
	t.Helper()
	attrs, err := d.Put(t.Context(), name, strings.NewReader(content), files.PutOptions{})
	if err != nil {
		t.Fatalf("Put(%q): %v", name, err)
	}
	return attrs
}

func content(t *testing.T, d *localfiles.Driver, name string) string {
	t.Helper()
	object, err := d.Open(t.Context(), name)
	if err != nil {
		t.Fatalf("Open(%q): %v", name, err)
	}
	defer object.Close()
	got, err := io.ReadAll(object)
	if err != nil {
		t.Fatalf("read %q: %v", name, err)
	}
	return string(got)
}

func list(t *testing.T, d *localfiles.Driver, q files.ListQuery) []string {
	t.Helper()
	page, err := d.List(t.Context(), q)
	if err != nil {
		t.Fatalf("List(%+v): %v", q, err)
	}
	names := slices.Clone(page.Prefixes)
	for _, attrs := range page.Items {
		names = append(names, attrs.Name)
	}
	slices.Sort(names)
	return names
}

func wantEntries(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s holds %q; want %q", dir, got, want)
	}
}

func rename(t *testing.T, dir, from, to string) {
	t.Helper()
	if err := os.Rename(filepath.Join(dir, "objects", from), filepath.Join(dir, "objects", to)); err != nil {
		t.Fatal(err)
	}
}

// A file system that ignores case takes T1 for t1. Renaming the folder on disk
// shows the driver what such a system would: a file that answers to another name.
func TestOtherNameIsNotFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := open(t, dir)
	defer d.Close()
	put(t, d, "t1/apps/a/secret", "of t1")
	rename(t, dir, "t1", "T1")
	if _, err := d.Stat(t.Context(), "T1/apps/a/secret"); !errors.Is(err, cpodkit.CodeNotFound) {
		t.Errorf("Stat = %v; want not_found", err)
	}
	if _, err := d.Open(t.Context(), "T1/apps/a/secret"); !errors.Is(err, cpodkit.CodeNotFound) {
		t.Errorf("Open = %v; want not_found", err)
	}
	for _, opts := range []files.PutOptions{{}, {IfAbsent: true}} {
		_, err := d.Put(t.Context(), "T1/apps/a/secret", strings.NewReader("x"), opts)
		if !errors.Is(err, cpodkit.CodeConflict) {
			t.Errorf("Put(%+v) = %v; want conflict", opts, err)
		}
	}
	if err := d.Delete(t.Context(), "T1/apps/a/secret"); err != nil {
		t.Errorf("Delete = %v", err)
	}
	for _, delimiter := range []string{"", "/"} {
		if got := list(t, d, files.ListQuery{Prefix: "T1/", Delimiter: delimiter, Limit: 10}); len(got) > 0 {
			t.Errorf("List = %q; want nothing", got)
		}
	}
	rename(t, dir, "T1", "t1")
	if got := content(t, d, "t1/apps/a/secret"); got != "of t1" {
		t.Errorf("the file now holds %q", got)
	}
	wantEntries(t, filepath.Join(dir, "tmp"))
}

// What is in the folder but was not written by the driver is never served and
// never destroyed.
func TestForeignFiles(t *testing.T) {
	t.Parallel()
	whole := func(t *testing.T, dir string) []byte {
		t.Helper()
		data, err := os.ReadFile(filepath.Join(dir, "objects", "t", "good"))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	for name, damage := range map[string]func(good []byte) []byte{
		"empty":               func([]byte) []byte { return nil },
		"plain":               func([]byte) []byte { return []byte("just some text, put here by hand") },
		"cut at the end":      func(good []byte) []byte { return good[:len(good)-1] },
		"cut at the start":    func(good []byte) []byte { return good[1:] },
		"longer":              func(good []byte) []byte { return append([]byte("x"), good...) },
		"footer alone":        func(good []byte) []byte { return good[len(good)-20:] },
		"flipped trailer":     func(good []byte) []byte { good[len(good)-30] ^= 1; return good },
		"flipped length":      func(good []byte) []byte { good[len(good)-5] ^= 1; return good },
		"huge length":         func(good []byte) []byte { good[len(good)-8] = 0xff; return good },
		"flipped checksum":    func(good []byte) []byte { good[len(good)-1] ^= 1; return good },
		"a version to come":   func(good []byte) []byte { good[len(good)-9]++; return good },
		"zeros as after loss": func(good []byte) []byte { return make([]byte, len(good)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			d := open(t, dir)
			defer d.Close()
			put(t, d, "t/good", "content")
			bad := damage(whole(t, dir))
			path := filepath.Join(dir, "objects", "t", "good")
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			_, statErr := d.Stat(t.Context(), "t/good")
			_, openErr := d.Open(t.Context(), "t/good")
			_, putErr := d.Put(t.Context(), "t/good", strings.NewReader("x"), files.PutOptions{})
			for call, err := range map[string]error{
				"Stat": statErr, "Open": openErr, "Put": putErr, "Delete": d.Delete(t.Context(), "t/good"),
			} {
				if cpodkit.CodeOf(err) != cpodkit.CodeInternal {
					t.Errorf("%s = %v; want an error that is internal", call, err)
				}
			}
			if got := list(t, d, files.ListQuery{Prefix: "t/", Limit: 10}); len(got) > 0 {
				t.Errorf("List = %q; want nothing", got)
			}
			after, err := os.ReadFile(path)
			if err != nil || string(after) != string(bad) {
				t.Errorf("the foreign file was changed: %v", err)
			}
		})
	}
}

func TestLinksAreNotServed(t *testing.T) {
	t.Parallel()
	outside, dir := t.TempDir(), t.TempDir()
	d := open(t, dir)
	defer d.Close()
	put(t, d, "t2/apps/b/secret", "of t2")
	put(t, d, "t1/apps/a/own", "of t1")
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("of the server"), 0o600); err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(dir, "objects", "t1", "apps", "a")
	for link, target := range map[string]string{
		"file-out":   filepath.Join(outside, "secret"),
		"folder-out": outside,
		"file-in":    "../../../t2/apps/b/secret",
		"folder-in":  "../../../t2/apps/b",
		"dangling":   "nowhere",
		"loop":       "loop",
	} {
		if err := os.Symlink(target, filepath.Join(home, link)); err != nil {
			t.Skipf("this system makes no links: %v", err)
		}
	}
	for _, name := range []string{
		"file-out", "folder-out/secret", "file-in", "folder-in/secret", "dangling", "loop", "loop/secret",
	} {
		name = "t1/apps/a/" + name
		if object, err := d.Open(t.Context(), name); err == nil {
			t.Errorf("Open(%q) succeeded", name)
			object.Close()
		}
		if _, err := d.Put(t.Context(), name, strings.NewReader("x"), files.PutOptions{}); err == nil && strings.HasSuffix(name, "/secret") {
			t.Errorf("Put(%q) succeeded", name)
		}
		_ = d.Delete(t.Context(), name)
	}
	if got := content(t, d, "t2/apps/b/secret"); got != "of t2" {
		t.Errorf("the neighbour's file now holds %q", got)
	}
	if got, err := os.ReadFile(filepath.Join(outside, "secret")); err != nil || string(got) != "of the server" {
		t.Errorf("the file outside now holds %q, %v", got, err)
	}
	wantEntries(t, outside, "secret")
	wantEntries(t, filepath.Join(dir, "objects", "t2", "apps", "b"), "secret")
	for _, prefix := range []string{"t1/apps/a/folder-in/", "t1/apps/a/folder-out/"} {
		if page, err := d.List(t.Context(), files.ListQuery{Prefix: prefix, Limit: 10}); err == nil && len(page.Items) > 0 {
			t.Errorf("List(%q) = %+v", prefix, page)
		}
	}
}

func TestFailedPutLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := open(t, dir)
	defer d.Close()
	put(t, d, "t/apps/a/file", "x")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	broken := io.MultiReader(strings.NewReader(strings.Repeat("x", 1<<20)), brokenReader{})
	for _, c := range []struct {
		name string
		ctx  context.Context
		body io.Reader
		opts files.PutOptions
	}{
		{"t/apps/b/broken", t.Context(), broken, files.PutOptions{}},
		{"t/apps/c/stuck", t.Context(), stuckReader{}, files.PutOptions{}},
		{"t/apps/d/cancelled", cancelled, strings.NewReader("x"), files.PutOptions{}},
		{"t/apps/a/file/below", t.Context(), strings.NewReader("x"), files.PutOptions{}},
		{"t/apps", t.Context(), strings.NewReader("x"), files.PutOptions{}},
		{"t/apps/a/file", t.Context(), strings.NewReader("x"), files.PutOptions{IfAbsent: true}},
		{"t/apps/a/none", t.Context(), strings.NewReader("x"), files.PutOptions{IfPresent: true}},
	} {
		if _, err := d.Put(c.ctx, c.name, c.body, c.opts); err == nil {
			t.Errorf("Put(%q) succeeded", c.name)
		}
	}
	wantEntries(t, filepath.Join(dir, "tmp"))
	wantEntries(t, filepath.Join(dir, "objects", "t", "apps"), "a")
	wantEntries(t, filepath.Join(dir, "objects", "t", "apps", "a"), "file")
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("broken") }

type stuckReader struct{}

func (stuckReader) Read([]byte) (int, error) { return 0, nil }

func TestEmptyFolders(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := open(t, dir)
	defer d.Close()
	// As a crash may leave them.
	if err := os.MkdirAll(filepath.Join(dir, "objects", "t", "apps", "a", "x", "y", "z"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, delimiter := range []string{"", "/"} {
		if got := list(t, d, files.ListQuery{Prefix: "t/apps/", Delimiter: delimiter, Limit: 10}); len(got) > 0 {
			t.Errorf("List = %q; want nothing", got)
		}
	}
	put(t, d, "t/apps/a/x", "a file where only empty folders were")
	put(t, d, "t/apps/b/deep/er/file", "x")
	if err := d.Delete(t.Context(), "t/apps/b/deep/er/file"); err != nil {
		t.Fatal(err)
	}
	wantEntries(t, filepath.Join(dir, "objects", "t", "apps"), "a")
	if err := d.Delete(t.Context(), "t/apps/a/x"); err != nil {
		t.Fatal(err)
	}
	wantEntries(t, filepath.Join(dir, "objects", "t"), "apps")
}

func TestNobodyElseReads(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "by", "open")
	d := open(t, dir)
	defer d.Close()
	put(t, d, "t/apps/a/file", "x")
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOpenFails(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"", file, filepath.Join(file, "below")} {
		if d, err := localfiles.Open(dir); err == nil {
			t.Errorf("Open(%q) succeeded", dir)
			d.Close()
		}
	}
}

func TestClosedIsUnavailable(t *testing.T) {
	t.Parallel()
	d := open(t, t.TempDir())
	put(t, d, "t/x", "x")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	_, statErr := d.Stat(t.Context(), "t/x")
	_, putErr := d.Put(t.Context(), "t/x", strings.NewReader("x"), files.PutOptions{})
	_, listErr := d.List(t.Context(), files.ListQuery{Prefix: "t/", Limit: 1})
	for call, err := range map[string]error{
		"Stat": statErr, "Put": putErr, "List": listErr, "Delete": d.Delete(t.Context(), "t/x"),
	} {
		if !errors.Is(err, cpodkit.CodeUnavailable) {
			t.Errorf("%s = %v; want unavailable", call, err)
		}
	}
}

// A folder is read in portions. Where one ends, folders sort behind files whose
// names begin with theirs; foreign files make a page need several.
func TestLargeFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := open(t, dir, localfiles.UnsafeWithoutSync())
	defer d.Close()
	want := []string{"t/p/x", "t/p-/x", "t/p-05/x", "t/p-051/x", "t/p-0515x/y", "t/p-1299/x", "t/q"}
	for _, name := range want {
		put(t, d, name, "")
	}
	for i := range 1300 {
		name := fmt.Sprintf("t/p-%04d.", i)
		if i%50 == 0 {
			put(t, d, name, "")
			want = append(want, name)
		} else if err := os.WriteFile(filepath.Join(dir, "objects", name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(want)
	for _, limit := range []int{1, 2, 3, 10, 500} {
		var got []string
		q := files.ListQuery{Prefix: "t/", Limit: limit}
		for more := true; more; more = q.After != "" {
			page, err := d.List(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, attrs := range page.Items {
				got = append(got, attrs.Name)
			}
			q.After = page.Next
		}
		if !slices.Equal(got, want) {
			t.Errorf("limit %d:\n got %q\nwant %q", limit, got, want)
		}
	}
}

// A long key must not cost a file handle for each of its folders.
func TestDeepName(t *testing.T) {
	t.Parallel()
	d := open(t, t.TempDir(), localfiles.UnsafeWithoutSync())
	defer d.Close()
	name := "t/apps/a/" + strings.Repeat("d/", 349) + "f"
	put(t, d, name, "deep")
	if got := list(t, d, files.ListQuery{Prefix: "t/", Limit: 10}); !slices.Equal(got, []string{name}) {
		t.Errorf("List = %.80q", got)
	}
	if got := list(t, d, files.ListQuery{Prefix: "t/", Delimiter: "/", Limit: 10}); !slices.Equal(got, []string{"t/apps/"}) {
		t.Errorf("List = %.80q", got)
	}
	if err := d.Delete(t.Context(), name); err != nil {
		t.Error(err)
	}
}
