package otelmask_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	api "go.opentelemetry.io/otel/trace"

	"github.com/cpodkit/cpodkit/masking"
	"github.com/cpodkit/cpodkit/masking/otelmask"
)

// exported returns the span that an exporter gets for what work does.
func exported(t *testing.T, p masking.Profile, work func(api.Span)) tracetest.SpanStub {
	t.Helper()
	m, err := masking.New(masking.WithProfile(p))
	if err != nil {
		t.Fatal(err)
	}
	memory := tracetest.NewInMemoryExporter()
	provider := trace.NewTracerProvider(
		trace.WithSyncer(otelmask.Exporter(m, memory)),
		trace.WithResource(resource.NewSchemaless(attribute.String("host.ip", "203.0.113.7"))))
	_, span := provider.Tracer("test").Start(t.Context(), "mail alice@example.com now")
	work(span)
	span.End()
	spans := memory.GetSpans()
	if len(spans) != 1 {
		t.Fatalf("%d spans are exported, want 1", len(spans))
	}
	return spans[0]
}

func TestAttributes(t *testing.T) {
	t.Parallel()
	const mail = "alice@example.com"
	profile := masking.Profile{
		Fields: map[string]masking.Strategy{"gone": masking.Drop, "born": masking.Placeholder},
		Paths:  map[string]masking.Strategy{"$.map.n": masking.Fixed},
	}
	for name, test := range map[string]struct {
		in   attribute.KeyValue
		want string
	}{
		"a string":       {attribute.String("to", mail), `to STRING a***@example.com`},
		"a text":         {attribute.String("x", "Call Alice at 555-867-5309"), `x STRING Call [NAME] at [PHONE]`},
		"nothing":        {attribute.String("http.route", "/v1/files"), `http.route STRING /v1/files`},
		"a field":        {attribute.String("http.request.header.authorization", "x"), `http.request.header.authorization STRING [MASKED]`},
		"a header":       {attribute.StringSlice("http.request.header.cookie", []string{"a=b", "c=d"}), `http.request.header.cookie STRINGSLICE ["[MASKED]","[MASKED]"]`},
		"a number":       {attribute.Int("status", 200), `status INT64 200`},
		"a masked one":   {attribute.Int("pin", 1234), `pin STRING [MASKED]`},
		"context":        {attribute.Int64("user.phone", 5558675309), `user.phone STRING **********`},
		"a float":        {attribute.Float64("f", 1.5), `f FLOAT64 1.5`},
		"a boolean":      {attribute.Bool("b", true), `b BOOL true`},
		"a key":          {attribute.Int(mail, 1), `a***@example.com INT64 1`},
		"a key of many":  {attribute.IntSlice(mail, []int{1}), `a***@example.com INT64SLICE [1]`},
		"strings":        {attribute.StringSlice("x", []string{mail, "y"}), `x STRINGSLICE ["a***@example.com","y"]`},
		"numbers":        {attribute.IntSlice("x", []int{1, 2}), `x INT64SLICE [1,2]`},
		"secret numbers": {attribute.IntSlice("otp", []int{1, 2}), `otp STRINGSLICE ["[MASKED]","[MASKED]"]`},
		"floats":         {attribute.Float64Slice("x", []float64{1.5}), `x FLOAT64SLICE [1.5]`},
		"booleans":       {attribute.BoolSlice("born", []bool{true}), `born STRINGSLICE ["[MASKED]"]`},
		"bytes":          {attribute.KeyValue{Key: "x", Value: attribute.ByteSliceValue([]byte(mail))}, `x BYTESLICE YSoqKkBleGFtcGxlLmNvbQ==`},
		"values":         {attribute.KeyValue{Key: "x", Value: attribute.SliceValue(attribute.StringValue(mail), attribute.IntValue(1))}, `x SLICE ["a***@example.com",1]`},
		"a map": {attribute.KeyValue{Key: "map", Value: attribute.MapValue(
			attribute.Int("n", 7), attribute.String("mail", mail), attribute.Int("gone", 1))}, `map MAP {"mail":"a***@example.com","n":"***"}`},
		"a dropped one":  {attribute.String("a.gone", "x"), ``},
		"dropped values": {attribute.StringSlice("gone", []string{"x"}), ``},
		"empty":          {attribute.KeyValue{Key: "x"}, `x EMPTY `},
	} {
		check := func(where string, attrs []attribute.KeyValue) {
			var got strings.Builder
			for _, a := range attrs {
				fmt.Fprintf(&got, "%s %s %s", a.Key, a.Value.Type(), a.Value.String())
			}
			if got.String() != test.want {
				t.Errorf("%s, in %s: %s, want %s", name, where, got.String(), test.want)
			}
		}
		span := exported(t, profile, func(s api.Span) {
			s.SetAttributes(test.in)
			s.AddEvent("event", api.WithAttributes(test.in))
			s.AddLink(api.Link{SpanContext: api.NewSpanContext(api.SpanContextConfig{TraceID: api.TraceID{1}, SpanID: api.SpanID{1}}), Attributes: []attribute.KeyValue{test.in}})
		})
		check("the span", span.Attributes)
		check("an event", span.Events[0].Attributes)
		check("a link", span.Links[0].Attributes)
	}
}

func TestSpan(t *testing.T) {
	t.Parallel()
	span := exported(t, masking.Profile{}, func(s api.Span) {
		s.RecordError(errors.New("no alice@example.com here"))
		s.AddEvent("for alice@example.com now")
		s.SetStatus(codes.Error, "no alice@example.com here")
	})
	if span.Name != "mail [EMAIL] now" || span.Status.Description != "no [EMAIL] here" || span.Status.Code != codes.Error {
		t.Errorf("the span is %q, %+v", span.Name, span.Status)
	}
	if e := span.Events; len(e) != 2 || e[1].Name != "for [EMAIL] now" || !strings.Contains(fmt.Sprint(e[0].Attributes), "no [EMAIL] here") {
		t.Errorf("the events are %+v", e)
	}
	if got, _ := span.Resource.Set().Value("host.ip"); got.AsString() != "203.0.113.7" {
		t.Errorf("the resource is %v", span.Resource)
	}
	if !span.SpanContext.IsValid() || span.EndTime.IsZero() || span.InstrumentationScope.Name != "test" {
		t.Errorf("the span is %+v", span)
	}
}

type broken struct{ err error }

func (b broken) ExportSpans(context.Context, []trace.ReadOnlySpan) error { return b.err }
func (b broken) Shutdown(context.Context) error                          { return b.err }

// TestErrors: errors of the exporter pass.
func TestErrors(t *testing.T) {
	t.Parallel()
	m, err := masking.New()
	if err != nil {
		t.Fatal(err)
	}
	failed := errors.New("failed")
	e := otelmask.Exporter(m, broken{failed})
	spans := tracetest.SpanStubs{{Name: "a"}}.Snapshots()
	if err := e.ExportSpans(t.Context(), spans); !errors.Is(err, failed) {
		t.Errorf("ExportSpans returns %v", err)
	}
	if err := e.Shutdown(t.Context()); !errors.Is(err, failed) {
		t.Errorf("Shutdown returns %v", err)
	}
}
