// Package otelmask masks what a program exports by OpenTelemetry:
//
//	exporter = otelmask.Exporter(masker, exporter)
//	provider := trace.NewTracerProvider(trace.WithBatcher(exporter))
package otelmask

import (
	"context"
	"log/slog"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/cpodkit/cpodkit/masking"
)

// Exporter returns an exporter that masks spans and hands them to next: the name, the
// description of the status, and the keys and values of attributes, also those of events and
// links, and the names of events. An attribute is masked as one of log/slog is (see
// [masking.Masker.Handler]): its key is a field's name, of which the last dotted part
// counts ("http.request.header.authorization"), and context of the value. A number that is
// masked becomes a string.
//
// The resource, the instrumentation scope and the trace state stay: they are of the
// program, not of its users. The spans that others hold do not change. The exporter runs
// where next would, so with a batcher no request waits for it.
func Exporter(m *masking.Masker, next trace.SpanExporter) trace.SpanExporter {
	return &exporter{masker: m, next: next}
}

type exporter struct {
	masker *masking.Masker
	next   trace.SpanExporter
}

// ExportSpans masks the spans, and exports them by the next exporter.
func (e *exporter) ExportSpans(ctx context.Context, spans []trace.ReadOnlySpan) error {
	masked := make([]trace.ReadOnlySpan, len(spans))
	for i, s := range spans {
		masked[i] = e.span(s)
	}
	return e.next.ExportSpans(ctx, masked)
}

// Shutdown stops the next exporter.
func (e *exporter) Shutdown(ctx context.Context) error { return e.next.Shutdown(ctx) }

// span is a masked span. What it does not mask is that of the span which it was.
type span struct {
	trace.ReadOnlySpan

	name       string
	status     trace.Status
	attributes []attribute.KeyValue
	events     []trace.Event
	links      []trace.Link
}

func (s *span) Name() string                     { return s.name }
func (s *span) Status() trace.Status             { return s.status }
func (s *span) Attributes() []attribute.KeyValue { return s.attributes }
func (s *span) Events() []trace.Event            { return s.events }
func (s *span) Links() []trace.Link              { return s.links }

func (e *exporter) span(of trace.ReadOnlySpan) trace.ReadOnlySpan {
	s := &span{ReadOnlySpan: of, name: e.masker.MaskString(of.Name()), status: of.Status(), attributes: e.attributes(of.Attributes())}
	s.status.Description = e.masker.MaskString(s.status.Description)
	for _, event := range of.Events() {
		event.Name = e.masker.MaskString(event.Name)
		event.Attributes = e.attributes(event.Attributes)
		s.events = append(s.events, event)
	}
	for _, link := range of.Links() {
		link.Attributes = e.attributes(link.Attributes)
		s.links = append(s.links, link)
	}
	return s
}

// attributes returns masked attributes, in a slice of its own.
func (e *exporter) attributes(of []attribute.KeyValue) []attribute.KeyValue {
	if of == nil {
		return nil
	}
	return e.members(nil, of)
}

// members masks the attributes of a span, or the members of a map that is in groups.
func (e *exporter) members(groups []string, of []attribute.KeyValue) []attribute.KeyValue {
	masked := make([]attribute.KeyValue, 0, len(of))
	for _, a := range of {
		if a, ok := e.attribute(groups, a); ok {
			masked = append(masked, a)
		}
	}
	return masked
}

// attribute returns a masked attribute, or false when it is dropped.
func (e *exporter) attribute(groups []string, a attribute.KeyValue) (attribute.KeyValue, bool) {
	key := string(a.Key)
	out := e.masker.MaskAttr(groups, slog.Attr{Key: key, Value: logValue(a.Value)})
	if out.Equal(slog.Attr{}) {
		return attribute.KeyValue{}, false
	}
	masked := attribute.KeyValue{Key: attribute.Key(out.Key), Value: a.Value}
	switch a.Value.Type() {
	case attribute.MAP:
		inner := append(slices.Clip(groups), key)
		masked.Value = attribute.MapValue(e.members(inner, a.Value.AsMap())...)
	case attribute.SLICE:
		masked.Value = attribute.SliceValue(e.elements(groups, a.Key, a.Value.AsSlice())...)
	case attribute.STRINGSLICE:
		masked.Value = list(a.Value, e.elements(groups, a.Key, values(a.Value.AsStringSlice(), attribute.StringValue)))
	case attribute.INT64SLICE:
		masked.Value = list(a.Value, e.elements(groups, a.Key, values(a.Value.AsInt64Slice(), attribute.Int64Value)))
	case attribute.FLOAT64SLICE:
		masked.Value = list(a.Value, e.elements(groups, a.Key, values(a.Value.AsFloat64Slice(), attribute.Float64Value)))
	case attribute.BOOLSLICE:
		masked.Value = list(a.Value, e.elements(groups, a.Key, values(a.Value.AsBoolSlice(), attribute.BoolValue)))
	default:
		masked.Value = traceValue(out.Value, a.Value)
	}
	return masked, true
}

// elements masks values of one key. One that is dropped is empty.
func (e *exporter) elements(groups []string, key attribute.Key, of []attribute.Value) []attribute.Value {
	masked := make([]attribute.Value, 0, len(of))
	for _, v := range of {
		a, _ := e.attribute(groups, attribute.KeyValue{Key: key, Value: v})
		masked = append(masked, a.Value)
	}
	return masked
}

func values[T any](of []T, value func(T) attribute.Value) []attribute.Value {
	all := make([]attribute.Value, 0, len(of))
	for _, v := range of {
		all = append(all, value(v))
	}
	return all
}

// list returns a list of masked elements: was when they are not strings, else strings.
func list(was attribute.Value, elements []attribute.Value) attribute.Value {
	texts := make([]string, 0, len(elements))
	isText := false
	for _, v := range elements {
		isText = isText || v.Type() == attribute.STRING || v.Type() == attribute.EMPTY
		if v.Type() == attribute.EMPTY {
			v = attribute.StringValue("")
		}
		texts = append(texts, v.String())
	}
	if !isText {
		return was
	}
	return attribute.StringSliceValue(texts)
}

// logValue returns a value as log/slog has it, or nil for one with elements.
func logValue(v attribute.Value) slog.Value {
	switch v.Type() {
	case attribute.STRING:
		return slog.StringValue(v.AsString())
	case attribute.INT64:
		return slog.Int64Value(v.AsInt64())
	case attribute.FLOAT64:
		return slog.Float64Value(v.AsFloat64())
	case attribute.BOOL:
		return slog.BoolValue(v.AsBool())
	case attribute.BYTESLICE:
		return slog.AnyValue(v.AsByteSlice())
	}
	return slog.Value{}
}

// traceValue returns a masked value as a trace has it.
func traceValue(v slog.Value, was attribute.Value) attribute.Value {
	if v.Kind() == slog.KindString {
		return attribute.StringValue(v.String())
	}
	if b, ok := v.Any().([]byte); ok {
		return attribute.ByteSliceValue(b)
	}
	return was
}
