package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// telemetryPart is where spans and metrics go. It comes first.
func telemetryPart(s *settings) part {
	export, err := otlpFromEnv(func(name string) string { return s.env[name] })
	if err != nil {
		s.faults = append(s.faults, err)
	}
	return part{open: func(ctx context.Context, h *house) (opened, error) {
		var err error
		if h.telemetry, err = openTelemetry(ctx, export, h.log); err != nil {
			return opened{}, err
		}
		h.onClose(func() error {
			h.telemetry.close(ctx, h.log)
			return nil
		})
		return opened{}, nil
	}}
}

// otlp says what is sent to a collector. The exporters read the rest of
// OpenTelemetry's variables (endpoint, headers, certificates, …) themselves.
type otlp struct{ traces, metrics bool }

// otlpFromEnv reads the variables that every OpenTelemetry SDK knows
// (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).
func otlpFromEnv(getenv func(string) string) (export otlp, err error) {
	if strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true") {
		return otlp{}, nil
	}
	if export.traces, err = exports(getenv, "TRACES"); err != nil {
		return otlp{}, err
	}
	export.metrics, err = exports(getenv, "METRICS")
	return export, err
}

// exports reports whether a signal goes to a collector.
func exports(getenv func(string) string, signal string) (bool, error) {
	name := "OTEL_" + signal + "_EXPORTER"
	exporter := getenv(name)
	endpoint, endpointName := either(getenv, "OTEL_EXPORTER_OTLP_"+signal+"_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
	switch {
	case exporter == "none", exporter == "" && endpoint == "",
		exporter == "prometheus" && signal == "METRICS": // which is always there
		return false, nil
	case exporter != "" && exporter != "otlp":
		return false, fmt.Errorf("%s: want otlp or none", name)
	}
	if u, err := url.Parse(endpoint); endpoint != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		return false, fmt.Errorf("%s: want a URL such as http://localhost:4318", endpointName)
	}
	protocol, name := either(getenv, "OTEL_EXPORTER_OTLP_"+signal+"_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
	if protocol != "" && protocol != "http/protobuf" && protocol != "http/json" {
		return false, fmt.Errorf("%s: want http/protobuf or http/json, on the collector's HTTP port, which is usually 4318", name)
	}
	return true, nil
}

// either returns the first variable that is set, and its name.
func either(getenv func(string) string, special, general string) (value, name string) {
	if v := getenv(special); v != "" {
		return v, special
	}
	return getenv(general), general
}

// telemetry is where spans and metrics go. Without a collector there are no
// spans: tracers is nil.
type telemetry struct {
	tracers trace.TracerProvider
	meters  metric.MeterProvider
	scrape  http.Handler // the metrics, in the format of Prometheus

	shutdown []func(context.Context) error
}

func openTelemetry(ctx context.Context, export otlp, log *slog.Logger) (_ *telemetry, err error) {
	t := &telemetry{}
	defer func() {
		if err != nil {
			t.close(ctx, log)
		}
	}()
	about, err := resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithAttributes(semconv.ServiceName("cpod-backend"), semconv.ServiceVersion(version()), semconv.ServiceInstanceID(rand.Text())),
		resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	if export != (otlp{}) {
		// The SDK tells of exports that fail through one handler for the whole process.
		otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("telemetry is not exported", "error", err) }))
	}
	if err := t.openMetrics(ctx, about, export.metrics, log); err != nil {
		return nil, err
	}
	if !export.traces {
		return t, nil
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, err
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithResource(about), sdktrace.WithBatcher(exporter))
	t.tracers = provider
	t.shutdown = append(t.shutdown, provider.Shutdown)
	return t, nil
}

// openMetrics has metrics scraped and, where push is set, sent.
func (t *telemetry) openMetrics(ctx context.Context, about *resource.Resource, push bool, log *slog.Logger) error {
	registry := prometheus.NewRegistry()
	scraped, err := otelprometheus.New(otelprometheus.WithRegisterer(registry), otelprometheus.WithoutScopeInfo())
	err = errors.Join(err,
		registry.Register(collectors.NewGoCollector()),
		registry.Register(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})))
	if err != nil {
		return err
	}
	options := []sdkmetric.Option{sdkmetric.WithResource(about), sdkmetric.WithReader(scraped)}
	if push {
		exporter, err := otlpmetrichttp.New(ctx)
		if err != nil {
			return err
		}
		options = append(options, sdkmetric.WithReader(sdkmetric.NewPeriodicReader(exporter)))
	}
	provider := sdkmetric.NewMeterProvider(options...)
	t.meters = provider
	t.shutdown = append(t.shutdown, provider.Shutdown)
	t.scrape = promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog:            slog.NewLogLogger(log.Handler(), slog.LevelError),
		MaxRequestsInFlight: 4,
	})
	return nil
}

// flushGrace bounds how long the end of the process waits for a collector.
const flushGrace = 5 * time.Second

// close sends what is left. A collector that does not answer is no reason for
// the server to fail.
func (t *telemetry) close(ctx context.Context, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushGrace)
	defer cancel()
	var failed error
	for _, shutdown := range t.shutdown {
		failed = errors.Join(failed, shutdown(ctx))
	}
	if failed != nil {
		log.Warn("the last telemetry is lost", "error", failed)
	}
}
