//go:build darwin || freebsd || linux

package diskspace

import "syscall"

func free(path string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(path, &s); err != nil {
		return 0, err
	}
	blocks := int64(s.Bavail) // signed on FreeBSD, where it can be negative
	return uint64(max(blocks, 0)) * uint64(s.Bsize), nil
}
