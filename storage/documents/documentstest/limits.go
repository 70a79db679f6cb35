package documentstest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// testPositions goes on from positions that have sort keys and no key.
func testPositions(t *testing.T, s suite) {
	d := s.driver(t)
	setAll(t, d, collection, []string{
		`{"n":1,"m":"x"}`, `{"n":1,"m":"y"}`, `{"n":1,"m":"x"}`, `{"n":2}`, `{"n":2,"m":"x"}`, `{"m":"y"}`, `{}`, `{"n":"1"}`, `7`,
	})
	for _, filter := range [][]documents.Condition{nil, {{Path: documents.Path{"n"}, Test: documents.Exists}}} {
		for _, sort := range []string{"", "n", "-n", "n m", "-n m", "m -n"} {
			q := documents.DriverQuery{Filter: filter, Order: orderOf(t, sort), Limit: 100}
			all, err := d.Query(t.Context(), collection, q)
			if err != nil {
				t.Fatal(err)
			}
			first := 0 // of those with the same sort keys
			for i, r := range all {
				keys := position(t, q.Order, r).Keys
				if !slices.Equal(keys, position(t, q.Order, all[first]).Keys) {
					first = i
				}
				q.After = &documents.Position{Keys: keys}
				got, err := d.Query(t.Context(), collection, q)
				if err != nil {
					t.Fatal(err)
				}
				equalKeys(t, fmt.Sprintf("what follows %q by %q", keys, sort), keysOf(got), keysOf(all[first:]))
			}
		}
	}
}

func testMaxBytes(t *testing.T, s suite) {
	d := s.driver(t)
	sizes := []int{2, 10, 500, 10, 3, 3, 3000, 10}
	values := make([]string, len(sizes))
	for i, size := range sizes {
		values[i] = `"` + strings.Repeat("x", size-2) + `"`
	}
	setAll(t, d, collection, values)
	set(t, d, collection, "object", `{"n":1}`)
	sizes = append(sizes, len(`{"n":1}`))
	for _, sort := range []string{"", "n"} { // only the last document has n
		for _, limit := range []int{1, 3, len(sizes), 100} {
			end := 0 // of a document
			for i := range sizes {
				end += sizes[i]
				for _, most := range []int{end - 1, end, end + 1} {
					want, sum := 0, 0
					for want < min(limit, len(sizes)) && sum <= most {
						sum += sizes[want]
						want++
					}
					q := documents.DriverQuery{Order: orderOf(t, sort), Limit: limit, MaxBytes: most}
					records, err := d.Query(t.Context(), collection, q)
					if err != nil || len(records) != want {
						t.Errorf("by %q at most %d documents and %d bytes are %d, %v; want %d", sort, limit, most, len(records), err, want)
					}
				}
			}
		}
	}
}

// testLongQuery asks for seconds of work on few documents: hundreds of
// conditions that hold, at the bottom of deep ones.
func testLongQuery(t *testing.T, s suite) {
	d := s.driver(t)
	const docs, depth, conditions = 400, 62, 300
	values := make([]string, docs)
	for i := range values {
		values[i] = strings.Repeat(`{"a":[],"b":`, depth) + fmt.Sprint(i) + strings.Repeat("}", depth)
	}
	setAll(t, d, collection, values)
	bottom := documents.Path(slices.Repeat([]string{"b"}, depth))
	holds := documents.Condition{Path: bottom, Test: documents.NotEqual, Keys: []documents.SortKey{keyOf(t, `"none"`)}}
	for _, order := range [][]documents.Order{nil, {{Path: bottom, Descending: true}}} {
		ask := func(ctx context.Context, conditions int) (int, error) {
			filter := slices.Repeat([]documents.Condition{holds}, conditions)
			records, err := d.Query(ctx, collection, documents.DriverQuery{Filter: filter, Order: order, Limit: 2 * docs})
			return len(records), err
		}
		late, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		if n, err := ask(late, conditions); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, cpodkit.CodeTimeout) {
			t.Errorf("with the order %v, after its deadline: %d documents, %v", order, n, err)
		}
		cancel()
		left, leave := context.WithCancel(t.Context())
		timer := time.AfterFunc(time.Millisecond, leave)
		if n, err := ask(left, conditions); !errors.Is(err, context.Canceled) {
			t.Errorf("with the order %v, when its caller has left: %d documents, %v", order, n, err)
		}
		timer.Stop()
		leave()
		if n, err := ask(t.Context(), 3); err != nil || n != docs {
			t.Errorf("with the order %v, in time: %d documents, %v", order, n, err)
		}
	}
}
