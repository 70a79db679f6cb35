package prefetch

import (
	"context"
	"hash/maphash"
	"strings"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit/internal/shares"
	"github.com/cpodkit/cpodkit/ratelimit"
)

const (
	busyCalls  = 8 // within a hold
	mostWaits  = 2 // for slices that others fetch, before a call passes through
	evictLooks = 8
)

// verdict is what a slice says to a call.
type verdict int

const (
	passes verdict = iota // it has nothing to say: the driver decides
	drawn
	refused
)

type shard struct {
	mu      sync.Mutex
	entries map[string]*entry
	held    map[string]int // entries of each tenant
	_       [40]byte       // no two shards in one cache line
}

// entry is what is known of one key. Times are since the driver was made.
type entry struct {
	tokens   int64         // of the limit
	window   time.Duration // of the limit
	maxSlice int64

	calls int           // that no slice served,
	since time.Duration // from then on
	slice int64         // how much to fetch, 0 while the key is not busy

	fetched int64 // tokens, the last time
	held    int64 // of them and not yet given, good
	until   time.Duration
	answer  ratelimit.State // of the driver to that fetch,
	asked   time.Duration

	refusal      ratelimit.State // of the driver to a call of refusedCost,
	refusedCost  int64
	refusedAt    time.Duration
	refusedUntil time.Duration

	tenant   string
	fetching *fetch // under way
	dropped  bool   // it is in the shard no more
}

func (d *Driver) now() time.Duration { return time.Since(d.start) }

func (d *Driver) shardOf(key string) *shard {
	return &d.shards[maphash.String(d.seed, key)%shards]
}

// draw takes cost tokens from the slice of b, and fetches one when the key is
// busy.
func (d *Driver) draw(ctx context.Context, b *ratelimit.Bucket, cost int64) (verdict, error) {
	s := d.shardOf(b.Key)
	for wait := 0; ; wait++ {
		now := d.now()
		s.mu.Lock()
		e := s.entries[b.Key]
		if e == nil || e.tokens != b.Limit.Tokens || e.window != b.Limit.Window {
			e = d.watch(s, b, now)
		}
		if e == nil {
			s.mu.Unlock()
			return passes, nil
		}
		v := e.draw(b, now, cost)
		if v == passes && wait == 0 {
			e.count(now, d.hold)
		}
		if v != passes || e.slice == 0 || cost > e.maxSlice || wait == mostWaits {
			s.mu.Unlock()
			return v, nil
		}
		f := e.fetching
		if f == nil {
			f = e.prepare(now, cost)
			s.mu.Unlock()
			return d.fetch(ctx, s, e, b, f)
		}
		s.mu.Unlock()
		select {
		case <-f.done:
		case <-ctx.Done():
			return passes, ctx.Err()
		}
		switch {
		case f.refused && cost >= f.cost:
			b.State = f.refusal
			b.RetryAfter = max(b.RetryAfter, until(b, cost))
			return refused, nil
		case f.err != nil:
			return passes, f.err
		}
	}
}

// watch begins to watch a key. When there is no room, it takes the place of an idle one,
// and for a tenant below its share also that of a tenant above it. It returns nil when
// there is neither.
func (d *Driver) watch(s *shard, b *ratelimit.Bucket, now time.Duration) *entry {
	tenant := ratelimit.TenantOf(b.Key)
	if s.entries[b.Key] != nil {
		s.drop(b.Key)
	} else if most := d.maxKeys / shards; len(s.entries) >= most {
		victim, found := s.idle(now, d.hold)
		if !found {
			victim, found = s.tooMany(tenant, max(most/shares.Fraction, 1))
		}
		if !found {
			return nil
		}
		s.drop(victim)
	}
	e := &entry{
		tokens: b.Limit.Tokens, window: b.Limit.Window, tenant: strings.Clone(tenant),
		maxSlice: int64(d.maxSlice * float64(b.Limit.Tokens)), since: now,
	}
	s.entries[strings.Clone(b.Key)] = e
	s.held[e.tenant]++
	return e
}

// idle returns the key of an idle entry, among some.
func (s *shard) idle(now, hold time.Duration) (key string, found bool) {
	looks := 0
	for key, e := range s.entries {
		if e.idle(now, hold) {
			return key, true
		}
		if looks++; looks == evictLooks {
			break
		}
	}
	return "", false
}

// tooMany returns the key of an entry of a tenant that has more than its share, for one
// that has less.
func (s *shard) tooMany(tenant string, share int) (key string, found bool) {
	if s.held[tenant] >= share {
		return "", false
	}
	for key, e := range s.entries {
		if s.held[e.tenant] > share {
			return key, true
		}
	}
	return "", false
}

// drop forgets a key. The caller holds mu.
func (s *shard) drop(key string) {
	e := s.entries[key]
	if e == nil {
		return
	}
	e.dropped = true
	delete(s.entries, key)
	if s.held[e.tenant]--; s.held[e.tenant] == 0 {
		delete(s.held, e.tenant)
	}
}

func (e *entry) idle(now, hold time.Duration) bool {
	return e.fetching == nil && now >= e.until && now >= e.refusedUntil && now-e.since > hold
}

// draw answers from what is known.
func (e *entry) draw(b *ratelimit.Bucket, now time.Duration, cost int64) verdict {
	switch {
	case e.held >= cost && now < e.until:
		e.held -= cost
		b.State = e.state(now)
		return drawn
	case now < e.refusedUntil && cost >= e.refusedCost:
		passed := now - e.refusedAt
		b.State = e.refusal
		b.Reset = max(b.Reset-passed, 0)
		b.RetryAfter = max(b.RetryAfter-passed, until(b, cost))
		return refused
	}
	return passes
}

func (e *entry) state(now time.Duration) ratelimit.State {
	return ratelimit.State{
		Allowed:   true,
		Remaining: min(e.answer.Remaining+e.held, e.tokens),
		Reset:     max(e.answer.Reset-(now-e.asked), 0),
	}
}

// count notes a call that no slice serves.
func (e *entry) count(now, hold time.Duration) {
	if now-e.since > hold {
		e.since, e.calls = now, 0
	}
	e.calls++
	if e.calls >= busyCalls && e.slice == 0 {
		e.slice = min(e.maxSlice, busyCalls)
	}
}

// held is how many good tokens the slice of b holds.
func (d *Driver) held(b *ratelimit.Bucket) int64 {
	s := d.shardOf(b.Key)
	now := d.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.entries[b.Key]; e.holds(b.Limit, now) {
		return e.held
	}
	return 0
}

func (e *entry) holds(limit ratelimit.Limit, now time.Duration) bool {
	return e != nil && e.tokens == limit.Tokens && e.window == limit.Window && now < e.until
}

// putBack gives slices back what was drawn from them.
func (d *Driver) putBack(buckets []ratelimit.Bucket, verdicts []verdict, cost int64) {
	for i := range buckets {
		if verdicts[i] != drawn {
			continue
		}
		b := &buckets[i]
		b.Remaining = min(b.Remaining+cost, b.Limit.Tokens)
		s := d.shardOf(b.Key)
		now := d.now()
		s.mu.Lock()
		// What has no place there flows in again.
		if e := s.entries[b.Key]; e.holds(b.Limit, now) && e.held+cost <= e.maxSlice {
			e.held += cost
		}
		s.mu.Unlock()
	}
}

// remember keeps the driver's refusal of a busy key.
func (d *Driver) remember(b *ratelimit.Bucket, cost int64) {
	if b.Allowed {
		return
	}
	s := d.shardOf(b.Key)
	now := d.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.entries[b.Key]; e != nil && e.calls >= busyCalls {
		e.refuse(b.State, cost, now, d.hold)
	}
}

func (e *entry) refuse(refusal ratelimit.State, cost int64, now, hold time.Duration) {
	e.refusal, e.refusedCost = refusal, cost
	e.refusedAt, e.refusedUntil = now, now+min(refusal.RetryAfter, hold)
}

func (d *Driver) drop(key string) {
	s := d.shardOf(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(key)
}
