package main

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

func TestOTLPFromEnv(t *testing.T) {
	t.Parallel()
	const endpoint, url = "OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"
	for _, c := range []struct {
		env  map[string]string
		want otlp
		says string // the variable that the error names
	}{
		{nil, otlp{}, ""},
		{map[string]string{endpoint: url}, otlp{true, true}, ""},
		{map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": url}, otlp{traces: true}, ""},
		{map[string]string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": url}, otlp{metrics: true}, ""},
		{map[string]string{endpoint: url, "OTEL_METRICS_EXPORTER": "none"}, otlp{traces: true}, ""},
		{map[string]string{endpoint: url, "OTEL_METRICS_EXPORTER": "prometheus"}, otlp{traces: true}, ""},
		{map[string]string{endpoint: url, "OTEL_TRACES_EXPORTER": "none"}, otlp{metrics: true}, ""},
		{map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}, otlp{traces: true}, ""},
		{map[string]string{endpoint: url, "OTEL_SDK_DISABLED": "TRUE"}, otlp{}, ""},
		{map[string]string{endpoint: url, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}, otlp{true, true}, ""},
		{map[string]string{endpoint: url, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, otlp{}, "OTEL_EXPORTER_OTLP_PROTOCOL"},
		{map[string]string{endpoint: url, "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "grpc"}, otlp{}, "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL"},
		{map[string]string{endpoint: url, "OTEL_TRACES_EXPORTER": "zipkin"}, otlp{}, "OTEL_TRACES_EXPORTER"},
		{map[string]string{endpoint: "hunter2:4318"}, otlp{}, endpoint},
		{map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "hunter2"}, otlp{}, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"},
	} {
		got, err := otlpFromEnv(func(name string) string { return c.env[name] })
		if (err == nil) != (c.says == "") || err == nil && got != c.want {
			t.Errorf("%v: %+v, %v; want %+v", c.env, got, err, c.want)
		}
		if err != nil && (!strings.HasPrefix(err.Error(), c.says+":") || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%v: %v", c.env, err)
		}
	}
}

// collector takes what is exported, and can refuse it.
type collector struct {
	*httptest.Server
	mu       sync.Mutex
	received map[string]string // by path
}

func newCollector(t *testing.T, status int) *collector {
	c := &collector{received: map[string]string{}}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		c.mu.Lock()
		c.received[r.URL.Path] += string(body)
		c.mu.Unlock()
		w.WriteHeader(status)
	}))
	t.Cleanup(c.Close)
	return c
}

// setenv sets a variable for the server and, as in a real process, for the
// exporters, which read it themselves.
func setenv(t *testing.T, env map[string]string) map[string]string {
	for name, value := range env {
		t.Setenv(name, value)
	}
	return env
}

func TestExport(t *testing.T) { //nolint:paralleltest // it sets variables of the process
	collector := newCollector(t, http.StatusOK)
	srv := start(t, t.TempDir(), setenv(t, map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL, "OTEL_SERVICE_NAME": "my-service",
	}))
	c, _ := srv.register(t, "app-hunter2", storageScopes...)
	filesSeed(t, c, srv.url)
	documentsSeed(t, c)
	kvSeed(t, c)
	srv.stop()
	srv.stop = func() {}

	// Protocol buffers hold text as it is.
	for path, wants := range map[string][]string{
		"/v1/traces":  {"my-service", "GET /v1/storage/files/{key...}", "storage.files.open", "storage.documents.query", "storage.kv.incr"},
		"/v1/metrics": {"my-service", "http.server.request.duration", "cpodkit.driver.duration", "cpodkit.driver.errors"},
	} {
		got := collector.received[path]
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %d bytes without %s", path, len(got), want)
			}
		}
		mustNotTell(t, path, got)
	}
	lines := srv.log.lines(t, "request")
	if id, _ := lines[len(lines)-1]["trace_id"].(string); len(id) != 32 {
		t.Errorf("the last request was logged with %v", lines[len(lines)-1])
	}
}

// A collector that refuses costs warnings, and not the server.
func TestFailingExport(t *testing.T) { //nolint:paralleltest // it sets variables of the process
	collector := newCollector(t, http.StatusBadRequest)
	srv := start(t, t.TempDir(), setenv(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL}))
	srv.register(t, "app-a", storageScopes...)
	srv.stop()
	srv.stop = func() {}
	if len(srv.log.lines(t, "telemetry is not exported"))+len(srv.log.lines(t, "the last telemetry is lost")) == 0 {
		t.Errorf("the log says nothing: %s", srv.log)
	}
}

func TestBrokenResourceAttributes(t *testing.T) {
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "hunter2")
	_, err := openTelemetry(t.Context(), otlp{}, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "OTEL_RESOURCE_ATTRIBUTES") {
		t.Errorf("the error is %v", err)
	}
}
