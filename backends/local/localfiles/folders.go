package localfiles

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
)

// keptLevels is how many folders at the top stay when they are empty: a tenant,
// and what divides it. The rest comes and goes with its files.
const keptLevels = 2

// asFolder returns a path that opens a folder, and says ENOTDIR for a file in its
// place.
func asFolder(folder string) string {
	if folder == "" || strings.HasSuffix(folder, "/") {
		return folder + "."
	}
	return folder + "/."
}

// makeFolders makes folder and those above it. It walks down with one open
// folder at a time, so that the cost grows with the depth and not its square.
//
// It does not report what is in its way or goes away under it: the rename that
// follows meets the same, and says it better.
func (d *Driver) makeFolders(folder string) error {
	current, err := d.objects.OpenRoot(".")
	if err != nil {
		return failure(err)
	}
	defer func() { _ = current.Close() }()
	at := ""
	for segment := range strings.SplitSeq(folder, "/") {
		at = path.Join(at, segment)
		next, err := current.OpenRoot(asFolder(segment))
		if errors.Is(err, fs.ErrNotExist) {
			if !d.noSync {
				d.unsynced.add(at)
			}
			err = current.Mkdir(segment, folderPermissions)
			if err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist) {
				return failure(err)
			}
			next, err = current.OpenRoot(asFolder(segment))
		}
		if err != nil {
			return nil
		}
		_ = current.Close()
		current = next
	}
	return nil
}

// prune removes folder and those above it for as long as they are empty.
func (d *Driver) prune(folder string) {
	for strings.Count(folder, "/") >= keptLevels && d.removeFolder(folder) {
		folder = path.Dir(folder)
	}
}

// removeFolder removes a folder that is empty, and reports whether it is gone.
// It holds the lock of the folder's name: a file that a Put places there in the
// same moment must not be removed instead.
func (d *Driver) removeFolder(folder string) bool {
	defer d.lock(folder)()
	parent, err := d.objects.OpenRoot(asFolder(path.Dir(folder)))
	if err != nil {
		return isGone(err)
	}
	defer parent.Close()
	info, err := parent.Lstat(path.Base(folder))
	if err != nil || !info.IsDir() {
		return isGone(err)
	}
	mark, _ := d.unsynced.mark(folder)
	if err := parent.Remove(path.Base(folder)); err != nil {
		return isGone(err)
	}
	d.unsynced.forget(folder, mark)
	return true
}

// removeEmpty removes a folder that holds nothing but empty folders, such as a
// crash leaves, and reports whether it is gone.
func (d *Driver) removeEmpty(folder string) bool {
	for {
		entries, err := d.someEntries(folder)
		if err != nil {
			return isGone(err)
		}
		if len(entries) == 0 {
			return d.removeFolder(folder)
		}
		for _, entry := range entries {
			if !entry.IsDir() || !d.removeEmpty(path.Join(folder, entry.Name())) {
				return false
			}
		}
	}
}

func (d *Driver) someEntries(folder string) ([]fs.DirEntry, error) {
	f, err := d.objects.Open(asFolder(folder))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(64)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return entries, err
}

// syncFile makes the entry of a file durable, and the folders that were made
// for it, by this Put or by another that has not come so far yet.
func (d *Driver) syncFile(name string) error {
	if d.noSync {
		return nil
	}
	folder := path.Dir(name)
	if err := d.sync(d.objects, folder); err != nil {
		return err
	}
	for at := folder; at != "." && d.unsynced.any(); at = path.Dir(at) {
		mark, ok := d.unsynced.mark(at)
		if !ok {
			continue
		}
		if err := d.sync(d.objects, path.Dir(at)); err != nil {
			return err
		}
		d.unsynced.forget(at, mark)
	}
	return nil
}

// sync makes the entries of a folder durable. One that is gone has none.
func (d *Driver) sync(root *os.Root, folder string) error {
	if d.noSync {
		return nil
	}
	f, err := root.Open(folder)
	if isGone(err) {
		return nil
	}
	if err != nil {
		return failure(err)
	}
	defer f.Close()
	return failure(syncFolder(f))
}

// unsyncedFolders are those whose own entry may not be durable yet. A mark tells
// a folder from another of the same name that was made after it.
type unsyncedFolders struct {
	mu    sync.Mutex
	marks map[string]uint64
	last  uint64
}

func (u *unsyncedFolders) add(folder string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.marks == nil {
		u.marks = map[string]uint64{}
	}
	u.last++
	u.marks[folder] = u.last
}

func (u *unsyncedFolders) any() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.marks) > 0
}

func (u *unsyncedFolders) mark(folder string) (uint64, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	mark, ok := u.marks[folder]
	return mark, ok
}

func (u *unsyncedFolders) forget(folder string, mark uint64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.marks[folder] == mark {
		delete(u.marks, folder)
	}
}
