package prefetch

import (
	"context"
	"errors"
	"time"

	"github.com/cpodkit/cpodkit/ratelimit"
)

// fetch is a round trip for a slice, by one call; others wait for it.
type fetch struct {
	cost  int64         // of that call
	kept  int64         // what the slice still held, for that call
	ask   int64         // how much to take
	back  int64         // what comes too late to be given
	asked time.Duration // a slice is as old as its question

	done    chan struct{} // closed once the rest stands
	refused bool          // with refusal, and so is each call that costs no less
	refusal ratelimit.State
	err     error
}

// errNoAnswer is for those who wait for a fetch that did not return.
var errNoAnswer = errors.New("prefetch: the driver panicked while it fetched a slice")

// prepare begins a fetch for a call. The next slice is larger when the last one
// was used up in its time, else what was used; when that is little, the key is
// not busy any more.
func (e *entry) prepare(now time.Duration, cost int64) *fetch {
	f := &fetch{cost: cost, asked: now, done: make(chan struct{})}
	switch {
	case e.fetched == 0:
	case now < e.until:
		e.slice = min(2*e.slice, e.maxSlice)
		f.kept = e.held
	case e.held > 0:
		f.back = e.held
		e.slice = e.fetched - e.held
		if e.slice < min(busyCalls, e.maxSlice) {
			e.slice, e.calls = 0, 0
		}
	}
	e.held = 0
	f.ask = max(min(e.slice, e.spare(now), e.maxSlice-f.kept), cost-f.kept)
	e.fetching = f
	return f
}

// spare is half of what the bucket should have by now: the rest is for others.
func (e *entry) spare(now time.Duration) int64 {
	if e.fetched == 0 {
		return e.maxSlice
	}
	flown := float64(now-e.asked) / float64(e.window) * float64(e.tokens)
	return (e.answer.Remaining + int64(min(flown, float64(e.tokens)))) / 2
}

// fetch makes the round trip and serves its call.
func (d *Driver) fetch(ctx context.Context, s *shard, e *entry, b *ratelimit.Bucket, f *fetch) (verdict, error) {
	returned := false
	defer func() {
		// A driver that panics must not leave the key waiting.
		if !returned {
			s.mu.Lock()
			e.held, f.err = f.kept, errNoAnswer
		}
		e.fetching = nil
		close(f.done)
		s.mu.Unlock()
	}()
	if f.back > 0 && d.returner != nil {
		// When this fails the tokens flow in again all the same.
		_ = d.returner.Return(ctx, b.Key, b.Limit, f.back)
	}
	state, err := d.takeSlice(ctx, b, f)

	s.mu.Lock()
	returned = true
	short := f.cost - f.kept
	switch {
	case err != nil:
		e.held = f.kept
		if ctx.Err() == nil { // else the others try themselves
			f.err = err
		}
		return passes, err
	case state.Allowed:
		e.answer, e.asked, e.until = state, f.asked, f.asked+d.hold
		e.fetched, e.held = f.kept+f.ask, f.kept+f.ask-f.cost
		b.State = e.state(d.now())
		if e.dropped {
			e.held = 0
		}
		return drawn, nil
	case state.Remaining >= short:
		// Others were faster, twice.
		e.held = f.kept
		return passes, nil
	}
	e.held = f.kept
	// What was asked for was more, and takes longer.
	more := float64(f.ask-short) * float64(e.window) / float64(e.tokens)
	state.RetryAfter = max(state.RetryAfter-time.Duration(more), 1)
	state.Remaining += f.kept
	f.refused, f.refusal = true, state
	e.answer, e.asked = state, f.asked
	e.refuse(state, f.cost, d.now(), d.hold)
	b.State = state
	return refused, nil
}

// takeSlice asks the driver, and again for less when there is less.
func (d *Driver) takeSlice(ctx context.Context, b *ratelimit.Bucket, f *fetch) (ratelimit.State, error) {
	trip := []ratelimit.Bucket{{Key: b.Key, Limit: b.Limit}}
	err := d.store.Take(ctx, trip, f.ask)
	short := f.cost - f.kept
	if left := trip[0].Remaining; err == nil && !trip[0].Allowed && left >= short && f.ask > short {
		f.ask = max(min(left/2, f.ask), short)
		f.asked = d.now()
		err = d.store.Take(ctx, trip, f.ask)
	}
	return trip[0].State, err
}
