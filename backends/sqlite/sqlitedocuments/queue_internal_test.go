package sqlitedocuments

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/internal/queryslots"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// waitingContext tells when somebody waits for its end.
type waitingContext struct {
	context.Context
	once    sync.Once
	waiting chan struct{}
}

func (c *waitingContext) Done() <-chan struct{} {
	c.once.Do(func() { close(c.waiting) })
	return c.Context.Done()
}

// TestQueriesQueue has as many queries under way as there may be.
func TestQueriesQueue(t *testing.T) {
	t.Parallel()
	d, err := Open(t.Context(), filepath.Join(t.TempDir(), "documents.db"), WithReaders(4))
	if err != nil {
		t.Fatal(err)
	}
	d.queries = queryslots.New(4) // as many as one tenant may have on any number of processors
	in := documents.CollectionID{Space: "tenant/apps/app/", Name: "things"}
	other := documents.CollectionID{Space: "other/apps/app/", Name: "things"}
	system := documents.CollectionID{Space: "$system/apps/", Name: "things"}
	q := documents.DriverQuery{Limit: 1}
	take := func(in documents.CollectionID) (release func()) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		release, err := d.queries.Acquire(ctx, in.Space)
		if err != nil {
			t.Fatal(err)
		}
		return release
	}

	one, another := take(in), take(in)
	late, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := d.Query(late, in, q); cpodkit.CodeOf(err) != cpodkit.CodeTimeout {
		t.Errorf("a query whose time ends while it waits: %v", err)
	}
	if _, err := d.Query(t.Context(), other, q); err != nil {
		t.Errorf("a query beside all that another tenant may have: %v", err)
	}
	take(other)

	op := documents.Op{Record: documents.Record{Key: "a", Value: []byte("1"), Version: "1"}}
	for _, in := range []documents.CollectionID{in, system} {
		if err := d.Apply(t.Context(), in, []documents.Op{op})[0]; err != nil {
			t.Errorf("Apply: %v", err)
		}
		if _, err := d.Get(t.Context(), in, "a"); err != nil {
			t.Errorf("Get: %v", err)
		}
	}
	if records, err := d.Query(t.Context(), system, q); err != nil || len(records) != 1 {
		t.Errorf("a query of the server's own: %d documents, %v", len(records), err)
	}

	left, leave := context.WithCancel(t.Context())
	for _, test := range []struct {
		name   string
		parent context.Context
		end    func()
		want   error
	}{
		{"leaves", left, leave, context.Canceled},
		{"waits until a query ends", t.Context(), one, nil},
		{"waits until the driver closes", t.Context(), func() {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
			another()
		}, cpodkit.CodeUnavailable},
	} {
		ctx := &waitingContext{Context: test.parent, waiting: make(chan struct{})}
		done := make(chan error)
		go func() {
			_, err := d.Query(ctx, in, q)
			done <- err
		}()
		<-ctx.waiting
		test.end()
		if err := <-done; !errors.Is(err, test.want) {
			t.Errorf("a query that %s: %v, want %v", test.name, err, test.want)
		}
		if test.want == nil {
			take(in)
		}
	}
}
