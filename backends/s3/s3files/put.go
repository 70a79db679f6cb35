package s3files

import (
	"context"
	"crypto/md5" //nolint:gosec // S3's ETag is made with it
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/internal/remotefile"
	"github.com/cpodkit/cpodkit/storage/files"
)

// Put implements [files.Driver]. A body that fits into one part is read whole and
// stored by one request; a longer one by a multipart upload, two parts at a time
// in memory.
func (d *Driver) Put(
	ctx context.Context, name string, body io.Reader, opts files.PutOptions,
) (files.Attributes, error) {
	if err := check(name); err != nil {
		return files.Attributes{}, err
	}
	if opts.IfAbsent && opts.NeedsFile() {
		return files.Attributes{}, cpodkit.CodePreconditionFailed
	}
	p := &put{driver: d, name: name, opts: opts, etag: newETag()}
	if opts.NeedsFile() { // before the body is read
		if err := p.look(ctx); err != nil {
			return files.Attributes{}, err
		}
	}
	if !d.takes(name) {
		return files.Attributes{}, fmt.Errorf("%w: MinIO takes %q for a path with a dot segment", cpodkit.CodeConflict, name)
	}
	first := d.memory.Get()
	defer first.Free()
	ended, err := first.Fill(ctx, body, d.partSize)
	if err != nil {
		return files.Attributes{}, err
	}
	if ended {
		return p.small(ctx, first)
	}
	return p.large(ctx, first, body)
}

// put is one Put.
type put struct {
	driver *Driver
	name   string
	opts   files.PutOptions
	etag   string // the new one

	// What look has found, and when.
	there  bool
	s3ETag string
	looked time.Time
}

// fresh is how long what look has found may be relied on. Reading a body takes
// longer, and meanwhile the same bytes could have been stored again.
const fresh = time.Second

// look finds out what there is, and returns an error when the conditions do not
// admit a Put.
func (p *put) look(ctx context.Context) error {
	p.looked = time.Now()
	info, err := p.driver.stat(ctx, p.name)
	switch {
	case errors.Is(err, cpodkit.CodeNotFound):
		p.there, p.s3ETag = false, ""
	case err != nil:
		return err
	default:
		p.there, p.s3ETag = true, info.ETag
	}
	etag := ""
	if p.there {
		etag = attributes(p.name, info).ETag
	}
	if !p.opts.Admits(etag) {
		return cpodkit.CodePreconditionFailed
	}
	return nil
}

// condition adds the conditions to the request that makes the file visible.
func (p *put) condition(o minio.PutObjectOptions) minio.PutObjectOptions {
	if p.opts.IfAbsent {
		o.SetMatchETagExcept("*")
	}
	if p.opts.NeedsFile() {
		o.SetMatchETag(p.s3ETag)
	}
	return o
}

// maxAttempts bounds how often a Put starts again because others came in between.
const maxAttempts = 100

// commit makes the request that makes the file visible, and makes it again where
// the conditions may hold although the store refused.
func (p *put) commit(ctx context.Context, request func() error) error {
	if p.opts.NeedsFile() && time.Since(p.looked) > fresh {
		if err := p.look(ctx); err != nil {
			return err
		}
	}
	return p.alone(ctx, func() error { return p.commitAlone(ctx, request) })
}

func (p *put) commitAlone(ctx context.Context, request func() error) error {
	for range maxAttempts {
		err := request()
		switch {
		case err == nil:
			return nil
		case errors.Is(err, errConflicting):
		case errors.Is(err, cpodkit.CodePreconditionFailed) && p.opts.IfPresent && p.opts.IfMatch == "":
		case errors.Is(err, cpodkit.CodeNotFound) && p.opts.NeedsFile():
			return fmt.Errorf("%w: %w", cpodkit.CodePreconditionFailed, err)
		default:
			return err
		}
		if err := p.look(ctx); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: %q keeps changing", cpodkit.CodeUnavailable, p.name)
}

// small stores a body of one part.
func (p *put) small(ctx context.Context, content *remotefile.Buffer) (files.Attributes, error) {
	modified := time.Now().UTC().Truncate(time.Millisecond)
	opts := minio.PutObjectOptions{
		ContentType:  p.opts.ContentType,
		UserMetadata: metadata(p.etag, modified, p.opts.ContentType),
	}
	err := p.commit(ctx, func() error {
		if p.opts.NeedsFile() && p.s3ETag == md5Of(content) {
			return p.smallWithAnotherETag(ctx, content, opts)
		}
		return p.driver.change(ctx, p.driver.limit, func(ctx context.Context, w *remotefile.Watch) error {
			_, err := p.driver.core.PutObject(ctx, p.driver.bucket, p.name, w.Body(content.Reader()),
				int64(content.Size()), "", "", p.condition(opts))
			return err
		})
	})
	if err != nil {
		return files.Attributes{}, err
	}
	return files.Attributes{
		Name: p.name, Size: int64(content.Size()), ETag: p.etag, ContentType: p.opts.ContentType, ModTime: modified,
	}, nil
}

// smallWithAnotherETag stores the very bytes that are there by a multipart upload
// of one part, whose S3 ETag is another one. So of several writers with the same
// condition one alone succeeds.
func (p *put) smallWithAnotherETag(ctx context.Context, content *remotefile.Buffer, opts minio.PutObjectOptions) (err error) {
	u, err := p.driver.begin(ctx, p.name, opts)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			u.abort(ctx)
		}
	}()
	if err := u.send(ctx, content); err != nil {
		return err
	}
	return u.complete(ctx, p.condition(minio.PutObjectOptions{}))
}

// md5Of is S3's ETag of an object that was stored by one request.
func md5Of(content *remotefile.Buffer) string {
	hash := md5.New() //nolint:gosec // see above
	_, _ = io.Copy(hash, content.Reader())
	return hex.EncodeToString(hash.Sum(nil))
}
