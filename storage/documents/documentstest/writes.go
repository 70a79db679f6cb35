package documentstest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/documents"
)

func isNotFound(err error) bool     { return errors.Is(err, cpodkit.CodeNotFound) }
func isPrecondition(err error) bool { return errors.Is(err, cpodkit.CodePreconditionFailed) }

func quote(t testing.TB, s string) string {
	t.Helper()
	quoted, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(quoted)
}

func testRoundTrip(t *testing.T, s suite) {
	d := s.driver(t)
	values := []string{
		`null`, `true`, `0`, `-0`, `1.0`, `1e400`, `-1.50E+07`, `0.1000`, `123456789012345678901234567890.12345678901234567890`,
		`""`, `"\u0000"`, `"a\u0000b"`, `"\/\b\f\n\r\t\"\\"`, `"\u00e9é\ud83d\ude00😀"`, `"\ud800"`, `"\u2028\u007f"`,
		`[]`, `[1,[2,[3]],{"a":null}]`, `{}`, `{"b":1,"a":2}`, `{"":0}`, `{"a.b":1,"$c":2,"d\"e":3,"%f":4,"\u0000":5,"é":6}`,
		strings.Repeat("[", 64) + strings.Repeat("]", 64),
		strings.Repeat(`{"a":`, 64) + "1" + strings.Repeat("}", 64),
		`"` + strings.Repeat("x", 1<<20-2) + `"`,
		`{"a":"` + strings.Repeat("é", 1<<18) + `","b":[` + strings.Repeat(`{"c":"\""},`, 1<<14) + `0]}`,
		`{"n":` + strings.Repeat("9", 1000) + `}`,
	}
	keys := []string{"a", "a b", "A", "ä", "a/b", "%", "'", `"`, "key:1", "😀", strings.Repeat("k", 512), "$", "a.b", "0", "-", "_id"}
	for i, value := range values {
		key := keys[i%len(keys)]
		set(t, d, collection, key, value)
		check(t, d, collection, key, value)
		records, err := d.Query(t.Context(), collection, documents.DriverQuery{Limit: len(keys)})
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, r := range records {
			found = found || r.Key == key && string(r.Value) == value
		}
		if !found {
			t.Errorf("no document of a query has key %q and value %.100s", key, value)
		}
	}
}

func testNotFound(t *testing.T, s suite) {
	d := s.driver(t)
	check(t, d, collection, "a", "")
	set(t, d, collection, "a", `1`)
	for _, key := range []string{"b", "A", "a ", "aa", "%61"} {
		check(t, d, collection, key, "")
	}
	other := documents.CollectionID{Space: collection.Space, Name: "empty"}
	equalKeys(t, "a query of nothing", find(t, d, other, nil), []string{})
}

func testVersionAndTime(t *testing.T, s suite) {
	d := s.driver(t)
	for range 2 {
		want := record("a", `{"n":1}`)
		if err := apply(t, d, collection, documents.Op{Record: want}); err != nil {
			t.Fatal(err)
		}
		got, err := d.Get(t.Context(), collection, "a")
		if err != nil {
			t.Fatal(err)
		}
		records, err := d.Query(t.Context(), collection, documents.DriverQuery{Limit: 1})
		if err != nil || len(records) != 1 {
			t.Fatalf("%d documents, %v", len(records), err)
		}
		for _, r := range []documents.Record{got, records[0]} {
			if r.Version != want.Version || !r.UpdatedAt.Equal(want.UpdatedAt) {
				t.Errorf("got version %q of %v, want %q of %v", r.Version, r.UpdatedAt, want.Version, want.UpdatedAt)
			}
		}
	}
}

func testConditions(t *testing.T, s suite) { checkConditions(t, s.driver(t)) }

func checkConditions(t testing.TB, d documents.Driver) {
	t.Helper()
	for _, there := range []bool{false, true} {
		for _, test := range []struct {
			name    string
			op      documents.Op
			current bool // IfVersion is the document's
			works   bool
		}{
			{"set", documents.Op{}, false, true},
			{"set if absent", documents.Op{IfAbsent: true}, false, !there},
			{"set if another version", documents.Op{IfVersion: "another"}, false, false},
			{"set if the version *", documents.Op{IfVersion: "*"}, false, false}, // like any other
			{"set if present and the version *", documents.Op{IfPresent: true, IfVersion: "*"}, false, false},
			{"set if the version", documents.Op{}, true, there},
			{"set if absent and the version", documents.Op{IfAbsent: true}, true, false},
			{"set if present", documents.Op{IfPresent: true}, false, there},
			{"set if present and the version", documents.Op{IfPresent: true}, true, there},
			{"set if present and another version", documents.Op{IfPresent: true, IfVersion: "another"}, false, false},
			{"set if present and absent", documents.Op{IfPresent: true, IfAbsent: true}, false, false},
			{"delete", documents.Op{Delete: true}, false, true},
			{"delete if another version", documents.Op{Delete: true, IfVersion: "another"}, false, false},
			{"delete if the version *", documents.Op{Delete: true, IfVersion: "*"}, false, false},
			{"delete if the version", documents.Op{Delete: true}, true, there},
			{"delete if present", documents.Op{Delete: true, IfPresent: true}, false, there},
		} {
			for n, in := range []documents.CollectionID{collection, {Space: collection.Space, Name: "new-" + test.name[:3]}} {
				key := fmt.Sprintf("%s %v %d", test.name, there, n)
				version, want := "none", ""
				if there {
					version, want = set(t, d, in, key, `"old"`), `"old"`
				}
				op := test.op
				if test.current {
					op.IfVersion = version
				}
				op.Record = record(key, `"new"`)
				err := apply(t, d, in, op)
				switch {
				case !test.works && !isPrecondition(err):
					t.Errorf("%s: %v, want %s", key, err, cpodkit.CodePreconditionFailed)
				case test.works && err != nil:
					t.Errorf("%s: %v", key, err)
				case test.works && op.Delete:
					want = ""
				case test.works:
					want = `"new"`
				}
				check(t, d, in, key, want)
			}
		}
	}
}

func testAbsentRace(t *testing.T, s suite) {
	d := s.driver(t)
	const callers, rounds = 32, 10
	for round := range rounds {
		key := indexKey(round)
		errs := make([]error, callers)
		var wg sync.WaitGroup
		for i := range callers {
			wg.Go(func() {
				errs[i] = apply(t, d, collection, documents.Op{Record: record(key, strconv.Itoa(i)), IfAbsent: true})
			})
		}
		wg.Wait()
		winner := -1
		for i, err := range errs {
			switch {
			case err == nil && winner < 0:
				winner = i
			case err == nil:
				t.Errorf("both %d and %d found nothing", winner, i)
			case !isPrecondition(err):
				t.Error(err)
			}
		}
		check(t, d, collection, key, strconv.Itoa(winner))
	}
}

func testCompareAndSet(t *testing.T, s suite) {
	d := s.driver(t)
	set(t, d, collection, "n", `0`)
	const callers, increments = 8, 10
	increment := func() error {
		for {
			r, err := d.Get(t.Context(), collection, "n")
			if err != nil {
				return err
			}
			n, err := strconv.Atoi(string(r.Value))
			if err != nil {
				return err
			}
			op := documents.Op{Record: record("n", strconv.Itoa(n+1)), IfVersion: r.Version}
			if err := d.Apply(t.Context(), collection, []documents.Op{op})[0]; !isPrecondition(err) {
				return err
			}
		}
	}
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range increments {
				if err := increment(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	check(t, d, collection, "n", strconv.Itoa(callers*increments))
}

func testBatch(t *testing.T, s suite) {
	d := s.driver(t)
	if errs := d.Apply(t.Context(), collection, nil); len(errs) != 0 {
		t.Errorf("no ops gave the errors %v", errs)
	}
	first := record("a", `1`)
	errs := d.Apply(t.Context(), collection, []documents.Op{
		{Record: first},
		{Record: record("a", `2`), IfAbsent: true},            // fails: the first op set it
		{Record: record("a", `3`), IfVersion: first.Version},  // works
		{Record: record("a", `4`), IfVersion: first.Version},  // fails: there is another version now
		{Record: record("b", `5`)},                            // works
		{Record: documents.Record{Key: "b"}, Delete: true},    // works
		{Record: documents.Record{Key: "none"}, Delete: true}, // works
		{Record: record("b", `6`), IfAbsent: true},            // works, after the delete
		{Record: record("c", `7`)},
		{Record: record("c", `8`)}, // the last one stays
	})
	for i, err := range errs {
		if fails := i == 1 || i == 3; fails != isPrecondition(err) || !fails && err != nil {
			t.Errorf("op %d: %v", i, err)
		}
	}
	check(t, d, collection, "a", `3`)
	check(t, d, collection, "b", `6`)
	check(t, d, collection, "c", `8`)

	var ops []documents.Op
	for i := range 500 {
		ops = append(ops, documents.Op{Record: record(indexKey(i), strconv.Itoa(i))})
	}
	if err := errors.Join(d.Apply(t.Context(), collection, ops)...); err != nil {
		t.Fatal(err)
	}
	check(t, d, collection, indexKey(499), `499`)
}

func testDelete(t *testing.T, s suite) {
	d := s.driver(t)
	set(t, d, collection, "a", `1`)
	set(t, d, collection, "b", `2`)
	for range 2 {
		if err := apply(t, d, collection, documents.Op{Record: documents.Record{Key: "a"}, Delete: true}); err != nil {
			t.Error(err)
		}
		check(t, d, collection, "a", "")
		equalKeys(t, "the query", find(t, d, collection, nil), []string{"b"})
	}
	set(t, d, collection, "a", `3`)
	check(t, d, collection, "a", `3`)
}

func testIsolation(t *testing.T, s suite) {
	d := s.driver(t)
	places := []documents.CollectionID{
		{Space: "t/apps/a/", Name: "c"},
		{Space: "t/apps/a/", Name: "C"},
		{Space: "t/apps/a/", Name: "cc"},
		{Space: "t/apps/a/", Name: "c_"},
		{Space: "t/apps/a/", Name: "c-"},
		{Space: "t/apps/A/", Name: "c"},
		{Space: "t/apps/aa/", Name: "c"},
		{Space: "t/apps/a%2F/", Name: "c"},
		{Space: "t/apps/_/", Name: "c"},
		{Space: "t/shared/", Name: "c"},
		{Space: "t/users/u/apps/a/", Name: "c"},
		{Space: "t1/apps/a/", Name: "c"},
		{Space: "T/apps/a/", Name: "c"},
		{Space: "$system/apps/", Name: "c"},
		{Space: "$system/apps/a/", Name: "c"},
	}
	for i, in := range places {
		set(t, d, in, "key", strconv.Itoa(i))
		set(t, d, in, indexKey(i), `{"v":1}`)
	}
	one := []documents.Condition{{Path: documents.Path{"v"}, Test: documents.Exists}}
	for i, in := range places {
		check(t, d, in, "key", strconv.Itoa(i))
		equalKeys(t, fmt.Sprint(in), find(t, d, in, nil), []string{indexKey(i), "key"})
		equalKeys(t, fmt.Sprint(in), find(t, d, in, one, documents.Order{Path: documents.Path{"v"}}), []string{indexKey(i)})
	}
	if err := apply(t, d, places[0], documents.Op{Record: documents.Record{Key: "key"}, Delete: true}); err != nil {
		t.Fatal(err)
	}
	for i, in := range places[1:] {
		check(t, d, in, "key", strconv.Itoa(i+1))
	}
}

func testOwnMemory(t *testing.T, s suite) {
	d := s.driver(t)
	spoil := func(value []byte) {
		for i := range value {
			value[i] = 'x'
		}
	}
	// The values of both are parts of one buffer, with room behind them.
	values := []byte(`{"n":1}{"n":2}`)
	a, b := record("a", ""), record("b", "")
	a.Value, b.Value = values[:7], values[7:]
	if err := errors.Join(d.Apply(t.Context(), collection, []documents.Op{{Record: a}, {Record: b}})...); err != nil {
		t.Fatal(err)
	}
	if string(values) != `{"n":1}{"n":2}` {
		t.Errorf("Apply made %s of the values", values)
	}
	spoil(values)
	for range 2 {
		check(t, d, collection, "a", `{"n":1}`)
		check(t, d, collection, "b", `{"n":2}`)
		got, err := d.Get(t.Context(), collection, "a")
		if err != nil {
			t.Fatal(err)
		}
		again, err := d.Get(t.Context(), collection, "a")
		if err != nil {
			t.Fatal(err)
		}
		records, err := d.Query(t.Context(), collection, documents.DriverQuery{Limit: 2})
		if err != nil || len(records) != 2 {
			t.Fatalf("%d documents, %v", len(records), err)
		}
		spoil(append(got.Value, "and what is behind it"...))
		spoil(append(records[0].Value, "and what is behind it"...))
		for _, r := range []documents.Record{again, records[1]} {
			if want := map[string]string{"a": `{"n":1}`, "b": `{"n":2}`}[r.Key]; string(r.Value) != want {
				t.Errorf("the value %s has become %s", want, r.Value)
			}
		}
	}
}
