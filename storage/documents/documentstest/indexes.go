package documentstest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// testDeclareIndexes runs on every driver that is a [documents.IndexDeclarer].
func testDeclareIndexes(t *testing.T, s suite) {
	d := s.driver(t)
	declarer, ok := d.(documents.IndexDeclarer)
	if !ok {
		t.Skip("the driver is no IndexDeclarer")
	}
	a, b := documents.Order{Path: pathOf(t, "a")}, documents.Order{Path: pathOf(t, "b"), Descending: true}
	c := documents.Order{Path: pathOf(t, "c")}
	var values, want []string
	for i := range 60 {
		values = append(values, fmt.Sprintf(`{"a":%d,"b":%d}`, i%3, i))
	}
	for i := range slices.Backward(values) {
		if i%3 == 1 {
			want = append(want, indexKey(i))
		}
	}
	setAll(t, d, collection, values)
	check := func(when string) {
		t.Helper()
		filter := []documents.Condition{{Path: a.Path, Test: documents.Equal, Keys: []documents.SortKey{keyOf(t, "1")}}}
		equalKeys(t, when, find(t, d, collection, filter, b), want)
	}
	check("without a declaration")
	index := func(members ...documents.Order) documents.Index {
		return documents.Index{Collection: collection.Name, Members: members}
	}
	for _, declared := range [][]documents.Index{
		{index(a, b)}, {index(b)}, {index(a), index(b)}, {}, {{Collection: "others", Members: []documents.Order{c}}, index(a, b)},
	} {
		if err := declarer.DeclareIndexes(t.Context(), declared...); err != nil {
			t.Fatalf("declaring %v: %v", declared, err)
		}
		check(fmt.Sprintf("with %v", declared))
	}
	if err := declarer.DeclareIndexes(t.Context(), index(a), index(a)); err == nil {
		t.Error("an index that is declared twice gives no error")
	}
	check("after a declaration that is refused")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := declarer.DeclareIndexes(ended, index(b)); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v", err)
	}

	// Queries, writes and other declarations go on meanwhile.
	var all sync.WaitGroup
	stop := make(chan struct{})
	for range 3 {
		all.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				records, err := d.Query(t.Context(), collection, documents.DriverQuery{
					Filter: []documents.Condition{{Path: a.Path, Test: documents.Equal, Keys: []documents.SortKey{keyOf(t, "1")}}},
					Order:  []documents.Order{b}, Limit: 100,
				})
				if err != nil || !slices.Equal(keysOf(records), want) {
					t.Errorf("while indexes change: %q, %v", keysOf(records), err)
					return
				}
				op := documents.Op{Record: record("more", fmt.Sprintf(`{"a":0,"b":%d}`, n))}
				if err := errors.Join(d.Apply(t.Context(), collection, []documents.Op{op})...); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	var declaring sync.WaitGroup
	for n := range 2 {
		declaring.Go(func() {
			for i := range 5 {
				last := documents.Order{Path: pathOf(t, fmt.Sprintf("x%d-%d", n, i))}
				if err := declarer.DeclareIndexes(t.Context(), index(a, last)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	declaring.Wait()
	close(stop)
	all.Wait()
	check("after the storm")
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if err := declarer.DeclareIndexes(t.Context(), index(a)); !errors.Is(err, cpodkit.CodeUnavailable) {
		t.Errorf("after Close: %v", err)
	}
}
