package kv

import (
	"container/heap"
	"maps"
	"sync"
	"time"
)

const (
	// expireBatch bounds how many entries leave a shard under one lock.
	expireBatch = 512

	// shrinkFrom is the size from which a shard's map is made anew when most of
	// its entries have gone; a map never gives memory back otherwise.
	shrinkFrom = 256
)

// shard is one part of a [Memory], under its own lock.
type shard struct {
	memory *Memory

	mu      sync.Mutex
	entries map[string]*entry // nil once closed
	peak    int               // most entries since the map was made
	ending  deadlines
	timer   *time.Timer // nil until an entry has a deadline
	armed   int64       // when the timer fires; 0 while it is not armed
}

type entry struct {
	key      string
	value    string
	deadline int64 // of Memory.now; 0 for none
	index    int   // in shard.ending, while there is a deadline
}

func (e *entry) expired(now int64) bool { return e.deadline != 0 && now >= e.deadline }

func (e *entry) cost() int64 { return int64(len(e.key) + len(e.value) + entryOverhead) }

// live returns the entry of key unless it has expired.
func (s *shard) live(key string) *entry {
	e := s.entries[key]
	if e == nil || e.deadline == 0 || !e.expired(s.memory.now()) {
		return e
	}
	s.remove(e)
	return nil
}

// set stores an entry, or returns an error of [shares.Full] and changes nothing.
func (s *shard) set(key, value string, deadline int64) error {
	e := s.entries[key]
	if e != nil {
		if err := s.memory.budget.reserve(key, int64(len(value)-len(e.value))); err != nil {
			return err
		}
		e.value = value
		s.setDeadline(e, deadline)
		return nil
	}
	e = &entry{key: key, value: value}
	if err := s.memory.budget.reserve(key, e.cost()); err != nil {
		return err
	}
	s.entries[key] = e
	s.peak = max(s.peak, len(s.entries))
	s.setDeadline(e, deadline)
	return nil
}

func (s *shard) setDeadline(e *entry, deadline int64) {
	before := e.deadline
	e.deadline = deadline
	switch {
	case before == deadline:
		return
	case before == 0:
		heap.Push(&s.ending, e)
	case deadline == 0:
		heap.Remove(&s.ending, e.index)
	default:
		heap.Fix(&s.ending, e.index)
	}
	s.arm()
}

func (s *shard) remove(e *entry) {
	delete(s.entries, e.key)
	s.memory.budget.release(e.key, e.cost())
	if e.deadline != 0 {
		heap.Remove(&s.ending, e.index)
	}
	s.shrink()
}

// arm lets the timer fire no later than the next deadline. One that fires too
// early is harmless, so it is not moved when a deadline goes away.
func (s *shard) arm() {
	if len(s.ending) == 0 {
		return
	}
	next := s.ending[0].deadline
	if s.armed != 0 && s.armed <= next {
		return
	}
	wait := time.Duration(next - s.memory.now())
	if s.timer == nil {
		s.timer = time.AfterFunc(wait, s.expire)
	} else {
		s.timer.Reset(wait)
	}
	s.armed = next
}

// expire removes what has expired, and arms the timer for what comes next.
func (s *shard) expire() {
	for s.expireSome() {
	}
}

// expireSome removes a batch and reports whether there may be more.
func (s *shard) expireSome() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.memory.now()
	if s.armed <= now {
		s.armed = 0
	}
	for range expireBatch {
		if len(s.ending) == 0 || !s.ending[0].expired(now) {
			s.arm()
			return false
		}
		s.remove(s.ending[0])
	}
	return true
}

func (s *shard) shrink() {
	if s.peak < shrinkFrom || len(s.entries)*4 > s.peak {
		return
	}
	fresh := make(map[string]*entry, len(s.entries))
	maps.Copy(fresh, s.entries)
	s.entries, s.peak = fresh, len(fresh)
	s.ending = append(make(deadlines, 0, len(s.ending)), s.ending...)
}

func (s *shard) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		s.memory.budget.release(e.key, e.cost())
	}
	s.entries, s.ending = nil, nil
	if s.timer != nil {
		s.timer.Stop()
	}
}

// deadlines is a heap of entries, the one that ends first on top.
type deadlines []*entry

func (d deadlines) Len() int           { return len(d) }
func (d deadlines) Less(i, j int) bool { return d[i].deadline < d[j].deadline }

func (d deadlines) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].index, d[j].index = i, j
}

// Push implements [heap.Interface].
func (d *deadlines) Push(x any) {
	e := x.(*entry) //nolint:errcheck,forcetypeassert // only entries are pushed
	e.index = len(*d)
	*d = append(*d, e)
}

// Pop implements [heap.Interface].
func (d *deadlines) Pop() any {
	old := *d
	last := len(old) - 1
	e := old[last]
	old[last] = nil
	*d = old[:last]
	return e
}
