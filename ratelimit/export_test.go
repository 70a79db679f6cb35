package ratelimit

// Kept returns how many buckets m holds, and for how many there is room now.
func Kept(m *Memory) (keys, slots int) {
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		keys += s.keys
		slots += len(s.slots)
		s.mu.Unlock()
	}
	return keys, slots
}

// Held returns how many buckets m holds of the tenant of key.
func Held(m *Memory, key string) (keys int) {
	o := m.ownerOf(key)
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		for j := range s.slots {
			if s.slots[j].key != 0 && s.owners[j] == o {
				keys++
			}
		}
		s.mu.Unlock()
	}
	return keys
}
