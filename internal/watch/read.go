package watch

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	// maxDepth is how many folders may be within each other.
	maxDepth = 8

	// readTries is how often files are read that change meanwhile.
	readTries = 3

	// timeStep is the coarsest step of a file's time that is expected. Within it,
	// two writes may leave the same time.
	timeStep = 2 * time.Second
)

// digest identifies the content of all files. It is zero for none.
type digest [sha256.Size]byte

func digestOf(files Files) (sum digest) {
	hash := sha256.New()
	add := func(b []byte) {
		_, _ = hash.Write(binary.AppendUvarint(nil, uint64(len(b)))) // it never fails
		_, _ = hash.Write(b)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		add([]byte(name))
		add(files[name])
	}
	hash.Sum(sum[:0])
	return sum
}

// listing is what the system says of the files, by their keys in [Files].
type listing struct {
	isFolder bool
	files    map[string]fs.FileInfo
}

// same reports whether both list the same files, and none has changed.
func (l listing) same(other listing) bool {
	return l.isFolder == other.isFolder && maps.EqualFunc(l.files, other.files, func(a, b fs.FileInfo) bool {
		return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
	})
}

func (w *Watcher[T]) list() (listing, error) {
	info, err := os.Stat(w.path)
	if err != nil {
		return listing{}, err
	}
	found := listing{info.IsDir(), map[string]fs.FileInfo{}}
	if info.IsDir() {
		return found, w.listFolder(found, "", 1)
	}
	if !info.Mode().IsRegular() {
		return listing{}, fmt.Errorf("%s is neither a file nor a folder", w.path)
	}
	found.files[filepath.Base(w.path)] = info
	return found, nil
}

// listFolder adds the files of a folder to found.
func (w *Watcher[T]) listFolder(found listing, folder string, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%s has folders that are more than %d deep", w.path, maxDepth)
	}
	dir, err := os.Open(filepath.Join(w.path, filepath.FromSlash(folder)))
	if err != nil {
		return err
	}
	defer dir.Close()
	for {
		entries, err := dir.ReadDir(256)
		for _, entry := range entries {
			if strings.HasPrefix(entry.Name(), ".") {
				continue
			}
			if err := w.listEntry(found, path.Join(folder, entry.Name()), depth); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (w *Watcher[T]) listEntry(found listing, name string, depth int) error {
	file := filepath.Join(w.path, filepath.FromSlash(name))
	info, err := os.Stat(file) // of what a symlink leads to
	switch {
	case isGone(file, err):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return w.listFolder(found, name, depth+1)
	case !w.takes(name):
		return nil
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is neither a file nor a folder", file)
	case len(found.files) == w.maxFiles:
		return fmt.Errorf("%s has more than %d files", w.path, w.maxFiles)
	}
	found.files[name] = info
	return nil
}

// takes reports whether a folder's file is one of those that are watched.
func (w *Watcher[T]) takes(name string) bool {
	return w.extensions == nil || slices.ContainsFunc(w.extensions, func(end string) bool { return strings.HasSuffix(name, end) })
}

// isGone reports whether a file was removed after its folder was read, so that os.Stat
// failed. A symlink that leads nowhere is there.
func isGone(file string, err error) bool {
	if !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	_, err = os.Lstat(file)
	return errors.Is(err, fs.ErrNotExist)
}

// read reads the files of now, which list has just returned, and notes in w what
// it read. All is of one moment: nothing changed while it was read.
func (w *Watcher[T]) read(ctx context.Context, now listing) (Files, error) {
	for range readTries {
		began := time.Now()
		files, readErr := w.readAll(ctx, now)
		after, err := w.list()
		if err != nil {
			return nil, err
		}
		if !now.same(after) {
			now = after
			continue
		}
		if readErr != nil {
			return nil, readErr
		}
		w.seen, w.settled, w.last = now, true, digestOf(files)
		for _, info := range now.files {
			if began.Sub(info.ModTime()) < timeStep {
				w.settled = false
			}
		}
		return files, nil
	}
	return nil, fmt.Errorf("%s changed each time while it was read", w.path)
}

func (w *Watcher[T]) readAll(ctx context.Context, now listing) (Files, error) {
	files, size := Files{}, int64(0)
	for name, info := range now.files {
		if size += info.Size(); size > w.maxBytes {
			return nil, fmt.Errorf("%s has more than %d bytes", w.path, w.maxBytes)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		file := w.path
		if now.isFolder {
			file = filepath.Join(w.path, filepath.FromSlash(name))
		}
		content, err := readFile(file, info.Size())
		if err != nil {
			return nil, err
		}
		files[name] = content
	}
	return files, nil
}

// readFile reads as many bytes as the file had. One that has grown is read again,
// because it has changed.
func readFile(name string, size int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, size))
}
