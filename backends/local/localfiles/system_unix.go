//go:build !windows

package localfiles

import (
	"errors"
	"os"
	"syscall"
)

// syncFolder makes the entries of a folder durable, where the file system can.
func syncFolder(f *os.File) error {
	err := f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		return nil
	}
	return err
}

func fullDisk() []error     { return []error{syscall.ENOSPC, syscall.EDQUOT} }
func readOnlyDisk() []error { return []error{syscall.EROFS} }

// storeFailures are what else says that the disk, or this process, cannot serve
// now.
func storeFailures() []error {
	return []error{syscall.EIO, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM}
}
