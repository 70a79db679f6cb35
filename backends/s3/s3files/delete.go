package s3files

import (
	"context"
	"errors"

	"github.com/minio/minio-go/v7"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/internal/remotefile"
)

// Delete implements [files.Driver]. A bucket with versioning keeps the file as an
// old version.
func (d *Driver) Delete(ctx context.Context, name string) error {
	if err := check(name); err != nil {
		return err
	}
	if !d.takes(name) {
		return ctx.Err()
	}
	err := d.change(ctx, d.limit, func(ctx context.Context, _ *remotefile.Watch) error {
		return d.core.RemoveObject(ctx, d.bucket, name, minio.RemoveObjectOptions{})
	})
	if errors.Is(err, cpodkit.CodeNotFound) {
		return nil
	}
	return err
}
