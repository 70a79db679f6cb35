package flags

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/cpodkit/cpodkit/internal/watch"
)

// File is a [Source] of one file, or of the files of a folder, which are the
// installation's: all tenants have the same. It is safe for concurrent use, except that
// Watch runs once at a time.
type File struct {
	watcher *watch.Watcher[[]Definition]
}

// FileOption configures [NewFile].
type FileOption func(*fileOptions)

type fileOptions struct {
	interval time.Duration
	log      *slog.Logger
	lenient  bool
}

// WithFileInterval sets the time between two looks at the file, which is more than 0; 1 s
// without it. An edit takes effect with the second look after it.
func WithFileInterval(d time.Duration) FileOption { return func(o *fileOptions) { o.interval = d } }

// WithFileLog sets where it is logged that the file is broken, and that it is good again.
// Without it nothing is logged.
func WithFileLog(log *slog.Logger) FileOption { return func(o *fileOptions) { o.log = log } }

// WithLenientFile keeps a flag with a fault, as [ParseLenient] does. Without it a fault
// refuses the whole edit.
func WithLenientFile() FileOption { return func(o *fileOptions) { o.lenient = true } }

// NewFile reads the file at name, or the files in the folder at name whose names end
// with .json, in the order of their paths: of two flags with one key that of the later
// file holds. It fails when they cannot be read, or a definition is wrong.
//
// While Watch runs, an edit takes effect as a whole: in place, by a rename over the file,
// and by the symlinks that Kubernetes swaps. After an edit that is wrong, the definitions
// from before it stay, and Ping says why.
func NewFile(ctx context.Context, name string, opts ...FileOption) (*File, error) {
	o := fileOptions{interval: time.Second}
	for _, opt := range opts {
		opt(&o)
	}
	watcher, err := watch.Open(ctx, name, func(files watch.Files) ([]Definition, error) {
		return compileFiles(files, o.lenient)
	}, watch.WithInterval(o.interval), watch.WithExtension(".json"), watch.WithLog(o.log))
	if err != nil {
		return nil, fmt.Errorf("flags: %w", err)
	}
	return &File{watcher}, nil
}

func compileFiles(files watch.Files, lenient bool) ([]Definition, error) {
	var all []Definition
	for _, name := range slices.Sorted(maps.Keys(files)) {
		d := Definition{Name: name, JSON: files[name], Lenient: lenient}
		if err := d.compile(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, d)
	}
	if _, err := assemble(all); err != nil {
		return nil, err
	}
	return all, nil
}

// Load returns the last good definitions.
func (f *File) Load(ctx context.Context, _ string) ([]Definition, error) {
	return f.watcher.Current(), ctx.Err()
}

// Watch implements [Watcher]. Without it an edit is not seen.
func (f *File) Watch(ctx context.Context, changed func(tenantID string)) error {
	f.watcher.Run(ctx, func(context.Context, []Definition) error {
		changed("")
		return nil
	})
	return nil
}

// Shared implements [Shared]: it is true.
func (f *File) Shared() bool { return true }

// Ping returns why the definitions that are in the file now are not in effect.
func (f *File) Ping(context.Context) error { return f.watcher.Err() }

// Version implements [Versioner].
func (f *File) Version(ctx context.Context, _ string) (string, error) {
	return versionOfAll(f.watcher.Current()), ctx.Err()
}
