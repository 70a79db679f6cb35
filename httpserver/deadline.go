package httpserver

import (
	"errors"
	"io"
	"math"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/trailer"
)

// RollingDeadlines is middleware that gives every single read of the request
// body, and every single write of the answer, a deadline of its own. A slow
// upload or a long stream lives as long as it moves; a stuck one is cut after
// idle. http.Server's ReadTimeout and WriteTimeout cannot tell the two apart;
// leave them at zero and set ReadHeaderTimeout. A handler that sets a read deadline
// itself, with http.ResponseController, has it beside the rolling one.
func RollingDeadlines(idle time.Duration) cpodkit.Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			control := http.NewResponseController(w)
			// Setting a deadline fails only on a writer that knows none, such as
			// httptest's recorder; there is nothing to bound there.
			_ = control.SetWriteDeadline(time.Now().Add(idle)) // for "100 Continue"
			var body *rollingBody
			if r.Body != nil && r.Body != http.NoBody {
				body = &rollingBody{ReadCloser: r.Body, control: control, idle: idle}
				// On a copy: net/http must find its own body in its own request, or
				// it cannot tell that a "100 Continue" was never sent and waits for
				// a body that will not come.
				trailer.Keep(r)
				inner := *r
				inner.Body = body
				r = &inner
			}
			next.ServeHTTP(&rollingWriter{ResponseWriter: w, control: control, idle: idle, body: body}, r)
			if body != nil && body.isLeft(r) {
				body.linger()
			}
			// net/http drains what is left of the body, which is in vain when it
			// stalled, and then flushes the answer; both get one last span.
			now := time.Now()
			drain := now.Add(idle)
			if body != nil && body.broken.Load() {
				drain = now
			}
			_ = control.SetReadDeadline(drain)
			_ = control.SetWriteDeadline(drain.Add(idle))
		})
	}
}

type rollingBody struct {
	io.ReadCloser
	control *http.ResponseController
	idle    time.Duration
	last    atomic.Pointer[time.Time] // the handler's own deadline for all reads, or nil
	begun   atomic.Bool               // somebody has read from it
	ended   atomic.Bool               // it came to its end,
	broken  atomic.Bool               // or failed before
}

// isLeft reports whether the client may still be sending: not when it waits for
// a "100 Continue" that never came.
func (b *rollingBody) isLeft(r *http.Request) bool {
	return !b.ended.Load() && !b.broken.Load() && (b.begun.Load() || r.Header.Get("Expect") == "")
}

// lingering is how long a client that was answered early may go on sending.
const lingering = 2 * time.Second

// linger sends the answer and reads what the client sends on top of it. Closing
// the connection at once would reset it, and the client might lose the answer
// (RFC 9112 section 9.6). net/http does so for the plainest requests only.
func (b *rollingBody) linger() {
	now := time.Now()
	_ = b.control.SetReadDeadline(now.Add(min(lingering, b.idle)))
	_ = b.control.SetWriteDeadline(now.Add(b.idle))
	_ = b.control.Flush()
	_, err := io.Copy(io.Discard, b.ReadCloser)
	// A short body has been read and closed by the flush.
	b.broken.Store(err != nil && !errors.Is(err, http.ErrBodyReadAfterClose))
}

func (b *rollingBody) Read(p []byte) (int, error) {
	b.begun.Store(true)
	deadline := time.Now().Add(b.idle)
	if last := b.last.Load(); last != nil && last.Before(deadline) {
		deadline = *last
	}
	_ = b.control.SetReadDeadline(deadline)
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		// net/http now watches the connection for a client that leaves; a
		// deadline that passed there would cancel the request's context.
		_ = b.control.SetReadDeadline(time.Time{})
		end := errors.Is(err, io.EOF)
		b.ended.Store(end)
		b.broken.Store(!end)
	}
	return n, err
}

type rollingWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	idle    time.Duration
	body    *rollingBody // nil when there is none
}

// SetReadDeadline bounds all reads of the body together; a zero time does not.
func (w *rollingWriter) SetReadDeadline(deadline time.Time) error {
	switch {
	case w.body == nil:
	case deadline.IsZero():
		w.body.last.Store(nil)
	default:
		w.body.last.Store(&deadline)
	}
	return nil
}

func (w *rollingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// FlushError sends what is buffered, which is a write of its own.
func (w *rollingWriter) FlushError() error {
	_ = w.control.SetWriteDeadline(time.Now().Add(w.idle))
	return w.control.Flush()
}

// rollingChunk bounds what is sent under one deadline: with 30 s, a client that
// takes 9 KB/s lives.
const rollingChunk = 256 << 10

func (w *rollingWriter) Write(p []byte) (total int, err error) {
	for {
		_ = w.control.SetWriteDeadline(time.Now().Add(w.idle))
		n, err := w.ResponseWriter.Write(p[:min(len(p), rollingChunk)])
		total += n
		if p = p[n:]; err != nil || len(p) == 0 {
			return total, err
		}
	}
}

// ReadFrom hands a file to the kernel in chunks, each with its own deadline. A
// writer below finds the file only in a LimitedReader that holds it directly.
func (w *rollingWriter) ReadFrom(src io.Reader) (total int64, err error) {
	limited, ok := src.(*io.LimitedReader)
	if !ok {
		limited = &io.LimitedReader{R: src, N: math.MaxInt64}
	}
	for limited.N > 0 {
		_ = w.control.SetWriteDeadline(time.Now().Add(w.idle))
		chunk := &io.LimitedReader{R: limited.R, N: min(limited.N, rollingChunk)}
		asked := chunk.N
		n, err := io.Copy(w.ResponseWriter, chunk)
		total += n
		limited.N -= n
		if err != nil || n < asked {
			return total, err
		}
	}
	return total, nil
}
