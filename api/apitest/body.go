package apitest

import (
	"bytes"
	"io"
	"net/http"
	"sync"
)

const (
	maxRequestBody = 4 << 20  // larger than any JSON body that the contract takes
	maxAnswerBody  = 64 << 20 // more JSON than a test should ask for
)

// requestBody keeps a copy of what was sent of a request's body.
type requestBody struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	all  bool // the end of the body was reached
	over bool // more than maxRequestBody
}

// recordBody returns a request to send in place of req, whose body is copied
// as it is read.
func recordBody(req *http.Request) (*http.Request, *requestBody) {
	rec := &requestBody{}
	if req.Body == nil || req.Body == http.NoBody {
		rec.all = true
		return req, rec
	}
	sent := req.Clone(req.Context())
	sent.Body = &recordingReader{ReadCloser: req.Body, rec: rec}
	if req.GetBody != nil {
		sent.GetBody = func() (io.ReadCloser, error) {
			again, err := req.GetBody()
			if err != nil {
				return nil, err
			}
			rec.reset()
			return &recordingReader{ReadCloser: again, rec: rec}, nil
		}
	}
	return sent, rec
}

func (b *requestBody) reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buf.Reset()
	b.all, b.over = false, false
}

// bytes returns the whole body, or false when not all of it was sent or kept.
// A body of known size is whole when that many bytes were read: a transport
// need not read on to its end.
func (b *requestBody) bytes(contentLength int64) ([]byte, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over || !b.all && int64(b.buf.Len()) != contentLength {
		return nil, false
	}
	return bytes.Clone(b.buf.Bytes()), true
}

type recordingReader struct {
	io.ReadCloser
	rec *requestBody
}

func (r *recordingReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.rec.mu.Lock()
	defer r.rec.mu.Unlock()
	if r.rec.over = r.rec.over || r.rec.buf.Len()+n > maxRequestBody; !r.rec.over {
		r.rec.buf.Write(p[:n])
	}
	r.rec.all = r.rec.all || err == io.EOF
	return n, err
}

// readAhead reads up to limit bytes of the answer's body and puts them back.
// whole is false when there is more, or the body broke off.
func readAhead(resp *http.Response, limit int64) (data []byte, whole bool) {
	data, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	resp.Body = &replay{
		Reader: io.MultiReader(bytes.NewReader(data), &failed{err}, resp.Body),
		Closer: resp.Body,
	}
	return data, err == nil && int64(len(data)) <= limit
}

type replay struct {
	io.Reader
	io.Closer
}

// failed returns its error, or the end when there was none.
type failed struct{ err error }

func (f *failed) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}
