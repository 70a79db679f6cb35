package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"go.uber.org/goleak"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/cluster"
	"github.com/cpodkit/cpodkit/cluster/clustertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemory(t *testing.T) {
	t.Parallel()
	clustertest.Run(t, func(testing.TB) clustertest.Replica {
		memory := cluster.NewMemory()                  // an empty system
		return func() cluster.Driver { return memory } // one more replica on it
	})
}

func newCluster(t testing.TB, driver cluster.Driver) *cluster.Cluster {
	t.Helper()
	c, err := cluster.New(driver)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestNames(t *testing.T) {
	t.Parallel()
	c := newCluster(t, cluster.NewMemory())
	for name, valid := range map[string]bool{
		"revocations": true, "a": true, "A-z_0.9:/": true, strings.Repeat("n", cluster.MaxName): true,
		"": false, strings.Repeat("n", cluster.MaxName+1): false, "a b": false, "{a}": false, "a\x00": false,
		"ключ": false, "a\xff": false, "a*": false, "@": false, "[": false, "\u212a": false, // the sign of kelvin
	} {
		_, leaseErr := c.Lease(t.Context(), name, time.Minute)
		for call, err := range map[string]error{
			"Publish": c.Topic(name).Publish(t.Context(), nil),
			"Lease":   leaseErr,
		} {
			if (err == nil) != valid || !valid && !errors.Is(err, cpodkit.CodeInvalidKey) {
				t.Errorf("%s(%q): %v; valid is %v", call, name, err, valid)
			}
		}
		if err := c.Topic(name).Follow(canceled(t), nil, nil); !valid && !errors.Is(err, cpodkit.CodeInvalidKey) {
			t.Errorf("Follow(%q): %v", name, err)
		}
	}
}

func canceled(t testing.TB) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestBounds(t *testing.T) {
	t.Parallel()
	c := newCluster(t, cluster.NewMemory())
	if err := c.Topic("t").Publish(t.Context(), make([]byte, cluster.MaxMessage+1)); !errors.Is(err, cpodkit.CodePayloadTooLarge) {
		t.Errorf("one byte too many: %v", err)
	}
	for _, ttl := range []time.Duration{-1, 0, cluster.MinTTL - 1, cluster.MaxTTL + 1} {
		if _, err := c.Lease(t.Context(), "l", ttl); !errors.Is(err, cpodkit.CodeBadRequest) {
			t.Errorf("a lease of %v: %v", ttl, err)
		}
	}
	if _, err := cluster.New(nil); err == nil {
		t.Error("New takes no driver")
	}
}

// Live holds for a second after the last heartbeat that came back was sent, and
// a subscription whose heartbeats stay away is made anew.
func TestHeartbeats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		silent := &silenced{Memory: cluster.NewMemory()}
		c := newCluster(t, silent)
		topic := c.Topic("t")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var missed, received []string
		var wg sync.WaitGroup
		defer wg.Wait()
		defer cancel()
		wg.Go(func() {
			_ = topic.Follow(ctx,
				func(m []byte) { received = append(received, string(m)) },
				func() { missed = append(missed, strconv.FormatBool(topic.Live())) })
		})
		synctest.Wait()
		if !topic.Live() || len(missed) != 1 {
			t.Fatalf("live %v, missed %v", topic.Live(), missed)
		}
		silent.set(true)
		time.Sleep(time.Second - time.Millisecond)
		synctest.Wait()
		if !topic.Live() {
			t.Error("not live before the last heartbeat is a second old")
		}
		time.Sleep(251 * time.Millisecond)
		if topic.Live() {
			t.Error("live, though no heartbeat came back for a second")
		}
		// Messages alone prove nothing: the next may be lost.
		if err := topic.Publish(ctx, []byte("m")); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if topic.Live() || len(received) != 1 {
			t.Errorf("live %v, received %v", topic.Live(), received)
		}
		time.Sleep(10 * time.Second)
		silent.set(false)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if !topic.Live() || len(missed) < 3 || strings.Contains(strings.Join(missed, " "), "true") {
			t.Errorf("live %v, missed %v", topic.Live(), missed)
		}
	})
}

// silenced can lose heartbeats.
type silenced struct {
	*cluster.Memory
	mu     sync.Mutex
	silent bool
}

func (s *silenced) set(silent bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.silent = silent
}

func (s *silenced) Subscribe(ctx context.Context, topic string) (cluster.Subscription, error) {
	subscription, err := s.Memory.Subscribe(ctx, topic)
	return silencedSubscription{subscription, s}, err
}

type silencedSubscription struct {
	cluster.Subscription
	driver *silenced
}

func (s silencedSubscription) Echo(ctx context.Context, mark []byte) error {
	s.driver.mu.Lock()
	defer s.driver.mu.Unlock()
	if s.driver.silent {
		return nil
	}
	return s.Subscription.Echo(ctx, mark)
}

// A follower that cannot keep up is cut off and told, and goes on.
func TestMemoryFallsBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, cluster.NewMemory())
		topic := c.Topic("t")
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		defer wg.Wait()
		defer cancel()
		release := make(chan struct{})
		var received, missed int
		wg.Go(func() {
			_ = topic.Follow(ctx, func([]byte) { <-release; received++ }, func() { missed++ })
		})
		synctest.Wait()
		for range 5000 {
			if err := topic.Publish(ctx, []byte("m")); err != nil {
				t.Fatal(err)
			}
		}
		close(release)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if missed != 2 || received >= 5000 || !topic.Live() {
			t.Errorf("missed %d times, received %d, live %v", missed, received, topic.Live())
		}
	})
}

// slow is a driver whose answers to Renew take long.
type slow struct {
	*cluster.Memory
	answer time.Duration
}

func (s slow) Renew(ctx context.Context, name, holder string, ttl time.Duration) error {
	err := s.Memory.Renew(ctx, name, holder, ttl)
	<-time.After(s.answer)
	return err
}

// The time of a lease counts from when it was asked for, less a tenth.
func TestLeaseMargin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const ttl = 10 * time.Second
		c := newCluster(t, slow{cluster.NewMemory(), 4 * time.Second})
		lease, err := c.Lease(t.Context(), "l", ttl)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := lease.Renew(t.Context()); err != nil { // asked for at 0 s, answered at 4 s
			t.Fatal(err)
		}
		<-lease.Done()
		if held := time.Since(began); held != 9*time.Second {
			t.Errorf("Done closed after %v", held)
		}
		if _, err := c.Lease(t.Context(), "l", ttl); !errors.Is(err, cpodkit.CodeConflict) {
			t.Errorf("another has it at once: %v", err)
		}
		time.Sleep(time.Second)
		if _, err := c.Lease(t.Context(), "l", ttl); err != nil {
			t.Errorf("nobody gets it: %v", err)
		}
	})
}

// An answer that comes when the time is over grants nothing.
func TestLateRenewal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, slow{cluster.NewMemory(), time.Minute})
		lease, err := c.Lease(t.Context(), "l", 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if err := lease.Renew(t.Context()); !errors.Is(err, cpodkit.CodeConflict) {
			t.Errorf("Renew = %v", err)
		}
		<-lease.Done()
	})
}

// Of names that are asked for once, next to nothing is kept; tokens grow all the
// same.
func TestMemoryFreesEndedLeases(t *testing.T) {
	t.Parallel()
	const names, kept = 1000, 128
	m := cluster.NewMemory()
	defer m.Close()
	acquire := func(name string, ttl time.Duration) int64 {
		token, err := m.Acquire(t.Context(), name, "a", ttl)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	held := acquire("held", time.Hour)
	last := acquire("job/0", time.Nanosecond)
	freed := make(chan struct{}, names)
	for i := range names {
		name := new([64]byte)
		copy(name[:], fmt.Sprint("job/", i))
		runtime.AddCleanup(name, func(freed chan<- struct{}) { freed <- struct{}{} }, freed)
		last = max(last, acquire(unsafe.String(&name[0], len(name)), time.Nanosecond))
	}
	if token := acquire("job/0", time.Hour); token <= last {
		t.Errorf("token %d comes after %d", token, last)
	}
	if token := acquire("held", time.Hour); token != held {
		t.Errorf("the holder of token %d has %d now", held, token)
	}
	watchdog := time.After(30 * time.Second)
	collect := time.NewTicker(20 * time.Millisecond)
	defer collect.Stop()
	for n := 0; n < names-kept; {
		select {
		case <-freed:
			n++
		case <-collect.C:
			runtime.GC()
		case <-watchdog:
			t.Fatalf("%d of %d names are freed; want %d", n, names, names-kept)
		}
	}
	runtime.KeepAlive(m)
}
