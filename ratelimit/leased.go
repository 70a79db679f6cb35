package ratelimit

import (
	"context"
	"hash/maphash"
	"time"

	"github.com/cpodkit/cpodkit"
)

const (
	// DefaultMaxSlice is how much of a limit one slice may be, unless
	// [WithMaxSlice] says otherwise: a twentieth.
	DefaultMaxSlice = 0.05

	// DefaultHold is how long a slice may be served from, unless [WithHold] says
	// otherwise.
	DefaultHold = 100 * time.Millisecond

	// DefaultMaxLeases is how many keys are watched, unless [WithMaxLeases] says
	// otherwise.
	DefaultMaxLeases = 4096

	leaseShards = 64
)

// Returner is a [Driver] that takes tokens back.
type Returner interface {
	// Return gives cost tokens of limit back to the bucket of key, which a Take
	// took and nobody has used. No bucket gets fuller than full.
	Return(ctx context.Context, key string, limit Limit, cost int64) error
}

// Leased is a [Driver] that takes a small slice of a busy bucket from another
// driver at once and serves calls from it, without a round trip and without
// an allocation. It is for keys that take more calls than the store behind can.
//
// A key is busy when it takes 8 calls within the time that a slice is held. Its
// slices then double while they are used up early, and shrink to what was used
// when they are not. A slice is never more than a share of the limit
// ([WithMaxSlice]), nor than half of what the bucket had left. All other calls
// pass through. So do those on limits too small for a slice, and costs above one.
//
// # What is exact, and what is not
//
// Tokens of a slice are paid before they are given. With R replicas and slices of
// S tokens, in any span of time all of them together allow at most what the
// driver alone would, Tokens and what flows in, and R·S more: what they held at
// its start. S is at most the share of Tokens, so 5 % for each replica by default.
//
// A call may be refused while others hold what it needs. That is R·S at most too.
// What a replica holds it uses or gives back within [WithHold] while its key
// stays busy. When calls on the key stop it is lost, as is what a replica holds
// that ends: it flows in again as all tokens do. A refusal of a busy key
// is remembered until its RetryAfter, and for the hold at most.
//
// Served from a slice, Remaining is what the bucket had when the slice was taken
// and what is left of the slice; Reset is when the bucket would be full if all of
// the slice were used. Both are up to the hold old, and what other replicas took
// meanwhile is missing in them. A peek asks the driver, and adds the slice.
//
// Several buckets of one call are served from slices where there are some, and
// the others together by the driver; when one refuses, the slices get back what
// they gave. Reset also drops the slice of this replica; others keep theirs, and
// remember refusals, for the hold at most.
//
// While the driver is down, slices are served to their end; then its errors are
// passed on. It is safe for concurrent use and has no goroutine.
type Leased struct {
	driver   Driver
	returner Returner // nil when the driver takes nothing back
	start    time.Time
	seed     maphash.Seed

	maxSlice  float64
	hold      time.Duration
	maxLeases int
	shards    [leaseShards]leaseShard
}

var (
	_ Driver         = (*Leased)(nil)
	_ cpodkit.Pinger = (*Leased)(nil)
)

// LeaseOption configures [NewLeased].
type LeaseOption func(*Leased)

// WithMaxSlice sets how much of a limit's Tokens one slice may be, above 0 and at
// most 1, [DefaultMaxSlice] by default. Anything else leaves it.
func WithMaxSlice(share float64) LeaseOption {
	return func(l *Leased) {
		if share > 0 && share <= 1 {
			l.maxSlice = share
		}
	}
}

// WithHold sets how long a slice may be served from, [DefaultHold] by default.
// 0 or less leaves it.
func WithHold(hold time.Duration) LeaseOption {
	return func(l *Leased) {
		if hold > 0 {
			l.hold = hold
		}
	}
}

// WithMaxLeases sets how many keys are watched, at least 64,
// [DefaultMaxLeases] by default. Beyond that, calls on further keys pass through
// until watched ones have been idle. A watched key takes about 300 bytes and its
// own length.
func WithMaxLeases(n int) LeaseOption {
	return func(l *Leased) { l.maxLeases = max(n, leaseShards) }
}

// NewLeased returns a driver in front of driver, which it owns: [Leased.Close]
// closes it.
func NewLeased(driver Driver, opts ...LeaseOption) *Leased {
	l := &Leased{
		driver: driver, start: time.Now(), seed: maphash.MakeSeed(),
		maxSlice: DefaultMaxSlice, hold: DefaultHold, maxLeases: DefaultMaxLeases,
	}
	l.returner, _ = driver.(Returner)
	for _, opt := range opts {
		opt(l)
	}
	for i := range l.shards {
		l.shards[i].leases = make(map[string]*lease)
	}
	return l
}

// Take implements [Driver].
func (l *Leased) Take(ctx context.Context, buckets []Bucket, cost int64) error {
	switch {
	case cost == 0:
		return l.peek(ctx, buckets)
	case len(buckets) > 1:
		return l.takeAll(ctx, buckets, cost)
	}
	b := &buckets[0]
	verdict, err := l.draw(ctx, b, cost)
	if verdict != passes || err != nil {
		return err
	}
	if err := l.driver.Take(ctx, buckets, cost); err != nil {
		return err
	}
	l.remember(b, cost)
	return nil
}

func (l *Leased) peek(ctx context.Context, buckets []Bucket) error {
	if err := l.driver.Take(ctx, buckets, 0); err != nil {
		return err
	}
	for i := range buckets {
		b := &buckets[i]
		if held := l.held(b); held > 0 {
			b.Remaining = min(b.Remaining+held, b.Limit.Tokens)
			b.Allowed, b.RetryAfter = true, 0
		}
	}
	return nil
}

// takeAll draws from slices first, since those can be filled again.
func (l *Leased) takeAll(ctx context.Context, buckets []Bucket, cost int64) error {
	var verdicts [MaxBuckets]verdict
	var err error
	refuses, passing := false, 0
	for i := range buckets {
		if verdicts[i], err = l.draw(ctx, &buckets[i], cost); err != nil {
			l.putBack(buckets[:i], verdicts[:i], cost)
			return err
		}
		refuses = refuses || verdicts[i] == refused
		if verdicts[i] == passes {
			passing++
		}
	}
	if passing > 0 {
		// After a refusal the others are only asked what they have, and about one
		// token by that.
		ask := cost
		if refuses {
			ask = 0
		}
		all, err := l.pass(ctx, buckets, verdicts[:len(buckets)], ask)
		if err != nil {
			l.putBack(buckets, verdicts[:len(buckets)], cost)
			return err
		}
		refuses = refuses || !all
		for i := range buckets {
			if ask == 0 && verdicts[i] == passes {
				buckets[i].about(cost)
			}
		}
	}
	if refuses {
		l.putBack(buckets, verdicts[:len(buckets)], cost)
	}
	return nil
}

// pass takes from the buckets that pass through, and reports whether all allow it.
func (l *Leased) pass(ctx context.Context, buckets []Bucket, verdicts []verdict, cost int64) (all bool, err error) {
	passing := make([]Bucket, 0, len(buckets))
	for i, b := range buckets {
		if verdicts[i] == passes {
			passing = append(passing, b)
		}
	}
	if err := l.driver.Take(ctx, passing, cost); err != nil {
		return false, err
	}
	all = true
	for i := range buckets {
		if verdicts[i] != passes {
			continue
		}
		buckets[i].State = passing[0].State
		passing = passing[1:]
		all = all && buckets[i].Allowed
		if cost > 0 {
			l.remember(&buckets[i], cost)
		}
	}
	return all, nil
}

// about makes the answer to a peek one about cost.
func (b *Bucket) about(cost int64) {
	if b.Allowed, b.RetryAfter = b.Remaining >= cost, 0; b.Allowed {
		return
	}
	b.RetryAfter = b.until(cost)
}

// until is how long it takes until an evenly filling bucket has cost tokens: it is
// full when the rest has come in, too.
func (b *Bucket) until(cost int64) time.Duration {
	rest := rateOf(b.Limit).Wait(b.Limit.Tokens - cost)
	return max(b.Reset-time.Duration(rest.Units), 1)
}

// Reset implements [Driver].
func (l *Leased) Reset(ctx context.Context, key string) error {
	l.drop(key)
	if err := l.driver.Reset(ctx, key); err != nil {
		return err
	}
	// Another call may have taken a slice of the bucket that was.
	l.drop(key)
	return nil
}

// Ping implements [cpodkit.Pinger] for a driver that does.
func (l *Leased) Ping(ctx context.Context) error {
	if p, ok := l.driver.(cpodkit.Pinger); ok {
		return p.Ping(ctx)
	}
	return nil
}

// Close implements [Driver]. What slices hold is lost.
func (l *Leased) Close() error { return l.driver.Close() }
