// Package remotefile holds what the drivers of remote stores of files share:
// reading one state of a file with seeks, buffers for bodies, time limits on
// progress, and keeping apart files that lie in each other.
package remotefile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/cpodkit/cpodkit/backends/internal/circuit"
)

// Opener asks the store for a file's bytes from a position on. It also returns the
// size of the whole file, which counts at the first call alone. A later call must
// fail when the file is no longer in the state of the first. The body may be read
// until ctx ends.
type Opener func(ctx context.Context, at int64) (body io.ReadCloser, size int64, err error)

// skipAhead is how many bytes are rather read and dropped than left for another
// request.
const skipAhead = 256 << 10

// Reader is an io.ReadSeekCloser. [Open] makes one. It is used by one goroutine at
// a time.
type Reader struct {
	ctx     context.Context //nolint:containedctx // of Open: an io.Reader has no other
	breaker *circuit.Breaker
	limit   time.Duration
	open    Opener
	size    int64
	pos     int64 // of the next Read

	body     io.ReadCloser // nil when the next Read needs a request
	at       int64         // where body is
	deadline *deadline     // of body
}

// deadline ends a request that is waited for too long.
type deadline struct {
	timer  *time.Timer
	cancel context.CancelFunc
	passed atomic.Bool
}

func (d *deadline) pass() {
	d.passed.Store(true)
	d.cancel()
}

// Open makes the first request, for the whole file, and leaves its body to be read.
// A seek makes another when it leads further than a little ahead. The limit is for
// the first byte, and for each read after it. Reading ends when ctx does.
func Open(ctx context.Context, breaker *circuit.Breaker, limit time.Duration, open Opener) (*Reader, error) {
	r := &Reader{ctx: ctx, breaker: breaker, limit: limit, open: open}
	var err error
	r.size, err = r.request()
	return r, err
}

// request opens body at pos.
func (r *Reader) request() (size int64, err error) {
	ctx, cancel := context.WithCancel(r.ctx)
	d := &deadline{cancel: cancel}
	d.timer = time.AfterFunc(r.limit, d.pass)
	r.deadline = d
	err = r.breaker.Do(r.ctx, func(context.Context) (err error) {
		r.body, size, err = r.open(ctx, r.pos)
		return r.late(err)
	})
	d.timer.Stop()
	r.at = r.pos
	if err != nil {
		cancel()
		r.body = nil
	}
	return size, err
}

// late tells the time limit from an end of the caller's own context.
func (r *Reader) late(err error) error {
	if err != nil && r.deadline.passed.Load() && r.ctx.Err() == nil {
		return fmt.Errorf("no byte within %v: %w", r.limit, context.DeadlineExceeded)
	}
	return err
}

func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if r.pos >= r.size {
		return 0, io.EOF
	}
	if err := r.reach(); err != nil {
		return 0, err
	}
	n, err := r.read(p[:min(int64(len(p)), r.size-r.at)])
	r.pos = r.at
	return n, err
}

// read reads from body within the time limit.
func (r *Reader) read(p []byte) (int, error) {
	r.deadline.timer.Reset(r.limit)
	n, err := r.body.Read(p)
	r.deadline.timer.Stop()
	r.at += int64(n)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF) && r.at >= r.size:
		return n, io.EOF
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	}
	err = r.late(err)
	r.drop()
	// The breaker learns of it, and words it.
	return n, r.breaker.Do(r.ctx, func(context.Context) error { return err })
}

// reach brings body to pos.
func (r *Reader) reach() error {
	if r.body != nil && r.at < r.pos && r.pos-r.at <= skipAhead {
		if err := r.skip(r.pos - r.at); err != nil {
			return err
		}
	}
	if r.body != nil && r.at == r.pos {
		return nil
	}
	r.drop()
	_, err := r.request()
	return err
}

func (r *Reader) skip(n int64) error {
	var scratch [4 << 10]byte
	for n > 0 {
		got, err := r.read(scratch[:min(n, int64(len(scratch)))])
		n -= int64(got)
		if err != nil && (n > 0 || !errors.Is(err, io.EOF)) {
			return err
		}
	}
	return nil
}

// Seek makes no request, the next Read does where it must.
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += r.pos
	case io.SeekEnd:
		offset += r.size
	default:
		return 0, fmt.Errorf("seek: the whence %d is none", whence)
	}
	if offset < 0 {
		return 0, errors.New("seek: a position before the start of the file")
	}
	r.pos = offset
	return offset, nil
}

// drop ends the request of body. One that is read to its end leaves the connection
// to the next.
func (r *Reader) drop() {
	if r.body == nil {
		return
	}
	_ = r.body.Close()
	r.deadline.timer.Stop()
	r.deadline.cancel()
	r.body = nil
}

// Close frees the connection. What is read afterwards is empty.
func (r *Reader) Close() error {
	r.drop()
	r.size = 0
	return nil
}
