package files

import (
	"io"
	"net/http"

	"github.com/cpodkit/cpodkit"
)

// ServeFile answers a GET or HEAD with a file, the one that [Handle.Open] would open,
// as the route readFile does: ranges and conditions (RFC 9110 sections 13 and 14), the
// ETag, nosniff, a sandbox, and as an attachment what a browser might run. An error is
// answered by [cpodkit.WriteError].
func (h Handle) ServeFile(w http.ResponseWriter, r *http.Request, key string) {
	if err := h.serve(w, r, key); err != nil {
		cpodkit.WriteError(w, r, err)
	}
}

// serve is ServeFile, but returns the error. Nothing was answered then.
func (h Handle) serve(w http.ResponseWriter, r *http.Request, key string) error {
	return h.read(r.Context(), key, func(at authorized) error { return h.store.serveFile(w, r, at) })
}

// serveFile answers a GET or HEAD, with ranges and conditions as RFC 9110
// sections 13 and 14 say. When it returns an error, nothing was answered yet.
func (s *Store) serveFile(w http.ResponseWriter, r *http.Request, at authorized) error {
	if r.Method == http.MethodHead {
		attrs, err := s.stat(r.Context(), at.name())
		if err != nil {
			return err
		}
		// ServeContent asks for the size alone and never reads.
		serveContent(w, r, at, attrs, io.NewSectionReader(nil, 0, attrs.Size))
		return nil
	}
	object, err := s.open(r.Context(), at.name())
	if err != nil {
		return err
	}
	serveContent(w, r, at, object.Attributes(), object)
	// The answer has been sent; a file that was only read loses nothing.
	_ = object.Close()
	return nil
}

func serveContent(w http.ResponseWriter, r *http.Request, at authorized, attrs Attributes, content io.ReadSeeker) {
	contentHeaders(w.Header(), at, attrs)
	http.ServeContent(&contentWriter{ResponseWriter: w, request: r}, withPlainRange(r, attrs.Size), "", attrs.ModTime, content)
}

func errRange() error {
	return cpodkit.Errorf(cpodkit.CodeRangeNotSatisfiable,
		"The Range header is malformed, asks for bytes that the file does not have, or for more than %d ranges.", maxRanges)
}

// contentWriter gives the refusals of http.ServeContent our error form, and
// files of the operating system to the kernel to send.
type contentWriter struct {
	http.ResponseWriter
	request *http.Request
	refused bool
}

func (w *contentWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *contentWriter) WriteHeader(status int) {
	if status < http.StatusBadRequest {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.refused = true
	switch status {
	case http.StatusPreconditionFailed:
		cpodkit.WriteError(w.ResponseWriter, w.request, classified(cpodkit.CodePreconditionFailed))
	case http.StatusRequestedRangeNotSatisfiable:
		// The answer says how long the file is (RFC 9110 section 15.5.17): the range
		// that withPlainRange asks for makes ServeContent say it.
		keep := &rangeKeeper{w.ResponseWriter, w.Header().Get("Content-Range")}
		cpodkit.WriteError(keep, w.request, errRange())
	default:
		cpodkit.WriteError(w.ResponseWriter, w.request, classified(cpodkit.CodeInternal))
	}
}

func (w *contentWriter) Write(p []byte) (int, error) {
	if w.refused {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

func (w *contentWriter) ReadFrom(src io.Reader) (int64, error) {
	if part, ok := src.(*io.LimitedReader); ok {
		if object, ok := part.R.(OSFileObject); ok {
			file, err := object.OSFile()
			if err != nil {
				return 0, err
			}
			src = &io.LimitedReader{R: file, N: part.N}
		}
	}
	return io.Copy(w.ResponseWriter, src)
}

// rangeKeeper keeps the Content-Range that errors otherwise drop.
type rangeKeeper struct {
	http.ResponseWriter
	contentRange string
}

func (w *rangeKeeper) WriteHeader(status int) {
	if w.contentRange != "" {
		w.Header().Set("Content-Range", w.contentRange)
	}
	w.ResponseWriter.WriteHeader(status)
}
