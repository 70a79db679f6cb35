package ratelimit

import (
	"math/bits"
	"sync"
	"time"
)

const (
	minSlots = 16 // a power of two, as every number of slots

	// Of every sweepEvery calls on a shard one looks at sweepSlots slots for
	// buckets that are full. To make room for a new bucket in a full shard,
	// roomSlots are looked at.
	sweepEvery = 16
	sweepSlots = 16
	roomSlots  = 16

	// idleTime is how long a bucket stays that is full while there is room: one
	// that is in use is often full.
	idleTime = int64(time.Second)

	// windowClasses are the windows by powers of two, from the one of MinWindow.
	smallestClass = 20
	windowClasses = 55 - smallestClass + 1
)

// hash stands for a key. A new key finds its hash taken, and shares that bucket,
// with a chance of 1 to 10^13 beside a million others; nobody outside knows the
// seed.
type hash uint64

// shard is one part of a [Memory], under its own lock: a hash table with linear
// probing, without a pointer in it. What every call needs fits into one cache
// line.
type shard struct {
	mu    sync.Mutex
	slots []slot // nil once closed; at most 3/4 are taken
	now   int64  // the latest time of a call
	keys  int
	hand  int // the slot to look at next for what can be forgotten
	calls int

	maxKeys int

	// forgotten is for each class of windows when the last of the buckets that
	// were forgotten before they were full would have been.
	forgotten [windowClasses]int64

	_ [24]byte // to the end of the cache line
}

type slot struct {
	fill
	key hash // zero when the slot is free
}

// take takes from the bucket of key, or makes one.
func (s *shard) take(key hash, limit Limit, now, cost int64) State {
	s.tidy(now)
	if b := s.find(key); b != nil {
		if !b.is(limit) {
			b.rescale(limit, now)
		}
		return b.take(now, cost)
	}
	b := s.unknown(limit, now)
	state := b.take(now, cost)
	if state.Allowed && cost > 0 {
		s.insert(slot{b, key}, now)
	}
	return state
}

// look returns the state of the bucket of key before cost is taken.
func (s *shard) look(key hash, limit Limit, now, cost int64) State {
	b := s.find(key)
	if b == nil {
		fresh := s.unknown(limit, now)
		b = &slot{fill: fresh}
	} else if !b.is(limit) {
		b.rescale(limit, now)
	}
	state, _ := b.look(now, cost)
	state.Reset = b.reset(now)
	return state
}

// fillUp makes the bucket of key full.
func (s *shard) fillUp(key hash) {
	if b := s.find(key); b != nil {
		b.full, b.part = 0, 0
	}
}

// giveBack puts cost tokens into the bucket of key; a full one loses them.
func (s *shard) giveBack(key hash, limit Limit, now, cost int64) {
	b := s.find(key)
	if b == nil {
		return
	}
	if !b.is(limit) {
		b.rescale(limit, now)
	}
	b.put(now, cost)
}

// unknown is the bucket of a key that is not in the table.
func (s *shard) unknown(limit Limit, now int64) fill {
	return newFill(limit, max(now, s.forgotten[windowClass(int64(limit.Window))]), now)
}

func windowClass(window int64) int {
	return min(max(bits.Len64(uint64(window))-smallestClass, 0), windowClasses-1)
}

func (s *shard) find(key hash) *slot {
	for i := s.home(key); ; i = s.next(i) {
		b := &s.slots[i]
		if b.key == key {
			return b
		}
		if b.key == 0 {
			return nil
		}
	}
}

func (s *shard) home(key hash) int { return int(key) & (len(s.slots) - 1) }
func (s *shard) next(i int) int    { return (i + 1) & (len(s.slots) - 1) }

// insert adds a bucket whose key is not in the table.
func (s *shard) insert(b slot, now int64) {
	if s.keys >= s.maxKeys {
		s.makeRoom(now)
	}
	if (s.keys+1)*4 > len(s.slots)*3 {
		s.resize(now)
	}
	s.place(b)
	s.keys++
}

func (s *shard) place(b slot) {
	i := s.home(b.key)
	for s.slots[i].key != 0 {
		i = s.next(i)
	}
	s.slots[i] = b
}

// makeRoom forgets buckets that are full again, or else one that is not.
func (s *shard) makeRoom(now int64) {
	nearest := s.sweep(roomSlots, now)
	for s.keys >= s.maxKeys && nearest < 0 {
		nearest = s.sweep(roomSlots, now)
	}
	if s.keys < s.maxKeys {
		return
	}
	b := &s.slots[nearest]
	class := windowClass(b.window)
	s.forgotten[class] = max(s.forgotten[class], now+int64(b.reset(now)))
	s.remove(nearest)
}

// sweep looks at n slots and forgets the buckets there that are full. When there
// are none it returns the slot of the one that is nearest to full, or -1.
func (s *shard) sweep(n int, now int64) (nearest int) {
	nearest = -1
	for range n {
		b := &s.slots[s.hand]
		if b.key != 0 && b.idle(now) {
			s.remove(s.hand) // another may move here
			continue
		}
		if b.key != 0 && (nearest < 0 || b.isNearerToFull(&s.slots[nearest], now)) {
			nearest = s.hand
		}
		s.hand = s.next(s.hand)
	}
	return nearest
}

// tidy forgets some buckets that are full, now and then.
func (s *shard) tidy(now int64) {
	s.calls++
	if s.calls%sweepEvery != 0 {
		return
	}
	s.sweep(sweepSlots, now-idleTime)
	if n := len(s.slots); n > minSlots && s.keys*8 < n {
		s.resize(now)
	}
}

// isNearerToFull compares the fractions that are missing.
func (f *fill) isNearerToFull(other *slot, now int64) bool {
	return float64(f.full-now)/float64(f.window) < float64(other.full-now)/float64(other.window)
}

// remove empties a slot, and moves up those behind it that would not be found
// any more.
func (s *shard) remove(i int) {
	s.keys--
	for j := s.next(i); s.slots[j].key != 0; j = s.next(j) {
		distance := (j - s.home(s.slots[j].key)) & (len(s.slots) - 1)
		if distance >= (j-i)&(len(s.slots)-1) {
			s.slots[i] = s.slots[j]
			i = j
		}
	}
	s.slots[i] = slot{}
}

// resize makes a table of more than twice the slots that the buckets need.
func (s *shard) resize(now int64) {
	old := s.slots
	s.keys = 0
	for i := range old {
		if old[i].key != 0 && !old[i].idle(now) {
			s.keys++
		}
	}
	s.slots = make([]slot, max(minSlots, 1<<bits.Len(uint(2*s.keys))))
	s.hand = 0
	for i := range old {
		if old[i].key != 0 && !old[i].idle(now) {
			s.place(old[i])
		}
	}
}
