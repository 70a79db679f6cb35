package rego

import (
	"hash/maphash"
	"sync"

	"github.com/cpodkit/cpodkit/internal/shares"
)

// The cache of decisions holds at most cacheShards * cacheShardBytes of memory.
const (
	cacheShards     = 16
	cacheShardBytes = 2 << 20

	// cachedBytes is what an entry takes besides its texts.
	cachedBytes = 250

	// maxCached is how long the key and the result of an entry may be together.
	maxCached = 4 << 10
)

// decisionCache remembers the answers of rules. They are found by a hash with a random
// seed of the parts of the input that the rule reads, and of the plan that read them; then
// these are compared whole. A plan belongs to one set, so an answer of another revision is
// never found. Tenants share a full shard as [shares.Cache] says, by bytes.
type decisionCache struct {
	seed   maphash.Seed
	shards [cacheShards]cacheShard
}

type cacheShard struct {
	mu      sync.RWMutex
	answers *shares.Cache[uint64, *cached]
}

type cached struct {
	key    string
	answer answer
}

func newDecisionCache() *decisionCache {
	c := &decisionCache{seed: maphash.MakeSeed()}
	for i := range c.shards {
		c.shards[i].answers = shares.NewCache[uint64, *cached](cacheShardBytes)
	}
	return c
}

func (c *decisionCache) get(key []byte) (answer, bool) {
	hash := maphash.Bytes(c.seed, key)
	shard := &c.shards[hash%cacheShards]
	shard.mu.RLock()
	entry, ok := shard.answers.Get(hash)
	shard.mu.RUnlock()
	if !ok || entry.key != string(key) {
		return answer{}, false
	}
	return entry.answer, true
}

func (c *decisionCache) put(tenantID string, key []byte, a answer) {
	if len(key)+len(a.result) > maxCached {
		return
	}
	if isComposite(a.value) {
		a.value = nil // it may be a part of something large
	}
	hash := maphash.Bytes(c.seed, key)
	shard := &c.shards[hash%cacheShards]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	shard.answers.Set(tenantID, hash, &cached{string(key), a}, cachedBytes+len(key)+len(a.result))
}
