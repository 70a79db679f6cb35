package mongodocuments_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/cpodkit/cpodkit/backends/mongo/mongoclient"
	"github.com/cpodkit/cpodkit/backends/mongo/mongodocuments"
	"github.com/cpodkit/cpodkit/internal/testservice"
	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/documents/documentstest"
	"github.com/cpodkit/cpodkit/storage/storagetest"
)

// newDatabase returns the URI of a database of its own on the shared server,
// which is dropped in the end.
func newDatabase(t testing.TB) string {
	t.Helper()
	uri := strings.TrimSuffix(testservice.MongoURL(t), "/") + "/test-" + strings.ToLower(rand.Text())
	t.Cleanup(func() {
		db := connect(t, uri)
		if err := db.Drop(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("dropping the database: %v", err)
		}
	})
	return uri
}

// connect returns the database of a URI. Its client is disconnected in the end.
func connect(t testing.TB, uri string, configure ...func(*options.ClientOptions)) *mongo.Database {
	t.Helper()
	db, err := mongoclient.Open(uri, configure...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Client().Disconnect(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("disconnecting: %v", err)
		}
	})
	return db
}

// connected is a driver with a client of its own.
type connected struct {
	*mongodocuments.Driver

	db *mongo.Database
}

// open returns a driver over the database of a URI. The stand-in for MongoDB needs
// time for large batches.
func open(t testing.TB, uri string, opts ...mongodocuments.Option) connected {
	t.Helper()
	db, err := mongoclient.Open(uri)
	if err != nil {
		t.Fatal(err)
	}
	d, err := mongodocuments.New(db, append(opts, mongodocuments.WithTimeLimit(watchdog))...)
	if err != nil {
		t.Fatal(err)
	}
	return connected{d, db}
}

func (c connected) Close() error {
	err := c.Driver.Close()
	// With a context that has ended it closes what is in use, too.
	if disconnectErr := c.db.Client().Disconnect(context.Background()); !errors.Is(disconnectErr, mongo.ErrClientDisconnected) {
		err = errors.Join(err, disconnectErr)
	}
	return err
}

const watchdog = time.Minute

func TestDriver(t *testing.T) {
	t.Parallel()
	testservice.MongoURL(t)
	var uris sync.Map
	openAt := func(t testing.TB, uri string) documents.Driver {
		d := open(t, uri)
		uris.Store(d, uri)
		return d
	}
	documentstest.Run(t,
		func(t testing.TB) documents.Driver { return openAt(t, newDatabase(t)) },
		documentstest.WithReopen(func(t testing.TB, closed documents.Driver) documents.Driver {
			uri, _ := uris.Load(closed)
			return openAt(t, uri.(string))
		}))
}

func TestNamesStayApart(t *testing.T) {
	t.Parallel()
	storagetest.RunDocuments(t, func(t testing.TB) documents.Driver { return open(t, newDatabase(t)) })
}

// A document that an earlier version stored, with a field _id in its projection, is
// read, found by what else it has, and written anew.
func TestEarlierProjection(t *testing.T) {
	t.Parallel()
	d := open(t, newDatabase(t))
	in := documents.CollectionID{Space: "t/apps/a/", Name: "c"}
	const value = `{"v":{"A":1,"_id":1},"w":1}`
	one, err := documents.KeyOf([]byte(`1`))
	if err != nil {
		t.Fatal(err)
	}
	number := string(one)
	_, err = d.db.Collection("documents").InsertOne(t.Context(), bson.D{
		{Key: "_id", Value: "c\tt/apps/a/\tk"}, {Key: "c", Value: in.Name}, {Key: "s", Value: in.Space}, {Key: "v", Value: "1"},
		{Key: "t", Value: time.Now()}, {Key: "j", Value: value},
		{Key: "p", Value: bson.D{
			{Key: "v!", Value: "{"},
			{Key: "v", Value: bson.D{{Key: "A!", Value: "4"}, {Key: "A", Value: number}, {Key: "_id!", Value: "4"}, {Key: "_id", Value: number}, {Key: "~", Value: ""}}},
			{Key: "w!", Value: "4"}, {Key: "w", Value: number}, {Key: "~", Value: ""},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	find := func(path ...string) int {
		records, err := d.Query(t.Context(), in, documents.DriverQuery{Limit: 10, Filter: []documents.Condition{
			{Path: path, Test: documents.Equal, Keys: []documents.SortKey{one}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		return len(records)
	}
	record, err := d.Get(t.Context(), in, "k")
	if err != nil || string(record.Value) != value || find("w") != 1 || find("v", "A") != 1 {
		t.Fatalf("it is read as %s, %v", record.Value, err)
	}
	if err := errors.Join(d.Apply(t.Context(), in, []documents.Op{{Record: record, IfVersion: "1"}})...); err != nil || find("v", "_id") != 1 {
		t.Errorf("written anew: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
