package s3files

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/internal/remotefile"
)

// alone runs commit while no other Put of this driver is about to store a file
// above or below the name, after a look that there is none.
func (p *put) alone(ctx context.Context, commit func() error) error {
	if p.driver.layered {
		return commit()
	}
	if err := p.driver.paths.Enter(ctx, p.name); err != nil {
		return err
	}
	defer p.driver.paths.Leave(p.name)
	if err := p.checkFolders(ctx); err != nil {
		return err
	}
	return commit()
}

// looksAtOnce is how many requests a Put makes at a time to look for files above and
// below its own: a name may have hundreds of folders.
const looksAtOnce = 4

// checkFolders returns CodeConflict when there is a file below the name or above
// it, where the store would hide the lower one. A file that is there already needs
// no look: neither was accepted then.
func (p *put) checkFolders(ctx context.Context) error {
	if p.driver.layered || p.there {
		return nil
	}
	// One call for the breaker: while it tries whether the store is back, it lets one
	// through alone.
	return p.driver.breaker.Do(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		above := remotefile.Ancestors(p.name)
		found := make(chan error, len(above)+1)
		running := make(chan struct{}, looksAtOnce)
		look := func(check func(context.Context, string) error, name string) {
			running <- struct{}{}
			go func() {
				defer func() { <-running }()
				// Each has the time limit for itself: that there are many says nothing of the store.
				ctx, cancelLook := context.WithTimeout(ctx, p.driver.limit)
				defer cancelLook()
				err := check(ctx, name)
				if found <- err; err != nil {
					cancel()
				}
			}()
		}
		look(p.driver.checkBelow, p.name)
		for _, name := range above {
			look(p.driver.checkAbove, name)
		}
		var err error
		for range cap(found) { // all of them, so that none outlives the call
			if e := <-found; e != nil && err == nil {
				err = e
			}
		}
		return err
	})
}

func (d *Driver) checkAbove(ctx context.Context, name string) error {
	_, err := d.core.StatObject(ctx, d.bucket, name, minio.StatObjectOptions{})
	if err = coded(err); errors.Is(err, cpodkit.CodeNotFound) {
		return nil
	}
	if err == nil {
		err = fmt.Errorf("%w: the folder %q is a file", cpodkit.CodeConflict, name)
	}
	return err
}

func (d *Driver) checkBelow(ctx context.Context, name string) error {
	opts := minio.ListObjectsOptions{Prefix: name + "/", Recursive: true, MaxKeys: 1}
	for info := range d.core.ListObjectsIter(ctx, d.bucket, opts) {
		if info.Err != nil {
			return coded(info.Err)
		}
		if !strings.HasSuffix(info.Key, "/") { // an empty folder's marker
			return fmt.Errorf("%w: %q is a folder", cpodkit.CodeConflict, name)
		}
	}
	return ctx.Err()
}
