package documentstest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/pprof"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// watchdog bounds what must end by itself.
const watchdog = 30 * time.Second

func testContext(t *testing.T, s suite) {
	d := s.driver(t)
	set(t, d, collection, "a", `1`)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	expired, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	for _, test := range []struct {
		name string
		ctx  context.Context
		want func(error) bool
	}{
		{"canceled", canceled, func(err error) bool { return errors.Is(err, context.Canceled) }},
		{"expired", expired, func(err error) bool {
			return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, cpodkit.CodeTimeout)
		}},
	} {
		if _, err := d.Get(test.ctx, collection, "a"); !test.want(err) {
			t.Errorf("Get with a context that is %s: %v", test.name, err)
		}
		if _, err := d.Query(test.ctx, collection, documents.DriverQuery{Limit: 1}); !test.want(err) {
			t.Errorf("Query with a context that is %s: %v", test.name, err)
		}
		ops := []documents.Op{{Record: record("a", `2`)}, {Record: record("b", `2`)}}
		errs := d.Apply(test.ctx, collection, ops)
		if len(errs) != len(ops) {
			t.Fatalf("Apply of %d ops returned %d errors", len(ops), len(errs))
		}
		for _, err := range errs {
			if !test.want(err) {
				t.Errorf("Apply with a context that is %s: %v", test.name, err)
			}
		}
		check(t, d, collection, "a", `1`)
		check(t, d, collection, "b", "")
	}
}

// testStorm has every kind of call at once, some of whose callers leave. What a
// document holds names its version, so that a mixture of two would show.
func testStorm(t *testing.T, s suite) {
	d := s.driver(t)
	const callers, calls, keys = 16, 60, 10
	whole := func(r documents.Record) {
		var value struct {
			Version string `json:"version"`
			N       int    `json:"n"`
		}
		if err := json.Unmarshal(r.Value, &value); err != nil || value.Version != r.Version {
			t.Errorf("version %q holds %s", r.Version, r.Value)
		}
	}
	failed := func(ctx context.Context, err error) {
		if err != nil && ctx.Err() == nil && !isNotFound(err) && !isPrecondition(err) {
			t.Error(err)
		}
	}
	call := func(ctx context.Context, r *rand.Rand) {
		key := indexKey(r.IntN(keys))
		in := documents.CollectionID{Space: collection.Space, Name: fmt.Sprintf("storm-%d", r.IntN(2))}
		switch r.IntN(4) {
		case 0:
			document, err := d.Get(ctx, in, key)
			if err == nil {
				whole(document)
			}
			failed(ctx, err)
		case 1:
			q := documents.DriverQuery{Limit: 1 + r.IntN(keys), Order: []documents.Order{{Path: documents.Path{"n"}}}}
			records, err := d.Query(ctx, in, q)
			for _, r := range records {
				whole(r)
			}
			failed(ctx, err)
		default:
			var ops []documents.Op
			for range 1 + r.IntN(3) {
				op := documents.Op{Record: record(indexKey(r.IntN(keys)), ""), Delete: r.IntN(4) == 0, IfAbsent: r.IntN(4) == 0}
				op.Record.Value = fmt.Appendf(nil, `{"version":%q,"n":%d}`, op.Record.Version, r.IntN(100))
				ops = append(ops, op)
			}
			for _, err := range d.Apply(ctx, in, ops) {
				failed(ctx, err)
			}
		}
	}
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(caller), 2))
			for range calls {
				ctx, cancel := context.WithCancel(t.Context())
				if r.IntN(4) == 0 {
					go cancel()
				}
				call(ctx, r)
				cancel()
			}
		})
	}
	wg.Wait()
}

func testClose(t *testing.T, s suite) {
	// The goroutines that a driver starts carry the label of who started it.
	label := fmt.Sprintf("documentstest %p", t)
	var wg sync.WaitGroup
	wg.Go(func() {
		pprof.Do(t.Context(), pprof.Labels("test", label), func(ctx context.Context) {
			d := s.open(t)
			var callers sync.WaitGroup
			for i := range 8 {
				callers.Go(func() {
					set(t, d, collection, indexKey(i), `{"n":1}`)
					check(t, d, collection, indexKey(i), `{"n":1}`)
					find(t, d, collection, nil)
				})
			}
			callers.Wait()
			for range 2 {
				if err := d.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			}
			if _, err := d.Get(ctx, collection, indexKey(0)); !errors.Is(err, cpodkit.CodeUnavailable) {
				t.Errorf("Get after Close: %v", err)
			}
			if _, err := d.Query(ctx, collection, documents.DriverQuery{Limit: 1}); !errors.Is(err, cpodkit.CodeUnavailable) {
				t.Errorf("Query after Close: %v", err)
			}
			if err := d.Apply(ctx, collection, []documents.Op{{Record: record("a", `1`)}})[0]; !errors.Is(err, cpodkit.CodeUnavailable) {
				t.Errorf("Apply after Close: %v", err)
			}
		})
	})
	wg.Wait()
	end := time.Now().Add(watchdog)
	for {
		var profile bytes.Buffer
		if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(profile.Bytes(), []byte(label)) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("a goroutine is left:\n%s", profile.Bytes())
		}
		runtime.Gosched()
	}
}

func testReopen(t *testing.T, s suite) {
	if s.reopen == nil {
		t.Skip("documents do not outlive the driver")
	}
	d := s.open(t)
	set(t, d, collection, "other", `{"n":2}`)
	want := record("a", `{"n":1e400,"s":"\u0000"}`)
	if err := apply(t, d, collection, documents.Op{Record: want}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		d = s.reopen(t, d)
		got, err := d.Get(t.Context(), collection, "a")
		if err != nil {
			t.Fatal(err)
		}
		if got.Version != want.Version || string(got.Value) != string(want.Value) || !got.UpdatedAt.Equal(want.UpdatedAt) {
			t.Errorf("got %+v, want %+v", got, want)
		}
		order := documents.Order{Path: documents.Path{"n"}, Descending: true}
		equalKeys(t, "the query", find(t, d, collection, nil, order), []string{"a", "other"})
	}
	if err := apply(t, d, collection, documents.Op{Record: record("a", `1`), IfVersion: want.Version}); err != nil {
		t.Error(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
