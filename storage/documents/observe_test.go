package documents_test

import (
	"testing"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/documents/documentstest"
)

// A driver that is measured is the same driver.
func TestObserved(t *testing.T) {
	t.Parallel()
	documentstest.Run(t, func(t testing.TB) documents.Driver {
		return documents.Observed(t, documents.NewMemory(), sdktrace.NewTracerProvider(), sdkmetric.NewMeterProvider())
	})
}

func TestUnobserved(t *testing.T) {
	t.Parallel()
	memory := documents.NewMemory()
	defer memory.Close()
	if got := documents.Observed(t, memory, nil, nil); got != documents.Driver(memory) {
		t.Errorf("without providers the driver is a %T", got)
	}
}
