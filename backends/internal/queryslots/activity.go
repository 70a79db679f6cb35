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
	mu    sync.Mutex
	last  string
	until time.Time
}

// Seen notes a call of a tenant.
func (a *Activity) Seen(tenant string) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if tenant != a.last {
		if a.last != "" {
			a.until = time.Now().Add(recently)
		}
		a.last = tenant
	}
}

// Contended reports whether calls of different tenants came within the last second.
func (a *Activity) Contended() bool {
	if a == nil {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.until.IsZero() && time.Now().Before(a.until)
}
