package remotefile_test

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/backends/internal/remotefile"
)

// What still reads a body after the call gets an error, never freed memory.
func TestStoppedBuffer(t *testing.T) {
	t.Parallel()
	var pool remotefile.Pool
	content := pool.Get()
	if _, err := content.Fill(t.Context(), strings.NewReader("content"), 100); err != nil {
		t.Fatal(err)
	}
	ctx, w := remotefile.NewWatch(t.Context(), time.Minute)
	body := w.Body(content.Reader())
	if _, err := io.CopyN(io.Discard, body, 3); err != nil {
		t.Fatal(err)
	}
	w.Stop()
	if ctx.Err() == nil {
		t.Error("the context has not ended")
	}
	if n, err := body.Read(make([]byte, 4)); n != 0 || err == nil || errors.Is(err, io.EOF) {
		t.Errorf("Read = %d, %v; want an error", n, err)
	}
	if _, err := body.Seek(0, io.SeekStart); err == nil {
		t.Error("Seek goes on")
	}
}

// lingering is a body whose reads take a while.
type lingering struct {
	began chan struct{}
	ended bool
}

func (l *lingering) Read(p []byte) (int, error) {
	close(l.began)
	for range 1000 {
		runtime.Gosched()
	}
	l.ended = true
	return len(p), nil
}

// Stop waits for a read under way. Otherwise the race detector tells.
func TestStopWaitsForBufferReads(t *testing.T) {
	t.Parallel()
	_, w := remotefile.NewWatch(t.Context(), time.Minute)
	l := &lingering{began: make(chan struct{})}
	body := w.Reader(l)
	go func() { _, _ = body.Read(make([]byte, 1)) }()
	<-l.began
	w.Stop()
	if !l.ended {
		t.Error("Stop does not wait")
	}
}
