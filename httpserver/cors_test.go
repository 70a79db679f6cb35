package httpserver_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/httpserver"
)

// appOrigins are the origins of apps, by tenant and client_id.
type appOrigins map[[2]string]string

func (o appOrigins) AnyAppAllows(origin string) bool {
	for _, allowed := range o {
		if allowed == origin {
			return true
		}
	}
	return false
}

func (o appOrigins) AppAllows(tenantID, clientID, origin string) bool {
	for app, allowed := range o {
		if allowed == origin && app[1] == clientID && (tenantID == "" || app[0] == tenantID) {
			return true
		}
	}
	return false
}

const (
	configured = "https://console.example.com"
	ofA1       = "https://a1.example.com" // of the app of asIdentity
	ofA2       = "https://a2.example.com"
	ofNamesake = "https://a1.elsewhere.example" // of an app of another tenant with the id of a1
	stranger   = "https://stranger.example"     // whom nobody lists
)

// corsServer is a whole server with routes of every kind.
func corsServer(t *testing.T, opts ...httpserver.CORSOption) http.Handler {
	t.Helper()
	acting := func(clientID string, next http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			cpodkit.RecordFromContext(r.Context()).NoteClientID(clientID)
			next(w, r)
		}
	}
	ok, public := sayOK.ServeHTTP, func(name, pattern string, h http.HandlerFunc) cpodkit.Route {
		return cpodkit.Route{Name: name, Pattern: pattern, Public: true, Handler: h}
	}
	mux := http.NewServeMux()
	cpodkit.Mount(mux, []cpodkit.Route{
		{Name: "read", Pattern: "GET /v1/files/{key...}", Scopes: []string{"files.read"}, Handler: sayOK},
		{Name: "write", Pattern: "PUT /v1/files/{key...}", Scopes: []string{"files.write"}, Handler: sayOK},
		{Name: "incr", Pattern: "POST /v1/kv/{key}/incr", Scopes: []string{"files.write"}, Handler: sayOK},
		public("token", "POST /v1/token", acting("a2", ok)),
		public("refused", "POST /v1/refused", acting("a2", func(w http.ResponseWriter, r *http.Request) {
			cpodkit.WriteOAuthError(w, r, cpodkit.Errorf(cpodkit.CodeInvalidToken, "The secret is wrong."))
		})),
		public("signed", "GET /v1/signed/{token}", acting("a1", ok)),
		public("health", "GET /health", ok),
		public("keys", "GET /.well-known/jwks.json", ok),
		public("login", "GET /login", ok),
		public("invite", "GET /invite/{token}", ok),
		public("empty", "GET /empty", func(http.ResponseWriter, *http.Request) {}),
		public("panic", "GET /panic", func(http.ResponseWriter, *http.Request) { panic("no") }),
		public("flushed", "GET /flushed", func(w http.ResponseWriter, _ *http.Request) {
			_ = http.NewResponseController(w).Flush()
			w.Header().Set("Access-Control-Allow-Origin", "too late")
		}),
		public("copied", "GET /copied", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, strings.NewReader("ok")) }),
		public("early", "GET /early", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			acting("a1", ok)(w, r)
		}),
	}, cpodkit.WrapProtected(asIdentity("files.read")))
	opts = append([]httpserver.CORSOption{
		httpserver.WithOrigins(configured),
		httpserver.WithOpenPaths("/health", "/.well-known/"),
		httpserver.WithClosedPaths("/login", "/invite/"),
	}, opts...)
	apps := appOrigins{{"t1", "a1"}: ofA1, {"t1", "a2"}: ofA2, {"t2", "a1"}: ofNamesake}
	cors, err := httpserver.CORS(mux, apps, opts...)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	return cpodkit.Chain(httpserver.Guard(mux),
		httpserver.Record(cpodkit.ServerInfo{}), httpserver.AccessLog(log), httpserver.Recover(log), cors)
}

func TestCORSOfAnswers(t *testing.T) {
	t.Parallel()
	h, everybody := corsServer(t), corsServer(t, httpserver.WithOrigins("*"))
	for _, c := range []struct {
		call, token, origin string
		status              int
		allowed             bool
	}{
		// A configured origin is answered everywhere.
		{"GET /v1/files/x", "good", configured, 200, true},
		{"PUT /v1/files/x", "good", configured, 403, true},
		{"GET /v1/signed/x", "", configured, 200, true},
		{"POST /v1/token", "", configured, 200, true},
		{"GET /nowhere", "", configured, 404, true},
		{"GET /login", "", configured, 200, false}, // except where nobody is

		// An app's origin: on its own calls, also on those that are refused after
		// its token.
		{"GET /v1/files/x", "good", ofA1, 200, true},
		{"PUT /v1/files/x", "good", ofA1, 403, true},
		{"GET /v1/files/x", "good", ofA2, 200, false},
		{"PUT /v1/files/x", "good", ofA2, 403, false},
		{"GET /v1/files/x", "good", ofNamesake, 200, false},
		{"GET /v1/files/x", "good", stranger, 200, false},
		// On what is answered before a token was accepted.
		{"GET /v1/files/x", "expired", ofA1, 401, true},
		{"GET /v1/files/x", "expired", ofA2, 401, true},
		{"GET /v1/files/x", "", ofNamesake, 401, true},
		{"GET /v1/files//x", "", ofA2, 404, true},
		{"DELETE /v1/files/x", "good", ofA2, 405, true},
		{"GET /panic", "", ofA2, 500, true},
		{"GET /v1/files/x", "", stranger, 401, false},
		{"GET /nowhere", "", stranger, 404, false},
		// On calls of OAuth and signed URLs, which name the app.
		{"POST /v1/token", "", ofA2, 200, true},
		{"POST /v1/token", "", ofA1, 200, false},
		{"POST /v1/refused", "", ofA1, 401, true}, // the app is not who it says
		{"POST /v1/refused", "", stranger, 401, false},
		{"GET /v1/signed/x", "", ofA1, 200, true},
		{"HEAD /v1/signed/x", "", ofA1, 200, true},
		{"GET /v1/signed/x", "", ofA2, 200, false},
		{"GET /v1/signed/x", "good", ofA2, 200, false}, // whatever the token

		// However the answer begins.
		{"GET /empty", "", ofA1, 200, true},
		{"GET /flushed", "", ofA1, 200, true},
		{"GET /copied", "", ofA1, 200, true},

		// An origin counts in the form of browsers alone.
		{"GET /v1/files/x", "good", ofA1 + "/", 200, false},
		{"GET /v1/files/x", "good", "https://A1.example.com", 200, false},
		{"GET /v1/files/x", "good", "http://a1.example.com", 200, false},
		{"GET /v1/files/x", "good", "null", 200, false},
		{"GET /v1/files/x", "good", "*", 200, false},
		{"GET /v1/files/x", "good", "", 200, false},
		// Closed paths answer nobody.
		{"GET /login", "", ofA1, 200, false},
		{"GET /invite/x", "", ofA1, 200, false},
		// An OPTIONS that is no preflight is a wrong method.
		{"OPTIONS /v1/files/x", "", ofA1, 405, true},
	} {
		method, target, _ := strings.Cut(c.call, " ")
		r := httptest.NewRequest(method, target, nil)
		r.Header["Origin"] = []string{c.origin}
		r.Header.Set("Authorization", "Bearer "+c.token)
		res, _ := answerOf(t, h, r)
		want := ""
		if c.allowed {
			want = c.origin
		}
		if res.StatusCode != c.status {
			t.Errorf("%s from %s: %d, want %d", c.call, c.origin, res.StatusCode, c.status)
		}
		wantCORS(t, c.call+" from "+c.origin, res.Header, want)

		if c.allowed || c.origin == stranger {
			want = "*"
			if target == "/login" {
				want = ""
			}
			res, _ = answerOf(t, everybody, r)
			wantCORS(t, c.call+" from "+c.origin+", with * configured", res.Header, want)
		}
	}
}

// wantCORS checks an answer whose origin is allowed, or none when that is "".
func wantCORS(t *testing.T, call string, h http.Header, allowed string) {
	t.Helper()
	exposed := ""
	if allowed != "" {
		exposed = "ETag, Location, Last-Modified, Content-Disposition, Content-Range, Retry-After, " +
			"RateLimit, RateLimit-Policy, WWW-Authenticate, X-Request-Id"
	}
	if got := h.Get("Access-Control-Allow-Origin"); got != allowed || h.Get("Access-Control-Expose-Headers") != exposed {
		t.Errorf("%s: %q is allowed, want %q; exposed is %q", call, got, allowed, h.Get("Access-Control-Expose-Headers"))
	}
	wantAlways(t, call, h)
}

// wantAlways checks what holds for every answer.
func wantAlways(t *testing.T, call string, h http.Header) {
	t.Helper()
	if vary := h.Values("Vary"); len(vary) != 1 || vary[0] != "Origin" || h.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("%s: Vary is %q, and credentials are %q", call, vary, h.Get("Access-Control-Allow-Credentials"))
	}
}

func TestCORSOfOpenPaths(t *testing.T) {
	t.Parallel()
	h := corsServer(t)
	for _, path := range []string{"/health", "/.well-known/jwks.json", "/.well-known/nothing"} {
		for _, origin := range []string{"", "null", stranger, configured, ofA1} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Header.Set("Origin", origin)
			res, _ := answerOf(t, h, r)
			wantCORS(t, path+" from "+origin, res.Header, "*")
		}
	}
	res, _ := answerOf(t, h, httptest.NewRequest(http.MethodGet, "/healthy", nil))
	wantCORS(t, "another path", res.Header, "")
}

func TestPreflights(t *testing.T) {
	t.Parallel()
	h := corsServer(t)
	for _, c := range []struct {
		path, origin string
		status       int
		allowed      string
		methods      string
	}{
		{"/v1/files/a/b", configured, 204, configured, "GET, HEAD, PUT"},
		{"/v1/files/a/b", ofA1, 204, ofA1, "GET, HEAD, PUT"},
		{"/v1/files/a/b", ofA2, 204, ofA2, "GET, HEAD, PUT"},
		{"/v1/files/a/b", stranger, 204, "", ""},
		{"/v1/files/a/b", "null", 204, "", ""},
		{"/v1/kv/a%2Fb/incr", ofA1, 204, ofA1, "POST"},
		{"/v1/signed/x", ofA2, 204, ofA2, "GET, HEAD"}, // the answer itself is for a1 alone
		{"/health", stranger, 204, "*", "GET, HEAD"},
		{"/login", configured, 204, "", ""},
		// What the handler answers has the origin, and none of the rest.
		{"/nowhere", ofA1, 404, ofA1, ""},
		{"/nowhere", stranger, 404, "", ""},
		{"/v1/files//b", ofA1, 404, ofA1, ""},
		{"/v1/files/%2e%2e/b", ofA1, 404, ofA1, ""},
	} {
		r := httptest.NewRequest(http.MethodOptions, c.path, nil)
		r.Header.Set("Origin", c.origin)
		// The browser asks for one method, and learns those of the path.
		r.Header.Set("Access-Control-Request-Method", "DELETE")
		r.Header.Set("Access-Control-Request-Headers", "authorization")
		res, _ := answerOf(t, h, r)
		headers, age := "", ""
		if c.methods != "" {
			headers = "Authorization, Content-Type, If-Match, If-None-Match, Range, Content-Digest, Content-MD5, " +
				"Idempotency-Key, Last-Event-ID, X-Request-Id, Traceparent"
			age = "600"
		}
		for name, want := range map[string]string{
			"Access-Control-Allow-Origin": c.allowed, "Access-Control-Allow-Methods": c.methods,
			"Access-Control-Allow-Headers": headers, "Access-Control-Max-Age": age,
		} {
			if got := res.Header.Get(name); got != want || res.StatusCode != c.status {
				t.Errorf("%s from %s: %d, %s is %q; want %d and %q", c.path, c.origin, res.StatusCode, name, got, c.status, want)
			}
		}
		wantAlways(t, c.path, res.Header)
	}
}

// Without a Record it is not known whose call an answer belongs to.
func TestCORSWithoutARecord(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.Handle("GET /x", sayOK)
	cors, err := httpserver.CORS(mux, appOrigins{{"t1", "a1"}: ofA1}, httpserver.WithOrigins(configured))
	if err != nil {
		t.Fatal(err)
	}
	for origin, want := range map[string]string{ofA1: "", configured: configured} {
		r := httptest.NewRequest(http.MethodGet, "/x", nil)
		r.Header.Set("Origin", origin)
		res, _ := answerOf(t, cors(mux), r)
		wantCORS(t, origin, res.Header, want)
	}
}

func TestCORSRefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	for _, origin := range []string{
		"https://a.example", "http://intranet:8080", "http://[::1]:3000", "http://localhost", "tauri://localhost", "*",
	} {
		if _, err := httpserver.CORS(mux, nil, httpserver.WithOrigins(origin)); err != nil {
			t.Errorf("%s: %v", origin, err)
		}
	}
	for _, origin := range []string{
		"", "null", "a.example", "https://", "https://a.example/", "https://a.example/x", "https://a.example?x", "https://u@a.example",
		"https://A.example", "https://*.example", "https://a.example:443", "http://a.example:80", "https://a.example:",
		"https://ä.example", "https://a.example,https://b.example", " https://a.example",
	} {
		if _, err := httpserver.CORS(mux, nil, httpserver.WithOrigins("https://ok.example", origin)); err == nil {
			t.Errorf("the origin %q is accepted", origin)
		}
	}
	for what, err := range map[string]error{
		"no mux":        second(httpserver.CORS(nil, nil)),
		"an open path":  second(httpserver.CORS(mux, nil, httpserver.WithOpenPaths("health"))),
		"a closed path": second(httpserver.CORS(mux, nil, httpserver.WithClosedPaths("/login", ""))),
	} {
		if err == nil {
			t.Errorf("%s is accepted", what)
		}
	}
}

func second(_ cpodkit.Middleware, err error) error { return err }

// Early hints are not the answer yet.
func TestCORSAfterEarlyHints(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(corsServer(t))
	defer srv.Close()
	for origin, want := range map[string]string{ofA1: ofA1, ofA2: ""} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/early", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", origin)
		res, err := srv.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		wantCORS(t, origin, res.Header, want)
	}
}

// A handler below CORS reaches the connection, as it does without.
func TestCORSKeepsTheConnection(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /x", func(w http.ResponseWriter, _ *http.Request) {
		control := http.NewResponseController(w)
		conn, _, err := control.Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	cors, err := httpserver.CORS(mux, nil)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(cpodkit.Chain(httpserver.Guard(mux), cors))
	defer srv.Close()
	res, err := http.Get(srv.URL + "/x")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusNoContent || res.Header.Get("Vary") != "" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
}
