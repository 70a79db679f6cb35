package mongodocuments_test

import (
	"errors"
	"slices"
	"strconv"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/cpodkit/cpodkit/backends/mongo/mongoclient"
	"github.com/cpodkit/cpodkit/backends/mongo/mongodocuments"
	"github.com/cpodkit/cpodkit/storage/documents"
)

func index(collection string, paths ...string) documents.Index {
	i := documents.Index{Collection: collection}
	for n, path := range paths {
		i.Members = append(i.Members, documents.Order{Path: documents.Path{path, "x.y"}, Descending: n%2 == 1})
	}
	return i
}

// The indexes of the database become those that are declared, and queries of their
// collections go on as before.
func TestIndexes(t *testing.T) {
	t.Parallel()
	uri := newDatabase(t)
	db := connect(t, uri)
	for _, test := range []struct {
		opts []mongodocuments.Option
		want []string // in the database
	}{
		{[]mongodocuments.Option{mongodocuments.WithIndexes()}, nil},
		{
			[]mongodocuments.Option{mongodocuments.WithIndexes(index("things", "a", "b"), index("others", "$c"))},
			[]string{`declared others:$c.x\.y`, `declared things:a.x\.y,-b.x\.y`},
		},
		{nil, []string{`declared others:$c.x\.y`, `declared things:a.x\.y,-b.x\.y`}},
		{[]mongodocuments.Option{mongodocuments.WithIndexes(index("others", "$c"))}, []string{`declared others:$c.x\.y`}},
		{[]mongodocuments.Option{mongodocuments.WithIndexes()}, nil},
	} {
		d := open(t, uri, test.opts...)
		for _, collection := range []string{"things", "others"} {
			in := documents.CollectionID{Space: "t/apps/a/", Name: collection}
			if err := errors.Join(d.Apply(t.Context(), in, []documents.Op{
				set("k1", `{"a":{"x.y":2},"b":{"x.y":1}}`), set("k2", `{"a":{"x.y":1},"b":{"x.y":1}}`), set("k3", `{"a":{"x.y":1},"b":{"x.y":2}}`),
			})...); err != nil {
				t.Fatal(err)
			}
			records, err := d.Query(t.Context(), in, documents.DriverQuery{Order: index("", "a", "b").Members, Limit: 10})
			if err != nil || len(records) != 3 || records[0].Key != "k3" || records[1].Key != "k2" || records[2].Key != "k1" {
				t.Errorf("%s are %v, %v", collection, records, err)
			}
		}
		for range 2 {
			if err := d.BuildIndexes(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if names := declaredIn(t, db); !slices.Equal(names, test.want) {
			t.Errorf("the indexes are %q, want %q", names, test.want)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

// declaredIn returns the names of the indexes, but for those of the ids and the spaces,
// which are always there.
func declaredIn(t *testing.T, db *mongo.Database) []string {
	t.Helper()
	there, err := db.Collection("documents").Indexes().ListSpecifications(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(there, func(i mongo.IndexSpecification) bool { return i.Name == "spaces" }) {
		t.Error("there is no index of the spaces")
	}
	var names []string
	for _, i := range there {
		if i.Name != "_id_" && i.Name != "spaces" {
			names = append(names, i.Name)
		}
	}
	slices.Sort(names)
	return names
}

// A running driver is told of other indexes. A declaration that is refused leaves
// those that are there.
func TestDeclareIndexes(t *testing.T) {
	t.Parallel()
	var r recorder
	db := connect(t, newDatabase(t), r.configure)
	d, err := mongodocuments.New(db, mongodocuments.WithIndexes(index("things", "a")), mongodocuments.WithTimeLimit(watchdog))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := errors.Join(d.Apply(t.Context(), things, []documents.Op{set("k", "{}")})...); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		declared []documents.Index
		fails    bool
		want     []string
	}{
		{[]documents.Index{index("things", "b"), index("others", "c")}, false, []string{`declared others:c.x\.y`, `declared things:b.x\.y`}},
		{[]documents.Index{index("things", "d"), index("things", "d")}, true, []string{`declared others:c.x\.y`, `declared things:b.x\.y`}},
		{[]documents.Index{index("things", "b")}, false, []string{`declared things:b.x\.y`}},
		{nil, false, nil},
	} {
		if err := d.DeclareIndexes(t.Context(), step.declared...); (err != nil) != step.fails {
			t.Errorf("declaring %v: %v", step.declared, err)
		}
		if names := declaredIn(t, db); !slices.Equal(names, step.want) {
			t.Errorf("the indexes are %q, want %q", names, step.want)
		}
		// A query can use the index of its collection.
		r.take()
		if _, err := d.Query(t.Context(), things, documents.DriverQuery{Limit: 1}); err != nil {
			t.Error(err)
		}
		usable := slices.ContainsFunc(r.take(), func(command bson.Raw) bool {
			return name(command) == "find" && command.Lookup("filter", "c").Type != 0
		})
		if usable != (len(step.want) > 0) {
			t.Errorf("with %q the index is usable: %t", step.want, usable)
		}
		if err := d.BuildIndexes(t.Context()); err != nil {
			t.Error(err)
		}
		if names := declaredIn(t, db); !slices.Equal(names, step.want) {
			t.Errorf("built again, the indexes are %q, want %q", names, step.want)
		}
	}
}

func TestOptionsThatAreRefused(t *testing.T) {
	t.Parallel()
	db, err := mongoclient.Open("mongodb://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Client().Disconnect(t.Context())
	var many []documents.Index
	for i := range 64 {
		many = append(many, index("things", strconv.Itoa(i)))
	}
	for name, option := range map[string]mongodocuments.Option{
		"64 indexes":        mongodocuments.WithIndexes(many...),
		"an index twice":    mongodocuments.WithIndexes(many[0], many[0]),
		"an index of none":  mongodocuments.WithIndexes(documents.Index{Collection: "things"}),
		"no time for calls": mongodocuments.WithTimeLimit(0),
	} {
		if _, err := mongodocuments.New(db, option); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := mongodocuments.New(nil); err == nil {
		t.Error("no database: no error")
	}
	if _, err := mongodocuments.New(db, mongodocuments.WithIndexes(many[1:]...)); err != nil {
		t.Errorf("63 indexes: %v", err)
	}
}
