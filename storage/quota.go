package storage

import "context"

// What a file or a document counts for, in bytes, beside its content and its name. An
// empty one takes room too.
const (
	// FileOverhead is about a block and an inode of a disk. The name of a file is its
	// whole storage path.
	FileOverhead = 4096

	// DocumentOverhead is about a record, its index entries and its projection. The name
	// of a document is its key.
	DocumentOverhead = 512
)

// Quota bounds how many bytes tenants store, in files and documents together: those of
// contents and names, and the overheads. Stores reserve bytes before they store them. It
// is safe for concurrent use.
type Quota interface {
	// Reserve takes n bytes, more than 0, for the tenant with that encoded id. When it
	// may not store so many more it takes none, and the error is a [cpodkit.Error] with
	// the code quota_exceeded. While the quota cannot tell it is unavailable.
	Reserve(ctx context.Context, tenant string, n int64) error

	// Release gives n bytes back, 0 or more: those of a write that failed, or of what
	// was deleted or made smaller.
	Release(tenant string, n int64)
}
