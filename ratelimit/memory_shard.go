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
	slots  []slot  // nil once closed; at most 3/4 are taken
	owners []owner // of slots, apart from them: a call on a known key needs none
	keys   int
	hand   int // the slot to look at next for what can be forgotten

	maxKeys int

	held map[owner]int32 // buckets of each owner; nil while there is much room

	// forgotten is for each owner and class of windows when the last of the buckets
	// that were forgotten before they were full would have been. Those for which it
	// has no room are in forgottenOfAll, which holds for every owner.
	forgotten      map[ownerClass]int64
	forgottenOfAll [windowClasses]int64
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

// takeNew takes what flows in during charge, if it may, from the bucket of a key that is
// not in the table, and returns how long it then takes to be full.
func (s *shard) takeNew(k owned, r refill.Rate, charge refill.Wait, may bool) (left refill.Wait, took bool) {
	b := s.unknown(k.owner, r, s.now)
	if !may {
		return b.left(s.now), false
	}
	left, took = b.take(r, charge, s.now)
	if took {
		s.insert(slot{b, k.hash}, k.owner, s.now)
	}
	return left, took
}

// look returns how long the bucket of key takes to be full.
func (s *shard) look(k owned, r refill.Rate, now int64) refill.Wait {
	if b := s.find(k.hash); b != nil {
		b.adapt(r, now)
		return b.left(now)
	}
	b := s.unknown(k.owner, r, now)
	return b.left(now)
}

// put stores a bucket that look has told of.
func (s *shard) put(k owned, f fill, now int64) {
	if b := s.find(k.hash); b != nil {
		b.fill = f
		return
	}
	s.insert(slot{f, k.hash}, k.owner, now)
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

func windowClass(window int64) int32 {
	return int32(min(max(bits.Len64(uint64(window))-smallestClass, 0), windowClasses-1))
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

func (s *shard) makeSlots(n int) {
	s.slots, s.owners, s.hand = make([]slot, n), make([]owner, n), 0
}

// insert adds a bucket whose key is not in the table.
func (s *shard) insert(b slot, o owner, now int64) {
	if s.keys >= s.maxKeys {
		s.makeRoom(o, now)
	}
	if (s.keys+1)*4 > len(s.slots)*3 {
		s.resize(now)
	}
	s.place(b, o)
	s.keys++
	if s.held != nil {
		s.held[o]++
	}
}

func (s *shard) place(b slot, o owner) {
	i := s.home(b.key)
	for s.slots[i].key != 0 {
		i = s.next(i)
	}
	s.slots[i], s.owners[i] = b, o
}

// sweep looks at n slots, forgets the buckets there that are full, and shows the others
// to each.
func (s *shard) sweep(n int, now int64, each func(at int)) {
	s.writeBack()
	for range n {
		b := &s.slots[s.hand]
		if b.key != 0 && b.idle(now) {
			s.remove(s.hand) // another may move here
			continue
		}
		if b.key != 0 && each != nil {
			each(s.hand)
		}
		s.hand = s.next(s.hand)
	}
}

// tidy forgets some buckets that are full: the more, the longer it was not called.
func (s *shard) tidy(now int64) {
	n, intervals := len(s.slots), (now-s.swept)/sweepInterval
	s.swept = now
	s.sweep(min(int(min(intervals, maxSweepSlots/sweepSlots))*sweepSlots, n), now-idleTime, nil)
	if n > minSlots && s.keys*8 < n {
		s.resize(now)
	}
}

// missing is the fraction that is not there.
func (f *fill) missing(now int64) float64 { return float64(f.full-now) / float64(f.window) }

// remove empties a slot, and moves up those behind it that would not be found
// any more.
func (s *shard) remove(i int) {
	s.busy.key = 0
	s.keys--
	s.release(s.owners[i])
	for j := s.next(i); s.slots[j].key != 0; j = s.next(j) {
		distance := (j - s.home(s.slots[j].key)) & (len(s.slots) - 1)
		if distance >= (j-i)&(len(s.slots)-1) {
			s.slots[i], s.owners[i] = s.slots[j], s.owners[j]
			i = j
		}
	}
	s.slots[i] = slot{}
}

// resize makes a table of more than twice the slots that the buckets need.
func (s *shard) resize(now int64) {
	s.writeBack()
	s.busy.key = 0
	old, owners := s.slots, s.owners
	s.keys = 0
	for i := range old {
		switch {
		case old[i].key == 0:
		case old[i].idle(now):
			s.release(owners[i])
			old[i].key = 0
		default:
			s.keys++
		}
	}
	if s.keys < s.maxKeys/2 {
		s.held = nil
	}
	s.makeSlots(max(minSlots, 1<<bits.Len(uint(2*s.keys))))
	for i := range old {
		if old[i].key != 0 {
			s.place(old[i], owners[i])
		}
	}
}
