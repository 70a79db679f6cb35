package follow_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit/cluster"
	"github.com/cpodkit/cpodkit/internal/follow"
)

const (
	interval     = 2 * time.Second
	liveInterval = time.Minute
)

var errDown = errors.New("down")

// store is a record that replicas share.
type store struct {
	mu    sync.Mutex
	value int
	fail  error
}

func (s *store) set(value int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.value = value
}

func (s *store) setFail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

// replica holds what it has read of a store.
type replica struct {
	*follow.Follower
	store *store

	mu    sync.Mutex
	value int
	reads int
	block chan struct{} // reads wait for it, unless it is nil
}

func newReplica(t *testing.T, s *store, opts ...follow.Option) *replica {
	t.Helper()
	r := &replica{store: s}
	f, err := follow.New(r.read, opts...)
	if err != nil {
		t.Fatal(err)
	}
	r.Follower = f
	return r
}

// run starts replicas that end with the test.
func run(t *testing.T, replicas ...*replica) {
	t.Helper()
	for _, r := range replicas {
		go r.Run(t.Context())
	}
	synctest.Wait()
}

func (r *replica) read(ctx context.Context) error {
	r.mu.Lock()
	r.reads++
	block := r.block
	r.mu.Unlock()
	r.store.mu.Lock()
	value, err := r.store.value, r.store.fail
	r.store.mu.Unlock()
	if block != nil {
		select {
		case <-block:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		r.value = value
	}
	return err
}

func (r *replica) setBlock(block chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.block = block
}

// state returns the value and how many reads there were since the last call.
func (r *replica) state() (value, reads int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	reads, r.reads = r.reads, 0
	return r.value, reads
}

func (r *replica) want(t *testing.T, when string, value int) {
	t.Helper()
	if got, _ := r.state(); got != value {
		t.Errorf("%s: the value is %d, want %d", when, got, value)
	}
}

func topics(t *testing.T, driver cluster.Driver, n int) []follow.Option {
	t.Helper()
	c, err := cluster.New(driver)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	var opts []follow.Option
	for range n {
		opts = append(opts, follow.WithNotices(c.Topic("changes")))
	}
	return opts
}

// lossy is a cluster whose messages, echoes included, get lost while it is deaf.
type lossy struct {
	*cluster.Memory
	mu   sync.Mutex
	deaf bool
	fail error // of Publish
}

func (l *lossy) set(deaf bool, fail error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deaf, l.fail = deaf, fail
}

func (l *lossy) Publish(ctx context.Context, topic string, message []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return l.fail
	}
	return l.Memory.Publish(ctx, topic, message)
}

func (l *lossy) Subscribe(ctx context.Context, topic string) (cluster.Subscription, error) {
	s, err := l.Memory.Subscribe(ctx, topic)
	return &lossySubscription{s, l}, err
}

type lossySubscription struct {
	cluster.Subscription
	cluster *lossy
}

func (s *lossySubscription) Receive() (cluster.Message, error) {
	for {
		message, err := s.Subscription.Receive()
		s.cluster.mu.Lock()
		deaf := s.cluster.deaf
		s.cluster.mu.Unlock()
		if err != nil || !deaf {
			return message, err
		}
	}
}

func TestANoticeIsFollowedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{value: 1}
		notices := topics(t, cluster.NewMemory(), 3)
		a, b, c := newReplica(t, s, notices[0]), newReplica(t, s, notices[1]), newReplica(t, s, notices[2])
		run(t, a, b)
		a.want(t, "at the start", 1)
		time.Sleep(10 * time.Second)
		s.set(2)
		if err := a.Announce(t.Context()); err != nil {
			t.Error(err)
		}
		a.want(t, "after Announce returns", 2)
		synctest.Wait()
		b.want(t, "in the same moment", 2)

		s.set(3)
		if err := c.Announce(t.Context()); err != nil {
			t.Errorf("a follower that does not run: %v", err)
		}
		synctest.Wait()
		a.want(t, "told by one that does not run", 3)
		b.want(t, "told by one that does not run", 3)
		c.want(t, "not running", 0)
		if !b.Current(time.Second) || b.Err() != nil {
			t.Error("the replica is said not to be current")
		}
		time.Sleep(time.Second)
		if b.Current(time.Second) {
			t.Error("the last refresh is a second old, and is said not to be")
		}

		s.set(4)
		if err := a.Notify(t.Context()); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		a.want(t, "its own notice", 3)
		b.want(t, "that of another", 4)
	})
}

// A notice is lost at any moment between two looks, and is made good within 2 s.
func TestAMissedNotice(t *testing.T) {
	t.Parallel()
	for offset := time.Duration(0); offset < interval; offset += 50 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			s, driver := &store{value: 1}, &lossy{Memory: cluster.NewMemory()}
			notices := topics(t, driver, 2)
			a, b := newReplica(t, s, notices[0]), newReplica(t, s, notices[1])
			run(t, a, b)
			time.Sleep(interval + offset)
			driver.set(true, nil)
			s.set(2)
			if err := a.Announce(t.Context()); err != nil {
				t.Error(err)
			}
			synctest.Wait()
			b.want(t, "the notice is lost", 1)
			time.Sleep(interval)
			synctest.Wait()
			b.want(t, "2 s later", 2)
			// As long as notices are lost, it polls.
			s.set(3)
			time.Sleep(interval)
			synctest.Wait()
			b.want(t, "while it is deaf", 3)
			// Once they come again, it is told so.
			driver.set(false, nil)
			time.Sleep(2 * interval)
			b.state()
			time.Sleep(liveInterval / 2)
			if _, reads := b.state(); reads != 0 {
				t.Errorf("%d reads while notices are live", reads)
			}
		})
	}
}

func TestIntervals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		live := newReplica(t, s, topics(t, cluster.NewMemory(), 1)...)
		alone := newReplica(t, s)
		slow := newReplica(t, s, append(topics(t, cluster.NewMemory(), 1), follow.WithInterval(5*time.Minute))...)
		begin := time.Now()
		scheduled := newReplica(t, s, follow.WithInterval(time.Hour), follow.WithSchedule(func(after time.Time) time.Time {
			return begin.Add(after.Sub(begin).Truncate(4*time.Minute) + 4*time.Minute)
		}))
		never := newReplica(t, s, follow.WithInterval(time.Hour), follow.WithSchedule(func(time.Time) time.Time { return time.Time{} }))
		run(t, live, alone, slow, scheduled, never)
		time.Sleep(interval / 2)
		for _, r := range []*replica{live, alone, slow, scheduled, never} {
			r.state()
		}
		time.Sleep(10 * time.Minute)
		for name, test := range map[string]struct {
			replica *replica
			want    int
		}{
			"live":              {live, 10},
			"without notices":   {alone, 300},
			"with own interval": {slow, 2},
			"with a schedule":   {scheduled, 2},
			"scheduled never":   {never, 0},
		} {
			if _, reads := test.replica.state(); reads != test.want {
				t.Errorf("%s: %d reads in 10 minutes, want %d", name, reads, test.want)
			}
		}
	})
}

func TestNoticesThatComeTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{value: 1}
		notices := topics(t, cluster.NewMemory(), 2)
		a, b := newReplica(t, s, notices[0]), newReplica(t, s, notices[1])
		run(t, a, b)
		block := make(chan struct{})
		a.setBlock(block)
		b.state()
		// One read of b is under way.
		b.setBlock(block)
		if err := a.Notify(t.Context()); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		// Meanwhile there are many notices, and requests of b itself.
		s.set(2)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if err := b.Announce(t.Context()); err != nil {
					t.Error(err)
				}
				if b.mu.Lock(); b.value != 2 {
					t.Errorf("an Announce returned before its change was read: %d", b.value)
				}
				b.mu.Unlock()
			})
			if err := a.Notify(t.Context()); err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
		close(block)
		all.Wait()
		synctest.Wait()
		if value, reads := b.state(); value != 2 || reads != 2 {
			t.Errorf("%d reads give %d, want 2 reads", reads, value)
		}
	})
}

func TestAStoreThatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{value: 1}
		r := newReplica(t, s)
		if r.Current(time.Hour) || r.Err() != nil {
			t.Error("the replica is current before it ran, or fails")
		}
		run(t, r)
		s.setFail(errDown)
		r.state()
		time.Sleep(10*interval + 100*time.Millisecond)
		if _, reads := r.state(); reads < 10 || reads > 15 {
			t.Errorf("%d tries within 10 intervals", reads)
		}
		if !errors.Is(r.Err(), errDown) || r.Current(10*interval) || !r.Current(11*interval) {
			t.Errorf("the failure is %v", r.Err())
		}
		if err := r.Announce(t.Context()); !errors.Is(err, errDown) {
			t.Errorf("Announce: %v", err)
		}
		s.set(2)
		s.setFail(nil)
		time.Sleep(interval)
		synctest.Wait()
		r.want(t, "the store is back", 2)
		if r.Err() != nil || !r.Current(interval) {
			t.Errorf("the failure is %v", r.Err())
		}
		// The first failure is repeated soon.
		s.setFail(errDown)
		time.Sleep(interval)
		synctest.Wait()
		s.setFail(nil)
		s.set(3)
		time.Sleep(interval / 10)
		synctest.Wait()
		r.want(t, "after a short failure", 3)
	})
}

// A notice that could not be published goes out later.
func TestANoticeThatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, driver := &store{value: 1}, &lossy{Memory: cluster.NewMemory()}
		notices := topics(t, driver, 2)
		a, b := newReplica(t, s, notices[0]), newReplica(t, s, notices[1])
		run(t, a, b)
		driver.set(false, errDown)
		s.set(2)
		if err := a.Announce(t.Context()); !errors.Is(err, errDown) {
			t.Errorf("Announce: %v", err)
		}
		a.want(t, "refreshed all the same", 2)
		time.Sleep(10 * time.Second)
		b.want(t, "not told", 1)
		driver.set(false, nil)
		time.Sleep(interval)
		synctest.Wait()
		b.want(t, "told later", 2)
	})
}

func TestTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{value: 1}
		r := newReplica(t, s, topics(t, cluster.NewMemory(), 1)...)
		for round := range 2 { // a follower may run again
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				r.Run(ctx)
			}()
			synctest.Wait()
			s.set(round + 2)
			if err := r.Announce(t.Context()); err != nil {
				t.Error(err)
			}
			r.want(t, "while it runs", round+2)

			// An Announce that refreshes holds up the end of Run, and one that waits for
			// its turn ends with its context.
			block := make(chan struct{})
			r.setBlock(block)
			announced := make(chan error, 1)
			go func() { announced <- r.Announce(t.Context()) }()
			synctest.Wait()
			short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			if err := r.Announce(short); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("an Announce that waits: %v", err)
			}
			cancel()
			stop()
			synctest.Wait()
			select {
			case <-ended:
				t.Error("Run returned during a refresh")
			default:
			}
			close(block)
			r.setBlock(nil)
			if err := <-announced; err != nil {
				t.Error(err)
			}
			<-ended
			r.state()
			s.set(-1)
			if err := r.Announce(t.Context()); err != nil {
				t.Error(err)
			}
			if value, reads := r.state(); reads != 0 || value == -1 {
				t.Errorf("%d reads after the end give %d", reads, value)
			}
		}
	})
}

func TestNewFailsEarly(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]follow.Option{
		"no interval":             {follow.WithInterval(0)},
		"a negative one":          {follow.WithInterval(-1)},
		"a shorter one when live": {follow.WithLiveInterval(time.Second)},
	} {
		_, err := follow.New(func(context.Context) error { return nil }, opts...)
		if err == nil || !strings.Contains(err.Error(), "interval") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
