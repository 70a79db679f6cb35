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
