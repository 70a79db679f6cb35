package keyring

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"
)

// Rotator replaces the signing keys of a stored ring, one after the other and
// with overlap: a new key is published for a while before it signs, and the old
// one verifies until the last token that it signed has expired. Any number of
// replicas may rotate one ring. It is safe for concurrent use.
type Rotator struct {
	unprintable
	store  Store
	master Master

	maxAge    time.Duration
	overlap   time.Duration
	retention time.Duration
	interval  time.Duration
	log       *slog.Logger

	looked atomic.Pointer[time.Time] // when Follow last began a look that succeeded
}

// Option configures [NewRotator].
type Option func(*Rotator)

// WithMaxAge sets how old a signing key gets before [Rotator.Follow] makes its
// successor; 90 days without it.
func WithMaxAge(d time.Duration) Option { return func(r *Rotator) { r.maxAge = d } }

// WithOverlap sets how long a new key is published before it signs; 15 minutes
// without it. It must be longer than others keep a copy of the published keys,
// and the interval on top.
func WithOverlap(d time.Duration) Option { return func(r *Rotator) { r.overlap = d } }

// WithRetention sets how long a key verifies after it has ceased to sign; 25
// hours without it. It must be as long as the longest life of a token.
func WithRetention(d time.Duration) Option { return func(r *Rotator) { r.retention = d } }

// WithInterval sets how often [Rotator.Follow] looks for what others changed; a
// minute without it.
func WithInterval(d time.Duration) Option { return func(r *Rotator) { r.interval = d } }

// WithLog sets where [Rotator.Follow] tells what it did and what failed.
func WithLog(log *slog.Logger) Option { return func(r *Rotator) { r.log = log } }

// NewRotator returns a Rotator for the ring that [Open] made in store.
func NewRotator(store Store, master Master, opts ...Option) (*Rotator, error) {
	r := &Rotator{
		store:     store,
		master:    master,
		maxAge:    90 * 24 * time.Hour,
		overlap:   15 * time.Minute,
		retention: 25 * time.Hour,
		interval:  time.Minute,
	}
	for _, opt := range opts {
		opt(r)
	}
	r.log = cmp.Or(r.log, slog.New(slog.DiscardHandler))
	switch {
	case master.key == nil:
		return nil, errNoMaster
	case r.interval <= 0 || r.retention <= 0:
		return nil, fmt.Errorf("keyring: the interval is %s and the retention %s; both must be positive", r.interval, r.retention)
	case r.overlap <= r.interval:
		return nil, fmt.Errorf("keyring: the overlap is %s; it must be longer than the interval of %s", r.overlap, r.interval)
	case r.maxAge <= r.overlap:
		return nil, fmt.Errorf("keyring: the age is %s; it must be more than the overlap of %s", r.maxAge, r.overlap)
	}
	return r, nil
}

// Rotate makes a new signing key and returns it; its SignsFrom says when it
// begins to sign. When the newest key has not begun to sign yet, that one is
// returned and none is made. Of several calls at once one makes a key, and all
// return it.
func (r *Rotator) Rotate(ctx context.Context) (SigningKey, error) {
	newestSeen := ""
	ring, err := r.change(ctx, func(ring *Ring, now time.Time) (*Ring, error) {
		newest := ring.newest()
		newestSeen = cmp.Or(newestSeen, newest.ID)
		if newest.ID != newestSeen || newest.SignsFrom.After(now) {
			return ring, nil
		}
		return r.withSuccessor(ring, now)
	})
	if err != nil {
		return SigningKey{}, err
	}
	return *ring.newest(), nil
}

// Follow keeps the signing keys of a running server current, and returns when
// ctx ends. It looks at the store in intervals, makes a successor for a key that
// is too old, and removes keys whose time is over. Whenever what
// [Ring.SigningKeys] returns has changed, by this replica, by another one or by
// the clock, it calls use with the new list, the signing key first. It starts
// out from ring, whose keys the server uses already.
//
// What fails is logged and tried again at the next look; meanwhile the server
// goes on with the keys that it has, and by their schedule.
func (r *Rotator) Follow(ctx context.Context, ring *Ring, use func([]SigningKey) error) {
	inUse := ring.SigningKeys()
	for {
		began := time.Now()
		current, err := r.refresh(ctx)
		if ctx.Err() != nil {
			return
		}
		failed := err != nil
		if failed {
			r.log.WarnContext(ctx, "the key ring cannot be looked at", "error", err)
		} else {
			ring = current
		}
		if keys := ring.SigningKeys(); !slices.EqualFunc(keys, inUse, sameKey) {
			if err := use(keys); err != nil {
				r.log.ErrorContext(ctx, "the signing keys cannot be changed", "error", err)
				failed = true
			} else {
				inUse = keys
				r.log.InfoContext(ctx, "signing keys changed", "signing", keys[0].ID, "keys", len(keys))
			}
		}
		if !failed {
			r.looked.Store(&began)
		}
		look := time.NewTimer(min(r.interval, ring.untilNextChange()))
		select {
		case <-look.C:
		case <-ctx.Done():
			look.Stop()
			return
		}
	}
}

// Current reports whether the list that Follow handed out last holds every key
// that any replica signs with now: it looked at the store within the overlap, and
// a new key is there for as long before it signs. Else a token by an unknown key
// may be good, and whoever verifies it cannot tell.
func (r *Rotator) Current() bool {
	looked := r.looked.Load()
	return looked != nil && time.Since(*looked) < r.overlap-r.interval
}

func sameKey(a, b SigningKey) bool { return a.ID == b.ID }

// refresh loads the ring and does what is due.
func (r *Rotator) refresh(ctx context.Context) (*Ring, error) {
	return r.change(ctx, func(ring *Ring, now time.Time) (*Ring, error) {
		newest := ring.newest()
		if now.Sub(newest.CreatedAt) >= r.maxAge && !newest.SignsFrom.After(now) {
			return r.withSuccessor(ring, now)
		}
		if slices.ContainsFunc(ring.signing, func(k SigningKey) bool { return k.dropped(now) }) {
			return ring.withoutDropped(now), nil
		}
		return ring, nil
	})
}

// change loads the ring and saves what edit makes of it, by compare-and-set.
// Edit returns its argument when there is nothing to change.
func (r *Rotator) change(ctx context.Context, edit func(*Ring, time.Time) (*Ring, error)) (*Ring, error) {
	for range attempts {
		sealed, version, err := r.store.Load(ctx)
		if err != nil {
			return nil, fmt.Errorf("keyring: load: %w", err)
		}
		ring, err := unseal(sealed, r.master)
		if err != nil {
			return nil, err
		}
		next, err := edit(ring, time.Now())
		if err != nil || next == ring {
			return ring, err
		}
		if sealed, err = seal(next, r.master); err != nil {
			return nil, err
		}
		err = r.store.Save(ctx, sealed, version)
		if err == nil {
			return next, nil
		}
		if !anotherWon(err) {
			return nil, fmt.Errorf("keyring: save: %w", err)
		}
	}
	return nil, errors.New("keyring: other replicas changed the ring again and again; try later")
}

func (r *Rotator) withSuccessor(ring *Ring, now time.Time) (*Ring, error) {
	successor, err := generateKey(now)
	if err != nil {
		return nil, err
	}
	successor.SignsFrom = now.UTC().Add(r.overlap)
	next := ring.withoutDropped(now)
	next.newest().VerifiesUntil = successor.SignsFrom.Add(r.retention)
	next.signing = append(next.signing, successor)
	return next, nil
}

func (r *Ring) withoutDropped(now time.Time) *Ring {
	kept := slices.DeleteFunc(slices.Clone(r.signing), func(k SigningKey) bool { return k.dropped(now) })
	return &Ring{root: r.root, signing: kept}
}

// untilNextChange is how long SigningKeys goes on to return the same.
func (r *Ring) untilNextChange() time.Duration {
	now := time.Now()
	wait := time.Duration(1<<63 - 1)
	for _, key := range r.signing {
		for _, moment := range []time.Time{key.SignsFrom, key.VerifiesUntil} {
			if moment.After(now) {
				wait = min(wait, moment.Sub(now))
			}
		}
	}
	return wait
}
