package sqlitedocuments

import (
	"cmp"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/storage/documents"
)

func paths(t testing.TB, members string) []documents.Order {
	t.Helper()
	var order []documents.Order
	for member := range strings.FieldsSeq(members) {
		name, descending := strings.CutPrefix(member, "-")
		path, err := documents.ParsePath(name)
		if err != nil {
			t.Fatal(err)
		}
		order = append(order, documents.Order{Path: path, Descending: descending})
	}
	return order
}

// filterOf reads "a=" (equal), "a<" (a range), "a?" (exists) and "a!" (not equal).
func filterOf(t testing.TB, conditions string) []documents.Condition {
	t.Helper()
	var filter []documents.Condition
	for c := range strings.FieldsSeq(conditions) {
		condition := documents.Condition{Path: paths(t, c[:len(c)-1])[0].Path, Keys: []documents.SortKey{"42", "43"}}
		condition.Test = map[byte]documents.Test{
			'=': documents.Equal, '<': documents.Range, '?': documents.Exists, '!': documents.NotEqual,
		}[c[len(c)-1]]
		filter = append(filter, condition)
	}
	return filter
}

// TestPlans holds what SQLite says about its plans against what WithIndexes
// promises.
func TestPlans(t *testing.T) {
	t.Parallel()
	var declared []documents.Index
	for _, members := range []string{"status createdAt", "status -visits", "-visits", "user.name"} {
		declared = append(declared, documents.Index{Collection: "sessions", Members: paths(t, members)})
	}
	d, err := Open(t.Context(), filepath.Join(t.TempDir(), "documents.db"), WithIndexes(declared...))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()

	const (
		byStatus  = "declared sessions:status,createdAt"
		byVisits  = "declared sessions:status,-visits"
		allVisits = "declared sessions:-visits"
		byUser    = "declared sessions:user.name"
		byKey     = "documents_by_key"
		byPages   = "INTEGER PRIMARY KEY"
	)
	const (
		asIs     = "" // the index has the order of the query
		lastOnly = "USE TEMP B-TREE FOR LAST TERM OF ORDER BY"
		sorted   = "USE TEMP B-TREE FOR ORDER BY"
	)
	tests := []struct {
		collection, filter, sort string
		index, temporary         string
		start, next              string // how the first page is found, and another
	}{
		{"sessions", "status=", "createdAt", byStatus, asIs, "<expr>=?", "<expr>=? AND <expr>>?"},
		{"sessions", "status=", "status createdAt", byStatus, asIs, "<expr>=?", "<expr>=? AND <expr>>?"},
		{"sessions", "status=", "createdAt status", byStatus, asIs, "<expr>=?", "<expr>=? AND <expr>>?"},
		{"sessions", "status= plan=", "createdAt", byStatus, asIs, "<expr>=?", "<expr>=? AND <expr>>?"},
		{"sessions", "status= createdAt<", "createdAt", byStatus, asIs, "<expr>=? AND <expr>>? AND <expr><?", ""},
		{"sessions", "status= createdAt=", "", byStatus, asIs, "<expr>=? AND <expr>=?", "<expr>=? AND <expr>=? AND key>?"},
		{"sessions", "", "status createdAt", byStatus, asIs, "", "<expr>>?"},
		{"sessions", "status=", "-visits", byVisits, asIs, "<expr>=?", "<expr>=? AND <expr><?"},
		{"sessions", "", "-visits", allVisits, asIs, "", "<expr><?"},
		{"sessions", "visits<", "-visits", allVisits, asIs, "<expr>>? AND <expr><?", ""},
		{"sessions", "plan!", "-visits", allVisits, asIs, "", "<expr><?"},
		{"sessions", "user.name=", "", byUser, asIs, "<expr>=?", "<expr>=? AND key>?"},
		{"sessions", "", "user.name", byUser, asIs, "", "<expr>>?"},
		{"sessions", "user.name?", "user.name", byUser, asIs, "<expr>>?", ""},

		{"sessions", "status=", "-createdAt", byStatus, lastOnly, "<expr>=?", "<expr>=? AND <expr><?"},
		{"sessions", "status=", "visits", byVisits, lastOnly, "<expr>=?", "<expr>=? AND <expr>>?"},
		{"sessions", "", "visits", allVisits, lastOnly, "", "<expr>>?"},

		{"sessions", "status=", "", byStatus, sorted, "<expr>=?", ""},
		{"sessions", "status= createdAt<", "", byStatus, sorted, "<expr>=? AND <expr>>? AND <expr><?", ""},
		{"sessions", "user.name=", "plan", byUser, sorted, "<expr>=?", ""},
		{"sessions", "status?", "plan", byStatus, sorted, "<expr>>?", ""},

		{"sessions", "", "", byKey, asIs, "", "key>?"},
		{"sessions", "plan=", "", byKey, asIs, "", "key>?"},
		{"sessions", "plan=", "createdAt", byPages, sorted, "rowid>? AND rowid<?", ""},
		{"others", "status=", "createdAt", byPages, sorted, "rowid>? AND rowid<?", ""},
		{"others", "status=", "", byKey, asIs, "", "key>?"},
	}
	for _, test := range tests {
		q := documents.DriverQuery{Filter: filterOf(t, test.filter), Order: paths(t, test.sort), Limit: 20}
		check := func(found string) {
			t.Helper()
			if test.index != byPages {
				found = strings.TrimSuffix("collection=? AND "+found, " AND ")
			}
			plan := explain(t, d, test.collection, q)
			want := test.index + " (" + found + ")"
			if !strings.Contains(plan, want) || test.temporary != asIs && !strings.Contains(plan, test.temporary) {
				t.Errorf("%s {%s} by %q: want %s, %q:\n%s", test.collection, test.filter, test.sort, want, test.temporary, plan)
			}
			if test.temporary == asIs && strings.Contains(plan, "TEMP B-TREE") {
				t.Errorf("%s {%s} by %q sorts:\n%s", test.collection, test.filter, test.sort, plan)
			}
		}
		check(test.start)
		q.After = &documents.Position{Key: "k"}
		for _, o := range q.Order {
			key := documents.SortKey("42") // what filterOf makes of "="
			if o.Descending {
				key = "420"
			}
			q.After.Keys = append(q.After.Keys, key)
		}
		check(cmp.Or(test.next, test.start))
	}
}

// The plan of a query follows what is declared, and its result stays the same.
func TestPlansFollowTheDeclaration(t *testing.T) {
	t.Parallel()
	d, err := Open(t.Context(), filepath.Join(t.TempDir(), "documents.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var ops []documents.Op
	for i := range 50 {
		value := fmt.Sprintf(`{"status":%d,"visits":%d}`, i%2, i)
		ops = append(ops, documents.Op{Record: documents.Record{Key: fmt.Sprint(i), Value: []byte(value), Version: "1"}})
	}
	in := documents.CollectionID{Space: "tenant/apps/app/", Name: "sessions"}
	if err := errors.Join(d.Apply(t.Context(), in, ops)...); err != nil {
		t.Fatal(err)
	}
	status, err := documents.KeyOf([]byte("1"))
	if err != nil {
		t.Fatal(err)
	}
	q := documents.DriverQuery{Filter: filterOf(t, "status="), Order: paths(t, "-visits"), Limit: 20}
	q.Filter[0].Keys = []documents.SortKey{status}
	index := func(members string) documents.Index {
		return documents.Index{Collection: "sessions", Members: paths(t, members)}
	}
	for _, step := range []struct {
		declared []documents.Index
		fails    bool
		plan     string
	}{
		{nil, false, "INTEGER PRIMARY KEY"},
		{[]documents.Index{index("status -visits")}, false, "declared sessions:status,-visits"},
		{[]documents.Index{index("-visits"), index("user")}, false, "declared sessions:-visits"},
		{[]documents.Index{index("user"), index("user")}, true, "declared sessions:-visits"},
		{[]documents.Index{index("status -visits"), index("-visits")}, false, "declared sessions:status,-visits"},
		{nil, false, "INTEGER PRIMARY KEY"},
	} {
		if err := d.DeclareIndexes(t.Context(), step.declared...); (err != nil) != step.fails {
			t.Errorf("declaring %v: %v", step.declared, err)
		}
		if plan := explain(t, d, "sessions", q); !strings.Contains(plan, step.plan) {
			t.Errorf("with %v the plan is not by %s:\n%s", step.declared, step.plan, plan)
		}
		records, err := d.Query(t.Context(), in, q)
		if err != nil || len(records) != 20 || records[0].Key != "49" || records[19].Key != "11" {
			t.Errorf("with %v: %v, %v", step.declared, records, err)
		}
	}
}

func explain(t testing.TB, d *Driver, collection string, q documents.DriverQuery) string {
	t.Helper()
	var plan strings.Builder
	err := d.read(t.Context(), func(c *conn) error {
		fixed := fixedKeys(q.Filter)
		q := withoutFixed(q, fixed)
		text, args := buildQuery(collectionIDs{collection: 1}, q, choose((*d.indexes.Load())[collection], q, fixed))
		return c.query(t.Context(), "EXPLAIN QUERY PLAN "+text, args, func(row []driver.Value) error {
			fmt.Fprintf(&plan, "%v\n", row[3])
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan.String()
}

// A list of collections reads their index, and one entry of each by the index of keys.
func TestPlanOfCollections(t *testing.T) {
	t.Parallel()
	d, err := Open(t.Context(), filepath.Join(t.TempDir(), "documents.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var plan strings.Builder
	err = d.read(t.Context(), func(c *conn) error {
		args := []driver.Value{"t/apps/a/", "things", "t/apps/a0", int64(10)}
		return c.query(t.Context(), "EXPLAIN QUERY PLAN "+collectionsSQL, args, func(row []driver.Value) error {
			fmt.Fprintf(&plan, "%v\n", row[3])
			return nil
		})
	})
	for _, want := range []string{
		"SEARCH collections USING COVERING INDEX sqlite_autoindex_collections_1 ((space,name)>(?,?) AND space<?)",
		"USING COVERING INDEX documents_by_key (collection=?)",
	} {
		if err != nil || !strings.Contains(plan.String(), want) {
			t.Errorf("want %s: %v\n%s", want, err, &plan)
		}
	}
	if strings.Contains(plan.String(), "SCAN") || strings.Contains(plan.String(), "B-TREE") {
		t.Errorf("it scans or sorts:\n%s", &plan)
	}
}
