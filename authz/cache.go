package authz

import (
	"hash/maphash"
	"sync"
	"unsafe"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/shares"
)

// The cache holds at most cacheShards * shardBytes of memory.
const (
	cacheShards = 16
	shardBytes  = 4 << 20

	// entryBytes is what an entry takes besides its texts: verified, and its places in the
	// maps of a shard, which may be half empty.
	entryBytes = int(unsafe.Sizeof(verified{})) + 3*int(unsafe.Sizeof("")+5*unsafe.Sizeof(uint64(0)))
)

// verified is what is known of a token whose signature and claims are good. It never
// changes.
type verified struct {
	identity   cpodkit.Identity // its texts are parts of claims
	issuer     *issuer
	generation uint64 // of the issuer's keys
	rules      uint64 // of the issuer
	token      string
	claims     string // as JSON
}

// size is how many bytes of memory v takes in the cache.
func (v *verified) size() int {
	n := entryBytes + len(v.token) + len(v.claims) + cap(v.identity.Scopes)*int(unsafe.Sizeof(""))
	if v.issuer != nil && v.issuer.makesIDs {
		n += len(v.identity.TenantID) + len(v.identity.AppID) + len(v.identity.UserID) + len(v.identity.Scopes.String())
	}
	return n + n/8 // the allocator rounds sizes up
}

// tokenCache remembers verified tokens. They are found by a hash with a random seed, and
// then compared whole. Only who holds a valid token gets something in. Tenants share a
// full shard as [shares.Cache] says, by bytes.
type tokenCache struct {
	seed   maphash.Seed
	shards [cacheShards]cacheShard
}

type cacheShard struct {
	mu     sync.RWMutex
	tokens *shares.Cache[uint64, *verified]
}

func newTokenCache() *tokenCache {
	c := &tokenCache{seed: maphash.MakeSeed()}
	for i := range c.shards {
		c.shards[i].tokens = shares.NewCache[uint64, *verified](shardBytes)
	}
	return c
}

func (c *tokenCache) hash(token string) uint64 { return maphash.String(c.seed, token) }

// get returns what is known of a token, or nil.
func (c *tokenCache) get(hash uint64, token string) *verified {
	s := &c.shards[hash%cacheShards]
	s.mu.RLock()
	v, ok := s.tokens.Get(hash)
	s.mu.RUnlock()
	if !ok || v.token != token {
		return nil
	}
	return v
}

func (c *tokenCache) put(hash uint64, v *verified) {
	s := &c.shards[hash%cacheShards]
	size := v.size()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens.Set(v.identity.TenantID, hash, v, size)
}
