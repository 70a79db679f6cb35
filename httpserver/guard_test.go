package httpserver_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/httpserver"
)

// answerOf returns an answer and the code of its problem.
func answerOf(t *testing.T, h http.Handler, r *http.Request) (*http.Response, struct{ Code string }) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	res := w.Result()
	var p struct{ Code string }
	if res.Header.Get("Content-Type") == "application/problem+json" {
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatalf("body %q: %v", w.Body, err)
		}
	}
	return res, p
}

// asIdentity authenticates a request whose token is "good".
func asIdentity(scopes string) cpodkit.Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") == "Bearer good" {
				id := cpodkit.Identity{TenantID: "t1", AppID: "a1", Scopes: cpodkit.ParseScopes(scopes)}
				r = r.WithContext(cpodkit.WithIdentity(r.Context(), id))
			}
			next.ServeHTTP(w, r)
		})
	}
}

var sayOK = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { cpodkit.WriteJSON(w, r, 200, "ok") })

func testServer(log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	cpodkit.Mount(mux, []cpodkit.Route{
		{Name: "listJobs", Pattern: "GET /v1/jobs", Scopes: []string{"jobs.read"}, Handler: sayOK},
		{Name: "submitJob", Pattern: "POST /v1/jobs", Scopes: []string{"jobs.write"}, Handler: sayOK},
		{Name: "whoAmI", Pattern: "GET /v1/whoami", Scopes: []string{cpodkit.ByRequest}, Handler: sayOK},
		{Name: "health", Pattern: "GET /health", Public: true, Handler: sayOK},
		{Name: "readFile", Pattern: "GET /v1/storage/files/{key...}", Scopes: []string{cpodkit.ByRequest}, Handler: sayOK},
		{Name: "incr", Pattern: "POST /v1/storage/kv/{key}/incr", Scopes: []string{cpodkit.ByRequest}, Handler: sayOK},
		{Name: "panic", Pattern: "GET /panic", Public: true, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("hunter2") })},
		{Name: "half", Pattern: "GET /half", Public: true, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			panic("hunter2")
		})},
	}, cpodkit.WrapProtected(asIdentity("jobs.read")))
	mux.Handle("GET /folder/", sayOK)
	mux.Handle("GET /exact/{$}", sayOK)
	mux.Handle("GET /moved", http.RedirectHandler("/moved/", http.StatusTemporaryRedirect))
	mux.Handle("GET /missing", http.NotFoundHandler())
	return cpodkit.Chain(httpserver.Guard(mux, httpserver.WithKeyPaths("/v1/storage/")),
		httpserver.Record(cpodkit.ServerInfo{}), httpserver.AccessLog(log), httpserver.Recover(log))
}

// What a handler of the mux answers is its own, also a 404 or a redirect.
func TestGuardReplacesOnlyTheMuxsAnswers(t *testing.T) {
	t.Parallel()
	h := testServer(slog.New(slog.DiscardHandler))
	for target, want := range map[string]struct {
		status         int
		location, body string
	}{
		"/folder/":  {200, "", `"ok"`},
		"/folder/x": {200, "", `"ok"`},
		"/folder":   {404, "", "not_found"},
		"/exact/":   {200, "", `"ok"`},
		"/exact":    {404, "", "not_found"},
		"/moved":    {307, "/moved/", "Temporary Redirect"},
		"/missing":  {404, "", "404 page not found"},
		"/nowhere":  {404, "", "not_found"},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
		if w.Code != want.status || w.Header().Get("Location") != want.location || !strings.Contains(w.Body.String(), want.body) {
			t.Errorf("%s: %d, Location %q, %s; want %+v", target, w.Code, w.Header().Get("Location"), w.Body, want)
		}
	}
}

func TestMountAndGuard(t *testing.T) {
	t.Parallel()
	h := testServer(slog.New(slog.DiscardHandler))
	for _, c := range []struct {
		call, token string
		status      int
		code        string
	}{
		{"GET /health", "", 200, ""},
		{"HEAD /health", "", 200, ""},
		{"GET /v1/jobs", "good", 200, ""},
		{"GET /v1/whoami", "good", 200, ""},
		{"GET /v1/whoami", "", 401, "missing_token"},
		{"GET /v1/jobs", "", 401, "missing_token"},
		{"POST /v1/jobs", "good", 403, "invalid_scope"},
		{"GET /nowhere", "", 404, "not_found"},
		{"DELETE /v1/jobs", "good", 405, "method_not_allowed"},
		{"BREW /v1/jobs", "good", 405, "method_not_allowed"},
		{"GET /v1/storage/files/a/b", "good", 200, ""},
		{"GET /v1/storage/files/a%2Fb", "good", 200, ""},
		{"GET /v1/storage/files//a", "good", 400, "invalid_key"},
		{"GET /v1/storage/files/a//b", "good", 400, "invalid_key"},
		{"GET /v1/storage/files/../x", "good", 400, "invalid_key"},
		{"GET /v1/storage/files/%2e%2E/x", "good", 400, "invalid_key"},
		{"GET /v1/storage/files/a%2F..%2Fb", "good", 400, "invalid_key"},
		{"GET /v1/storage/files/./x", "good", 400, "invalid_key"},
		{"POST /v1/storage/kv/a%2Fb/incr", "good", 200, ""},
		{"POST /v1/storage/kv/a%2F%2Fb/incr", "good", 400, "invalid_key"},
		{"GET //health", "", 404, "not_found"},
		{"GET /v1/../health", "", 404, "not_found"},
		{"GET /%2e%2e/health", "", 404, "not_found"},
		{"GET /v1/storage/files", "good", 404, "not_found"},
		{"GET /panic", "", 500, "internal"},
	} {
		method, target, _ := strings.Cut(c.call, " ")
		r := httptest.NewRequest(method, "/", nil)
		if err := setTarget(r, target); err != nil {
			t.Fatal(err)
		}
		if c.token != "" {
			r.Header.Set("Authorization", "Bearer "+c.token)
		}
		res, p := answerOf(t, h, r)
		if res.StatusCode != c.status || p.Code != c.code {
			t.Errorf("%s: %d %q; want %d %q", c.call, res.StatusCode, p.Code, c.status, c.code)
		}
		if res.Header.Get("Location") != "" {
			t.Errorf("%s: is redirected", c.call)
		}
		if res.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s: has no request id", c.call)
		}
		if c.status == 405 && res.Header.Get("Allow") != "GET, HEAD, POST" {
			t.Errorf("%s: Allow is %q", c.call, res.Header.Get("Allow"))
		}
	}
}

// setTarget sets a request target as a hostile client would send it, without
// the cleaning that http.NewRequest does.
func setTarget(r *http.Request, target string) error {
	u, err := r.URL.Parse("http://h")
	if err != nil {
		return err
	}
	parsed, err := u.Parse("/")
	if err != nil {
		return err
	}
	path := strings.NewReplacer("%2F", "/", "%2e", ".", "%2E", ".").Replace(target)
	parsed.Path, parsed.RawPath, parsed.Host, parsed.Scheme = path, target, "", ""
	r.URL, r.RequestURI = parsed, target
	return nil
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	h := testServer(slog.New(slog.DiscardHandler))
	for sent, kept := range map[string]bool{
		"abc-123": true, strings.Repeat("x", 128): true,
		"": false, strings.Repeat("x", 129): false, "a b": false, "é": false, "a\tb": false,
	} {
		r := httptest.NewRequest("GET", "/health", nil)
		r.Header.Set("X-Request-Id", sent)
		res, _ := answerOf(t, h, r)
		if got := res.Header.Get("X-Request-Id"); (got == sent) != kept || got == "" {
			t.Errorf("sent %q, got %q", sent, got)
		}
	}
}

func TestPanicAndLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	h := testServer(slog.New(slog.NewJSONHandler(&out, nil)))

	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/panic", nil))
	if strings.Contains(w.Body.String(), "hunter2") {
		t.Errorf("the client sees the panic: %s", w.Body)
	}

	func() {
		defer func() {
			if err, ok := recover().(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
				t.Error("a panic in the middle of an answer does not cut the connection")
			}
		}()
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/half", nil))
	}()

	r := httptest.NewRequest("POST", "/v1/jobs?secret=hunter3", nil)
	r.Header.Set("Authorization", "Bearer good")
	h.ServeHTTP(httptest.NewRecorder(), r)
	var last map[string]any
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{"tenant": "t1", "app": "a1", "status": 403.0, "code": "invalid_scope", "route": "POST /v1/jobs", "method": "POST"} {
		if last[key] != want {
			t.Errorf("access log: %s is %v; want %v", key, last[key], want)
		}
	}
	if !strings.Contains(out.String(), "hunter2") || strings.Contains(out.String(), "hunter3") {
		t.Error("the log must hold the panic and no query")
	}
}
