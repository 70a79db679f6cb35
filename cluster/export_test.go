package cluster

import (
	"testing"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/cpodkit/cpodkit/internal/telemetry"
)

// Observed returns the driver that New makes its calls to.
func Observed(t testing.TB, driver Driver, tracer trace.TracerProvider, meter metric.MeterProvider) Driver {
	t.Helper()
	observed, err := observe(driver, telemetry.Providers{Tracer: tracer, Meter: meter})
	if err != nil {
		t.Fatal(err)
	}
	return observed
}
