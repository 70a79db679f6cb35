package kv_test

import (
	"testing"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/cpodkit/cpodkit/storage/kv"
	"github.com/cpodkit/cpodkit/storage/kv/kvtest"
)

// A driver that is measured is the same driver.
func TestObserved(t *testing.T) {
	t.Parallel()
	kvtest.Run(t, func(t testing.TB) kv.Driver {
		return kv.Observed(t, kv.NewMemory(), sdktrace.NewTracerProvider(), sdkmetric.NewMeterProvider())
	})
}

func TestUnobserved(t *testing.T) {
	t.Parallel()
	memory := kv.NewMemory()
	defer memory.Close()
	if got := kv.Observed(t, memory, nil, nil); got != kv.Driver(memory) {
		t.Errorf("without providers the driver is a %T", got)
	}
}
