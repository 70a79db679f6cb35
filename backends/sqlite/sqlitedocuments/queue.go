package sqlitedocuments

import (
	"slices"
	"sync"

	"github.com/cpodkit/cpodkit/backends/internal/queryslots"
	"github.com/cpodkit/cpodkit/storage"
)

const (
	// maxGroup bounds the ops of one transaction, and so how long the first caller
	// waits for the others and how far the WAL grows before it can be emptied.
	maxGroup = 1000

	// maxShare bounds the ops of one tenant in a transaction while others write, too. A
	// longer call goes into several transactions: its ops together are not atomic.
	maxShare = 16
)

// queue holds the requests that wait for the writer. Tenants take turns, and the requests
// of one tenant keep their order.
type queue struct {
	activity *queryslots.Activity
	ready    chan struct{} // has an element while a request may wait

	mu      sync.Mutex
	tenants map[string]*line
	turns   []*line
	group   uint64
}

// line holds the requests of one tenant that wait, at least one.
type line struct {
	tenant   string
	requests []*request
	group    uint64 // the group that taken is about
	taken    int    // ops that went into it
}

// part is what one transaction carries out of a request.
type part struct {
	*request
	from, to int // of its ops
}

func newQueue(activity *queryslots.Activity) *queue {
	return &queue{activity: activity, ready: make(chan struct{}, 1), tenants: map[string]*line{}}
}

func (q *queue) put(r *request) {
	tenant := storage.TenantOf(r.in.Space)
	q.activity.Seen(tenant)
	q.mu.Lock()
	l := q.tenants[tenant]
	if l == nil {
		l = &line{tenant: tenant}
		q.tenants[tenant] = l
		q.turns = append(q.turns, l)
	}
	l.requests = append(l.requests, r)
	q.mu.Unlock()
	q.wake()
}

func (q *queue) wake() {
	select {
	case q.ready <- struct{}{}:
	default: // the writer knows
	}
}

// remove takes back a request that the writer has not begun with.
func (q *queue) remove(r *request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := q.tenants[storage.TenantOf(r.in.Space)]
	if l == nil {
		return
	}
	if i := slices.Index(l.requests, r); i >= 0 {
		l.requests = slices.Delete(l.requests, i, i+1)
		q.forget(l)
	}
}

// forget drops a line in which nobody waits.
func (q *queue) forget(l *line) {
	if len(l.requests) > 0 {
		return
	}
	delete(q.tenants, l.tenant)
	if i := slices.Index(q.turns, l); i >= 0 {
		q.turns = slices.Delete(q.turns, i, i+1)
	}
}

// newGroup makes take begin a new group.
func (q *queue) newGroup() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.group++
}

// take returns the parts of waiting requests that go into the group, from each tenant in
// turn, up to its share. Once they have most ops, it takes no more.
func (q *queue) take(most int) (parts []part, ops int) {
	share := maxGroup
	if q.activity.Contended() {
		share = maxShare
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for range len(q.turns) {
		if ops >= most {
			break
		}
		l := q.turns[0]
		q.turns = q.turns[1:]
		if l.group != q.group {
			l.group, l.taken = q.group, 0
		}
		for len(l.requests) > 0 && l.taken < share && ops < most {
			r := l.requests[0]
			p := part{r, r.next, min(len(r.ops), r.next+share-l.taken)}
			if r.next = p.to; r.next == len(r.ops) {
				l.requests = slices.Delete(l.requests, 0, 1)
			}
			parts, ops, l.taken = append(parts, p), ops+p.to-p.from, l.taken+p.to-p.from
		}
		if len(l.requests) > 0 {
			q.turns = append(q.turns, l)
		} else {
			delete(q.tenants, l.tenant)
		}
	}
	if len(q.turns) > 0 {
		q.wake()
	}
	return parts, ops
}

// begun takes what is left of the requests that the writer has begun with: at most the
// first one of each line.
func (q *queue) begun() (parts []part) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, l := range slices.Clone(q.turns) {
		if r := l.requests[0]; r.next > 0 {
			parts = append(parts, part{r, r.next, len(r.ops)})
			r.next = len(r.ops)
			l.requests = slices.Delete(l.requests, 0, 1)
			q.forget(l)
		}
	}
	return parts
}
