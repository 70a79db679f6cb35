package remotefile

import (
	"context"
	"sync"
)

// Paths are the names that are about to be stored. It is safe for concurrent use.
type Paths struct {
	mu    sync.Mutex
	nodes map[string]*node
	left  chan struct{} // closed when a name is left; nil while nobody waits
}

// node counts what is about to be stored under a name, and below it.
type node struct{ here, below int }

// Enter waits until nothing is about to be stored above or below name. The same
// name may be entered by several.
func (p *Paths) Enter(ctx context.Context, name string) error {
	for {
		wait := p.tryEnter(name)
		if wait == nil {
			return nil
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tryEnter returns what to wait for, or nil when name is entered.
func (p *Paths) tryEnter(name string) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	above := Ancestors(name)
	busy := p.nodes[name] != nil && p.nodes[name].below > 0
	for _, folder := range above {
		busy = busy || p.nodes[folder] != nil && p.nodes[folder].here > 0
	}
	if busy {
		if p.left == nil {
			p.left = make(chan struct{})
		}
		return p.left
	}
	if p.nodes == nil {
		p.nodes = map[string]*node{}
	}
	p.count(name, 1, 0)
	for _, folder := range above {
		p.count(folder, 0, 1)
	}
	return nil
}

// Leave undoes one Enter.
func (p *Paths) Leave(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count(name, -1, 0)
	for _, folder := range Ancestors(name) {
		p.count(folder, 0, -1)
	}
	if p.left != nil {
		close(p.left)
		p.left = nil
	}
}

func (p *Paths) count(name string, here, below int) {
	n := p.nodes[name]
	if n == nil {
		n = &node{}
		p.nodes[name] = n
	}
	n.here += here
	n.below += below
	if *n == (node{}) {
		delete(p.nodes, name)
	}
}

// Ancestors returns the folders that name lies in.
func Ancestors(name string) []string {
	var all []string
	for i := range len(name) {
		if name[i] == '/' {
			all = append(all, name[:i])
		}
	}
	return all
}
