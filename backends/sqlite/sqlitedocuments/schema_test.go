package sqlitedocuments_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/sqlite/sqlitedocuments"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// firstSchema is what the first version of this package made.
var firstSchema = []string{
	`CREATE TABLE collections (id INTEGER PRIMARY KEY, space TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (space, name)) STRICT`,
	`CREATE TABLE documents (collection INTEGER NOT NULL REFERENCES collections, key TEXT NOT NULL, version TEXT NOT NULL,
		updated_ms INTEGER NOT NULL, projection BLOB, value BLOB NOT NULL, PRIMARY KEY (collection, key)) STRICT`,
	fmt.Sprintf("PRAGMA application_id = %d", 0x63706f64),
	`PRAGMA user_version = 1`,
}

func TestMigration(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "documents.db")
	other := documents.CollectionID{Space: "tenant/apps/other/", Name: "things"}
	third := documents.CollectionID{Space: "tenant/apps/app/", Name: "empty"}
	sqlExec(t, path, append(firstSchema,
		`INSERT INTO collections VALUES (1, 'tenant/apps/app/', 'things'), (2, 'tenant/apps/other/', 'things'), (9, 'tenant/apps/app/', 'empty')`,
		`INSERT INTO documents VALUES (1, 'b', 'vb', 7, jsonb('{"n":"41"}'), CAST('{"n":1}' AS BLOB)), (2, 'a', 'v', 7, NULL, CAST('1' AS BLOB)),
			(1, 'a', 'va', 7, jsonb('{"n":"42"}'), CAST('{"n":2}' AS BLOB))`)...)
	for range 2 {
		d, err := sqlitedocuments.Open(t.Context(), path, sqlitedocuments.WithIndexes(index(t, "things", "n")))
		if err != nil {
			t.Fatal(err)
		}
		for _, order := range [][]documents.Order{nil, index(t, "", "-n").Members} {
			records, err := d.Query(t.Context(), things, documents.DriverQuery{Order: order, Limit: 10})
			if err != nil || len(records) != 2 || records[0].Key != "a" || string(records[0].Value) != `{"n":2}` ||
				records[1].Version != "vb" || records[1].UpdatedAt.UnixMilli() != 7 {
				t.Errorf("by %v: %v, %v", order, records, err)
			}
		}
		if r, err := d.Get(t.Context(), other, "a"); err != nil || string(r.Value) != "1" {
			t.Errorf("%v, %v", r, err)
		}
		if records, err := d.Query(t.Context(), third, documents.DriverQuery{Limit: 10}); err != nil || len(records) > 0 {
			t.Errorf("%v, %v", records, err)
		}
		for _, in := range []documents.CollectionID{things, other, third, {Space: "t/", Name: "new"}} {
			r := documents.Record{Key: "c", Value: []byte(`{"n":0}`), Version: "vc"}
			errs := d.Apply(t.Context(), in, []documents.Op{{Record: r}, {Record: documents.Record{Key: "c"}, Delete: true}})
			if err := errors.Join(errs...); err != nil {
				t.Errorf("%v: %v", in, err)
			}
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A collection whose last id is taken goes on with ids that are free.
func TestIDsRunOut(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "documents.db")
	d, err := sqlitedocuments.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := set(t.Context(), d, "first", `1`); err != nil {
		t.Fatal(err)
	}
	neighbour := documents.CollectionID{Space: "tenant/apps/next/", Name: "things"}
	op := documents.Op{Record: documents.Record{Key: "a", Value: []byte(`1`), Version: "1"}}
	if err := d.Apply(t.Context(), neighbour, []documents.Op{op})[0]; err != nil {
		t.Fatal(err)
	}
	sqlExec(t, path, `UPDATE documents SET id = (collection + 1 << 38) - 1`)
	for i := range 100 {
		for range 2 { // the second is an update
			if err := set(t.Context(), d, fmt.Sprint(i), `{"n":1}`); err != nil {
				t.Fatal(err)
			}
		}
	}
	q := documents.DriverQuery{Order: index(t, "", "n").Members, Limit: 1000}
	if records, err := d.Query(t.Context(), things, q); err != nil || len(records) != 101 {
		t.Errorf("%d documents, %v", len(records), err)
	}
	if records, err := d.Query(t.Context(), neighbour, q); err != nil || len(records) != 1 {
		t.Errorf("%d documents of the neighbour, %v", len(records), err)
	}
	op.IfAbsent = true
	if err := d.Apply(t.Context(), neighbour, []documents.Op{op})[0]; !errors.Is(err, cpodkit.CodePreconditionFailed) {
		t.Error(err)
	}
}
