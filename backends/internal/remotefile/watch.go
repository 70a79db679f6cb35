package remotefile

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// Watch ends a context once nothing has gone on for a while.
type Watch struct {
	timer  *time.Timer
	limit  time.Duration
	cancel context.CancelFunc

	mu      sync.Mutex // held while a body is read
	stopped bool
}

// NewWatch returns a context that ends when the limit has passed since the last
// progress. Stop it.
func NewWatch(ctx context.Context, limit time.Duration) (context.Context, *Watch) {
	ctx, cancel := context.WithCancel(ctx)
	return ctx, &Watch{timer: time.AfterFunc(limit, cancel), limit: limit, cancel: cancel}
}

// Progress starts the time anew.
func (w *Watch) Progress() { w.timer.Reset(w.limit) }

// Stop ends the context, and takes the bodies away from whoever still reads them:
// it waits for a read under way, and every later one fails. A call of net/http may
// return, on an early answer, while a goroutine of it goes on to read the body; after
// Stop the memory of the body may be freed.
func (w *Watch) Stop() {
	w.cancel()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	w.timer.Stop()
}

var errStopped = errors.New("remotefile: the body is read after the call")

// Reader counts every read of body as progress. It ends with Stop.
func (w *Watch) Reader(body io.Reader) io.Reader { return &watchedReader{body, w} }

// Body is a Reader that can seek.
func (w *Watch) Body(body io.ReadSeeker) io.ReadSeeker {
	return &watchedBody{watchedReader{body, w}, body}
}

type watchedReader struct {
	body  io.Reader
	watch *Watch
}

func (r *watchedReader) Read(p []byte) (int, error) {
	r.watch.mu.Lock()
	defer r.watch.mu.Unlock()
	if r.watch.stopped {
		return 0, errStopped
	}
	r.watch.Progress()
	return r.body.Read(p)
}

type watchedBody struct {
	watchedReader

	seeker io.Seeker
}

func (b *watchedBody) Seek(offset int64, whence int) (int64, error) {
	b.watch.mu.Lock()
	defer b.watch.mu.Unlock()
	if b.watch.stopped {
		return 0, errStopped
	}
	return b.seeker.Seek(offset, whence)
}
