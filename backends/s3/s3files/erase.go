package s3files

import (
	"context"
	"errors"

	"github.com/minio/minio-go/v7"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/files"
)

var _ files.Eraser = (*Driver)(nil)

// eraseAtOnce is how many versions are listed, and then removed, at a time.
const eraseAtOnce = 1000

// Erase implements [files.Eraser]. In a bucket with versioning it removes all versions
// and the markers of deletion, which needs the permission s3:DeleteObjectVersion. It also
// aborts the uploads below prefix that a process has left behind.
func (d *Driver) Erase(ctx context.Context, prefix string) error {
	if err := storage.CheckPrefix(prefix); err != nil {
		return err
	}
	for more := true; more; {
		var err error
		if more, err = d.eraseVersions(ctx, prefix); err != nil {
			return err
		}
	}
	return d.abortUploads(ctx, prefix)
}

// eraseVersions removes some versions, and reports whether there may be more.
func (d *Driver) eraseVersions(ctx context.Context, prefix string) (more bool, err error) {
	var found []minio.ObjectInfo
	err = d.do(ctx, func(ctx context.Context) error {
		found = found[:0]
		opts := minio.ListObjectsOptions{Prefix: prefix, Recursive: true, WithVersions: true, MaxKeys: maxKeys}
		for info := range d.core.ListObjectsIter(ctx, d.bucket, opts) {
			if info.Err != nil {
				return info.Err
			}
			if found = append(found, info); len(found) == eraseAtOnce {
				break
			}
		}
		return ctx.Err()
	})
	if err != nil {
		return false, err
	}
	for _, info := range found {
		err := d.do(ctx, func(ctx context.Context) error {
			return d.core.RemoveObject(ctx, d.bucket, info.Key, minio.RemoveObjectOptions{VersionID: info.VersionID})
		})
		if err != nil && !errors.Is(err, cpodkit.CodeNotFound) {
			return false, err
		}
	}
	return len(found) == eraseAtOnce, nil
}

// abortUploads ends the uploads below prefix.
func (d *Driver) abortUploads(ctx context.Context, prefix string) error {
	var found []minio.ObjectMultipartInfo
	err := d.do(ctx, func(ctx context.Context) error {
		found = found[:0]
		for info := range d.core.ListIncompleteUploads(ctx, d.bucket, prefix, true) {
			if info.Err != nil {
				return info.Err
			}
			found = append(found, info)
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	for _, info := range found {
		err := d.do(ctx, func(ctx context.Context) error {
			return d.core.AbortMultipartUpload(ctx, d.bucket, info.Key, info.UploadID)
		})
		if answer, ok := errors.AsType[minio.ErrorResponse](err); ok && answer.Code == codeNoSuchUpload {
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}
