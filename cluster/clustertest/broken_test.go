package clustertest

import (
	"context"
	"crypto/rand"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/cluster"
	"github.com/cpodkit/cpodkit/internal/mustfail"
)

// broken is a driver in memory with some calls of it replaced.
type broken struct {
	*cluster.Memory
	publish func(m *cluster.Memory, ctx context.Context, topic string, message []byte) error
	acquire func(m *cluster.Memory, ctx context.Context, name, holder string, ttl time.Duration) (int64, error)
	renew   func(m *cluster.Memory, ctx context.Context, name, holder string, ttl time.Duration) error
	release func(m *cluster.Memory, ctx context.Context, name, holder string) error
	receive func(cluster.Message) cluster.Message
}

func (b broken) Publish(ctx context.Context, topic string, message []byte) error {
	if b.publish != nil {
		return b.publish(b.Memory, ctx, topic, message)
	}
	return b.Memory.Publish(ctx, topic, message)
}

func (b broken) Acquire(ctx context.Context, name, holder string, ttl time.Duration) (int64, error) {
	if b.acquire != nil {
		return b.acquire(b.Memory, ctx, name, holder, ttl)
	}
	return b.Memory.Acquire(ctx, name, holder, ttl)
}

func (b broken) Renew(ctx context.Context, name, holder string, ttl time.Duration) error {
	if b.renew != nil {
		return b.renew(b.Memory, ctx, name, holder, ttl)
	}
	return b.Memory.Renew(ctx, name, holder, ttl)
}

func (b broken) Release(ctx context.Context, name, holder string) error {
	if b.release != nil {
		return b.release(b.Memory, ctx, name, holder)
	}
	return b.Memory.Release(ctx, name, holder)
}

func (b broken) Subscribe(ctx context.Context, topic string) (cluster.Subscription, error) {
	subscription, err := b.Memory.Subscribe(ctx, topic)
	return brokenSubscription{subscription, b.receive}, err
}

type brokenSubscription struct {
	cluster.Subscription
	receive func(cluster.Message) cluster.Message
}

func (s brokenSubscription) Receive() (cluster.Message, error) {
	m, err := s.Subscription.Receive()
	if s.receive != nil {
		m = s.receive(m)
	}
	return m, err
}

// TestSuiteFindsBrokenDrivers has each mistake found by the test that is for it.
func TestSuiteFindsBrokenDrivers(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	every := func(n int64) bool { return calls.Add(1)%n == 0 }
	for _, c := range []struct {
		mistake string
		test    func(*suite)
		driver  broken
	}{
		{"a message is lost now and then", testNothingIsLostWhileLive, broken{
			publish: func(m *cluster.Memory, ctx context.Context, topic string, message []byte) error {
				if every(100) {
					return nil
				}
				return m.Publish(ctx, topic, message)
			},
		}},
		{"a message comes twice", testMessagesReachAllInOrder, broken{
			publish: func(m *cluster.Memory, ctx context.Context, topic string, message []byte) error {
				if every(50) {
					_ = m.Publish(ctx, topic, message)
				}
				return m.Publish(ctx, topic, message)
			},
		}},
		{"messages end at a NUL", testAnyBytes, broken{
			receive: func(m cluster.Message) cluster.Message {
				if before, _, cut := strings.Cut(string(m.Payload), "\x00"); cut && !m.IsEcho {
					m.Payload = []byte(before)
				}
				return m
			},
		}},
		{"echoes pass for messages", testEchoIsForItsSubscription, broken{
			receive: func(m cluster.Message) cluster.Message { m.IsEcho = false; return m },
		}},
		{"topics meet", testTopicsAreApart, broken{
			publish: func(m *cluster.Memory, ctx context.Context, topic string, message []byte) error {
				return m.Publish(ctx, strings.ReplaceAll(topic, "t/1", "t1"), message)
			},
		}},
		{"anybody renews", testLostLeaseIsNotRenewed, broken{
			renew: func(*cluster.Memory, context.Context, string, string, time.Duration) error { return nil },
		}},
		{"anybody releases", testOnlyTheHolderReleases, broken{
			release: func(m *cluster.Memory, ctx context.Context, name, _ string) error { return m.Release(ctx, name, "a") },
		}},
		{"everybody is the holder", testLeaseHasOneHolder, broken{
			acquire: func(m *cluster.Memory, ctx context.Context, name, holder string, ttl time.Duration) (int64, error) {
				return m.Acquire(ctx, name+holder, holder, ttl)
			},
		}},
		{"the same token for all", testTokensGrow, broken{
			acquire: func(m *cluster.Memory, ctx context.Context, name, holder string, ttl time.Duration) (int64, error) {
				_, err := m.Acquire(ctx, name, holder, ttl)
				return 7, err
			},
		}},
		{"a lease that never ends", testLeaseEnds, broken{
			acquire: func(m *cluster.Memory, ctx context.Context, name, holder string, _ time.Duration) (int64, error) {
				return m.Acquire(ctx, name, holder, cluster.MaxTTL)
			},
		}},
		{"a lease that ends too early", testLeaseEnds, broken{
			acquire: func(m *cluster.Memory, ctx context.Context, name, holder string, ttl time.Duration) (int64, error) {
				return m.Acquire(ctx, name, holder, ttl/2)
			},
		}},
		{"a second grant to the same holder is refused", testAcquireAgain, broken{
			acquire: func(m *cluster.Memory, ctx context.Context, name, holder string, ttl time.Duration) (int64, error) {
				if m.Renew(ctx, name, holder, ttl) == nil {
					return 0, cpodkit.CodeConflict
				}
				return m.Acquire(ctx, name, holder, ttl)
			},
		}},
	} {
		t.Run(c.mistake, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.driver.Memory = cluster.NewMemory()
				mustfail.Want(t, func(t testing.TB) {
					replica := func() cluster.Driver { return c.driver }
					c.test(&suite{TB: t, ctx: t.Context(), replica: replica, space: "t-" + rand.Text() + "/"})
				})
			})
		})
	}
}
