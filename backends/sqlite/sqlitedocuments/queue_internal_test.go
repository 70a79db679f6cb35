package sqlitedocuments

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
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
	in := documents.Collection{Space: "tenant/apps/app/", Name: "things"}
	system := documents.Collection{Space: "$system/apps/", Name: "things"}
	q := documents.DriverQuery{Limit: 1}
	if cap(d.queries) != 3 {
		t.Errorf("%d of 4 readers are for queries", cap(d.queries))
	}
	fill := func() {
		t.Helper()
		for len(d.queries) < cap(d.queries) {
			if err := d.startQuery(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}

	fill()
	op := documents.Op{Record: documents.Record{Key: "a", Value: []byte("1"), Version: "1"}}
	for _, in := range []documents.Collection{in, system} {
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

	late, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	var busy *cpodkit.Error
	if _, err := d.Query(late, in, q); !errors.As(err, &busy) || busy.Code != cpodkit.CodeUnavailable || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a query whose time ends while it waits: %v", err)
	}
	left, leave := context.WithCancel(t.Context())
	for _, test := range []struct {
		name string
		end  func()
		want error
	}{
		{"leaves", leave, context.Canceled},
		{"waits until a query ends", func() { <-d.queries }, nil},
		{"waits until the driver closes", func() {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}, cpodkit.CodeUnavailable},
	} {
		fill()
		parent := t.Context()
		if errors.Is(test.want, context.Canceled) {
			parent = left
		}
		ctx := &waitingContext{Context: parent, waiting: make(chan struct{})}
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
	}
}
