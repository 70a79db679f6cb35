package kv

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/cpodkit/cpodkit/internal/telemetry"
)

// Option configures [New].
type Option func(*options)

type options struct{ telemetry telemetry.Providers }

// WithTracerProvider makes a span of every call to the driver
// ("storage.kv.get"). Spans hold no key and no value. Without it there are none.
func WithTracerProvider(p trace.TracerProvider) Option {
	return func(o *options) { o.telemetry.Tracer = p }
}

// WithMeterProvider measures how long calls to the driver take, and counts
// their errors by code (docs/operations.md). Without it nothing is measured.
func WithMeterProvider(p metric.MeterProvider) Option {
	return func(o *options) { o.telemetry.Meter = p }
}

// observed is a driver whose calls are measured.
type observed struct {
	driver                              Driver
	get, exists, set, remove, incr, ttl *telemetry.Operation
}

// observe wraps driver, or returns it as it is when nobody wants to know.
func observe(driver Driver, p telemetry.Providers) (Driver, error) {
	if p.None() {
		return driver, nil
	}
	t, err := telemetry.New("storage.kv", p)
	if err != nil {
		return nil, err
	}
	return &observed{
		driver: driver,
		get:    t.Operation("get"),
		exists: t.Operation("exists"),
		set:    t.Operation("set"),
		remove: t.Operation("delete"),
		incr:   t.Operation("incr"),
		ttl:    t.Operation("ttl"),
	}, nil
}

func (o *observed) Get(ctx context.Context, key string) (string, error) {
	ctx, call := o.get.Start(ctx)
	value, err := o.driver.Get(ctx, key)
	call.End(ctx, err)
	return value, err
}

func (o *observed) Exists(ctx context.Context, key string) (bool, error) {
	ctx, call := o.exists.Start(ctx)
	exists, err := o.driver.Exists(ctx, key)
	call.End(ctx, err)
	return exists, err
}

func (o *observed) Set(ctx context.Context, key, value string, ttl time.Duration, ifAbsent bool) (bool, error) {
	ctx, call := o.set.Start(ctx)
	stored, err := o.driver.Set(ctx, key, value, ttl, ifAbsent)
	call.End(ctx, err)
	return stored, err
}

func (o *observed) Delete(ctx context.Context, key string, ifValue *string) (bool, error) {
	ctx, call := o.remove.Start(ctx)
	removed, err := o.driver.Delete(ctx, key, ifValue)
	call.End(ctx, err)
	return removed, err
}

func (o *observed) Incr(ctx context.Context, key string, by int64) (int64, error) {
	ctx, call := o.incr.Start(ctx)
	sum, err := o.driver.Incr(ctx, key, by)
	call.End(ctx, err)
	return sum, err
}

func (o *observed) TTL(ctx context.Context, key string) (time.Duration, error) {
	ctx, call := o.ttl.Start(ctx)
	left, err := o.driver.TTL(ctx, key)
	call.End(ctx, err)
	return left, err
}

func (o *observed) Close() error { return o.driver.Close() }
