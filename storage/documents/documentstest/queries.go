package documentstest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cpodkit/cpodkit/storage/documents"
)

func testSorts(t *testing.T, s suite) {
	d := s.driver(t)
	setAll(t, d, collection, []string{
		`{"a":1,"b":"x"}`,
		`{"a":2,"b":"x"}`,
		`{"a":1,"b":"y"}`,
		`{"a":2,"b":"y"}`,
		`{"a":1,"b":"x"}`,
		`{"b":"y"}`,
		`{"a":1.0}`,
		`{"b":"x"}`,
		`7`,
	})
	for sort, want := range map[string]string{
		"":        "0 1 2 3 4 5 6 7 8",
		"a":       "5 7 8 0 2 4 6 1 3",
		"-a":      "1 3 0 2 4 6 5 7 8",
		"b":       "6 8 0 1 4 7 2 3 5",
		"-b":      "2 3 5 0 1 4 7 6 8",
		"a b":     "8 7 5 6 0 4 2 1 3",
		"a -b":    "5 7 8 2 0 4 6 3 1",
		"-a b":    "1 3 6 0 4 2 8 7 5",
		"-a -b":   "3 1 2 0 4 6 5 7 8",
		"b -a":    "6 8 1 0 4 7 3 2 5",
		"c":       "0 1 2 3 4 5 6 7 8",
		"-c -a":   "1 3 0 2 4 6 5 7 8",
		"a b c a": "8 7 5 6 0 4 2 1 3",
	} {
		var keys []string
		for n := range strings.FieldsSeq(want) {
			keys = append(keys, "0000"+n)
		}
		equalKeys(t, fmt.Sprintf("the sort by %q", sort), find(t, d, collection, nil, orderOf(t, sort)...), keys)
	}
}

// orderOf reads paths with "-" for descending.
func orderOf(t testing.TB, sort string) []documents.Order {
	var order []documents.Order
	for path := range strings.FieldsSeq(sort) {
		name, descending := strings.CutPrefix(path, "-")
		order = append(order, documents.Order{Path: pathOf(t, name), Descending: descending})
	}
	return order
}

func testPages(t *testing.T, s suite) {
	d := s.driver(t)
	var docs []string
	for i := range 15 {
		switch i % 5 {
		case 0:
			docs = append(docs, fmt.Sprintf(`{"n":%d}`, i%3))
		case 1:
			docs = append(docs, `{"n":null,"m":"z"}`)
		case 2:
			docs = append(docs, fmt.Sprintf(`{"m":{"o":[%d]}}`, i%4))
		case 3:
			docs = append(docs, fmt.Sprintf(`{"n":"%d","m":%d}`, i%2, i))
		case 4:
			docs = append(docs, `{"m":true}`)
		}
	}
	setAll(t, d, collection, docs)
	filters := [][]documents.Condition{nil, {{Path: documents.Path{"m"}, Test: documents.Exists}}}
	for _, sort := range []string{"", "n", "-m n", "-n -m", "m.o n"} {
		for _, filter := range filters {
			q := documents.DriverQuery{Filter: filter, Order: orderOf(t, sort)}
			want := find(t, d, collection, filter, q.Order...)
			for limit := 1; limit <= len(docs)+1; limit++ {
				got := keysOf(walk(t, d, collection, q, limit))
				equalKeys(t, fmt.Sprintf("a walk by %q with pages of %d", sort, limit), got, want)
			}
		}
	}
}

// testWalkUnderChange walks while others insert, change and delete documents in
// between.
func testWalkUnderChange(t *testing.T, s suite) {
	d := s.driver(t)
	const fixed = 30
	var docs []string
	for i := range fixed {
		docs = append(docs, fmt.Sprintf(`{"n":%d,"m":"%d"}`, i%7, i%3))
	}
	setAll(t, d, collection, docs)

	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	for churner := range 3 {
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				key := fmt.Sprintf("%05d-%d", i*37%fixed, churner)
				op := documents.Op{Record: record(key, fmt.Sprintf(`{"n":%d,"m":"%d"}`, i%9, i%4)), Delete: i%3 == 2}
				if err := d.Apply(ctx, collection, []documents.Op{op})[0]; err != nil && ctx.Err() == nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for _, sort := range []string{"", "n", "-n m"} {
		order := orderOf(t, sort)
		for _, limit := range []int{1, 3, 20} {
			var seen []string
			for _, r := range walk(t, d, collection, documents.DriverQuery{Order: order}, limit) {
				if len(r.Key) == len(indexKey(0)) {
					seen = append(seen, r.Key)
				}
			}
			sorted := slices.Sorted(slices.Values(seen))
			if unique := len(slices.Compact(slices.Clone(sorted))); unique != fixed || len(seen) != fixed {
				t.Errorf("a walk by %q with pages of %d saw %d of the documents, %d times", sort, limit, unique, len(seen))
			}
		}
	}
}
