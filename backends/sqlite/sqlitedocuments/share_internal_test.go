package sqlitedocuments

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/backends/internal/queryslots"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
)

func requestOf(tenant string, ops int) *request {
	return &request{in: documents.CollectionID{Space: tenant + "/apps/app/"}, ops: make([]documents.Op, ops)}
}

// wantParts compares what goes into a group: who, and how many ops of each.
func wantParts(t *testing.T, when string, q *queue, want ...string) {
	t.Helper()
	q.newGroup()
	parts, _ := q.take(maxGroup)
	more, _ := q.take(maxGroup)
	var got []string
	for _, p := range append(parts, more...) {
		got = append(got, fmt.Sprintf("%s %d-%d", storage.TenantOf(p.in.Space), p.from, p.to))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: the group has %q, want %q", when, got, want)
	}
}

func TestTenantsTakeTurnsAtTheWriter(t *testing.T) {
	t.Parallel()
	q := newQueue(new(queryslots.Activity))
	for range 3 {
		q.put(requestOf("a", 500))
	}
	wantParts(t, "one tenant alone", q, "a 0-500", "a 0-500")
	q.put(requestOf("a", 10))
	q.put(requestOf("b", 1))
	left := requestOf("b", 1)
	q.put(left)
	q.put(requestOf("b", 40))
	q.remove(left)
	wantParts(t, "beside another tenant", q, "a 0-16", "b 0-1", "b 0-15")
	wantParts(t, "the next group", q, "a 16-32", "b 15-31")
	q.put(requestOf("c", 0))
	wantParts(t, "an empty call", q, "a 32-48", "b 31-40", "c 0-0")
	if rest := q.begun(); len(rest) != 1 || rest[0].from != 48 || rest[0].to != 500 {
		t.Errorf("what was begun has %v left", rest)
	}
	wantParts(t, "what was not begun", q, "a 0-10")
	wantParts(t, "nobody waits", q)
}

// A call that goes into many transactions is carried out in order and whole, also when
// others come, leave, and the driver closes meanwhile.
func TestLongCallsAreCarriedOutWhole(t *testing.T) {
	t.Parallel()
	d, err := Open(t.Context(), filepath.Join(t.TempDir(), "documents.db"), UnsafeWithoutSync())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	const calls, ops = 20, 200
	var all sync.WaitGroup
	for tenant := range 4 {
		in := documents.CollectionID{Space: fmt.Sprintf("t%d/apps/app/", tenant), Name: "things"}
		for call := range calls {
			all.Go(func() {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if call%4 == 3 {
					go cancel()
				}
				list := make([]documents.Op, ops)
				for i := range list {
					version := fmt.Sprint(call, ".", i)
					list[i].Record = documents.Record{Key: fmt.Sprint("k", call), Value: []byte("1"), Version: version}
					if i > 0 {
						list[i].IfVersion = fmt.Sprint(call, ".", i-1)
					}
				}
				errs := d.Apply(ctx, in, list)
				left := errors.Is(errs[0], context.Canceled)
				for i, err := range errs {
					if left != errors.Is(err, context.Canceled) || !left && err != nil {
						t.Errorf("op %d of call %d: %v, the first: %v", i, call, err, errs[0])
						return
					}
				}
				record, err := d.Get(t.Context(), in, fmt.Sprint("k", call))
				if !left && (err != nil || record.Version != fmt.Sprint(call, ".", ops-1)) {
					t.Errorf("after call %d: version %s, %v", call, record.Version, err)
				}
			})
		}
	}
	all.Wait()
}

// A tenant has the scan cache alone until another one wants some. Then its collections
// give way to those of the other one.
func TestTheScanCacheIsShared(t *testing.T) {
	t.Parallel()
	const limit = 800 << 10
	c := newCache(limit)
	c.after = 0
	id := int64(0)
	// fill caches a collection of size bytes for a tenant.
	fill := func(tenant string, size int64) bool {
		id++
		e := c.begin(tenant, id, nil)
		if !c.grow(e, size) {
			c.abandon(e, 0)
			return false
		}
		e.table = &table{size: size - entryOverhead}
		close(e.filled)
		c.uses++
		e.lastUse = c.uses
		return true
	}
	flood := func() {
		for range 100 {
			fill("a", limit/16)
			for _, e := range c.entries { // all of them are in use
				e.lastUse = c.uses
			}
		}
	}
	flood()
	if c.sizes["a"] < limit*3/4 {
		t.Errorf("a tenant alone has %d bytes of %d", c.sizes["a"], limit)
	}
	for i := range 8 {
		if !fill("b", limit/64) {
			t.Errorf("collection %d of another tenant has no room", i)
		}
	}
	flood()
	if c.sizes["b"] != limit/8 || c.size > limit {
		t.Errorf("another tenant has %d bytes of %d, all have %d", c.sizes["b"], limit, c.size)
	}
}

// Lists of spaces and collections wait, as gets do, while their tenant has its share of
// readers. Those of another tenant do not.
func TestListsTakeASlot(t *testing.T) {
	t.Parallel()
	d, err := Open(t.Context(), filepath.Join(t.TempDir(), "documents.db"), WithReaders(2))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	release, err := d.gets.Acquire(t.Context(), "a/") // of two readers, one is a tenant's share
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	for name, list := range map[string]func(ctx context.Context, prefix string) error{
		"Spaces": func(ctx context.Context, prefix string) error {
			_, err := d.Spaces(ctx, prefix, "things", 1)
			return err
		},
		"Collections": func(ctx context.Context, prefix string) error {
			_, err := d.Collections(ctx, prefix, documents.CollectionID{}, 1)
			return err
		},
	} {
		if err := list(t.Context(), "b/"); err != nil {
			t.Errorf("%s of another tenant: %v", name, err)
		}
		waiting, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		if err := list(waiting, "a/"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s of a tenant that has its share: %v, want it to wait", name, err)
		}
		cancel()
	}
}

// A tenant that asks in ever other ways leaves another one's statements prepared.
func TestStatementsAreShared(t *testing.T) {
	t.Parallel()
	d, err := Open(t.Context(), filepath.Join(t.TempDir(), "documents.db"), WithReaders(1), WithScanCache(0))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	op := documents.Op{Record: documents.Record{Key: "a", Value: []byte("1"), Version: "1"}}
	query := func(tenant string, i int) {
		t.Helper()
		in := documents.CollectionID{Space: tenant + "/apps/app/", Name: "things"}
		if i == 0 {
			if err := d.Apply(t.Context(), in, []documents.Op{op})[0]; err != nil {
				t.Fatal(err)
			}
		}
		order := []documents.Order{{Path: documents.Path{fmt.Sprint(tenant, i)}}}
		if _, err := d.Query(t.Context(), in, documents.DriverQuery{Order: order, Limit: 1}); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Get(t.Context(), in, "a"); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 4 {
		query("b", i)
	}
	for i := range 10 * maxStatements {
		query("a", i)
	}
	c := <-d.readers
	defer func() { d.readers <- c }()
	if b := c.chosen.Held("b"); b != 4 || c.chosen.Len() != maxStatements {
		t.Errorf("of %d statements %d are another tenant's; want 4 of %d", c.chosen.Len(), b, maxStatements)
	}
	if _, ok := c.fixed[getSQL]; !ok {
		t.Error("the statement of Get is not prepared")
	}
}
