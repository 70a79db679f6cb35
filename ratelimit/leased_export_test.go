package ratelimit

// Watched is how many keys l watches.
func (l *Leased) Watched() int {
	n := 0
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		n += len(s.leases)
		s.mu.Unlock()
	}
	return n
}
