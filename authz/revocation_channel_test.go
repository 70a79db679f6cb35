package authz_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

// hub connects the channels of several replicas.
type hub struct {
	mu       sync.Mutex
	channels []*fakeChannel
}

// fakeChannel is one replica's end of a hub, which a test can break.
type fakeChannel struct {
	hub     *hub
	refuses atomic.Bool // Publish fails
	silent  atomic.Bool // nothing comes, and it knows
	deaf    atomic.Bool // nothing comes, and it does not know yet

	receive func([]byte)
	missed  func()
}

func (h *hub) channel() *fakeChannel { return &fakeChannel{hub: h} }

func (c *fakeChannel) Publish(ctx context.Context, message []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.refuses.Load() {
		return errors.New("dial tcp 10.0.0.2:6379: refused")
	}
	c.hub.mu.Lock()
	defer c.hub.mu.Unlock()
	for _, to := range c.hub.channels {
		if !to.silent.Load() && !to.deaf.Load() {
			to.receive(message)
		}
	}
	return nil
}

func (c *fakeChannel) Follow(ctx context.Context, receive func([]byte), missed func()) error {
	c.hub.mu.Lock()
	c.receive, c.missed = receive, missed
	c.hub.channels = append(c.hub.channels, c)
	c.hub.mu.Unlock()
	missed()
	<-ctx.Done()
	return ctx.Err()
}

func (c *fakeChannel) Live() bool { return !c.silent.Load() }

// watchedStore counts the questions, and fails when it is told to.
type watchedStore struct {
	authz.RevocationStore

	asked  atomic.Int64
	loaded atomic.Int64
	whole  atomic.Int64 // loads without a since
	down   atomic.Bool
}

func (s *watchedStore) Add(ctx context.Context, r authz.Revocation) error {
	if s.down.Load() {
		return errDown
	}
	return s.RevocationStore.Add(ctx, r)
}

func (s *watchedStore) Find(ctx context.Context, ids ...string) ([]authz.Revocation, error) {
	if s.down.Load() {
		return nil, errDown
	}
	s.asked.Add(1)
	return s.RevocationStore.Find(ctx, ids...)
}

func (s *watchedStore) List(ctx context.Context, after, since time.Time) ([]authz.Revocation, error) {
	if s.down.Load() {
		return nil, errDown
	}
	s.loaded.Add(1)
	if since.IsZero() {
		s.whole.Add(1)
	}
	return s.RevocationStore.List(ctx, after, since)
}

// pair is two replicas on one store, each with its own way there.
type pair struct {
	*testing.T
	a, b       *authz.Revocations
	atA, atB   *watchedStore
	fromA, toB *fakeChannel
}

// newPair returns two replicas that follow each other until the test ends. It is
// for fake time.
func newPair(t *testing.T, opts ...authz.RevocationsOption) *pair {
	t.Helper()
	store, hub := authz.NewMemoryRevocations(), &hub{}
	p := &pair{
		T: t, atA: &watchedStore{RevocationStore: store}, atB: &watchedStore{RevocationStore: store},
		fromA: hub.channel(), toB: hub.channel(),
	}
	var err error
	p.a, err = authz.OpenRevocations(t.Context(), p.atA, append(opts, authz.WithChannel(p.fromA))...)
	must(t, err)
	p.b, err = authz.OpenRevocations(t.Context(), p.atB, append(opts, authz.WithChannel(p.toB))...)
	must(t, err)
	ctx, stop := context.WithCancel(t.Context())
	var followers sync.WaitGroup
	for _, r := range []*authz.Revocations{p.a, p.b} {
		followers.Go(func() {
			if err := r.Follow(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("Follow returned %v", err)
			}
		})
	}
	t.Cleanup(func() {
		stop()
		followers.Wait()
	})
	synctest.Wait()
	return p
}

func (p *pair) revoke(id string) {
	p.Helper()
	must(p, p.a.Revoke(p.Context(), authz.Revocation{ID: id, ExpiresAt: time.Now().Add(time.Hour)}))
}

// refused fails the test unless replica B refuses a token.
func (p *pair) refused(when, tokenID string) {
	p.Helper()
	if !revoked(p, p.b, tokenID) {
		p.Errorf("%s: the token is accepted", when)
	}
}

func TestARevocationIsPushed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		p.revoke("a.1")
		p.revoke("b.")
		p.refused("pushed", "a.1")
		p.refused("a prefix, pushed", "b.1")
		if revoked(p, p.b, "c.1") || p.atB.asked.Load() != 0 {
			p.Errorf("a live channel leaves %d questions", p.atB.asked.Load())
		}
	})
}

// A replica that only listens forgets too, with the next that it hears of.
func TestAReplicaThatListensForgets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		p.revoke("a.1")
		p.refused("pushed", "a.1")
		time.Sleep(2 * time.Hour) // the token has expired
		p.revoke("b.1")
		if revoked(p, p.b, "a.1") {
			p.Error("what has expired is kept")
		}
		p.refused("pushed later", "b.1")
	})
}

func TestWithoutALiveChannelTheStoreIsAsked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		p.toB.silent.Store(true)
		p.revoke("a.1")
		p.revoke("b.")
		p.refused("asked", "a.1")
		p.refused("a prefix, asked", "b.1")
		if revoked(p, p.b, "c.1") || p.atB.asked.Load() != 3 {
			p.Errorf("%d questions for three tokens", p.atB.asked.Load())
		}
		p.atB.down.Store(true)
		p.refused("the store is down, but this one is known", "a.1")
		_, err := p.b.Revoked(p.Context(), "c.1")
		wantCode(p, err, cpodkit.CodeUnavailable)
		ctx, cancel := context.WithCancel(p.Context())
		cancel()
		if _, err := p.b.Revoked(ctx, "c.1"); cpodkit.CodeOf(err) == cpodkit.CodeUnavailable {
			p.Errorf("a caller that has gone gets %v", err)
		}
	})
}

func TestAfterAGapWhatWasMissedIsLoaded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		p.toB.deaf.Store(true)
		p.revoke("a.1")
		p.toB.deaf.Store(false)
		p.atB.down.Store(true)
		p.toB.missed()
		synctest.Wait()
		_, err := p.b.Revoked(p.Context(), "a.1") // neither known nor known to be good
		wantCode(p, err, cpodkit.CodeUnavailable)

		p.atB.down.Store(false)
		p.refused("not loaded yet", "a.1")
		time.Sleep(time.Second)
		asked := p.atB.asked.Load()
		if revoked(p, p.b, "c.1") || p.atB.asked.Load() != asked {
			p.Error("once it is loaded, the store is still asked")
		}
		if p.atB.whole.Load() != 1 {
			p.Errorf("everything was loaded %d times, not at the start alone", p.atB.whole.Load())
		}
	})
}

func TestWhatCannotBePublishedIsFound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		p.fromA.refuses.Store(true)
		for _, id := range []string{"a.1", "a.2"} {
			p.revoke(id)
			time.Sleep(time.Second)
			asked := p.atB.asked.Load()
			p.refused("a second later", id)
			if p.atB.asked.Load() != asked {
				p.Error("the store was asked: the note was not found")
			}
		}
		loaded := p.atB.loaded.Load()
		time.Sleep(time.Minute)
		if p.atB.loaded.Load() != loaded {
			p.Error("one note makes a replica load again and again")
		}
		if !revoked(p, p.a, "a.1") {
			p.Error("the replica itself accepts the token")
		}
	})
}

// gone fails every write but the first.
type gone struct {
	*watchedStore

	adds atomic.Int64
}

func (g *gone) Add(ctx context.Context, r authz.Revocation) error {
	if g.adds.Add(1) > 1 {
		return errDown
	}
	return g.watchedStore.Add(ctx, r)
}

func TestARevocationThatOthersCannotLearnIsNotPromised(t *testing.T) {
	t.Parallel()
	channel := new(hub).channel()
	channel.refuses.Store(true)
	store := &gone{watchedStore: &watchedStore{RevocationStore: authz.NewMemoryRevocations()}}
	r, err := authz.OpenRevocations(t.Context(), store, authz.WithChannel(channel))
	must(t, err)
	err = r.Revoke(t.Context(), authz.Revocation{ID: "a.1", ExpiresAt: time.Now().Add(time.Hour)})
	wantCode(t, err, cpodkit.CodeUnavailable)
}

// leaving is a store whose caller goes away as soon as something is stored.
type leaving struct {
	*authz.MemoryRevocations

	leave context.CancelFunc
}

func (l leaving) Add(ctx context.Context, r authz.Revocation) error {
	defer l.leave()
	return l.MemoryRevocations.Add(ctx, r)
}

func TestACallerThatGoesLeavesNoReplicaBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		ctx, cancel := context.WithCancel(p.Context())
		r, err := authz.OpenRevocations(ctx, leaving{authz.NewMemoryRevocations(), cancel}, authz.WithChannel(p.fromA))
		must(p, err)
		must(p, r.Revoke(ctx, authz.Revocation{ID: "a.1", ExpiresAt: time.Now().Add(time.Hour)}))
		p.refused("pushed", "a.1")
	})
}

func TestAMessageOfAnotherVersionIsAGap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		p.toB.deaf.Store(true)
		p.revoke("a.1")
		for _, message := range []string{"", "{", `{"v":2}`, `{"id":7}`} {
			p.toB.receive([]byte(message))
		}
		p.refused("after messages that are not understood", "a.1")
	})
}

func TestASharedStoreWithoutAChannelIsAsked(t *testing.T) {
	t.Parallel()
	store := &watchedStore{RevocationStore: authz.NewMemoryRevocations()}
	r, err := authz.OpenRevocations(t.Context(), store, authz.WithSharedStore())
	must(t, err)
	must(t, r.Follow(t.Context())) // there is nothing to follow
	other, err := authz.OpenRevocations(t.Context(), store, authz.WithSharedStore())
	must(t, err)
	must(t, other.Revoke(t.Context(), authz.Revocation{ID: "a.1", ExpiresAt: time.Now().Add(time.Hour)}))
	if !revoked(t, r, "a.1") || revoked(t, r, "a.2") || store.asked.Load() != 2 {
		t.Errorf("%d questions for two tokens", store.asked.Load())
	}
}

// A token that is in the cache of verified ones, too, is refused, and unavailable
// while nobody can tell.
func TestVerifyAsksAboutRevocations(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		signer := newSigner(p)
		v := newJWT(p, authz.Issuer{Issuer: issuerName, Audience: audience, Keys: signer, Revocations: p.b})
		token := sign(p, signer, newClaims("inst.1"))
		_, err := v.Verify(p.Context(), token)
		must(p, err)
		p.toB.silent.Store(true)
		p.atB.down.Store(true)
		_, err = v.Verify(p.Context(), token)
		wantCode(p, err, cpodkit.CodeUnavailable)
		p.atB.down.Store(false)
		_, err = v.Verify(p.Context(), token)
		must(p, err)
		p.revoke("inst.")
		_, err = v.Verify(p.Context(), token)
		wantCode(p, err, cpodkit.CodeTokenRevoked)
	})
}
