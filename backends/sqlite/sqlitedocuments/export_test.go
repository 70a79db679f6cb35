package sqlitedocuments

import (
	"context"
	"runtime"
)

// AwaitWriter waits until the writer has taken all requests that wait, or ctx ends.
func (d *Driver) AwaitWriter(ctx context.Context) {
	for ctx.Err() == nil {
		d.writes.mu.Lock()
		waiting := len(d.writes.turns)
		d.writes.mu.Unlock()
		if waiting == 0 {
			return
		}
		runtime.Gosched()
	}
}

// CacheAtOnce makes the driver cache a collection when a query would scan it for
// the first time, and with every one again.
func (d *Driver) CacheAtOnce() {
	d.cache.mu.Lock()
	defer d.cache.mu.Unlock()
	d.cache.after = -scansAfterLarge
}

// CacheState returns how many collections are cached, how many queries have used
// them, and how many bytes they have by the cache's account and by looking.
func (d *Driver) CacheState() (collections int, uses uint64, size, counted int64) {
	d.cache.mu.Lock()
	defer d.cache.mu.Unlock()
	for _, e := range d.cache.entries {
		if e.table == nil {
			continue
		}
		collections++
		counted += entryOverhead
		for _, r := range e.table.rows {
			counted += r.size()
		}
		for _, c := range e.pending {
			counted += c.size()
		}
	}
	return collections, d.cache.uses, d.cache.size, counted
}
