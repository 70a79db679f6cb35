package heads

import (
	"context"
	"net/url"
	"slices"
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
// that may be any. The name is that of Announce or Within, and "" when that may be any.
// Changes of other replicas are seen at once by notices, else within 2 s.
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
	since, known := h.watch.since, h.watch.known
	h.watch.mu.Unlock()
	began, isFirst := time.Now(), since.IsZero()
	if isFirst {
		since = began.Add(-window)
	}
	found, names := map[string]string{}, map[string][]string{}
	for r, err := range h.records.All(ctx, docstore.AtLeast("changedAt", since.UnixMilli())) {
		if err != nil {
			return err
		}
		found[r.Key] = r.Value.Change
		if known[r.Key] != r.Value.Change {
			names[r.Key] = r.Value.changedAfter(known[r.Key], since.UnixMilli())
		}
	}
	h.watch.mu.Lock()
	defer h.watch.mu.Unlock()
	if isFirst { // what is in memory may be older
		h.report("", "")
		names = nil
	}
	for key, changed := range names {
		for _, name := range changed {
			h.report(tenantOf(key), name)
		}
	}
	h.watch.since, h.watch.known = began.Add(-window), found
	return nil
}

// changedAfter returns the names of what has changed after a change that is known, or since
// a time where none is known; "" when the head does not list that far back.
func (r record) changedAfter(known string, since int64) (names []string) {
	for _, s := range slices.Backward(r.Recent) {
		if s.Change == known || known == "" && s.At < since {
			return names
		}
		if !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	return []string{""}
}

// tenantOf returns the tenant of a head's key.
func tenantOf(key string) string {
	tenant, _ := url.PathUnescape(strings.TrimSuffix(key, "/")) // keyOf has encoded it
	return tenant
}

// Ping returns why changes of other replicas are not followed now. It asks no system.
func (h *Heads) Ping(context.Context) error { return h.follower.Err() }
