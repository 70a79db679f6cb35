package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

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
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/files"
	"github.com/cpodkit/cpodkit/storage/kv"
)

// backend is where the spans and metrics of a test go.
type backend struct {
	spans   *tracetest.InMemoryExporter
	metrics *sdkmetric.ManualReader
	tracers trace.TracerProvider
	meters  metric.MeterProvider
}

func newBackend() backend {
	b := backend{spans: tracetest.NewInMemoryExporter(), metrics: sdkmetric.NewManualReader()}
	b.tracers = sdktrace.NewTracerProvider(sdktrace.WithSyncer(b.spans))
	b.meters = sdkmetric.NewMeterProvider(sdkmetric.WithReader(b.metrics))
	return b
}

// stores are the portable types, each with its driver and its telemetry.
type stores struct {
	files files.Handle
	docs  documents.Collection
	apps  documents.Collection // of all apps of the user
	kv    kv.Handle
}

// Whatever belongs to a tenant in these tests holds this word.
const secret = "hunter2"

func (b backend) open(t *testing.T) stores {
	t.Helper()
	f, err1 := files.New(brokenFiles{files.NewMemory()}, files.WithTracerProvider(b.tracers), files.WithMeterProvider(b.meters))
	d, err2 := documents.New(documents.NewMemory(),
		documents.WithTracerProvider(b.tracers), documents.WithMeterProvider(b.meters))
	k, err3 := kv.New(kv.NewMemory(), kv.WithTracerProvider(b.tracers), kv.WithMeterProvider(b.meters))
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(f.Close(), d.Close(), k.Close()); err != nil {
			t.Error(err)
		}
	})
	id := cpodkit.Identity{
		TenantID: "t-" + secret, AppID: "a-" + secret, UserID: "u-" + secret,
		Scopes: cpodkit.Scopes{"storage.private.*", "storage.user.*"},
	}
	const collection = "c-" + secret
	return stores{f.For(id), d.For(id).Collection(collection), d.For(id).Tier(storage.User).AllApps().Collection(collection), k.For(id)}
}

// brokenFiles fails as a driver does, with the name in the text of the error,
// and signs URLs.
type brokenFiles struct{ files.Driver }

func (brokenFiles) Delete(_ context.Context, name string) error {
	return fmt.Errorf("the disk lost %s", name)
}

func (brokenFiles) PresignURL(_ context.Context, name, _ string, _ time.Duration) (string, error) {
	return "https://store.test/" + name, nil
}

func TestEveryCall(t *testing.T) {
	t.Parallel()
	const key = "k-" + secret
	body := func() *strings.Reader { return strings.NewReader(secret) }
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name   string // of the span
		call   func(ctx context.Context, s stores) error
		error  string // its type
		failed bool   // the span has
	}{
		{"storage.files.put", func(ctx context.Context, s stores) error { _, err := s.files.Write(ctx, key, body(), nil); return err }, "", false},
		{"storage.files.put", func(ctx context.Context, s stores) error {
			_, err := s.files.Write(ctx, key, body(), &files.WriteOptions{IfMatch: secret})
			return err
		}, "precondition_failed", false},
		{"storage.files.open", func(ctx context.Context, s stores) error { _, err := s.files.Open(ctx, key); return err }, "not_found", false},
		{"storage.files.stat", func(ctx context.Context, s stores) error { _, err := s.files.Stat(ctx, key); return err }, "not_found", false},
		{"storage.files.delete", func(ctx context.Context, s stores) error { return s.files.Delete(ctx, key) }, "internal", true},
		{"storage.files.list", func(ctx context.Context, s stores) error {
			_, err := s.files.List(ctx, files.ListOptions{Prefix: secret})
			return err
		}, "", false},
		{"storage.files.presign", func(ctx context.Context, s stores) error {
			_, err := s.files.SignURL(ctx, key, files.URLOptions{})
			return err
		}, "", false},
		{"storage.documents.get", func(ctx context.Context, s stores) error { _, err := s.docs.Get(ctx, key); return err }, "not_found", false},
		{"storage.documents.apply", func(ctx context.Context, s stores) error {
			_, err := s.docs.Set(ctx, key, json.RawMessage(`"`+secret+`"`), nil)
			return err
		}, "", false},
		{"storage.documents.apply", func(ctx context.Context, s stores) error {
			_, err := s.docs.Set(ctx, key, json.RawMessage(`1`), &documents.SetOptions{IfMatch: secret})
			return err
		}, "precondition_failed", false},
		{"storage.documents.query", func(ctx context.Context, s stores) error {
			_, err := s.docs.Query(ctx, documents.Query{Filter: map[string]any{secret: secret}})
			return err
		}, "", false},
		{"storage.documents.spaces", func(ctx context.Context, s stores) error {
			_, err := s.apps.Query(ctx, documents.Query{})
			return err
		}, "", false},
		{"storage.kv.set", func(ctx context.Context, s stores) error { return s.kv.Set(ctx, key, secret, nil) }, "", false},
		{"storage.kv.get", func(ctx context.Context, s stores) error { _, err := s.kv.Get(ctx, key); return err }, "not_found", false},
		{"storage.kv.get", func(_ context.Context, s stores) error { _, err := s.kv.Get(gone, key); return err }, "canceled", false},
		{"storage.kv.exists", func(ctx context.Context, s stores) error { _, err := s.kv.Exists(ctx, key); return err }, "", false},
		{"storage.kv.delete", func(ctx context.Context, s stores) error { return s.kv.Delete(ctx, key) }, "", false},
		{"storage.kv.incr", func(ctx context.Context, s stores) error { _, err := s.kv.Incr(ctx, key, 1); return err }, "", false},
		{"storage.kv.ttl", func(ctx context.Context, s stores) error { _, err := s.kv.TTL(ctx, key); return err }, "not_found", false},
	} {
		t.Run(c.name+" "+c.error, func(t *testing.T) {
			t.Parallel()
			b := newBackend()
			s := b.open(t)
			if err := c.call(t.Context(), s); (err == nil) != (c.error == "") {
				t.Fatalf("the call returned %v", err)
			}
			dot := strings.LastIndexByte(c.name, '.')
			want := "cpodkit.capability=" + c.name[:dot] + " cpodkit.operation=" + c.name[dot+1:]
			b.checkMetrics(t, want, c.error)
			if c.error != "" {
				want += " error.type=" + c.error
			}
			spans := b.spans.GetSpans()
			if len(spans) != 1 {
				t.Fatalf("%d spans", len(spans))
			}
			if got := spans[0]; got.Name != c.name || textOf(got.Attributes) != want || (got.Status.Code == codes.Error) != c.failed {
				t.Errorf("span %q with %s, status %+v; want %s", got.Name, textOf(got.Attributes), got.Status, want)
			}
			b.mustNotTell(t, secret)
		})
	}
}

// checkMetrics wants one measured call, and one error when there is a type.
func (b backend) checkMetrics(t *testing.T, attributes, errorType string) {
	t.Helper()
	metrics := b.collect(t)
	durations := metrics["cpodkit.driver.duration"].(metricdata.Histogram[float64]).DataPoints
	if len(durations) != 1 || durations[0].Count != 1 || textOf(durations[0].Attributes.ToSlice()) != attributes {
		t.Errorf("durations %+v; want one of %s", durations, attributes)
	}
	failures, counted := metrics["cpodkit.driver.errors"].(metricdata.Sum[int64])
	if counted != (errorType != "") {
		t.Fatalf("errors %+v; want %q", failures, errorType)
	}
	if counted && (len(failures.DataPoints) != 1 || failures.DataPoints[0].Value != 1 ||
		textOf(failures.DataPoints[0].Attributes.ToSlice()) != attributes+" error.type="+errorType) {
		t.Errorf("errors %+v; want one of %s %s", failures, attributes, errorType)
	}
}

func (b backend) collect(t *testing.T) map[string]metricdata.Aggregation {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := b.metrics.Collect(t.Context(), &all); err != nil {
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

// mustNotTell searches everything that left the process for a word.
func (b backend) mustNotTell(t *testing.T, word string) {
	t.Helper()
	var told bytes.Buffer
	for _, span := range b.spans.GetSpans().Snapshots() {
		fmt.Fprintln(&told, span.Name(), span.Attributes(), span.Events(), span.Links(), span.Status(), span.Resource())
	}
	fmt.Fprintf(&told, "%+v", b.collect(t))
	if strings.Contains(told.String(), word) {
		t.Errorf("telemetry tells %q:\n%s", word, &told)
	}
}

func textOf(attributes []attribute.KeyValue) string {
	var out []string
	for _, a := range attributes {
		out = append(out, fmt.Sprintf("%s=%v", a.Key, a.Value.AsInterface()))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// Each op of a batch that fails is an error of its own; the call is one.
func TestBatch(t *testing.T) {
	t.Parallel()
	b := newBackend()
	d, err := documents.New(halfBroken{documents.NewMemory()},
		documents.WithTracerProvider(b.tracers), documents.WithMeterProvider(b.meters))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	id := cpodkit.Identity{TenantID: "t", AppID: "a", Scopes: cpodkit.Scopes{"storage.private.*"}}
	result, err := d.For(id).Collection("c").Batch(t.Context(), []documents.BatchOp{
		{Key: "1", Delete: true}, {Key: "2", Delete: true}, {Key: "3", Delete: true},
	})
	if err != nil || result.Failed != 2 {
		t.Fatalf("batch: %+v, %v", result, err)
	}
	counts := map[string]int64{}
	for _, point := range b.collect(t)["cpodkit.driver.errors"].(metricdata.Sum[int64]).DataPoints {
		kind, _ := point.Attributes.Value("error.type")
		counts[kind.AsString()] = point.Value
	}
	if len(counts) != 2 || counts["unavailable"] != 1 || counts["precondition_failed"] != 1 {
		t.Errorf("errors %v", counts)
	}
	if spans := b.spans.GetSpans(); len(spans) != 1 || spans[0].Status.Code != codes.Error {
		t.Errorf("spans %+v", spans)
	}
}

type halfBroken struct{ documents.Driver }

func (halfBroken) Apply(context.Context, documents.CollectionID, []documents.Op) []error {
	return []error{cpodkit.CodeUnavailable, nil, cpodkit.CodePreconditionFailed}
}

// A span of a driver's call is a child of the span around it, and what the
// driver does a child of its own.
func TestSpansNest(t *testing.T) {
	t.Parallel()
	b := newBackend()
	ctx, parent := b.tracers.Tracer("test").Start(t.Context(), "parent")
	if _, err := b.open(t).kv.Exists(ctx, "x"); err != nil {
		t.Fatal(err)
	}
	parent.End()
	spans := b.spans.GetSpans()
	if len(spans) != 2 || spans[0].Parent.SpanID() != spans[1].SpanContext.SpanID() {
		t.Errorf("spans %+v", spans)
	}
}

// With one provider alone, the other half is absent.
func TestOneProvider(t *testing.T) {
	t.Parallel()
	b := newBackend()
	for _, opt := range []kv.Option{kv.WithTracerProvider(b.tracers), kv.WithMeterProvider(b.meters)} {
		store, err := kv.New(kv.NewMemory(), opt)
		if err != nil {
			t.Fatal(err)
		}
		id := cpodkit.Identity{TenantID: "t", AppID: "a", Scopes: cpodkit.Scopes{"storage.private.*"}}
		if _, err := store.For(id).Get(t.Context(), "x"); !errors.Is(err, cpodkit.CodeNotFound) {
			t.Error(err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
	if n := len(b.spans.GetSpans()); n != 1 {
		t.Errorf("%d spans", n)
	}
	b.checkMetrics(t, "cpodkit.capability=storage.kv cpodkit.operation=get", "not_found")
}

func TestARefusedInstrument(t *testing.T) {
	t.Parallel()
	_, err1 := files.New(files.NewMemory(), files.WithMeterProvider(refusingMeters{}))
	_, err2 := documents.New(documents.NewMemory(), documents.WithMeterProvider(refusingMeters{}))
	memory := kv.NewMemory()
	defer memory.Close()
	_, err3 := kv.New(memory, kv.WithMeterProvider(refusingMeters{}))
	for _, err := range []error{err1, err2, err3} {
		if !errors.Is(err, errRefused) {
			t.Errorf("the error is %v", err)
		}
	}
}

var errRefused = errors.New("refused")

// refusingMeters makes no instrument.
type refusingMeters struct{ noop.MeterProvider }

func (refusingMeters) Meter(string, ...metric.MeterOption) metric.Meter { return refusingMeter{} }

type refusingMeter struct{ noop.Meter }

func (refusingMeter) Int64Counter(string, ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	return nil, errRefused
}

// What metrics cost a call, beside what the driver itself does.
func TestMetricsAllocateNothing(t *testing.T) { //nolint:paralleltest // it counts allocations
	measured := func(opts ...kv.Option) float64 {
		store, err := kv.New(kv.NewMemory(), opts...)
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		h := store.For(cpodkit.Identity{TenantID: "t", AppID: "a", Scopes: cpodkit.Scopes{"storage.private.*"}})
		return testing.AllocsPerRun(100, func() { _, _ = h.Exists(t.Context(), "x") })
	}
	bare, withMetrics := measured(), measured(kv.WithMeterProvider(newBackend().meters))
	if withMetrics != bare {
		t.Errorf("%v allocations with metrics, %v without", withMetrics, bare)
	}
}
