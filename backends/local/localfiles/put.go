package localfiles

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/diskspace"
	"github.com/cpodkit/cpodkit/storage/files"
)

// bufferSize is how much of a body is gathered before it is written.
const bufferSize = 64 << 10

// Put implements [files.Driver].
func (d *Driver) Put(
	ctx context.Context, name string, body io.Reader, opts files.PutOptions,
) (attrs files.Attributes, err error) {
	if err := check(name); err != nil {
		return files.Attributes{}, err
	}
	if d.besideOwner {
		return files.Attributes{}, cpodkit.Errorf(cpodkit.CodeNotSupported,
			"The folder of files belongs to another process, which alone may place files.")
	}
	if opts.Conditional() { // before the body is read; again when it is stored
		if err := d.admit(name, opts); err != nil {
			return files.Attributes{}, err
		}
	}
	d.discardLeftovers()
	if err := d.room(); err != nil {
		return files.Attributes{}, err
	}
	tempName := rand.Text()
	temp, err := d.temp.OpenFile(tempName, os.O_WRONLY|os.O_CREATE|os.O_EXCL, filePermissions)
	if err != nil {
		return files.Attributes{}, failure(err)
	}
	defer func() {
		if err != nil {
			// Windows removes no open file; a second Close does no harm.
			_ = temp.Close()
			d.discard(tempName)
		}
	}()
	attrs = files.Attributes{Name: name, ETag: rand.Text(), ContentType: opts.ContentType}
	if err := d.write(ctx, temp, body, &attrs); err != nil {
		return files.Attributes{}, err
	}
	if !d.noSync {
		if err := temp.Sync(); err != nil {
			return files.Attributes{}, failure(err)
		}
	}
	if err := temp.Close(); err != nil {
		return files.Attributes{}, failure(err)
	}
	if err := ctx.Err(); err != nil {
		return files.Attributes{}, err
	}
	if err := d.commit(tempName, name, opts); err != nil {
		return files.Attributes{}, err
	}
	return attrs, d.syncFile(name)
}

type buffer [bufferSize]byte

// write writes body and trailer to f. It fills in what is known at the end only:
// size and time. An error of body is returned as it is.
func (d *Driver) write(ctx context.Context, f *os.File, body io.Reader, attrs *files.Attributes) error {
	scratch, ok := d.buffers.Get().(*buffer)
	if !ok {
		scratch = new(buffer)
	}
	defer d.buffers.Put(scratch)
	pending := scratch[:0]
	for idle := 0; ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(pending) == cap(pending) {
			if err := d.roomAt(attrs.Size); err != nil {
				return err
			}
			if _, err := f.Write(pending); err != nil {
				return failure(err)
			}
			pending = pending[:0]
		}
		n, err := body.Read(pending[len(pending):cap(pending)])
		pending = pending[:len(pending)+n]
		attrs.Size += int64(n)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if idle++; n > 0 {
			idle = 0
		} else if idle == 100 {
			return io.ErrNoProgress
		}
	}
	attrs.ModTime = time.Now().UTC().Truncate(time.Millisecond)
	pending, err := appendTrailer(pending, *attrs)
	if err != nil {
		return err
	}
	_, err = f.Write(pending)
	return failure(err)
}

// roomEvery is how many bytes of a body are written between two looks at the
// free space.
const roomEvery = 1 << 20

func (d *Driver) roomAt(size int64) error {
	if size%roomEvery != 0 {
		return nil
	}
	return d.room()
}

// room returns an error when the disk has no more than what is to be kept free.
func (d *Driver) room() error {
	return failure(diskspace.Check(d.root.Name(), d.keepFree))
}

// maxAttempts bounds how often a commit starts again because others change the
// same folders. Each start needs another one of them to have finished.
const maxAttempts = 1000

// commit gives the temporary file its name.
func (d *Driver) commit(tempName, name string, opts files.PutOptions) (err error) {
	folder := path.Dir(name)
	made := false
	defer func() {
		if err != nil && made {
			d.prune(folder)
		}
	}()
	for range maxAttempts {
		err := d.rename(tempName, name, opts)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			// The folder is not there, or not any more.
			made = true
			if err := d.makeFolders(folder); err != nil {
				return err
			}
		case errors.Is(err, fs.ErrExist), errors.Is(err, syscall.EISDIR):
			// A folder has the name.
			if !d.removeEmpty(name) {
				return fmt.Errorf("%w: %w", cpodkit.CodeConflict, err)
			}
		default:
			return failure(err)
		}
	}
	return fmt.Errorf("localfiles: the folders of %q keep changing: %w", name, cpodkit.CodeUnavailable)
}

// rename checks the conditions and renames in one step, as seen by every other
// change of the name.
func (d *Driver) rename(tempName, name string, opts files.PutOptions) error {
	defer d.lock(name)()
	if err := d.admit(name, opts); err != nil {
		return err
	}
	err := d.root.Rename(path.Join(tempFolder, tempName), path.Join(objectsFolder, name))
	if errors.Is(err, syscall.ENOTDIR) {
		return fmt.Errorf("%w: %w", cpodkit.CodeConflict, err)
	}
	return err
}

// admit returns an error when a Put of name may not be. What is in the place but
// not ours is left alone.
func (d *Driver) admit(name string, opts files.PutOptions) error {
	f, attrs, err := openFile(d.objects, name, name)
	switch {
	case errors.Is(err, cpodkit.CodeNotFound):
	case errors.Is(err, errOtherName):
		return fmt.Errorf("%w: %w", cpodkit.CodeConflict, err)
	case err != nil:
		return err
	default:
		_ = f.Close()
	}
	if !opts.Admits(attrs.ETag) {
		return cpodkit.CodePreconditionFailed
	}
	return nil
}
