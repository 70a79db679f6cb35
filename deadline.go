package cpodkit

import (
	"errors"
	"io"
	"math"
	"net/http"
	"sync/atomic"
	"time"
)

// RollingDeadlines is middleware that gives every single read of the request
// body, and every single write of the answer, a deadline of its own. A slow
// upload or a long stream lives as long as it moves; a stuck one is cut after
// idle. http.Server's ReadTimeout and WriteTimeout cannot tell the two apart;
// leave them at zero and set ReadHeaderTimeout.
func RollingDeadlines(idle time.Duration) Middleware {
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
				inner := *r
				inner.Body = body
				r = &inner
			}
			next.ServeHTTP(&rollingWriter{ResponseWriter: w, control: control, idle: idle}, r)
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
	broken  atomic.Bool // it failed before its end
}

func (b *rollingBody) Read(p []byte) (int, error) {
	_ = b.control.SetReadDeadline(time.Now().Add(b.idle))
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		// net/http now watches the connection for a client that leaves; a
		// deadline that passed there would cancel the request's context.
		_ = b.control.SetReadDeadline(time.Time{})
		b.broken.Store(!errors.Is(err, io.EOF))
	}
	return n, err
}

type rollingWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	idle    time.Duration
}

func (w *rollingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

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
