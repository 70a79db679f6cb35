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
		total += len(c.shards[i].tokens)
	}
	if total > cacheShards*shardSize {
		t.Errorf("the cache holds %d tokens, more than %d", total, cacheShards*shardSize)
	}
	if _, ok := c.get(last); !ok {
		t.Error("the token that came last is not in the cache")
	}
}
