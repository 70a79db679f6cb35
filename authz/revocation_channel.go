package authz

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"time"

	"github.com/cpodkit/cpodkit"
)

const (
	// tellLimit is how long the channel, and then the store, may take to be told.
	tellLimit = time.Second

	// lookEvery is how often a replica looks for what the channel could not tell it:
	// well below the second in which it refuses what others revoked.
	lookEvery = 400 * time.Millisecond

	// clockTolerance is how far the clocks of replicas may be apart.
	clockTolerance = 5 * time.Minute

	// unannounced is the ID of a stored note: its time changes when a revocation
	// was added that the channel did not take.
	unannounced = "revocations that the channel did not take"
)

// Channel is how replicas tell each other what they revoke. It is safe for
// concurrent use. A *cluster.Topic is one.
type Channel interface {
	// Publish sends a message to everyone who follows, or fails.
	Publish(ctx context.Context, message []byte) error

	// Follow hands every message to receive, until ctx ends. It calls missed
	// whenever messages may have been lost, and also once it can receive the first
	// one.
	Follow(ctx context.Context, receive func(message []byte), missed func()) error

	// Live reports whether what was published up to a second ago has been received,
	// or is reported by missed. It is false without a Follow.
	Live() bool
}

// channelMessage is a revocation on its way to other replicas.
type channelMessage struct {
	ID        string `json:"id"`
	TenantID  string `json:"tenantId,omitempty"`
	ExpiresAt int64  `json:"expiresAt"` // Unix milliseconds, rounded up
}

// tellOthers has every replica refuse what is stored. Where the channel does not
// take it, a note in the store makes the others look there. It goes on when the
// caller has gone: a revocation that only one replica knows of would last.
func (r *Revocations) tellOthers(ctx context.Context, revocation Revocation) error {
	if r.channel == nil {
		return nil
	}
	message, err := json.Marshal(channelMessage{
		revocation.ID, revocation.TenantID, revocation.ExpiresAt.Add(time.Millisecond - time.Nanosecond).UnixMilli(),
	})
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	publishing, cancel := context.WithTimeout(ctx, tellLimit)
	defer cancel()
	if r.channel.Publish(publishing, message) == nil {
		return nil
	}
	// Two notes at the same time must differ, so that the second one shows.
	until := revocation.ExpiresAt.Add(rand.N(time.Hour)) //nolint:gosec // no secret
	noting, cancel := context.WithTimeout(ctx, tellLimit)
	defer cancel()
	if err := r.store.Add(noting, Revocation{ID: unannounced, ExpiresAt: until}); err != nil {
		return cpodkit.Errorf(cpodkit.CodeUnavailable, "Not every server knows of the revocation yet; try again.").WithCause(err)
	}
	return nil
}

// Follow takes over what other replicas revoke, until ctx ends. It returns at
// once where there is no channel.
//
// What others revoke counts here as soon as the channel brings it. While the
// channel is not live, and after a gap until what was missed is loaded, the store
// is asked about each token. What a replica could not publish is looked for in the
// store in intervals. So a token is refused everywhere within a second, unless the
// replica that revokes has lost the channel and another one the store.
func (r *Revocations) Follow(ctx context.Context) error {
	if r.channel == nil {
		return nil
	}
	gap := make(chan struct{}, 1)
	missed := func() {
		r.gaps.Add(1)
		select {
		case gap <- struct{}{}:
		default: // the loop is told already
		}
	}
	receive := func(message []byte) {
		var m channelMessage
		if err := json.Unmarshal(message, &m); err != nil || m.ID == "" {
			missed() // a later version may say it in other words
			return
		}
		r.learn(Revocation{ID: m.ID, TenantID: m.TenantID, ExpiresAt: time.UnixMilli(m.ExpiresAt)})
	}
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.catchUp(ctx, gap)
	}()
	defer func() {
		stop()
		<-ended
	}()
	return r.channel.Follow(ctx, receive, missed)
}

// catchUp loads what the channel did not bring, until ctx ends.
func (r *Revocations) catchUp(ctx context.Context, gap <-chan struct{}) {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-gap:
		case <-look.C:
		}
		// What fails is tried again at the next look; until then the store is asked
		// about each token, or nothing was missed.
		if r.loaded.Load() != r.gaps.Load() || r.noted(ctx) {
			_ = r.load(ctx)
		}
	}
}

// noted reports whether a replica has stored what it could not publish.
func (r *Revocations) noted(ctx context.Context) bool {
	if !r.channel.Live() { // the store is asked about each token
		return false
	}
	notes, err := r.store.Find(ctx, unannounced)
	if err != nil || len(notes) == 0 || notes[0].ExpiresAt.Equal(r.unannounced) {
		return false
	}
	r.gaps.Add(1)
	r.unannounced = notes[0].ExpiresAt
	return true
}

// load takes over what was added since the last time.
func (r *Revocations) load(ctx context.Context) error {
	gaps, began := r.gaps.Load(), time.Now()
	list, err := r.store.List(ctx, began, r.lastLoad.Add(-clockTolerance))
	if err != nil {
		return err
	}
	r.learn(list...)
	r.lastLoad = began
	r.loaded.Store(gaps)
	return nil
}
