// Package localfiles is a files driver on a folder of the local disk.
//
// A file is one file of the operating system: first its bytes, then a trailer
// with its name, ETag, content type and time. So one rename commits all of it,
// and a crash leaves the old state or the new one, never a mixture. The layout:
//
//	objects/<storage path>   the files
//	tmp/                     what is being written
//
// Everything goes through an [os.Root], so that no name and no symbolic link
// leads out of the folder. One process at a time uses a folder.
package localfiles

import (
	"errors"
	"fmt"
	"hash/maphash"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/files"
)

const (
	objectsFolder = "objects"
	tempFolder    = "tmp"

	filePermissions   = 0o600
	folderPermissions = 0o700

	// abandonedAfter is the age of a temporary file that nobody writes any more,
	// where no lock tells.
	abandonedAfter = time.Hour
)

// Driver is a [files.Driver]. It is safe for concurrent use.
type Driver struct {
	root        *os.Root
	objects     *os.Root
	temp        *os.Root
	lockFile    *os.File // the folder of temporary files, locked; nil with besideOwner
	noSync      bool
	besideOwner bool

	keepFree  int64
	unsynced  unsyncedFolders
	leftovers leftovers
	seed      maphash.Seed
	locks     [256]sync.Mutex
	buffers   sync.Pool // of *buffer
}

var _ files.Driver = (*Driver)(nil)

// Option configures [Open].
type Option func(*Driver)

// UnsafeWithoutSync leaves it to the operating system when bytes reach the disk.
// Writes are faster, and whatever was acknowledged in the last seconds before a
// power failure or a crash of the system is lost or broken. A crash of the
// process alone still loses nothing.
func UnsafeWithoutSync() Option {
	return func(d *Driver) { d.noSync = true }
}

// KeepFree refuses a Put, as CodeUnavailable, while the disk has less than so
// many bytes free. What must go on when files have filled a disk, such as a
// database beside them, then has room. Puts under way may take up to 1 MiB each
// of it. It has no effect where Go's standard library cannot ask for the free
// space (it can on Linux, macOS and FreeBSD).
func KeepFree(bytes int64) Option {
	return func(d *Driver) { d.keepFree = bytes }
}

// BesideOwner opens a folder that another process may have open, to read and to delete.
// Put is CodeNotSupported, because only the owner of the folder may place files.
func BesideOwner() Option {
	return func(d *Driver) { d.besideOwner = true }
}

// Open opens the folder dir, which it makes when it is not there, and removes
// temporary files that a crash has left. The folder and all in it are for the
// server's own user alone (0700, 0600). It fails while another process, or
// another Driver, has the folder open, where the file system has locks (see
// [BesideOwner]).
func Open(dir string, opts ...Option) (*Driver, error) {
	if dir == "" {
		return nil, errors.New("localfiles: the folder has no name")
	}
	d := &Driver{seed: maphash.MakeSeed()}
	for _, opt := range opts {
		opt(d)
	}
	if d.keepFree < 0 {
		return nil, fmt.Errorf("localfiles: KeepFree(%d): it cannot be negative", d.keepFree)
	}
	if err := os.MkdirAll(dir, folderPermissions); err != nil {
		return nil, fmt.Errorf("localfiles: %w", err)
	}
	if err := d.open(dir); err != nil {
		_ = d.Close()
		return nil, fmt.Errorf("localfiles: %w", err)
	}
	return d, nil
}

func (d *Driver) open(dir string) (err error) {
	if d.root, err = os.OpenRoot(dir); err != nil {
		return err
	}
	if d.objects, err = d.openFolder(objectsFolder); err != nil {
		return err
	}
	if d.temp, err = d.openFolder(tempFolder); err != nil {
		return err
	}
	if err := d.sync(d.root, "."); err != nil {
		return err
	}
	if d.besideOwner {
		return nil
	}
	if d.lockFile, err = d.temp.Open("."); err != nil {
		return err
	}
	alone, err := lockFolder(d.lockFile)
	if err != nil {
		return err
	}
	return d.removeAbandoned(alone)
}

func (d *Driver) openFolder(name string) (*os.Root, error) {
	if err := d.root.MkdirAll(name, folderPermissions); err != nil {
		return nil, err
	}
	return d.root.OpenRoot(name)
}

// Close implements [files.Driver]. Files that are open stay readable.
func (d *Driver) Close() error {
	var err error
	for _, root := range []*os.Root{d.objects, d.temp, d.root} {
		if root != nil {
			err = errors.Join(err, root.Close())
		}
	}
	if d.lockFile != nil {
		err = errors.Join(err, d.lockFile.Close())
	}
	return err
}

// check repeats at the boundary what the portable type has checked, and adds
// what this operating system cannot have in a name.
func check(name string) error {
	if err := files.CheckName(name); err != nil {
		return err
	}
	if _, err := filepath.Localize(name); err != nil {
		return fmt.Errorf("localfiles: %q on this operating system: %w", name, cpodkit.CodeNotSupported)
	}
	return nil
}

// lock serialises what changes name, and returns the unlock. No lock is taken
// while another is held.
func (d *Driver) lock(name string) (unlock func()) {
	mu := &d.locks[maphash.String(d.seed, lockKey(name))%uint64(len(d.locks))]
	mu.Lock()
	return mu.Unlock
}

// lockKey gives names that a file system may take for one the same lock: it
// ignores case, and everything that is not ASCII.
func lockKey(name string) string {
	key := make([]byte, 0, len(name))
	for i := range len(name) {
		switch c := name[i]; {
		case 'A' <= c && c <= 'Z':
			key = append(key, c+'a'-'A')
		case c < 0x80:
			key = append(key, c)
		}
	}
	return string(key)
}
