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
	"github.com/cpodkit/cpodkit/storage/documents"
)

// request is one call of Apply on its way through the writer.
type request struct {
	ctx         context.Context
	in          documents.Collection
	ops         []documents.Op
	projections []driver.Value // of each op; nil where there is none
	errs        []error        // filled by the writer before done
	state       atomic.Int32
	done        chan struct{}
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
func (d *Driver) Apply(ctx context.Context, in documents.Collection, ops []documents.Op) []error {
	r := &request{
		ctx: ctx, in: in, ops: ops,
		projections: make([]driver.Value, len(ops)),
		errs:        make([]error, len(ops)),
		done:        make(chan struct{}),
	}
	for i, op := range ops {
		if op.Delete {
			continue
		}
		projection, err := documents.Project(op.Record.Value)
		if text := projection.JSON(); text != nil {
			r.projections[i] = text
		}
		r.errs[i] = err
	}
	select {
	case <-d.closing:
		return r.fail(errClosed())
	default:
	}
	if err := ctx.Err(); err != nil {
		return r.fail(err)
	}
	select {
	case d.writes <- r:
	case <-d.closing:
		return r.fail(errClosed())
	case <-ctx.Done():
		return r.fail(ctx.Err())
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		if r.state.CompareAndSwap(queued, takenBack) {
			return r.fail(ctx.Err())
		}
		<-r.done
	}
	return r.errs
}

// fail sets every outcome to err.
func (r *request) fail(err error) []error {
	for i := range r.errs {
		r.errs[i] = err
	}
	return r.errs
}

// maxGroup bounds the ops of one transaction, and so how long the first caller
// waits for the others and how far the WAL grows before it can be emptied.
const maxGroup = 1000

// maxCollections bounds the ids that the writer remembers.
const maxCollections = 10_000

// writer owns the one connection that writes.
type writer struct {
	conn   *conn
	driver *Driver
	ids    map[documents.Collection]int64 // committed, or of this transaction
}

func newWriter(c *conn, d *Driver) *writer {
	return &writer{conn: c, driver: d, ids: map[documents.Collection]int64{}}
}

// run carries out requests until the driver closes. All that wait while one
// transaction commits go into the next.
func (w *writer) run() {
	defer close(w.driver.finished)
	for {
		select {
		case r := <-w.driver.writes:
			w.commit(w.gather(r))
		case <-w.driver.closing:
			return
		}
	}
}

// gather returns the requests that wait now, first among them.
func (w *writer) gather(first *request) []*request {
	group, ops := []*request{first}, len(first.ops)
	yielded := false
	for ops < maxGroup {
		select {
		case r := <-w.driver.writes:
			group, ops = append(group, r), ops+len(r.ops)
			yielded = false
			continue
		default:
		}
		if yielded {
			break
		}
		// The callers of the last group have just been answered; let those that
		// write again at once come in, or every other group would be of one.
		runtime.Gosched()
		yielded = true
	}
	return group
}

// commit carries out a group in one transaction. Its end does not depend on any
// caller's context, because the group has many.
func (w *writer) commit(group []*request) {
	ctx := context.WithoutCancel(group[0].ctx)
	if len(w.ids) > maxCollections {
		clear(w.ids)
	}
	_, err := w.conn.exec(ctx, "BEGIN IMMEDIATE")
	// Until here, perhaps behind another process, callers could leave.
	group = slices.DeleteFunc(group, func(r *request) bool { return !r.state.CompareAndSwap(queued, begun) })
	if err == nil {
		err = w.transaction(ctx, group)
	}
	if err != nil {
		err = classify(ctx, err)
	}
	for _, r := range group {
		if err != nil {
			r.fail(err)
		}
		close(r.done)
	}
}

// transaction carries out group in the transaction that has begun, and ends it.
func (w *writer) transaction(ctx context.Context, group []*request) error {
	for _, r := range group {
		if err := w.apply(ctx, r); err != nil {
			return w.rollback(ctx, err)
		}
	}
	if _, err := w.conn.exec(ctx, "COMMIT"); err != nil {
		return w.rollback(ctx, err)
	}
	return nil
}

func (w *writer) rollback(ctx context.Context, cause error) error {
	clear(w.ids)
	// SQLite has often rolled back by itself already; this then fails, and the
	// cause is what counts.
	_, _ = w.conn.exec(ctx, "ROLLBACK")
	return cause
}

// apply carries out the ops of r. It returns an error only when the transaction
// cannot go on; each op is a single statement, which SQLite undoes by itself
// when it fails.
func (w *writer) apply(ctx context.Context, r *request) error {
	for i, op := range r.ops {
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
	upsertSQL = insertSQL + " ON CONFLICT DO UPDATE SET version = excluded.version, updated_ms = excluded.updated_ms, " +
		"projection = excluded.projection, value = excluded.value"
	insertNewSQL = insertSQL + " ON CONFLICT DO NOTHING"
	insertSQL    = "INSERT INTO documents (collection, key, version, updated_ms, projection, value) VALUES (?, ?, ?, ?, jsonb(?), ?)"
	updateSQL    = "UPDATE documents SET version = ?, updated_ms = ?, projection = jsonb(?), value = ? " +
		"WHERE collection = ? AND key = ? AND version = ?"
	deleteSQL        = "DELETE FROM documents WHERE collection = ? AND key = ?"
	deleteVersionSQL = deleteSQL + " AND version = ?"
)

func (w *writer) applyOp(ctx context.Context, in documents.Collection, op documents.Op, projection driver.Value) error {
	id, known, err := w.collection(ctx, in, !op.Delete && op.IfVersion == "")
	if err != nil {
		return err
	}
	r, updated := op.Record, op.Record.UpdatedAt.UnixMilli()
	var changed int64
	switch {
	case !known: // and so nothing is there
	case op.IfAbsent && op.IfVersion != "": // which nothing fulfils
	case op.Delete && op.IfVersion != "":
		changed, err = w.conn.exec(ctx, deleteVersionSQL, id, r.Key, op.IfVersion)
	case op.Delete:
		_, err = w.conn.exec(ctx, deleteSQL, id, r.Key)
	case op.IfVersion != "":
		changed, err = w.conn.exec(ctx, updateSQL, r.Version, updated, projection, r.Value, id, r.Key, op.IfVersion)
	case op.IfAbsent:
		changed, err = w.conn.exec(ctx, insertNewSQL, id, r.Key, r.Version, updated, projection, r.Value)
	default:
		_, err = w.conn.exec(ctx, upsertSQL, id, r.Key, r.Version, updated, projection, r.Value)
	}
	if conditional := op.IfVersion != "" || op.IfAbsent; err == nil && conditional && changed == 0 {
		return cpodkit.CodePreconditionFailed
	}
	return err
}

// collection returns the id of in, and makes one when it has to.
func (w *writer) collection(ctx context.Context, in documents.Collection, create bool) (id int64, known bool, err error) {
	if id, known = w.ids[in]; known {
		return id, true, nil
	}
	id, known, err = w.conn.integer(ctx, "SELECT id FROM collections WHERE space = ? AND name = ?", in.Space, in.Name)
	if err == nil && !known && create {
		id, known, err = w.conn.integer(ctx, "INSERT INTO collections (space, name) VALUES (?, ?) RETURNING id", in.Space, in.Name)
	}
	if err == nil && known {
		w.ids[in] = id
	}
	return id, known, err
}
