// Package follow keeps what a replica holds of stored records current while other
// replicas change them.
//
// A replica that changes a record announces it, and the others read the record
// again. Notices may get lost, and there may be none at all: then the replicas read
// the record in intervals.
package follow

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cpodkit/cpodkit/internal/health"
)

const (
	// Refreshes that fail are repeated after firstPause, then after pauses that
	// double up to the interval.
	firstPause = 100 * time.Millisecond

	defaultInterval     = 2 * time.Second
	defaultLiveInterval = time.Minute
)

// Notices carry announcements to all replicas that follow. A *cluster.Topic does
// so. Several followers do not share one.
type Notices interface {
	// Publish sends a message to everyone who follows, or fails.
	Publish(ctx context.Context, message []byte) error

	// Follow calls receive with each message until ctx ends. It calls missed when
	// messages may have been lost, and when it can receive the first one.
	Follow(ctx context.Context, receive func(message []byte), missed func()) error

	// Live reports whether each message that was published up to a second ago has
	// been received, or is reported by missed. It is false without a Follow.
	Live() bool
}

// Follower calls a function that reads stored records, whenever these may have
// changed. It is safe for concurrent use, except that Run runs once at a time.
type Follower struct {
	options
	refresh func(context.Context) error

	id    string // of this follower, in its messages
	state *health.State
	told  *health.State
	good  atomic.Pointer[time.Time] // when the last refresh that succeeded began

	woken  chan struct{} // Run has something to do
	asked  atomic.Uint64 // counts the requests to refresh
	untold atomic.Bool   // a change that is not published yet

	turn    chan struct{} // is held during a refresh, and guards the rest
	running bool
	served  uint64 // the requests that a refresh has served
}

// Option configures [New].
type Option func(*options)

type options struct {
	notices      Notices
	interval     time.Duration
	liveInterval time.Duration
	next         func(time.Time) time.Time
	log          *slog.Logger
	subject      string
}

// WithNotices sets how replicas tell each other of changes. Without it they poll.
func WithNotices(n Notices) Option { return func(o *options) { o.notices = n } }

// WithInterval sets the time between two refreshes while there are no notices, or
// they are not live: more than 0, and 2 s without it. A longer one is for records
// that may be old for so long.
func WithInterval(d time.Duration) Option { return func(o *options) { o.interval = d } }

// WithLiveInterval sets the time between two refreshes while notices are live, at
// least that of [WithInterval]. Without it that is 1 minute, or the other interval
// if that is longer.
func WithLiveInterval(d time.Duration) Option { return func(o *options) { o.liveInterval = d } }

// WithSchedule adds refreshes at the times of a schedule: next returns the first one
// after a given time, or the zero time for none. Run calls it after each refresh.
func WithSchedule(next func(after time.Time) time.Time) Option {
	return func(o *options) { o.next = next }
}

// WithLog sets where failures are logged, with lines that begin with subject: each
// distinct one once, and once when it is over. Without it nothing is logged.
func WithLog(log *slog.Logger, subject string) Option {
	return func(o *options) { o.log, o.subject = log, subject }
}

// New returns a Follower that calls refresh, one call after the other.
func New(refresh func(context.Context) error, opts ...Option) (*Follower, error) {
	f := &Follower{
		options: options{interval: defaultInterval},
		refresh: refresh,
		id:      rand.Text(),
		woken:   make(chan struct{}, 1),
		turn:    make(chan struct{}, 1),
	}
	for _, opt := range opts {
		opt(&f.options)
	}
	if f.liveInterval == 0 {
		f.liveInterval = max(defaultLiveInterval, f.interval)
	}
	if f.interval <= 0 || f.liveInterval < f.interval {
		return nil, fmt.Errorf("follow: the interval is %s, and %s with live notices; the first must be more than 0, and the second not shorter",
			f.interval, f.liveInterval)
	}
	f.state = health.New(f.log, f.subject)
	f.told = health.New(f.log, f.subject+", notices to other replicas")
	return f, nil
}

// Run calls refresh at once, with each notice, when notices may have been missed,
// and in intervals, until ctx ends. Notices that come during a refresh make one
// more together. A refresh that fails is repeated with pauses. When Run has
// returned, refresh is not running and is not called again.
func (f *Follower) Run(ctx context.Context) {
	f.setRunning(true)
	defer f.setRunning(false)
	var following sync.WaitGroup
	defer following.Wait()
	if f.notices != nil {
		following.Go(func() { f.receive(ctx) })
	}
	pause, ticket := time.Duration(0), f.asked.Add(1)
	for {
		began := time.Now()
		err := errors.Join(f.serve(ctx, ticket), f.publish(ctx))
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			pause = 0
		} else {
			pause = min(max(2*pause, firstPause), f.interval)
		}
		if ticket = f.await(ctx, began, pause); ticket == 0 {
			return
		}
	}
}

// Announce tells the other replicas that this one has changed the records, and
// refreshes at once, if Run runs. It returns what failed of the two. Run repeats
// it.
func (f *Follower) Announce(ctx context.Context) error {
	ticket := f.asked.Add(1)
	err := f.Notify(ctx)
	if refreshErr := f.serve(ctx, ticket); refreshErr != nil {
		f.wake()
		err = errors.Join(err, refreshErr)
	}
	return err
}

// Notify is an Announce without the refresh: for changes that refresh itself makes.
func (f *Follower) Notify(ctx context.Context) error {
	f.untold.Store(true)
	err := f.publish(ctx)
	if err != nil {
		f.wake()
	}
	return err
}

// Err returns the failure of the last refresh. It returns nil when that succeeded,
// and before the first one.
func (f *Follower) Err() error { return f.state.Err() }

// Current reports whether a refresh succeeded that began within that time. While
// notices are live, only those that come make a refresh before the interval of
// [WithLiveInterval] is over.
func (f *Follower) Current(within time.Duration) bool {
	began := f.good.Load()
	return began != nil && time.Since(*began) < within
}

func (f *Follower) setRunning(running bool) {
	f.turn <- struct{}{}
	f.running = running
	<-f.turn
}

func (f *Follower) wake() {
	select {
	case f.woken <- struct{}{}:
	default: // it is awake already
	}
}

// receive wakes Run when others have changed the records.
func (f *Follower) receive(ctx context.Context) {
	changed := func() {
		f.asked.Add(1)
		f.wake()
	}
	received := func(message []byte) {
		if string(message) != f.id {
			changed()
		}
	}
	if err := f.notices.Follow(ctx, received, changed); err != nil && ctx.Err() == nil {
		f.told.Set(ctx, fmt.Errorf("they are received no more: %w", err))
	}
}

// publish tells the other replicas of a change that they have not been told of.
func (f *Follower) publish(ctx context.Context) error {
	if f.notices == nil || !f.untold.Swap(false) {
		return nil
	}
	err := f.notices.Publish(ctx, []byte(f.id))
	if err != nil {
		f.untold.Store(true)
	}
	if ctx.Err() == nil {
		f.told.Set(ctx, err)
	}
	return err
}

// serve refreshes, unless a refresh that began after the request has succeeded.
func (f *Follower) serve(ctx context.Context, request uint64) error {
	select {
	case f.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-f.turn }()
	if !f.running || f.served >= request {
		return nil
	}
	served, began := f.asked.Load(), time.Now()
	err := f.refresh(ctx)
	if err == nil {
		f.served = served
		f.good.Store(&began)
	}
	if err == nil || ctx.Err() == nil {
		f.state.Set(ctx, err)
	}
	return err
}

// await waits until a refresh is due: that of a request, or another one. It returns
// the number of the request, or 0 when ctx has ended. The last refresh began at that
// time; pause is not 0 when it failed.
func (f *Follower) await(ctx context.Context, began time.Time, pause time.Duration) (request uint64) {
	var scheduled time.Time
	if f.next != nil {
		scheduled = f.next(began)
	}
	for {
		every, live := f.interval, f.notices != nil && f.notices.Live()
		switch {
		case pause > 0:
			every = pause
		case live:
			every = f.liveInterval
		}
		due := began.Add(every)
		if !scheduled.IsZero() && scheduled.Before(due) {
			due = scheduled
		}
		wait := time.Until(due)
		if wait <= 0 {
			return f.asked.Add(1)
		}
		if live {
			// Notices that cease to be live do so silently.
			wait = min(wait, f.interval/2)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-f.woken:
			timer.Stop()
			return f.asked.Load()
		case <-ctx.Done():
			timer.Stop()
			return 0
		}
	}
}
