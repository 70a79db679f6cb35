package secrets_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/secrets"
)

// watched is what a loop over Watch has got.
type watched struct {
	t      *testing.T
	mu     sync.Mutex
	values []string
	err    error
	ended  chan struct{}
	stop   func()
}

// watch watches the secret x.
func watch(t *testing.T, h secrets.Handle) *watched {
	t.Helper()
	w := &watched{t: t, ended: make(chan struct{})}
	var ctx context.Context
	ctx, w.stop = context.WithCancel(t.Context())
	go func() {
		defer close(w.ended)
		for secret, err := range h.Watch(ctx, "x") {
			w.mu.Lock()
			if w.err = err; err == nil {
				w.values = append(w.values, secret.Value.Reveal())
			}
			w.mu.Unlock()
		}
	}()
	synctest.Wait()
	return w
}

func (w *watched) want(what string, values ...string) {
	w.t.Helper()
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(w.values, values) || w.err != nil {
		w.t.Errorf("%s: the values are %q, and the error %v; want %q", what, w.values, w.err, values)
	}
}

func (w *watched) wantEnd(code cpodkit.Code) {
	w.t.Helper()
	synctest.Wait()
	select {
	case <-w.ended:
		wantCode(w.t, w.err, code)
	default:
		w.t.Error("Watch goes on")
		w.stop()
	}
}

// run runs Run while a test does.
func run(t *testing.T, s *secrets.Secrets) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); s.Run(ctx) }()
	synctest.Wait()
	return func() { cancel(); <-ended }
}

// A change that the driver reports is seen at once, by all who watch.
func TestWatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, m := newSecrets(t)
		other := app(over(t, m, m), "a")
		put(t, other, "x", "1", secrets.Apps("a", "b"))
		defer run(t, s)()
		w, b := watch(t, app(s, "a")), watch(t, app(s, "b"))
		w.want("at first", "1")
		put(t, other, "y", "of another one")
		put(t, other, "x", "2")
		w.want("rotated", "1", "2")
		b.want("rotated, for another app", "1", "2")
		put(t, app(s, "a"), "x", "3")
		w.want("rotated by itself", "1", "2", "3")
		put(t, other, "x", "3")
		w.want("a new version of the same value", "1", "2", "3", "3")
		// It is made anew, with its first version again.
		wantCode(t, other.Delete(t.Context(), "x"), "")
		w.wantEnd(cpodkit.CodeNotFound)
		put(t, other, "x", "4", secrets.Apps("a", "b"))
		w = watch(t, app(s, "a"))
		put(t, other, "x", "5", secrets.Apps("b"))
		w.wantEnd(cpodkit.CodeNotFound)
		b = watch(t, app(s, "b"))
		b.want("granted", "5")
		b.stop()
		b.wantEnd("")
		watch(t, app(s, "c")).wantEnd(cpodkit.CodeNotFound)
		for range app(s, "b").Watch(t.Context(), "x") {
			break
		}
	})
}

// Without reports a change is seen when the TTL is over.
func TestWatchPolls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, _, other := replicas(t)
		w := watch(t, app(over(t, noVersions{f}, f), "a"))
		put(t, other, "x", "2")
		time.Sleep(29 * time.Second)
		w.want("cached", "1")
		time.Sleep(time.Second)
		w.want("after the TTL", "1", "2")
		put(t, other, "x", "2") // without a version, that is the same
		time.Sleep(time.Minute)
		w.want("the same again", "1", "2")
		f.failWith(cpodkit.CodeUnavailable)
		put(t, other, "x", "3")
		time.Sleep(time.Hour)
		w.want("in an outage", "1", "2")
		f.failWith(nil)
		time.Sleep(time.Minute)
		w.want("after the outage", "1", "2", "3")
		w.stop()
		w.wantEnd("")
		f.failWith(cpodkit.CodeUnavailable)
		watch(t, app(over(t, f, f), "a")).wantEnd(cpodkit.CodeUnavailable)
	})
}

// noVersions hides versions and Watch.
type noVersions struct{ secrets.Provider }

func (p noVersions) Get(ctx context.Context, tenantID, name string, version int64) (secrets.Secret, error) {
	secret, err := p.Provider.Get(ctx, tenantID, name, version)
	return secrets.Secret{Value: secret.Value}, err
}

// A Watch of the driver that fails is begun anew, and what it missed is read again.
func TestRunTriesAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := secrets.NewMemory()
		fails := &failingWatch{Memory: m, end: make(chan error)}
		s, other := over(t, fails, m), app(over(t, m, m), "a")
		put(t, other, "x", "1")
		a := app(s, "a")
		stop := run(t, s)
		wantValue(t, a, "x", "1")
		fails.end <- errors.New("the connection is lost")
		synctest.Wait()
		fails.mute.Lock() // nothing is reported
		put(t, other, "x", "2")
		time.Sleep(2 * time.Second)
		fails.mute.Unlock()
		wantValue(t, a, "x", "2")
		put(t, other, "x", "3")
		synctest.Wait()
		wantValue(t, a, "x", "3")
		stop()
	})
}

// failingWatch is a Memory whose Watch ends with what is sent.
type failingWatch struct {
	*secrets.Memory
	end  chan error
	mute sync.Mutex
}

func (f *failingWatch) Watch(ctx context.Context, changed func(tenantID, name string)) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	watching.Go(func() {
		_ = f.Memory.Watch(inner, func(tenantID, _ string) {
			if f.mute.TryLock() {
				changed(tenantID, "")
				f.mute.Unlock()
			}
		})
	})
	select {
	case err := <-f.end:
		return err
	case <-ctx.Done():
		return nil
	}
}

func TestPing(t *testing.T) {
	t.Parallel()
	s, m := newSecrets(t)
	wantCode(t, s.Ping(t.Context()), "")
	down := pinger{m, errors.New("down")}
	if err := over(t, down, m).Ping(t.Context()); err == nil {
		t.Error("Ping does not ask the provider")
	}
	if err := over(t, m, down).Ping(t.Context()); err == nil {
		t.Error("Ping does not ask the records")
	}
}

type pinger struct {
	*secrets.Memory
	err error
}

func (p pinger) Ping(context.Context) error { return p.err }
