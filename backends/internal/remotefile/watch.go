package remotefile

import (
	"context"
	"io"
	"time"
)

// Watch ends a context once nothing has gone on for a while.
type Watch struct {
	timer  *time.Timer
	limit  time.Duration
	cancel context.CancelFunc
}

// NewWatch returns a context that ends when the limit has passed since the last
// progress. Stop it.
func NewWatch(ctx context.Context, limit time.Duration) (context.Context, *Watch) {
	ctx, cancel := context.WithCancel(ctx)
	return ctx, &Watch{timer: time.AfterFunc(limit, cancel), limit: limit, cancel: cancel}
}

// Progress starts the time anew.
func (w *Watch) Progress() { w.timer.Reset(w.limit) }

// Stop ends the context.
func (w *Watch) Stop() {
	w.timer.Stop()
	w.cancel()
}

// Body counts every read of body as progress.
func (w *Watch) Body(body io.ReadSeeker) io.ReadSeeker { return &watchedBody{body, w} }

type watchedBody struct {
	io.ReadSeeker

	watch *Watch
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.watch.Progress()
	return b.ReadSeeker.Read(p)
}
