package heads

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit/backends/docstore"
)

// window is how far the clocks of replicas may be apart, and how long a write may take:
// changes that were noted before it are known.
const window = time.Minute

// watch is what all Watches know.
type watch struct {
	mu      sync.Mutex
	changed map[*func(tenantID, name string)]struct{} // one for each Watch
	since   time.Time                                 // what was noted before is known; zero at first
	known   map[string]string                         // the changes since then, by the key of the head
}

// Watch calls changed with each tenant that may have changed, until ctx ends: with "" when
// that may be any. The name is what Announce was given, and "" for changes of other
// replicas. They are seen at once by notices, else within 2 s.
func (h *Heads) Watch(ctx context.Context, changed func(tenantID, name string)) {
	h.watch.mu.Lock()
	h.watch.changed[&changed] = struct{}{}
	if !h.watch.since.IsZero() { // else the first refresh says so
		changed("", "")
	}
	h.watch.mu.Unlock()
	defer func() {
		h.watch.mu.Lock()
		defer h.watch.mu.Unlock()
		delete(h.watch.changed, &changed)
	}()
	select {
	case h.turn <- struct{}{}: // one follows for all
		defer func() { <-h.turn }()
		h.follower.Run(ctx)
	case <-ctx.Done():
	}
}

// report tells every Watch. The caller holds h.watch.mu.
func (h *Heads) report(tenantID, name string) {
	for changed := range h.watch.changed {
		(*changed)(tenantID, name)
	}
}

// Announce tells the Watch, and other replicas, of a change. Those that hear nothing ask.
// Where no notice can be sent now, Watch sends it later.
func (h *Heads) Announce(ctx context.Context, tenantID, name string) {
	h.watch.mu.Lock()
	h.report(tenantID, name)
	h.watch.mu.Unlock()
	_ = h.follower.Notify(ctx) // the follower logs it
}

// refresh reports the tenants that have changed.
func (h *Heads) refresh(ctx context.Context) error {
	h.watch.mu.Lock()
	since := h.watch.since
	h.watch.mu.Unlock()
	began, isFirst := time.Now(), since.IsZero()
	if isFirst {
		since = began.Add(-window)
	}
	found := map[string]string{}
	for r, err := range h.records.All(ctx, docstore.AtLeast("changedAt", since.UnixMilli())) {
		if err != nil {
			return err
		}
		found[r.Key] = r.Value.Change
	}
	h.watch.mu.Lock()
	defer h.watch.mu.Unlock()
	if isFirst { // what is in memory may be older
		h.report("", "")
	}
	for key, change := range found {
		if !isFirst && h.watch.known[key] != change {
			h.report(tenantOf(key), "")
		}
	}
	h.watch.since, h.watch.known = began.Add(-window), found
	return nil
}

// tenantOf returns the tenant of a head's key.
func tenantOf(key string) string {
	tenant, _ := url.PathUnescape(strings.TrimSuffix(key, "/")) // keyOf has encoded it
	return tenant
}

// Ping returns why changes of other replicas are not followed now. It asks no system.
func (h *Heads) Ping(context.Context) error { return h.follower.Err() }
