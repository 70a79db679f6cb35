// Package documentstest is the suite that every [documents.Driver] passes. Its
// tests are named after the requirements that they prove.
package documentstest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/storage/documents"
)

// Option configures [Run].
type Option func(*suite)

// WithReopen is for a driver whose documents outlive it. It gets a driver that
// is closed, and returns another over the same documents.
func WithReopen(reopen func(t testing.TB, closed documents.Driver) documents.Driver) Option {
	return func(s *suite) { s.reopen = reopen }
}

type suite struct {
	open   func(testing.TB) documents.Driver
	reopen func(testing.TB, documents.Driver) documents.Driver
}

// Run tests the drivers that open returns. It must return an empty one, that no
// other test uses, every time; the suite closes it.
func Run(t *testing.T, open func(t testing.TB) documents.Driver, opts ...Option) {
	s := suite{open: open}
	for _, opt := range opts {
		opt(&s)
	}
	for _, requirement := range requirements() {
		t.Run(requirement.name, func(t *testing.T) {
			t.Parallel()
			requirement.test(t, s)
		})
	}
}

type requirement struct {
	name string
	test func(*testing.T, suite)
}

// requirements are listed in docs/documents.md.
func requirements() []requirement {
	return []requirement{
		{"D1 a value comes back byte for byte", testRoundTrip},
		{"D2 what is not there is not found", testNotFound},
		{"D3 version and time come back", testVersionAndTime},
		{"D4 a write keeps its conditions", testConditions},
		{"D5 one of many writers finds a document absent", testAbsentRace},
		{"D6 compare and set loses no update", testCompareAndSet},
		{"D7 ops are carried out in order, each for itself", testBatch},
		{"D8 deleting again succeeds", testDelete},
		{"D9 collections are apart", testIsolation},
		{"D10 a driver shares no memory with its caller", testOwnMemory},
		{"D11 values sort by type and then by value", testTypeOrder},
		{"D12 a test compares within one type", testTypePairs},
		{"D13 null is not missing", testNullAndMissing},
		{"D14 arrays and objects match as a whole", testWholeValues},
		{"D15 a path goes through objects alone, whatever their names", testPaths},
		{"D16 several members sort, and ties go by key", testSorts},
		{"D17 pages of any size join into the whole", testPages},
		{"D18 a walk sees what does not change exactly once", testWalkUnderChange},
		{"D19 any query gives what a simple model gives", testModel},
		{"D20 a context that has ended stops a call", testContext},
		{"D21 many callers at once see whole documents", testStorm},
		{"D22 close ends everything, and may be called twice", testClose},
		{"D23 reopening keeps every document", testReopen},
		{"D24 a SpaceFinder finds the spaces of a collection", testSpaces},
		{"D25 a position without a key is before all with its sort keys", testPositions},
		{"D26 a result ends after the document that passes MaxBytes", testMaxBytes},
		{"D27 a query under way ends with its context", testLongQuery},
		{"D28 an IndexDeclarer declares indexes anew, and no result changes", testDeclareIndexes},
		{"D29 an object is equal to itself and walked in order, whatever its names", testObjectNames},
		{"D30 a CollectionFinder finds the collections of spaces", testCollections},
		{"D31 a realm is erased, and nothing beside it", testErase},
	}
}

// collection is where a test works when the place does not matter.
var collection = documents.CollectionID{Space: "tenant/apps/app/", Name: "things"}

func (s suite) driver(t testing.TB) documents.Driver {
	t.Helper()
	d := s.open(t)
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return d
}

// record returns a record with a new version and the time of now.
func record(key, value string) documents.Record {
	return documents.Record{
		Key:       key,
		Value:     []byte(value),
		Version:   rand.Text(),
		UpdatedAt: time.Now().UTC().Truncate(time.Millisecond),
	}
}

// apply carries out one op.
func apply(t testing.TB, d documents.Driver, in documents.CollectionID, op documents.Op) error {
	t.Helper()
	errs := d.Apply(t.Context(), in, []documents.Op{op})
	if len(errs) != 1 {
		t.Fatalf("Apply of one op returned %d errors", len(errs))
	}
	return errs[0]
}

// set stores value without a condition and returns its version.
func set(t testing.TB, d documents.Driver, in documents.CollectionID, key, value string) string {
	t.Helper()
	r := record(key, value)
	if err := apply(t, d, in, documents.Op{Record: r}); err != nil {
		t.Fatalf("setting %q to %.100s: %v", key, value, err)
	}
	return r.Version
}

// setAll stores values under keys made of their index, in a mixed order.
func setAll(t testing.TB, d documents.Driver, in documents.CollectionID, values []string) {
	t.Helper()
	ops := make([]documents.Op, len(values))
	for i, value := range values {
		at := (i*7 + 3) % len(values)
		for ops[at].Record.Key != "" {
			at = (at + 1) % len(values)
		}
		ops[at].Record = record(indexKey(i), value)
	}
	if err := errors.Join(d.Apply(t.Context(), in, ops)...); err != nil {
		t.Fatal(err)
	}
}

func indexKey(i int) string { return fmt.Sprintf("%05d", i) }

// check compares what is stored under key; "" stands for nothing.
func check(t testing.TB, d documents.Driver, in documents.CollectionID, key, want string) {
	t.Helper()
	r, err := d.Get(t.Context(), in, key)
	switch {
	case want == "" && isNotFound(err):
	case err != nil:
		t.Errorf("Get(%q): %v", key, err)
	case want == "":
		t.Errorf("Get(%q) = %.100s, want nothing", key, r.Value)
	case string(r.Value) != want:
		t.Errorf("Get(%q) = %.100s, want %.100s", key, r.Value, want)
	case r.Key != key:
		t.Errorf("Get(%q) has the key %q", key, r.Key)
	}
}

func keyOf(t testing.TB, value string) documents.SortKey {
	t.Helper()
	k, err := documents.KeyOf([]byte(value))
	if err != nil {
		t.Fatalf("KeyOf(%s): %v", value, err)
	}
	return k
}

func pathOf(t testing.TB, dotted string) documents.Path {
	t.Helper()
	path, err := documents.ParsePath(dotted)
	if err != nil {
		t.Fatalf("ParsePath(%s): %v", dotted, err)
	}
	return path
}

// find returns the keys of a query's result, of at most 1,000 documents.
func find(t testing.TB, d documents.Driver, in documents.CollectionID, filter []documents.Condition, order ...documents.Order) []string {
	t.Helper()
	records, err := d.Query(t.Context(), in, documents.DriverQuery{Filter: filter, Order: order, Limit: 1000})
	if err != nil {
		t.Fatalf("Query: %v", err)
	}
	return keysOf(records)
}

func keysOf(records []documents.Record) []string {
	keys := make([]string, len(records))
	for i, r := range records {
		keys[i] = r.Key
	}
	return keys
}

// position returns the place of r in a result, as a cursor keeps it.
func position(t testing.TB, order []documents.Order, r documents.Record) *documents.Position {
	t.Helper()
	projection, err := documents.Project(r.Value)
	if err != nil {
		t.Fatal(err)
	}
	p := &documents.Position{Key: r.Key}
	for _, o := range order {
		p.Keys = append(p.Keys, projection.At(o.Path))
	}
	return p
}

// before reports whether a is before b in a result.
func before(order []documents.Order, a, b documents.Position) bool {
	for i, o := range order {
		if a.Keys[i] != b.Keys[i] {
			return (a.Keys[i] < b.Keys[i]) != o.Descending
		}
	}
	return a.Key < b.Key
}

// walk returns all of a query's result, page by page of limit documents.
func walk(t testing.TB, d documents.Driver, in documents.CollectionID, q documents.DriverQuery, limit int) []documents.Record {
	t.Helper()
	var all []documents.Record
	q.Limit, q.After = limit, nil
	for {
		page, err := d.Query(t.Context(), in, q)
		if err != nil {
			t.Fatalf("Query: %v", err)
		}
		all = append(all, page...)
		if len(page) > limit {
			t.Fatalf("a page of %d documents has %d", limit, len(page))
		}
		if len(page) < limit {
			return all
		}
		next := position(t, q.Order, page[len(page)-1])
		if q.After != nil && !before(q.Order, *q.After, *next) {
			t.Fatalf("a walk goes from %q to %q, which does not follow", q.After.Key, next.Key)
		}
		q.After = next
	}
}

func equalKeys(t testing.TB, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s gives %q, want %q", what, got, want)
	}
}
