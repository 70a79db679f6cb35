package objstorefiles

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/thanos-io/objstore"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/internal/remotefile"
	"github.com/cpodkit/cpodkit/storage/files"
)

// headersAtOnce is how many headers of a page are read at a time.
const headersAtOnce = 16

// List implements [files.Driver]. See the package for what it costs.
func (d *Driver) List(ctx context.Context, q files.ListQuery) (files.Listing, error) {
	if err := q.Check(); err != nil {
		return files.Listing{}, err
	}
	for {
		names, err := d.names(ctx, q)
		if err != nil {
			return files.Listing{}, err
		}
		var page files.Listing
		if len(names) > q.Limit {
			names = names[:q.Limit]
			page.Next = names[q.Limit-1]
		}
		if err := d.describe(ctx, names, &page); err != nil {
			return files.Listing{}, err
		}
		if len(page.Items)+len(page.Prefixes) > 0 || page.Next == "" {
			return page, nil
		}
		q.After = page.Next // all of them are gone by now, or not ours
	}
}

func isFolded(name string) bool { return strings.HasSuffix(name, "/") }

// names returns the first names and folded prefixes in order, one more than the
// limit where there is one. Providers list all, and each in its own order.
func (d *Driver) names(ctx context.Context, q files.ListQuery) ([]string, error) {
	folder := q.Prefix[:strings.LastIndexByte(q.Prefix, '/')+1]
	var opts []objstore.IterOption
	if q.Delimiter == "" {
		opts = append(opts, objstore.WithRecursiveIter())
	}
	for attempt := 1; ; attempt++ {
		first := firstNames{most: q.Limit + 1}
		err := d.iter(ctx, folder, func(name string) {
			if wanted(q, name) {
				first.add(name)
			}
		}, opts...)
		// FILESYSTEM stumbles over a folder that goes while it is read.
		if errors.Is(err, cpodkit.CodeNotFound) && attempt < maxAttempts {
			continue
		}
		return first.sorted(), err
	}
}

const maxAttempts = 10

func wanted(q files.ListQuery, name string) bool {
	if !strings.HasPrefix(name, q.Prefix) || name <= q.After || isFolded(name) && (q.Delimiter == "" || name == q.Prefix) {
		return false
	}
	return files.CheckName(strings.TrimSuffix(name, "/")) == nil
}

// iter goes through a folder. Each name is progress.
func (d *Driver) iter(ctx context.Context, folder string, found func(name string), opts ...objstore.IterOption) error {
	return d.breaker.Do(ctx, func(ctx context.Context) error {
		attempt, w := remotefile.NewWatch(ctx, d.limit)
		defer w.Stop()
		err := d.bucket.Iter(attempt, folder, func(name string) error {
			w.Progress()
			found(name)
			return attempt.Err()
		}, opts...)
		if ctx.Err() == nil && attempt.Err() != nil {
			return fmt.Errorf("no name within %v: %w", d.limit, context.DeadlineExceeded)
		}
		if errors.Is(err, syscall.ENOTDIR) { // FILESYSTEM: below a file is nothing
			return nil
		}
		return d.coded(cmp.Or(err, ctx.Err()))
	})
}

// firstNames keeps the first of many names in little more memory than they need.
type firstNames struct {
	most  int
	names []string
}

func (f *firstNames) add(name string) {
	if f.names = append(f.names, name); len(f.names) >= 4*f.most+64 {
		f.names = f.sorted()
	}
}

func (f *firstNames) sorted() []string {
	slices.Sort(f.names)
	f.names = slices.Compact(f.names)
	return f.names[:min(len(f.names), f.most)]
}

// describe fills page with those that are still there and ours.
func (d *Driver) describe(ctx context.Context, names []string, page *files.Listing) error {
	attrs := make([]files.Attributes, len(names))
	failures := make(chan error, len(names))
	running := make(chan struct{}, headersAtOnce)
	var wg sync.WaitGroup
	for i, name := range names {
		if isFolded(name) {
			continue
		}
		running <- struct{}{}
		wg.Go(func() {
			defer func() { <-running }()
			var err error
			attrs[i], err = d.Stat(ctx, name)
			if err != nil && !errors.Is(err, cpodkit.CodeNotFound) && !errors.Is(err, errForeign) {
				failures <- err
			}
		})
	}
	wg.Wait()
	close(failures)
	for i, name := range names {
		if isFolded(name) {
			page.Prefixes = append(page.Prefixes, name)
		} else if attrs[i].Name != "" {
			page.Items = append(page.Items, attrs[i])
		}
	}
	return <-failures // nil when there is none
}
