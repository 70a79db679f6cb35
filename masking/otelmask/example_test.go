package otelmask_test

import (
	"context"
	"fmt"
	"log"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/cpodkit/cpodkit/masking"
	"github.com/cpodkit/cpodkit/masking/otelmask"
)

func Example() {
	masker, err := masking.New()
	if err != nil {
		log.Fatal(err)
	}
	exporter := tracetest.NewInMemoryExporter()
	provider := trace.NewTracerProvider(trace.WithSyncer(otelmask.Exporter(masker, exporter)))
	_, span := provider.Tracer("shop").Start(context.Background(), "order")
	span.SetAttributes(attribute.String("user.email", "alice@example.com"), attribute.String("http.request.header.authorization", "Basic eDp5"))
	span.End()
	for _, a := range exporter.GetSpans()[0].Attributes {
		fmt.Println(a.Key, a.Value.AsString())
	}
	// Output:
	// user.email a***@example.com
	// http.request.header.authorization [MASKED]
}
