package mongodocuments_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/mongo/mongodocuments"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// However many queries a tenant begins, gets, writes and others' queries find a
// connection.
func TestQueriesLeaveConnections(t *testing.T) {
	t.Parallel()
	begun, proceed := make(chan struct{}, 20), make(chan struct{})
	var r recorder
	r.before = func(command bson.Raw) {
		// Only queries look for ids behind one.
		if after, ok := command.Lookup("filter", "_id", "$gt").StringValueOK(); ok && strings.HasPrefix(after, "slow\t") {
			begun <- struct{}{}
			<-proceed
		}
	}
	db := connect(t, newDatabase(t)+"?maxPoolSize=4", r.configure)
	d, err := mongodocuments.New(db, mongodocuments.WithPoolSize(4), mongodocuments.WithTimeLimit(watchdog))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	in := func(tenant, collection string) documents.CollectionID {
		return documents.CollectionID{Space: tenant + "/apps/a/", Name: collection}
	}
	q := documents.DriverQuery{Limit: 1}

	var slow sync.WaitGroup
	var once sync.Once
	end := func() {
		once.Do(func() { close(proceed) })
		slow.Wait()
	}
	defer end()
	begin := func(tenant string) {
		slow.Go(func() {
			if _, err := d.Query(t.Context(), in(tenant, "slow"), q); err != nil {
				t.Errorf("a query of %s: %v", tenant, err)
			}
		})
	}
	for range 10 {
		begin("greedy")
	}
	<-begun
	<-begun
	ctx, cancel := context.WithTimeout(t.Context(), watchdog/2)
	defer cancel()
	if _, err := d.Query(ctx, in("other", "quick"), q); err != nil {
		t.Errorf("another tenant's query: %v", err)
	}
	begin("other")
	<-begun
	for _, in := range []documents.CollectionID{in("greedy", "quick"), in("other", "quick"), in("third", "quick")} {
		if err := d.Apply(ctx, in, []documents.Op{set("k", "1")})[0]; err != nil {
			t.Errorf("a set in %s: %v", in.Space, err)
		}
		if _, err := d.Get(ctx, in, "k"); err != nil {
			t.Errorf("a get in %s: %v", in.Space, err)
		}
	}
	if _, err := d.Query(ctx, documents.CollectionID{Space: storage.System("s").Root(), Name: "quick"}, q); err != nil {
		t.Errorf("a query of the server's own: %v", err)
	}

	late, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	left, leave := context.WithCancel(t.Context())
	leave()
	for ctx, want := range map[context.Context]error{late: context.DeadlineExceeded, left: context.Canceled} {
		if _, err := d.Query(ctx, in("third", "quick"), q); !errors.Is(err, want) || cpodkit.CodeOf(err) != cpodkit.CodeOf(want) {
			t.Errorf("a query that waits until its context ends: %v, want %v", err, want)
		}
	}
	if len(begun) > 0 {
		t.Errorf("%d more queries have begun", len(begun))
	}
	end()
	if _, err := d.Query(ctx, in("third", "quick"), q); err != nil {
		t.Errorf("a query when all have ended: %v", err)
	}
}

func TestPoolSize(t *testing.T) {
	t.Parallel()
	db := connect(t, "mongodb://127.0.0.1:1")
	for n, ok := range map[int]bool{-1: false, 0: false, 1: false, 2: true} {
		if _, err := mongodocuments.New(db, mongodocuments.WithPoolSize(n)); (err == nil) != ok {
			t.Errorf("a pool of %d connections: %v", n, err)
		}
	}
}

// A call whose context ends while the server is asked fails with the context's
// error.
func TestContextEndsMeanwhile(t *testing.T) {
	t.Parallel()
	ended := func() {}
	var r recorder
	r.before = func(bson.Raw) { ended() }
	d, err := mongodocuments.New(connect(t, newDatabase(t), r.configure), mongodocuments.WithTimeLimit(watchdog))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	absent := set("absent", "1")
	absent.IfAbsent = true
	for name, call := range map[string]func(context.Context) error{
		"Ping": d.Ping,
		"Get": func(ctx context.Context) error {
			_, err := d.Get(ctx, things, "k")
			return err
		},
		"Query": func(ctx context.Context) error {
			_, err := d.Query(ctx, things, documents.DriverQuery{Limit: 1})
			return err
		},
		"Spaces": func(ctx context.Context) error {
			_, err := d.Spaces(ctx, "t/", "things", 1)
			return err
		},
		"Apply": func(ctx context.Context) error {
			return errors.Join(d.Apply(ctx, things, []documents.Op{set("k", "1"), remove("k")})...)
		},
		"Apply with a condition": func(ctx context.Context) error { return d.Apply(ctx, things, []documents.Op{absent})[0] },
		"DeleteMatching":         func(ctx context.Context) error { return d.DeleteMatching(ctx, things, nil) },
	} {
		for range 5 { // it opens no circuit
			left, leave := context.WithCancel(t.Context())
			ended = leave
			if err := call(left); !errors.Is(err, context.Canceled) {
				t.Errorf("%s, when its caller leaves: %v", name, err)
			}
			late, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			ended = func() { <-late.Done() }
			if err := call(late); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s, when its time is over: %v", name, err)
			}
			cancel()
			leave()
		}
	}
}
