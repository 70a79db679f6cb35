package cluster

import (
	"context"
	"time"

	"github.com/cpodkit/cpodkit/internal/telemetry"
)

// observed is a driver whose calls are measured.
type observed struct {
	Driver
	publish, subscribe, acquire, renew, release *telemetry.Operation
}

// observe wraps driver, or returns it as it is when nobody wants to know.
func observe(driver Driver, p telemetry.Providers) (Driver, error) {
	if p.None() {
		return driver, nil
	}
	t, err := telemetry.New("cluster", p)
	if err != nil {
		return nil, err
	}
	return &observed{
		Driver:    driver,
		publish:   t.Operation("publish"),
		subscribe: t.Operation("subscribe"),
		acquire:   t.Operation("acquire"),
		renew:     t.Operation("renew"),
		release:   t.Operation("release"),
	}, nil
}

func (o *observed) Publish(ctx context.Context, topic string, message []byte) error {
	ctx, call := o.publish.Start(ctx)
	err := o.Driver.Publish(ctx, topic, message)
	call.End(ctx, err)
	return err
}

// Subscribe measures until the subscription stands. What the subscription lives
// on is the caller's context, so that its life is not part of the span.
func (o *observed) Subscribe(ctx context.Context, topic string) (Subscription, error) {
	measured, call := o.subscribe.Start(ctx)
	subscription, err := o.Driver.Subscribe(ctx, topic)
	call.End(measured, err)
	return subscription, err
}

func (o *observed) Acquire(ctx context.Context, name, holder string, ttl time.Duration) (int64, error) {
	ctx, call := o.acquire.Start(ctx)
	token, err := o.Driver.Acquire(ctx, name, holder, ttl)
	call.End(ctx, err)
	return token, err
}

func (o *observed) Renew(ctx context.Context, name, holder string, ttl time.Duration) error {
	ctx, call := o.renew.Start(ctx)
	err := o.Driver.Renew(ctx, name, holder, ttl)
	call.End(ctx, err)
	return err
}

func (o *observed) Release(ctx context.Context, name, holder string) error {
	ctx, call := o.release.Start(ctx)
	err := o.Driver.Release(ctx, name, holder)
	call.End(ctx, err)
	return err
}
