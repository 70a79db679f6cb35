// Package watch keeps current what is parsed from a file, or from the files of a
// folder.
//
// It polls. A look asks the system for the times and sizes of the files, and reads
// them only when these have changed. The package follows files that are replaced by
// a rename, files that are written in place, and the symlinks that Kubernetes swaps
// for ConfigMaps and Secrets. When an edit cannot be read or parsed, the last good
// content stays.
package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/cpodkit/cpodkit/internal/health"
)

// Files are the contents of the watched files. The key is the path of a file
// below the watched folder, with slashes. A watched file has its own name.
type Files map[string][]byte

// Watcher holds the last good content of a file or folder. It is safe for
// concurrent use, except that Run runs once at a time.
type Watcher[T any] struct {
	options
	path string
	load func(Files) (T, error)

	current atomic.Pointer[T]
	state   *health.State

	// Run uses the rest alone.

	seen    listing // at the last read
	settled bool    // every change since the last read shows in a listing
	last    digest  // of the last read
	decided digest  // of the content that load got last
	refused error   // what load said of it
	unused  bool    // use has not taken the current value yet
}

// Option configures [Open].
type Option func(*options)

type options struct {
	interval   time.Duration
	maxBytes   int64
	maxFiles   int
	extensions []string
	log        *slog.Logger
}

// WithInterval sets the time between two looks, which is more than 0; 1 s without
// it. An edit takes effect with the second look after it.
func WithInterval(d time.Duration) Option { return func(o *options) { o.interval = d } }

// WithMaxBytes sets how many bytes all files have together at most, at least 1; 8
// MiB without it. With more, the content is refused.
func WithMaxBytes(n int64) Option { return func(o *options) { o.maxBytes = n } }

// WithMaxFiles sets how many files a folder holds at most, at least 1; 1,000
// without it. With more, the content is refused.
func WithMaxFiles(n int) Option { return func(o *options) { o.maxFiles = n } }

// WithExtension has a folder read only the files whose names end with one of these, such
// as ".json". A watched file may have any name.
func WithExtension(extensions ...string) Option {
	return func(o *options) { o.extensions = extensions }
}

// WithLog sets where failures are logged: each distinct one once, and once when
// the content is good again. Without it nothing is logged.
func WithLog(log *slog.Logger) Option { return func(o *options) { o.log = log } }

// Open reads the file or folder at path, and parses its content with load, which
// may keep its argument. It fails when one of the two fails.
//
// A folder is read with its subfolders, up to eight levels deep. Files and folders
// whose names begin with a dot are left out: Kubernetes keeps its versions in such
// folders, and editors their temporary files. Everything else must be a file, a
// folder, or a symlink to one.
func Open[T any](ctx context.Context, path string, load func(Files) (T, error), opts ...Option) (*Watcher[T], error) {
	w := &Watcher[T]{
		options: options{interval: time.Second, maxBytes: 8 << 20, maxFiles: 1000},
		path:    path, load: load,
	}
	for _, opt := range opts {
		opt(&w.options)
	}
	if w.interval <= 0 || w.maxBytes < 1 || w.maxFiles < 1 {
		return nil, fmt.Errorf("watch: the interval is %s, with at most %d bytes in %d files; all must be more than 0",
			w.interval, w.maxBytes, w.maxFiles)
	}
	w.state = health.New(w.log, "the content of "+path)
	now, err := w.list()
	if err != nil {
		return nil, err
	}
	files, err := w.read(ctx, now)
	if err != nil {
		return nil, err
	}
	value, err := load(files)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	w.decided = w.last
	w.current.Store(&value)
	return w, nil
}

// Current returns what load made of the last good content.
func (w *Watcher[T]) Current() T { return *w.current.Load() }

// Err returns why the content that is there now is not the current one, or why use
// refused it. It returns nil when all is well.
func (w *Watcher[T]) Err() error { return w.state.Err() }

// Run looks for changes in intervals until ctx ends. New content is taken when two
// looks in a row find the same, so that half of an edit is not. Run then calls use
// with the new value. It does not call use for what Open read. While use fails, Run
// calls it again with each look. Use may be nil.
func (w *Watcher[T]) Run(ctx context.Context, use func(context.Context, T) error) {
	tick := time.NewTicker(w.interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		err := w.look(ctx)
		if w.unused && use != nil && ctx.Err() == nil {
			useErr := use(ctx, w.Current())
			w.unused = useErr != nil
			err = errors.Join(err, useErr)
		}
		if ctx.Err() != nil {
			return
		}
		w.state.Set(ctx, err)
	}
}

// look takes over new content. It returns what is wrong with the content that is
// there, whether that is new or not.
func (w *Watcher[T]) look(ctx context.Context) error {
	now, err := w.list()
	if err != nil {
		w.forget()
		return err
	}
	if w.settled && w.last == w.decided && w.seen.same(now) {
		return w.refused
	}
	before := w.last
	files, err := w.read(ctx, now)
	if err != nil {
		w.forget()
		return err
	}
	if w.last == w.decided || w.last != before {
		return w.refused
	}
	w.decided = w.last
	value, err := w.load(files)
	if err != nil {
		w.refused = fmt.Errorf("%s: %w", w.path, err)
		return w.refused
	}
	w.refused = nil
	w.current.Store(&value)
	w.unused = true
	return nil
}

// forget makes the next look read the files.
func (w *Watcher[T]) forget() { w.settled, w.last = false, digest{} }
