package files

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
)

// Driver stores files by name. Names are full storage paths ("t1/apps/a1/x"),
// built and checked by the portable type; a driver checks once more, with
// [CheckName], that they stay inside its own root.
//
// An outcome that callers act on is an error for which errors.Is finds one of
// cpodkit.CodeNotFound, CodePreconditionFailed, CodeConflict, CodeUnavailable,
// CodePayloadTooLarge or CodeNotSupported. Every other error is returned raw;
// its text reaches logs and never a client. The Detail of a *cpodkit.Error that
// is CodeUnavailable is for the client: it may say that the disk is full. All
// methods are safe for concurrent use and honour ctx. Package filestest is the
// suite that every driver passes.
type Driver interface {
	// Put stores the whole of body under name, or nothing. An error of body is
	// returned as it is. A store that cannot hold a file beside one that it
	// already has (a file where the new one needs a folder, or the reverse) says
	// CodeConflict.
	Put(ctx context.Context, name string, body io.Reader, opts PutOptions) (Attributes, error)

	// Open returns the file for reading at its state of now: a Put or Delete
	// that comes later does not change what is read.
	Open(ctx context.Context, name string) (Object, error)

	// Stat returns the attributes alone.
	Stat(ctx context.Context, name string) (Attributes, error)

	// Delete removes the file; one that is not there is no error.
	Delete(ctx context.Context, name string) error

	// List returns the names that begin with q.Prefix, in byte order.
	List(ctx context.Context, q ListQuery) (Listing, error)

	// Close frees what the driver holds. The driver is not used afterwards.
	Close() error
}

// Presigner is for drivers: a [Driver] whose store signs URLs itself. Where it answers
// CodeNotSupported, the [Store] signs a URL of its own.
type Presigner interface {
	// PresignURL returns a URL that does method, GET or PUT, on the file without
	// credentials for as long as ttl.
	PresignURL(ctx context.Context, name, method string, ttl time.Duration) (string, error)
}

// PutOptions are for drivers: the properties and conditions of a Put. With IfAbsent
// and another condition it always fails, for no file can meet both.
type PutOptions struct {
	ContentType string

	// IfMatch is the ETag that the file must have; "" for no condition.
	// CodePreconditionFailed when it has another, or is not there.
	IfMatch string

	// IfPresent makes Put fail with CodePreconditionFailed when there is no file.
	IfPresent bool

	// IfAbsent makes Put fail with CodePreconditionFailed when there is a file.
	IfAbsent bool
}

// Admits reports whether the conditions hold for a file with the given ETag;
// "" stands for no file.
func (o PutOptions) Admits(etag string) bool {
	if etag == "" {
		return o.IfMatch == "" && !o.IfPresent
	}
	return !o.IfAbsent && (o.IfMatch == "" || o.IfMatch == etag)
}

// Conditional reports whether there is any condition.
func (o PutOptions) Conditional() bool { return o.IfAbsent || o.NeedsFile() }

// NeedsFile reports whether there must be a file already.
func (o PutOptions) NeedsFile() bool { return o.IfPresent || o.IfMatch != "" }

// Attributes are for drivers: they describe one stored file.
type Attributes struct {
	Name        string    // the full storage path
	Size        int64     // bytes
	ETag        string    // opaque, without quotes, never empty; another one after every Put
	ContentType string    // as it was put
	ModTime     time.Time // of the Put, UTC
}

// Object is for drivers: an open file. It is used by one goroutine at a time.
type Object interface {
	io.ReadSeekCloser
	Attributes() Attributes
}

// OSFileObject is for drivers: an [Object] whose bytes are the first ones of a file of
// the operating system. The kernel then sends them to an HTTP client without a copy
// through this process.
type OSFileObject interface {
	Object
	// OSFile returns the file, positioned where the object is. It may hold more
	// than the object: whoever reads it stops at the object's size.
	OSFile() (*os.File, error)
}

// ListQuery is for drivers: it asks for one page of names.
type ListQuery struct {
	Prefix    string // never empty: a space's root, or longer
	Delimiter string // "" or "/": names that hold it after Prefix are folded into one of Listing.Prefixes
	After     string // return what sorts after this name or folded prefix; "" from the start
	Limit     int    // at most this many items and prefixes together; at least 1
}

// Check returns an error for a query that breaks the rules of its fields.
func (q ListQuery) Check() error {
	if err := CheckName(strings.TrimSuffix(q.Prefix, "/")); err != nil {
		return err
	}
	if q.Delimiter != "" && q.Delimiter != "/" {
		return fmt.Errorf("files: the delimiter %q is not a slash", q.Delimiter)
	}
	if q.Limit < 1 {
		return fmt.Errorf("files: the limit %d is less than 1", q.Limit)
	}
	return nil
}

// Listing is for drivers: one page of names. Items and Prefixes are each in byte order.
type Listing struct {
	Items    []Attributes
	Prefixes []string // full paths, each ending with the delimiter
	Next     string   // the After of the next page; "" when this is the last
}

// CheckName is for drivers: it returns an error unless name is a clean relative
// path: UTF-8 without NUL, and without empty, "." and ".." segments.
func CheckName(name string) error {
	if name == "." || !fs.ValidPath(name) || strings.ContainsRune(name, 0) {
		return fmt.Errorf("files: %q is not a storage path", name)
	}
	return nil
}
