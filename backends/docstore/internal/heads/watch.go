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

// watch is what a Watch knows.
type watch struct {
	mu      sync.Mutex
	changed func(tenantID, name string) // nil without a Watch
	since   time.Time                   // what was noted before is known; zero at first
	known   map[string]string           // the changes since then, by the key of the head
}

// Watch calls changed with each tenant that may have changed, until ctx ends: with "" when
// that may be any. The name is what Announce was given, and "" for changes of other
// replicas. They are seen at once by notices, else within 2 s.
func (h *Heads) Watch(ctx context.Context, changed func(tenantID, name string)) {
	h.setWatch(changed)
	defer h.setWatch(nil)
	h.follower.Run(ctx)
}

func (h *Heads) setWatch(changed func(tenantID, name string)) {
	h.watch.mu.Lock()
	defer h.watch.mu.Unlock()
	h.watch.changed, h.watch.since, h.watch.known = changed, time.Time{}, nil
}

// Announce tells the Watch, and other replicas, of a change. Those that hear nothing ask.
// Where no notice can be sent now, Watch sends it later.
func (h *Heads) Announce(ctx context.Context, tenantID, name string) {
	h.watch.mu.Lock()
	if h.watch.changed != nil {
		h.watch.changed(tenantID, name)
	}
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
	if h.watch.changed == nil {
		return nil
	}
	if isFirst { // what is in memory may be older
		h.watch.changed("", "")
	}
	for key, change := range found {
		if !isFirst && h.watch.known[key] != change {
			h.watch.changed(tenantOf(key), "")
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
