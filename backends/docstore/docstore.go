// Package docstore keeps small records in any document driver: a [Collection] is
// typed records by key, in a system space that no tenant can reach. The packages
// below it are the server's own stores, one for each capability that it serves.
//
// One driver for all of them means one thing to back up, and that replicas
// which share a document store share these too.
package docstore

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/portable"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// pageSize is how many records are read, or deleted, at a time.
const pageSize = 500

// DB is a document driver for collections of records. It is safe for concurrent
// use.
type DB struct {
	driver                    documents.Driver
	get, apply, query, remove *portable.Operation
}

// Option configures [New].
type Option func(*options)

type options struct {
	tracers trace.TracerProvider
	meters  metric.MeterProvider
}

// WithTelemetry measures the calls to the driver, as the capabilities do theirs
// (docs/operations.md), under the name "records". A nil provider measures
// nothing.
func WithTelemetry(tracers trace.TracerProvider, meters metric.MeterProvider) Option {
	return func(o *options) { o.tracers, o.meters = tracers, meters }
}

// New returns a DB on driver, which stays the caller's to close.
func New(driver documents.Driver, opts ...Option) (*DB, error) {
	if driver == nil {
		return nil, errors.New("docstore: the driver is nil")
	}
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	calls, err := portable.NewCalls("records", o.tracers, o.meters, nil) // errors stay as they are
	if err != nil {
		return nil, fmt.Errorf("docstore: %w", err)
	}
	return &DB{
		driver: driver,
		get:    calls.Operation("get"), apply: calls.Operation("apply"),
		query: calls.Operation("query"), remove: calls.Operation("delete"),
	}, nil
}

// Collection is the records of one kind. A record is stored as the JSON of an R,
// under a key of 1 to 512 bytes. It is safe for concurrent use.
//
// Errors are those of the driver, for which errors.Is finds the codes that a
// method names, and [cpodkit.CodeUnavailable]; their text is not for clients.
type Collection[R any] struct {
	db *DB
	in documents.CollectionID
}

// NewCollection returns the collection of that name in the system space of that
// name (see [storage.System]).
func NewCollection[R any](db *DB, space, name string) *Collection[R] {
	return &Collection[R]{db, documents.CollectionID{Space: storage.System(space).Root(), Name: name}}
}

// Record is one stored record.
type Record[R any] struct {
	Key     string
	Version string // another one after every write
	Value   R
}

// Get returns the record of a key, or [cpodkit.CodeNotFound].
func (c *Collection[R]) Get(ctx context.Context, key string) (Record[R], error) {
	ctx, call := c.db.get.Start(ctx)
	stored, err := c.db.driver.Get(ctx, c.in, key)
	call.Measure(ctx, err)
	if err != nil {
		return Record[R]{}, err
	}
	return decode[R](stored)
}

func decode[R any](stored documents.Record) (Record[R], error) {
	r := Record[R]{Key: stored.Key, Version: stored.Version}
	if err := json.Unmarshal(stored.Value, &r.Value); err != nil {
		return Record[R]{}, fmt.Errorf("docstore: decode the record %q: %w", stored.Key, err)
	}
	return r, nil
}

// Create stores a new record; [cpodkit.CodeConflict] when the key is taken.
func (c *Collection[R]) Create(ctx context.Context, key string, value R) error {
	err := c.put(ctx, key, value, documents.Op{IfAbsent: true})
	if errors.Is(err, cpodkit.CodePreconditionFailed) {
		return cpodkit.CodeConflict
	}
	return err
}

// Put stores a record, whatever is there.
func (c *Collection[R]) Put(ctx context.Context, key string, value R) error {
	return c.put(ctx, key, value, documents.Op{})
}

// Replace stores a record over the one that has the version;
// [cpodkit.CodePreconditionFailed] when it has another, or is not there.
func (c *Collection[R]) Replace(ctx context.Context, key string, value R, version string) error {
	if version == "" { // which a driver would take as "whatever is there"
		return cpodkit.CodePreconditionFailed
	}
	return c.put(ctx, key, value, documents.Op{IfVersion: version})
}

func (c *Collection[R]) put(ctx context.Context, key string, value R, op documents.Op) error {
	var err error
	if op.Record, err = encode(key, value); err != nil {
		return err
	}
	return errors.Join(c.apply(ctx, op)...)
}

func encode(key string, value any) (documents.Record, error) {
	encoded, err := json.Marshal(value)
	if err != nil {
		return documents.Record{}, fmt.Errorf("docstore: encode the record %q: %w", key, err)
	}
	return documents.Record{Key: key, Value: encoded, Version: rand.Text(), UpdatedAt: time.Now().UTC()}, nil
}

// CreateAll stores new records by their keys, in one call to the driver. It returns the
// keys that were taken, whose records stay as they are. After an error some of the others
// may be stored.
func (c *Collection[R]) CreateAll(ctx context.Context, values map[string]R) (taken []string, err error) {
	if len(values) == 0 {
		return nil, nil
	}
	ops := make([]documents.Op, 0, len(values))
	for key, value := range values {
		op := documents.Op{IfAbsent: true}
		if op.Record, err = encode(key, value); err != nil {
			return nil, err
		}
		ops = append(ops, op)
	}
	var failed []error
	for i, err := range c.apply(ctx, ops...) {
		if errors.Is(err, cpodkit.CodePreconditionFailed) {
			taken = append(taken, ops[i].Record.Key)
		} else {
			failed = append(failed, err)
		}
	}
	return taken, errors.Join(failed...)
}

// Delete removes records, in one call to the driver. One that is not there is no error.
func (c *Collection[R]) Delete(ctx context.Context, keys ...string) error {
	ops := make([]documents.Op, len(keys))
	for i, key := range keys {
		ops[i] = documents.Op{Delete: true, Record: documents.Record{Key: key}}
	}
	return errors.Join(c.apply(ctx, ops...)...)
}

// DeleteVersion removes the record that has the version;
// [cpodkit.CodePreconditionFailed] when it has another, or is not there.
func (c *Collection[R]) DeleteVersion(ctx context.Context, key, version string) error {
	if version == "" {
		return cpodkit.CodePreconditionFailed
	}
	return errors.Join(c.apply(ctx, documents.Op{Delete: true, Record: documents.Record{Key: key}, IfVersion: version})...)
}

func (c *Collection[R]) apply(ctx context.Context, ops ...documents.Op) []error {
	ctx, call := c.db.apply.Start(ctx)
	errs := c.db.driver.Apply(ctx, c.in, ops)
	call.Measure(ctx, errs...)
	return errs
}

// Query asks for records. All conditions must hold.
type Query struct {
	Where []Condition

	// OrderBy is a member of the records that holds a text, by whose bytes they are
	// ordered; by their key when it is "".
	OrderBy string
	After   string // what comes after this key or text; "" from the start
	Limit   int    // at least 1

	// MaxBytes, when not 0, ends the result after the first record with which the
	// records have more than so many bytes together.
	MaxBytes int
}

// List returns up to q.Limit records.
func (c *Collection[R]) List(ctx context.Context, q Query) ([]Record[R], error) {
	d := documents.DriverQuery{Limit: q.Limit, MaxBytes: q.MaxBytes}
	switch {
	case q.OrderBy != "":
		q.Where = append(slices.Clip(q.Where), after(q.OrderBy, q.After))
		d.Order = []documents.Order{{Path: documents.Path{q.OrderBy}}}
	case q.After != "":
		d.After = &documents.Position{Key: q.After}
	}
	var err error
	if d.Filter, err = filter(q.Where); err != nil {
		return nil, err
	}
	page, err := c.query(ctx, d)
	if err != nil {
		return nil, err
	}
	records := make([]Record[R], len(page))
	for i, stored := range page {
		if records[i], err = decode[R](stored); err != nil {
			return nil, err
		}
	}
	return records, nil
}

func (c *Collection[R]) query(ctx context.Context, q documents.DriverQuery) ([]documents.Record, error) {
	ctx, call := c.db.query.Start(ctx)
	page, err := c.db.driver.Query(ctx, c.in, q)
	call.Measure(ctx, err)
	return page, err
}

// All returns all records for which the conditions hold, by key. It reads them in
// pages, and ends with the first error.
func (c *Collection[R]) All(ctx context.Context, where ...Condition) iter.Seq2[Record[R], error] {
	return portable.Walk(
		func() (Query, error) { return Query{Where: where, Limit: pageSize}, nil },
		func(q Query) ([]Record[R], *Query, error) {
			page, err := c.List(ctx, q)
			if err != nil || len(page) < pageSize {
				return page, nil, err
			}
			q.After = page[len(page)-1].Key
			return page, &q, nil
		})
}

// matchingDeleter is a driver for which a write with a condition is a round trip,
// but deleting all that pass a filter is one as well. Each document passes when it
// is deleted, and not only before.
type matchingDeleter interface {
	DeleteMatching(ctx context.Context, in documents.CollectionID, filter []documents.Condition) error
}

// DeleteAll removes the records for which the conditions hold, of which there
// must be one. A record that is written anew meanwhile stays, unless they hold
// for it again.
func (c *Collection[R]) DeleteAll(ctx context.Context, where ...Condition) error {
	if len(where) == 0 {
		return errors.New("docstore: DeleteAll needs a condition")
	}
	matching, err := filter(where)
	if err != nil {
		return err
	}
	if driver, ok := c.db.driver.(matchingDeleter); ok {
		ctx, call := c.db.remove.Start(ctx)
		err := driver.DeleteMatching(ctx, c.in, matching)
		call.Measure(ctx, err)
		return err
	}
	for {
		page, err := c.query(ctx, documents.DriverQuery{Filter: matching, Limit: pageSize})
		if err != nil || len(page) == 0 {
			return err
		}
		ops := make([]documents.Op, len(page))
		for i, record := range page {
			ops[i] = documents.Op{Delete: true, Record: documents.Record{Key: record.Key}, IfVersion: record.Version}
		}
		for _, err := range c.apply(ctx, ops...) {
			if err != nil && !errors.Is(err, cpodkit.CodePreconditionFailed) {
				return err
			}
		}
	}
}
