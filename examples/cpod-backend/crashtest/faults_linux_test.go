package crashtest_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/cpodkit/cpodkit/client"
	"github.com/cpodkit/cpodkit/internal/testfull"
)

// TestDiskFaults has every change of the data directory fail, in the ways in
// which disks do, and then work again. The server keeps running.
func TestDiskFaults(t *testing.T) {
	t.Parallel()
	changes := func(with syscall.Errno) func(event) syscall.Errno {
		return func(e event) syscall.Errno {
			if e.call == "sync" {
				return 0
			}
			return with
		}
	}
	syncs := func(e event) syscall.Errno {
		if e.call == "sync" {
			return syscall.EIO
		}
		return 0
	}
	for name, c := range map[string]struct {
		fault      func(event) syscall.Errno
		file, docs string // what clients are told
	}{
		"full":      {changes(syscall.ENOSPC), "disk is full", "disk is full"},
		"quota":     {changes(syscall.EDQUOT), "disk is full", "cannot write now"},
		"read-only": {changes(syscall.EROFS), "takes no writes", "cannot write now"},
		"broken":    {changes(syscall.EIO), "not available", "cannot write now"},
		"unsynced":  {syncs, "not available", "cannot write now"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, disk := newInstance(t, filepath.Join(t.TempDir(), "data")).startWatched(t)
			w := newWorld(6)
			w.owner = s.register(t, "owner")
			c2 := s.client(t, w.owner)
			w.putAll(t, c2, "", "")
			w.check(t, s)
			for range testfull.Pick(1, 2) {
				token, err := fetchToken(t.Context(), s.url, w.owner)
				if err != nil {
					t.Fatal(err)
				}
				disk.fail(c.fault)
				w.putAll(t, c2, c.file, c.docs)
				w.deleteAll(t, c2, c.file, c.docs)
				if err := c2.Revoke(t.Context(), token); err == nil {
					t.Error("a token is revoked that nothing can remember")
				}
				_, _, err = s.admin(t).Apps.Register(t.Context(), newApp("app-"+name))
				wantUnavailable(t, "register", err, "")
				w.checkData(t, c2)
				disk.fail(nil)
				w.putAll(t, c2, "", "")
				w.check(t, s)
			}
			s.kill()
			s = s.instance.start(t)
			w.check(t, s)
			s.stop(t)
			checkDatabase(t, filepath.Join(s.instance.dir, "cpod.db"))
		})
	}
}

// putAll writes to every key. It must work, or be refused as said.
func (w *world) putAll(t *testing.T, c *client.Client, file, doc string) {
	t.Helper()
	for key, h := range w.files {
		id := w.newID("file")
		one := h.begin(id)
		written, err := c.Storage.Files.Write(t.Context(), key, bytes.NewReader(fileContent(id, 100_000)))
		h.done(t, one, written.ETag, "write "+key, err, file)
	}
	for key, h := range w.docs {
		value := newRecord(w.newID("doc"), 5000)
		one := h.begin(value.ID)
		written, err := c.Storage.DB.Collection(collection).Set(t.Context(), key, value)
		h.done(t, one, written.Version, "set "+key, err, doc)
	}
}

func (w *world) deleteAll(t *testing.T, c *client.Client, file, doc string) {
	t.Helper()
	for key, h := range w.files {
		if h.admits(absent, "") { // then there may be nothing to fail
			continue
		}
		h.done(t, h.begin(absent), "", "delete "+key, c.Storage.Files.Delete(t.Context(), key), file)
	}
	for key, h := range w.docs {
		h.done(t, h.begin(absent), "", "delete "+key, c.Storage.DB.Collection(collection).Delete(t.Context(), key), doc)
	}
}

// done acknowledges a write, which must work where no refusal is expected.
func (h *history) done(t *testing.T, w *write, tag, call string, err error, refusal string) {
	t.Helper()
	switch {
	case refusal != "":
		wantUnavailable(t, call, err, refusal)
	case err != nil:
		t.Errorf("%s: %v", call, err)
	default:
		h.acknowledge(w, tag)
	}
}

// TestSyncedBeforeAnswered looks at the order in which the server writes, makes
// durable and answers: that is what a power failure would show.
func TestSyncedBeforeAnswered(t *testing.T) {
	t.Parallel()
	inst := newInstance(t, filepath.Join(t.TempDir(), "data"))
	s, disk := inst.startWatched(t)
	c := s.client(t, s.register(t, "owner"))
	things := c.Storage.DB.Collection(collection)
	if _, err := things.Set(t.Context(), "warm-up", 1); err != nil {
		t.Fatal(err)
	}
	root := filepath.Join("files", "objects", "default", "apps", "owner")
	for _, step := range []struct {
		what  string
		do    func() error
		order []string // each somewhere behind the one before; TEMP is a temporary file
		last  string   // this, and nothing but syncs, comes at the end
	}{
		{
			"a file in new folders", func() error {
				_, err := c.Storage.Files.Write(t.Context(), "a/b/file", bytes.NewReader(make([]byte, 200_000)))
				return err
			},
			[]string{
				"open TEMP", "write TEMP", "sync TEMP", "rename " + root + "/a/b/file",
				"sync " + root + "/a/b", "sync " + root + "/a", "sync " + root, "sync files/objects",
			}, "rename " + root + "/a/b/file",
		},
		{
			"over it", func() error {
				_, err := c.Storage.Files.Write(t.Context(), "a/b/file", strings.NewReader("short"))
				return err
			},
			[]string{"open TEMP", "write TEMP", "sync TEMP", "rename " + root + "/a/b/file", "sync " + root + "/a/b"},
			"rename " + root + "/a/b/file",
		},
		{
			"a file beside it", func() error {
				_, err := c.Storage.Files.Write(t.Context(), "a/b/c", strings.NewReader("short"))
				return err
			},
			[]string{"write TEMP", "sync TEMP", "rename " + root + "/a/b/c", "sync " + root + "/a/b"},
			"rename " + root + "/a/b/c",
		},
		{
			"deleting it", func() error { return c.Storage.Files.Delete(t.Context(), "a/b/c") },
			[]string{"remove " + root + "/a/b/c", "sync " + root + "/a/b"}, "",
		},
		{
			"a document", func() error { _, err := things.Set(t.Context(), "doc", 1); return err },
			[]string{"write cpod.db-wal", "sync cpod.db-wal"}, "write cpod.db-wal",
		},
		{
			"deleting it", func() error { return things.Delete(t.Context(), "doc") },
			[]string{"write cpod.db-wal", "sync cpod.db-wal"}, "write cpod.db-wal",
		},
		{
			"an app", func() error { s.register(t, "another"); return nil },
			[]string{"write cpod.db-wal", "sync cpod.db-wal"}, "write cpod.db-wal",
		},
	} {
		disk.take()
		if err := step.do(); err != nil {
			t.Errorf("%s: %v", step.what, err)
		}
		var seen []string
		for _, e := range disk.take() {
			path, _ := filepath.Rel(inst.dir, e.path)
			if strings.HasPrefix(path, "files/tmp/") {
				path = "TEMP"
			}
			seen = append(seen, e.call+" "+path)
		}
		rest := seen
		for _, want := range step.order {
			i := slices.Index(rest, want)
			if i < 0 {
				t.Errorf("%s: no %q in its place in\n%s", step.what, want, strings.Join(seen, "\n"))
				break
			}
			rest = rest[i+1:]
		}
		isSync := func(call string) bool { return strings.HasPrefix(call, "sync ") }
		for i := len(seen) - 1; step.last != "" && i >= 0 && seen[i] != step.last; i-- {
			if !isSync(seen[i]) {
				t.Errorf("%s: %q comes behind %q", step.what, seen[i], step.last)
			}
		}
	}
	s.stop(t)
}
