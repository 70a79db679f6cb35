// Package wholebody reads request bodies that are read whole, within a time of
// their own: a client that sends a byte now and then does not hold a handler.
package wholebody

import (
	"bytes"
	"context"
	"net/http"
	"time"
)

// Grace is the time for any body.
const Grace = 10 * time.Second

// bytesPerSecond is how slow a larger body may be.
const bytesPerSecond = 32 << 10

// Within returns the time for a body of up to limit bytes: [Grace], and one second
// more for each 32 KiB.
func Within(limit int64) time.Duration {
	return Grace + time.Duration(limit/bytesPerSecond)*time.Second
}

type holdKey struct{}

// WithHold returns a context in which [Read] calls hold before it reads, and what
// hold returned afterwards. A server counts by it the connections that wait for a
// body.
func WithHold(ctx context.Context, hold func() (release func())) context.Context {
	return context.WithValue(ctx, holdKey{}, hold)
}

// Read reads the body of r within a time. It fails with a *http.MaxBytesError when
// the body has more than limit bytes.
func Read(w http.ResponseWriter, r *http.Request, limit int64, within time.Duration) ([]byte, error) {
	if hold, ok := r.Context().Value(holdKey{}).(func() func()); ok {
		defer hold()()
	}
	control := http.NewResponseController(w)
	// This fails only on a writer that knows no deadlines, such as a recorder.
	_ = control.SetReadDeadline(time.Now().Add(within))
	defer func() { _ = control.SetReadDeadline(time.Time{}) }()
	var buf bytes.Buffer
	if r.ContentLength > 0 {
		buf.Grow(int(min(r.ContentLength, limit)) + bytes.MinRead)
	}
	_, err := buf.ReadFrom(http.MaxBytesReader(w, r.Body, limit))
	return buf.Bytes(), err
}
