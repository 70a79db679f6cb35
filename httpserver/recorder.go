package httpserver

import (
	"errors"
	"io"
	"net/http"
)

// recorder remembers what was answered, and replaces the answers of a ServeMux
// (see [Guard]). http.ResponseController reaches the writer below it through
// Unwrap.
type recorder struct {
	http.ResponseWriter

	status int
	bytes  int64
	failed error // of the first write of the body, or read of its content, that failed

	routed   *http.Request // that Guard gave to its mux
	guarded  bool          // nothing was answered to it yet
	replaced bool          // the mux's answer, whose body is dropped

	onAnswer func() // is called once, before the header of the answer is sent; may be nil
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
	if w.replaced {
		return
	}
	if w.guarded && status >= http.StatusOK {
		w.guarded = false
		if muxAnswers(w.routed) {
			refuse(w, w.routed, status)
			w.replaced = true
			return
		}
	}
	if w.status == 0 && status >= http.StatusOK {
		w.answer(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	if w.replaced {
		return len(p), nil
	}
	w.begin()
	n, err := w.ResponseWriter.Write(p)
	w.sent(int64(n), err)
	return n, err
}

// ReadFrom keeps the sendfile path of the standard library's writer open.
func (w *recorder) ReadFrom(src io.Reader) (int64, error) {
	if w.replaced {
		return io.Copy(io.Discard, src)
	}
	w.begin()
	n, err := io.Copy(w.ResponseWriter, src)
	w.sent(n, err)
	return n, err
}

func (w *recorder) sent(n int64, err error) {
	w.bytes += n
	if w.failed == nil && !errors.Is(err, http.ErrBodyNotAllowed) {
		w.failed = err
	}
}

// FlushError sends what is buffered. It begins the answer, as a write does.
func (w *recorder) FlushError() error {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

func (w *recorder) begin() {
	w.guarded = false
	if w.status == 0 {
		w.answer(http.StatusOK)
	}
}

// answer notes the status of the answer, whose header is not sent yet.
func (w *recorder) answer(status int) {
	w.status = status
	if w.onAnswer != nil {
		w.onAnswer()
	}
}
