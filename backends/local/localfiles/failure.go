package localfiles

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/cpodkit/cpodkit"
)

// failure gives an error of the operating system its code, where callers can
// act on it.
func failure(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("%w: %w", cpodkit.CodePayloadTooLarge, err)
	}
	if errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("%w: %w", cpodkit.CodeUnavailable, err)
	}
	for _, reason := range storeFailures() {
		if errors.Is(err, reason) {
			return fmt.Errorf("%w: %w", cpodkit.CodeUnavailable, err)
		}
	}
	return err
}

// isGone reports whether a path leads nowhere: something on it is not there, or
// a file where a folder was.
func isGone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
