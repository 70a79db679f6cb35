//go:build unix

package main

import (
	"math"
	"syscall"
)

// fileLimit returns how many files, connections among them, the process may have
// open. The Go runtime has raised the soft limit to the hard one.
func fileLimit() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return defaultFileLimit
	}
	return int(min(uint64(limit.Cur), math.MaxInt32)) //nolint:unconvert // on some systems it is signed
}
