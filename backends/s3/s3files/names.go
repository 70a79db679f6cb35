package s3files

import (
	"fmt"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/internal/remotefile"
	"github.com/cpodkit/cpodkit/storage/files"
)

// maxName is the longest key of S3, in bytes.
const maxName = 1024

// check repeats at the boundary what the portable type has checked, and adds
// what S3 cannot have.
func check(name string) error {
	if err := files.CheckName(name); err != nil {
		return err
	}
	if len(name) > maxName {
		return fmt.Errorf("s3files: a name of %d bytes, S3 has %d at most: %w", len(name), maxName, cpodkit.CodeNotSupported)
	}
	return nil
}

// takes reports whether the store may have a file of that name. MinIO answers 400
// to whoever asks for others.
func (d *Driver) takes(name string) bool {
	_, found := remotefile.DotSegment(name)
	return d.layered || !found
}
