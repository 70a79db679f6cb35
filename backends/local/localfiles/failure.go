package localfiles

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"syscall"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/diskspace"
)

// failure gives an error of the operating system its code, where callers can
// act on it.
func failure(err error) error {
	if err == nil {
		return nil
	}
	switch {
	case isOne(err, fullDisk()), errors.Is(err, diskspace.ErrFull):
		return cpodkit.Errorf(cpodkit.CodeUnavailable, "The server's disk is full; try again when there is room.").WithCause(err)
	case isOne(err, readOnlyDisk()):
		return cpodkit.Errorf(cpodkit.CodeUnavailable, "The server's disk takes no writes now; try again later.").WithCause(err)
	case errors.Is(err, os.ErrClosed), isOne(err, storeFailures()):
		return fmt.Errorf("%w: %w", cpodkit.CodeUnavailable, err)
	case errors.Is(err, syscall.EFBIG):
		return fmt.Errorf("%w: %w", cpodkit.CodePayloadTooLarge, err)
	}
	return err
}

func isOne(err error, of []error) bool {
	return slices.ContainsFunc(of, func(one error) bool { return errors.Is(err, one) })
}

// isGone reports whether a path leads nowhere: something on it is not there, or
// a file where a folder was.
func isGone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
