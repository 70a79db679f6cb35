package sqlitedocuments_test

import (
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/backends/sqlite/sqlitedocuments"
	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/documents/documentstest"
)

// index reads members such as "a -b.c", where "-" is for descending.
func index(t testing.TB, collection, members string) documents.Index {
	t.Helper()
	i := documents.Index{Collection: collection}
	for member := range strings.FieldsSeq(members) {
		name, descending := strings.CutPrefix(member, "-")
		path, err := documents.ParsePath(name)
		if err != nil {
			t.Fatal(err)
		}
		i.Members = append(i.Members, documents.Order{Path: path, Descending: descending})
	}
	return i
}

// TestDriverWithIndexes runs the suite with indexes on what its documents hold.
func TestDriverWithIndexes(t *testing.T) {
	t.Parallel()
	var indexes []documents.Index
	for _, members := range []string{
		"p", "q -x", "-q p", `a\.b $r`, "é -p.x", "x q p", "-$r -x", "v", "-n", "n m", "-n m", "m -n", "a b", "-a b", "b", "v.w", "m.o",
	} {
		indexes = append(indexes, index(t, "things", members))
	}
	documentstest.Run(t, func(t testing.TB) documents.Driver { return open(t, sqlitedocuments.WithIndexes(indexes...)) })
}

// TestIndexesChangeNoResult asks a file with indexes, one without and the memory
// driver the same queries, many of which the indexes serve.
func TestIndexesChangeNoResult(t *testing.T) {
	t.Parallel()
	members := []string{"a", "a b", "a -b", "-b", "b a -c", "c", "-c -a"}
	var indexes []documents.Index
	for _, m := range members {
		indexes = append(indexes, index(t, things.Name, m))
	}
	memory := documents.NewMemory()
	files := map[string]documents.Driver{"with": open(t, sqlitedocuments.WithIndexes(indexes...)), "without": open(t)}
	r := rand.New(rand.NewPCG(11, 12))
	values := []string{`null`, `false`, `1`, `1.0`, `2`, `"x"`, `"y"`, `[1]`, `{"d":1}`}
	other := documents.CollectionID{Space: "tenant/apps/other/", Name: things.Name}
	for range 8 {
		var ops []documents.Op
		for range 60 {
			ops = append(ops, documents.Op{Delete: r.IntN(5) == 0, Record: documents.Record{
				Key: fmt.Sprint(r.IntN(200)), Value: []byte(randomMembers(r, values)), Version: fmt.Sprint(r.Uint64()),
			}})
		}
		for _, d := range []documents.Driver{memory, files["with"], files["without"]} {
			for _, in := range []documents.CollectionID{things, other} {
				if err := errors.Join(d.Apply(t.Context(), in, ops)...); err != nil {
					t.Fatal(err)
				}
			}
		}
		for range 50 {
			q := randomQuery(r, values)
			want, err := memory.Query(t.Context(), things, q)
			if err != nil {
				t.Fatal(err)
			}
			for name, file := range files {
				got, err := file.Query(t.Context(), things, q)
				if err != nil || !slices.EqualFunc(got, want, func(a, b documents.Record) bool {
					return a.Key == b.Key && a.Version == b.Version && string(a.Value) == string(b.Value)
				}) {
					t.Fatalf("%s indexes %+v is %v, %v; want %v", name, q, got, err, want)
				}
			}
		}
	}
}

func randomMembers(r *rand.Rand, values []string) string {
	var members []string
	for _, name := range []string{"a", "b", "c"} {
		if r.IntN(5) > 0 {
			members = append(members, fmt.Sprintf("%q:%s", name, values[r.IntN(len(values))]))
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

func randomQuery(r *rand.Rand, values []string) documents.DriverQuery {
	path := func() documents.Path { return documents.Path{[]string{"a", "b", "c"}[r.IntN(3)]} }
	key := func() documents.SortKey {
		k, err := documents.KeyOf([]byte(values[r.IntN(len(values))]))
		if err != nil {
			panic(err) // the values of a test are JSON
		}
		return k
	}
	q := documents.DriverQuery{Limit: 1 + r.IntN(30)}
	for range r.IntN(3) {
		c := documents.Condition{Path: path(), Keys: []documents.SortKey{key(), key()}, OpenLow: r.IntN(2) == 0, OpenHigh: r.IntN(2) == 0}
		c.Test = []documents.Test{
			documents.Equal, documents.Equal, documents.NotEqual, documents.In, documents.Range, documents.Exists, documents.Missing,
		}[r.IntN(7)]
		q.Filter = append(q.Filter, c)
	}
	for range r.IntN(4) {
		q.Order = append(q.Order, documents.Order{Path: path(), Descending: r.IntN(2) == 0})
	}
	if len(q.Filter) > 0 && len(q.Order) > 0 && r.IntN(2) == 0 {
		q.Order[0].Path = q.Filter[0].Path
	}
	if r.IntN(2) == 0 {
		q.After = &documents.Position{Key: fmt.Sprint(r.IntN(200))}
		for range q.Order {
			k := key()
			if len(q.Filter) > 0 && r.IntN(2) == 0 {
				k = q.Filter[0].Keys[r.IntN(2)] // on a bound
			}
			q.After.Keys = append(q.After.Keys, k)
		}
	}
	return q
}

// declaredIndexes returns the names of the file's declared indexes.
func declaredIndexes(t *testing.T, path string) []string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), "SELECT name FROM sqlite_schema WHERE name LIKE 'declared %' ORDER BY name")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names := []string{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, strings.TrimPrefix(name, "declared "))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return names
}

func TestIndexesFollowTheDeclaration(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "documents.db")
	status, newest, customer := index(t, "things", "n"), index(t, "things", `n -a\.b`), index(t, "orders", "customer")
	for i, step := range []struct {
		opts    []sqlitedocuments.Option
		prepare string
		want    string
	}{
		{nil, "", ""},
		{[]sqlitedocuments.Option{sqlitedocuments.WithIndexes(status, newest)}, "", "things:n things:n,-a%2Eb"},
		{[]sqlitedocuments.Option{sqlitedocuments.WithIndexes(status, newest)}, "", "things:n things:n,-a%2Eb"},
		{nil, "", "things:n things:n,-a%2Eb"},
		{[]sqlitedocuments.Option{sqlitedocuments.WithIndexes(customer, status)}, "", "orders:customer things:n"},
		{[]sqlitedocuments.Option{sqlitedocuments.WithIndexes(status)}, `DROP INDEX "declared things:n"`, "things:n"},
		{[]sqlitedocuments.Option{sqlitedocuments.WithIndexes()}, "", ""},
	} {
		if step.prepare != "" {
			sqlExec(t, path, step.prepare)
		}
		d, err := sqlitedocuments.Open(t.Context(), path, step.opts...)
		if err != nil {
			t.Fatal(err)
		}
		if got := declaredIndexes(t, path); strings.Join(got, " ") != step.want {
			t.Errorf("step %d: the indexes are %q, want %q", i, got, step.want)
		}
		if err := set(t.Context(), d, fmt.Sprint(i), `{"n":1}`); err != nil {
			t.Fatal(err)
		}
		q := documents.DriverQuery{Order: status.Members, Limit: 100}
		if records, err := d.Query(t.Context(), things, q); err != nil || len(records) != i+1 {
			t.Errorf("step %d: %d documents, %v", i, len(records), err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// An index that has another definition than this version gives it is built anew.
func TestIndexOfAnotherVersion(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "documents.db")
	declared := sqlitedocuments.WithIndexes(index(t, "things", "n"))
	for range 2 {
		d, err := sqlitedocuments.Open(t.Context(), path, declared)
		if err != nil {
			t.Fatal(err)
		}
		if records, err := d.Query(t.Context(), things, documents.DriverQuery{Order: index(t, "", "n").Members, Limit: 1}); err != nil {
			t.Errorf("%v, %v", records, err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		sqlExec(t, path, `DROP INDEX "declared things:n"`, `CREATE INDEX "declared things:n" ON documents (version)`)
	}
}

// Another process may have other indexes, and drop those of this one.
func TestIndexDroppedMeanwhile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "documents.db")
	d, err := sqlitedocuments.Open(t.Context(), path, sqlitedocuments.WithIndexes(index(t, "things", "n")))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for i := range 3 {
		if err := set(t.Context(), d, fmt.Sprint(i), fmt.Sprintf(`{"n":%d}`, i)); err != nil {
			t.Fatal(err)
		}
		q := documents.DriverQuery{Order: index(t, "", "n").Members, Limit: 100}
		if records, err := d.Query(t.Context(), things, q); err != nil || len(records) != i+1 {
			t.Errorf("%d documents, %v", len(records), err)
		}
		sqlExec(t, path, `DROP INDEX IF EXISTS "declared things:n"`)
	}
}
