package queryslots

import (
	"sync"
	"time"
)

// recently is how long after its call a tenant counts as one that uses a store.
const recently = time.Second

// Activity knows whether several tenants use a store at the same time. A nil Activity is
// never contended. It is safe for concurrent use.
type Activity struct {
	mu     sync.Mutex
	last   string // the tenant of the latest call
	lastAt time.Time
	until  time.Time // when the store is contended no more
}

// Seen notes a call of a tenant.
func (a *Activity) Seen(tenant string) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	if tenant != a.last && now.Sub(a.lastAt) < recently {
		a.until = now.Add(recently)
	}
	a.last, a.lastAt = tenant, now
}

// Contended reports whether, in the last second, a tenant called less than a second after
// another one.
func (a *Activity) Contended() bool {
	if a == nil {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return time.Now().Before(a.until)
}
