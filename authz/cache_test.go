package authz

import (
	"crypto/sha256"
	"strconv"
	"testing"

	"github.com/cpodkit/cpodkit"
)

// The bound of the cache cannot be seen through the public surface, so this test
// looks inside.
func TestTokenCacheIsBounded(t *testing.T) {
	t.Parallel()
	c := newTokenCache()
	var last [sha256.Size]byte
	for i := range 3 * cacheShards * shardSize {
		last = sha256.Sum256([]byte(strconv.Itoa(i)))
		c.put(last, verified{identity: cpodkit.Identity{TokenID: strconv.Itoa(i)}})
	}
	total := 0
	for i := range c.shards {
		total += c.shards[i].tokens.Len()
	}
	if total > cacheShards*shardSize {
		t.Errorf("the cache holds %d tokens, more than %d", total, cacheShards*shardSize)
	}
	if _, ok := c.get(last); !ok {
		t.Error("the token that came last is not in the cache")
	}
}

// A tenant with more tokens than the cache holds loses its own, and leaves those of
// another one in the cache.
func TestTokenCacheIsShared(t *testing.T) {
	t.Parallel()
	c := newTokenCache()
	put := func(tenant string, i int) [sha256.Size]byte {
		digest := sha256.Sum256([]byte(tenant + strconv.Itoa(i)))
		c.put(digest, verified{identity: cpodkit.Identity{TenantID: tenant}})
		return digest
	}
	flood := func(from int) {
		for i := range 3 * cacheShards * shardSize {
			put("a", from+i)
		}
	}
	flood(0)
	const most = cacheShards * shardSize / 8
	var others [][sha256.Size]byte
	for i := range most * 3 / 4 { // shards are not filled evenly
		others = append(others, put("b", i))
	}
	flood(1 << 20)
	for i, digest := range others {
		if _, ok := c.get(digest); !ok {
			t.Fatalf("token %d of %d of another tenant is gone", i, len(others))
		}
	}
}
