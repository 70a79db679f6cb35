package files

import (
	"context"
	"io"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/telemetry"
)

// WithTracerProvider makes a span of every call to the driver
// ("storage.files.put"). Spans hold no key and no content type. Without it
// there are none.
func WithTracerProvider(p trace.TracerProvider) Option {
	return func(c *config) { c.telemetry.Tracer = p }
}

// WithMeterProvider measures how long calls to the driver take, and counts
// their errors by code (docs/operations.md). Without it nothing is measured.
func WithMeterProvider(p metric.MeterProvider) Option {
	return func(c *config) { c.telemetry.Meter = p }
}

// observed is a driver whose calls are measured. Opened objects are the
// driver's own, so that the kernel still sends their bytes (see [OSFileObject]).
type observed struct {
	driver                                 Driver
	put, open, stat, remove, list, presign *telemetry.Operation
}

// observe wraps driver, or returns it as it is when nobody wants to know.
func observe(driver Driver, p telemetry.Providers) (Driver, error) {
	if p.None() {
		return driver, nil
	}
	t, err := telemetry.New("storage.files", p)
	if err != nil {
		return nil, err
	}
	return &observed{
		driver:  driver,
		put:     t.Operation("put"),
		open:    t.Operation("open"),
		stat:    t.Operation("stat"),
		remove:  t.Operation("delete"),
		list:    t.Operation("list"),
		presign: t.Operation("presign"),
	}, nil
}

// Put takes as long as the body takes to arrive.
func (o *observed) Put(ctx context.Context, name string, body io.Reader, opts PutOptions) (Attributes, error) {
	ctx, call := o.put.Start(ctx)
	attrs, err := o.driver.Put(ctx, name, body, opts)
	call.End(ctx, err)
	return attrs, err
}

func (o *observed) Open(ctx context.Context, name string) (Object, error) {
	ctx, call := o.open.Start(ctx)
	object, err := o.driver.Open(ctx, name)
	call.End(ctx, err)
	return object, err
}

func (o *observed) Stat(ctx context.Context, name string) (Attributes, error) {
	ctx, call := o.stat.Start(ctx)
	attrs, err := o.driver.Stat(ctx, name)
	call.End(ctx, err)
	return attrs, err
}

func (o *observed) Delete(ctx context.Context, name string) error {
	ctx, call := o.remove.Start(ctx)
	err := o.driver.Delete(ctx, name)
	call.End(ctx, err)
	return err
}

func (o *observed) List(ctx context.Context, q ListQuery) (Listing, error) {
	ctx, call := o.list.Start(ctx)
	listing, err := o.driver.List(ctx, q)
	call.End(ctx, err)
	return listing, err
}

// PresignURL makes every observed driver a [Presigner]. One that is none
// underneath says so with the code that a Presigner has for this.
func (o *observed) PresignURL(ctx context.Context, name, method string, ttl time.Duration) (string, error) {
	presigner, ok := o.driver.(Presigner)
	if !ok {
		return "", cpodkit.CodeNotSupported
	}
	ctx, call := o.presign.Start(ctx)
	signed, err := presigner.PresignURL(ctx, name, method, ttl)
	call.End(ctx, err)
	return signed, err
}

func (o *observed) Close() error { return o.driver.Close() }
