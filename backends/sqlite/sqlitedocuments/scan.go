package sqlitedocuments

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit/storage/documents"
)

// scan answers a query that no index serves, from the cache if it can.
func (d *Driver) scan(ctx context.Context, c *conn, at collectionIDs, q documents.DriverQuery) ([]documents.Record, error) {
	records, cached, err := d.scanCached(ctx, c, at, q)
	if cached || err != nil {
		return records, err
	}
	if records, err = queryPage(ctx, c, at, q, nil); err != nil {
		return nil, err
	}
	// In the order of the keys, a full page is found before the end.
	if len(q.Order) > 0 || len(records) < q.Limit {
		d.cache.miss(at.collection)
	}
	return records, nil
}

// scanCached finds a page in the cache and reads its documents from the file. The
// two are of one moment when, after that, nobody else is found to have committed
// anything (unchanged), nor the writer of this driver to have changed the
// collection (cache.same).
func (d *Driver) scanCached(ctx context.Context, c *conn, at collectionIDs, q documents.DriverQuery) (_ []documents.Record, cached bool, err error) {
	columns := columnsOf(q)
	if columns == nil {
		return nil, false, nil
	}
	const tries = 4
	for range tries {
		v, found := d.cache.look(at.collection, columns)
		if !found {
			var filled bool
			if v.entry != nil {
				filled, err = v.await(ctx)
			} else {
				filled, err = d.fill(ctx, c, at, columns)
			}
			if !filled {
				return nil, false, err
			}
			continue
		}
		keys, err := v.search(ctx, q)
		if err != nil {
			return nil, false, err
		}
		records, err := pageOf(ctx, c, at, keys, q.MaxBytes)
		if err != nil {
			return nil, false, err
		}
		if unchanged, err := d.unchanged(ctx, c); !unchanged {
			return nil, false, err
		}
		if d.cache.same(v) {
			return records, true, nil
		}
	}
	return nil, false, nil
}

func (v view) search(ctx context.Context, q documents.DriverQuery) ([]string, error) {
	s := search{query: q, values: make([]documents.SortKey, len(v.columns))}
	for _, condition := range q.Filter {
		s.filter = append(s.filter, indexOf(v.columns, condition.Path))
	}
	for _, o := range q.Order {
		s.order = append(s.order, indexOf(v.columns, o.Path))
	}
	return s.run(ctx, v.rows)
}

// pageSQL finds documents by a JSON array of keys, in its order.
const pageSQL = "SELECT d.key, d.version, d.updated_ms, d.value FROM json_each(?) AS page " +
	"CROSS JOIN documents AS d INDEXED BY documents_by_key ON d.collection = ? AND d.key = page.value"

func pageOf(ctx context.Context, c *conn, at collectionIDs, keys []string, maxBytes int) ([]documents.Record, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	list, err := json.Marshal(keys)
	if err != nil {
		return nil, err
	}
	return readPage(ctx, c, pageSQL, []driver.Value{string(list), at.collection}, maxBytes)
}

const versionSQL = "PRAGMA data_version"

// patience is how long a query waits for the writer to say that nothing has
// changed, before it looks through the file instead.
const patience = 50 * time.Millisecond

// unchanged reports that what c has read since the cache was looked at is what
// the writer of this driver has committed and published, and nothing else: that
// is true of the file now, or was when c.version was noted, and c has seen no
// commit since then (https://sqlite.org/pragma.html#pragma_data_version).
func (d *Driver) unchanged(ctx context.Context, c *conn) (bool, error) {
	version, err := c.integer(ctx, versionSQL)
	if err != nil || version == c.version {
		return err == nil, err
	}
	known, err := d.check(ctx)
	if known {
		c.version = version
	}
	return known, err
}

// check waits for a moment at which everything in the file has been published.
// It is false when there was none soon.
func (d *Driver) check(ctx context.Context) (bool, error) {
	if d.cache.isHeld() {
		return true, nil
	}
	soon := time.NewTimer(patience)
	defer soon.Stop()
	checked := make(chan struct{})
	checks := d.checks
	for {
		select {
		case checks <- checked:
			checks = nil
		case <-checked:
			return true, nil
		case <-soon.C:
			return false, nil
		case <-d.finished:
			return false, nil
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// half returns a context with half of the time that ctx has left: a query that
// has waited for the cache in vain still has to look through the file.
func half(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithTimeout(ctx, time.Until(deadline)/2)
	}
	return context.WithCancel(ctx)
}

// await waits until another query has filled e. It is false when there is not
// the time.
func (e *entry) await(ctx context.Context) (bool, error) {
	short, cancel := half(ctx)
	defer cancel()
	select {
	case <-e.filled:
		return true, nil
	case <-short.Done():
		return false, ctx.Err()
	}
}

var errNoRoom = errors.New("sqlitedocuments: the cache has no room")

// fill reads a collection into the cache, if it is to be there. The commits from
// before it begins are in the file, those from then on come to the entry; one
// that is in both changes nothing a second time.
func (d *Driver) fill(ctx context.Context, c *conn, at collectionIDs, columns []column) (bool, error) {
	e := d.cache.begin(c.tenant, at.collection, columns)
	if e == nil {
		return false, nil
	}
	// What others committed long ago would otherwise drop the entry when it is read.
	known, err := d.check(ctx)
	if !known {
		d.cache.abandon(e, 0)
		return false, err
	}
	short, cancel := half(ctx)
	defer cancel()
	t, err := d.readTable(short, c, e)
	switch {
	case err == nil:
		return d.cache.complete(e, t), nil
	case errors.Is(err, errNoRoom):
		d.cache.abandon(e, scansAfterLarge)
		return false, nil
	}
	d.cache.abandon(e, scansAfterWaste)
	if ctx.Err() == nil && short.Err() != nil {
		return false, nil
	}
	return false, err
}

func (d *Driver) readTable(ctx context.Context, c *conn, e *entry) (*table, error) {
	var text strings.Builder
	text.WriteString("SELECT key")
	for _, column := range e.columns {
		text.WriteString(", " + column.expression)
	}
	text.WriteString(" FROM documents NOT INDEXED WHERE id BETWEEN ? AND ?")
	first, last := idRange(e.collection)

	var t table
	room := int64(0)
	if !d.cache.grow(e, entryOverhead) {
		return nil, errNoRoom
	}
	var buf []byte
	err := c.query(ctx, text.String(), []driver.Value{first, last}, func(columns []driver.Value) error {
		buf = buf[:0]
		for _, column := range columns {
			value, ok := column.(string)
			if !ok {
				return errors.New("sqlitedocuments: a row has columns of the wrong type")
			}
			buf = appendText(buf, value)
		}
		size := row(buf).size()
		if more := max(size, 4<<10); size > room {
			if !d.cache.grow(e, more) {
				return errNoRoom
			}
			room += more
		}
		room -= size
		t.size += size
		t.rows = append(t.rows, row(buf))
		return nil
	})
	if err != nil {
		return nil, err
	}
	t.sort()
	return &t, nil
}
