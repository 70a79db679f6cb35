package objstorefiles

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"github.com/thanos-io/objstore"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/internal/remotefile"
	"github.com/cpodkit/cpodkit/storage/files"
)

// objectType is the content type that the store gets: an object is no file of the
// type that is in it.
const objectType = "application/octet-stream"

// Put implements [files.Driver].
func (d *Driver) Put(
	ctx context.Context, name string, body io.Reader, opts files.PutOptions,
) (files.Attributes, error) {
	if err := files.CheckName(name); err != nil {
		return files.Attributes{}, err
	}
	if !d.soleWriter && opts.Conditional() {
		return files.Attributes{}, fmt.Errorf("%w: a bucket of objstore has no conditions, see WithSoleWriter", cpodkit.CodeNotSupported)
	}
	if err := d.admit(ctx, name, opts); err != nil { // before the body is read; again when it is stored
		return files.Attributes{}, err
	}
	if !d.takes(name) {
		return files.Attributes{}, fmt.Errorf("%w: MinIO takes %q for a path with a dot segment", cpodkit.CodeConflict, name)
	}
	content, err := d.fillSpool(ctx, body)
	if err != nil {
		return files.Attributes{}, err
	}
	defer content.free()
	attrs := files.Attributes{
		Name: name, Size: content.size, ETag: rand.Text(), ContentType: opts.ContentType,
		ModTime: time.Now().UTC().Truncate(time.Millisecond),
	}
	head, err := header(attrs)
	if err != nil {
		return files.Attributes{}, err
	}
	if err := d.alone(ctx, name, func() error { return d.store(ctx, name, head, content, opts) }); err != nil {
		return files.Attributes{}, err
	}
	return attrs, nil
}

// admit returns an error when the conditions do not hold.
func (d *Driver) admit(ctx context.Context, name string, opts files.PutOptions) error {
	if !opts.Conditional() {
		return nil
	}
	attrs, err := d.Stat(ctx, name)
	if err != nil && !errors.Is(err, cpodkit.CodeNotFound) {
		return err
	}
	if !opts.Admits(attrs.ETag) {
		return cpodkit.CodePreconditionFailed
	}
	return nil
}

// alone runs store while no other Put of this driver is about to store a file above
// or below the name, after a look that there is none.
func (d *Driver) alone(ctx context.Context, name string, store func() error) error {
	if d.layered {
		return store()
	}
	if err := d.paths.Enter(ctx, name); err != nil {
		return err
	}
	defer d.paths.Leave(name)
	if err := d.checkFolders(ctx, name); err != nil {
		return err
	}
	return store()
}

// checkFolders returns CodeConflict when there is a file below the name or above
// it. Each look has the time limit for itself: many of them, for a name with many
// folders, say nothing of the store.
func (d *Driver) checkFolders(ctx context.Context, name string) error {
	return d.breaker.Do(ctx, func(ctx context.Context) error {
		for _, folder := range remotefile.Ancestors(name) {
			if err := d.limited(ctx, func(ctx context.Context) error { return d.checkAbove(ctx, folder) }); err != nil {
				return err
			}
		}
		return d.limited(ctx, func(ctx context.Context) error { return d.checkBelow(ctx, name) })
	})
}

func (d *Driver) checkAbove(ctx context.Context, folder string) error {
	there, err := d.bucket.Exists(ctx, folder)
	if errors.Is(err, syscall.ENOTDIR) { // a file further up, which came before
		there, err = true, nil
	}
	if err == nil && there {
		err = fmt.Errorf("%w: the folder %q is a file", cpodkit.CodeConflict, folder)
	}
	return err
}

func (d *Driver) checkBelow(ctx context.Context, name string) error {
	err := d.bucket.Iter(ctx, name+"/", func(found string) error {
		if strings.HasPrefix(found, name+"/") {
			return fmt.Errorf("%w: %q is a folder", cpodkit.CodeConflict, name)
		}
		return nil
	}, objstore.WithRecursiveIter())
	if errors.Is(err, syscall.ENOTDIR) {
		return nil
	}
	return err
}

// store uploads. A folder that is empty may be in the way on FILESYSTEM, which
// removes them with the last file.
func (d *Driver) store(ctx context.Context, name string, head []byte, content *spool, opts files.PutOptions) error {
	unlock, err := d.lock(ctx, name)
	if err != nil {
		return err
	}
	defer unlock()
	if err := d.admit(ctx, name, opts); err != nil {
		return err
	}
	return d.breaker.Do(ctx, func(ctx context.Context) error {
		attempt, w := remotefile.NewWatch(ctx, d.limit)
		defer w.Stop()
		err := d.bucket.Upload(attempt, name, content.object(head, w), objstore.WithContentType(objectType))
		switch {
		case err != nil && ctx.Err() == nil && attempt.Err() != nil:
			return fmt.Errorf("no progress within %v: %w", d.limit, context.DeadlineExceeded)
		case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR):
			return fmt.Errorf("%w: %w", cpodkit.CodeConflict, err)
		}
		return err
	})
}
