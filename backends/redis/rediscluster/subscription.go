package rediscluster

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cpodkit/cpodkit/cluster"
)

// confirmation bounds how long Redis may take to confirm a subscription.
const confirmation = 3 * time.Second

// Subscribe implements [cluster.Driver]. Each subscription has a connection of
// its own.
func (d *Driver) Subscribe(ctx context.Context, topic string) (cluster.Subscription, error) {
	s := &subscription{
		driver: d, ctx: ctx, pubsub: d.client.Subscribe(ctx),
		echo: d.name(topic, "echo:"+rand.Text()),
	}
	err := d.guard.Do(ctx, func(ctx context.Context) error {
		return s.begin(ctx, d.name(topic, "topic"))
	})
	if err != nil {
		_ = s.pubsub.Close()
		return nil, err
	}
	s.stop = context.AfterFunc(ctx, func() { _ = s.pubsub.Close() })
	return s, nil
}

// subscription receives the topic, and a channel for its echoes alone. go-redis
// would subscribe again by itself, without a word about what was lost between, so
// after the first error, or a second confirmation, it is given up.
type subscription struct {
	driver *Driver
	ctx    context.Context //nolint:containedctx // it is the life of the subscription
	pubsub *redis.PubSub
	echo   string
	stop   func() bool
}

func (s *subscription) begin(ctx context.Context, topic string) error {
	channels := []string{topic, s.echo}
	if err := s.pubsub.Subscribe(ctx, channels...); err != nil {
		return err
	}
	for range channels {
		reply, err := s.pubsub.ReceiveTimeout(ctx, confirmation)
		if err != nil {
			return err
		}
		if _, ok := reply.(*redis.Subscription); !ok {
			return fmt.Errorf("redis confirms a subscription by a %T", reply)
		}
	}
	return nil
}

// Receive implements [cluster.Subscription].
func (s *subscription) Receive() (cluster.Message, error) {
	reply, err := s.pubsub.Receive(s.ctx)
	if err != nil {
		return cluster.Message{}, err
	}
	message, ok := reply.(*redis.Message)
	if !ok {
		return cluster.Message{}, errReconnected
	}
	return cluster.Message{Payload: []byte(message.Payload), IsEcho: message.Channel == s.echo}, nil
}

// Echo implements [cluster.Subscription].
func (s *subscription) Echo(ctx context.Context, mark []byte) error {
	return s.driver.publish(ctx, s.echo, mark)
}

// Close implements [cluster.Subscription].
func (s *subscription) Close() error {
	s.stop()
	if err := s.pubsub.Close(); err != nil && !errors.Is(err, redis.ErrClosed) {
		return err
	}
	return nil
}

var errReconnected = errors.New("the connection was made anew, messages may be lost")
