package ratelimit_test

import (
	"testing"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/cpodkit/cpodkit/ratelimit"
	"github.com/cpodkit/cpodkit/ratelimit/ratelimittest"
)

// A driver that is measured is the same driver.
func TestObserved(t *testing.T) {
	t.Parallel()
	ratelimittest.RunInBubble(t, func(t testing.TB) ratelimit.Driver {
		return ratelimit.Observed(t, ratelimit.NewMemory(), sdktrace.NewTracerProvider(), sdkmetric.NewMeterProvider())
	})
}

func TestUnobserved(t *testing.T) {
	t.Parallel()
	memory := ratelimit.NewMemory()
	defer memory.Close()
	if got := ratelimit.Observed(t, memory, nil, nil); got != ratelimit.Driver(memory) {
		t.Errorf("without providers the driver is a %T", got)
	}
}
