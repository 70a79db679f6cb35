package localfiles

import (
	"os"
	"syscall"
)

// syncFolder does nothing: Windows flushes no folders, and journals its renames.
func syncFolder(*os.File) error { return nil }

// The numbers are those of https://learn.microsoft.com/windows/win32/debug/system-error-codes.
func fullDisk() []error     { return []error{syscall.Errno(39), syscall.Errno(112)} }
func readOnlyDisk() []error { return []error{syscall.Errno(19)} }

// storeFailures are what else says that the disk cannot serve now.
func storeFailures() []error { return []error{syscall.Errno(1117)} }
