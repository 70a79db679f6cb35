//go:build unix

package redislimit_test

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/redis/redislimit"
	"github.com/cpodkit/cpodkit/internal/testservice"
	"github.com/cpodkit/cpodkit/ratelimit"
)

func TestCluster(t *testing.T) {
	t.Parallel()
	var addrs []string
	for _, node := range testservice.RedisCluster(t) {
		addrs = append(addrs, node.Addr)
	}
	url := "redis+cluster://" + strings.Join(addrs, ",")
	t.Run("Conformance", func(t *testing.T) {
		t.Parallel()
		conform(t, url)
	})
	t.Run("Slots", func(t *testing.T) {
		t.Parallel()
		testSlots(t, url)
	})
	t.Run("Refusal", func(t *testing.T) {
		t.Parallel()
		testRefusal(t, url)
	})
}

// testSlots takes from buckets that live on different nodes.
func testSlots(t *testing.T, url string) {
	limits := []ratelimit.Limit{
		{Tokens: 100, Window: 1000 * time.Hour}, {Tokens: 60, Window: 1000 * time.Hour}, {Tokens: 80, Window: 1000 * time.Hour},
	}
	for name, keys := range map[string][]string{
		"one slot":       {"{tenant}/a", "{tenant}/b", "{tenant}/c"},
		"different ones": {"a", "b", "c"},
		"some":           {"{x}/a", "{x}/b", "{y}/c"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const replicas, callers, calls = 3, 4, 10
			var allowed atomic.Int64
			var wg sync.WaitGroup
			d := newDriver(t, open(t, url))
			for r := range replicas {
				d := d
				if r > 0 {
					d = newDriver(t, open(t, url))
				}
				for range callers {
					wg.Go(func() {
						for range calls {
							b := make([]ratelimit.Bucket, len(keys))
							for i := range b {
								b[i] = ratelimit.Bucket{Key: keys[i], Limit: limits[i]}
							}
							if err := d.Take(t.Context(), b, 1); err != nil {
								t.Error(err)
							} else if b[0].Allowed && b[1].Allowed && b[2].Allowed {
								allowed.Add(1)
							}
						}
					})
				}
			}
			wg.Wait()
			// A call may be refused for tokens on their way back; later ones get them.
			for range limits[1].Tokens {
				b := make([]ratelimit.Bucket, len(keys))
				for i := range b {
					b[i] = ratelimit.Bucket{Key: keys[i], Limit: limits[i]}
				}
				if err := d.Take(t.Context(), b, 1); err != nil {
					t.Fatal(err)
				}
				if b[0].Allowed && b[1].Allowed && b[2].Allowed {
					allowed.Add(1)
				}
			}
			if got, want := allowed.Load(), limits[1].Tokens; got != want {
				t.Errorf("%d calls were allowed, want %d", got, want)
			}
			for i, key := range keys {
				if got, want := takeOne(t, d, key, limits[i], 0).Remaining, limits[i].Tokens-limits[1].Tokens; got != want {
					t.Errorf("%d left of %s, want %d", got, key, want)
				}
			}
		})
	}
}

// testRefusal looks at the states after a refusal by one of several nodes.
func testRefusal(t *testing.T, url string) {
	d := newDriver(t, open(t, url), redislimit.WithPrefix("refusal:"))
	limit := ratelimit.Limit{Tokens: 10, Window: 1000 * time.Hour}
	takeOne(t, d, "b", limit, 8)
	b := []ratelimit.Bucket{{Key: "a", Limit: limit}, {Key: "b", Limit: limit}, {Key: "c", Limit: limit}}
	for _, cost := range []int64{3, 0} {
		if err := d.Take(t.Context(), b, cost); err != nil {
			t.Fatal(err)
		}
		for i, want := range []int64{10, 2, 10} {
			if allowed := i != 1 || cost == 0; b[i].Remaining != want || b[i].Allowed != allowed {
				t.Errorf("cost %d, bucket %d: %+v, want %d left and allowed %v", cost, i, b[i].State, want, allowed)
			}
		}
	}
}

// TestNodeDown loses one node of three. A call on buckets there and elsewhere
// fails, and takes nothing.
func TestNodeDown(t *testing.T) {
	t.Parallel()
	nodes := testservice.RedisCluster(t)
	client := open(t, "redis+cluster://"+nodes[0].Addr+"?timeout=500ms&dial_timeout=500ms")
	d := newDriver(t, client)
	limit := ratelimit.Limit{Tokens: 10, Window: 1000 * time.Hour}
	var up, down []ratelimit.Bucket
	for i := 0; len(up) == 0 || len(down) == 0; i++ {
		b := ratelimit.Bucket{Key: strconv.Itoa(i), Limit: limit}
		slot := client.ClusterKeySlot(t.Context(), redislimit.DefaultPrefix+b.Key).Val()
		if firstOfTheLast := int64(16384 * 2 / 3); slot < firstOfTheLast {
			up = []ratelimit.Bucket{b}
		} else {
			down = []ratelimit.Bucket{b}
		}
	}
	both := append(up[:1:1], down...)
	if err := d.Take(t.Context(), both, 1); err != nil {
		t.Fatal(err)
	}
	nodes[2].Kill()
	if err := d.Take(t.Context(), both, 1); !errors.Is(err, cpodkit.CodeUnavailable) {
		t.Fatalf("without a node: %v", err)
	}
	if err := d.Take(t.Context(), up, 0); err != nil || up[0].Remaining != 9 {
		t.Errorf("the bucket on another node: %+v, %v; want 9 left", up[0].State, err)
	}
}
