// Package diskspace asks the system how full a disk is.
package diskspace

// ErrFull is the cause of a write that was refused to keep some space free.
const ErrFull = fullError("the disk has less free space than is to be kept")

type fullError string

func (e fullError) Error() string { return string(e) }

// Check returns [ErrFull] when the file system of path has less than keep bytes
// free for an ordinary user. It returns nil when that cannot be told, for the
// write that follows then says it: keep is a margin, and not the limit.
func Check(path string, keep int64) error {
	if keep <= 0 {
		return nil
	}
	free, err := free(path)
	if err != nil || free >= uint64(keep) {
		return nil //nolint:nilerr // see above
	}
	return ErrFull
}
