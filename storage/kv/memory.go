package kv

import (
	"context"
	"fmt"
	"hash/maphash"
	"strconv"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/shares"
)

const (
	// DefaultMaxBytes is the budget of [NewMemory]: 256 MiB.
	DefaultMaxBytes = 256 << 20

	// entryOverhead is about what an entry takes beside its key and value: the
	// entry itself and its places in the map and the heap.
	entryOverhead = 128

	shardCount = 64 // a power of two
)

// Memory is a [Driver] that keeps its entries in this process: for a single
// machine, and for tests. A restart empties it.
//
// Its memory is bounded, and shared fairly: no write lets a tenant hold more than a
// seventh of what is then left free. So one alone may hold an eighth of the budget, n
// tenants that take all they can hold 1/(7+n) each, and there is always room for the
// next one. All apps, users and tiers of a tenant count as one. A write of more is
// unavailable and nothing is evicted: a lock or a session must not vanish before
// its time. Expired entries leave memory by themselves. Time is the monotonic
// clock, so that a wrong wall clock ends nothing.
//
// Memory keeps the strings that it is given, without a copy. It has no goroutine
// while nothing expires.
type Memory struct {
	seed   maphash.Seed
	start  time.Time
	budget budget
	shards [shardCount]shard
}

var _ Driver = (*Memory)(nil)

// NewMemoryOf returns an empty driver. maxBytes is the budget of all tenants
// together: the bytes of keys (as full storage paths) and values, plus 128 for each
// entry. A tenant may hold at most an eighth of it, see [Memory]. It fails for less
// than 1.
func NewMemoryOf(maxBytes int64) (*Memory, error) {
	if maxBytes < 1 {
		return nil, fmt.Errorf("kv: NewMemoryOf(%d): at least 1 byte is needed", maxBytes)
	}
	m := NewMemory()
	m.budget.room = shares.NewRoom(maxBytes)
	return m, nil
}

// NewMemory returns an empty driver with a budget of [DefaultMaxBytes].
func NewMemory() *Memory {
	m := &Memory{seed: maphash.MakeSeed(), start: time.Now()}
	m.budget.room = shares.NewRoom(DefaultMaxBytes)
	for i := range m.shards {
		s := &m.shards[i]
		s.memory = m
		s.entries = map[string]*entry{}
	}
	return m
}

// Close implements [Driver]. Calls that come later are unavailable.
func (m *Memory) Close() error {
	for i := range m.shards {
		m.shards[i].close()
	}
	return nil
}

// Get implements [Driver].
func (m *Memory) Get(ctx context.Context, key string) (string, error) {
	s, err := m.lock(ctx, key)
	if err != nil {
		return "", err
	}
	defer s.mu.Unlock()
	e := s.live(key)
	if e == nil {
		return "", cpodkit.CodeNotFound
	}
	return e.value, nil
}

// Exists implements [Driver].
func (m *Memory) Exists(ctx context.Context, key string) (bool, error) {
	s, err := m.lock(ctx, key)
	if err != nil {
		return false, err
	}
	defer s.mu.Unlock()
	return s.live(key) != nil, nil
}

// Set implements [Driver].
func (m *Memory) Set(ctx context.Context, key, value string, ttl time.Duration, ifAbsent bool) (stored bool, err error) {
	err = m.write(ctx, key, func(s *shard) error {
		if stored = !ifAbsent || s.live(key) == nil; !stored {
			return nil
		}
		return s.set(key, value, m.deadline(ttl))
	})
	return stored && err == nil, err
}

// Delete implements [Driver].
func (m *Memory) Delete(ctx context.Context, key string, ifValue *string) (bool, error) {
	s, err := m.lock(ctx, key)
	if err != nil {
		return false, err
	}
	defer s.mu.Unlock()
	e := s.live(key)
	if e == nil || ifValue != nil && e.value != *ifValue {
		return false, nil
	}
	s.remove(e)
	return true, nil
}

// Incr implements [Driver].
func (m *Memory) Incr(ctx context.Context, key string, by int64) (sum int64, err error) {
	err = m.write(ctx, key, func(s *shard) error {
		var deadline, current int64
		if e := s.live(key); e != nil {
			var ok bool
			if current, ok = parseInteger(e.value); !ok {
				return errNotInteger
			}
			deadline = e.deadline
		}
		sum = current + by
		if (sum > current) != (by > 0) {
			return errOverflow
		}
		return s.set(key, strconv.FormatInt(sum, 10), deadline)
	})
	if err != nil {
		return 0, err
	}
	return sum, nil
}

// TTL implements [Driver].
func (m *Memory) TTL(ctx context.Context, key string) (time.Duration, error) {
	s, err := m.lock(ctx, key)
	if err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	now := m.now()
	switch e := s.entries[key]; {
	case e == nil || e.expired(now):
		return 0, cpodkit.CodeNotFound
	case e.deadline == 0:
		return 0, nil
	default:
		return time.Duration(e.deadline - now), nil
	}
}

// lock returns the locked shard of key.
func (m *Memory) lock(ctx context.Context, key string) (*shard, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := &m.shards[maphash.String(m.seed, key)%shardCount]
	s.mu.Lock()
	if s.entries == nil {
		s.mu.Unlock()
		return nil, errClosed
	}
	return s, nil
}

// write runs change on the locked shard of key. When there is no room it drops
// what has expired and runs change once more.
func (m *Memory) write(ctx context.Context, key string, change func(*shard) error) error {
	for retry := true; ; retry = false {
		s, err := m.lock(ctx, key)
		if err != nil {
			return err
		}
		err = change(s)
		s.mu.Unlock()
		if !shares.IsFull(err) || !retry {
			return err
		}
		for i := range m.shards {
			m.shards[i].expire()
		}
	}
}

// now is the monotonic time in nanoseconds.
func (m *Memory) now() int64 { return int64(time.Since(m.start)) }

func (m *Memory) deadline(ttl time.Duration) int64 {
	if ttl <= 0 {
		return 0
	}
	return m.now() + int64(ttl)
}

// parseInteger reads a decimal int64 in its one canonical form, as Redis does:
// no space, plus sign, leading zero or "-0".
func parseInteger(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, false
	}
	var canonical [20]byte
	return n, string(strconv.AppendInt(canonical[:0], n, 10)) == text
}

var (
	errClosed     = fmt.Errorf("kv memory is closed: %w", cpodkit.CodeUnavailable)
	errNotInteger = fmt.Errorf("the value is no integer: %w", cpodkit.CodeConflict)
	errOverflow   = fmt.Errorf("the sum overflows: %w", cpodkit.CodeConflict)
)
