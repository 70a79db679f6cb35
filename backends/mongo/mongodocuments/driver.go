// Package mongodocuments keeps documents in MongoDB, 4.4 or newer, all in one of
// its collections.
//
// A write is acknowledged when the majority of the replica set has it in its
// journal, and a read sees such writes only. There are no transactions: each op is
// one write of one document. Filters, sorts and pages run inside MongoDB; a query
// looks at its whole collection unless a declared index serves it
// ([WithIndexes]). Queries leave some of the client's connections to gets and
// writes, and those of one tenant some to others' queries ([WithPoolSize]).
package mongodocuments

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/internal/circuit"
	"github.com/cpodkit/cpodkit/backends/internal/queryslots"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// collectionName is the collection of the database that holds all documents.
const collectionName = "documents"

// maxIndexes is how many indexes may be declared: MongoDB has 64 in a collection,
// of which one is that of the keys.
const maxIndexes = min(documents.MaxIndexes, 63)

// defaultPoolSize is both mongoclient's and that of MongoDB's client.
const defaultPoolSize = 100

// Driver is a [documents.Driver] over one MongoDB database. It is safe for
// concurrent use, and any number of them may share the database.
type Driver struct {
	db      *mongo.Database
	docs    *mongo.Collection
	breaker *circuit.Breaker
	limit   time.Duration
	queries *queryslots.Slots
	calls   *queryslots.Slots // of all calls in a space except queries
	getOne  *options.FindOneOptionsBuilder
	indexes *indexes

	// A call holds it for reading, and Close for writing.
	closing sync.RWMutex
	closed  bool
}

var (
	_ documents.Driver = (*Driver)(nil)
	_ cpodkit.Pinger   = (*Driver)(nil)
)

// Option configures [New].
type Option func(*config)

type config struct {
	indexes   []documents.Index
	declared  bool
	timeLimit time.Duration
	poolSize  int
}

// WithTimeLimit sets how long MongoDB may take for a call, 5 s without it; for a
// write of many ops it is so long and 50 ms for each. A query has the time of its
// context instead, when that has a deadline.
func WithTimeLimit(limit time.Duration) Option { return func(c *config) { c.timeLimit = limit } }

// WithPoolSize says how many connections the client opens to a server at most
// (maxPoolSize of its URI), at least 2; 100 without it, as with
// mongoclient.Open. Queries take at most three quarters of them, and those of
// one tenant at most three quarters of these; tenants whose queries wait for more
// take turns. Gets, writes and lists of one tenant take at most three quarters of the
// connections, and an eighth while other tenants make some, too.
func WithPoolSize(connections int) Option { return func(c *config) { c.poolSize = connections } }

// WithIndexes makes the declared indexes of the database those that are declared
// here, at most 63, in all spaces. The driver builds those that are missing and
// drops those that are declared no more, behind its first call, which does not
// wait for that; [Driver.BuildIndexes] does. Without this option it leaves
// them as they are. [Driver.DeclareIndexes] declares others later. Beside the declared
// indexes the driver builds one by the spaces of documents, for [Driver.Collections]. With
// 63 declared ones there is no room for it, and Collections looks through all documents.
//
// MongoDB chooses by itself which of them serves a query. One does when its first
// members are those that the filter fixes to one value (eq, or exists: false) and
// the others are the sort, in the same directions.
func WithIndexes(indexes ...documents.Index) Option {
	return func(c *config) { c.indexes, c.declared = indexes, true }
}

// New returns a driver that keeps its documents in db, whose client stays the
// caller's to disconnect. It calls no server, and so does not fail when there is
// none; it fails for indexes that may not be declared.
func New(db *mongo.Database, opts ...Option) (*Driver, error) {
	c := config{timeLimit: circuit.DefaultTimeLimit, poolSize: defaultPoolSize}
	for _, opt := range opts {
		opt(&c)
	}
	if db == nil {
		return nil, errors.New("mongodocuments: the database is nil")
	}
	if c.timeLimit <= 0 {
		return nil, fmt.Errorf("mongodocuments: WithTimeLimit(%v): it must be more than 0", c.timeLimit)
	}
	if c.poolSize < 2 {
		return nil, fmt.Errorf("mongodocuments: WithPoolSize(%d): queries and other calls need at least 2", c.poolSize)
	}
	if err := checkIndexes(c.indexes); err != nil {
		return nil, err
	}
	journaled := true
	majority := writeconcern.Majority()
	majority.Journal = &journaled
	docs := db.Collection(collectionName, options.Collection().
		SetWriteConcern(majority).
		SetReadConcern(readconcern.Majority()).
		SetReadPreference(readpref.Primary()))
	d := &Driver{
		db:   db,
		docs: docs,
		// The driver sets the limits: the time of a query is its caller's.
		breaker: circuit.New("document store", circuit.WithTimeLimit(0), circuit.WithIsDown(isDown)),
		limit:   c.timeLimit,
		queries: queryslots.New(c.poolSize),
		calls:   queryslots.NewPool(c.poolSize),
		getOne:  options.FindOne().SetProjection(recordFields()),
		indexes: newIndexes(docs),
	}
	if c.declared {
		wanted := slices.Clone(c.indexes)
		d.indexes.wanted.Store(&wanted)
	}
	return d, nil
}

// Close waits for the calls under way. Calls that come later are CodeUnavailable.
// The client stays connected.
func (d *Driver) Close() error {
	d.closing.Lock()
	defer d.closing.Unlock()
	d.closed = true
	d.indexes.stop()
	return nil
}

// Ping implements [cpodkit.Pinger] by asking the primary.
func (d *Driver) Ping(ctx context.Context) error {
	return d.call(ctx, d.limit, func(ctx context.Context) error {
		return d.db.RunCommand(ctx, bson.D{{Key: "ping", Value: 1}}).Err()
	})
}

// call makes one call of the server, which may take as long as limit and ctx say.
func (d *Driver) call(ctx context.Context, limit time.Duration, do func(ctx context.Context) error) error {
	d.closing.RLock()
	defer d.closing.RUnlock()
	if d.closed {
		return errClosed()
	}
	d.indexes.start(ctx)
	return d.breaker.Do(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		return classify(do(ctx))
	})
}

// callFor is call for a call in a space that is no query. Those of one tenant leave
// connections to the others.
func (d *Driver) callFor(ctx context.Context, space string, limit time.Duration, do func(ctx context.Context) error) error {
	release, err := d.calls.Acquire(ctx, space)
	if err != nil {
		return err
	}
	defer release()
	return d.call(ctx, limit, do)
}

// recordFields are what of a stored document makes a record, encoded once.
func recordFields() bson.Raw {
	var fields []byte
	for _, name := range []string{fieldVersion, fieldUpdated, fieldValue} {
		fields = bsoncore.AppendInt32Element(fields, name, 1)
	}
	return bson.Raw(bsoncore.BuildDocument(nil, fields))
}

func byID(id string) bson.Raw {
	return bson.Raw(bsoncore.BuildDocument(nil, bsoncore.AppendStringElement(nil, fieldID, id)))
}

// Get implements [documents.Driver].
func (d *Driver) Get(ctx context.Context, in documents.CollectionID, key string) (documents.Record, error) {
	at, err := idPrefixOf(in)
	if err != nil {
		return documents.Record{}, err
	}
	var record documents.Record
	err = d.callFor(ctx, in.Space, d.limit, func(ctx context.Context) error {
		raw, err := d.docs.FindOne(ctx, byID(at.id(key)), d.getOne).Raw()
		if err == nil {
			record, err = decode(raw, at)
		}
		return err
	})
	return record, err
}
