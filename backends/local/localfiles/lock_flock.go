//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package localfiles

import (
	"errors"
	"os"
	"syscall"
)

// lockFolder takes a lock that goes with the process, also when it is killed. It
// reports whether it has it, and fails when somebody else does. Some file systems
// have no locks.
func lockFolder(f *os.File) (alone bool, err error) {
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, errors.New("another process uses the folder: stop it, or choose another folder")
	}
	return err == nil, nil
}
