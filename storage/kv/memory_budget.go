package kv

import (
	"sync"

	"github.com/cpodkit/cpodkit/internal/shares"
	"github.com/cpodkit/cpodkit/storage"
)

// budget shares the bytes of a [Memory] among its tenants, as [shares.Room] says. Keys
// without a slash are one tenant's.
type budget struct {
	mu   sync.Mutex
	room *shares.Room
}

// reserve takes n bytes for key's tenant, or returns an error of [shares.Full]. A
// negative n gives bytes back and does not fail.
func (b *budget) reserve(key string, n int64) error {
	if n == 0 {
		return nil
	}
	tenant := storage.TenantOf(key)
	b.mu.Lock()
	defer b.mu.Unlock()
	if n > 0 && !b.room.Fits(tenant, n) {
		return shares.Full("Your tenant's entries take %d bytes, and its share has no room for %d more; "+
			"delete some, or give entries a ttl.", b.room.Held(tenant), n)
	}
	b.room.Add(tenant, n)
	return nil
}

// release gives back n bytes of key's tenant.
func (b *budget) release(key string, n int64) { _ = b.reserve(key, -n) }
