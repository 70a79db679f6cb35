package cluster

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit"
)

// The bounds of a lease's time to live.
const (
	MinTTL = 100 * time.Millisecond
	MaxTTL = 24 * time.Hour
)

// Lease is the right to be the only one, for a time. Clocks and networks can
// break that right without a word to its holder, so whatever must never be done
// by two takes [Lease.Token] along, and whoever stores the outcome refuses a
// token that is smaller than one it has seen. It is safe for concurrent use.
type Lease struct {
	cluster      *Cluster
	name, holder string
	ttl          time.Duration
	token        int64

	mu    sync.Mutex
	timer *time.Timer
	ended bool
	done  chan struct{}
}

// Lease takes the lease of that name (see [MaxName]) for ttl, from [MinTTL] to
// [MaxTTL]. While another has it, here or in another replica, it fails with
// CodeConflict at once. The holder keeps it by [Lease.Renew], every third of ttl or
// so, and gives it back by [Lease.Release]. When the answer is lost the lease may
// be taken and nobody's until ttl is over.
func (c *Cluster) Lease(ctx context.Context, name string, ttl time.Duration) (*Lease, error) {
	if err := checkName("lease", name); err != nil {
		return nil, err
	}
	if ttl < MinTTL || ttl > MaxTTL {
		return nil, cpodkit.Errorf(cpodkit.CodeBadRequest, "The time to live of a lease is %v to %v.", MinTTL, MaxTTL)
	}
	l := &Lease{cluster: c, name: name, holder: rand.Text(), ttl: ttl, done: make(chan struct{})}
	asked := time.Now()
	ctx, call := c.acquire.Start(ctx)
	token, err := c.driver.Acquire(ctx, name, l.holder, ttl)
	if err = call.End(ctx, err); err != nil {
		return nil, err
	}
	l.token = token
	l.mu.Lock()
	defer l.mu.Unlock()
	l.timer = time.AfterFunc(l.left(asked), l.end)
	return l, nil
}

// Token is the fencing token: it grows with every grant of the name. It is
// positive.
func (l *Lease) Token() int64 { return l.token }

// Done is closed when the lease has ended: released, lost to another, or not
// renewed. In the last case a tenth of the ttl before anyone else can get it,
// counted from when the last renewal was asked for, so that the holder has a
// moment to stop. It does not open again.
func (l *Lease) Done() <-chan struct{} { return l.done }

// Renew lets the lease end a ttl from now. CodeConflict: the lease has ended, and
// Done is closed. After any other error it may be tried again while Done is
// open.
func (l *Lease) Renew(ctx context.Context) error {
	l.mu.Lock()
	ended := l.ended
	l.mu.Unlock()
	if ended {
		return errLost
	}
	asked := time.Now()
	ctx, call := l.cluster.renew.Start(ctx)
	cause := l.cluster.driver.Renew(ctx, l.name, l.holder, l.ttl)
	err := call.End(ctx, cause)
	if errors.Is(cause, cpodkit.CodeConflict) {
		l.end()
		return errLost.WithCause(cause)
	}
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	// A Release, or the end of the time, may have come between.
	if l.ended || l.left(asked) <= 0 {
		l.endLocked()
		return errLost
	}
	l.timer.Reset(l.left(asked))
	return nil
}

// Release gives the lease back. Done is closed at once, whatever the outcome;
// after an error nobody else gets the lease before its time is over. Releasing it
// again, or after it has ended, does no harm.
func (l *Lease) Release(ctx context.Context) error {
	l.end()
	ctx, call := l.cluster.release.Start(ctx)
	return call.End(ctx, l.cluster.driver.Release(ctx, l.name, l.holder))
}

// left is how long the holder may count on what it asked for at that time.
func (l *Lease) left(asked time.Time) time.Duration {
	return l.ttl - l.ttl/10 - time.Since(asked)
}

func (l *Lease) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.endLocked()
}

func (l *Lease) endLocked() {
	if l.ended {
		return
	}
	l.ended = true
	l.timer.Stop()
	close(l.done)
}
