package shares_test

import (
	"fmt"
	"testing"

	"github.com/cpodkit/cpodkit/internal/shares"
)

// takeAll lets tenants take places in turn until none fits any more.
func takeAll(r *shares.Room, n int64, tenants ...string) {
	for took := true; took; {
		took = false
		for _, tenant := range tenants {
			if r.Fits(tenant, n) {
				r.Add(tenant, n)
				took = true
			}
		}
	}
}

func TestRoom(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		size, n int64
		tenants []string
		want    int64 // of each
	}{
		{8, 1, []string{"a"}, 1},
		{7, 1, []string{"a"}, 0},
		{1 << 20, 1, []string{"a"}, 1 << 17},
		{1 << 20, 1000, []string{"a"}, 131_000},
		{900, 1, []string{"a", "b"}, 100},
		{1400, 1, []string{"a", "b", "c", "d", "e", "f", "g"}, 100},
	} {
		r := shares.NewRoom(c.size)
		takeAll(r, c.n, c.tenants...)
		for _, tenant := range c.tenants {
			if got := r.Held(tenant); got != c.want {
				t.Errorf("%d tenants in %d places: %s holds %d, want %d", len(c.tenants), c.size, tenant, got, c.want)
			}
		}
	}
}

// However many tenants take all they can one after the other, the next one finds a place.
func TestRoomForTheNext(t *testing.T) {
	t.Parallel()
	r := shares.NewRoom(10_000)
	for i := range 40 {
		takeAll(r, 1, fmt.Sprint(i))
		if !r.Fits("next", 1) {
			t.Fatalf("after %d tenants no place is left", i+1)
		}
	}
	before := r.Held("3")
	r.Add("3", -before)
	if takeAll(r, 1, "39"); r.Held("39") >= before || r.Held("3") != 0 {
		t.Errorf("what one gave back went to one: %d of %d", r.Held("39"), before)
	}
	r.Add("old", 20_000) // what is there already counts, whether it fits or not
	if r.Fits("next", 1) {
		t.Error("a room with more in it than it has places takes one more")
	}
}

func TestCache(t *testing.T) {
	t.Parallel()
	const size = 800
	c := shares.NewCache[string, int](size)
	put := func(tenant string, from, to int) {
		t.Helper()
		for i := from; i < to; i++ {
			c.Put(tenant, fmt.Sprint(tenant, i), i)
		}
		if c.Len() > size {
			t.Fatalf("%d entries are in a cache of %d", c.Len(), size)
		}
	}
	held := func(when string, want map[string]int) {
		t.Helper()
		for tenant, n := range want {
			if got := c.Held(tenant); got != n {
				t.Errorf("%s: %s holds %d entries, want %d", when, tenant, got, n)
			}
		}
	}
	put("a", 0, 10*size)
	held("alone", map[string]int{"a": size})
	put("b", 0, size/8)
	held("beside a full one", map[string]int{"a": size * 7 / 8, "b": size / 8})
	put("a", 10*size, 20*size)
	put("b", size/8, size)
	held("both go on", map[string]int{"a": size * 7 / 8, "b": size / 8})
	for _, tenant := range []string{"c", "d", "e", "f", "g", "h"} {
		put(tenant, 0, size)
		held("each comes to its share", map[string]int{tenant: size / 8})
	}
	put("i", 0, 1)
	if got := c.Held("i"); got != 1 {
		t.Errorf("a ninth tenant holds %d entries", got)
	}
	if v, ok := c.Get("i0"); !ok || v != 0 {
		t.Errorf("Get: %d, %t", v, ok)
	}
	if _, wasFull := c.Put("x", "i0", 7); wasFull || c.Held("x") != 0 || c.Held("i") != 1 {
		t.Error("a key that is there changed its tenant")
	}
	if v, ok := c.Get("i0"); !ok || v != 7 {
		t.Errorf("Get after another Put: %d, %t", v, ok)
	}
	if c.Clear(); c.Len() != 0 || c.Held("a") != 0 {
		t.Error("Clear leaves entries")
	}
}

func TestWeights(t *testing.T) {
	t.Parallel()
	c := shares.NewCache[int, int](80)
	for i := range 80 {
		c.Put("a", i, i)
	}
	c.Weigh(79, 11)
	want := c.Len() // if the heavy one was dropped itself
	if _, there := c.Get(79); there {
		want += 10
	}
	if c.Held("a") != want || want > 80 || c.Len() < 69 {
		t.Errorf("%d entries take %d places", c.Len(), c.Held("a"))
	}
	c.Delete(79)
	for i := 80; c.Held("a") < 80; i++ { // full, and all of the same weight
		c.Put("a", i, i)
	}
	for i := range 30 { // each takes the places of others until its share is full
		c.Put("b", 1000+i, i)
		c.Weigh(1000+i, 2)
	}
	if n := c.Held("b"); n < 8 || n > 12 || c.Held("a")+n > 80 {
		t.Errorf("beside %d places of a, b holds %d", c.Held("a"), n)
	}
	before := c.Held("a")
	c.Weigh(1, 1)
	c.Weigh(5000, 70)
	c.Delete(5000)
	for i := range 200 {
		c.Delete(i)
	}
	if c.Held("a") != 0 || before == 0 || c.Len() > 12 {
		t.Errorf("of %d places %d are left", before, c.Held("a"))
	}
	c.Put("a", 1, 1)
	if c.Weigh(1, 81); c.Held("a") != 0 {
		t.Error("what does not fit stays")
	}
}

// An entry with a size of its own takes the place of others until it fits.
func TestSet(t *testing.T) {
	t.Parallel()
	c := shares.NewCache[int, string](80)
	for i := range 100 {
		c.Set("a", i, "a", 2)
	}
	if c.Len() != 40 || c.Held("a") != 80 {
		t.Errorf("%d entries hold %d places", c.Len(), c.Held("a"))
	}
	for i := range 10 {
		c.Set("b", 1000+i, "b", 1)
	}
	if c.Held("b") != 10 || c.Held("a") > 70 {
		t.Errorf("a holds %d places, b %d", c.Held("a"), c.Held("b"))
	}
	c.Set("c", 1000, "c", 7)
	if v, ok := c.Get(1000); !ok || v != "c" || c.Held("b") != 9 || c.Held("c") != 7 || c.Held("a")+c.Held("b")+c.Held("c") > 80 {
		t.Errorf("%q, %t; a holds %d places, b %d, c %d", v, ok, c.Held("a"), c.Held("b"), c.Held("c"))
	}
	if c.Set("d", 2000, "d", 81); c.Held("d") != 0 {
		t.Error("an entry that is larger than the cache is stored")
	}
}
