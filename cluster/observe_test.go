package cluster_test

import (
	"slices"
	"testing"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/cpodkit/cpodkit/cluster"
	"github.com/cpodkit/cpodkit/cluster/clustertest"
)

// A driver that is measured is the same driver.
func TestObserved(t *testing.T) {
	t.Parallel()
	clustertest.Run(t, func(t testing.TB) clustertest.Replica {
		observed := cluster.Observed(t, cluster.NewMemory(), sdktrace.NewTracerProvider(), sdkmetric.NewMeterProvider())
		return func() cluster.Driver { return observed }
	})
}

func TestUnobserved(t *testing.T) {
	t.Parallel()
	memory := cluster.NewMemory()
	defer memory.Close()
	if got := cluster.Observed(t, memory, nil, nil); got != cluster.Driver(memory) {
		t.Errorf("without providers the driver is a %T", got)
	}
}

func TestSpans(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewSpanRecorder()
	c, err := cluster.New(cluster.NewMemory(),
		cluster.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))),
		cluster.WithMeterProvider(sdkmetric.NewMeterProvider()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Topic("t").Publish(t.Context(), nil); err != nil {
		t.Error(err)
	}
	lease, err := c.Lease(t.Context(), "l", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := lease.Renew(t.Context()); err != nil {
		t.Error(err)
	}
	if err := lease.Release(t.Context()); err != nil {
		t.Error(err)
	}
	var names []string
	for _, span := range spans.Ended() {
		names = append(names, span.Name())
	}
	if want := []string{"cluster.publish", "cluster.acquire", "cluster.renew", "cluster.release"}; !slices.Equal(names, want) {
		t.Errorf("spans %q, want %q", names, want)
	}
}
