//go:build unix

package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockFile makes sure that one server alone uses the embedded database: two
// would not see each other's revocations and kv entries. The lock goes with the
// process, also when it is killed.
func lockFile(path string) (unlock func() error, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("another server uses the data beside %s: stop it, or set CPOD_DATA_DIR", path), f.Close())
	}
	return f.Close, nil
}
