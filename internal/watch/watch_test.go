package watch_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit/internal/watch"
)

const interval = time.Second

// parse returns the files as text, and refuses those that say so.
func parse(files watch.Files) (string, error) {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if bytes.Contains(files[name], []byte("broken")) {
			return "", fmt.Errorf("%s is broken", name)
		}
		parts = append(parts, name+"="+string(files[name]))
	}
	return strings.Join(parts, " "), nil
}

// user is who runs a Watcher.
type user struct {
	*watch.Watcher[string]
	t   *testing.T
	log bytes.Buffer

	mu    sync.Mutex
	taken []string
	fail  error
}

func (u *user) use(_ context.Context, value string) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.fail != nil {
		return u.fail
	}
	u.taken = append(u.taken, value)
	return nil
}

func (u *user) setFail(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.fail = err
}

// run opens and runs a Watcher within a bubble, where looks are at full seconds.
func run(t *testing.T, path string, opts ...watch.Option) *user {
	t.Helper()
	u := &user{t: t}
	opts = append(opts, watch.WithInterval(interval), watch.WithLog(slog.New(slog.NewTextHandler(&u.log, nil))))
	w, err := watch.Open(t.Context(), path, parse, opts...)
	if err != nil {
		t.Fatal(err)
	}
	u.Watcher = w
	go w.Run(t.Context(), u.use)
	<-time.After(interval / 2) // to be between two looks
	return u
}

// looks waits for n looks by the clock of the bubble.
func (u *user) looks(n int) {
	<-time.After(time.Duration(n) * interval)
	synctest.Wait()
}

// want checks what is current two looks after a change, and the failure, "" for
// none.
func (u *user) want(when, current, failure string) {
	u.t.Helper()
	u.looks(2)
	if got := u.Current(); got != current {
		u.t.Errorf("%s: the content is %q, want %q", when, got, current)
	}
	switch err := u.Err(); {
	case failure == "" && err != nil:
		u.t.Errorf("%s: %v", when, err)
	case failure != "" && (err == nil || !strings.Contains(err.Error(), failure)):
		u.t.Errorf("%s: the failure is %v, want %s", when, err, failure)
	}
}

func (u *user) wantTaken(want ...string) {
	u.t.Helper()
	u.mu.Lock()
	defer u.mu.Unlock()
	if !slices.Equal(u.taken, want) {
		u.t.Errorf("taken were %q, want %q", u.taken, want)
	}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func write(t *testing.T, file, content string) {
	t.Helper()
	must(t, os.WriteFile(file, []byte(content), 0o600))
}

// replace writes a file beside the other and renames it.
func replace(t *testing.T, file, content string) {
	t.Helper()
	write(t, file+".new", content)
	must(t, os.Rename(file+".new", file))
}

func TestAFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "f")
	write(t, file, "1")
	synctest.Test(t, func(t *testing.T) {
		u := run(t, file, watch.WithMaxBytes(10))
		u.want("at first", "f=1", "")
		u.wantTaken()
		write(t, file, "2")
		u.want("written in place", "f=2", "")
		replace(t, file, "3")
		u.want("replaced", "f=3", "")
		replace(t, file, "3")
		u.want("replaced by the same", "f=3", "")
		write(t, file, "broken")
		u.want("broken", "f=3", "f is broken")
		write(t, file, "broken 2")
		u.want("broken in another way", "f=3", "f is broken")
		write(t, file, "3")
		u.want("as it was before", "f=3", "")
		must(t, os.Remove(file))
		u.want("deleted", "f=3", "no such file")
		write(t, file, "3")
		u.want("back as it was", "f=3", "")
		must(t, os.Remove(file))
		u.want("deleted again", "f=3", "no such file")
		write(t, file, "4")
		u.want("back with other content", "f=4", "")
		write(t, file, "12345678901")
		u.want("too large", "f=4", "has more than 10 bytes")
		write(t, file, "1234567890")
		u.want("as large as it may be", "f=1234567890", "")
		must(t, os.Remove(file), os.Mkdir(file, 0o700))
		write(t, filepath.Join(file, "f"), "5")
		u.want("a folder now", "f=5", "")
		must(t, os.RemoveAll(file), os.Symlink(os.DevNull, file))
		u.want("a device now", "f=5", "neither a file nor a folder")
		must(t, os.Remove(file))
		write(t, file, "")
		u.want("empty", "f=", "")
		u.wantTaken("f=2", "f=3", "f=3", "f=4", "f=1234567890", "f=5", "f=")
	})
}

// An edit is taken once two looks have found the same.
func TestHalfAnEditIsNotTaken(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "f")
	write(t, file, "1")
	synctest.Test(t, func(t *testing.T) {
		u := run(t, file)
		for _, content := range []string{"", "2", "2, 3", "2, 3, 4"} {
			write(t, file, content)
			u.looks(1)
			if got := u.Current(); got != "f=1" {
				t.Errorf("one look after %q the content is %q", content, got)
			}
		}
		u.looks(1)
		u.wantTaken("f=2, 3, 4")
		// A writer that stalls for longer leaves what does not parse.
		write(t, file, "broken")
		u.want("half", "f=2, 3, 4", "broken")
		write(t, file, "5")
		u.want("whole", "f=5", "")
	})
}

// The folder of Kubernetes for a ConfigMap or a Secret.
type volume struct {
	t   *testing.T
	dir string
	n   int
}

func newVolume(t *testing.T) *volume {
	t.Helper()
	return &volume{t, t.TempDir(), 0}
}

// swap replaces all files at once, as the kubelet does.
func (v *volume) swap(files map[string]string) {
	v.t.Helper()
	v.n++
	data, old := filepath.Join(v.dir, "..data"), fmt.Sprintf("..%d", v.n-1)
	version := fmt.Sprintf("..%d", v.n)
	must(v.t, os.Mkdir(filepath.Join(v.dir, version), 0o700))
	for name, content := range files {
		write(v.t, filepath.Join(v.dir, version, name), content)
	}
	must(v.t, os.Symlink(version, data+"_tmp"), os.Rename(data+"_tmp", data))
	for name := range files {
		link := filepath.Join(v.dir, name)
		if _, err := os.Lstat(link); err != nil {
			must(v.t, os.Symlink(filepath.Join("..data", name), link))
		}
	}
	entries, err := os.ReadDir(v.dir)
	must(v.t, err)
	for _, entry := range entries {
		if _, kept := files[entry.Name()]; !kept && !strings.HasPrefix(entry.Name(), "..") {
			must(v.t, os.Remove(filepath.Join(v.dir, entry.Name())))
		}
	}
	must(v.t, os.RemoveAll(filepath.Join(v.dir, old)))
}

func TestAVolumeOfKubernetes(t *testing.T) {
	t.Parallel()
	v := newVolume(t)
	v.swap(map[string]string{"a": "1", "b": "1"})
	synctest.Test(t, func(t *testing.T) {
		folder, file := run(t, v.dir), run(t, filepath.Join(v.dir, "a"))
		for _, step := range []struct {
			files                map[string]string
			folder, file         string
			failure, fileFailure string
		}{
			{map[string]string{"a": "2", "b": "2"}, "a=2 b=2", "a=2", "", ""},
			{map[string]string{"a": "2", "b": "3"}, "a=2 b=3", "a=2", "", ""},
			{map[string]string{"a": "broken", "b": "4"}, "a=2 b=3", "a=2", "a is broken", "a is broken"},
			{map[string]string{"a": "5", "c": "5"}, "a=5 c=5", "a=5", "", ""},
			{map[string]string{"c": "6"}, "c=6", "a=5", "", "no such file"},
			{map[string]string{}, "", "a=5", "", "no such file"},
			{map[string]string{"a": "7"}, "a=7", "a=7", "", ""},
		} {
			v.swap(step.files)
			folder.want(fmt.Sprint("folder ", step.files), step.folder, step.failure)
			file.want(fmt.Sprint("file ", step.files), step.file, step.fileFailure)
		}
	})
}

// Files that are read while they are swapped are all old or all new.
func TestFilesAreOfOneVersion(t *testing.T) {
	t.Parallel()
	v := newVolume(t)
	swap := func(n int) {
		content := strings.Repeat("x", n)
		v.swap(map[string]string{"a": content, "b": content, "c": content})
	}
	swap(1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := range 200 {
			swap(n + 2)
		}
	}()
	read := 0
	for swapping := true; swapping; {
		select {
		case <-done:
			swapping = false
		default:
		}
		w, err := watch.Open(t.Context(), v.dir, func(files watch.Files) (watch.Files, error) { return files, nil })
		if err != nil {
			continue // it was swapped again and again
		}
		read++
		if files := w.Current(); string(files["a"]) != string(files["b"]) || string(files["b"]) != string(files["c"]) {
			t.Fatalf("the files are of several versions: %d, %d and %d", len(files["a"]), len(files["b"]), len(files["c"]))
		}
	}
	if read == 0 {
		t.Error("nothing could be read")
	}
}

func TestAFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "d")
	at := func(name string) string { return filepath.Join(dir, name) }
	must(t, os.MkdirAll(at("sub/..data"), 0o700), os.Mkdir(at(".git"), 0o700))
	for name, content := range map[string]string{
		"a": "1", "sub/b": "2", ".git/c": "broken", ".a.swp": "broken", "..a": "broken", "sub/..data/b": "broken",
	} {
		write(t, at(name), content)
	}
	synctest.Test(t, func(t *testing.T) {
		u := run(t, dir, watch.WithMaxFiles(3))
		u.want("at first", "a=1 sub/b=2", "")
		write(t, at("c"), "3")
		u.want("one more", "a=1 c=3 sub/b=2", "")
		write(t, at("sub/d"), "4")
		u.want("one too many", "a=1 c=3 sub/b=2", "has more than 3 files")
		must(t, os.RemoveAll(at("sub")))
		u.want("without a subfolder", "a=1 c=3", "")
		must(t, os.Rename(dir, dir+"2"))
		u.want("moved away", "a=1 c=3", "no such file")
		must(t, os.Rename(dir+"2", dir), os.Remove(at("a")), os.Symlink("gone", at("e")))
		u.want("with a symlink to nothing", "a=1 c=3", "no such file")
		must(t, os.Remove(at("e")))
		u.want("and back", "c=3", "")
	})
}

// Files whose times are old and have not changed are not read.
func TestALookIsCheap(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "f")
	write(t, file, "1")
	old := time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC) // the clock of a bubble begins in 2000
	must(t, os.Chtimes(file, old, old))
	synctest.Test(t, func(t *testing.T) {
		u := run(t, file)
		write(t, file, "2")
		must(t, os.Chtimes(file, old, old))
		u.want("nothing tells", "f=1", "")
		must(t, os.Chtimes(file, old, old.Add(time.Nanosecond)))
		u.want("the time tells", "f=2", "")
	})
}

func TestAUseThatFailsIsRepeated(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "f")
	write(t, file, "1")
	synctest.Test(t, func(t *testing.T) {
		u := run(t, file)
		u.setFail(errors.New("not now"))
		write(t, file, "2")
		u.want("not used", "f=2", "not now")
		write(t, file, "broken")
		u.want("not used, and broken", "f=2", "not now")
		u.setFail(nil)
		u.want("used", "f=2", "f is broken")
		u.looks(5)
		u.wantTaken("f=2")
	})
}

func TestAFailureIsLoggedOnce(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "f")
	write(t, file, "1")
	synctest.Test(t, func(t *testing.T) {
		u := run(t, file)
		write(t, file, "broken")
		u.looks(9)
		write(t, file, "2")
		u.looks(9)
		text := u.log.String()
		if strings.Count(text, "level=WARN") != 1 || strings.Count(text, "level=INFO") != 1 || !strings.Contains(text, file) {
			t.Errorf("the log is:\n%s", text)
		}
	})
}

func TestOpenFails(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "f")
	write(t, file, "1")
	loop := t.TempDir()
	must(t, os.Symlink(loop, filepath.Join(loop, "itself")))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, test := range map[string]struct {
		ctx  context.Context
		path string
		opts []watch.Option
		want string
	}{
		"no file":       {t.Context(), file + "2", nil, "no such file"},
		"a device":      {t.Context(), os.DevNull, nil, "neither a file nor a folder"},
		"within limits": {t.Context(), filepath.Dir(file), []watch.Option{watch.WithMaxBytes(1), watch.WithMaxFiles(1)}, ""},
		"a loop":        {t.Context(), loop, nil, "more than 8 deep"},
		"no interval":   {t.Context(), file, []watch.Option{watch.WithInterval(0)}, "must be more than 0"},
		"no bytes":      {t.Context(), file, []watch.Option{watch.WithMaxBytes(0)}, "must be more than 0"},
		"no files":      {t.Context(), file, []watch.Option{watch.WithMaxFiles(0)}, "must be more than 0"},
		"ended context": {ended, file, nil, "context canceled"},
	} {
		_, err := watch.Open(test.ctx, test.path, parse, test.opts...)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	write(t, file, "broken")
	if _, err := watch.Open(t.Context(), file, parse); err == nil || !strings.Contains(err.Error(), file+": f is broken") {
		t.Errorf("broken: %v", err)
	}
	if _, err := watch.Open(t.Context(), file, parse, watch.WithMaxBytes(5)); err == nil || !strings.Contains(err.Error(), "more than 5 bytes") {
		t.Errorf("too large: %v", err)
	}
}
