package sqlitedocuments

import (
	"slices"
	"strings"
	"sync"

	"github.com/cpodkit/cpodkit/internal/shares"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// cache keeps, for collections that queries keep looking through, what they look
// at: the key of each document and its sort keys at the paths they name. Such a
// query then reads no more than its page from the file.
//
// The writer adds what it commits. A commit of anybody else, by another process
// or another driver, shows to it in SQLite's data_version; then everything is
// dropped. Driver.scanCached says how a query knows that what it finds is current.
type cache struct {
	limit int64 // bytes; 0 turns the cache off
	after int   // scans of a collection before it is cached

	mu      sync.Mutex
	size    int64            // of all entries, never over limit
	sizes   map[string]int64 // the same of each tenant
	uses    uint64
	held    bool // see hold
	entries map[int64]*entry
	missed  map[int64]misses
}

// misses are scans of a collection that were not served from the cache.
type misses struct {
	count int
	since uint64 // what cache.uses was when they began
}

// entry is a collection in the cache.
type entry struct {
	collection int64
	tenant     string
	columns    []column
	since      uint64        // see misses
	table      *table        // nil while it is read from the file
	filled     chan struct{} // closed when that has ended
	pending    []change
	changes    int // writes so far; pending are the last ones
	uses       int
	lastUse    uint64
	size       int64
}

// column is a path by which a query filters or sorts.
type column struct {
	expression string
	path       documents.Path
}

const (
	scansBeforeCaching = 2
	maxColumns         = 16
	maxColumnText      = 1 << 10 // bytes of all expressions
	entryOverhead      = 4 << 10

	// maxPending is how many writes an entry takes between two queries, besides
	// as many as it has rows.
	maxPending = 1000

	// An entry that was dropped before it has served fewUses, or was too large,
	// was not worth reading: the next one comes only after more scans.
	fewUses         = 16
	scansAfterWaste = 64
	scansAfterLarge = 1024
)

func newCache(limit int64) *cache {
	return &cache{
		limit: limit, after: scansBeforeCaching, sizes: map[string]int64{},
		entries: map[int64]*entry{}, missed: map[int64]misses{},
	}
}

// columnsOf returns the columns that serve a query, nil when it needs too many.
func columnsOf(q documents.DriverQuery) []column {
	columns, text := []column{}, 0
	add := func(path documents.Path) {
		c := column{expression(path), path}
		if indexOf(columns, path) < 0 {
			columns = append(columns, c)
			text += len(c.expression)
		}
	}
	for _, c := range q.Filter {
		add(c.Path)
	}
	for _, o := range q.Order {
		add(o.Path)
	}
	if len(columns) > maxColumns || text > maxColumnText {
		return nil
	}
	return columns
}

// indexOf returns where the column of a path is, or -1.
func indexOf(columns []column, path documents.Path) int {
	return slices.IndexFunc(columns, func(c column) bool { return slices.Equal(c.path, path) })
}

func (e *entry) covers(columns []column) bool {
	return !slices.ContainsFunc(columns, func(c column) bool { return indexOf(e.columns, c.path) < 0 })
}

// view is an entry as it was at one moment.
type view struct {
	*entry
	rows    []row
	changes int
}

// look returns the rows of a collection, and false when they are not here. The
// view then has the entry that is being filled, if there is one.
func (c *cache) look(collection int64, columns []column) (view, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[collection]
	if e == nil || !e.covers(columns) {
		return view{}, false
	}
	if e.table == nil {
		return view{entry: e}, false
	}
	c.uses++
	e.uses++
	e.lastUse = c.uses
	before, pending, changes := e.table, e.pending, e.changes
	if len(pending) == 0 {
		return view{e, before.rows, changes}, true
	}
	c.mu.Unlock() // the writer need not wait for this
	after := before.with(pending)
	c.mu.Lock()
	if e.table == before && c.entries[collection] == e { // and no other query was faster
		e.table, e.pending = after, slices.Clone(e.pending[len(pending):])
		c.settle(e)
	}
	return view{e, after.rows, changes}, true
}

// same reports whether a view is its collection as it is now, as far as the
// writer of this driver knows.
func (c *cache) same(v view) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.entries[v.collection] == v.entry && v.entry.changes == v.changes
}

// miss notes that a query has looked through a collection in the file.
func (c *cache) miss(collection int64) {
	if c.limit == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.missed) >= maxKnown {
		clear(c.missed)
	}
	m := c.missed[collection]
	if m.count <= 0 {
		m.since = c.uses
	}
	m.count++
	c.missed[collection] = m
}

// begin makes an entry for a collection, which takes note of all writes from now
// on. It returns nil when the collection is not to be cached.
func (c *cache) begin(tenant string, collection int64, columns []column) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	m, old := c.missed[collection], c.entries[collection]
	if c.limit == 0 || m.count < c.after || old != nil && old.table == nil {
		return nil
	}
	e := &entry{tenant: tenant, collection: collection, since: m.since, filled: make(chan struct{})}
	for _, c := range columns {
		e.columns = append(e.columns, column{c.expression, slices.Clone(c.path)})
	}
	if old != nil {
		for _, c := range old.columns {
			if len(e.columns) < maxColumns && indexOf(e.columns, c.path) < 0 {
				e.columns = append(e.columns, c)
			}
		}
		c.drop(old)
	}
	delete(c.missed, collection)
	c.entries[collection] = e
	return e
}

// grow makes room for n bytes of an entry that is being read. Entries give way for it:
// those of a tenant that is over its share, unless this one is, too, and those that have
// not been used since the scans began that this one comes from. A tenant over its share
// takes the place of its own entries alone.
func (c *cache) grow(e *entry, n int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries[e.collection] != e {
		return false
	}
	for c.size+n > c.limit {
		victim := c.overShare(e, n)
		if victim == nil {
			victim = c.unused(e, n)
		}
		if victim == nil {
			return false
		}
		c.drop(victim)
	}
	c.count(e, n)
	return true
}

// isOver reports whether n bytes more for e take its tenant over its share.
func (c *cache) isOver(e *entry, n int64) bool { return c.sizes[e.tenant]+n > c.limit/shares.Fraction }

// overShare returns the entry of the tenant furthest over its share that was used least
// recently. It returns nil when there is none, or when e would be over its own.
func (c *cache) overShare(e *entry, n int64) (victim *entry) {
	if c.isOver(e, n) {
		return nil
	}
	most := c.limit / shares.Fraction
	for _, other := range c.entries {
		switch held := c.sizes[other.tenant]; {
		case other.table == nil || other.tenant == e.tenant || held < most || held <= c.limit/shares.Fraction:
		case held > most || victim == nil || other.lastUse < victim.lastUse:
			victim, most = other, held
		}
	}
	return victim
}

// unused returns the entry that was used least recently, and not since the scans began
// that e comes from; nil when there is none.
func (c *cache) unused(e *entry, n int64) (oldest *entry) {
	isOver := c.isOver(e, n)
	for _, other := range c.entries {
		if other.table == nil || other.lastUse > e.since || isOver && other.tenant != e.tenant {
			continue
		}
		if oldest == nil || other.lastUse < oldest.lastUse {
			oldest = other
		}
	}
	return oldest
}

// count takes n bytes for an entry, or gives them back.
func (c *cache) count(e *entry, n int64) {
	c.size += n
	e.size += n
	if c.sizes[e.tenant] += n; c.sizes[e.tenant] == 0 {
		delete(c.sizes, e.tenant)
	}
}

// complete puts the table of an entry in its place, unless that was dropped.
func (c *cache) complete(e *entry, t *table) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries[e.collection] != e {
		return false
	}
	e.table = t
	close(e.filled)
	c.settle(e)
	return true
}

// abandon drops an entry, and caches its collection again only after some scans.
func (c *cache) abandon(e *entry, scans int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries[e.collection] == e {
		c.drop(e)
		c.missed[e.collection] = misses{count: -scans}
	}
}

// settle brings the size of an entry up to date.
func (c *cache) settle(e *entry) {
	size := entryOverhead + e.table.size
	for _, change := range e.pending {
		size += change.size()
	}
	c.count(e, size-e.size)
}

func (c *cache) drop(e *entry) {
	delete(c.entries, e.collection)
	size := e.size
	c.count(e, -size)
	if e.table == nil {
		close(e.filled)
	}
	switch {
	case size == 0: // nothing has been spent on it
		c.missed[e.collection] = misses{c.after, e.since}
	case e.uses < fewUses:
		c.missed[e.collection] = misses{count: -scansAfterWaste}
	}
}

// reset drops everything.
func (c *cache) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.entries {
		c.drop(e)
	}
}

// inUse reports whether there is something that the writer has to keep current.
func (c *cache) inUse() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.entries) > 0
}

// hold says that the writer has the lock of the file, that the file holds what
// has been published and nothing else, and that this stays so until held is false.
func (c *cache) hold(held bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = held
}

func (c *cache) isHeld() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held
}

// publish adds the writes of a transaction that has been committed.
func (c *cache) publish(group []part, collections map[documents.CollectionID]collectionIDs) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.entries) == 0 {
		return
	}
	var buf []byte
	for _, r := range group {
		e := c.entries[collections[r.in].collection]
		for i := r.from; i < r.to; i++ {
			op := r.ops[i]
			if e == nil {
				break
			}
			if r.errs[i] != nil {
				continue
			}
			written := change{key: strings.Clone(op.Record.Key)}
			if !op.Delete {
				buf = appendText(buf[:0], op.Record.Key)
				for _, column := range e.columns {
					buf = appendText(buf, r.parsed[i].At(column.path))
				}
				written.row = row(buf)
			}
			if !c.add(e, written) {
				e = nil
			}
		}
	}
}

// add drops an entry that is written to and not asked for.
func (c *cache) add(e *entry, written change) bool {
	n := written.size()
	for c.size+n > c.limit {
		victim := c.overShare(e, n)
		if victim == nil {
			break
		}
		c.drop(victim)
	}
	if e.table != nil && len(e.pending) >= len(e.table.rows)+maxPending || c.size+n > c.limit {
		c.drop(e)
		return false
	}
	e.changes++
	e.pending = append(e.pending, written)
	c.count(e, n)
	return true
}
