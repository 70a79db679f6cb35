package httpserver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/httpserver"
)

const (
	traceID     = "0af7651916cd43dd8448eb211c80319c"
	parentID    = "b7ad6b7169203331"
	traceparent = "00-" + traceID + "-" + parentID + "-01"
)

// observed is a handler with everything that it reports.
type observed struct {
	handler http.Handler
	spans   *tracetest.InMemoryExporter
	metrics *sdkmetric.ManualReader
	log     *bytes.Buffer
}

// observe puts mux behind the whole chain. Some middleware before the mux
// copies the request, as authentication does.
func observe(t *testing.T, mux *http.ServeMux) observed {
	t.Helper()
	o := observed{spans: tracetest.NewInMemoryExporter(), metrics: sdkmetric.NewManualReader(), log: new(bytes.Buffer)}
	telemetry, err := httpserver.Telemetry(
		sdktrace.NewTracerProvider(sdktrace.WithSyncer(o.spans)),
		sdkmetric.NewMeterProvider(sdkmetric.WithReader(o.metrics)))
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewJSONHandler(o.log, nil))
	o.handler = cpodkit.Chain(httpserver.Guard(mux),
		httpserver.Record(cpodkit.ServerInfo{}), telemetry, httpserver.AccessLog(log), httpserver.Recover(log), asIdentity("jobs.read"))
	return o
}

func (o observed) call(method, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	r.Header.Set("Authorization", "Bearer good")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	defer func() { _ = recover() }() // of an answer that is cut
	o.handler.ServeHTTP(w, r)
	return w
}

func (o observed) collect(t *testing.T) map[string]metricdata.Aggregation {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := o.metrics.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	byName := map[string]metricdata.Aggregation{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			byName[m.Name] = m.Data
		}
	}
	return byName
}

func textOf(attributes []attribute.KeyValue) string {
	var out []string
	for _, a := range attributes {
		out = append(out, fmt.Sprintf("%s=%v", a.Key, a.Value.AsInterface()))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func jobsMux() *http.ServeMux {
	mux := http.NewServeMux()
	fail := func(err error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { cpodkit.WriteError(w, r, err) }
	}
	mux.Handle("GET /v1/jobs/{id}", sayOK)
	mux.Handle("GET /v1/lost/{id}", fail(cpodkit.CodeNotFound))
	mux.Handle("GET /v1/down/{id}", fail(cpodkit.CodeUnavailable))
	mux.HandleFunc("GET /v1/teapot/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(599) })
	mux.HandleFunc("GET /v1/panic/{id}", func(http.ResponseWriter, *http.Request) { panic("hunter2") })
	mux.HandleFunc("GET /v1/half/{id}", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		panic("hunter2")
	})
	return mux
}

func TestTelemetryOfAnswers(t *testing.T) {
	t.Parallel()
	const head, status = "http.request.method=", " http.response.status_code="
	for _, c := range []struct {
		call, span, attributes string
		failed                 bool
	}{
		{"GET /v1/jobs/hunter2?x=hunter2", "GET /v1/jobs/{id}", head + "GET" + status + "200 http.route=/v1/jobs/{id}", false},
		{"HEAD /v1/jobs/hunter2", "HEAD /v1/jobs/{id}", head + "HEAD" + status + "200 http.route=/v1/jobs/{id}", false},
		{"GET /v1/lost/hunter2", "GET /v1/lost/{id}", head + "GET" + status + "404 http.route=/v1/lost/{id}", false},
		{"GET /v1/down/hunter2", "GET /v1/down/{id}", "error.type=unavailable " + head + "GET" + status + "503 http.route=/v1/down/{id}", true},
		{"GET /v1/teapot/hunter2", "GET /v1/teapot/{id}", "error.type=599 " + head + "GET" + status + "599 http.route=/v1/teapot/{id}", true},
		{"GET /v1/panic/hunter2", "GET /v1/panic/{id}", "error.type=internal " + head + "GET" + status + "500 http.route=/v1/panic/{id}", true},
		{"GET /v1/half/hunter2", "GET /v1/half/{id}", "error.type=aborted " + head + "GET" + status + "200 http.route=/v1/half/{id}", true},
		{"GET /hunter2", "GET", head + "GET" + status + "404", false},
		{"HUNTER2 /v1/jobs/hunter2", "HTTP", head + "_OTHER" + status + "405", false},
	} {
		o := observe(t, jobsMux())
		method, target, _ := strings.Cut(c.call, " ")
		o.call(method, target)
		want := c.attributes + " url.scheme=http"
		spans := o.spans.GetSpans()
		if len(spans) != 1 {
			t.Fatalf("%s: %d spans", c.call, len(spans))
		}
		span := spans[0]
		if span.Name != c.span || textOf(span.Attributes) != want || span.SpanKind != trace.SpanKindServer {
			t.Errorf("%s: span %q, kind %v, with %s; want %q with %s",
				c.call, span.Name, span.SpanKind, textOf(span.Attributes), c.span, want)
		}
		if (span.Status.Code == codes.Error) != c.failed || span.Status.Description != "" || len(span.Events) != 0 {
			t.Errorf("%s: status %+v, events %v", c.call, span.Status, span.Events)
		}
		metrics := o.collect(t)
		durations := metrics["http.server.request.duration"].(metricdata.Histogram[float64]).DataPoints
		if len(durations) != 1 || durations[0].Count != 1 || textOf(durations[0].Attributes.ToSlice()) != want {
			t.Errorf("%s: durations %+v; want %s", c.call, durations, want)
		}
		active := metrics["http.server.active_requests"].(metricdata.Sum[int64]).DataPoints
		if len(active) != 1 || active[0].Value != 0 || active[0].Attributes.Len() != 2 {
			t.Errorf("%s: active requests %+v", c.call, active)
		}
	}
}

func TestTelemetryCountsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	var o observed
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(http.ResponseWriter, *http.Request) {
		active := o.collect(t)["http.server.active_requests"].(metricdata.Sum[int64]).DataPoints
		if len(active) != 1 || active[0].Value != 1 {
			t.Errorf("within a request: %+v", active)
		}
	})
	o = observe(t, mux)
	o.call("GET", "/")
}

func TestTelemetryContinuesTheTrace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		headers   []string
		continued bool
	}{
		{"one", []string{"traceparent", traceparent, "tracestate", "vendor=1"}, true},
		{"none", nil, false},
		{"malformed", []string{"traceparent", traceparent + "0"}, false},
		{"two", []string{"traceparent", traceparent, "traceparent", traceparent}, false},
	} {
		var seen trace.SpanContext
		mux := http.NewServeMux()
		mux.HandleFunc("GET /", func(_ http.ResponseWriter, r *http.Request) { seen = trace.SpanContextFromContext(r.Context()) })
		o := observe(t, mux)
		o.call("GET", "/", c.headers...)
		span := o.spans.GetSpans()[0]
		if got := span.SpanContext.TraceID().String() == traceID; got != c.continued {
			t.Errorf("%s: the span has trace %v", c.name, span.SpanContext.TraceID())
		}
		if got := span.Parent.SpanID().String() == parentID; got != c.continued {
			t.Errorf("%s: the span has parent %v", c.name, span.Parent.SpanID())
		}
		if (seen.TraceState().String() == "vendor=1") != c.continued {
			t.Errorf("%s: the trace state is %q", c.name, seen.TraceState())
		}
		if seen.SpanID() != span.SpanContext.SpanID() {
			t.Errorf("%s: the handler sees span %v, not %v", c.name, seen.SpanID(), span.SpanContext.SpanID())
		}
		line := lastLine(t, o.log)
		if line["trace_id"] != seen.TraceID().String() || line["span_id"] != seen.SpanID().String() {
			t.Errorf("%s: the log line has %v and %v", c.name, line["trace_id"], line["span_id"])
		}
	}
}

func lastLine(t *testing.T, log *bytes.Buffer) map[string]any {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	var last map[string]any
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
		t.Fatal(err)
	}
	return last
}

func TestLogLinesHoldAllIDs(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"/v1/jobs/hunter2", "/v1/panic/hunter3"} {
		o := observe(t, jobsMux())
		o.call("GET", target, "X-Request-Id", "req-1", "traceparent", traceparent)
		for line := range strings.Lines(o.log.String()) {
			for _, want := range []string{`"request_id":"req-1"`, `"tenant":"t1"`, `"app":"a1"`, `"trace_id":"` + traceID + `"`, `"span_id":"`} {
				if !strings.Contains(line, want) {
					t.Errorf("%s: no %s in %s", target, want, line)
				}
			}
			if strings.Contains(line, target) {
				t.Errorf("the log holds the path: %s", line)
			}
		}
		if last := lastLine(t, o.log); last["route"] != "GET "+target[:strings.LastIndex(target, "/")]+"/{id}" {
			t.Errorf("%s: the route is %v", target, last["route"])
		}
	}
}

// Without providers the trace still goes through to logs and handlers.
func TestTelemetryWithoutProviders(t *testing.T) {
	t.Parallel()
	telemetry, err := httpserver.Telemetry(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var seen trace.SpanContext
	h := telemetry(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = trace.SpanContextFromContext(r.Context()) }))
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Traceparent", traceparent)
	h.ServeHTTP(httptest.NewRecorder(), r)
	if seen.TraceID().String() != traceID || !seen.IsRemote() {
		t.Errorf("the handler sees %+v", seen)
	}
}

func TestTelemetryWithoutProvidersCostsNothing(t *testing.T) { //nolint:paralleltest // it counts allocations
	telemetry, err := httpserver.Telemetry(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	h := telemetry(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
	if n := testing.AllocsPerRun(100, func() { h.ServeHTTP(w, r) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestTelemetryReportsARefusedInstrument(t *testing.T) {
	t.Parallel()
	if _, err := httpserver.Telemetry(nil, refusingMeters{}); !errors.Is(err, errRefused) {
		t.Errorf("the error is %v", err)
	}
}

func BenchmarkMiddleware(b *testing.B) {
	log := slog.New(slog.NewJSONHandler(io.Discard, nil)) //nolint:sloglint // its cost is part of the chain
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
	bench := func(name string, middleware ...cpodkit.Middleware) {
		mux := http.NewServeMux()
		mux.HandleFunc("GET /v1/jobs/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
		h := cpodkit.Chain(httpserver.Guard(mux), middleware...)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			r := httptest.NewRequestWithContext(context.Background(), "GET", "/v1/jobs/x", nil)
			w := httptest.NewRecorder()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
	measured, err := httpserver.Telemetry(nil, meters)
	if err != nil {
		b.Fatal(err)
	}
	traced, err := httpserver.Telemetry(sdktrace.NewTracerProvider(), meters)
	if err != nil {
		b.Fatal(err)
	}
	bench("bare")
	bench("log", httpserver.Record(cpodkit.ServerInfo{}), httpserver.AccessLog(log), httpserver.Recover(log))
	bench("log+metrics", httpserver.Record(cpodkit.ServerInfo{}), measured, httpserver.AccessLog(log), httpserver.Recover(log))
	bench("log+metrics+traces", httpserver.Record(cpodkit.ServerInfo{}), traced, httpserver.AccessLog(log), httpserver.Recover(log))
}

var errRefused = errors.New("refused")

// refusingMeters makes no instrument.
type refusingMeters struct{ noop.MeterProvider }

func (refusingMeters) Meter(string, ...metric.MeterOption) metric.Meter { return refusingMeter{} }

type refusingMeter struct{ noop.Meter }

func (refusingMeter) Float64Histogram(string, ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	return nil, errRefused
}
