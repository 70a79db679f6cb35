package ratelimit_test

import (
	"errors"
	"maps"
	"testing"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/cpodkit/cpodkit/ratelimit"
)

// meters is where the metrics of a test go.
type meters struct {
	reader   *sdkmetric.ManualReader
	provider metric.MeterProvider
}

func newMeters() meters {
	reader := sdkmetric.NewManualReader()
	return meters{reader, sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))}
}

// requests returns what was counted, by "<policy> <outcome>".
func (m meters) requests(t *testing.T) map[string]int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := m.reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if m.Name != "cpodkit.ratelimit.requests" {
				continue
			}
			for _, point := range m.Data.(metricdata.Sum[int64]).DataPoints {
				policy, _ := point.Attributes.Value("cpodkit.ratelimit.policy")
				outcome, _ := point.Attributes.Value("cpodkit.ratelimit.outcome")
				counts[policy.AsString()+" "+outcome.AsString()] = point.Value
			}
		}
	}
	return counts
}

func TestOutcomesAreCounted(t *testing.T) {
	t.Parallel()
	m, driver := newMeters(), &broken{Driver: ratelimit.NewMemory()}
	l := newLimiter(t, driver, ratelimit.WithTelemetry(nil, m.provider))
	s := newSite(newMiddleware(t, l, refusals(2)), authenticate, newMiddleware(t, l,
		ratelimit.Policy{Limit: perMinute("api", 3), Key: ratelimit.ByIdentity()},
		ratelimit.Policy{Limit: perMinute("strict", 9), FailClosed: true, Key: ratelimit.ByIdentity()},
		ratelimit.Policy{Limit: perMinute("tried", 1), Shadow: true, Key: ratelimit.ByIdentity()}))
	for range 4 { // three are served
		s.get("/things/1", "t/a/u")
	}
	for range 3 { // two are charged
		s.get("/things/1", "bad")
	}
	driver.err = errors.New("boom")
	s.get("/things/1", "t/a/u")
	want := map[string]int64{
		"api allowed": 3, "api limited": 1, "api failed_open": 1,
		"tried allowed": 1, "tried shadow_limited": 2,
		"refused allowed": 2, "refused limited": 1, "refused failed_open": 1,
		"strict allowed": 3, "strict failed_closed": 1,
	}
	if got := m.requests(t); !maps.Equal(got, want) {
		t.Errorf("counted %v, want %v", got, want)
	}
}

func TestARefusedCounter(t *testing.T) {
	t.Parallel()
	l, err := ratelimit.New(ratelimit.NewMemory(), ratelimit.WithTelemetry(nil, noCounters{}))
	if err == nil {
		_, err = l.Middleware(ratelimit.Policy{Limit: perMinute("", 1), Key: ratelimit.ByIdentity()})
	}
	if !errors.Is(err, errNoCounter) {
		t.Errorf("the error is %v", err)
	}
}

var errNoCounter = errors.New("no counter")

type noCounters struct{ noop.MeterProvider }

func (noCounters) Meter(string, ...metric.MeterOption) metric.Meter { return noCounter{} }

type noCounter struct{ noop.Meter }

func (noCounter) Int64ObservableCounter(string, ...metric.Int64ObservableCounterOption) (metric.Int64ObservableCounter, error) {
	return nil, errNoCounter
}

// Limiters with one provider count together, and what they counted is there after
// they are closed.
func TestLimitersCountTogether(t *testing.T) {
	t.Parallel()
	m := newMeters()
	for range 2 {
		l, err := ratelimit.New(ratelimit.NewMemory(), ratelimit.WithTelemetry(nil, m.provider))
		if err != nil {
			t.Fatal(err)
		}
		policy := ratelimit.Policy{Limit: perMinute("api", 9), Key: ratelimit.ByIdentity()}
		newSite(authenticate, newMiddleware(t, l, policy), newMiddleware(t, l, policy)).get("/things/1", "t/a/u")
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	if got, want := m.requests(t), map[string]int64{"api allowed": 4}; !maps.Equal(got, want) {
		t.Errorf("counted %v, want %v", got, want)
	}
}
