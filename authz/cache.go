package authz

import (
	"crypto/sha256"
	"sync"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/shares"
)

// The cache holds at most cacheShards * shardSize tokens, some 6 MiB when their
// claims are long.
const (
	cacheShards = 16
	shardSize   = 512
)

// verified is what is known of a token whose signature and claims are good.
type verified struct {
	identity   cpodkit.Identity
	issuer     *Issuer
	generation uint64 // of the issuer's keys
}

// tokenCache remembers verified tokens by their SHA-256. Only who holds a valid
// token gets something in. Tenants share a full shard as [shares.Cache] says.
type tokenCache struct{ shards [cacheShards]cacheShard }

type cacheShard struct {
	mu     sync.RWMutex
	tokens *shares.Cache[[sha256.Size]byte, verified]
}

func newTokenCache() *tokenCache {
	c := &tokenCache{}
	for i := range c.shards {
		c.shards[i].tokens = shares.NewCache[[sha256.Size]byte, verified](shardSize)
	}
	return c
}

func (c *tokenCache) shard(digest [sha256.Size]byte) *cacheShard {
	return &c.shards[digest[0]%cacheShards]
}

func (c *tokenCache) get(digest [sha256.Size]byte) (verified, bool) {
	s := c.shard(digest)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.tokens.Get(digest)
}

func (c *tokenCache) put(digest [sha256.Size]byte, v verified) {
	s := c.shard(digest)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens.Put(v.identity.TenantID, digest, v)
}
