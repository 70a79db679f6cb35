//go:build !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd

package localfiles

import "os"

// lockFolder does nothing where the standard library has no file locks.
func lockFolder(*os.File) (alone bool, err error) { return false, nil }
