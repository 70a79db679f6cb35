package keyring

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/cpodkit/cpodkit/internal/follow"
	"github.com/cpodkit/cpodkit/internal/unprintable"
)

// Rotator replaces the signing keys of a stored ring, one after the other and
// with overlap: a new key is published for a while before it signs, and the old
// one verifies until the last token that it signed has expired. Any number of
// replicas may rotate one ring. It is safe for concurrent use.
type Rotator struct {
	unprintable.Type
	store  Store
	sealer Sealer

	maxAge    time.Duration
	overlap   time.Duration
	retention time.Duration
	interval  time.Duration
	notices   Notices
	wrong     error // of an option
	log       *slog.Logger

	follower *follow.Follower
	opened   atomic.Pointer[openedRing] // last; nil before that

	// What a running Follow has. Only looks change it, one after the other.
	ring  atomic.Pointer[Ring] // of the last look
	inUse []SigningKey         // what use took last
	use   func([]SigningKey) error
}

// openedRing is a ring, and what the store held of it.
type openedRing struct {
	sealed []byte
	ring   *Ring
}

// Notices carry word of a changed ring to the other replicas. A *cluster.Topic is
// one.
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

// WithInterval sets how often [Rotator.Follow] looks at the store, with and without
// notices; a minute without it. That is often enough without notices, because a new
// key does not sign before the overlap is over.
func WithInterval(d time.Duration) Option { return func(r *Rotator) { r.interval = d } }

// WithNotices tells other replicas at once of a key that is made or removed, and
// [Rotator.Follow] of what they did. The ring has its notices for itself.
func WithNotices(n Notices) Option {
	return func(r *Rotator) {
		if r.notices = n; n == nil {
			r.wrong = errors.New("keyring: WithNotices(nil): there are no notices")
		}
	}
}

// WithLog sets where the Rotator logs changes of the keys, and failures: each
// distinct one once, and once when it is over.
func WithLog(log *slog.Logger) Option { return func(r *Rotator) { r.log = log } }

// NewRotator returns a Rotator for the ring that [Open] made in store.
func NewRotator(store Store, sealer Sealer, opts ...Option) (*Rotator, error) {
	r := &Rotator{
		store:     store,
		sealer:    sealer,
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
	case r.wrong != nil:
		return nil, r.wrong
	case store == nil:
		return nil, errNoStore
	case isNone(sealer):
		return nil, errNoMaster
	case r.interval <= 0 || r.retention <= 0:
		return nil, fmt.Errorf("keyring: the interval is %s and the retention %s; both must be positive", r.interval, r.retention)
	case r.overlap <= r.interval:
		return nil, fmt.Errorf("keyring: the overlap is %s; it must be longer than the interval of %s", r.overlap, r.interval)
	case r.maxAge <= r.overlap:
		return nil, fmt.Errorf("keyring: the age is %s; it must be more than the overlap of %s", r.maxAge, r.overlap)
	}
	following := []follow.Option{
		follow.WithInterval(r.interval), follow.WithLiveInterval(r.interval), follow.WithSchedule(r.nextChange),
		follow.WithLog(r.log, "the key ring"),
	}
	if r.notices != nil {
		following = append(following, follow.WithNotices(r.notices))
	}
	var err error
	r.follower, err = follow.New(r.look, following...)
	return r, err
}

// Rotate makes a new signing key and returns it; its SignsFrom says when it
// begins to sign. When the newest key has not begun to sign yet, that one is
// returned and none is made. Of several calls at once one makes a key, and all
// return it. A Follow that runs uses the new list when Rotate returns. When the
// other replicas cannot be told, that is logged, and they see the key with their
// next look.
func (r *Rotator) Rotate(ctx context.Context) (SigningKey, error) {
	newestSeen := ""
	ring, saved, err := r.change(ctx, func(ring *Ring, now time.Time) (*Ring, error) {
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
	if saved {
		_ = r.follower.Announce(ctx) // which logs why it fails
	}
	return *ring.newest(), nil
}

// Follow keeps the signing keys of a running server current, and returns when
// ctx ends. It looks at the store with each notice and in intervals, makes a
// successor for a key that is too old, and removes keys whose time is over. Whenever
// the list that [Ring.SigningKeys] returns has changed, by this replica, by another
// one or by the clock, it calls use with the new list, the signing key first. It
// starts out from ring, whose keys the server uses already. Follow runs once at a
// time.
//
// A look that fails is repeated after a pause of at most the interval. Meanwhile the
// server goes on with the keys that it has, and by their schedule.
func (r *Rotator) Follow(ctx context.Context, ring *Ring, use func([]SigningKey) error) {
	r.ring.Store(ring)
	r.inUse, r.use = ring.SigningKeys(), use
	r.follower.Run(ctx)
}

// look takes over the stored ring, after it has done what is due.
func (r *Rotator) look(ctx context.Context) error {
	current, saved, err := r.refresh(ctx)
	if saved {
		_ = r.follower.Notify(ctx) // which logs why it fails, and is repeated
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		err = fmt.Errorf("the ring cannot be looked at: %w", err)
	} else {
		r.ring.Store(current)
	}
	if keys := r.ring.Load().SigningKeys(); !slices.EqualFunc(keys, r.inUse, sameKey) {
		if useErr := r.use(keys); useErr != nil {
			return errors.Join(err, fmt.Errorf("the signing keys cannot be changed: %w", useErr))
		}
		r.inUse = keys
		r.log.InfoContext(ctx, "signing keys changed", "signing", keys[0].ID, "keys", len(keys))
	}
	return err
}

// Current reports whether the list that Follow handed out last holds every key
// that any replica signs with now: it looked at the store within the overlap, and
// a new key is there for as long before it signs. Else a token by an unknown key
// may be good, and whoever verifies it cannot tell.
func (r *Rotator) Current() bool {
	return r.follower.Current(r.overlap - r.interval)
}

func sameKey(a, b SigningKey) bool { return a.ID == b.ID }

// refresh loads the ring and does what is due.
func (r *Rotator) refresh(ctx context.Context) (ring *Ring, saved bool, err error) {
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
// Edit returns its argument when there is nothing to change; then nothing is saved.
func (r *Rotator) change(ctx context.Context, edit func(*Ring, time.Time) (*Ring, error)) (_ *Ring, saved bool, _ error) {
	for range attempts {
		sealed, version, err := r.store.Load(ctx)
		if err != nil {
			return nil, false, fmt.Errorf("keyring: load: %w", err)
		}
		ring, err := r.unseal(ctx, sealed)
		if err != nil {
			return nil, false, err
		}
		next, err := edit(ring, time.Now())
		if err != nil || next == ring {
			return ring, false, err
		}
		if sealed, err = seal(ctx, next, r.sealer); err != nil {
			return nil, false, err
		}
		err = r.store.Save(ctx, sealed, version)
		if err == nil {
			return next, true, nil
		}
		if !anotherWon(err) {
			return nil, false, fmt.Errorf("keyring: save: %w", err)
		}
	}
	return nil, false, errors.New("keyring: other replicas changed the ring again and again; try later")
}

// unseal opens a stored ring, unless it is the one that was opened last: a key service may
// be down, and is not needed for a look that finds nothing new.
func (r *Rotator) unseal(ctx context.Context, sealed []byte) (*Ring, error) {
	if last := r.opened.Load(); last != nil && bytes.Equal(last.sealed, sealed) {
		return last.ring, nil
	}
	ring, err := unseal(ctx, sealed, r.sealer)
	if err == nil {
		r.opened.Store(&openedRing{bytes.Clone(sealed), ring})
	}
	return ring, err
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

// nextChange is when, after a given time, SigningKeys of the ring in use first
// returns another list, although the ring does not change. It is zero for never.
func (r *Rotator) nextChange(after time.Time) (next time.Time) {
	for _, key := range r.ring.Load().signing {
		for _, moment := range []time.Time{key.SignsFrom, key.VerifiesUntil} {
			if moment.After(after) && (next.IsZero() || moment.Before(next)) {
				next = moment
			}
		}
	}
	return next
}
