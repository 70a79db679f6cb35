package ratelimit

import (
	"testing"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/cpodkit/cpodkit/internal/telemetry"
)

// Observed returns the driver that a limiter with these providers calls.
func Observed(t testing.TB, driver Driver, tracers trace.TracerProvider, meters metric.MeterProvider) Driver {
	t.Helper()
	observed, err := observe(driver, telemetry.Providers{Tracer: tracers, Meter: meters})
	if err != nil {
		t.Fatal(err)
	}
	return observed
}

// Kept returns how many buckets m holds, and for how many there is room now.
func Kept(m *Memory) (keys, slots int) {
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		keys += s.keys
		slots += len(s.slots)
		s.mu.Unlock()
	}
	return keys, slots
}
