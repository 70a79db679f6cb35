package crashtest_test

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/cpodkit/cpodkit/client"
	"github.com/cpodkit/cpodkit/internal/testfull"
)

// TestCrash kills the server under load again and again. What it has
// acknowledged is there afterwards, and nothing is half-written.
func TestCrash(t *testing.T) {
	t.Parallel()
	rounds, clients := testfull.Pick(2, 100), testfull.Pick(8, 12)
	inst := newInstance(t, filepath.Join(t.TempDir(), "data"))
	s := inst.start(t)
	w := newWorld(48)
	w.owner = s.register(t, "owner")
	var restarts []time.Duration
	for range rounds {
		w.loadAndKill(t, s, clients, 20+rand.Int64N(400))
		begun := time.Now()
		s = inst.start(t)
		restarts = append(restarts, time.Since(begun))
		if w.check(t, s); t.Failed() {
			return
		}
	}
	s.stop(t)
	checkDatabase(t, filepath.Join(inst.dir, "cpod.db"))
	slices.Sort(restarts)
	t.Logf("%d rounds, %d acknowledged writes; restart to the first answer: median %v, slowest %v",
		rounds, w.total.Load(), restarts[len(restarts)/2].Round(time.Millisecond), restarts[len(restarts)-1].Round(time.Millisecond))
}

// check compares the server's state with what its clients know, and takes it as
// known from here on.
func (w *world) check(t *testing.T, s *server) {
	t.Helper()
	c := s.client(t, w.owner)
	defer c.CloseIdleConnections()
	w.checkData(t, c)
	w.checkApps(t, s)
	w.checkTokens(t, c)
	w.checkDisk(t, s.instance.dir)
}

// checkData is check for files and documents.
func (w *world) checkData(t *testing.T, c *client.Client) {
	t.Helper()
	files := w.checkKeys(t, "file", w.files, func(key string) (string, string, error) { return readFile(t.Context(), c, key) })
	docs := w.checkKeys(t, "document", w.docs, func(key string) (string, string, error) { return readDocument(t.Context(), c, key) })
	for file, err := range c.Storage.Files.All(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if etag, ok := files[file.Key]; !ok || file.ETag != etag {
			t.Errorf("the list has %q with %q, and the file %q", file.Key, file.ETag, etag)
		}
		delete(files, file.Key)
	}
	for doc, err := range c.Storage.DB.Collection(collection).All(t.Context(), client.Query{Limit: 20}) {
		if err != nil {
			t.Fatal(err)
		}
		if version, ok := docs[doc.Key]; !ok || doc.Version != version {
			t.Errorf("the query has %q with %q, and the document %q", doc.Key, doc.Version, version)
		}
		if _, err := recordID(doc.Value); err != nil {
			t.Errorf("in the query %s is broken: %v", doc.Key, err)
		}
		delete(docs, doc.Key)
	}
	if len(files)+len(docs) > 0 {
		t.Errorf("the lists lack %v and %v", files, docs)
	}
}

// checkKeys reads every key and returns the tags of those that are there.
func (w *world) checkKeys(
	t *testing.T, kind string, keys map[string]*history, read func(key string) (state, tag string, err error),
) map[string]string {
	t.Helper()
	there := map[string]string{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, 8)
	for key, h := range keys {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			state, tag, err := read(key)
			if err != nil {
				t.Errorf("%s %s: %v", kind, key, err)
				return
			}
			if !h.admits(state, tag) {
				t.Errorf("%s %s is %q %s after %v", kind, key, state, tag, h)
			}
			h.settle(state, tag)
			if state != absent {
				mu.Lock()
				defer mu.Unlock()
				there[key] = tag
			}
		})
	}
	wg.Wait()
	return there
}

// keepApps bounds how many apps go from one round to the next.
const keepApps = 5

func (w *world) checkApps(t *testing.T, s *server) {
	t.Helper()
	admin := s.admin(t)
	kept := map[string]*appHistory{}
	for id, a := range w.apps {
		state := registered
		_, err := admin.Apps.Get(t.Context(), id)
		if _, missing := errors.AsType[*client.NotFoundError](err); missing {
			state = absent
		} else if err != nil {
			t.Errorf("app %s: %v", id, err)
		}
		if !a.admits(state, "") {
			t.Errorf("app %s is %q after %v", id, state, a.history)
		}
		a.settle(state, "")
		if state == absent {
			continue
		}
		if a.secret != "" {
			if _, err := fetchToken(t.Context(), s.url, client.Config{ClientID: id, ClientSecret: a.secret}); err != nil {
				t.Errorf("app %s: its secret: %v", id, err)
			}
		}
		if a.secret != "" && len(kept) < keepApps {
			kept[id] = a
		} else if err := admin.Apps.Delete(t.Context(), id); err != nil {
			t.Errorf("app %s: %v", id, err)
		}
	}
	w.apps = kept
}

// checkTokens asks the server about tokens that may have been revoked.
func (w *world) checkTokens(t *testing.T, c *client.Client) {
	t.Helper()
	for token, h := range w.tokens {
		about, err := c.Introspect(t.Context(), token)
		if err != nil {
			t.Errorf("introspect: %v", err)
		}
		state := absent
		if !about.Active {
			state = revoked
		}
		if !h.admits(state, "") {
			t.Errorf("a token is %q after %v", state, h)
		}
	}
	clear(w.tokens)
}

// checkDisk looks for what a crash may leave behind.
func (w *world) checkDisk(t *testing.T, dir string) {
	t.Helper()
	known := 0
	for _, h := range w.files {
		if !h.admits(absent, "") {
			known++
		}
	}
	if n := countFiles(t, filepath.Join(dir, "files", "objects")); n != known {
		t.Errorf("there are %d files on the disk, and %d are known", n, known)
	}
	if n := countFiles(t, filepath.Join(dir, "files", "tmp")); n != 0 {
		t.Errorf("%d temporary files are left", n)
	}
}

func countFiles(t *testing.T, dir string) int {
	t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if errors.Is(err, os.ErrNotExist) { // it went while the folder was read
			return nil
		}
		if err == nil && !entry.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func checkDatabase(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(t.Context(), watchdog)
	defer cancel()
	var verdict string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("the database says %q, %v", verdict, err)
	}
}
