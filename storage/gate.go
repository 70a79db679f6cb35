package storage

// Gate is what a store asks before a write: it keeps the writes of a tenant out while
// the tenant is deleted. Both methods are safe for concurrent use and return at once.
type Gate interface {
	// Enter begins a write of the tenant with that encoded id, or returns the error of
	// the write: a [cpodkit.Error].
	Enter(tenant string) error

	// Leave ends a write that Enter let in.
	Leave(tenant string)
}

// Enter is for stores: it begins a write at a path, unless the gate refuses it. Whoever
// is let in calls leave at the end. A nil gate lets everybody in.
func Enter(g Gate, path string) (leave func(), err error) {
	if g == nil {
		return func() {}, nil
	}
	tenant := TenantOf(path)
	if err := g.Enter(tenant); err != nil {
		return nil, err
	}
	return func() { g.Leave(tenant) }, nil
}
