package shares

import (
	"iter"
	"strings"
)

// Cache is a map of at most so many entries, each of one tenant. It is not safe for
// concurrent use. An entry takes one place, or as many as [Cache.Weigh] says.
//
// An entry that is put into a full cache takes the place of another one. A tenant that
// holds 1/[Fraction] of the places or more loses an entry of its own. Other tenants take
// the place of the tenant that holds most, among some entries that are looked at.
type Cache[K comparable, V any] struct {
	size    int
	entries map[K]cached[V]
	held    map[string]int // places of each tenant
	used    int            // the sum of them
}

type cached[V any] struct {
	value  V
	tenant string
	places int
}

// looks is how many entries of a full cache are looked at for one to drop.
const looks = 16

// NewCache returns an empty cache of size places, at least 1.
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

// Held returns how many places the tenant holds.
func (c *Cache[K, V]) Held(tenant string) int { return c.held[tenant] }

// Put stores an entry of a tenant. A key that is there keeps its tenant. It returns the
// entry that was dropped for it.
func (c *Cache[K, V]) Put(tenant string, key K, value V) (dropped V, wasFull bool) {
	if e, there := c.entries[key]; there {
		e.value = value
		c.entries[key] = e
		return dropped, false
	}
	if wasFull = c.used >= c.size; wasFull {
		dropped = c.drop(c.victim(tenant))
	}
	if _, known := c.held[tenant]; !known {
		tenant = strings.Clone(tenant) // it may be a part of a longer text
	}
	c.held[tenant]++
	c.used++
	c.entries[key] = cached[V]{value, tenant, 1}
	return dropped, wasFull
}

// Set stores an entry of a tenant that takes so many places, instead of one that the key
// may have. It drops other entries until they fit, as Put does; an entry that is larger
// than the cache is not stored.
func (c *Cache[K, V]) Set(tenant string, key K, value V, places int) {
	c.Delete(key)
	if places > c.size {
		return
	}
	for c.used+places > c.size {
		c.drop(c.victim(tenant))
	}
	held, known := c.held[tenant]
	if !known {
		tenant = strings.Clone(tenant) // it may be a part of a longer text
	}
	c.held[tenant] = held + places
	c.used += places
	c.entries[key] = cached[V]{value, tenant, places}
}

// Weigh sets how many places the entry of a key takes, if it is there, and drops entries
// until they fit: as Put does, and also this one.
func (c *Cache[K, V]) Weigh(key K, places int) {
	e, there := c.entries[key]
	if !there {
		return
	}
	c.held[e.tenant] += places - e.places
	c.used += places - e.places
	e.places = places
	c.entries[key] = e
	for c.used > c.size {
		c.drop(c.victim(e.tenant))
	}
}

// Delete removes the entry of a key, if it is there.
func (c *Cache[K, V]) Delete(key K) {
	if _, there := c.entries[key]; there {
		c.drop(key)
	}
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
	c.used -= e.places
	if c.held[e.tenant] -= e.places; c.held[e.tenant] == 0 {
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
	c.used = 0
}
