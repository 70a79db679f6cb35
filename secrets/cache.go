package secrets

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/shares"
)

const (
	// loadTime is how long one read of a driver may take.
	loadTime = 10 * time.Second

	// patience is how long a reader waits for a new value when there is an old one.
	patience = time.Second

	// retryPause is how long an old value is served after a read that failed, until the
	// next one is tried.
	retryPause = time.Second

	// failingTime is how long a read that failed is told of.
	failingTime = time.Minute

	// placeBytes is how many bytes of a value fit into one place of the cache.
	placeBytes = 4 << 10
)

type key struct{ tenantID, name string }

// cache holds what was read of secrets.
type cache struct {
	mu      sync.RWMutex
	entries *shares.Cache[key, *entry]

	start  time.Time    // times are counted from here: that reads one clock, time.Now two
	served atomic.Int64 // reads of fresh values
	old    atomic.Int64 // reads of old ones
	failed atomic.Int64 // when a read of a driver failed last; 0 once that is logged to be over
}

// entry is what was read of one secret. One that leaves the cache is used by those who have
// it, and by nobody who comes later.
type entry struct {
	key
	grant  cell[Grant]
	secret cell[Secret]
}

// cell is what was read of one thing, and the read that is under way.
type cell[T any] struct {
	good   atomic.Pointer[reading[T]] // the last good read; nil for none
	failed atomic.Int64               // when the last read failed; 0 when it did not

	mu     sync.Mutex
	flight *flight[T] // nil for none
}

// reading is what a read has found. It never changes.
type reading[T any] struct {
	value T
	at    time.Duration // when the read began
	until time.Duration // until when it is served without another one
}

// flight is one read, for all who wait for it.
type flight[T any] struct {
	done  chan struct{} // closed at the end; the rest is set by then
	value T
	err   error
}

func (s *Secrets) now() time.Duration { return time.Since(s.start) }

// fresh returns the last good reading while it is served without another read, or nil.
func (c *cell[T]) fresh(now time.Duration) *reading[T] {
	if r := c.good.Load(); r != nil && now < r.until {
		return r
	}
	return nil
}

// cached returns a secret that the caller may read, when that needs no call to a driver,
// or nil.
func (h Handle) cached(name string) *Secret {
	if h.caller == nil || h.fault != nil {
		return nil
	}
	s := h.secrets
	s.mu.RLock()
	e, ok := s.entries.Get(key{h.id.TenantID, name})
	s.mu.RUnlock()
	if !ok {
		return nil
	}
	now := s.now()
	r := e.secret.fresh(now)
	if r == nil {
		return nil
	}
	if !h.isAdmin {
		if g := e.grant.fresh(now); g == nil || !g.value.allows(h.id.AppID) {
			return nil
		}
	}
	s.served.Add(1)
	return &r.value
}

// entry returns the entry of a secret, whose name is checked.
func (s *Secrets) entry(tenantID, name string) *entry {
	k := key{tenantID, name}
	s.mu.RLock()
	e, ok := s.entries.Get(k)
	s.mu.RUnlock()
	if ok {
		return e
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok = s.entries.Get(k); !ok {
		k = key{strings.Clone(tenantID), strings.Clone(name)} // they may be parts of a longer text
		e = &entry{key: k}
		s.entries.Put(k.tenantID, k, e)
	}
	return e
}

// grant returns a grant, from the cache where it is.
func (s *Secrets) grant(ctx context.Context, tenantID, name string) (Grant, error) {
	e := s.entry(tenantID, name)
	return read(ctx, s, e, &e.grant, func(ctx context.Context) (Grant, error) {
		return s.storedGrant(ctx, tenantID, name)
	})
}

// secret returns the newest version of a secret, from the cache where it is.
func (s *Secrets) secret(ctx context.Context, tenantID, name string) (Secret, error) {
	e := s.entry(tenantID, name)
	return read(ctx, s, e, &e.secret, func(ctx context.Context) (Secret, error) {
		return s.stored(ctx, tenantID, name, 0)
	})
}

// stored returns a version of a secret from the provider, and never from the cache.
func (s *Secrets) stored(ctx context.Context, tenantID, name string, version int64) (Secret, error) {
	return measured(ctx, s.calls.get, func(ctx context.Context) (Secret, error) {
		secret, err := s.provider.Get(ctx, tenantID, name, version)
		if n := len(secret.Value.Reveal()); err == nil && (n == 0 || n > MaxValue) {
			err = cpodkit.Errorf(cpodkit.CodeInternal, "secrets: the provider has a value of %d bytes; 1 to %d are allowed", n, MaxValue)
		}
		return secret, err
	})
}

// read returns what a cell of an entry holds, or what load finds. Concurrent readers share
// one load, which goes on when they leave. While there is an old value, only the reader who
// begins the load waits for it, and not long.
func read[T any](ctx context.Context, s *Secrets, e *entry, c *cell[T], load func(context.Context) (T, error)) (T, error) {
	now := s.now()
	c.mu.Lock()
	old := c.good.Load()
	if old != nil && now < old.until {
		c.mu.Unlock()
		return old.value, nil
	}
	if old != nil && now-old.at >= s.stale {
		old = nil
	}
	f, waits := c.flight, old == nil
	failed := time.Duration(c.failed.Load())
	if f == nil && (old == nil || failed == 0 || now-failed >= retryPause) {
		f, waits = &flight[T]{done: make(chan struct{})}, true
		c.flight = f
		go fly(context.WithoutCancel(ctx), s, e, c, f, load)
	}
	c.mu.Unlock()
	if !waits {
		s.old.Add(1)
		return old.value, nil
	}
	var tired <-chan time.Time
	if old != nil {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		tired = timer.C
	}
	select {
	case <-f.done:
		if f.err == nil || old == nil || !isOutage(f.err) {
			return f.value, f.err
		}
	case <-tired:
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
	s.old.Add(1)
	return old.value, nil
}

// fly makes the read of a flight.
func fly[T any](ctx context.Context, s *Secrets, e *entry, c *cell[T], f *flight[T], load func(context.Context) (T, error)) {
	defer close(f.done)
	ctx, cancel := context.WithTimeout(ctx, loadTime)
	defer cancel()
	began := s.now()
	f.value, f.err = load(ctx)
	if c.land(s, f, began) {
		s.settle(ctx, e, f.err)
	}
}

// land takes over what a flight has found, unless that may be from before a change.
func (c *cell[T]) land(s *Secrets, f *flight[T], began time.Duration) (taken bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flight != f {
		return false
	}
	c.flight = nil
	switch {
	case f.err == nil:
		c.good.Store(&reading[T]{f.value, began, began + s.ttl})
		c.failed.Store(0)
	case isOutage(f.err):
		c.failed.Store(max(int64(s.now()), 1))
	default: // it is not there, for one
		c.good.Store(nil)
		c.failed.Store(0)
	}
	return true
}

// expire makes the next reader read again.
func (c *cell[T]) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flight = nil
	if r := c.good.Load(); r != nil {
		c.good.Store(&reading[T]{r.value, r.at, 0})
	}
}

// settle keeps an entry that has something in it, after a read with that outcome.
func (s *Secrets) settle(ctx context.Context, e *entry, err error) {
	secret := e.secret.good.Load()
	s.mu.Lock()
	if now, ok := s.entries.Get(e.key); ok && now == e {
		if secret == nil && e.grant.good.Load() == nil {
			s.entries.Delete(e.key)
		} else if secret != nil {
			s.entries.Weigh(e.key, min(1+len(secret.value.Value.Reveal())/placeBytes, s.cacheSize))
		}
	}
	s.mu.Unlock()
	if err == nil {
		s.wake(e.tenantID, e.name) // who got the old value meanwhile
	}
	s.note(ctx, err)
}

// note logs the first of several reads that fail, and the first good one after a minute
// without any.
func (s *Secrets) note(ctx context.Context, err error) {
	now, failed := int64(s.now()), s.failed.Load()
	switch {
	case isOutage(err):
		if s.failed.Swap(max(now, 1)) == 0 && s.log != nil {
			s.log.WarnContext(ctx, "secrets: they cannot be read; what is cached stays in use for a time", "error", err)
		}
	case failed != 0 && now-failed > int64(failingTime) && s.failed.CompareAndSwap(failed, 0) && s.log != nil:
		s.log.InfoContext(ctx, "secrets: they can be read again")
	}
}

// drop takes a secret out of the cache, after a write.
func (s *Secrets) drop(tenantID, name string) {
	s.mu.Lock()
	s.entries.Delete(key{tenantID, name})
	s.mu.Unlock()
	s.wake(tenantID, name)
}

// Forget drops all that is cached of a tenant: for code that deletes the tenant.
func (s *Secrets) Forget(tenantID string) {
	s.mu.Lock()
	for k := range s.entries.All() {
		if k.tenantID == tenantID {
			s.entries.Delete(k)
		}
	}
	s.mu.Unlock()
	s.wake(tenantID, "")
}

// failing returns how many secrets in the cache were read in vain in the last minute.
func (s *Secrets) failing() (n int64) {
	since := int64(s.now() - failingTime)
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, e := range s.entries.All() {
		if at := max(e.grant.failed.Load(), e.secret.failed.Load()); at > 0 && at > since {
			n++
		}
	}
	return n
}
