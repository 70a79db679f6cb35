package queryslots

import (
	"sync"
	"time"
)

// recently is how long a tenant counts as one that wants something.
const recently = time.Second

// Activity knows whether several tenants use a store at the same time. A nil Activity
// knows of one at most. It is safe for concurrent use.
type Activity struct {
	mu     sync.Mutex
	last   string
	lastAt time.Time
	until  time.Time
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

// Contended reports whether calls of different tenants came within a second, up to a second
// ago.
func (a *Activity) Contended() bool {
	if a == nil {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return time.Now().Before(a.until)
}
