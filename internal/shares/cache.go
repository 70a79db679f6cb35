package shares

import (
	"iter"
	"strings"
)

// Cache is a map of at most so many entries, each of one tenant. It is not safe for
// concurrent use.
//
// An entry that is put into a full cache takes the place of another one. A tenant that
// holds 1/[Fraction] of the places or more loses an entry of its own. Other tenants take
// the place of the tenant that holds most, among some entries that are looked at.
type Cache[K comparable, V any] struct {
	size    int
	entries map[K]cached[V]
	held    map[string]int // entries of each tenant
}

type cached[V any] struct {
	value  V
	tenant string
}

// looks is how many entries of a full cache are looked at for one to drop.
const looks = 16

// NewCache returns an empty cache of at most size entries, at least 1.
func NewCache[K comparable, V any](size int) *Cache[K, V] {
	return &Cache[K, V]{size: size, entries: map[K]cached[V]{}, held: map[string]int{}}
}

// Get returns the entry of a key.
func (c *Cache[K, V]) Get(key K) (V, bool) {
	e, ok := c.entries[key]
	return e.value, ok
}

// Len returns how many entries there are.
func (c *Cache[K, V]) Len() int { return len(c.entries) }

// Held returns how many entries the tenant holds.
func (c *Cache[K, V]) Held(tenant string) int { return c.held[tenant] }

// Put stores an entry of a tenant. A key that is there keeps its tenant. It returns the
// entry that was dropped for it.
func (c *Cache[K, V]) Put(tenant string, key K, value V) (dropped V, wasFull bool) {
	if e, there := c.entries[key]; there {
		e.value = value
		c.entries[key] = e
		return dropped, false
	}
	if wasFull = len(c.entries) >= c.size; wasFull {
		dropped = c.drop(c.victim(tenant))
	}
	if _, known := c.held[tenant]; !known {
		tenant = strings.Clone(tenant) // it may be a part of a longer text
	}
	c.held[tenant]++
	c.entries[key] = cached[V]{value, tenant}
	return dropped, wasFull
}

// victim returns the key of the entry to drop for a new one of the tenant. Iteration of
// a map begins at random.
func (c *Cache[K, V]) victim(tenant string) (victim K) {
	isOver := c.held[tenant] >= max(c.size/Fraction, 1)
	most, looked := 0, 0
	for key, e := range c.entries {
		if isOver {
			if e.tenant == tenant {
				return key
			}
			continue
		}
		if n := c.held[e.tenant]; n > most {
			victim, most = key, n
		}
		if looked++; looked == looks {
			break
		}
	}
	return victim
}

// drop removes the entry of a key that is there, and returns it.
func (c *Cache[K, V]) drop(key K) V {
	e := c.entries[key]
	delete(c.entries, key)
	if c.held[e.tenant]--; c.held[e.tenant] == 0 {
		delete(c.held, e.tenant)
	}
	return e.value
}

// All returns the entries, in any order.
func (c *Cache[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for key, e := range c.entries {
			if !yield(key, e.value) {
				return
			}
		}
	}
}

// Clear removes all entries.
func (c *Cache[K, V]) Clear() {
	clear(c.entries)
	clear(c.held)
}
