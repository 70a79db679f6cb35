package kv

import (
	"strings"
	"sync"
)

// budget shares the bytes of a [Memory] among its tenants: none may hold more than
// is left free. What is free thus never runs out, and those who hold least come
// first to what others give back. Switches share their packet memory by this rule:
// Choudhury and Hahne, "Dynamic queue length thresholds for shared-memory packet
// switches", IEEE/ACM Transactions on Networking 6(2), 1998, with alpha 1.
type budget struct {
	max int64

	mu   sync.Mutex
	used int64
	held map[string]*int64 // by tenants that hold something; the sum is used
}

// reserve takes n bytes for key's tenant, or returns errNoRoom. A negative n gives
// bytes back and does not fail.
func (b *budget) reserve(key string, n int64) error {
	if n == 0 {
		return nil
	}
	tenant := tenantOf(key)
	b.mu.Lock()
	defer b.mu.Unlock()
	held, known := b.held[tenant]
	if !known {
		held = new(int64)
	}
	if n > 0 && *held+n > b.max-b.used-n {
		return errNoRoom
	}
	*held += n
	b.used += n
	switch {
	case *held == 0:
		delete(b.held, tenant)
	case !known:
		b.held[strings.Clone(tenant)] = held // not to keep the whole key alive
	}
	return nil
}

// release gives back n bytes of key's tenant.
func (b *budget) release(key string, n int64) { _ = b.reserve(key, -n) }

// tenantOf returns the first segment of a storage path, which is the tenant's
// alone (see [storage.Caller.Authorize]). Keys without a slash are one tenant's.
func tenantOf(key string) string { return key[:max(0, strings.IndexByte(key, '/'))] }
