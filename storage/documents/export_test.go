package documents

import (
	"testing"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/cpodkit/cpodkit/internal/telemetry"
)

// Observed returns the driver that a store with these providers calls.
func Observed(t testing.TB, driver Driver, tracers trace.TracerProvider, meters metric.MeterProvider) Driver {
	t.Helper()
	observed, err := observe(driver, telemetry.Providers{Tracer: tracers, Meter: meters})
	if err != nil {
		t.Fatal(err)
	}
	return observed
}
