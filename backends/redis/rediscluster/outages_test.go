//go:build unix

package rediscluster_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/redis/rediscluster"
	"github.com/cpodkit/cpodkit/cluster"
	"github.com/cpodkit/cpodkit/internal/testservice"
)

const patience = 60 * time.Second

func newCluster(t testing.TB, url string, opts ...rediscluster.Option) *cluster.Cluster {
	t.Helper()
	c, err := cluster.New(newDriver(t, open(t, url), opts...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// follow follows a topic until the test ends.
func follow(t testing.TB, topic *cluster.Topic) (received chan string, missed chan struct{}) {
	t.Helper()
	received, missed = make(chan string, 10_000), make(chan struct{}, 1000)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = topic.Follow(ctx, func(m []byte) { received <- string(m) }, func() { missed <- struct{}{} })
	})
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	return received, missed
}

func take[T any](t testing.TB, what string, from <-chan T) T {
	t.Helper()
	watchdog := time.NewTimer(patience)
	defer watchdog.Stop()
	select {
	case v := <-from:
		return v
	case <-watchdog.C:
		t.Fatalf("%v went by without %s", patience, what)
	}
	panic("not reached")
}

func deliver(t testing.TB, topic *cluster.Topic, received chan string, message string) {
	t.Helper()
	testservice.Eventually(t, "a message is published", func() bool { return topic.Publish(t.Context(), []byte(message)) == nil })
	for take(t, "the message", received) != message {
		// Earlier tries that were answered with an error may have come through.
	}
}

// TestOutages takes Redis away in each way. A topic is not live meanwhile, then
// subscribes by itself, says that it may have missed something, and goes on.
func TestOutages(t *testing.T) {
	t.Parallel()
	for name, outage := range map[string]struct{ begin, end func(s *testservice.Server) }{
		"killed and empty": {(*testservice.Server).Kill, (*testservice.Server).Start},
		"stopped":          {(*testservice.Server).Stop, (*testservice.Server).Start},
		"frozen":           {(*testservice.Server).Freeze, (*testservice.Server).Thaw},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testservice.Redis(t)
			topic := newCluster(t, server.URL()).Topic("topic")
			received, missed := follow(t, topic)
			for range 2 {
				take(t, "the call of missed", missed)
				testservice.Eventually(t, "the topic is live", topic.Live)
				deliver(t, topic, received, "before")
				outage.begin(server)
				testservice.Eventually(t, "the topic is not live", func() bool { return !topic.Live() })
				testservice.Eventually(t, "publishing is unavailable", func() bool {
					ctx, cancel := context.WithTimeout(t.Context(), patience)
					defer cancel()
					return errors.Is(topic.Publish(ctx, nil), cpodkit.CodeUnavailable)
				})
				for range len(missed) {
					<-missed
				}
				outage.end(server)
			}
			take(t, "the call of missed", missed)
			testservice.Eventually(t, "the topic is live again", topic.Live)
			deliver(t, topic, received, "after")
		})
	}
}

// A server of ours may start before Redis does.
func TestDownAtStart(t *testing.T) {
	t.Parallel()
	server := testservice.Redis(t)
	server.Stop()
	c := newCluster(t, server.URL())
	topic := c.Topic("topic")
	_, missed := follow(t, topic)
	if _, err := c.Lease(t.Context(), "lease", time.Minute); !errors.Is(err, cpodkit.CodeUnavailable) {
		t.Errorf("Lease while Redis is down: %v", err)
	}
	if topic.Live() || len(missed) > 0 {
		t.Error("the topic is live though Redis is down")
	}
	server.Start()
	take(t, "the call of missed", missed)
	testservice.Eventually(t, "the topic is live", topic.Live)
}

// Follow ends with its context also while Redis neither answers nor hangs up.
func TestFollowEndsWhileFrozen(t *testing.T) {
	t.Parallel()
	server := testservice.Redis(t)
	topic := newCluster(t, server.URL()).Topic("topic")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended, missed := make(chan error, 1), make(chan struct{}, 1)
	go func() { ended <- topic.Follow(ctx, func([]byte) {}, func() { missed <- struct{}{} }) }()
	take(t, "the call of missed", missed)
	server.Freeze()
	defer server.Thaw()
	testservice.Eventually(t, "the topic is not live", func() bool { return !topic.Live() })
	cancel()
	if err := take(t, "the end of Follow", ended); !errors.Is(err, context.Canceled) {
		t.Errorf("Follow = %v", err)
	}
}

// A holder that cannot renew stops before another begins.
func TestLeaseWhileFrozen(t *testing.T) {
	t.Parallel()
	server := testservice.Redis(t)
	a, b := newCluster(t, server.URL()), newCluster(t, server.URL())
	const ttl = 2 * time.Second
	lease, err := a.Lease(t.Context(), "lease", ttl)
	if err != nil {
		t.Fatal(err)
	}
	server.Freeze()
	renewed := make(chan error, 1)
	go func() { renewed <- lease.Renew(t.Context()) }()
	take(t, "the end of the lease", lease.Done())
	server.Thaw()
	if err := take(t, "the answer to Renew", renewed); err == nil {
		t.Error("a lease that had ended was renewed")
	}
	var next *cluster.Lease
	testservice.Eventually(t, "another gets the lease", func() bool { next, err = b.Lease(t.Context(), "lease", ttl); return err == nil })
	if next.Token() <= lease.Token() {
		t.Errorf("token %d comes after %d", next.Token(), lease.Token())
	}
}

// A Redis that has lost all gives the lease to another, with a larger token; the
// old holder learns of it when it renews.
func TestLeaseAfterLossOfData(t *testing.T) {
	t.Parallel()
	server := testservice.Redis(t)
	a, b := newCluster(t, server.URL()), newCluster(t, server.URL())
	old, err := a.Lease(t.Context(), "lease", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	server.Kill()
	server.Start()
	var lease *cluster.Lease
	testservice.Eventually(t, "another gets the lease", func() bool { lease, err = b.Lease(t.Context(), "lease", time.Hour); return err == nil })
	if lease.Token() <= old.Token() {
		t.Errorf("token %d comes after %d", lease.Token(), old.Token())
	}
	testservice.Eventually(t, "the old holder knows", func() bool { return errors.Is(old.Renew(t.Context()), cpodkit.CodeConflict) })
	select {
	case <-old.Done():
	default:
		t.Error("Done of the lost lease is open")
	}
	if err := old.Release(t.Context()); err != nil {
		t.Errorf("Release: %v", err)
	}
	if err := lease.Renew(t.Context()); err != nil {
		t.Errorf("the holder has lost its lease to the release of an old one: %v", err)
	}
}

// After a failover of Sentinel all goes on with the new master, in the end.
func TestFailover(t *testing.T) {
	t.Parallel()
	sentinel, master, _ := testservice.RedisSentinel(t)
	c := newCluster(t, sentinelURL(sentinel))
	topic := c.Topic("topic")
	received, missed := follow(t, topic)
	take(t, "the call of missed", missed)
	testservice.Eventually(t, "the topic is live", topic.Live)
	before, err := c.Lease(t.Context(), "lease", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	master.Kill()
	testservice.Eventually(t, "the topic is not live", func() bool { return !topic.Live() })
	take(t, "the call of missed", missed)
	testservice.Eventually(t, "the topic is live again", topic.Live)
	deliver(t, topic, received, "after")
	var lease *cluster.Lease
	testservice.Eventually(t, "the lease is free", func() bool { lease, err = c.Lease(t.Context(), "lease", time.Second); return err == nil })
	if lease.Token() <= before.Token() {
		t.Errorf("token %d comes after %d", lease.Token(), before.Token())
	}
}

// A wrong password and a dead address are unavailable, and say nothing secret.
func TestErrorsTellNothing(t *testing.T) {
	t.Parallel()
	server := testservice.Redis(t, testservice.WithArgs("--requirepass", "right"))
	for _, url := range []string{"redis://:wrong-secret@" + server.Addr, "redis://:wrong-secret@127.0.0.1:1"} {
		err := newCluster(t, url).Topic("topic").Publish(t.Context(), nil)
		e, ok := errors.AsType[*cpodkit.Error](err)
		if !ok || e.Code != cpodkit.CodeUnavailable {
			t.Errorf("Publish = %v", err)
			continue
		}
		host, _, _ := net.SplitHostPort(server.Addr)
		if holds(e.Detail, host, "secret", "WRONGPASS", "NOAUTH") || holds(err.Error(), "secret") {
			t.Errorf("the error tells %q: %v", e.Detail, err)
		}
	}
}

func holds(text string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
}
