// Package objstorefiles is a files driver on any bucket of
// github.com/thanos-io/objstore, so on Azure Blob Storage, Google Cloud Storage,
// OpenStack Swift, Oracle, Alibaba, Tencent, Baidu and Huawei Cloud. For Amazon S3
// and MinIO, package s3files can do more.
//
// A bucket has names and bytes, and no place for an ETag or a content type. They
// stand in a header at the start of the object, before the file's bytes, so that
// one upload stores all of a file (see header.go for the form). The objects of a
// bucket are therefore for this package alone: others see the header, and what
// others put there is never served.
//
// # What a bucket cannot do
//
//   - Conditions: Put with a condition is CodeNotSupported, unless one
//     process alone writes to the bucket and says so ([WithSoleWriter]).
//   - Signed URLs: the driver makes none, and a [files.Store] signs its own.
//   - Lists in pages: a bucket lists from the start only. Each page walks all names
//     of the folder that the prefix lies in, and with no delimiter those of all
//     folders below; memory does not grow with them. A list also reads the header
//     of each file it shows, 16 at a time. That serves some 10,000 files in a
//     folder, not millions.
//   - An open file that is sought further than a little ahead after it was
//     replaced is an error, CodeUnavailable; bytes of two Puts never mix.
//   - Length of names: what the store takes.
//
// On the providers S3 (which may be MinIO) and FILESYSTEM a Put first looks for
// files above and below the name, of which one would be hidden, and says
// CodeConflict; two processes that make such files in the same moment can both
// succeed. Objstore's FILESYSTEM writes in place: a crash or a reader in the middle
// of a Put finds half a file, which is an error when it is read. It is for tests.
//
// A body is spooled before it is uploaded, up to 1 MiB in memory, more in a
// temporary file: an upload then has a known size and never fails half way because
// of its body. A Put whose answer is lost may have been done.
package objstorefiles

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"net/url"
	"os"
	"syscall"
	"time"

	"github.com/thanos-io/objstore"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/internal/circuit"
	"github.com/cpodkit/cpodkit/backends/internal/remotefile"
	"github.com/cpodkit/cpodkit/storage/files"
)

// DefaultTimeLimit is how long the store may leave a call without any progress.
const DefaultTimeLimit = circuit.DefaultTimeLimit

// Driver is a [files.Driver]. It is safe for concurrent use.
type Driver struct {
	bucket     objstore.Bucket
	breaker    *circuit.Breaker
	limit      time.Duration
	tempFolder string
	layered    bool // holds files above and below each other
	memory     remotefile.Pool
	paths      remotefile.Paths

	soleWriter bool
	seed       maphash.Seed
	locks      [256]chan struct{} // each holds one while it is locked
}

var (
	_ files.Driver   = (*Driver)(nil)
	_ cpodkit.Pinger = (*Driver)(nil)
)

// Option configures [New].
type Option func(*Driver)

// WithTimeLimit sets how long the store may leave a call without any progress
// before it fails as CodeUnavailable; [DefaultTimeLimit] by default.
func WithTimeLimit(limit time.Duration) Option { return func(d *Driver) { d.limit = limit } }

// WithTempFolder sets the folder for bodies of more than 1 MiB on their way to the
// store, by default that of os.TempDir. It must be there.
func WithTempFolder(dir string) Option { return func(d *Driver) { d.tempFolder = dir } }

// WithSoleWriter says that no other process writes to the bucket, and no other
// Driver of this one. Then this driver keeps the conditions of Put, which the
// bucket cannot. With a second writer they protect nothing.
func WithSoleWriter() Option { return func(d *Driver) { d.soleWriter = true } }

// New returns a driver on a bucket, which stays open when the driver is closed. New
// makes no call; [Driver.Ping] tells whether the store is there.
//
// The bucket must be a whole one: objstore.NewPrefixedBucket is no boundary between
// tenants, for it takes ".." and an empty prefix. Names are checked here.
func New(bucket objstore.Bucket, opts ...Option) (*Driver, error) {
	if bucket == nil {
		return nil, errors.New("objstorefiles: the bucket is nil")
	}
	provider := bucket.Provider()
	d := &Driver{
		bucket:  bucket,
		breaker: circuit.New("store of files", circuit.WithTimeLimit(0), circuit.WithIsDown(isDown)),
		limit:   DefaultTimeLimit, tempFolder: os.TempDir(),
		layered: provider != objstore.S3 && provider != objstore.FILESYSTEM,
		seed:    maphash.MakeSeed(),
	}
	for i := range d.locks {
		d.locks[i] = make(chan struct{}, 1)
	}
	for _, opt := range opts {
		opt(d)
	}
	if d.limit <= 0 {
		return nil, fmt.Errorf("objstorefiles: the time limit %v is not positive", d.limit)
	}
	if info, err := os.Stat(d.tempFolder); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("objstorefiles: WithTempFolder(%q): there is no such folder", d.tempFolder)
	}
	return d, nil
}

// Close implements [files.Driver]. The bucket stays open.
func (d *Driver) Close() error { return nil }

// Ping implements [cpodkit.Pinger]: it asks for an object.
func (d *Driver) Ping(ctx context.Context) error {
	return d.do(ctx, func(ctx context.Context) error {
		_, err := d.bucket.Exists(ctx, "ping")
		return err
	})
}

// Delete implements [files.Driver].
func (d *Driver) Delete(ctx context.Context, name string) error {
	if err := files.CheckName(name); err != nil {
		return err
	}
	if !d.takes(name) {
		return ctx.Err()
	}
	unlock, err := d.lock(ctx, name)
	if err != nil {
		return err
	}
	defer unlock()
	err = d.do(ctx, func(ctx context.Context) error {
		if !d.layered { // FILESYSTEM would delete a folder with all that is in it
			there, err := d.bucket.Exists(ctx, name)
			if err != nil || !there {
				return err
			}
		}
		return d.bucket.Delete(ctx, name)
	})
	if errors.Is(err, cpodkit.CodeNotFound) {
		return nil
	}
	return err
}

// lock serialises the writes of a name where this driver alone makes them. Whoever
// waits does so no longer than ctx.
func (d *Driver) lock(ctx context.Context, name string) (unlock func(), err error) {
	if !d.soleWriter {
		return func() {}, nil
	}
	held := d.locks[maphash.String(d.seed, name)%uint64(len(d.locks))]
	select {
	case held <- struct{}{}:
		return func() { <-held }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// isDown takes in requests without an answer whose cause a client library has put
// into words of its own.
func isDown(err error) bool {
	_, unanswered := errors.AsType[*url.Error](err)
	return unanswered || circuit.IsDown(err)
}

// do makes one call within the time limit.
func (d *Driver) do(ctx context.Context, call func(ctx context.Context) error) error {
	return d.breaker.Do(ctx, func(ctx context.Context) error { return d.limited(ctx, call) })
}

// limited gives one request of a call the time limit.
func (d *Driver) limited(ctx context.Context, request func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, d.limit)
	defer cancel()
	if err := request(ctx); err != nil {
		return d.coded(err)
	}
	return ctx.Err() // not every provider looks
}

// coded gives an error its code, where callers can act on it. FILESYSTEM tells of a
// folder where a file is wanted, and of the reverse, by those of the system.
func (d *Driver) coded(err error) error {
	switch {
	case err == nil:
		return nil
	case d.bucket.IsObjNotFoundErr(err), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR):
		return fmt.Errorf("%w: %w", cpodkit.CodeNotFound, err)
	case d.bucket.IsAccessDeniedErr(err):
		return fmt.Errorf("objstorefiles: the store denies access: %w", err)
	}
	return err
}

// takes reports whether the store may have a file of that name.
func (d *Driver) takes(name string) bool {
	_, found := remotefile.DotSegment(name)
	return d.bucket.Provider() != objstore.S3 || !found
}
