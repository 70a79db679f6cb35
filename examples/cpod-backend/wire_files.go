package main

import (
	"fmt"

	"github.com/cpodkit/cpodkit/backends/local/localfiles"
	"github.com/cpodkit/cpodkit/backends/s3/s3files"
)

// openFiles opens the store of files that CPOD_FILES names.
func (d *data) openFiles(cfg config) error {
	if isLocal(cfg.files) {
		disk, err := localfiles.Open(cfg.filesPath(), localfiles.KeepFree(cfg.keepFree))
		if err != nil {
			return err
		}
		d.files = disk
		d.closers = append(d.closers, disk.Close)
		return nil
	}
	bucket, err := s3files.Open(cfg.files)
	if err != nil {
		return fmt.Errorf("CPOD_FILES: %w", err)
	}
	d.files = bucket
	d.closers = append(d.closers, bucket.Close)
	return nil
}
