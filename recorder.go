package cpodkit

import (
	"io"
	"net/http"
)

// recorder remembers what was answered. http.ResponseController reaches the
// writer below it through Unwrap.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// record returns a recorder on w: w itself when the middleware around this one
// has put it there.
func record(w http.ResponseWriter) *recorder {
	if rec, ok := w.(*recorder); ok {
		return rec
	}
	return &recorder{ResponseWriter: w}
}

func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Status returns the status that was sent; an answer without a body is 200.
func (w *recorder) Status() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	w.begin()
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// ReadFrom keeps the sendfile path of the standard library's writer open.
func (w *recorder) ReadFrom(src io.Reader) (int64, error) {
	w.begin()
	n, err := io.Copy(w.ResponseWriter, src)
	w.bytes += n
	return n, err
}

func (w *recorder) begin() {
	if w.status == 0 {
		w.status = http.StatusOK
	}
}
