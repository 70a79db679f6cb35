package httpserver

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/cpodkit/cpodkit"
)

// Telemetry is middleware that continues the trace of the request's traceparent
// (W3C Trace Context), makes a server span of each request, and measures it, as
// OpenTelemetry's semantic conventions for HTTP say: the span is called
// "<method> <route>", and the metrics are http.server.request.duration in
// seconds and http.server.active_requests. A nil provider makes no spans, or
// measures nothing; the trace is continued all the same, for logs and for what
// the handlers call.
//
// Attributes are the method, the scheme, the pattern of the route, the status,
// and for an answer of 500 and above its [cpodkit.Code]. Paths, queries, ids and headers
// never are: they may hold secrets, and have no end.
//
// Put it inside [Record], and outside [AccessLog], whose lines then hold
// the trace id.
func Telemetry(tracers trace.TracerProvider, meters metric.MeterProvider) (cpodkit.Middleware, error) {
	const scope = "github.com/cpodkit/cpodkit"
	t := &httpTelemetry{sets: map[answer]*attributeSet{}}
	if tracers != nil {
		t.tracer = tracers.Tracer(scope)
	}
	if meters != nil {
		meter := meters.Meter(scope)
		var err1, err2 error
		t.duration, err1 = meter.Float64Histogram("http.server.request.duration",
			metric.WithUnit("s"),
			metric.WithDescription("Duration of HTTP server requests."),
			metric.WithExplicitBucketBoundaries(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10))
		t.active, err2 = meter.Int64UpDownCounter("http.server.active_requests",
			metric.WithUnit("{request}"),
			metric.WithDescription("Number of active HTTP server requests."))
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx := continueTrace(r)
			if t.tracer != nil || t.duration != nil {
				t.serve(ctx, next, w, r)
				return
			}
			if ctx != r.Context() {
				r = r.WithContext(ctx)
			}
			next.ServeHTTP(w, r)
		})
	}, nil
}

// continueTrace returns the request's context with the trace that its
// traceparent names. One that is malformed, or sent twice, is ignored (W3C
// Trace Context section 3.2).
func continueTrace(r *http.Request) context.Context {
	if len(r.Header["Traceparent"]) != 1 {
		return r.Context()
	}
	return propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
}

// httpTelemetry is where [Telemetry] reports to. Without spans tracer is nil,
// without metrics duration and active are.
type httpTelemetry struct {
	tracer   trace.Tracer
	duration metric.Float64Histogram
	active   metric.Int64UpDownCounter

	mu   sync.RWMutex
	sets map[answer]*attributeSet
}

func (t *httpTelemetry) serve(ctx context.Context, next http.Handler, w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	a := answer{method: knownMethod(r.Method), scheme: scheme(r)}
	request := t.set(a)
	var span trace.Span
	if t.tracer != nil {
		ctx, span = t.tracer.Start(ctx, a.spanName(),
			trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(start), trace.WithAttributes(request.attributes...))
	}
	if t.active != nil {
		t.active.Add(ctx, 1, request.add...)
		defer t.active.Add(ctx, -1, request.add...)
	}
	if ctx != r.Context() {
		r = r.WithContext(ctx)
	}
	rec, finished := record(w), false
	defer func() {
		a.status, a.route, a.fault = rec.Status(), routeOf(r, rec), faultOf(r, rec, finished)
		whole := t.set(a)
		if t.duration != nil {
			t.duration.Record(ctx, time.Since(start).Seconds(), whole.record...)
		}
		if span != nil {
			a.endSpan(span, whole.attributes)
		}
	}()
	next.ServeHTTP(rec, r)
	finished = true
}

// answer is what telemetry tells of a request: nothing that a client makes up.
type answer struct {
	method, scheme string
	route          string // "" where none matched
	status         int    // 0 before the answer
	fault          string // why the server failed, or ""
}

// attributeSet is the attributes of an answer, ready for use. Making one costs
// far more than measuring with it.
type attributeSet struct {
	attributes []attribute.KeyValue
	record     []metric.RecordOption
	add        []metric.AddOption
}

// maxSets bounds the sets that are kept. There are only so many routes, but a
// handler may make up statuses.
const maxSets = 4096

func (t *httpTelemetry) set(a answer) *attributeSet {
	t.mu.RLock()
	set, ok := t.sets[a]
	t.mu.RUnlock()
	if ok {
		return set
	}
	attributes := a.attributes()
	option := metric.WithAttributeSet(attribute.NewSet(attributes...))
	set = &attributeSet{attributes, []metric.RecordOption{option}, []metric.AddOption{option}}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.sets) < maxSets {
		t.sets[a] = set
	}
	return set
}

func (a answer) attributes() []attribute.KeyValue {
	attributes := []attribute.KeyValue{semconv.HTTPRequestMethodKey.String(a.method), semconv.URLScheme(a.scheme)}
	if a.route != "" {
		attributes = append(attributes, semconv.HTTPRoute(a.route))
	}
	if a.status != 0 {
		attributes = append(attributes, semconv.HTTPResponseStatusCode(a.status))
	}
	if a.fault != "" {
		attributes = append(attributes, semconv.ErrorTypeKey.String(a.fault))
	}
	return attributes
}

func (a answer) spanName() string {
	name := a.method
	if name == otherMethod {
		name = "HTTP"
	}
	if a.route != "" {
		name += " " + a.route
	}
	return name
}

func (a answer) endSpan(span trace.Span, attributes []attribute.KeyValue) {
	if span.IsRecording() {
		span.SetName(a.spanName())
		span.SetAttributes(attributes...)
		if a.fault != "" && a.fault != string(cpodkit.CodeCanceled) {
			span.SetStatus(codes.Error, "")
		}
	}
	span.End()
}

// faultOf returns what went wrong: "canceled" when the client has gone, "aborted" when
// the answer was cut, else what the server is to blame for, the code of the failure, or
// the status where there is none; "" for nothing.
func faultOf(r *http.Request, rec *recorder, finished bool) string {
	if rec.Status() == cpodkit.StatusCanceled || !finished && errors.Is(r.Context().Err(), context.Canceled) {
		return string(cpodkit.CodeCanceled)
	}
	if !finished {
		return aborted
	}
	if rec.Status() < http.StatusInternalServerError {
		return cutOf(r, rec)
	}
	if e := cpodkit.RecordFromContext(r.Context()).Failure(); e != nil {
		return string(e.Code)
	}
	return strconv.Itoa(rec.Status())
}

// routeOf returns the pattern that the request has matched, without its method.
func routeOf(r *http.Request, rec *recorder) string {
	pattern := patternOf(r, rec)
	if _, route, ok := strings.Cut(pattern, " "); ok {
		return route
	}
	return pattern
}

// otherMethod stands for all methods that are not HTTP's own: a client may make
// up any number.
const otherMethod = "_OTHER"

func knownMethod(m string) string {
	if safeMethod(m) != m {
		return otherMethod
	}
	return m
}

func scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}
