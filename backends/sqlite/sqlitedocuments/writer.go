package sqlitedocuments

import (
	"context"
	"database/sql/driver"
	"errors"
	"runtime"
	"slices"
	"sync/atomic"

	"modernc.org/sqlite"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/diskspace"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// request is one call of Apply on its way through the writer.
type request struct {
	in          documents.CollectionID
	ops         []documents.Op
	parsed      []documents.Projection // of each op
	projections []driver.Value         // the same as JSON; nil where there is none
	errs        []error                // filled by the writer before done
	next        int                    // the first op that no transaction has taken yet; the queue's
	ended       bool                   // done is closed; the writer's
	state       atomic.Int32
	done        chan struct{} // closed by the writer
}

// The states of a request: its caller can take it back until the writer has
// begun with it.
const (
	queued int32 = iota
	begun
	takenBack
)

// Apply implements [documents.Driver]. A call whose context ends while it waits
// for its turn changes nothing; after that it is carried out, and Apply returns
// what became of it.
func (d *Driver) Apply(ctx context.Context, in documents.CollectionID, ops []documents.Op) []error {
	r := &request{
		in: in, ops: ops,
		parsed:      make([]documents.Projection, len(ops)),
		projections: make([]driver.Value, len(ops)),
		errs:        make([]error, len(ops)),
		done:        make(chan struct{}),
	}
	full := d.full(in, ops)
	for i, op := range ops {
		if op.Delete {
			continue
		}
		if full != nil {
			r.errs[i] = full
			continue
		}
		projection, err := documents.Project(op.Record.Value)
		if text := projection.JSON(); text != nil {
			r.projections[i] = text
		}
		r.parsed[i], r.errs[i] = projection, err
	}
	select {
	case <-d.closing:
		return r.fail(errClosed())
	default:
	}
	if err := ctx.Err(); err != nil {
		return r.fail(err)
	}
	d.writes.put(r)
	var err error
	select {
	case <-r.done:
		return r.errs
	case <-d.closing:
		err = errClosed()
	case <-ctx.Done():
		err = ctx.Err()
	}
	if r.state.CompareAndSwap(queued, takenBack) {
		d.writes.remove(r)
		return r.fail(err)
	}
	<-r.done
	return r.errs
}

// full returns an error when ops may not set documents, for want of space.
func (d *Driver) full(in documents.CollectionID, ops []documents.Op) error {
	sets := func(op documents.Op) bool { return !op.Delete }
	if d.keepFree == 0 || storage.IsSystem(in.Space) || !slices.ContainsFunc(ops, sets) {
		return nil
	}
	if err := diskspace.Check(d.path, d.keepFree); err != nil {
		return errFull().WithCause(err)
	}
	return nil
}

// fail sets every outcome to err.
func (r *request) fail(err error) []error { return r.failFrom(0, err) }

func (r *request) failFrom(first int, err error) []error {
	for i := range r.errs[first:] {
		r.errs[first+i] = err
	}
	return r.errs
}

// end lets the caller go on.
func (r *request) end() {
	if !r.ended {
		r.ended = true
		close(r.done)
	}
}

// writer owns the one connection that writes.
type writer struct {
	conn    *conn
	driver  *Driver
	known   map[documents.CollectionID]collectionIDs // committed, or of this transaction
	version int64                                    // data_version when the cache was reset last
}

func newWriter(c *conn, d *Driver) *writer {
	return &writer{conn: c, driver: d, known: map[documents.CollectionID]collectionIDs{}, version: -1}
}

// run carries out requests until the driver closes. All that wait while one
// transaction commits go into the next. The end of ctx is not looked at, nor that
// of any caller's: a transaction has many.
func (w *writer) run(ctx context.Context) {
	defer close(w.driver.finished)
	ctx = context.WithoutCancel(ctx)
	for {
		select {
		case <-w.driver.writes.ready:
			w.commit(ctx, w.gather())
		case checked := <-w.driver.checks:
			w.check(ctx)
			close(checked)
		case declare := <-w.driver.declares:
			declare(w.conn)
		case <-w.driver.closing:
			w.commit(ctx, w.driver.writes.begun())
			return
		}
	}
}

// gather returns what goes into one transaction of the requests that wait now.
func (w *writer) gather() (group []part) {
	w.driver.writes.newGroup()
	ops, yielded := 0, false
	for ops < maxGroup {
		more, n := w.driver.writes.take(maxGroup - ops)
		group, ops = append(group, more...), ops+n
		if len(more) > 0 {
			continue
		}
		if yielded || len(group) > 1 {
			break
		}
		// The callers of the last group have just been answered; let those that
		// write again at once come in, or every other group would be of one.
		runtime.Gosched()
		yielded = true
	}
	return group
}

// commit carries out a group in one transaction.
func (w *writer) commit(ctx context.Context, group []part) {
	if len(group) == 0 {
		return
	}
	if len(w.known) > maxKnown {
		clear(w.known)
	}
	_, err := w.conn.exec(ctx, "BEGIN IMMEDIATE")
	// Until here, perhaps behind another process, callers could leave.
	group = slices.DeleteFunc(group, func(p part) bool {
		return !p.state.CompareAndSwap(queued, begun) && p.state.Load() != begun
	})
	if err == nil {
		err = w.transaction(ctx, group)
	}
	if err != nil {
		err = classify(ctx, err)
	}
	for _, p := range group {
		if err != nil {
			w.driver.writes.remove(p.request)
			p.failFrom(p.from, err)
		}
		if err != nil || p.to == len(p.ops) {
			p.end()
		}
	}
}

// transaction carries out group in the transaction that has begun, and ends it.
func (w *writer) transaction(ctx context.Context, group []part) error {
	cache := w.driver.cache
	if cache.inUse() {
		w.check(ctx)
		cache.hold(true)
	}
	err := w.applyAll(ctx, group)
	cache.hold(false)
	if err != nil {
		return w.rollback(ctx, err)
	}
	if _, err := w.conn.exec(ctx, "COMMIT"); err != nil {
		cache.reset()
		return w.rollback(ctx, err)
	}
	cache.publish(group, w.known)
	return nil
}

func (w *writer) applyAll(ctx context.Context, group []part) error {
	for _, p := range group {
		if err := w.apply(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// check drops what is cached when somebody else has committed, and lets those go
// on who wait to know. At its moment all that is in the file has been published.
func (w *writer) check(ctx context.Context) {
	version, err := w.conn.integer(ctx, versionSQL)
	if err != nil {
		version = -1
	}
	if err != nil || version != w.version {
		w.driver.cache.reset()
		w.version = version
	}
	for {
		select {
		case checked := <-w.driver.checks:
			close(checked)
		default:
			return
		}
	}
}

func (w *writer) rollback(ctx context.Context, cause error) error {
	clear(w.known)
	// SQLite has often rolled back by itself already; this then fails, and the
	// cause is what counts.
	_, _ = w.conn.exec(ctx, "ROLLBACK")
	return cause
}

// apply carries out the ops of a part. It returns an error only when the transaction
// cannot go on; each op is a single statement, which SQLite undoes by itself
// when it fails.
func (w *writer) apply(ctx context.Context, r part) error {
	for i := r.from; i < r.to; i++ {
		op := r.ops[i]
		if r.errs[i] != nil {
			continue
		}
		err := w.applyOp(ctx, r.in, op, r.projections[i])
		if e, ok := errors.AsType[*sqlite.Error](err); ok && unavailable(e) {
			return err
		}
		r.errs[i] = err
	}
	return nil
}

const (
	upsertSQL = insertSQL + " ON CONFLICT (collection, key) DO UPDATE SET version = excluded.version, " +
		"updated_ms = excluded.updated_ms, projection = excluded.projection, value = excluded.value"
	insertNewSQL = insertSQL + " ON CONFLICT (collection, key) DO NOTHING"
	insertSQL    = "INSERT INTO documents (id, collection, name, key, version, updated_ms, projection, value) " +
		"VALUES (" + newIDSQL + ", ?1, ?, ?, ?, ?, jsonb(?), ?)"
	updateSQL        = "UPDATE documents SET version = ?, updated_ms = ?, projection = jsonb(?), value = ? WHERE " + keySQL
	updateVersionSQL = updateSQL + " AND version = ?"
	deleteSQL        = "DELETE FROM documents WHERE " + keySQL
	deleteVersionSQL = deleteSQL + " AND version = ?"
	keySQL           = "collection = ? AND key = ?"

	// newIDSQL is the id after the last of collection ?1, whose ids are those of
	// idRange. When there is none, after 2^38 documents, it is a random one: ids
	// of deleted documents are free again.
	newIDSQL = "(SELECT iif(last < (?1 + 1 << 38) - 1, last + 1, (?1 << 38) + abs(random() % (1 << 38))) " +
		"FROM (SELECT coalesce(max(id), ?1 << 38) AS last FROM documents WHERE id >= ?1 << 38 AND id < ?1 + 1 << 38))"
)

func (w *writer) applyOp(ctx context.Context, in documents.CollectionID, op documents.Op, projection driver.Value) error {
	present := op.IfPresent || op.IfVersion != ""
	at, known, err := w.collection(ctx, in, !op.Delete && !present)
	if err != nil {
		return err
	}
	r, updated := op.Record, op.Record.UpdatedAt.UnixMilli()
	var changed int64
	switch {
	case !known: // and so nothing is there
	case op.IfAbsent && present: // which nothing fulfils
	case op.Delete && op.IfVersion != "":
		changed, err = w.conn.exec(ctx, deleteVersionSQL, at.collection, r.Key, op.IfVersion)
	case op.Delete:
		changed, err = w.conn.exec(ctx, deleteSQL, at.collection, r.Key)
	case op.IfVersion != "":
		changed, err = w.conn.exec(ctx, updateVersionSQL, r.Version, updated, projection, r.Value, at.collection, r.Key, op.IfVersion)
	case op.IfPresent:
		changed, err = w.conn.exec(ctx, updateSQL, r.Version, updated, projection, r.Value, at.collection, r.Key)
	case op.IfAbsent:
		changed, err = w.conn.exec(ctx, insertNewSQL, at.collection, at.name, r.Key, r.Version, updated, projection, r.Value)
	default:
		_, err = w.conn.exec(ctx, upsertSQL, at.collection, at.name, r.Key, r.Version, updated, projection, r.Value)
	}
	if conditional := present || op.IfAbsent; err == nil && conditional && changed == 0 {
		return cpodkit.CodePreconditionFailed
	}
	return err
}

// collection returns where in is, and makes it when it has to.
func (w *writer) collection(ctx context.Context, in documents.CollectionID, create bool) (at collectionIDs, known bool, err error) {
	if at, known = w.known[in]; known {
		return at, true, nil
	}
	at, known, err = findCollection(ctx, w.conn, in)
	if err == nil && !known && create {
		at, err = createCollection(ctx, w.conn, in)
		known = true
	}
	if err == nil && known {
		w.known[in] = at
	}
	return at, known, err
}
