// Package ledger is a quota and a gate in memory, for tests of what asks them.
package ledger

import (
	"context"
	"sync"

	"github.com/cpodkit/cpodkit"
)

// Ledger is a storage.Quota with one limit for each tenant. It is safe for concurrent use.
type Ledger struct {
	limit int64

	mu   sync.Mutex
	used map[string]int64
	most map[string]int64 // that was ever used
}

// New returns a ledger that lets each tenant have so many bytes.
func New(limit int64) *Ledger {
	return &Ledger{limit: limit, used: map[string]int64{}, most: map[string]int64{}}
}

// Reserve takes n bytes, or is quota_exceeded.
func (l *Ledger) Reserve(_ context.Context, tenant string, n int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if used := l.used[tenant]; n > l.limit-used {
		return cpodkit.Errorf(cpodkit.CodeQuotaExceeded, "The tenant stores %d of %d bytes; %d more do not fit.", used, l.limit, n)
	}
	l.used[tenant] += n
	l.most[tenant] = max(l.most[tenant], l.used[tenant])
	return nil
}

// Release gives n bytes back.
func (l *Ledger) Release(tenant string, n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.used[tenant] -= n
}

// Used returns what a tenant has reserved.
func (l *Ledger) Used(tenant string) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.used[tenant]
}

// Most returns the most that a tenant has ever reserved.
func (l *Ledger) Most(tenant string) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.most[tenant]
}

// Door is a storage.Gate that a test closes for all tenants, and that counts who is
// inside. It is safe for concurrent use.
type Door struct {
	mu     sync.Mutex
	closed bool
	inside int
}

// Close keeps everybody out from now on.
func (d *Door) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
}

// Inside returns how many are inside.
func (d *Door) Inside() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.inside
}

// Enter lets somebody in, or is forbidden.
func (d *Door) Enter(string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return cpodkit.Errorf(cpodkit.CodeForbidden, "The door is closed.")
	}
	d.inside++
	return nil
}

// Leave lets somebody out.
func (d *Door) Leave(string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inside--
}
