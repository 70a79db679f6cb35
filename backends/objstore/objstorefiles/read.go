package objstorefiles

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/internal/remotefile"
	"github.com/cpodkit/cpodkit/storage/files"
)

// Stat implements [files.Driver].
func (d *Driver) Stat(ctx context.Context, name string) (files.Attributes, error) {
	if err := files.CheckName(name); err != nil {
		return files.Attributes{}, err
	}
	if !d.takes(name) {
		return files.Attributes{}, cpodkit.CodeNotFound
	}
	var attrs files.Attributes
	err := d.do(ctx, func(ctx context.Context) (err error) {
		attrs, err = d.readHeader(ctx, name)
		return err
	})
	return attrs, err
}

// readHeader reads the start of an object.
func (d *Driver) readHeader(ctx context.Context, name string) (files.Attributes, error) {
	r := &headReader{driver: d, ctx: ctx, name: name}
	defer r.close()
	attrs, _, err := readHeader(r, name)
	return attrs, d.coded(err)
}

// headReader reads an object from its start, in two requests at most where the
// header is small.
type headReader struct {
	driver *Driver
	ctx    context.Context //nolint:containedctx // it lives as long as one call
	name   string
	body   io.ReadCloser
	at     int64
	left   int64 // of body
}

func (r *headReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		if err := r.open(); err != nil {
			return 0, err
		}
	}
	n, err := r.body.Read(p[:min(int64(len(p)), r.left)])
	r.at += int64(n)
	r.left -= int64(n)
	if r.left == 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

func (r *headReader) open() error {
	size := int64(headGuess)
	if r.body != nil {
		size = maxDescription
	}
	r.close()
	body, err := r.driver.bucket.GetRange(r.ctx, r.name, r.at, size)
	if err != nil {
		return err
	}
	r.body, r.left = body, size
	return nil
}

func (r *headReader) close() {
	if r.body != nil {
		_ = r.body.Close()
		r.body = nil
	}
}

// object is an open file.
type object struct {
	*remotefile.Reader

	attrs  files.Attributes
	header int64 // bytes before the file's own
}

func (o *object) Attributes() files.Attributes { return o.attrs }

// Open implements [files.Driver] with one request for the whole object. Reading
// ends when ctx does.
func (d *Driver) Open(ctx context.Context, name string) (files.Object, error) {
	if err := files.CheckName(name); err != nil {
		return nil, err
	}
	if !d.takes(name) {
		return nil, cpodkit.CodeNotFound
	}
	o := &object{}
	var err error
	o.Reader, err = remotefile.Open(ctx, d.breaker, d.limit, func(ctx context.Context, at int64) (io.ReadCloser, int64, error) {
		if o.header > 0 {
			body, err := d.again(ctx, o, at)
			return body, 0, err
		}
		body, err := d.bucket.Get(ctx, name)
		if err != nil {
			return nil, 0, d.coded(err)
		}
		o.attrs, o.header, err = readHeader(body, name)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			_ = body.Close()
			return nil, 0, d.coded(err)
		}
		return body, o.attrs.Size, nil
	})
	if err != nil {
		return nil, err
	}
	return o, nil
}

// again asks for the rest of the same state of a file. A bucket has no condition
// for that, but no ETag comes back: when the header is still the same after the
// bytes were asked for, they are of the same Put.
func (d *Driver) again(ctx context.Context, o *object, at int64) (io.ReadCloser, error) {
	body, err := d.bucket.GetRange(ctx, o.attrs.Name, o.header+at, o.attrs.Size-at)
	if err != nil {
		return nil, d.replaced(err)
	}
	attrs, err := d.readHeader(ctx, o.attrs.Name)
	if err == nil && attrs.ETag != o.attrs.ETag {
		err = cpodkit.CodePreconditionFailed
	}
	if err != nil {
		_ = body.Close()
		return nil, d.replaced(err)
	}
	return body, nil
}

func (d *Driver) replaced(err error) error {
	if err = d.coded(err); errors.Is(err, cpodkit.CodePreconditionFailed) || errors.Is(err, cpodkit.CodeNotFound) {
		return fmt.Errorf("%w: the file was replaced or deleted while it was read: %w", cpodkit.CodeUnavailable, err)
	}
	return err
}
