package client

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
)

// expectAbove is the size from which it pays to ask before sending.
const expectAbove = 1 << 20

// upload is a caller's reader as the body of requests. When the reader can seek, it is rewound for each attempt and
// its length is known; else it can be sent again only as long as nothing was read from it.
type upload struct {
	source  io.Reader
	seeker  io.Seeker
	start   int64
	length  int64
	touched atomic.Bool
	last    *uploadBody
}

func newUpload(source io.Reader) *upload {
	if source == nil {
		source = bytes.NewReader(nil)
	}
	if buffer, ok := source.(*bytes.Buffer); ok {
		source = bytes.NewReader(buffer.Bytes())
	}
	u := &upload{source: source, length: -1}
	// A pipe is an *os.File that cannot seek: only trying tells.
	if seeker, ok := source.(io.Seeker); ok {
		if start, err := seeker.Seek(0, io.SeekCurrent); err == nil {
			end, endErr := seeker.Seek(0, io.SeekEnd)
			if _, err := seeker.Seek(start, io.SeekStart); err == nil && endErr == nil {
				u.seeker, u.start, u.length = seeker, start, max(end-start, 0)
			}
		}
	}
	return u
}

func (u *upload) replayable() bool { return u.seeker != nil || !u.touched.Load() }

// attach makes the reader the body of the request, from its beginning.
func (u *upload) attach(request *http.Request) error {
	if u.seeker == nil || u.length > expectAbove {
		// The server then says no, if it must, before the body is spent (RFC 9110 section 10.1.1).
		request.Header.Set("Expect", "100-continue")
	}
	if u.touched.Load() {
		if _, err := u.seeker.Seek(u.start, io.SeekStart); err != nil {
			return &sourceError{err}
		}
	}
	if u.length == 0 {
		request.Body = http.NoBody
		return nil
	}
	u.last = &uploadBody{upload: u}
	request.Body, request.ContentLength = u.last, u.length
	return nil
}

// release takes the reader back from the transport, which may still be reading from it after it has answered.
func (u *upload) release() {
	if u.last != nil {
		u.last.detach(u.seeker != nil)
	}
}

// uploadBody is the body of one attempt. It never closes the caller's reader.
type uploadBody struct {
	upload *upload
	closed atomic.Bool
	mu     sync.Mutex
}

var errDetached = errors.New("the attempt is over")

func (b *uploadBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	// Before the look at closed, so that whoever detaches the body then finds it touched or left alone.
	b.upload.touched.Store(true)
	if b.closed.Load() {
		return 0, errDetached
	}
	n, err := b.upload.source.Read(p)
	if err != nil && err != io.EOF {
		err = &sourceError{err}
	}
	return n, err
}

// Close is the transport's sign that it has finished.
func (b *uploadBody) Close() error {
	b.closed.Store(true)
	return nil
}

// detach ends the body. It waits for a read in progress when the reader is one that does not block.
func (b *uploadBody) detach(wait bool) {
	b.closed.Store(true)
	if wait {
		b.mu.Lock()
		defer b.mu.Unlock()
	}
}

// sourceError is a failure of the caller's own reader.
type sourceError struct{ err error }

func (e *sourceError) Error() string { return "reading the content to send: " + e.err.Error() }
func (e *sourceError) Unwrap() error { return e.err }

// replayable reports whether the body of the call can be sent from its beginning.
func (c *call) replayable() bool { return c.upload == nil || c.upload.replayable() }
