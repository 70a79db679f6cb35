package sqlitedocuments_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/sqlite/sqlitedocuments"
	"github.com/cpodkit/cpodkit/storage/documents"
)

var things = documents.CollectionID{Space: "tenant/apps/app/", Name: "things"}

func set(ctx context.Context, d documents.Driver, key, value string) error {
	r := documents.Record{Key: key, Value: []byte(value), Version: "1", UpdatedAt: time.UnixMilli(0)}
	return d.Apply(ctx, things, []documents.Op{{Record: r}})[0]
}

// sqlExec runs statements on the file with another connection.
func sqlExec(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare func(t *testing.T, path string)
		opts    []sqlitedocuments.Option
		want    string
	}{
		"a text file": {
			prepare: func(t *testing.T, path string) {
				if err := os.WriteFile(path, []byte("name,plan\nAlice,pro\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			},
			want: "is not an SQLite database",
		},
		"a short file": {
			prepare: func(t *testing.T, path string) {
				if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
					t.Fatal(err)
				}
			},
			want: "is not an SQLite database",
		},
		"a folder": {
			prepare: func(t *testing.T, path string) {
				if err := os.Mkdir(path, 0o700); err != nil {
					t.Fatal(err)
				}
			},
			want: "directory",
		},
		"another application": {
			prepare: func(t *testing.T, path string) { sqlExec(t, path, "CREATE TABLE users (id INTEGER PRIMARY KEY)") },
			want:    "another application",
		},
		"another application id": {
			prepare: func(t *testing.T, path string) { sqlExec(t, path, "PRAGMA application_id = 7") },
			want:    "another application",
		},
		"a newer schema": {
			prepare: func(t *testing.T, path string) {
				sqlExec(t, path, fmt.Sprintf("PRAGMA application_id = %d", 0x63706f64), "PRAGMA user_version = 1000")
			},
			want: "newer",
		},
		"no readers":                   {opts: []sqlitedocuments.Option{sqlitedocuments.WithReaders(0)}, want: "at least 1"},
		"a cache of less than nothing": {opts: []sqlitedocuments.Option{sqlitedocuments.WithScanCache(-1)}, want: "turns it off"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "documents.db")
			if test.prepare != nil {
				test.prepare(t, path)
			}
			d, err := sqlitedocuments.Open(t.Context(), path, test.opts...)
			if err == nil {
				d.Close()
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Open: %v, want it to say %q", err, test.want)
			}
		})
	}
	if _, err := sqlitedocuments.Open(t.Context(), filepath.Join(t.TempDir(), "none", "documents.db")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Open in a folder that is not there: %v", err)
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"documents.db", "a b?c#d%41&mode=ro.db", "ä'\".db", ":memory:", "file:x"} {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		d, err := sqlitedocuments.Open(t.Context(), path)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := set(t.Context(), d, "a", `1`); err != nil {
			t.Error(err)
		}
		if _, err := d.Get(t.Context(), things, "a"); err != nil {
			t.Error(err)
		}
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			info, err := f.Info()
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(f.Name(), name) || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: there is %s with mode %v", name, f.Name(), info.Mode())
			}
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) != 1 || files[0].Name() != name {
			t.Errorf("%s: Close left %v, %v", name, files, err)
		}
	}
}

// TestTwoDrivers has two drivers, as of two processes, write to one file.
func TestTwoDrivers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "documents.db")
	const writers, writes = 4, 25
	var drivers []*sqlitedocuments.Driver
	var mu sync.Mutex
	var opening sync.WaitGroup
	for range 2 {
		opening.Go(func() { // both make the schema
			d, err := sqlitedocuments.Open(t.Context(), path)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			drivers = append(drivers, d)
		})
	}
	opening.Wait()
	var wg sync.WaitGroup
	for n, d := range drivers {
		for w := range writers {
			wg.Go(func() {
				for i := range writes {
					if err := set(t.Context(), d, fmt.Sprintf("%d-%d-%d", n, w, i), `{"n":1}`); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
	}
	wg.Wait()
	for _, d := range drivers {
		records, err := d.Query(t.Context(), things, documents.DriverQuery{Limit: 1000})
		if err != nil || len(records) != len(drivers)*writers*writes {
			t.Errorf("%d documents, %v", len(records), err)
		}
	}
	for _, d := range drivers {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestApplyCanceledWhileWaiting holds the lock of the file, so that callers
// wait, and some of them leave.
func TestApplyCanceledWhileWaiting(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "documents.db")
	d, err := sqlitedocuments.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	db, err := sql.Open("sqlite", path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	lock, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}

	const callers = 20
	ctx, leave := context.WithCancel(t.Context())
	var left, stayed sync.WaitGroup
	start := func(i int, ctx context.Context) {
		key := fmt.Sprint(i)
		if i%2 == 0 {
			stayed.Go(func() {
				if err := set(t.Context(), d, key, `1`); err != nil {
					t.Errorf("%s stayed: %v", key, err)
				}
			})
			return
		}
		left.Go(func() {
			if err := set(ctx, d, key, `1`); !errors.Is(err, context.Canceled) {
				t.Errorf("%s left: %v", key, err)
			}
		})
	}
	first := &waitingContext{Context: ctx, waiting: make(chan struct{})}
	start(1, first)
	<-first.waiting
	d.AwaitWriter(t.Context())
	for i := range callers {
		if i != 1 {
			start(i, ctx)
		}
	}
	leave()
	left.Wait()
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	stayed.Wait()
	for i := range callers {
		_, err := d.Get(t.Context(), things, fmt.Sprint(i))
		if left := i%2 == 1; left != errors.Is(err, cpodkit.CodeNotFound) || !left && err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
}

// waitingContext tells when Apply waits for the writer.
type waitingContext struct {
	context.Context
	once    sync.Once
	waiting chan struct{}
}

func (c *waitingContext) Done() <-chan struct{} {
	c.once.Do(func() { close(c.waiting) })
	return c.Context.Done()
}
