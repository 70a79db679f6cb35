package mongodocuments_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/cpodkit/cpodkit/backends/mongo/mongodocuments"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// recorder notes the commands that a client sends.
type recorder struct {
	before func(command bson.Raw) // unless nil, called while the command has its connection

	mu       sync.Mutex
	commands []bson.Raw
}

func (r *recorder) configure(o *options.ClientOptions) {
	o.SetMonitor(&event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
		command := append(bson.Raw(nil), e.Command...)
		r.mu.Lock()
		r.commands = append(r.commands, command)
		r.mu.Unlock()
		if r.before != nil {
			r.before(command)
		}
	}})
}

// take returns the commands since the last call.
func (r *recorder) take() []bson.Raw {
	r.mu.Lock()
	defer r.mu.Unlock()
	commands := r.commands
	r.commands = nil
	return commands
}

func name(command bson.Raw) string {
	first, err := command.IndexErr(0)
	if err != nil {
		return ""
	}
	return first.Key()
}

var things = documents.CollectionID{Space: "t/apps/a/", Name: "things"}

func recorded(t *testing.T, opts ...mongodocuments.Option) (*mongodocuments.Driver, *recorder) {
	t.Helper()
	var r recorder
	d, err := mongodocuments.New(connect(t, newDatabase(t), r.configure), append(opts, mongodocuments.WithTimeLimit(watchdog))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return d, &r
}

func set(key, value string) documents.Op {
	return documents.Op{Record: documents.Record{Key: key, Value: []byte(value), Version: "v-" + key + value, UpdatedAt: time.Now()}}
}

func remove(key string) documents.Op {
	return documents.Op{Delete: true, Record: documents.Record{Key: key}}
}

func TestCommandsOfCalls(t *testing.T) {
	t.Parallel()
	d, r := recorded(t)
	var sets, mixed []documents.Op
	for i := range 500 {
		sets = append(sets, set(fmt.Sprint(i), "1"))
		mixed = append(mixed, set(fmt.Sprint(i%100), fmt.Sprint(i)))
		if i%3 == 0 {
			mixed[i] = remove(fmt.Sprint(i % 100))
		}
	}
	absent := set("new", "1")
	absent.IfAbsent = true
	versioned := set("new", "2")
	versioned.IfVersion = absent.Record.Version
	gone := remove("new")
	gone.IfVersion = versioned.Record.Version
	apply := func(ops ...documents.Op) func() error {
		return func() error { return errors.Join(d.Apply(t.Context(), things, ops)...) }
	}
	for _, test := range []struct {
		name string
		call func() error
		want string
	}{
		{"500 sets", apply(sets...), "update"},
		{"the same again", apply(sets...), "update"},
		{"a get", func() error {
			_, err := d.Get(t.Context(), things, "7")
			return err
		}, "find"},
		{"500 ops that set and delete 100 keys", apply(mixed...), "update delete"},
		{"a set", apply(set("a", "1")), "update"},
		{"a delete", apply(remove("a")), "delete"},
		{"one set if absent, one and a delete if the version", apply(absent, versioned, gone), "insert update delete"},
		{"a page", func() error {
			records, err := d.Query(t.Context(), things, documents.DriverQuery{Limit: 60})
			if len(records) != 60 {
				t.Errorf("the page has %d documents", len(records))
			}
			return err
		}, "find"},
		{"one space", func() error {
			_, err := d.Spaces(t.Context(), "t/apps/", "things", 1)
			return err
		}, "find"},
	} {
		r.take()
		if err := test.call(); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		var names []string
		for _, command := range r.take() {
			names = append(names, name(command))
			if limit, ok := command.Lookup("maxTimeMS").AsInt64OK(); !ok || limit <= 0 || limit > 2*watchdog.Milliseconds() {
				t.Errorf("%s: the server may take %d ms", test.name, limit)
			}
			if name(command) == "find" {
				if level := command.Lookup("readConcern", "level"); level.String() != `"majority"` {
					t.Errorf("%s reads with the concern %v", test.name, level)
				}
			} else if concern := command.Lookup("writeConcern").String(); !strings.Contains(concern, `"majority"`) || !strings.Contains(concern, `"j": true`) &&
				!strings.Contains(concern, `"j":true`) {
				t.Errorf("%s writes with the concern %s", test.name, concern)
			}
		}
		if got := strings.Join(names, " "); got != test.want {
			t.Errorf("%s sends %s, want %s", test.name, got, test.want)
		}
	}
}

// Filter, sort, position and limit of a query are the server's work.
func TestCommandOfAQuery(t *testing.T) {
	t.Parallel()
	d, r := recorded(t)
	key := func(value string) documents.SortKey {
		k, err := documents.KeyOf([]byte(value))
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	low, high := key(`1`).TypeRange()
	_, err := d.Query(t.Context(), things, documents.DriverQuery{
		Filter: []documents.Condition{
			{Path: documents.Path{"a.b", "$c"}, Test: documents.Equal, Keys: []documents.SortKey{key(`"x"`)}},
			{Path: documents.Path{"n"}, Test: documents.Range, Keys: []documents.SortKey{low, high}, OpenHigh: true},
		},
		Order: []documents.Order{{Path: documents.Path{"n"}, Descending: true}, {Path: documents.Path{"m"}}},
		After: &documents.Position{Keys: []documents.SortKey{key(`2`), ""}, Key: "k"},
		Limit: 7,
	})
	if err != nil {
		t.Fatal(err)
	}
	commands := r.take()
	if len(commands) != 1 {
		t.Fatalf("%d commands", len(commands))
	}
	var command struct {
		Filter, Sort, Projection bson.Raw
		Limit                    int64
		AllowDiskUse             bool `bson:"allowDiskUse"`
	}
	if err := bson.Unmarshal(commands[0], &command); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`"p.a%2Eb.%24c":{"$eq":"5x"}`, `"p.n":{"$gte":"4","$lt":"5"}`, `"$lt":"things\nt`, `"_id":{"$gt":"things\tt/apps/a/\tk"}`,
	} {
		text := strings.ReplaceAll(command.Filter.String(), `": `, `":`)
		text = strings.ReplaceAll(text, `, "`, `,"`)
		if part == `"$lt":"things\nt` {
			part = `"$lt":"things\tt/apps/a/\n"`
		}
		if !strings.Contains(text, part) {
			t.Errorf("the filter %s is without %s", text, part)
		}
	}
	sort := strings.NewReplacer(` `, ``, `{"$numberInt":"1"}`, `1`, `{"$numberInt":"-1"}`, `-1`).Replace(command.Sort.String())
	if want := `{"p.n":-1,"p.m":1,"_id":1}`; sort != want {
		t.Errorf("the sort is %s, want %s", sort, want)
	}
	if command.Limit != 7 || !command.AllowDiskUse || strings.Contains(command.Projection.String(), `"p"`) {
		t.Errorf("the command is %s", commands[0])
	}
}
