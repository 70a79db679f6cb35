package ratelimit_test

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/testfull"
	"github.com/cpodkit/cpodkit/ratelimit"
)

// takeFrom takes cost tokens from one bucket.
func takeFrom(t testing.TB, d ratelimit.Driver, key string, limit ratelimit.Limit, cost int64) ratelimit.State {
	t.Helper()
	buckets := []ratelimit.Bucket{{Key: key, Limit: limit}}
	if err := d.Take(t.Context(), buckets, cost); err != nil {
		t.Fatal(err)
	}
	return buckets[0].State
}

func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// However many keys come, none gets more than its limit.
func TestFloodResetsNoBucket(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := sized(t, 100)
		defer m.Close()
		limit := ratelimit.Limit{Tokens: 5, Window: time.Minute}
		rnd := rand.New(rand.NewPCG(1, 2))
		began := time.Now()
		taken := map[string]int64{}
		for range 30_000 {
			key := strconv.Itoa(int(min(rnd.ExpFloat64()*300, 2000)))
			if takeFrom(t, m, key, limit, 1).Allowed {
				taken[key]++
			}
			pass(10 * time.Millisecond)
			if most := 5 + int64(5*time.Since(began)/time.Minute); taken[key] > most {
				t.Fatalf("%s got %d tokens in %v; at most %d are its", key, taken[key], time.Since(began), most)
			}
		}
		if keys, _ := ratelimit.Kept(m); keys > 100 {
			t.Errorf("%d buckets are kept; want 100 at most", keys)
		}
	})
}

func TestFloodLeavesTheVictimEmpty(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := sized(t, 500)
		defer m.Close()
		limit := ratelimit.Limit{Tokens: 5, Window: time.Minute}
		for range 5 {
			takeFrom(t, m, "victim", limit, 1)
		}
		for i := range 20_000 {
			takeFrom(t, m, strconv.Itoa(i), limit, 1+int64(i%5))
			if got := takeFrom(t, m, "victim", limit, 1); got.Allowed {
				t.Fatalf("after %d other keys the victim's bucket has tokens: %+v", i+1, got)
			}
		}
		pass(time.Minute)
		if got := takeFrom(t, m, "victim", limit, 5); !got.Allowed {
			t.Errorf("a minute after the flood: %+v", got)
		}
	})
}

// Buckets that take long to fill do not take the tokens of those that do not.
func TestFloodOfLongWindows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := sized(t, 500)
		defer m.Close()
		limit := ratelimit.Limit{Tokens: 60, Window: time.Minute}
		for i := range 20_000 {
			takeFrom(t, m, strconv.Itoa(i), ratelimit.Limit{Tokens: 1, Window: ratelimit.MaxWindow}, 1)
			if i%10 == 0 {
				pass(100 * time.Millisecond) // a user comes every 2 s
				if got := takeFrom(t, m, "user "+strconv.Itoa(i%200), limit, 1); !got.Allowed {
					t.Fatalf("after %d keys with a long window another has no token: %+v", i, got)
				}
			}
		}
	})
}

// A call on several buckets takes from all of them or from none, also when it makes
// Memory forget some: idle ones, those that are in its way, its own.
func TestTakeAllWhileBucketsAreForgotten(t *testing.T) {
	t.Parallel()
	for range 50 { // each has its keys in other places
		synctest.Test(t, func(t *testing.T) {
			m := sized(t, 40)
			defer m.Close()
			limit := ratelimit.Limit{Tokens: 5, Window: 40 * time.Second}
			takeFrom(t, m, "A", limit, 1)
			pass(time.Second)
			takeFrom(t, m, "A", limit, 1)
			takeFrom(t, m, "B", limit, 2)
			for i := range 40 {
				takeFrom(t, m, strconv.Itoa(i), limit, 5)
			}
			pass(14 * time.Second)
			for i := range 10 {
				if err := m.Reset(t.Context(), strconv.Itoa(i)); err != nil {
					t.Fatal(err)
				}
			}
			pass(1100 * time.Millisecond)
			takeFrom(t, m, "39", limit, 1)
			pass(1100 * time.Millisecond)
			buckets := []ratelimit.Bucket{{Key: "B", Limit: limit}, {Key: "A", Limit: limit}}
			if err := m.Take(t.Context(), buckets, 3); err != nil {
				t.Fatal(err)
			}
			allowed := buckets[0].Allowed && buckets[1].Allowed
			for _, b := range buckets {
				after := takeFrom(t, m, b.Key, limit, 0)
				if took := after.Remaining < 5 && b.Allowed; took != allowed {
					t.Errorf("the call is allowed %t, and %s is %+v and then %+v", allowed, b.Key, b.State, after)
				}
			}
		})
	}
}

func TestIdleBucketsAreForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := ratelimit.NewMemory()
		defer m.Close()
		limit := ratelimit.Limit{Tokens: 5, Window: time.Minute}
		for i := range 20_000 {
			takeFrom(t, m, strconv.Itoa(i), limit, 1)
		}
		if keys, slots := ratelimit.Kept(m); keys != 20_000 || slots < keys {
			t.Errorf("%d buckets in %d slots; want 20000", keys, slots)
		}
		for i := range 200_000 {
			if i%1000 == 0 {
				pass(12 * time.Second) // each of these has one token back
			}
			takeFrom(t, m, "later "+strconv.Itoa(i%1000), limit, 1)
		}
		if keys, slots := ratelimit.Kept(m); keys > 2_000 || slots > 16_000 {
			t.Errorf("%d buckets in %d slots are left of a crowd that has gone", keys, slots)
		}
	})
}

func TestMemoryIsBounded(t *testing.T) { //nolint:paralleltest // it measures the heap
	const maxKeys = 1 << 17
	n := testfull.Pick(1_000_000, 10_000_000)
	before := heap()
	m := sized(t, maxKeys)
	key := make([]byte, 0, 64)
	buckets := make([]ratelimit.Bucket, 1)
	for i := range n {
		key = strconv.AppendInt(append(key[:0], "a/key/that/is/new/"...), int64(i), 10)
		buckets[0] = ratelimit.Bucket{Key: string(key), Limit: ratelimit.Limit{Tokens: 10, Window: ratelimit.MaxWindow}}
		if err := m.Take(t.Context(), buckets, 1); err != nil {
			t.Fatal(err)
		}
	}
	keys, _ := ratelimit.Kept(m)
	if grown := heap() - before; keys > maxKeys || grown > 110*maxKeys+1<<20 {
		t.Errorf("after %d keys %d are kept in %d bytes; want at most %d in %d", n, keys, grown, maxKeys, 110*maxKeys)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

func TestReturn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := ratelimit.NewMemory()
		defer m.Close()
		limit := ratelimit.Limit{Tokens: 10, Window: time.Minute}
		give := func(key string, cost int64) {
			t.Helper()
			if err := m.Return(t.Context(), key, limit, cost); err != nil {
				t.Fatal(err)
			}
		}
		give("none", 5)
		takeFrom(t, m, "k", limit, 8)
		give("k", 3)
		if got := takeFrom(t, m, "k", limit, 0); got.Remaining != 5 {
			t.Errorf("3 given back to 2: %+v", got)
		}
		give("k", 1000)
		if got := takeFrom(t, m, "k", limit, 0); got.Remaining != 10 || got.Reset != 0 {
			t.Errorf("more given back than there is room for: %+v", got)
		}
		limit.Tokens = 20
		takeFrom(t, m, "k", limit, 20)
		give("k", 7)
		if got := takeFrom(t, m, "k", limit, 0); got.Remaining != 7 {
			t.Errorf("7 given back to an empty one: %+v", got)
		}
	})
}

func TestClosedMemory(t *testing.T) {
	t.Parallel()
	m := ratelimit.NewMemory()
	limit := ratelimit.Limit{Tokens: 10, Window: time.Minute}
	var wg sync.WaitGroup
	for c := range 4 {
		wg.Go(func() {
			for i := range 1000 {
				buckets := []ratelimit.Bucket{{Key: strconv.Itoa(i), Limit: limit}, {Key: strconv.Itoa(c) + "x", Limit: limit}}
				if err := m.Take(t.Context(), buckets[:1+i%2], 1); err != nil && !errors.Is(err, cpodkit.CodeUnavailable) {
					t.Error(err)
				}
			}
		})
	}
	for range 2 {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	for name, err := range map[string]error{
		"Take":    m.Take(t.Context(), []ratelimit.Bucket{{Key: "k", Limit: limit}}, 1),
		"TakeAll": m.Take(t.Context(), []ratelimit.Bucket{{Key: "k", Limit: limit}, {Key: "l", Limit: limit}}, 1),
		"Reset":   m.Reset(t.Context(), "k"),
		"Return":  m.Return(t.Context(), "k", limit, 1),
	} {
		if !errors.Is(err, cpodkit.CodeUnavailable) {
			t.Errorf("%s after Close: %v; want unavailable", name, err)
		}
	}
}

func TestNoAllocation(t *testing.T) { //nolint:paralleltest // it counts allocations
	ctx := cpodkit.WithIdentity(t.Context(), cpodkit.Identity{TenantID: "t"})
	limit := ratelimit.Limit{Name: "burst", Tokens: 100, Window: time.Minute}
	for name, driver := range map[string]ratelimit.Driver{
		"Memory":         ratelimit.NewMemory(),
		"another driver": struct{ ratelimit.Driver }{ratelimit.NewMemory()},
	} {
		l := newLimiter(t, driver)
		buckets := []ratelimit.Bucket{{Key: "a", Limit: limit}, {Key: "b", Limit: limit}, {Key: "c", Limit: limit}}
		for call, f := range map[string]func() error{
			"Take":    func() error { _, err := l.Take(ctx, "key", limit, 1); return err },
			"TakeAll": func() error { _, err := l.TakeAll(ctx, buckets, 1); return err },
		} {
			if got := testing.AllocsPerRun(1000, func() {
				if err := f(); err != nil {
					t.Fatal(err)
				}
			}); got != 0 && !raceDetector {
				t.Errorf("%s with %s allocates %v times", call, name, got)
			}
		}
	}
}
