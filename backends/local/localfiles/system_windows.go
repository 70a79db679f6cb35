package localfiles

import (
	"os"
	"syscall"
)

// syncFolder does nothing: Windows flushes no folders, and journals its renames.
func syncFolder(*os.File) error { return nil }

// storeFailures are what says that the disk cannot serve now.
func storeFailures() []error {
	const (
		errorWriteProtect   = syscall.Errno(19)
		errorHandleDiskFull = syscall.Errno(39)
		errorDiskFull       = syscall.Errno(112)
		errorIODevice       = syscall.Errno(1117)
	)
	return []error{errorWriteProtect, errorHandleDiskFull, errorDiskFull, errorIODevice}
}
