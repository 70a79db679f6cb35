package s3files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/minio/minio-go/v7"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/internal/remotefile"
	"github.com/cpodkit/cpodkit/internal/shares"
	"github.com/cpodkit/cpodkit/storage/files"
)

// Stat implements [files.Driver].
func (d *Driver) Stat(ctx context.Context, name string) (files.Attributes, error) {
	if err := check(name); err != nil {
		return files.Attributes{}, err
	}
	info, err := d.stat(ctx, name)
	if err != nil {
		return files.Attributes{}, err
	}
	return attributes(name, info), nil
}

func (d *Driver) stat(ctx context.Context, name string) (minio.ObjectInfo, error) {
	var info minio.ObjectInfo
	if !d.takes(name) {
		return info, cpodkit.CodeNotFound
	}
	err := d.do(ctx, func(ctx context.Context) (err error) {
		info, err = d.core.StatObject(ctx, d.bucket, name, minio.StatObjectOptions{})
		return err
	})
	return info, err
}

// object is an open file.
type object struct {
	*remotefile.Reader

	attrs   files.Attributes
	etag    string // S3's
	version string // "" in a bucket without versioning
	release func()
}

func (o *object) Attributes() files.Attributes { return o.attrs }

// Close implements [files.Object].
func (o *object) Close() error {
	defer o.release()
	return o.Reader.Close()
}

// download waits for a place for one more download of a tenant, for the time limit at
// most: each holds a connection for as long as its client reads.
func (d *Driver) download(ctx context.Context, name string) (release func(), err error) {
	waiting, cancel := context.WithTimeout(ctx, d.limit)
	defer cancel()
	release, err = d.downloads.Acquire(waiting, name)
	switch {
	case err == nil:
		return sync.OnceFunc(release), nil
	case ctx.Err() != nil:
		return nil, err
	}
	return nil, shares.Full("Your tenant has as many downloads under way on this server as its share is; end some, or try again.")
}

// Open implements [files.Driver] with one GET for the whole file, whose body waits
// to be read. Reading ends when ctx does. Of the 1024 connections to the store, the
// downloads of one tenant take an eighth at most, and less beside those of others. One
// that is over that waits, for the time limit at most.
func (d *Driver) Open(ctx context.Context, name string) (files.Object, error) {
	if err := check(name); err != nil {
		return nil, err
	}
	if !d.takes(name) {
		return nil, cpodkit.CodeNotFound
	}
	release, err := d.download(ctx, name)
	if err != nil {
		return nil, err
	}
	o := &object{release: release}
	o.Reader, err = remotefile.Open(ctx, d.breaker, d.limit, func(ctx context.Context, at int64) (io.ReadCloser, int64, error) {
		if o.etag != "" {
			body, err := d.again(ctx, o, at)
			return body, 0, err
		}
		body, info, _, err := d.core.GetObject(ctx, d.bucket, name, minio.GetObjectOptions{})
		if err != nil {
			return nil, 0, coded(err)
		}
		o.attrs, o.etag = attributes(name, info), info.ETag
		if info.VersionID != "null" { // which versions share while versioning is suspended
			o.version = info.VersionID
		}
		return body, info.Size, nil
	})
	if err != nil {
		release()
		return nil, err
	}
	return o, nil
}

// again asks for the rest of the same state of a file.
func (d *Driver) again(ctx context.Context, o *object, at int64) (io.ReadCloser, error) {
	var opts minio.GetObjectOptions
	if at > 0 {
		if err := opts.SetRange(at, 0); err != nil {
			return nil, err
		}
	}
	if o.version != "" {
		opts.VersionID = o.version
	} else if err := opts.SetMatchETag(o.etag); err != nil {
		return nil, err
	}
	body, _, _, err := d.core.GetObject(ctx, d.bucket, o.attrs.Name, opts)
	if err = coded(err); errors.Is(err, cpodkit.CodePreconditionFailed) || errors.Is(err, cpodkit.CodeNotFound) {
		return nil, fmt.Errorf("%w: the file was replaced or deleted while it was read: %w", cpodkit.CodeUnavailable, err)
	}
	return body, err
}
