// Package prefetch serves busy rate limits from memory. Its [Driver] takes tokens
// in advance from the driver of a shared store, and gives them out without a round
// trip. It is for keys that take more calls than the store can.
package prefetch

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/refill"
	"github.com/cpodkit/cpodkit/ratelimit"
)

const (
	// DefaultMaxSlice is the largest share of a limit that one slice may be, unless
	// [WithMaxSlice] says otherwise: a twentieth.
	DefaultMaxSlice = 0.05

	// DefaultHold is how long a slice is served from, unless [WithHold] says
	// otherwise.
	DefaultHold = 100 * time.Millisecond

	// DefaultMaxKeys is how many keys are watched, unless [WithMaxKeys] says
	// otherwise.
	DefaultMaxKeys = 4096

	shards = 64
)

// Driver is a [ratelimit.Driver] in front of another one, its store. It takes a
// slice of a busy bucket at once, and serves calls from the slice without a round
// trip and without an allocation.
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
// S tokens, in any span of time all of them together allow at most what the store
// alone would, Tokens and what flows in, and R·S more: what they held at its
// start. S is at most the share of Tokens, so 5 % for each replica by default.
//
// A call may be refused while others hold what it needs. That is R·S at most too.
// A replica uses what it holds, or gives it back, within [WithHold] while its key
// stays busy. When calls on the key stop, or the replica ends, what it holds is
// lost, and flows in again as all tokens do. A refusal of a busy key is remembered
// until its RetryAfter, and for the hold at most.
//
// Served from a slice, Remaining is what the bucket had when the slice was taken
// and what is left of the slice; Reset is when the bucket would be full if all of
// the slice were used. Both are up to the hold old, and what other replicas took
// meanwhile is missing in them. A peek asks the store, and adds the slice.
//
// Several buckets of one call are served from slices where there are some, and
// the others together by the store; when one refuses, the slices get back what
// they gave. Reset also drops the slice of this replica; others keep theirs, and
// remember refusals, for the hold at most.
//
// While the store is down, slices are served to their end. Then its errors are
// returned. A Driver is safe for concurrent use and has no goroutine.
type Driver struct {
	store    ratelimit.Driver
	returner ratelimit.Returner // nil when the store takes nothing back
	start    time.Time
	seed     maphash.Seed

	maxSlice float64
	hold     time.Duration
	maxKeys  int
	shards   [shards]shard
}

var (
	_ ratelimit.Driver  = (*Driver)(nil)
	_ ratelimit.Bounded = (*Driver)(nil)
	_ cpodkit.Pinger    = (*Driver)(nil)
)

// Option configures [New].
type Option func(*Driver)

// WithMaxSlice sets the largest share of a limit's Tokens that one slice may be:
// above 0 and at most 1, [DefaultMaxSlice] by default.
func WithMaxSlice(share float64) Option { return func(d *Driver) { d.maxSlice = share } }

// WithHold sets how long a slice is served from: above 0, [DefaultHold] by
// default.
func WithHold(hold time.Duration) Option { return func(d *Driver) { d.hold = hold } }

// WithMaxKeys sets how many keys are watched: at least 64, [DefaultMaxKeys] by
// default. Beyond that, calls on further keys pass through until watched ones have
// been idle; a tenant (see [ratelimit.TenantOf]) with less than an eighth of the keys
// takes the places of one with more. A watched key takes about 300 bytes and its own
// length.
func WithMaxKeys(n int) Option { return func(d *Driver) { d.maxKeys = n } }

// New returns a driver in front of store, which it owns: [Driver.Close] closes it.
// It is an error when store is nil or an option is out of its bounds.
func New(store ratelimit.Driver, opts ...Option) (*Driver, error) {
	d := &Driver{
		store: store, start: time.Now(), seed: maphash.MakeSeed(),
		maxSlice: DefaultMaxSlice, hold: DefaultHold, maxKeys: DefaultMaxKeys,
	}
	for _, opt := range opts {
		opt(d)
	}
	switch {
	case store == nil:
		return nil, errors.New("prefetch: the store is nil")
	case !(d.maxSlice > 0 && d.maxSlice <= 1):
		return nil, fmt.Errorf("prefetch: the largest slice is %v of a limit; it must be above 0 and at most 1", d.maxSlice)
	case d.hold <= 0:
		return nil, fmt.Errorf("prefetch: a slice is held for %s; it must be above 0", d.hold)
	case d.maxKeys < shards:
		return nil, fmt.Errorf("prefetch: %d keys are watched; it must be at least %d", d.maxKeys, shards)
	}
	d.returner, _ = store.(ratelimit.Returner)
	for i := range d.shards {
		d.shards[i].entries, d.shards[i].held = map[string]*entry{}, map[string]int{}
	}
	return d, nil
}

// MaxBuckets implements [ratelimit.Bounded]: what the store takes.
func (d *Driver) MaxBuckets() int {
	if b, ok := d.store.(ratelimit.Bounded); ok {
		return b.MaxBuckets()
	}
	return ratelimit.MaxBuckets
}

// Take implements [ratelimit.Driver].
func (d *Driver) Take(ctx context.Context, buckets []ratelimit.Bucket, cost int64) error {
	switch {
	case cost == 0:
		return d.peek(ctx, buckets)
	case len(buckets) > 1:
		return d.takeAll(ctx, buckets, cost)
	}
	b := &buckets[0]
	verdict, err := d.draw(ctx, b, cost)
	if verdict != passes || err != nil {
		return err
	}
	if err := d.store.Take(ctx, buckets, cost); err != nil {
		return err
	}
	d.remember(b, cost)
	return nil
}

func (d *Driver) peek(ctx context.Context, buckets []ratelimit.Bucket) error {
	if err := d.store.Take(ctx, buckets, 0); err != nil {
		return err
	}
	for i := range buckets {
		b := &buckets[i]
		if held := d.held(b); held > 0 {
			b.Remaining = min(b.Remaining+held, b.Limit.Tokens)
			b.Allowed, b.RetryAfter = true, 0
		}
	}
	return nil
}

// takeAll draws from slices first, since those can be filled again.
func (d *Driver) takeAll(ctx context.Context, buckets []ratelimit.Bucket, cost int64) error {
	var verdicts [ratelimit.MaxBuckets]verdict
	var err error
	refuses, passing := false, 0
	for i := range buckets {
		if verdicts[i], err = d.draw(ctx, &buckets[i], cost); err != nil {
			d.putBack(buckets[:i], verdicts[:i], cost)
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
		all, err := d.pass(ctx, buckets, verdicts[:len(buckets)], ask)
		if err != nil {
			d.putBack(buckets, verdicts[:len(buckets)], cost)
			return err
		}
		refuses = refuses || !all
		for i := range buckets {
			if ask == 0 && verdicts[i] == passes {
				about(&buckets[i], cost)
			}
		}
	}
	if refuses {
		d.putBack(buckets, verdicts[:len(buckets)], cost)
	}
	return nil
}

// pass takes from the buckets that pass through, and reports whether all allow it.
func (d *Driver) pass(ctx context.Context, buckets []ratelimit.Bucket, verdicts []verdict, cost int64) (all bool, err error) {
	passing := make([]ratelimit.Bucket, 0, len(buckets))
	for i, b := range buckets {
		if verdicts[i] == passes {
			passing = append(passing, b)
		}
	}
	if err := d.store.Take(ctx, passing, cost); err != nil {
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
			d.remember(&buckets[i], cost)
		}
	}
	return all, nil
}

// about makes the answer to a peek one about cost.
func about(b *ratelimit.Bucket, cost int64) {
	if b.Allowed, b.RetryAfter = b.Remaining >= cost, 0; !b.Allowed {
		b.RetryAfter = until(b, cost)
	}
}

// until is how long it takes until an evenly filling bucket has cost tokens: it is
// full when the rest has come in, too.
func until(b *ratelimit.Bucket, cost int64) time.Duration {
	r := refill.Rate{Tokens: b.Limit.Tokens, Window: int64(b.Limit.Window)}
	return max(b.Reset-time.Duration(r.Wait(b.Limit.Tokens-cost).Units), 1)
}

// Reset implements [ratelimit.Driver].
func (d *Driver) Reset(ctx context.Context, key string) error {
	d.drop(key)
	if err := d.store.Reset(ctx, key); err != nil {
		return err
	}
	// Another call may have taken a slice of the bucket that was.
	d.drop(key)
	return nil
}

// Ping implements [cpodkit.Pinger] for a driver that does.
func (d *Driver) Ping(ctx context.Context) error {
	if p, ok := d.store.(cpodkit.Pinger); ok {
		return p.Ping(ctx)
	}
	return nil
}

// Close implements [ratelimit.Driver]. What slices hold is lost.
func (d *Driver) Close() error { return d.store.Close() }
