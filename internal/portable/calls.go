package portable

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

// Calls measures the calls of one portable type to its driver with OpenTelemetry:
// a span for each call, how long it took, and its errors by code. It also words
// the driver's errors for clients.
//
// Spans and metrics hold the capability, the operation and the code of an error,
// and nothing else: a name, a key, a value or the text of an error may belong to
// a tenant.
type Calls struct {
	capability string
	sentence   Sentence
	tracer     trace.Tracer            // nil without spans
	duration   metric.Float64Histogram // nil without metrics, as failures
	failures   metric.Int64Counter
	start      time.Time // calls are timed from here: that reads one clock, time.Now two
}

// NewCalls returns the calls of a capability, such as "storage.files", to its
// driver. A nil provider measures nothing, and a call that nothing measures costs
// no allocation and no look at the clock.
func NewCalls(
	capability string, tracers trace.TracerProvider, meters metric.MeterProvider, sentence Sentence,
) (*Calls, error) {
	c := &Calls{capability: capability, sentence: sentence, start: time.Now()}
	scope := "github.com/cpodkit/cpodkit/" + strings.ReplaceAll(capability, ".", "/")
	if tracers != nil {
		c.tracer = tracers.Tracer(scope)
	}
	if meters == nil {
		return c, nil
	}
	meter := meters.Meter(scope)
	var err1, err2 error
	c.duration, err1 = meter.Float64Histogram(durationName,
		metric.WithUnit("s"),
		metric.WithDescription("How long calls to drivers take."),
		metric.WithExplicitBucketBoundaries(0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10))
	c.failures, err2 = meter.Int64Counter(errorsName,
		metric.WithUnit("{error}"),
		metric.WithDescription("Calls to drivers that returned an error, by its code."))
	return c, errors.Join(err1, err2)
}

// Operation is one method of a driver.
type Operation struct {
	calls      *Calls
	isMeasured bool
	spanName   string
	attributes []attribute.KeyValue
	started    []trace.SpanStartOption
	measured   []metric.RecordOption
}

// Operation returns the operation of that name, such as "put". Its spans are
// called "<capability>.<name>".
func (c *Calls) Operation(name string) *Operation {
	attributes := []attribute.KeyValue{capabilityKey.String(c.capability), operationKey.String(name)}
	return &Operation{
		calls:      c,
		isMeasured: c.tracer != nil || c.duration != nil,
		spanName:   c.capability + "." + name,
		attributes: attributes,
		started:    []trace.SpanStartOption{trace.WithAttributes(attributes...)},
		measured:   []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attributes...))},
	}
}

// IsMeasured reports whether anybody wants to know of the calls.
func (o *Operation) IsMeasured() bool { return o.isMeasured }

// Call is one call under way.
type Call struct {
	operation *Operation
	span      trace.Span // nil without spans
	began     time.Duration
}

// Start begins a call, which runs with the returned context and ends with
// [Call.End] or [Call.Measure].
func (o *Operation) Start(ctx context.Context) (context.Context, Call) {
	if !o.isMeasured {
		return ctx, Call{operation: o}
	}
	return o.start(ctx)
}

func (o *Operation) start(ctx context.Context) (context.Context, Call) {
	c := Call{operation: o}
	if o.calls.tracer != nil {
		ctx, c.span = o.calls.tracer.Start(ctx, o.spanName, o.started...) //nolint:spancheck // measure ends it
	}
	c.began = time.Since(o.calls.start)
	return ctx, c
}

// End ends the call and returns the driver's error as one for the client (see
// [Calls.Error]). ctx is the one that Start returned.
func (c Call) End(ctx context.Context, err error) error {
	c.Measure(ctx, err)
	if err == nil {
		return nil
	}
	return c.operation.calls.Error(ctx, err)
}

// Measure ends the call as End does, and leaves the wording to the caller. The
// outcome is one error, or one for each part of a batch; nil ones count as success.
func (c Call) Measure(ctx context.Context, outcome ...error) {
	if c.operation.isMeasured {
		c.measure(ctx, outcome)
	}
}

func (c Call) measure(ctx context.Context, outcome []error) {
	calls := c.operation.calls
	if calls.duration != nil {
		calls.duration.Record(ctx, (time.Since(calls.start) - c.began).Seconds(), c.operation.measured...)
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
	kind, isFault := errorType(err)
	reason := semconv.ErrorTypeKey.String(kind)
	if failures := c.operation.calls.failures; failures != nil {
		failures.Add(ctx, 1, metric.WithAttributes(slices.Concat(c.operation.attributes, []attribute.KeyValue{reason})...))
	}
	if c.span != nil {
		c.span.SetAttributes(reason)
		if isFault {
			c.span.SetStatus(codes.Error, kind)
		}
	}
}

func errorType(err error) (kind string, isFault bool) {
	if errors.Is(err, context.Canceled) {
		return canceled, false
	}
	code := cpodkit.CodeOf(err)
	return string(code), code.Status() >= http.StatusInternalServerError && code != cpodkit.CodeNotSupported
}
