package files

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/cpodkit/cpodkit/storage"
)

// Handle is the files of one identity in one tier. It is a small value, safe
// for concurrent use.
//
// Every method checks the identity (missing_token, forbidden), the tier's scope
// (invalid_scope, user_required) and the key (invalid_key) before the driver is
// called. Its other errors are the codes of [cpodkit.Error]; a cancelled ctx is
// returned as it is.
type Handle struct {
	store  *Store
	caller storage.Caller
}

// Tier returns the same identity's files in tier t.
func (h Handle) Tier(t storage.Tier) Handle {
	h.caller.Tier = t
	return h
}

// App returns the files that one app of the user has in the user tier, for
// reading: Open, Stat, List and SignURL for GET. Whatever writes, and any other
// tier, is bad_request then.
func (h Handle) App(clientID string) Handle {
	h.caller.Apps = storage.OneApp(clientID)
	return h
}

// AllApps returns the files that all apps of the user have in the user tier, for
// List. Every other call, and any other tier, is bad_request then.
func (h Handle) AllApps() Handle {
	h.caller.Apps = storage.AllApps()
	return h
}

// File describes a stored file.
type File struct {
	Key          string    `json:"key"`
	Size         int64     `json:"size"` // bytes
	ETag         string    `json:"etag"` // opaque, without quotes; another one after every write
	ContentType  string    `json:"contentType"`
	LastModified time.Time `json:"lastModified"` // UTC

	// App is the client_id of the app that the file belongs to. It is set where a
	// read could have found the file of any app: in the lists of
	// [Handle.AllApps], and by Open and Stat in the user tier without an app.
	App string `json:"app,omitempty"`
}

// MarshalJSON writes LastModified with three fraction digits, as the answers of the
// routes have it.
func (f File) MarshalJSON() ([]byte, error) { return json.Marshal(viewOf(f)) }

// DefaultContentType is the type of a file that is written without one.
const DefaultContentType = "application/octet-stream"

// WriteOptions are the properties and conditions of a write.
type WriteOptions struct {
	// ContentType is a media type, up to 255 bytes of ASCII, kept as it is. ""
	// is [DefaultContentType]; a malformed one is unsupported_media_type.
	ContentType string

	// IfMatch is the ETag, without quotes, that the file must have; "" for no
	// condition. precondition_failed when it has another, or is not there.
	IfMatch string

	// IfPresent makes the write fail with precondition_failed when there is no file.
	IfPresent bool

	// IfAbsent makes the write fail with precondition_failed when there is a file.
	IfAbsent bool
}

// Write stores the whole of body under key, or nothing, and replaces what was
// there. nil options are the defaults. An error of body is returned as it is;
// more than the store's largest size is payload_too_large. Where the store
// cannot hold a file both at a key and below it, the later one is a conflict.
func (h Handle) Write(ctx context.Context, key string, body io.Reader, opts *WriteOptions) (File, error) {
	at, err := h.forWriting(key)
	if err != nil {
		return File{}, err
	}
	if opts == nil {
		opts = &WriteOptions{}
	}
	return h.store.write(ctx, at, body, -1, *opts)
}

// Reader is an open file. It reads the file's state of when it was opened,
// whatever is written later. It is used by one goroutine at a time, and closed.
type Reader struct {
	object Object
	file   File
}

// File describes the open file.
func (r *Reader) File() File { return r.file }

func (r *Reader) Read(p []byte) (int, error) { return r.object.Read(p) }

// Seek sets the offset of the next Read, as [io.Seeker] says.
func (r *Reader) Seek(offset int64, whence int) (int64, error) { return r.object.Seek(offset, whence) }

// Close frees the reader.
func (r *Reader) Close() error { return r.object.Close() }

// Open opens a file for reading; not_found when there is none. In the user tier,
// when the app itself has none, it opens the one that another app of the user
// has; it is a conflict when several have one.
func (h Handle) Open(ctx context.Context, key string) (*Reader, error) {
	var r *Reader
	err := h.read(ctx, key, func(at authorized) error {
		object, err := h.store.open(ctx, at.name())
		if err != nil {
			return err
		}
		r = &Reader{object, at.describe(object.Attributes())}
		return nil
	})
	return r, err
}

// Stat describes a file, the one that [Handle.Open] would open.
func (h Handle) Stat(ctx context.Context, key string) (File, error) {
	var file File
	err := h.read(ctx, key, func(at authorized) error {
		attrs, err := h.store.stat(ctx, at.name())
		if err != nil {
			return err
		}
		file = at.describe(attrs)
		return nil
	})
	return file, err
}

// Delete removes a file. One that is not there is no error.
func (h Handle) Delete(ctx context.Context, key string) error {
	at, err := h.forWriting(key)
	if err != nil {
		return err
	}
	return h.store.remove(ctx, at)
}

// authorized is a key that a call may use: what a Handle works out, and a signed URL
// keeps.
type authorized struct {
	root string // the root of a space, with its slash
	key  string
	tier storage.Tier
	app  string // see File.App
}

func (a authorized) name() string { return a.root + a.key }

func (a authorized) describe(attrs Attributes) File {
	return File{
		Key: a.key, Size: attrs.Size, ETag: attrs.ETag, ContentType: attrs.ContentType, LastModified: attrs.ModTime.UTC(), App: a.app,
	}
}

func (h Handle) forWriting(key string) (authorized, error) {
	space, err := h.caller.AuthorizeWrite()
	if err != nil {
		return authorized{}, err
	}
	if err := storage.CheckFileKey(key); err != nil {
		return authorized{}, err
	}
	return authorized{root: space.Root(), key: key, tier: h.caller.Tier}, nil
}
