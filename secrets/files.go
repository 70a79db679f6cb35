package secrets

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/watch"
)

// maxFilesBytes is how many bytes all files of a [Files] have together at most.
const maxFilesBytes = 64 << 20

// Files is a [Provider] of the files in a folder, for one tenant: secrets that Kubernetes
// or Docker mounts, for example. It has no versions, and cannot be written. It is safe for
// concurrent use, except that Watch runs once at a time.
type Files struct {
	tenantID string
	watcher  *watch.Watcher[map[string]Value]
}

// FilesOption configures [NewFiles].
type FilesOption func(*filesOptions)

type filesOptions struct {
	interval time.Duration
	log      *slog.Logger
}

// WithFilesInterval sets the time between two looks at the folder, which is more than 0; 1
// s without it. An edit takes effect with the second look after it.
func WithFilesInterval(d time.Duration) FilesOption {
	return func(o *filesOptions) { o.interval = d }
}

// WithFilesLog sets where it is logged that a file is broken, and that all is good again.
// Without it nothing is logged.
func WithFilesLog(log *slog.Logger) FilesOption { return func(o *filesOptions) { o.log = log } }

// NewFiles reads the folder at dir, with its subfolders: at most 1,000 files, and 64 MiB. A
// secret has the path of its file below the folder as its name. One newline at the end of a
// file is cut. Files and folders whose names begin with a dot are left out.
//
// While Watch runs, an edit takes effect: in place, by a rename over a file, and by the
// symlinks that Kubernetes swaps. A file that is empty or has more than [MaxValue] bytes,
// or one whose path is not a name (see [CheckName]), is broken. NewFiles fails with one. An
// edit with one is not used: the files from before it stay, and Ping says why.
func NewFiles(ctx context.Context, dir, tenantID string, opts ...FilesOption) (*Files, error) {
	if _, err := cpodkit.EncodeID(tenantID); err != nil {
		return nil, fmt.Errorf("secrets: the tenant %q of files: it %w", tenantID, err)
	}
	o := filesOptions{interval: time.Second}
	for _, opt := range opts {
		opt(&o)
	}
	watcher, err := watch.Open(ctx, dir, readFiles, watch.WithInterval(o.interval), watch.WithLog(o.log), watch.WithMaxBytes(maxFilesBytes))
	if err != nil {
		return nil, fmt.Errorf("secrets: %w", err)
	}
	return &Files{tenantID, watcher}, nil
}

func readFiles(files watch.Files) (map[string]Value, error) {
	values := make(map[string]Value, len(files))
	for name, content := range files {
		if err := CheckName(name); err != nil {
			return nil, fmt.Errorf("%q: %w", name, err)
		}
		value := strings.TrimSuffix(string(content), "\n")
		if value == "" || len(value) > MaxValue {
			return nil, fmt.Errorf("%s has %d bytes; 1 to %d are allowed", name, len(value), MaxValue)
		}
		values[name] = NewValue(value)
	}
	return values, nil
}

// values returns the secrets of a tenant.
func (f *Files) values(tenantID string) map[string]Value {
	if tenantID != f.tenantID {
		return nil
	}
	return f.watcher.Current()
}

// Get implements [Provider].
func (f *Files) Get(ctx context.Context, tenantID, name string, version int64) (Secret, error) {
	if err := ctx.Err(); err != nil {
		return Secret{}, err
	}
	return unversioned(f.values(tenantID), name, version)
}

// List implements [Lister].
func (f *Files) List(ctx context.Context, tenantID, after string, limit int) ([]Info, bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	infos, more := pageOf(f.values(tenantID), after, limit, infoOf)
	return infos, more, nil
}

// Watch implements [Watcher]. Without it an edit is not seen.
func (f *Files) Watch(ctx context.Context, changed func(tenantID, name string)) error {
	f.watcher.Run(ctx, func(context.Context, map[string]Value) error {
		changed(f.tenantID, "")
		return nil
	})
	return nil
}

// Ping returns why the files that are there now are not in effect.
func (f *Files) Ping(context.Context) error { return f.watcher.Err() }
