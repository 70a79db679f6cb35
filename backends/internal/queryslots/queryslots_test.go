package queryslots_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/internal/queryslots"
	"github.com/cpodkit/cpodkit/storage"
)

// desk notes who gets slots, in the order of that.
type desk struct {
	t     *testing.T
	slots *queryslots.Slots

	mu       sync.Mutex
	served   []string
	releases map[string][]func()
}

func newDesk(t *testing.T, connections int) *desk {
	t.Helper()
	return &desk{t: t, slots: queryslots.New(connections), releases: map[string][]func(){}}
}

// ask lets a tenant ask for slots, from as many goroutines.
func (d *desk) ask(ctx context.Context, tenant string, times int) {
	d.t.Helper()
	for i := range times {
		// Its spaces are one tenant's.
		space := tenant + []string{"/apps/a/", "/shared/", "/users/u/apps/a/"}[i%3]
		go func() {
			release, err := d.slots.Acquire(ctx, space)
			if err != nil {
				if ctx.Err() == nil || !errors.Is(err, ctx.Err()) {
					d.t.Errorf("%s: %v", tenant, err)
				}
				return
			}
			d.mu.Lock()
			defer d.mu.Unlock()
			d.served = append(d.served, tenant)
			d.releases[tenant] = append(d.releases[tenant], release)
		}()
	}
	synctest.Wait()
}

// end ends a query of a tenant.
func (d *desk) end(tenant string) {
	d.t.Helper()
	d.mu.Lock()
	running := d.releases[tenant]
	if len(running) == 0 {
		d.t.Fatalf("%s has no slot", tenant)
	}
	d.releases[tenant] = running[1:]
	d.mu.Unlock()
	running[0]()
	synctest.Wait()
}

// want compares who got slots since the last call.
func (d *desk) want(when string, tenants ...string) {
	d.t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Equal(d.served, tenants) {
		d.t.Errorf("%s: slots went to %q, want %q", when, d.served, tenants)
	}
	d.served = nil
}

func TestHowMany(t *testing.T) {
	t.Parallel()
	for connections, want := range map[int]struct{ one, all int }{
		1: {1, 1}, 2: {1, 1}, 4: {2, 3}, 8: {4, 6}, 100: {56, 75},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			d := newDesk(t, connections)
			d.ask(ctx, "a", connections)
			d.want("one tenant alone", slices.Repeat([]string{"a"}, want.one)...)
			for _, tenant := range []string{"b", "c", "d"} {
				d.ask(ctx, tenant, connections)
			}
			if got := want.one + len(d.served); got != want.all {
				t.Errorf("%d connections have %d slots, want %d", connections, got, want.all)
			}
			cancel()
		})
	}
}

// A tenant that takes all that it can get leaves slots to others, and then takes
// turns with them.
func TestTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		d := newDesk(t, 8)
		d.ask(ctx, "greedy", 50)
		d.want("alone", "greedy", "greedy", "greedy", "greedy")
		d.ask(ctx, "b", 3)
		d.want("beside the greedy one", "b", "b")
		d.ask(ctx, "c", 2)
		d.want("behind both")
		for _, step := range []struct{ ends, next string }{
			{"greedy", "greedy"}, {"greedy", "b"}, {"b", "c"}, {"b", "greedy"}, {"greedy", "c"}, {"c", "greedy"},
		} {
			d.end(step.ends)
			d.want("after one of "+step.ends, step.next)
		}
		d.end("c")
		d.want("when only the greedy one waits, and has its share")
		d.end("greedy")
		d.want("when one of its own ends", "greedy")
		cancel()
	})
}

func TestWhoLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, 4)
		all, endAll := context.WithCancel(t.Context())
		d.ask(all, "a", 2)
		d.ask(all, "b", 1)
		d.want("there are three", "a", "a", "b")

		late, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if _, err := d.slots.Acquire(late, "c/apps/x/"); cpodkit.CodeOf(err) != cpodkit.CodeTimeout || time.Since(start) != time.Second {
			t.Errorf("one whose time ends while it waits, after %v: %v", time.Since(start), err)
		}
		left, leave := context.WithCancel(t.Context())
		d.ask(left, "c", 2)
		d.ask(all, "d", 1)
		leave()
		synctest.Wait()
		d.end("a")
		d.want("those before it have left", "d")
		d.end("b")
		d.want("and nobody waits")
		d.ask(all, "c", 1)
		d.want("c comes back", "c")
		endAll()
	})
}

func TestTheServersOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, 1)
		d.ask(t.Context(), "a", 1)
		for range 10 {
			release, err := d.slots.Acquire(t.Context(), storage.System("apps").Root())
			if err != nil {
				t.Fatal(err)
			}
			defer release()
		}
	})
}

// Slots are neither lost nor made, however queries come, leave and end.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	const connections, tenants = 8, 5
	slots := queryslots.New(connections)
	var mu sync.Mutex
	held, most := 0, 0
	var queries sync.WaitGroup
	for i := range 2000 {
		queries.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if i%3 == 0 {
				go cancel()
			}
			release, err := slots.Acquire(ctx, strings.Repeat("t", 1+i%tenants)+"/shared/")
			if err != nil {
				return
			}
			mu.Lock()
			held++
			most = max(most, held)
			mu.Unlock()
			runtime.Gosched()
			mu.Lock()
			held--
			mu.Unlock()
			release()
		})
	}
	queries.Wait()
	if most > 6 {
		t.Errorf("%d queries ran at once", most)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		d := newDesk(t, 1)
		d.slots = slots
		d.ask(ctx, "t", 9)
		d.want("afterwards", "t", "t", "t", "t")
		cancel()
	})
}

// The slots of all calls leave some to other tenants.
func TestCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		d := newDesk(t, 1)
		d.slots = queryslots.NewCalls(8)
		d.ask(ctx, "greedy", 50)
		d.want("alone", slices.Repeat([]string{"greedy"}, 6)...)
		d.ask(ctx, "b", 3)
		d.want("beside the greedy one", "b", "b")
		d.end("greedy")
		d.want("after one of greedy", "greedy")
		d.end("greedy")
		d.want("after another one", "b")
		cancel()
	})
}

// While others are there, one tenant has fewer slots; alone it has them all again.
func TestFewer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		activity := new(queryslots.Activity)
		d := newDesk(t, 1)
		d.slots = queryslots.New(8).Fewer(1, activity)
		d.ask(ctx, "greedy", 6)
		d.want("alone", slices.Repeat([]string{"greedy"}, 4)...)
		activity.Seen("b") // by a call that needs no slot
		for range 4 {
			d.end("greedy")
		}
		d.want("beside another one", "greedy")
		d.ask(ctx, "b", 2)
		d.want("the other one", "b")
		<-time.After(2 * time.Second)
		d.ask(ctx, "greedy", 1)
		d.mu.Lock()
		slices.Sort(d.served) // three at once, in any order
		d.mu.Unlock()
		d.want("alone again", "b", "greedy", "greedy")
		cancel()
	})
}

// What is held for long leaves room for every next tenant.
func TestHeld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		d := newDesk(t, 1)
		d.slots = queryslots.NewHeld(64)
		d.ask(ctx, "greedy", 64)
		d.want("alone", slices.Repeat([]string{"greedy"}, 8)...)
		d.ask(ctx, "b", 64)
		d.want("the next", slices.Repeat([]string{"b"}, 7)...)
		d.end("greedy")
		d.want("after one of greedy, which still holds as much")
		d.end("greedy")
		d.want("after another one", "greedy")
		cancel()
	})
}

// The slots of a pool bound each tenant alone.
func TestPool(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		d := newDesk(t, 1)
		d.slots = queryslots.NewPool(16)
		d.ask(ctx, "greedy", 50)
		d.want("alone", slices.Repeat([]string{"greedy"}, 12)...)
		d.ask(ctx, "b", 16)
		d.want("the next", "b", "b")
		for range 10 {
			d.end("greedy")
		}
		d.want("while both call, an eighth is enough")
		d.end("greedy")
		d.want("and is kept", "greedy")
		cancel()
	})
}
