// Package keylock locks names, one by one.
package keylock

import (
	"context"
	"slices"
	"sync"
)

// Locks holds the names that are locked. The zero value holds none. It is safe for
// concurrent use, and takes memory only for names that are locked or waited for.
type Locks struct {
	mu    sync.Mutex
	names map[string]*name
}

// name is a lock: whoever has put the token in holds it.
type name struct {
	token chan struct{}
	users int // that hold it or wait
}

// Lock waits until it holds all names, and returns the function that unlocks them. A name
// that is given twice is locked once. Callers that lock several names never deadlock.
// When ctx ends first, Lock returns the error of ctx and holds none.
func (l *Locks) Lock(ctx context.Context, names ...string) (unlock func(), err error) {
	if len(names) > 1 { // in the same order everywhere
		names = slices.Compact(slices.Sorted(slices.Values(names)))
	}
	for i, n := range names {
		if err := l.lock(ctx, n); err != nil {
			l.unlock(names[:i])
			return nil, err
		}
	}
	return func() { l.unlock(names) }, nil
}

func (l *Locks) lock(ctx context.Context, key string) error {
	l.mu.Lock()
	n := l.names[key]
	if n == nil {
		if l.names == nil {
			l.names = map[string]*name{}
		}
		n = &name{token: make(chan struct{}, 1)}
		l.names[key] = n
	}
	n.users++
	l.mu.Unlock()
	select {
	case n.token <- struct{}{}:
		return nil
	case <-ctx.Done():
		l.leave(key)
		return ctx.Err()
	}
}

func (l *Locks) unlock(names []string) {
	for _, key := range names {
		l.mu.Lock()
		n := l.names[key]
		l.mu.Unlock()
		<-n.token
		l.leave(key)
	}
}

func (l *Locks) leave(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.names[key]
	if n.users--; n.users == 0 {
		delete(l.names, key)
	}
}
