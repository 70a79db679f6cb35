package authz

import (
	"crypto/sha256"
	"sync"

	"github.com/cpodkit/cpodkit"
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
// token gets something in; a full shard drops any one of its entries.
type tokenCache struct{ shards [cacheShards]cacheShard }

type cacheShard struct {
	mu     sync.RWMutex
	tokens map[[sha256.Size]byte]verified
}

func newTokenCache() *tokenCache {
	c := &tokenCache{}
	for i := range c.shards {
		c.shards[i].tokens = map[[sha256.Size]byte]verified{}
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
	v, ok := s.tokens[digest]
	return v, ok
}

func (c *tokenCache) put(digest [sha256.Size]byte, v verified) {
	s := c.shard(digest)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.tokens[digest]; !there && len(s.tokens) >= shardSize {
		for some := range s.tokens {
			delete(s.tokens, some)
			break
		}
	}
	s.tokens[digest] = v
}
