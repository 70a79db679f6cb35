// Package sqlitedocuments keeps documents in one SQLite file, without cgo.
//
// Writes that arrive together share one transaction, and so one sync of the
// disk. Filters, sorts and pages run inside SQLite. Several processes may open
// the same file on a local disk; SQLite's locks keep them apart. A file on a
// network file system is not supported, because WAL needs shared memory.
package sqlitedocuments

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// Driver is a [documents.Driver] over one SQLite file. It is safe for concurrent
// use.
type Driver struct {
	dsn     string
	readers chan *conn // the idle ones; nil for one that is not open yet

	writes   chan *request
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
}

// WithPowerLossRisk makes writes faster by not waiting for the disk (SQLite's
// synchronous=NORMAL instead of FULL). A crash of the process still loses
// nothing, but a power failure may take the last acknowledged writes with it.
// The file stays intact either way.
func WithPowerLossRisk() Option { return func(o *options) { o.synchronous = "NORMAL" } }

// WithReaders sets how many reads run at once, at least 1; 8 without it. Each
// holds a page cache of at most 2 MiB.
func WithReaders(n int) Option { return func(o *options) { o.readers = n } }

// busyTimeout is how long a call waits for another process to finish its
// transaction.
const busyTimeout = 10 * time.Second

// Open opens the file at path. It makes one, readable by its owner alone, when
// there is none; its folder must be there. It fails for a file that is not a
// database of this package, or that a newer version of it has written.
func Open(ctx context.Context, path string, opts ...Option) (*Driver, error) {
	o := options{synchronous: "FULL", readers: 8}
	for _, opt := range opts {
		opt(&o)
	}
	if o.readers < 1 {
		return nil, fmt.Errorf("sqlitedocuments: WithReaders(%d): at least 1 is needed", o.readers)
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

	d := &Driver{
		dsn:      dsn + "&mode=ro",
		readers:  make(chan *conn, o.readers),
		writes:   make(chan *request),
		closing:  make(chan struct{}),
		finished: make(chan struct{}),
	}
	for range o.readers {
		d.readers <- nil
	}
	d.close = sync.OnceValue(func() error { return d.shutdown(writer) })
	go newWriter(writer, d).run()
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
func (d *Driver) Get(ctx context.Context, in documents.Collection, key string) (documents.Record, error) {
	var record documents.Record
	found := false
	err := d.read(ctx, func(c *conn) error {
		return c.query(ctx, getSQL, []driver.Value{in.Space, in.Name, key}, func(row []driver.Value) error {
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
func (d *Driver) Query(ctx context.Context, in documents.Collection, q documents.DriverQuery) ([]documents.Record, error) {
	text, args := buildQuery(in, q)
	var records []documents.Record
	err := d.read(ctx, func(c *conn) error {
		return c.query(ctx, text, args, func(row []driver.Value) error {
			record, err := scanRecord(row)
			records = append(records, record)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return records, nil
}

// read lends a reader to use.
func (d *Driver) read(ctx context.Context, use func(*conn) error) error {
	select {
	case <-d.closing:
		return errClosed()
	default:
	}
	if err := ctx.Err(); err != nil {
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
