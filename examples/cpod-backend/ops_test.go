package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// logBuffer keeps what a running server logs.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// lines returns the logged lines with a message.
func (b *logBuffer) lines(t *testing.T, message string) []map[string]any {
	t.Helper()
	return logLines(t, b.String(), message)
}

func logLines(t *testing.T, log, message string) []map[string]any {
	t.Helper()
	var found []map[string]any
	for text := range strings.Lines(log) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Errorf("a line of the log is not JSON: %s", text)
		}
		if line["msg"] == message {
			found = append(found, line)
		}
	}
	return found
}

// opsURL finds the operations listener in the log.
func (s *instance) opsURL(t *testing.T) string {
	t.Helper()
	lines := s.log.lines(t, "operations listener")
	if len(lines) != 1 {
		t.Fatalf("the log names %d operations listeners: %s", len(lines), s.log)
	}
	return "http://" + lines[0]["address"].(string)
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, strings.TrimSpace(string(body))
}

func TestOperationsListener(t *testing.T) {
	t.Parallel()
	idp := newProvider(t)
	srv := start(t, t.TempDir(), map[string]string{
		"CPOD_OPS_LISTEN": "127.0.0.1:0", "CPOD_ISSUERS": issuersFile(t, idp.entry(nil)),
		"CPOD_POLICY": policyFolder(t, map[string]string{"http.rego": "package http\n\nallow := input.route != \"none\"\n"}),
	})
	idp.want(newCaller(t, srv.url), "a foreign token", idp.sign(nil), http.StatusNotFound, "not_found")
	c, _ := srv.register(t, "app-hunter2", storageScopes...)
	filesSeed(t, c, srv.url)
	documentsSeed(t, c)
	kvSeed(t, c)
	_, own, other := secretTenant(t, srv, defaultTenant, "app-a")
	secretsSeed(t, own.Secrets, other.Secrets)

	if status, _ := get(t, srv.url+"/login/callback?state=x"); status != http.StatusForbidden {
		t.Errorf("a sign-in that did not begin is answered %d", status)
	}

	ops := srv.opsURL(t)
	for _, c := range []struct {
		path   string
		status int
		body   string // the beginning
	}{
		{"/healthz", 200, `{"status":"ok"}`},
		{"/readyz", 200, `{"status":"ok","backends":{"documents":"ok","files":"ok","flags":"ok","issuers":"ok","kv":"ok","policy":"ok","secrets":"ok"}}`},
		{"/", 404, `{"type":`},
		{"/v1/storage/kv/x", 404, `{"type":`},
	} {
		if status, body := get(t, ops+c.path); status != c.status || !strings.HasPrefix(body, c.body) {
			t.Errorf("GET %s = %d %s", c.path, status, body)
		}
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		if status, body := get(t, srv.url+path); status != http.StatusNotFound {
			t.Errorf("the public listener answers GET %s with %d %s", path, status, body)
		}
	}

	_, metrics := get(t, ops+"/metrics")
	for _, name := range documentedMetrics(t) {
		if !strings.Contains(metrics, name) {
			t.Errorf("docs/operations.md names %s, which is not among the metrics", name)
		}
	}
	for _, line := range []string{
		`http_server_request_duration_seconds_count{http_request_method="PUT",http_response_status_code="200",http_route="/v1/storage/files/{key...}",url_scheme="http"} 4`,
		`cpodkit_driver_duration_seconds_count{cpodkit_capability="storage.kv",cpodkit_operation="incr"} 2`,
		`cpodkit_driver_duration_seconds_count{cpodkit_capability="authz",cpodkit_operation="fetch_keys"} 1`,
		`cpodkit_authz_keys_fetched_seconds{cpodkit_authz_issuer="` + idp.URL + `"} `,
		`cpodkit_driver_errors_total{cpodkit_capability="storage.documents",cpodkit_operation="get",error_type="not_found"} 1`,
	} {
		if !strings.Contains(metrics, line) {
			t.Errorf("the metrics do not have %s in\n%s", line, metrics)
		}
	}
	mustNotTell(t, "the metrics", metrics)
}

// documentedMetrics returns the names of metrics and labels in the docs.
func documentedMetrics(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## Metrics\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var names []string
	for _, match := range regexp.MustCompile("`([a-z]+(?:_[a-z]+)+)`").FindAllStringSubmatch(section, -1) {
		names = append(names, match[1])
	}
	if len(names) < 15 {
		t.Fatalf("the docs name %q", names)
	}
	return names
}

// mustNotTell fails when telemetry holds what the seeds store, or who stores it.
func mustNotTell(t *testing.T, what, text string) {
	t.Helper()
	for _, word := range []string{
		"hunter2", defaultTenant, "cpod:admin", "settings.json", "exports", "preferences", "theme", "session", "counter:", "purple", "cpod_",
	} {
		if strings.Contains(text, word) {
			t.Errorf("%s tell %q", what, word)
		}
	}
}

func TestOperationsAddress(t *testing.T) {
	t.Parallel()
	log := new(logBuffer)
	logger := slog.New(slog.NewJSONHandler(log, nil))
	if ln, err := listenOps(t.Context(), "off", logger); ln != nil || err != nil {
		t.Errorf("off: %v, %v", ln, err)
	}
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	if _, err := listenOps(t.Context(), busy.Addr().String(), logger); err == nil || !strings.Contains(err.Error(), "CPOD_OPS_LISTEN") {
		t.Errorf("a chosen address that is taken: %v", err)
	}
	// Whether this one is taken by another program does not matter.
	if ln, err := net.Listen("tcp", "127.0.0.1:9091"); err == nil {
		defer ln.Close()
	}
	ln, err := listenOps(t.Context(), "", logger)
	if ln != nil || err != nil || len(log.lines(t, "no operations listener: set CPOD_OPS_LISTEN to an address of its own, or to off")) != 1 {
		t.Errorf("the default address, taken: %v, %v, %s", ln, err, log)
	}
}

// askReady calls /readyz on the handler of the operations listener.
func askReady(ready *readiness) (int, string) {
	w := httptest.NewRecorder()
	h := opsHandler(ready, http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	h.ServeHTTP(w, httptest.NewRequest("GET", "/readyz", nil))
	return w.Code, strings.TrimSpace(w.Body.String())
}

func TestNotReadyWithoutTheStores(t *testing.T) {
	t.Parallel()
	server := openForTest(t, quiet(), map[string]string{"CPOD_DATA_DIR": t.TempDir()})
	log := new(logBuffer)
	newReady := func() *readiness {
		return newReadiness(t.Context(), server.ready, slog.New(slog.NewJSONHandler(log, nil)))
	}
	if status, body := askReady(newReady()); status != http.StatusOK {
		t.Errorf("ready: %d %s", status, body)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	status, body := askReady(newReady())
	if status != http.StatusServiceUnavailable || body != `{"status":"unavailable","backends":{"documents":"unavailable","files":"unavailable","flags":"ok","kv":"ok","policy":"ok","secrets":"ok"}}` {
		t.Errorf("without its stores: %d %s", status, body)
	}
	if len(log.lines(t, "a backend answers")) != 8 || len(log.lines(t, "a backend does not answer")) != 2 {
		t.Errorf("the log says %s", log)
	}
}

// The log says what answers at the start, and when that changes, while nobody asks.
func TestBackendsAreWatched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		log := new(logBuffer)
		var isDown atomic.Bool
		system := pingFunc(func(context.Context) error {
			if isDown.Load() {
				return errors.New("the disk is gone")
			}
			return nil
		})
		ready := newReadiness(ctx, []dependency{{"system", system, false}}, slog.New(slog.NewJSONHandler(log, nil)))
		done := make(chan struct{})
		go func() {
			defer close(done)
			ready.follow(ctx)
		}()
		synctest.Wait()
		for _, step := range []struct {
			isDown bool
			want   string
		}{
			{false, "a backend answers"},
			{true, "a backend is down"},
			{false, "a backend is up again"},
		} {
			isDown.Store(step.isDown)
			time.Sleep(3 * pingEvery)
			if len(log.lines(t, step.want)) != 1 {
				t.Errorf("%q is not logged once: %s", step.want, log)
			}
		}
		stop()
		<-done
	})
}

// fakeBackend answers pings as a test wants.
type fakeBackend struct {
	pings int
	err   error
	hangs bool
}

func (b *fakeBackend) Ping(ctx context.Context) error {
	b.pings++
	if b.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return b.err
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		log := new(logBuffer)
		system := new(fakeBackend)
		ready := &readiness{stopping: ctx}
		ready.watch(dependency{"system", system, false}, slog.New(slog.NewJSONHandler(log, nil)))
		expect := func(when string, status, pings int) {
			t.Helper()
			got, body := askReady(ready)
			synctest.Wait()
			if got != status || system.pings != pings {
				t.Errorf("%s: %d %s after %d pings; want %d after %d", when, got, body, system.pings, status, pings)
			}
		}
		expect("up", 200, 1)
		system.err = errors.New("the disk is gone")
		expect("within the second", 200, 1)
		time.Sleep(pingCached)
		expect("down", 503, 2)
		time.Sleep(pingCached)
		expect("still down", 503, 3)
		system.err = nil
		time.Sleep(pingCached)
		expect("up again", 200, 4)
		time.Sleep(pingCached)
		system.hangs = true
		before := time.Now()
		expect("hanging", 503, 5)
		if took := time.Since(before); took != pingTimeout {
			t.Errorf("the answer took %v", took)
		}
		system.hangs = false
		time.Sleep(pingCached)
		expect("up at last", 200, 6)
		if down, up := len(log.lines(t, "a backend is down")), len(log.lines(t, "a backend is up again")); down != 2 || up != 2 {
			t.Errorf("the log says %d times down and %d times up: %s", down, up, log)
		}
		stop()
		time.Sleep(pingCached)
		status, body := askReady(ready)
		if status != http.StatusServiceUnavailable || body != `{"status":"stopping","backends":{"system":"ok"}}` {
			t.Errorf("stopping: %d %s", status, body)
		}
	})
}

func TestLogLinesHoldTheIDs(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	_, credentials := srv.register(t, "app-a", storageScopes...)
	r, err := http.NewRequestWithContext(t.Context(), "GET", srv.url+"/v1/storage/kv/hunter2", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+srv.token(t, credentials))
	r.Header.Set("X-Request-Id", "req-1")
	r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	srv.stop()
	srv.stop = func() {}
	lines := srv.log.lines(t, "request")
	last := lines[len(lines)-1]
	for key, want := range map[string]any{
		"request_id": "req-1", "tenant": defaultTenant, "app": "app-a", "trace_id": "0af7651916cd43dd8448eb211c80319c",
		"span_id": "b7ad6b7169203331", "route": "GET /v1/storage/kv/{key}", "status": 404.0, "code": "not_found",
	} {
		if last[key] != want {
			t.Errorf("%s is %v; want %v", key, last[key], want)
		}
	}
	if strings.Contains(srv.log.String(), "hunter2") {
		t.Errorf("the log holds a key: %s", srv.log)
	}
}
