package mongodocuments

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/cpodkit/cpodkit/storage/documents"
)

// indexPrefix begins the names of declared indexes, and of no others.
const indexPrefix = "declared "

// retryIndexes is how long the driver leaves the indexes alone when it could not
// build them.
const retryIndexes = 10 * time.Second

// indexes are the declared ones, and who builds them.
type indexes struct {
	docs   *mongo.Collection
	wanted atomic.Pointer[[]documents.Index] // nil when none were declared
	turn   chan struct{}                     // is held while those of the database change

	mu     sync.Mutex
	done   bool
	next   time.Time // of another try
	cancel context.CancelFunc
	work   sync.WaitGroup
}

func newIndexes(docs *mongo.Collection) *indexes {
	return &indexes{docs: docs, turn: make(chan struct{}, 1), cancel: func() {}}
}

// checkIndexes returns what is wrong with indexes that are declared.
func checkIndexes(declared []documents.Index) error {
	if err := documents.CheckIndexes(declared); err != nil {
		return fmt.Errorf("mongodocuments: %w", err)
	}
	if n := len(declared); n > maxIndexes {
		return fmt.Errorf("mongodocuments: %d indexes are declared; MongoDB has room for %d", n, maxIndexes)
	}
	return nil
}

// declared reports whether a collection has an index.
func (x *indexes) declared(collection string) bool {
	wanted := x.wanted.Load()
	return wanted != nil && slices.ContainsFunc(*wanted, func(i documents.Index) bool { return i.Collection == collection })
}

// start builds the indexes behind the caller's back, unless that is done or under
// way. It may take longer than any call; stop ends it.
func (x *indexes) start(ctx context.Context) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.wanted.Load() == nil || x.done || time.Now().Before(x.next) {
		return
	}
	x.done = true // until it fails
	x.cancel()
	ctx, x.cancel = context.WithCancel(context.WithoutCancel(ctx))
	x.work.Go(func() {
		if err := x.build(ctx); err != nil {
			x.mu.Lock()
			x.done, x.next = false, time.Now().Add(retryIndexes)
			x.mu.Unlock()
		}
	})
}

// stop ends what start has begun. Nobody starts meanwhile.
func (x *indexes) stop() {
	x.mu.Lock()
	x.cancel()
	x.mu.Unlock()
	x.work.Wait()
}

// BuildIndexes builds the declared indexes that are missing, and drops those that
// are declared no more, as the driver also does by itself behind its first
// call. It waits until they are built, which takes minutes for many millions of
// documents.
func (d *Driver) BuildIndexes(ctx context.Context) error {
	return d.indexes.build(ctx)
}

var _ documents.IndexDeclarer = (*Driver)(nil)

// DeclareIndexes implements [documents.IndexDeclarer], as [WithIndexes] says. It
// takes minutes for many millions of documents. When it fails, indexes that it has
// built stay until the next call.
func (d *Driver) DeclareIndexes(ctx context.Context, indexes ...documents.Index) error {
	if err := checkIndexes(indexes); err != nil {
		return err
	}
	d.closing.RLock()
	closed := d.closed
	d.closing.RUnlock()
	if closed {
		return errClosed()
	}
	indexes = slices.Clone(indexes)
	return d.indexes.alone(ctx, func() error {
		if err := d.indexes.change(ctx, indexes); err != nil {
			return err
		}
		d.indexes.wanted.Store(&indexes)
		return nil
	})
}

// alone calls do while nobody else changes the indexes of the database.
func (x *indexes) alone(ctx context.Context, do func() error) error {
	select {
	case x.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-x.turn }()
	return do()
}

func (x *indexes) build(ctx context.Context) error {
	return x.alone(ctx, func() error {
		wanted := x.wanted.Load()
		if wanted == nil {
			return nil
		}
		return x.change(ctx, *wanted)
	})
}

// change makes the declared indexes of the database those that are wanted.
func (x *indexes) change(ctx context.Context, wanted []documents.Index) error {
	there, err := x.docs.Indexes().ListSpecifications(ctx)
	if err != nil && !hasCode(err, namespaceNotFound) {
		return fmt.Errorf("mongodocuments: the indexes: %w", err)
	}
	room := len(wanted) < maxIndexes
	hasSpaces := slices.ContainsFunc(there, func(s mongo.IndexSpecification) bool { return s.Name == spacesName })
	if hasSpaces && !room {
		if err := x.drop(ctx, spacesName); err != nil {
			return err
		}
	}
	for _, i := range wanted {
		known := func(s mongo.IndexSpecification) bool { return s.Name == indexName(i) }
		if slices.ContainsFunc(there, known) {
			continue
		}
		if err := x.create(ctx, i); err != nil {
			return fmt.Errorf("mongodocuments: the index %q: %w", i, err)
		}
	}
	for _, s := range there {
		isWanted := func(i documents.Index) bool { return s.Name == indexName(i) }
		if !strings.HasPrefix(s.Name, indexPrefix) || slices.ContainsFunc(wanted, isWanted) {
			continue
		}
		if err := x.drop(ctx, s.Name); err != nil {
			return err
		}
	}
	if hasSpaces || !room {
		return nil
	}
	o := options.Index().SetName(spacesName)
	if _, err := x.docs.Indexes().CreateOne(ctx, mongo.IndexModel{Keys: spacesIndex(), Options: o}); err != nil {
		return fmt.Errorf("mongodocuments: the index of spaces: %w", err)
	}
	return nil
}

// drop drops an index, unless another replica is faster.
func (x *indexes) drop(ctx context.Context, name string) error {
	if err := x.docs.Indexes().DropOne(ctx, name); err != nil && !hasCode(err, indexNotFound) {
		return fmt.Errorf("mongodocuments: dropping the index %q: %w", name, err)
	}
	return nil
}

// spacesName is the name of the index by which [Driver.Collections] finds documents.
const spacesName = "spaces"

func spacesIndex() bson.D {
	return bson.D{{Key: fieldSpace, Value: 1}, {Key: fieldCollection, Value: 1}}
}

// create builds one index of the documents of one collection, in the order of
// their spaces.
func (x *indexes) create(ctx context.Context, i documents.Index) error {
	keys := bson.D{{Key: fieldCollection, Value: 1}, {Key: fieldSpace, Value: 1}}
	for _, o := range i.Members {
		keys = append(keys, bson.E{Key: fieldOf(o.Path), Value: direction(o)})
	}
	keys = append(keys, bson.E{Key: fieldID, Value: 1})
	o := options.Index().SetName(indexName(i))
	partial := options.Index().SetName(indexName(i)).
		SetPartialFilterExpression(bson.D{{Key: fieldCollection, Value: i.Collection}})
	_, err := x.docs.Indexes().CreateOne(ctx, mongo.IndexModel{Keys: keys, Options: partial})
	if hasCode(err, notImplemented) { // servers that only speak MongoDB's protocol
		_, err = x.docs.Indexes().CreateOne(ctx, mongo.IndexModel{Keys: keys, Options: o})
	}
	return err
}

// indexName returns another name than an earlier version of this package had for an
// index over a member _id, whose field was another one.
func indexName(i documents.Index) string {
	name := indexPrefix + i.String()
	if slices.ContainsFunc(i.Members, func(o documents.Order) bool { return slices.Contains(o.Path, fieldID) }) {
		name += " " + escapedID
	}
	return name
}

// ignoreNone drops the error that says that nothing was found.
func ignoreNone(err error) error {
	if errors.Is(err, mongo.ErrNoDocuments) {
		return nil
	}
	return err
}
