package secrets

import (
	"context"
	"iter"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/health"
)

// Run has the drivers report what changes, where they are a [Watcher], until ctx ends.
// Without it a change takes effect when the TTL is over.
func (s *Secrets) Run(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	for _, driver := range s.drivers() {
		if watcher, ok := driver.(Watcher); ok {
			running.Go(func() { s.follow(ctx, watcher) })
		}
	}
	<-ctx.Done()
}

// follow has a driver report its changes, and tries again when that fails.
func (s *Secrets) follow(ctx context.Context, watcher Watcher) {
	state := health.New(s.log, "the changes of secrets")
	for ctx.Err() == nil {
		s.expire("", "") // changes may have been missed
		err := watcher.Watch(ctx, s.expire)
		if isCode(err, cpodkit.CodeNotSupported) {
			return
		}
		if ctx.Err() == nil {
			state.Set(ctx, err)
		}
		select {
		case <-time.After(retryPause):
		case <-ctx.Done():
		}
	}
}

// expire makes the next readers of a secret read it again; with "" as the name those of
// the tenant's secrets, and with "" as the tenant those of all.
func (s *Secrets) expire(tenantID, name string) {
	s.mu.RLock()
	if tenantID != "" && name != "" {
		if e, ok := s.entries.Get(key{tenantID, name}); ok {
			e.expire()
		}
	} else {
		for k, e := range s.entries.All() {
			if tenantID == "" || k.tenantID == tenantID {
				e.expire()
			}
		}
	}
	s.mu.RUnlock()
	s.wake(tenantID, name)
}

func (e *entry) expire() {
	e.grant.expire()
	e.secret.expire()
}

// watches are those who wait for changes.
type watches struct {
	watchMu sync.Mutex
	woken   map[key]map[chan struct{}]struct{}
}

// join returns a channel that receives after each change of a secret, and what ends that.
// Changes that come at once are received once.
func (w *watches) join(k key) (woken chan struct{}, leave func()) {
	woken = make(chan struct{}, 1)
	w.watchMu.Lock()
	defer w.watchMu.Unlock()
	if w.woken[k] == nil {
		w.woken[k] = map[chan struct{}]struct{}{}
	}
	w.woken[k][woken] = struct{}{}
	return woken, func() {
		w.watchMu.Lock()
		defer w.watchMu.Unlock()
		if delete(w.woken[k], woken); len(w.woken[k]) == 0 {
			delete(w.woken, k)
		}
	}
}

// wake wakes those who watch a secret, with "" as the name or the tenant as for expire.
func (w *watches) wake(tenantID, name string) {
	w.watchMu.Lock()
	defer w.watchMu.Unlock()
	notify := func(all map[chan struct{}]struct{}) {
		for woken := range all {
			select {
			case woken <- struct{}{}:
			default: // it is awake already
			}
		}
	}
	if tenantID != "" && name != "" {
		notify(w.woken[key{tenantID, name}])
		return
	}
	for k, all := range w.woken {
		if tenantID == "" || k.tenantID == tenantID {
			notify(all)
		}
	}
}

// Watch yields a secret as it is, and then each rotation, until ctx ends. Rotations that
// come while one is handled are yielded together. While [Secrets.Run] runs, a change that
// a [Watcher] reports is seen at once. Any other change is seen within twice the TTL.
//
// The first error ends it, and so does a secret that is deleted or granted no more:
// not_found. Other errors after the first value are waited out.
func (h Handle) Watch(ctx context.Context, name string) iter.Seq2[Secret, error] {
	return func(yield func(Secret, error) bool) {
		if err := h.checkName(name); err != nil {
			yield(Secret{}, err)
			return
		}
		woken, leave := h.secrets.join(key{h.id.TenantID, name})
		defer leave()
		tick := time.NewTicker(h.secrets.ttl)
		defer tick.Stop()
		var last *Secret
		for {
			secret, err := h.read(ctx, name, nil)
			isNew := err == nil && (last == nil || last.Version != secret.Version || !last.Value.Equal(secret.Value))
			if isNew {
				err = h.handOut(ctx, name, secret.Version, "")
			}
			switch {
			case ctx.Err() != nil:
				return
			case err != nil && (last == nil || !isOutage(err)):
				yield(Secret{}, err)
				return
			case err == nil && isNew:
				if !yield(*secret, nil) {
					return
				}
				last = secret
			}
			select {
			case <-tick.C:
			case <-woken:
			case <-ctx.Done():
				return
			}
		}
	}
}
