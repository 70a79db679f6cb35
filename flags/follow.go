package flags

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/parallel"
)

const (
	// reportedInterval is how often a source that reports its changes is asked besides.
	reportedInterval = time.Minute

	// loadTime is how long one load may take in Run.
	loadTime = 10 * time.Second

	// loadsAtOnce is how many tenants' flags Run loads at a time, so that one load that
	// hangs does not hold up the others that are due.
	loadsAtOnce = 8
)

// Run keeps the flags that are in memory current until ctx ends.
func (f *Flags) Run(ctx context.Context) {
	var watching sync.WaitGroup
	defer watching.Wait()
	var watched watchState
	watching.Go(func() { f.follow(ctx, &watched) })
	tick := time.NewTicker(f.interval)
	defer tick.Stop()
	asked := time.Now()
	for {
		var all bool
		var ids map[string]struct{}
		select {
		case <-tick.C:
			all = watched.isDue(asked, f.interval)
		case <-f.woken:
			ids = f.takeDirty()
			_, all = ids[""]
			all = all || f.isShared
		case <-ctx.Done():
			return
		}
		if all {
			asked = time.Now()
		}
		f.refreshAll(ctx, all, ids)
	}
}

// watchState is whether the source reports its changes, and since when.
type watchState struct{ since atomic.Pointer[time.Time] }

// isDue reports whether the source is to be asked for changes, when it was last at asked.
func (w *watchState) isDue(asked time.Time, interval time.Duration) bool {
	since := w.since.Load()
	return since == nil ||
		asked.Before(since.Add(interval)) || // what changed while Watch began was not reported
		time.Since(asked) >= max(reportedInterval, interval)
}

// follow has the source report its changes, and tries again when that fails.
func (f *Flags) follow(ctx context.Context, watched *watchState) {
	watcher, ok := f.source.(Watcher)
	for ok && ctx.Err() == nil {
		now := time.Now()
		watched.since.Store(&now)
		err := watcher.Watch(ctx, f.noteDirty)
		watched.since.Store(nil)
		if errors.Is(err, cpodkit.CodeNotSupported) {
			return
		}
		select {
		case <-time.After(f.interval):
		case <-ctx.Done():
		}
	}
}

func (f *Flags) noteDirty(tenantID string) {
	f.mu.Lock()
	f.dirty[tenantID] = struct{}{}
	f.mu.Unlock()
	select {
	case f.woken <- struct{}{}:
	default: // it is awake already
	}
}

func (f *Flags) takeDirty() map[string]struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	taken := f.dirty
	f.dirty = map[string]struct{}{}
	return taken
}

// refreshAll loads the flags of all tenants, or of those with these ids and of those
// whose last load failed.
func (f *Flags) refreshAll(ctx context.Context, all bool, ids map[string]struct{}) {
	f.mu.Lock()
	var due []*tenant
	for id, t := range f.tenants {
		if _, named := ids[id]; all || named || t.state.Err() != nil {
			due = append(due, t)
		}
	}
	f.mu.Unlock()
	_ = parallel.Each(ctx, loadsAtOnce, slices.Values(due), func(ctx context.Context, t *tenant) error {
		ctx, cancel := context.WithTimeout(ctx, loadTime)
		defer cancel()
		_ = f.reload(ctx, t, true) // t.state keeps it
		return nil
	}) // the only error is that ctx has ended
}

// Change says that flags have changed.
type Change struct {
	Keys    []string // of flags that are new, gone, or may evaluate differently; sorted
	Version string   // of the set since then
}

// Watch yields the changes of a tenant's flags that come after the call, until ctx ends,
// as far as Run finds them. Changes that come while one is handled are yielded together.
// The only error is that the flags cannot be read at first; nothing comes after it.
func (f *Flags) Watch(ctx context.Context, tenantID string) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		t := f.watched(tenantID)
		defer t.watch(-1)
		if err := f.reload(ctx, t, false); err != nil {
			yield(Change{}, err)
			return
		}
		for seen := t.set.Load(); ; {
			t.mu.Lock()
			changed := t.changed
			t.mu.Unlock()
			now := t.set.Load()
			if keys := now.Changed(seen); len(keys) > 0 {
				if !yield(Change{Keys: keys, Version: now.version}, nil) {
					return
				}
			}
			seen = now
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}
}
