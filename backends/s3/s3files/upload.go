package s3files

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/internal/remotefile"
	"github.com/cpodkit/cpodkit/storage/files"
)

const (
	// partSizeSpread is by how many bytes the parts of uploads differ. S3's ETag
	// of a multipart upload depends on where the parts end, so that the same bytes
	// nearly never have the same ETag again.
	partSizeSpread = 64 << 10

	// completeFactor times the time limit is what the store has to put the parts
	// together: "can take several minutes" says Amazon of the largest.
	completeFactor = 12
)

// large stores first, which is full, and the rest of body.
func (p *put) large(ctx context.Context, first *remotefile.Buffer, body io.Reader) (attrs files.Attributes, err error) {
	if p.opts.IfAbsent { // before the body is read
		if err := p.look(ctx); err != nil {
			return files.Attributes{}, err
		}
	}
	if err := p.checkFolders(ctx); err != nil { // before the body is read; again when it is stored
		return files.Attributes{}, err
	}
	u, err := p.driver.begin(ctx, p.name, minio.PutObjectOptions{
		ContentType:  p.opts.ContentType,
		UserMetadata: metadata(p.etag, time.Time{}, p.opts.ContentType),
	})
	if err != nil {
		return files.Attributes{}, err
	}
	defer func() {
		if err != nil {
			u.abort(ctx)
		}
	}()
	if err := u.sendAll(ctx, first, body); err != nil {
		return files.Attributes{}, err
	}
	if err := ctx.Err(); err != nil {
		return files.Attributes{}, err
	}
	if err := p.commit(ctx, func() error { return u.complete(ctx, p.condition(minio.PutObjectOptions{})) }); err != nil {
		return files.Attributes{}, err
	}
	attrs = files.Attributes{Name: p.name, Size: u.size, ETag: p.etag, ContentType: p.opts.ContentType}
	attrs.ModTime = p.driver.modTime(ctx, attrs)
	return attrs, nil
}

// modTime asks for the time of what was just put. When that is not to be had, or
// another Put came since, now is as good.
func (d *Driver) modTime(ctx context.Context, put files.Attributes) time.Time {
	if attrs, err := d.Stat(ctx, put.Name); err == nil && attrs.ETag == put.ETag {
		return attrs.ModTime
	}
	return time.Now().UTC().Truncate(time.Second)
}

// upload is a multipart upload under way.
type upload struct {
	driver *Driver
	name   string
	id     string
	parts  []minio.CompletePart
	size   int64
}

func (d *Driver) begin(ctx context.Context, name string, opts minio.PutObjectOptions) (*upload, error) {
	u := &upload{driver: d, name: name}
	err := d.do(ctx, func(ctx context.Context) (err error) {
		u.id, err = d.core.NewMultipartUpload(ctx, d.bucket, name, opts)
		return err
	})
	return u, err
}

// sendAll sends first and the rest of body. While one part is sent the next is
// read. The first failure, of either, ends both.
func (u *upload) sendAll(caller context.Context, first *remotefile.Buffer, body io.Reader) error {
	ctx, fail := context.WithCancelCause(caller)
	defer fail(nil)
	partSize := u.driver.partSize + rand.N(partSizeSpread) //nolint:gosec // nothing to guess
	parts, sent := make(chan *remotefile.Buffer), make(chan struct{})
	go func() {
		defer close(sent)
		for part := range parts {
			if ctx.Err() == nil {
				if err := u.send(ctx, part); err != nil {
					fail(err)
				}
			}
			part.Free()
		}
	}()
	part := first
	for ended := false; !ended && ctx.Err() == nil; part = u.driver.memory.Get() {
		var err error
		if ended, err = part.Fill(ctx, body, partSize); err != nil {
			fail(err)
		}
		parts <- part
	}
	close(parts)
	<-sent
	if err := caller.Err(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// send sends one part. It is called by one goroutine at a time.
func (u *upload) send(ctx context.Context, part *remotefile.Buffer) error {
	if part.Size() == 0 && len(u.parts) > 0 {
		return nil // the body ended with the part before
	}
	number := len(u.parts) + 1
	if number > maxParts {
		return fmt.Errorf("%w: S3 takes %d parts, here of %d bytes", cpodkit.CodePayloadTooLarge, maxParts, u.driver.partSize)
	}
	var done minio.ObjectPart
	err := u.driver.change(ctx, u.driver.limit, func(ctx context.Context, w *remotefile.Watch) (err error) {
		done, err = u.driver.core.PutObjectPart(ctx, u.driver.bucket, u.name, u.id, number,
			w.Body(part.Reader()), int64(part.Size()), minio.PutObjectPartOptions{})
		return err
	})
	u.parts = append(u.parts, minio.CompletePart{PartNumber: number, ETag: done.ETag})
	u.size += int64(part.Size())
	return err
}

// complete makes the file visible.
func (u *upload) complete(ctx context.Context, opts minio.PutObjectOptions) error {
	return u.driver.change(ctx, completeFactor*u.driver.limit, func(ctx context.Context, _ *remotefile.Watch) error {
		_, err := u.driver.core.CompleteMultipartUpload(ctx, u.driver.bucket, u.name, u.id, u.parts, opts)
		return err
	})
}

// abort removes the parts, also when the caller is gone. Where that fails, they
// are left to the bucket's lifecycle rule.
func (u *upload) abort(ctx context.Context) {
	_ = u.driver.do(context.WithoutCancel(ctx), func(ctx context.Context) error {
		return u.driver.core.AbortMultipartUpload(ctx, u.driver.bucket, u.name, u.id)
	})
}
