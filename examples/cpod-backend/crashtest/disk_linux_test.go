package crashtest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/cpodkit/cpodkit/client"
)

// wantFull checks that a call is refused because the disk is full.
func wantFull(t *testing.T, call string, err error) {
	t.Helper()
	wantUnavailable(t, call, err, "disk is full")
}

func wantUnavailable(t *testing.T, call string, err error, says string) {
	t.Helper()
	answer, ok := errors.AsType[*client.Error](err)
	if !ok || answer.Status != http.StatusServiceUnavailable || answer.Code != "unavailable" || answer.RetryAfter == 0 ||
		!strings.Contains(answer.Message, says) {
		t.Errorf("%s = %v; want 503 that says %q", call, err, says)
	}
}

// fill writes to all keys at once. What is refused must say that the disk is full.
func (w *world) fill(t *testing.T, c *client.Client) {
	t.Helper()
	ctx := t.Context()
	put := func(kind string, keys map[string]*history, write func(ctx context.Context, key, id string) (string, error)) {
		for key, h := range keys {
			id := w.newID(kind)
			one := h.begin(id)
			tag, err := write(ctx, key, id)
			if err != nil {
				wantFull(t, kind, err)
				continue
			}
			h.acknowledge(one, tag)
		}
	}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			put("file", w.files, func(ctx context.Context, key, id string) (string, error) {
				file, err := c.Storage.Files.Write(ctx, key, bytes.NewReader(fileContent(id, 900<<10)))
				return file.ETag, err
			})
		})
		wg.Go(func() {
			put("doc", w.docs, func(ctx context.Context, key, id string) (string, error) {
				doc, err := c.Storage.DB.Collection(collection).Set(ctx, key, newRecord(id, 40<<10))
				return doc.Version, err
			})
		})
	}
	wg.Wait()
}

// there returns some key under which something is stored.
func there(t *testing.T, keys map[string]*history) (string, *history) {
	t.Helper()
	for key, h := range keys {
		if !h.admits(absent, "") {
			return key, h
		}
	}
	t.Fatal("nothing is stored")
	return "", nil
}

// TestFullDisk fills a small disk: the server by itself, which keeps some of it
// free, and then somebody else to the last byte.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	if !ownMounts(t) {
		return
	}
	const keep = 12 << 20
	dir := filepath.Join(t.TempDir(), "disk")
	mountMemory(t, dir, "40m")
	inst := newInstance(t, filepath.Join(dir, "data"), fmt.Sprintf("CPOD_KEEP_FREE_BYTES=%d", keep))
	s := inst.start(t)
	w := newWorld(24)
	w.owner = s.register(t, "owner")
	c := s.client(t, w.owner)
	things := c.Storage.DB.Collection(collection)

	w.fill(t, c)
	w.check(t, s)
	// What was refused last has left less room than it wanted.
	filler := filepath.Join(dir, "filler")
	fillUp(t, filler, keep)
	_, err := c.Storage.Files.Write(t.Context(), "one/more", strings.NewReader("x"))
	wantFull(t, "put", err)
	_, err = things.Set(t.Context(), "one/more", 1)
	wantFull(t, "set", err)

	// What the space is kept for: to take something back, and to get out again.
	token, err := fetchToken(t.Context(), s.url, w.owner)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Revoke(t.Context(), token); err != nil {
		t.Errorf("revoke on a full disk: %v", err)
	}
	s.register(t, "another")
	for key := range w.docs {
		if err := things.Delete(t.Context(), key); err != nil {
			t.Errorf("delete a document on a full disk: %v", err)
		}
		w.docs[key].settle(absent, "")
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	deleteFiles(t, w, c, 12)
	w.fill(t, c) // there is room for some of it
	w.check(t, s)
	there(t, w.docs)

	s = lastByte(t, w, s, filler)
	w.fill(t, s.client(t, w.owner))
	w.check(t, s)
	s.stop(t)
	checkDatabase(t, filepath.Join(inst.dir, "cpod.db"))
}

func deleteFiles(t *testing.T, w *world, c *client.Client, n int) {
	t.Helper()
	for range n {
		key, h := there(t, w.files)
		if err := c.Storage.Files.Delete(t.Context(), key); err != nil {
			t.Errorf("delete a file: %v", err)
		}
		h.settle(absent, "")
	}
}

// lastByte has somebody else take what the server keeps free, and the server
// crash on top of it.
func lastByte(t *testing.T, w *world, s *server, filler string) *server {
	t.Helper()
	fillUp(t, filler, 0)
	w.fill(t, s.client(t, w.owner))
	w.check(t, s)
	s.kill()
	s = s.instance.start(t)
	w.check(t, s)
	c := s.client(t, w.owner)
	deleteFiles(t, w, c, 1)
	for range 5 { // one file makes room for that
		key, h := there(t, w.docs)
		if err := c.Storage.DB.Collection(collection).Delete(t.Context(), key); err != nil {
			t.Errorf("delete a document: %v", err)
		}
		h.settle(absent, "")
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	deleteFiles(t, w, c, 10)
	return s
}

// fillUp writes a file until no more than so many bytes are free.
func fillUp(t *testing.T, path string, leave uint64) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var disk syscall.Statfs_t
	for chunk := make([]byte, 1<<20); ; {
		if err := syscall.Statfs(path, &disk); err != nil {
			t.Fatal(err)
		}
		free := disk.Bavail * uint64(disk.Bsize)
		if free <= leave {
			return
		}
		if _, err := f.Write(chunk[:min(free-leave, uint64(len(chunk)))]); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReadOnlyFiles makes the disk of the files read-only under the server, and
// writable again.
func TestReadOnlyFiles(t *testing.T) {
	t.Parallel()
	if !ownMounts(t) {
		return
	}
	inst := newInstance(t, filepath.Join(t.TempDir(), "data"), "CPOD_KEEP_FREE_BYTES=0")
	disk := filepath.Join(inst.dir, "files")
	mountMemory(t, disk, "16m")
	s := inst.start(t)
	w := newWorld(12)
	w.owner = s.register(t, "owner")
	c := s.client(t, w.owner)
	w.fill(t, c)
	remount(t, disk, syscall.MS_RDONLY)
	for key, h := range w.files {
		if h.admits(absent, "") {
			continue
		}
		_, err := c.Storage.Files.Write(t.Context(), key, strings.NewReader("x"))
		wantUnavailable(t, "write "+key, err, "takes no writes")
		wantUnavailable(t, "delete "+key, c.Storage.Files.Delete(t.Context(), key), "takes no writes")
	}
	_, err := c.Storage.Files.Write(t.Context(), "new/folder/x", strings.NewReader("x"))
	wantUnavailable(t, "write", err, "takes no writes")
	w.check(t, s)
	remount(t, disk, 0)
	deleteFiles(t, w, c, 10)
	w.fill(t, c)
	w.check(t, s)
	s.stop(t)
}
