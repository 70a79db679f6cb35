package ratelimit

import (
	"context"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/cpodkit/cpodkit/internal/telemetry"
)

// Option configures [New].
type Option func(*options)

type options struct{ telemetry telemetry.Providers }

// WithTracerProvider makes a span of every call to the driver
// ("ratelimit.take"). Spans hold no key. Without it there are none.
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
	driver      Driver
	take, reset *telemetry.Operation
}

// observe wraps driver, or returns it as it is when nobody wants to know.
func observe(driver Driver, p telemetry.Providers) (Driver, error) {
	if p.None() {
		return driver, nil
	}
	t, err := telemetry.New("ratelimit", p)
	if err != nil {
		return nil, err
	}
	return &observed{driver: driver, take: t.Operation("take"), reset: t.Operation("reset")}, nil
}

func (o *observed) Take(ctx context.Context, buckets []Bucket, cost int64) error {
	ctx, call := o.take.Start(ctx)
	err := o.driver.Take(ctx, buckets, cost)
	call.End(ctx, err)
	return err
}

func (o *observed) Reset(ctx context.Context, key string) error {
	ctx, call := o.reset.Start(ctx)
	err := o.driver.Reset(ctx, key)
	call.End(ctx, err)
	return err
}

func (o *observed) Close() error { return o.driver.Close() }
