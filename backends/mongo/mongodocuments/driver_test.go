package mongodocuments_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

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
