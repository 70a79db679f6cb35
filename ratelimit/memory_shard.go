package ratelimit

import (
	"math/bits"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit/internal/refill"
)

const (
	minSlots = 16 // a power of two, as every number of slots

	// A shard looks at sweepSlots slots in a sweepInterval for buckets that are
	// full; after a pause at up to maxSweepSlots in one call. To make room for a
	// new bucket in a full shard, it looks at roomSlots.
	sweepInterval = int64(time.Millisecond)
	sweepSlots    = 16
	maxSweepSlots = 1024
	roomSlots     = 16

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
// probing, without a pointer in it.
//
// Processors that share a busy bucket hand its memory to each other, which costs
// more than the arithmetic. So what a call on it changes is one cache line.
type shard struct {
	mu    sync.Mutex
	now   int64 // the latest time of a call
	swept int64 // when tidy was last called
	last  hash  // of the latest call on a bucket in slots

	// busy is a copy of slots[busyAt], whose key came again before another one that
	// was not busy, and it is the one that counts. Its key is 0 when there is none.
	busy slot

	busyAt int
	slots  []slot // nil once closed; at most 3/4 are taken
	keys   int
	hand   int // the slot to look at next for what can be forgotten

	maxKeys int

	// forgotten is for each class of windows when the last of the buckets that
	// were forgotten before they were full would have been.
	forgotten [windowClasses]int64

	_ [40]byte // to the end of the cache line
}

type slot struct {
	fill
	key hash // zero when the slot is free
}

// advance begins a call.
func (s *shard) advance(now int64) {
	s.now = max(s.now, now)
	if s.now >= s.swept+sweepInterval {
		s.tidy(s.now)
	}
}

// take takes what flows in during charge from the bucket of key, and returns how
// long it then takes to be full.
func (s *shard) take(key hash, r refill.Rate, charge refill.Wait, now int64) (left refill.Wait, took bool) {
	if b := s.find(key); b != nil {
		b.adapt(r, now)
		return b.take(r, charge, now)
	}
	b := s.unknown(r, now)
	left, took = b.take(r, charge, now)
	if took {
		s.insert(slot{b, key}, now)
	}
	return left, took
}

// look returns how long the bucket of key takes to be full.
func (s *shard) look(key hash, r refill.Rate, now int64) refill.Wait {
	if b := s.find(key); b != nil {
		b.adapt(r, now)
		return b.left(now)
	}
	b := s.unknown(r, now)
	return b.left(now)
}

// put stores a bucket that look has told of.
func (s *shard) put(key hash, f fill, now int64) {
	if b := s.find(key); b != nil {
		b.fill = f
		return
	}
	s.insert(slot{f, key}, now)
}

// fillUp makes the bucket of key full.
func (s *shard) fillUp(key hash) {
	if b := s.find(key); b != nil {
		b.full, b.part = 0, 0
	}
}

// giveBack puts into the bucket of key what flows in during paid; a full one loses
// it.
func (s *shard) giveBack(key hash, r refill.Rate, paid refill.Wait, now int64) {
	if b := s.find(key); b != nil {
		b.adapt(r, now)
		b.put(r, paid, now)
	}
}

// unknown is the bucket of a key that is not in the table.
func (s *shard) unknown(r refill.Rate, now int64) fill {
	left := max(s.forgotten[windowClass(r.Window)]-now, 0)
	return newFill(r, refill.Wait{Units: min(left, r.Window)}, now)
}

func windowClass(window int64) int {
	return min(max(bits.Len64(uint64(window))-smallestClass, 0), windowClasses-1)
}

// find returns the bucket of key, or nil.
func (s *shard) find(key hash) *slot {
	if s.busy.key == key {
		return &s.busy
	}
	return s.search(key)
}

// search finds the bucket in slots, and makes it the busy one when it came twice.
func (s *shard) search(key hash) *slot {
	for i := s.home(key); ; i = s.next(i) {
		b := &s.slots[i]
		if b.key == key {
			if s.last == key {
				s.writeBack()
				s.busy, s.busyAt = *b, i
				return &s.busy
			}
			s.last = key
			return b
		}
		if b.key == 0 {
			return nil
		}
	}
}

// writeBack is called before slots are looked at or moved.
func (s *shard) writeBack() {
	if s.busy.key != 0 {
		s.slots[s.busyAt] = s.busy
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
	s.forgotten[class] = max(s.forgotten[class], now+b.left(now).RoundedUp())
	s.remove(nearest)
}

// sweep looks at n slots and forgets the buckets there that are full. When there
// are none it returns the slot of the one that is nearest to full, or -1.
func (s *shard) sweep(n int, now int64) (nearest int) {
	nearest = -1
	s.writeBack()
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

// tidy forgets some buckets that are full: the more, the longer it was not called.
func (s *shard) tidy(now int64) {
	n, intervals := len(s.slots), (now-s.swept)/sweepInterval
	s.swept = now
	s.sweep(min(int(min(intervals, maxSweepSlots/sweepSlots))*sweepSlots, n), now-idleTime)
	if n > minSlots && s.keys*8 < n {
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
	s.busy.key = 0
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
	s.writeBack()
	s.busy.key = 0
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
