package rego

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/health"
	"github.com/cpodkit/cpodkit/internal/parallel"
)

const (
	// followInterval is how often policies are read again where the store does not report
	// changes, and after how long what failed is tried again.
	followInterval = 2 * time.Second

	// refreshTime is how long reading one policy may take in Run, and refreshesAtOnce how
	// many are read at a time, so that one that hangs does not hold up the others.
	refreshTime     = 10 * time.Second
	refreshesAtOnce = 8

	// changeTime is how long a call that changes a policy waits until it is in force here.
	changeTime = time.Second
)

// follow keeps the policies of tenants that are in memory current until ctx ends.
func (e *Engine) follow(ctx context.Context) {
	var watching sync.WaitGroup
	defer watching.Wait()
	watching.Go(func() { e.watch(ctx) })
	state := health.New(e.logger, "the policies of tenants")
	var retry <-chan time.Time
	for {
		select {
		case <-e.dirty.woken:
		case <-retry:
		case <-ctx.Done():
			return
		}
		failed, err := e.refreshAll(ctx, e.dirty.take())
		if ctx.Err() != nil {
			return
		}
		state.Set(ctx, err)
		if retry = nil; len(failed) > 0 {
			e.dirty.keep(failed)
			retry = time.After(followInterval)
		}
	}
}

// watch notes which policies change, until ctx ends.
func (e *Engine) watch(ctx context.Context) {
	watcher, isWatcher := e.store.(Watcher)
	state := health.New(e.logger, "the changes of policies")
	for ctx.Err() == nil {
		e.dirty.add("") // changes may have been missed
		if isWatcher {
			err := watcher.Watch(ctx, e.dirty.add)
			if errors.Is(err, cpodkit.CodeNotSupported) {
				isWatcher = false
				continue
			}
			if ctx.Err() == nil {
				state.Set(ctx, err)
			}
		}
		select {
		case <-time.After(followInterval):
		case <-ctx.Done():
		}
	}
}

// refreshAll reads the policies of tenants again that are in memory; with "" those of all
// tenants. It returns the tenants for which that failed.
func (e *Engine) refreshAll(ctx context.Context, ids map[string]struct{}) (failed []string, err error) {
	_, all := ids[""]
	if all {
		ids = map[string]struct{}{}
		for id := range e.tenants.known.Range {
			ids[id.(string)] = struct{}{} //nolint:errcheck,forcetypeassert // nothing else is stored
		}
	}
	var mu sync.Mutex
	_ = parallel.Each(ctx, refreshesAtOnce, maps.Keys(ids), func(ctx context.Context, id string) error {
		limited, cancel := context.WithTimeout(ctx, refreshTime)
		defer cancel()
		refreshErr := e.tenants.refresh(limited, id)
		if refreshErr != nil {
			mu.Lock()
			defer mu.Unlock()
			failed, err = append(failed, id), refreshErr
		}
		e.readers.wake(id)
		return nil
	}) // the only error is that ctx has ended
	if all {
		e.readers.wake("")
	}
	return failed, err
}

// changed has a change of a tenant's policy take effect here. A failure is for Run to mend.
func (e *Engine) changed(ctx context.Context, tenantID string) {
	limited, cancel := context.WithTimeout(ctx, changeTime)
	defer cancel()
	if e.Refresh(limited, tenantID) != nil {
		e.dirty.add(tenantID)
	}
}

// Refresh has the policy of a tenant read again before it returns. It is for code that has
// changed the store. While it fails, the policy that was in force stays so.
func (e *Engine) Refresh(ctx context.Context, tenantID string) error {
	err := e.tenants.refresh(ctx, tenantID)
	e.readers.wake(tenantID)
	return err
}

// dirtySet is the tenants whose policies may have changed. "" is any.
type dirtySet struct {
	mu    sync.Mutex
	ids   map[string]struct{}
	woken chan struct{}
}

func newDirtySet() *dirtySet {
	return &dirtySet{ids: map[string]struct{}{}, woken: make(chan struct{}, 1)}
}

func (d *dirtySet) add(tenantID string) {
	d.keep([]string{tenantID})
	wake(d.woken)
}

// keep adds tenants without waking anybody.
func (d *dirtySet) keep(ids []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, id := range ids {
		d.ids[id] = struct{}{}
	}
}

func (d *dirtySet) take() map[string]struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	taken := d.ids
	d.ids = map[string]struct{}{}
	return taken
}

// readers are the streams that wait for changes, by tenant.
type readers struct {
	mu    sync.Mutex
	woken map[string]map[chan struct{}]struct{}
}

// join returns a channel that receives after a change of the tenant's policy or of the
// operator's, and what ends that.
func (r *readers) join(tenantID string) (woken chan struct{}, leave func()) {
	woken = make(chan struct{}, 1)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.woken == nil {
		r.woken = map[string]map[chan struct{}]struct{}{}
	}
	if r.woken[tenantID] == nil {
		r.woken[tenantID] = map[chan struct{}]struct{}{}
	}
	r.woken[tenantID][woken] = struct{}{}
	return woken, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if delete(r.woken[tenantID], woken); len(r.woken[tenantID]) == 0 {
			delete(r.woken, tenantID)
		}
	}
}

// wake wakes the streams of a tenant, or with "" all of them.
func (r *readers) wake(tenantID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for tenant, all := range r.woken {
		if tenantID == "" || tenant == tenantID {
			for c := range all {
				wake(c)
			}
		}
	}
}

// Update says which revision is in force.
type Update struct {
	Revision  string
	UpdatedAt time.Time // when it came into force here, or in the store
}

// revision returns which revision makes the decisions of a tenant.
func (e *Engine) revision(ctx context.Context, tenantID string) (Update, error) {
	operator := e.operator()
	head, err := e.head(ctx, tenantID)
	if err != nil {
		return Update{}, err
	}
	u := Update{operator.revision, operator.since}
	if head.Revision != "" {
		u.Revision += "." + head.Revision
	}
	if head.UpdatedAt.After(operator.since) {
		u.UpdatedAt = head.UpdatedAt
	}
	return u, nil
}

// updates calls changed with each revision that decisions of a tenant have after the one
// that is given, the current one first, until ctx ends. Revisions that come while one is
// handled may be left out, except the last one.
func (e *Engine) updates(ctx context.Context, tenantID, after string, changed func(Update) error) error {
	woken, leave := e.readers.join(tenantID)
	defer leave()
	for {
		// While the store is down, the policies that are known stay in force.
		if u, err := e.revision(ctx, tenantID); err == nil && u.Revision != after {
			if err := changed(u); err != nil {
				return err
			}
			after = u.Revision
		} else if err != nil && ctx.Err() == nil {
			retry := time.AfterFunc(followInterval, func() { wake(woken) })
			defer retry.Stop()
		}
		select {
		case <-woken:
		case <-ctx.Done():
			return nil
		}
	}
}
