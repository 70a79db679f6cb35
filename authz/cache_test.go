package authz

import (
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
)

// cached is a token of 600 bytes, and what the cache keeps of it.
func cached(tenant string, i int) *verified {
	name := tenant + strconv.Itoa(i)
	return &verified{
		token: name + strings.Repeat("t", 600), claims: strings.Repeat("c", 400),
		identity: cpodkit.Identity{TenantID: tenant, TokenID: name},
	}
}

func remember(c *tokenCache, v *verified) { c.put(c.hash(v.token), v) }

func remembers(c *tokenCache, v *verified) bool { return c.get(c.hash(v.token), v.token) == v }

// The bound of the cache cannot be seen through the public surface, so this test
// looks inside.
func TestTokenCacheIsBounded(t *testing.T) { //nolint:paralleltest // it measures the memory
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	c := newTokenCache()
	most := cacheShards * shardBytes / cached("t", 0).size()
	var last *verified
	for i := range most + most/4 {
		last = cached("t", i)
		last.token, last.claims = strings.Clone(last.token), strings.Clone(last.claims)
		remember(c, last)
	}
	total := 0
	for i := range c.shards {
		total += c.shards[i].tokens.Len()
	}
	if total > most || total < most*9/10 {
		t.Errorf("the cache holds %d tokens, want about %d", total, most)
	}
	if !remembers(c, last) {
		t.Error("the token that came last is not in the cache")
	}
	if used := heap() - before; used > cacheShards*shardBytes {
		t.Errorf("the cache takes %d bytes, more than %d", used, cacheShards*shardBytes)
	}
	runtime.KeepAlive(c)
}

// A tenant with more tokens than the cache holds loses its own, and leaves those of
// another one in the cache.
func TestTokenCacheIsShared(t *testing.T) {
	t.Parallel()
	c := newTokenCache()
	most := cacheShards * shardBytes / cached("t", 0).size()
	flood := func(from int) {
		for i := range most + most/8 {
			remember(c, cached("a", from+i))
		}
	}
	flood(0)
	var others []*verified
	for i := range most / 8 * 3 / 4 { // shards are not filled evenly
		others = append(others, cached("b", i))
		remember(c, others[i])
	}
	flood(1 << 20)
	for i, other := range others {
		if !remembers(c, other) {
			t.Fatalf("token %d of %d of another tenant is gone", i, len(others))
		}
	}
}

// Two tokens with one hash are two tokens.
func TestTokenCacheComparesTokens(t *testing.T) {
	t.Parallel()
	c := newTokenCache()
	first, second := cached("a", 1), cached("b", 2)
	c.put(7, first)
	if c.get(7, second.token) != nil {
		t.Error("the cache found a token by its hash alone")
	}
	c.put(7, second)
	if c.get(7, first.token) != nil || c.get(7, second.token) != second {
		t.Error("the token that came last is not in the cache")
	}
}
