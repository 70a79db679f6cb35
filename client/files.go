package client

import (
	"context"
	"io"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
)

// Files stores blobs under keys such as "exports/report.pdf": up to 700 bytes of UTF-8 without control characters,
// in segments of up to 200 bytes, none of them empty, "." or "..". It is safe for concurrent use.
type Files struct {
	api  *api
	tier Tier
	apps apps
}

// File describes a stored file.
type File struct {
	Key  string `json:"key"`
	Tier Tier   `json:"tier"`
	// Size is in bytes, and -1 when a read does not tell.
	Size int64 `json:"size"`
	// ETag changes with every write; see [IfMatch].
	ETag         string    `json:"etag"`
	ContentType  string    `json:"contentType"`
	LastModified time.Time `json:"lastModified"`
	// App is the client id of the app that wrote it, in the lists of [Files.AllApps].
	App string `json:"app"`
}

// FileReader is the content of a file and its description. Close it.
type FileReader struct {
	File
	io.ReadCloser
}

// FilePage is a part of a list of files. NextCursor is empty on the last one.
type FilePage struct {
	Items []File `json:"items"`
	// Prefixes are what the keys share up to the next [Delimiter], where one was given.
	Prefixes   []string `json:"prefixes"`
	NextCursor string   `json:"nextCursor"`
}

// PresignedURL gives access to one file without credentials, to everyone who has it, until it expires.
type PresignedURL struct {
	URL       string    `json:"url"`
	Method    string    `json:"method"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// Tier returns the files of another tier.
func (f *Files) Tier(tier Tier) *Files { return &Files{api: f.api, tier: tier, apps: f.apps} }

// App returns the files that one app has on the [User] tier, for [Files.Read], [Files.Stat], [Files.List] and
// [Files.All]. Every other call fails.
func (f *Files) App(clientID string) *Files {
	return &Files{api: f.api, tier: f.tier, apps: apps{named: true, id: clientID}}
}

// AllApps returns the files that all apps have on the [User] tier, for [Files.List] and [Files.All]: files with the same
// key follow each other in byte order of [File.App]. Every other call fails.
func (f *Files) AllApps() *Files { return &Files{api: f.api, tier: f.tier, apps: apps{all: true}} }

// Write stores the content under the key, all or nothing, in place of what was there. The content is streamed, from
// the reader's present position to its end. Only an [io.Seeker] (a file, a bytes.Reader) can be sent again after
// some of it was read: anything else makes the write fail where it could have been repeated. Write does not close the
// reader; after an error its position is undefined, and a read of one that blocks may still be going on.
func (f *Files) Write(ctx context.Context, key string, content io.Reader, options ...WriteOption) (File, error) {
	const op = "files.write"
	c, err := f.call(op, http.MethodPut, key, ownApp, http.StatusOK, http.StatusCreated)
	if err != nil {
		return File{}, err
	}
	w := writing{contentType: binaryType}
	for _, option := range options {
		option.applyToWrite(&w)
	}
	c.header = http.Header{}
	if c.repeat, err = w.condition(op, c.header); err != nil {
		return File{}, err
	}
	if w.digest != "" {
		c.header.Set("Content-Digest", w.digest)
	}
	if strings.ContainsAny(w.contentType, "\r\n\x00") {
		return File{}, invalid(op, cpodkit.CodeBadRequest, "the content type holds a line break")
	}
	c.contentType, c.upload = w.contentType, newUpload(content)
	var written File
	if err := f.api.doJSON(ctx, c, &written); err != nil {
		return File{}, err
	}
	written.ETag = bareTag(written.ETag)
	return written, nil
}

// Read opens a file. The context governs the reading too: cancelling it ends the stream. A file that is not there is
// a [NotFoundError].
//
// On the [User] tier, where this app has none, it opens that of the one other app that has; several are a
// [ConflictError], which names them for [Files.App].
func (f *Files) Read(ctx context.Context, key string) (*FileReader, error) {
	c, err := f.call("files.read", http.MethodGet, key, oneApp, http.StatusOK)
	if err != nil {
		return nil, err
	}
	// A compressed answer would have another size than the file.
	c.header = http.Header{"Accept-Encoding": {"identity"}}
	c.stream = true
	got, err := f.api.do(ctx, c)
	if err != nil {
		return nil, err
	}
	return &FileReader{File: f.describe(key, got), ReadCloser: got.stream}, nil
}

// Stat describes the file that [Files.Read] would open, without reading it.
func (f *Files) Stat(ctx context.Context, key string) (File, error) {
	c, err := f.call("files.stat", http.MethodHead, key, oneApp, http.StatusOK)
	if err != nil {
		return File{}, err
	}
	c.header = http.Header{"Accept-Encoding": {"identity"}}
	got, err := f.api.do(ctx, c)
	if err != nil {
		return File{}, err
	}
	return f.describe(key, got), nil
}

// List returns one page of the files whose keys begin with the prefix, in byte order of keys. An empty prefix lists all.
func (f *Files) List(ctx context.Context, prefix string, options ...FileListOption) (FilePage, error) {
	const op = "files.list"
	if err := checkPrefix(op, prefix); err != nil {
		return FilePage{}, err
	}
	if err := f.tier.check(op); err != nil {
		return FilePage{}, err
	}
	var page listing
	for _, option := range options {
		option.applyToFileList(&page)
	}
	query := f.tier.query()
	if err := f.apps.addTo(op, query, f.tier, anyApps); err != nil {
		return FilePage{}, err
	}
	page.addTo(query)
	if prefix != "" {
		query.Set("prefix", prefix)
	}
	var listed FilePage
	err := f.api.doJSON(ctx, &call{
		op: op, method: http.MethodGet, path: "/v1/storage/files", query: query,
		repeat: always, success: []int{http.StatusOK}, maxAnswer: maxPage,
	}, &listed)
	if err != nil {
		return FilePage{}, err
	}
	for i := range listed.Items {
		listed.Items[i].ETag = bareTag(listed.Items[i].ETag)
		listed.Items[i].Tier = f.tier.orPrivate()
	}
	return listed, nil
}

// All walks through all files whose keys begin with the prefix, fetching pages as it goes. It ends after an error.
func (f *Files) All(ctx context.Context, prefix string) iter.Seq2[File, error] {
	return walk("", func(cursor string) ([]File, string, error) {
		page, err := f.List(ctx, prefix, Limit(maxPageItems), Cursor(cursor))
		return page.Items, page.NextCursor, err
	})
}

// URL makes a link that downloads the file without credentials. It lives for expiresIn, at most 7 days, rounded up to a
// whole second; 0 means one hour. It is for the file that [Files.Read] would open now, or else this app's own.
func (f *Files) URL(ctx context.Context, key string, expiresIn time.Duration) (PresignedURL, error) {
	return f.presign(ctx, "files.url", http.MethodGet, key, expiresIn)
}

// UploadURL makes a link that takes the file's content by PUT without credentials. It lives as long as that of
// [Files.URL].
func (f *Files) UploadURL(ctx context.Context, key string, expiresIn time.Duration) (PresignedURL, error) {
	return f.presign(ctx, "files.uploadURL", http.MethodPut, key, expiresIn)
}

func (f *Files) presign(ctx context.Context, op, method, key string, expiresIn time.Duration) (PresignedURL, error) {
	const longest = 7 * 24 * time.Hour
	if _, err := filePath(op, key); err != nil {
		return PresignedURL{}, err
	}
	if err := f.tier.check(op); err != nil {
		return PresignedURL{}, err
	}
	if f.apps != (apps{}) {
		return PresignedURL{}, invalid(op, cpodkit.CodeBadRequest, "App and AllApps are not for links")
	}
	if expiresIn < 0 || expiresIn > longest {
		return PresignedURL{}, invalid(op, cpodkit.CodeValidationFailed, "expiresIn is negative or longer than 7 days")
	}
	body, err := encodeJSON(op, struct {
		Key       string `json:"key"`
		Tier      Tier   `json:"tier"`
		Method    string `json:"method"`
		ExpiresIn int64  `json:"expiresIn,omitempty"`
	}{key, f.tier.orPrivate(), method, wholeSeconds(expiresIn)})
	if err != nil {
		return PresignedURL{}, err
	}
	var signed PresignedURL
	err = f.api.doJSON(ctx, &call{
		op: op, method: http.MethodPost, path: "/v1/storage/file-urls", contentType: jsonType, data: body,
		repeat: always, success: []int{http.StatusOK, http.StatusCreated},
	}, &signed)
	return signed, err
}

// Delete removes a file. It succeeds too when there is none.
func (f *Files) Delete(ctx context.Context, key string) error {
	c, err := f.call("files.delete", http.MethodDelete, key, ownApp, http.StatusNoContent)
	if err != nil {
		return err
	}
	_, err = f.api.do(ctx, c)
	return err
}

// call is the common part of what acts on one file.
func (f *Files) call(op, method, key string, use appUse, success ...int) (*call, error) {
	path, err := filePath(op, key)
	if err != nil {
		return nil, err
	}
	if err := f.tier.check(op); err != nil {
		return nil, err
	}
	query := f.tier.query()
	if err := f.apps.addTo(op, query, f.tier, use); err != nil {
		return nil, err
	}
	return &call{
		op: op, method: method, path: "/v1/storage/files/" + path, query: query, repeat: always, success: success,
	}, nil
}

func (f *Files) describe(key string, got *answer) File {
	// A missing or broken date leaves the zero time.
	modified, _ := http.ParseTime(got.header.Get("Last-Modified"))
	return File{
		Key:          key,
		Tier:         f.tier.orPrivate(),
		Size:         got.length,
		ETag:         bareTag(got.header.Get("ETag")),
		ContentType:  got.header.Get("Content-Type"),
		LastModified: modified,
	}
}

// bareTag takes an entity tag out of its quotes (RFC 9110 section 8.8.3).
func bareTag(tag string) string { return strings.Trim(strings.TrimPrefix(tag, "W/"), `"`) }
