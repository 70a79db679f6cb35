// Package telemetry measures the calls that the portable types make to their
// drivers, with OpenTelemetry: a span for each call, how long it took, and its
// errors by code.
//
// What it tells is the capability, the operation and the code of an error, and
// nothing else: no name, key, value or error text, for those may belong to a
// tenant.
package telemetry

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/cpodkit/cpodkit"
)

// The metrics, and the attributes of metrics and spans.
const (
	durationName = "cpodkit.driver.duration"
	errorsName   = "cpodkit.driver.errors"

	capabilityKey = attribute.Key("cpodkit.capability")
	operationKey  = attribute.Key("cpodkit.operation")
)

// canceled is the error type of a call that its caller gave up. It has no code.
const canceled = "canceled"

// Providers say where spans and metrics go. A nil one measures nothing.
type Providers struct {
	Tracer trace.TracerProvider
	Meter  metric.MeterProvider
}

// None reports whether there is no provider. The portable type then keeps its
// driver as it is, and a call costs nothing more.
func (p Providers) None() bool { return p.Tracer == nil && p.Meter == nil }

// Driver is what measures the calls of one portable type to its driver.
type Driver struct {
	capability string
	tracer     trace.Tracer            // nil without spans
	duration   metric.Float64Histogram // nil without metrics, as errors
	errors     metric.Int64Counter
}

// New returns what measures the calls of a capability, such as
// "storage.files".
func New(capability string, p Providers) (*Driver, error) {
	d := &Driver{capability: capability}
	scope := "github.com/cpodkit/cpodkit/" + strings.ReplaceAll(capability, ".", "/")
	if p.Tracer != nil {
		d.tracer = p.Tracer.Tracer(scope)
	}
	if p.Meter == nil {
		return d, nil
	}
	meter := p.Meter.Meter(scope)
	var err1, err2 error
	d.duration, err1 = meter.Float64Histogram(durationName,
		metric.WithUnit("s"),
		metric.WithDescription("How long calls to drivers take."),
		metric.WithExplicitBucketBoundaries(0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10))
	d.errors, err2 = meter.Int64Counter(errorsName,
		metric.WithUnit("{error}"),
		metric.WithDescription("Calls to drivers that returned an error, by its code."))
	return d, errors.Join(err1, err2)
}

// Operation is one method of a driver.
type Operation struct {
	driver     *Driver
	spanName   string
	attributes []attribute.KeyValue
	started    []trace.SpanStartOption
	measured   []metric.RecordOption
}

// Operation returns the operation of that name, such as "put". Its spans are
// called "<capability>.<name>".
func (d *Driver) Operation(name string) *Operation {
	attributes := []attribute.KeyValue{capabilityKey.String(d.capability), operationKey.String(name)}
	return &Operation{
		driver:     d,
		spanName:   d.capability + "." + name,
		attributes: attributes,
		started:    []trace.SpanStartOption{trace.WithAttributes(attributes...)},
		measured:   []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attributes...))},
	}
}

// Call is one call under way.
type Call struct {
	operation *Operation
	span      trace.Span // nil without spans
	began     time.Time
}

// Start begins a call, which runs with the returned context and ends with
// [Call.End].
func (o *Operation) Start(ctx context.Context) (context.Context, Call) {
	c := Call{operation: o, began: time.Now()}
	if o.driver.tracer != nil {
		ctx, c.span = o.driver.tracer.Start(ctx, o.spanName, o.started...) //nolint:spancheck // End ends it
	}
	return ctx, c
}

// End ends the call with its outcome: one error, or one for each part of a
// batch; nil ones count as success. ctx is the one that Start returned.
func (c Call) End(ctx context.Context, outcome ...error) {
	d := c.operation.driver
	if d.duration != nil {
		d.duration.Record(ctx, time.Since(c.began).Seconds(), c.operation.measured...)
	}
	for _, err := range outcome {
		if err != nil {
			c.failed(ctx, err)
		}
	}
	if c.span != nil {
		c.span.End()
	}
}

// failed counts an error. A span keeps the last one; it has failed itself when
// one of them is the fault of the server.
func (c Call) failed(ctx context.Context, err error) {
	kind, isFault := classify(err)
	reason := semconv.ErrorTypeKey.String(kind)
	d := c.operation.driver
	if d.errors != nil {
		d.errors.Add(ctx, 1, metric.WithAttributes(slices.Concat(c.operation.attributes, []attribute.KeyValue{reason})...))
	}
	if c.span != nil {
		c.span.SetAttributes(reason)
		if isFault {
			c.span.SetStatus(codes.Error, kind)
		}
	}
}

func classify(err error) (kind string, isFault bool) {
	if errors.Is(err, context.Canceled) {
		return canceled, false
	}
	code := cpodkit.CodeOf(err)
	return string(code), code.Status() >= http.StatusInternalServerError && code != cpodkit.CodeNotSupported
}
