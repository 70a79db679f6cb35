package portable_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
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
	"github.com/cpodkit/cpodkit/cluster"
	"github.com/cpodkit/cpodkit/ratelimit"
	"github.com/cpodkit/cpodkit/ratelimit/prefetch"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/files"
	"github.com/cpodkit/cpodkit/storage/kv"
)

// backend is where the spans and metrics of a test go. Metrics are those since they
// were last collected.
type backend struct {
	spans   *tracetest.InMemoryExporter
	metrics *sdkmetric.ManualReader
	tracers trace.TracerProvider
	meters  metric.MeterProvider
}

func newBackend() backend {
	b := backend{
		spans: tracetest.NewInMemoryExporter(),
		metrics: sdkmetric.NewManualReader(sdkmetric.WithTemporalitySelector(
			func(sdkmetric.InstrumentKind) metricdata.Temporality { return metricdata.DeltaTemporality })),
	}
	b.tracers = sdktrace.NewTracerProvider(sdktrace.WithSyncer(b.spans))
	b.meters = sdkmetric.NewMeterProvider(sdkmetric.WithReader(b.metrics))
	return b
}

// stores are the portable types, each with its driver and its telemetry.
type stores struct {
	files   files.Handle
	docs    documents.Collection
	apps    documents.Collection // of all apps of the user
	kv      kv.Handle
	limits  *ratelimit.Limiter
	leased  *ratelimit.Limiter // whose driver is not a Memory
	cluster *cluster.Cluster
	lease   *cluster.Lease

	followed context.Context // ends when a subscription was asked for
	drivers  []io.Closer
}

// Whatever belongs to a tenant in these tests holds this word.
const secret = "hunter2"

const key = "k-" + secret

func (b backend) open(t *testing.T) *stores {
	t.Helper()
	fileDriver, docDriver, kvDriver := signing{files.NewMemory()}, documents.NewMemory(), kv.NewMemory()
	limitDriver, leasedDriver := ratelimit.NewMemory(), prefetchDriver(t)
	followed, stop := context.WithCancel(t.Context())
	clusterDriver := once{cluster.NewMemory(), stop}
	f, err1 := files.New(fileDriver, files.WithTelemetry(b.tracers, b.meters))
	d, err2 := documents.New(docDriver, documents.WithTelemetry(b.tracers, b.meters))
	k, err3 := kv.New(kvDriver, kv.WithTelemetry(b.tracers, b.meters))
	limits, err4 := ratelimit.New(limitDriver, ratelimit.WithTelemetry(b.tracers, b.meters))
	leased, err5 := ratelimit.New(leasedDriver, ratelimit.WithTelemetry(b.tracers, b.meters))
	c, err6 := cluster.New(clusterDriver, cluster.WithTelemetry(b.tracers, b.meters))
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(f.Close(), d.Close(), k.Close(), limits.Close(), leased.Close(), c.Close()); err != nil {
			t.Error(err)
		}
	})
	id := cpodkit.Identity{
		TenantID: "t-" + secret, AppID: "a-" + secret, UserID: "u-" + secret,
		Scopes: cpodkit.Scopes{"storage.private.*", "storage.user.*"},
	}
	const collection = "c-" + secret
	return &stores{
		files: f.For(id), docs: d.For(id).Collection(collection),
		apps: d.For(id).Tier(storage.User).AllApps().Collection(collection), kv: k.For(id),
		limits: limits, leased: leased, cluster: c, followed: followed,
		drivers: []io.Closer{fileDriver, docDriver, kvDriver, limitDriver, leasedDriver, clusterDriver},
	}
}

func prefetchDriver(t *testing.T) ratelimit.Driver {
	t.Helper()
	d, err := prefetch.New(ratelimit.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// signing is a driver that signs URLs. It fails to delete what is called broken, as
// a driver does: with the name in the text of the error.
type signing struct{ files.Driver }

func (d signing) Delete(ctx context.Context, name string) error {
	if strings.HasSuffix(name, "/broken") {
		return fmt.Errorf("the disk lost %s", name)
	}
	return d.Driver.Delete(ctx, name)
}

func (d signing) PresignURL(ctx context.Context, name, _ string, _ time.Duration) (string, error) {
	if _, err := d.Stat(ctx, name); errors.Is(err, cpodkit.CodeUnavailable) {
		return "", err
	}
	return "https://store.test/" + name, nil
}

// once is a driver that stops who subscribes.
type once struct {
	cluster.Driver
	stop context.CancelFunc
}

func (d once) Subscribe(ctx context.Context, topic string) (cluster.Subscription, error) {
	defer d.stop()
	return d.Driver.Subscribe(ctx, topic)
}

// follow returns what its one subscription failed with.
func (s *stores) follow(_ context.Context) error {
	missed := false
	err := s.cluster.Topic(secret).Follow(s.followed, func([]byte) {}, func() { missed = true })
	if missed {
		return nil
	}
	return err
}

// pass sends a request through a middleware that fails closed.
func pass(ctx context.Context, l *ratelimit.Limiter) error {
	m, err := l.Middleware(ratelimit.Policy{Limit: limit(), FailClosed: true, Key: ratelimit.ByIdentity()})
	if err != nil {
		return err
	}
	w := httptest.NewRecorder()
	m(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/"+secret, nil))
	if w.Code != http.StatusNotFound {
		return fmt.Errorf("the answer is %d", w.Code)
	}
	return nil
}

func limit() ratelimit.Limit { return ratelimit.Limit{Tokens: 9, Window: time.Minute} }

// operation is one call of a portable type.
type operation struct {
	name   string // of the span
	call   func(ctx context.Context, s *stores) error
	error  string // its type
	failed bool   // the span has
}

func operations(t *testing.T) []operation {
	t.Helper()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	body := func() io.Reader { return strings.NewReader(secret) }
	return []operation{
		{"storage.files.put", func(ctx context.Context, s *stores) error { _, err := s.files.Write(ctx, key, body(), nil); return err }, "", false},
		{"storage.files.put", func(ctx context.Context, s *stores) error {
			_, err := s.files.Write(ctx, key, body(), &files.WriteOptions{IfMatch: secret})
			return err
		}, "precondition_failed", false},
		{"storage.files.open", func(ctx context.Context, s *stores) error { _, err := s.files.Open(ctx, key); return err }, "not_found", false},
		{"storage.files.stat", func(ctx context.Context, s *stores) error { _, err := s.files.Stat(ctx, key); return err }, "not_found", false},
		{"storage.files.delete", func(ctx context.Context, s *stores) error { return s.files.Delete(ctx, key) }, "", false},
		{"storage.files.delete", func(ctx context.Context, s *stores) error { return s.files.Delete(ctx, "broken") }, "internal", true},
		{"storage.files.list", func(ctx context.Context, s *stores) error {
			_, err := s.files.List(ctx, files.ListOptions{Prefix: secret})
			return err
		}, "", false},
		{"storage.files.presign", func(ctx context.Context, s *stores) error {
			_, err := s.files.SignURL(ctx, key, files.URLOptions{})
			return err
		}, "", false},
		{"storage.documents.get", func(ctx context.Context, s *stores) error { _, err := s.docs.Get(ctx, key); return err }, "not_found", false},
		{"storage.documents.apply", func(ctx context.Context, s *stores) error {
			_, err := s.docs.Set(ctx, key, json.RawMessage(`"`+secret+`"`), nil)
			return err
		}, "", false},
		{"storage.documents.apply", func(ctx context.Context, s *stores) error {
			_, err := s.docs.Set(ctx, key, json.RawMessage(`1`), &documents.SetOptions{IfMatch: secret})
			return err
		}, "precondition_failed", false},
		{"storage.documents.query", func(ctx context.Context, s *stores) error {
			_, err := s.docs.Query(ctx, documents.Query{Filter: map[string]any{secret: secret}})
			return err
		}, "", false},
		{"storage.documents.spaces", func(ctx context.Context, s *stores) error {
			_, err := s.apps.Query(ctx, documents.Query{})
			return err
		}, "", false},
		{"storage.kv.set", func(ctx context.Context, s *stores) error { return s.kv.Set(ctx, key, secret, nil) }, "", false},
		{"storage.kv.get", func(ctx context.Context, s *stores) error { _, err := s.kv.Get(ctx, key); return err }, "not_found", false},
		{"storage.kv.get", func(_ context.Context, s *stores) error { _, err := s.kv.Get(gone, key); return err }, "canceled", false},
		{"storage.kv.exists", func(ctx context.Context, s *stores) error { _, err := s.kv.Exists(ctx, key); return err }, "", false},
		{"storage.kv.delete", func(ctx context.Context, s *stores) error { return s.kv.Delete(ctx, key) }, "", false},
		{"storage.kv.incr", func(ctx context.Context, s *stores) error { _, err := s.kv.Incr(ctx, key, 1); return err }, "", false},
		{"storage.kv.ttl", func(ctx context.Context, s *stores) error { _, err := s.kv.TTL(ctx, key); return err }, "not_found", false},
		{"ratelimit.take", func(ctx context.Context, s *stores) error { _, err := s.limits.Take(ctx, key, limit(), 1); return err }, "", false},
		{"ratelimit.take", func(_ context.Context, s *stores) error { _, err := s.limits.Take(gone, key, limit(), 1); return err }, "canceled", false},
		{"ratelimit.take", func(ctx context.Context, s *stores) error { _, err := s.leased.Take(ctx, key, limit(), 1); return err }, "", false},
		{"ratelimit.take", func(ctx context.Context, s *stores) error {
			_, err := s.limits.TakeAll(ctx, []ratelimit.Bucket{{Key: key, Limit: limit()}}, 1)
			return err
		}, "", false},
		{"ratelimit.take", func(ctx context.Context, s *stores) error { return pass(ctx, s.limits) }, "", false},
		{"ratelimit.take", func(ctx context.Context, s *stores) error { return pass(ctx, s.leased) }, "", false},
		{"ratelimit.reset", func(ctx context.Context, s *stores) error { return s.limits.Reset(ctx, key) }, "", false},
		{"cluster.publish", func(ctx context.Context, s *stores) error { return s.cluster.Topic(secret).Publish(ctx, nil) }, "", false},
		{"cluster.subscribe", func(ctx context.Context, s *stores) error { return s.follow(ctx) }, "", false},
		{"cluster.acquire", func(ctx context.Context, s *stores) error {
			_, err := s.cluster.Lease(ctx, secret, time.Minute)
			return err
		}, "", false},
		{"cluster.acquire", func(ctx context.Context, s *stores) error {
			_, err := s.cluster.Lease(ctx, "held", time.Minute)
			return err
		}, "conflict", false},
		{"cluster.renew", func(ctx context.Context, s *stores) error { return s.lease.Renew(ctx) }, "", false},
		{"cluster.release", func(ctx context.Context, s *stores) error { return s.lease.Release(ctx) }, "", false},
	}
}

func TestEveryCall(t *testing.T) {
	t.Parallel()
	for _, c := range operations(t) {
		t.Run(c.name+" "+c.error, func(t *testing.T) {
			t.Parallel()
			newBackend().check(t, c, func(*stores) {})
		})
		if c.failed || c.error == "canceled" {
			continue
		}
		t.Run(c.name+" unavailable", func(t *testing.T) {
			t.Parallel()
			down := operation{c.name, c.call, "unavailable", true}
			newBackend().check(t, down, func(s *stores) {
				for _, driver := range s.drivers {
					_ = driver.Close()
				}
			})
		})
	}
}

// check makes a call, after prepare, and wants it measured.
func (b backend) check(t *testing.T, c operation, prepare func(*stores)) {
	t.Helper()
	s := b.open(t)
	dot := strings.LastIndexByte(c.name, '.')
	want := "cpodkit.capability=" + c.name[:dot] + " cpodkit.operation=" + c.name[dot+1:]
	if strings.HasPrefix(c.name, "cluster.") {
		var err error
		if s.lease, err = s.cluster.Lease(t.Context(), "held", time.Minute); err != nil {
			t.Fatal(err)
		}
		b.spans.Reset()
		b.collect(t)
	}
	prepare(s)
	if err := c.call(t.Context(), s); (err == nil) != (c.error == "") {
		t.Fatalf("the call returned %v", err)
	}
	metrics := b.collect(t)
	checkMetrics(t, metrics, want, c.error)
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
	b.mustNotTell(t, metrics, secret)
}

// checkMetrics wants one measured call, and one error when there is a type.
func checkMetrics(t *testing.T, metrics map[string]metricdata.Aggregation, attributes, errorType string) {
	t.Helper()
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
func (b backend) mustNotTell(t *testing.T, metrics map[string]metricdata.Aggregation, word string) {
	t.Helper()
	var told bytes.Buffer
	for _, span := range b.spans.GetSpans().Snapshots() {
		fmt.Fprintln(&told, span.Name(), span.Attributes(), span.Events(), span.Links(), span.Status(), span.Resource())
	}
	fmt.Fprintf(&told, "%+v", metrics)
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
	d, err := documents.New(halfBroken{documents.NewMemory()}, documents.WithTelemetry(b.tracers, b.meters))
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
	for _, opt := range []kv.Option{kv.WithTelemetry(b.tracers, nil), kv.WithTelemetry(nil, b.meters)} {
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
	checkMetrics(t, b.collect(t), "cpodkit.capability=storage.kv cpodkit.operation=get", "not_found")
}

func TestARefusedInstrument(t *testing.T) {
	t.Parallel()
	var meters refusingMeters
	_, err1 := files.New(files.NewMemory(), files.WithTelemetry(nil, meters))
	_, err2 := documents.New(documents.NewMemory(), documents.WithTelemetry(nil, meters))
	_, err3 := kv.New(kv.NewMemory(), kv.WithTelemetry(nil, meters))
	_, err4 := ratelimit.New(ratelimit.NewMemory(), ratelimit.WithTelemetry(nil, meters))
	_, err5 := cluster.New(cluster.NewMemory(), cluster.WithTelemetry(nil, meters))
	for _, err := range []error{err1, err2, err3, err4, err5} {
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
	bare, withMetrics := measured(), measured(kv.WithTelemetry(nil, newBackend().meters))
	if withMetrics != bare {
		t.Errorf("%v allocations with metrics, %v without", withMetrics, bare)
	}
}
