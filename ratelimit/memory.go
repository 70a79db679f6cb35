package ratelimit

import (
	"context"
	"fmt"
	"hash/maphash"
	"math/bits"
	"slices"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/refill"
)

const (
	// DefaultMaxKeys is how many buckets a [Memory] keeps unless told otherwise:
	// 1048576, which take up to 115 MB.
	DefaultMaxKeys = 1 << 20

	maxShards   = 128     // a power of two
	keysOfShard = 1 << 10 // from which on there is more than one
)

// Memory is a [Driver] that keeps its buckets in this process: for a single
// machine, and for tests. A restart fills all buckets.
//
// Its memory is bounded, whatever keys come: a bucket takes up to 115 bytes, and
// no key is kept, only 63 bits of a hash with a random seed. A bucket that is
// full again is forgotten, for it equals none. When there is no room for a new
// one, Memory looks at some, forgets those that are full, and else the one that
// is nearest to full among those of one tenant: of the new bucket's own when that
// holds an eighth of the room or more, and else of the tenant that holds most. So a
// tenant's flood of keys takes nothing from tenants that hold less than their share.
//
// Forgetting never grants tokens. A new key starts with at least as many tokens taken as
// the forgotten keys of its tenant with a similar window, until those would have been
// full. So a flood of keys resets no bucket. It makes new keys of the same tenant start
// with fewer tokens, even with none.
//
// The tenant of a key is the part before its first slash, as in the keys of a [Handle].
// In the keys of a policy by tenant, app or identity it is the identity's. Each other
// policy counts as one tenant, and so do all keys without a slash.
//
// Time is the monotonic clock, in nanoseconds; a wall clock that jumps changes
// nothing. There is no goroutine.
type Memory struct {
	seed    maphash.Seed
	start   time.Time
	maxKeys int
	shards  []shard
}

var (
	_ Driver   = (*Memory)(nil)
	_ Returner = (*Memory)(nil)
)

// NewMemory returns an empty driver of [DefaultMaxKeys].
func NewMemory() *Memory { return newMemory(DefaultMaxKeys) }

// NewMemoryOf returns an empty driver that keeps at most maxKeys buckets that are
// not full, at least 1. They are spread over shards at random, each with its share
// of the room, so the first may be forgotten a little earlier. A call that makes
// the table of a shard grow takes the longer, the more there may be: 1.5 ms with
// the default, 50 ms with a hundred times as many.
func NewMemoryOf(maxKeys int) (*Memory, error) {
	if maxKeys < 1 {
		return nil, fmt.Errorf("ratelimit: a memory of %d keys keeps none; it must be at least 1", maxKeys)
	}
	return newMemory(maxKeys), nil
}

func newMemory(maxKeys int) *Memory {
	m := &Memory{seed: maphash.MakeSeed(), start: time.Now(), maxKeys: maxKeys}
	shards := min(1<<(bits.Len(uint(m.maxKeys/keysOfShard))), maxShards)
	m.shards = make([]shard, shards)
	for i := range m.shards {
		m.shards[i].maxKeys = max(m.maxKeys/shards, 1)
		m.shards[i].makeSlots(minSlots)
	}
	return m
}

// Close implements [Driver]. Calls that come later are unavailable.
func (m *Memory) Close() error {
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		s.slots = nil
		s.mu.Unlock()
	}
	return nil
}

// Take implements [Driver].
func (m *Memory) Take(ctx context.Context, buckets []Bucket, cost int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(buckets) == 1 {
		var err error
		buckets[0].State, err = m.takeOne(buckets[0].Key, buckets[0].Limit, cost)
		return err
	}
	var keys [MaxBuckets]owned
	for i := range buckets {
		keys[i] = owned{m.hash(buckets[i].Key), m.ownerOf(buckets[i].Key)}
	}
	return m.takeAll(buckets, keys[:len(buckets)], cost)
}

// owned is the hash of a key, and whose bucket it has.
type owned struct {
	hash
	owner owner // 0 when it is not known yet
}

// take is Take for keys that are hashed; those of the buckets do not matter.
func (m *Memory) take(buckets []Bucket, keys []owned, cost int64) error {
	if len(buckets) > 1 {
		return m.takeAll(buckets, keys, cost)
	}
	var err error
	buckets[0].State, err = m.takeFrom(keys[0], "", buckets[0].Limit, cost)
	return err
}

// takeOne finds out whose the bucket is only when it is not there.
func (m *Memory) takeOne(key string, limit Limit, cost int64) (State, error) {
	return m.takeFrom(owned{hash: m.hash(key)}, key, limit, cost)
}

func (m *Memory) takeFrom(k owned, key string, limit Limit, cost int64) (State, error) {
	r := rateOf(limit)
	need := r.Wait(max(cost, 1))
	s := m.shardOf(k.hash)
	now := m.now() // under the lock the clock would cost as much as all the rest
	s.mu.Lock()
	if s.slots == nil {
		s.mu.Unlock()
		return State{}, errClosed
	}
	s.advance(now)
	var left refill.Wait
	var took bool
	if b := s.find(k.hash); b != nil {
		b.adapt(r, s.now)
		if cost > 0 {
			left, took = b.take(r, need, s.now)
		} else {
			left = b.left(s.now)
		}
	} else {
		if k.owner == 0 {
			k.owner = m.ownerOf(key)
		}
		left, took = s.takeNew(k, r, need, cost > 0)
	}
	s.mu.Unlock()
	return state(r, left, need, took), nil
}

// takeAll divides before and after it holds shards, and not meanwhile.
func (m *Memory) takeAll(buckets []Bucket, keys []owned, cost int64) error {
	var needs, lefts [MaxBuckets]refill.Wait
	for i := range buckets {
		needs[i] = rateOf(buckets[i].Limit).Wait(max(cost, 1))
	}
	took, err := m.takeLocked(buckets, keys, &needs, &lefts, cost > 0)
	if err != nil {
		return err
	}
	for i := range buckets {
		b := &buckets[i]
		b.State = state(rateOf(b.Limit), lefts[i], needs[i], took)
	}
	return nil
}

// takeLocked fills in how long each bucket takes to be full, after it has taken the
// needs if it may and all buckets have them. It locks the shards of all buckets,
// each once and in their order, so that two calls never wait for each other.
func (m *Memory) takeLocked(buckets []Bucket, keys []owned, needs, lefts *[MaxBuckets]refill.Wait, may bool) (took bool, err error) {
	var locked [MaxBuckets]int
	for i := range buckets {
		locked[i] = m.shardIndex(keys[i].hash)
	}
	order := locked[:len(buckets)]
	slices.Sort(order)
	order = slices.Compact(order)
	isClosed := false
	for _, i := range order {
		m.shards[i].mu.Lock()
		isClosed = isClosed || m.shards[i].slots == nil
	}
	defer func() {
		for _, i := range order {
			m.shards[i].mu.Unlock()
		}
	}()
	if isClosed {
		return false, errClosed
	}
	now := m.now() // later than all that the locked shards have seen
	for _, i := range order {
		m.shards[i].advance(now)
	}
	took = may
	for i := range buckets {
		r := rateOf(buckets[i].Limit)
		lefts[i] = m.shardOf(keys[i].hash).look(keys[i], r, now)
		took = took && r.Holds(r.Plus(lefts[i], needs[i]))
	}
	if !took {
		return false, nil
	}
	for i := range buckets {
		r := rateOf(buckets[i].Limit)
		lefts[i] = r.Plus(lefts[i], needs[i])
		// To make room for one bucket of the call may have forgotten another.
		m.shardOf(keys[i].hash).put(keys[i], newFill(r, lefts[i], now), now)
	}
	return true, nil
}

// Reset implements [Driver].
func (m *Memory) Reset(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	h := m.hash(key)
	s := m.shardOf(h)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.slots == nil {
		return errClosed
	}
	s.fillUp(h)
	return nil
}

// Return implements [Returner].
func (m *Memory) Return(ctx context.Context, key string, limit Limit, cost int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	h := m.hash(key)
	s := m.shardOf(h)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.slots == nil {
		return errClosed
	}
	s.advance(m.now())
	r := rateOf(limit)
	s.giveBack(h, r, r.Wait(cost), s.now)
	return nil
}

func (m *Memory) hash(key string) hash { return present(maphash.String(m.seed, key)) }

// hashBytes is the hash of string(key).
func (m *Memory) hashBytes(key []byte) hash { return present(maphash.Bytes(m.seed, key)) }

func present(sum uint64) hash { return hash(sum | 1<<63) } // never 0

func (m *Memory) shardOf(h hash) *shard { return &m.shards[m.shardIndex(h)] }

func (m *Memory) shardIndex(h hash) int { return int(h>>32) & (len(m.shards) - 1) }

// now is the monotonic time in nanoseconds.
func (m *Memory) now() int64 { return int64(time.Since(m.start)) }

var errClosed = fmt.Errorf("ratelimit memory is closed: %w", cpodkit.CodeUnavailable)
