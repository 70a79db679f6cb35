package documents

import (
	"context"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/telemetry"
)

// WithTracerProvider makes a span of every call to the driver
// ("storage.documents.query"). Spans hold no key, no name of a collection and no value. Without it
// there are none.
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
	driver                    Driver
	get, apply, query, spaces *telemetry.Operation
}

// observe wraps driver, or returns it as it is when nobody wants to know.
func observe(driver Driver, p telemetry.Providers) (Driver, error) {
	if p.None() {
		return driver, nil
	}
	t, err := telemetry.New("storage.documents", p)
	if err != nil {
		return nil, err
	}
	return &observed{
		driver: driver,
		get:    t.Operation("get"),
		apply:  t.Operation("apply"),
		query:  t.Operation("query"),
		spaces: t.Operation("spaces"),
	}, nil
}

func (o *observed) Get(ctx context.Context, in CollectionID, key string) (Record, error) {
	ctx, call := o.get.Start(ctx)
	record, err := o.driver.Get(ctx, in, key)
	call.End(ctx, err)
	return record, err
}

func (o *observed) Apply(ctx context.Context, in CollectionID, ops []Op) []error {
	ctx, call := o.apply.Start(ctx)
	errs := o.driver.Apply(ctx, in, ops)
	call.End(ctx, errs...)
	return errs
}

func (o *observed) Query(ctx context.Context, in CollectionID, q DriverQuery) ([]Record, error) {
	ctx, call := o.query.Start(ctx)
	records, err := o.driver.Query(ctx, in, q)
	call.End(ctx, err)
	return records, err
}

// Spaces makes every observed driver a [SpaceFinder]. One that is none
// underneath says so with the code that this has.
func (o *observed) Spaces(ctx context.Context, prefix, collection string, limit int) ([]string, error) {
	finder, ok := o.driver.(SpaceFinder)
	if !ok {
		return nil, cpodkit.CodeNotSupported
	}
	ctx, call := o.spaces.Start(ctx)
	spaces, err := finder.Spaces(ctx, prefix, collection, limit)
	call.End(ctx, err)
	return spaces, err
}

func (o *observed) Close() error { return o.driver.Close() }
