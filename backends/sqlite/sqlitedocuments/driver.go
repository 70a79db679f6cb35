// Package sqlitedocuments keeps documents in one SQLite file, without cgo.
//
// Writes that arrive together share one transaction, and so one sync of the
// disk. Filters, sorts and pages run inside SQLite; a query looks at its whole
// collection unless a declared index serves it ([WithIndexes]), and does so in
// memory when it is asked again ([WithScanCache]). It ends with its
// context, holds up no writer, and leaves some readers to Get. Several processes may open
// the same file on a local disk; SQLite's locks keep them apart. A file on a
// network file system is not supported, because WAL needs shared memory.
package sqlitedocuments

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/internal/queryslots"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// Driver is a [documents.Driver] over one SQLite file. It is safe for concurrent
// use.
type Driver struct {
	path     string
	keepFree int64

	dsn         string
	readers     chan *conn // the idle ones; nil for one that is not open yet
	gets        *queryslots.Slots
	queries     *queryslots.Slots
	collections collections
	indexes     atomic.Pointer[map[string][]*index] // by collection; the map is never changed

	cache  *cache
	checks chan chan struct{} // to the writer; it closes what it gets after a check

	writes   *queue
	declares chan func(*conn) // to the writer, which calls what it gets
	closing  chan struct{}
	finished chan struct{} // closed when the writer has ended

	close func() error
}

var _ documents.Driver = (*Driver)(nil)

// Option configures [Open].
type Option func(*options)

type options struct {
	synchronous string
	readers     int
	cache       int64
	keepFree    int64
	indexes     []documents.Index
	declared    bool
}

// UnsafeWithoutSync makes writes faster by not waiting for the disk (SQLite's
// synchronous=NORMAL instead of FULL). A crash of the process still loses
// nothing, but a power failure may take the last acknowledged writes with it.
// The file stays intact either way.
func UnsafeWithoutSync() Option { return func(o *options) { o.synchronous = "NORMAL" } }

// WithReaders sets how many reads run at once, at least 1; 8 without it. Gets and lists of
// one tenant take at most three quarters of them. Queries take at most three quarters,
// and those of one tenant at most three quarters of these. Tenants that wait for
// more take turns. While several tenants use the driver, the gets of one leave a
// processor to the others, and so do its queries. Each reader holds a page cache of at
// most 16 MiB.
func WithReaders(n int) Option { return func(o *options) { o.readers = n } }

// WithScanCache sets how many bytes all collections together take at most in
// memory, so that queries without an index need not look through them in the
// file every time; 32 MiB without it, and 0 for none. A collection is cached with
// its third scan. It takes 64 bytes for each document, its key, and the values by
// which queries filter and sort. It changes no result. A process that shares the
// file with others that write has little of it: their writes drop everything.
func WithScanCache(bytes int64) Option { return func(o *options) { o.cache = bytes } }

// KeepFree refuses to set documents, as CodeUnavailable, while the disk has less
// than so many bytes free. SQLite needs room to delete, too; deletes, and sets in
// the server's own spaces (storage.System), such as the revocation of a token,
// are what it is kept for. It has no effect where Go's standard library cannot
// ask for the free space (it can on Linux, macOS and FreeBSD).
func KeepFree(bytes int64) Option { return func(o *options) { o.keepFree = bytes } }

// WithIndexes makes the indexes of the file those that are declared here, in all
// spaces: Open builds those that are missing, which takes some seconds for a
// million documents, and drops those that are declared no more. Without this
// option Open leaves them as they are, and queries do without.
// [Driver.DeclareIndexes] does the same later.
//
// A query is served by an index whose first members its filter fixes to one
// value (eq, or exists: false) and whose other members are its sort, in the same
// directions: it reads a page's worth of entries, wherever the page is. Where the
// directions are all the opposite ones, each run of equal values is sorted on
// top. Without the sort, an index serves by its fixed members and a range, in or
// exists: true on the next one, and what it finds is sorted.
func WithIndexes(indexes ...documents.Index) Option {
	return func(o *options) { o.indexes, o.declared = indexes, true }
}

// busyTimeout is how long a call waits for another process to finish its
// transaction.
const busyTimeout = 10 * time.Second

// Open opens the file at path. It makes one, readable by its owner alone, when
// there is none; its folder must be there. It fails for a file that is not a
// database of this package, or that a newer version of it has written.
func Open(ctx context.Context, path string, opts ...Option) (*Driver, error) {
	o := options{synchronous: "FULL", readers: 8, cache: 32 << 20}
	for _, opt := range opts {
		opt(&o)
	}
	if o.readers < 1 {
		return nil, fmt.Errorf("sqlitedocuments: WithReaders(%d): at least 1 is needed", o.readers)
	}
	if o.cache < 0 {
		return nil, fmt.Errorf("sqlitedocuments: WithScanCache(%d): 0 turns it off, and less is not possible", o.cache)
	}
	if o.keepFree < 0 {
		return nil, fmt.Errorf("sqlitedocuments: KeepFree(%d): it cannot be negative", o.keepFree)
	}
	if err := documents.CheckIndexes(o.indexes); err != nil {
		return nil, fmt.Errorf("sqlitedocuments: %w", err)
	}
	if err := createFile(path); err != nil {
		return nil, err
	}
	dsn, err := dsnOf(path)
	if err != nil {
		return nil, err
	}
	writer, err := openConn(dsn + "&_pragma=synchronous(" + o.synchronous + ")")
	if err != nil {
		return nil, fmt.Errorf("sqlitedocuments: opening %s: %w", path, err)
	}
	if err := migrate(ctx, writer, path); err != nil {
		return nil, errors.Join(err, writer.close())
	}
	var indexes map[string][]*index
	if o.declared {
		if indexes, err = declare(ctx, writer, path, o.indexes); err != nil {
			return nil, errors.Join(err, writer.close())
		}
	}

	// A tenant whose reads keep all processors busy slows the reads of the others.
	fewer, activity := runtime.GOMAXPROCS(0)-1, new(queryslots.Activity)
	d := &Driver{
		path:     path,
		keepFree: o.keepFree,

		dsn:         dsn + "&mode=ro",
		readers:     make(chan *conn, o.readers),
		gets:        queryslots.NewCalls(o.readers).Fewer(fewer, activity),
		queries:     queryslots.New(o.readers).Fewer(fewer, activity),
		collections: collections{known: map[documents.CollectionID]collectionIDs{}},
		cache:       newCache(o.cache),
		checks:      make(chan chan struct{}),
		writes:      newQueue(activity),
		declares:    make(chan func(*conn)),
		closing:     make(chan struct{}),
		finished:    make(chan struct{}),
	}
	d.indexes.Store(&indexes)
	for range o.readers {
		d.readers <- nil
	}
	d.close = sync.OnceValue(func() error { return d.shutdown(writer) })
	go newWriter(writer, d).run(ctx)
	return d, nil
}

// Close waits for the calls under way, moves everything into the one file, and
// closes it. Calls that come later are CodeUnavailable.
func (d *Driver) Close() error { return d.close() }

func (d *Driver) shutdown(writer *conn) error {
	close(d.closing)
	<-d.finished
	var errs []error
	for range cap(d.readers) {
		if c := <-d.readers; c != nil {
			errs = append(errs, c.close())
		}
	}
	// The last connection of all to close empties the WAL, and a reader could not.
	errs = append(errs, writer.close())
	return errors.Join(errs...)
}

// Get implements [documents.Driver].
func (d *Driver) Get(ctx context.Context, in documents.CollectionID, key string) (documents.Record, error) {
	var record documents.Record
	found := false
	err := d.readFor(ctx, d.gets, in.Space, func(c *conn) error {
		at, known, err := d.collections.find(ctx, c, in)
		if err != nil || !known {
			return err
		}
		return c.query(ctx, getSQL, []driver.Value{at.collection, key}, func(row []driver.Value) error {
			found = true
			var err error
			record, err = scanRecord(row)
			return err
		})
	})
	if err == nil && !found {
		err = cpodkit.CodeNotFound
	}
	return record, err
}

// Query implements [documents.Driver].
func (d *Driver) Query(ctx context.Context, in documents.CollectionID, q documents.DriverQuery) ([]documents.Record, error) {
	var records []documents.Record
	err := d.readFor(ctx, d.queries, in.Space, func(c *conn) error {
		at, known, err := d.collections.find(ctx, c, in)
		if err != nil || !known {
			return err
		}
		fixed := fixedKeys(q.Filter)
		q = withoutFixed(q, fixed)
		by := choose((*d.indexes.Load())[in.Name], q, fixed)
		if by == nil && len(q.Filter)+len(q.Order) > 0 {
			records, err = d.scan(ctx, c, at, q)
			return err
		}
		if records, err = queryPage(ctx, c, at, q, by); by != nil && noSuchIndex(err) {
			// It was dropped since, or another process declares other indexes.
			records, err = queryPage(ctx, c, at, q, nil)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return records, nil
}

var errEnough = errors.New("sqlitedocuments: the values have enough bytes")

func queryPage(ctx context.Context, c *conn, at collectionIDs, q documents.DriverQuery, by *index) ([]documents.Record, error) {
	text, args := buildQuery(at, q, by)
	return readPage(ctx, c, text, args, q.MaxBytes)
}

// readPage returns the documents that a statement finds, up to the one with
// which they have more than maxBytes, unless that is 0.
func readPage(ctx context.Context, c *conn, text string, args []driver.Value, maxBytes int) ([]documents.Record, error) {
	var records []documents.Record
	size := 0
	err := c.query(ctx, text, args, func(row []driver.Value) error {
		record, err := scanRecord(row)
		if err != nil {
			return err
		}
		records = append(records, record)
		if size += len(record.Value); maxBytes > 0 && size > maxBytes {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	return records, nil
}

// ready returns an error when no call can begin.
func (d *Driver) ready(ctx context.Context) error {
	select {
	case <-d.closing:
		return errClosed()
	default:
		return ctx.Err()
	}
}

// readFor lends a reader to use, for a call in a space. The call needs one of the slots.
func (d *Driver) readFor(ctx context.Context, slots *queryslots.Slots, space string, use func(*conn) error) error {
	release, err := slots.Acquire(ctx, space)
	if err != nil {
		return err
	}
	defer release()
	return d.read(ctx, func(c *conn) error {
		c.tenant = storage.TenantOf(space)
		return use(c)
	})
}

// read lends a reader to use.
func (d *Driver) read(ctx context.Context, use func(*conn) error) error {
	if err := d.ready(ctx); err != nil {
		return err
	}
	var c *conn
	select {
	case c = <-d.readers:
	case <-d.closing:
		return errClosed()
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { d.readers <- c }()
	if c == nil {
		opened, err := openConn(d.dsn)
		if err != nil {
			return classify(ctx, err)
		}
		c = opened
	}
	return classify(ctx, use(c))
}

// scanRecord reads a row of recordColumns.
func scanRecord(row []driver.Value) (documents.Record, error) {
	key, ok1 := row[0].(string)
	version, ok2 := row[1].(string)
	updated, ok3 := row[2].(int64)
	value, ok4 := row[3].([]byte)
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return documents.Record{}, errors.New("sqlitedocuments: a row has columns of the wrong type")
	}
	return documents.Record{Key: key, Value: value, Version: version, UpdatedAt: time.UnixMilli(updated).UTC()}, nil
}
