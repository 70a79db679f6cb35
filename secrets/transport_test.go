package secrets_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/secrets"
)

// echo answers with a header of the request.
func echo(header string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Header.Get(header)) }
}

func serveHTTP(t *testing.T, h http.Handler) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

// fetch returns the body of an answer.
func fetch(t *testing.T, c *http.Client, r *http.Request) string {
	t.Helper()
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%v", res.Request.Header); strings.Contains(text, "hunter") {
		t.Errorf("the request of the response has %s", text)
	}
	return string(body)
}

func get(t *testing.T, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTransport(t *testing.T) {
	t.Parallel()
	s, _ := newSecrets(t)
	a := app(s, "a")
	put(t, a, "api/key", "hunter1")
	other := serveHTTP(t, echo("Authorization"))
	origin := serveHTTP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, other, http.StatusTemporaryRedirect)
		case "/here":
			http.Redirect(w, r, "/", http.StatusTemporaryRedirect)
		default:
			echo("Authorization")(w, r)
		}
	}))
	transport, err := secrets.NewTransport(a, "api/key", origin)
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{Transport: transport}
	otherHost := get(t, origin)
	otherHost.Host = "elsewhere.test"
	for name, test := range map[string]struct {
		request *http.Request
		want    string
	}{
		"the origin":                  {get(t, origin+"/x"), "Bearer hunter1"},
		"a redirect to itself":        {get(t, origin+"/here"), "Bearer hunter1"},
		"a redirect elsewhere":        {get(t, origin+"/away"), ""},
		"another origin":              {get(t, other), ""},
		"another name of the machine": {get(t, strings.Replace(origin, "127.0.0.1", "localhost", 1)), ""},
		"another host header":         {otherHost, ""},
	} {
		if got := fetch(t, c, test.request); got != test.want {
			t.Errorf("%s gets %q, want %q", name, got, test.want)
		}
	}
	put(t, a, "api/key", "hunter2")
	if got := fetch(t, c, get(t, origin)); got != "Bearer hunter2" {
		t.Errorf("after a rotation it gets %q", got)
	}
	own := get(t, origin)
	own.Header.Set("Authorization", "mine")
	if got := fetch(t, c, own); got != "Bearer hunter2" || own.Header.Get("Authorization") != "mine" {
		t.Errorf("it gets %q, and the request has %q", got, own.Header.Get("Authorization"))
	}
}

// closing is a body that says whether it was closed.
type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error { c.closed = true; return nil }

func TestTransportHeaders(t *testing.T) {
	t.Parallel()
	s, _ := newSecrets(t)
	a := app(s, "a")
	put(t, a, "key", "hunter1")
	put(t, a, "lines", "hunter\n2")
	origin := serveHTTP(t, echo("X-Key"))
	transport, err := secrets.NewTransport(a, "key", origin, secrets.WithHeader("X-Key", "v1 %s!"), secrets.WithBase(http.DefaultTransport))
	if err != nil {
		t.Fatal(err)
	}
	if got := fetch(t, &http.Client{Transport: transport}, get(t, origin)); got != "v1 hunter1!" {
		t.Errorf("it gets %q", got)
	}
	for name, code := range map[string]cpodkit.Code{"lines": cpodkit.CodeInternal, "none": cpodkit.CodeNotFound} {
		transport, err := secrets.NewTransport(a, name, origin)
		if err != nil {
			t.Fatal(err)
		}
		body := &closing{Reader: strings.NewReader("x")}
		r := get(t, origin)
		r.Body = body
		res, err := transport.RoundTrip(r)
		if err == nil {
			_ = res.Body.Close()
		}
		if cpodkit.CodeOf(err) != code || strings.Contains(err.Error(), "hunter") || !body.closed {
			t.Errorf("%s: %v, and its body is closed: %t", name, err, body.closed)
		}
	}
}

// A trailer is set while the body is read.
func TestTransportTrailers(t *testing.T) {
	t.Parallel()
	s, _ := newSecrets(t)
	a := app(s, "a")
	put(t, a, "key", "hunter1")
	origin := serveHTTP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%s %s", body, r.Trailer.Get("X-Sum"))
	}))
	transport, err := secrets.NewTransport(a, "key", origin)
	if err != nil {
		t.Fatal(err)
	}
	r := get(t, origin)
	r.Method, r.Trailer = http.MethodPost, http.Header{"X-Sum": nil}
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader("text"), atEnd(func() { r.Trailer.Set("X-Sum", "42") })))
	if got := fetch(t, &http.Client{Transport: transport}, r); got != "text 42" {
		t.Errorf("it gets %q", got)
	}
}

// atEnd is an empty reader that calls a function.
type atEnd func()

func (f atEnd) Read([]byte) (int, error) { f(); return 0, io.EOF }

func TestNewTransportRefuses(t *testing.T) {
	t.Parallel()
	s, _ := newSecrets(t)
	a := app(s, "a")
	for _, origin := range []string{
		"", "example.com", "ftp://example.com", "https://", "https://me@example.com", "https://example.com/", "https://example.com?",
		"https://example.com#x", "http://example.com", "https://exa mple.com",
	} {
		if _, err := secrets.NewTransport(a, "key", origin); err == nil {
			t.Errorf("the origin %q is taken", origin)
		}
	}
	for _, opt := range []secrets.TransportOption{
		secrets.WithBase(nil), secrets.WithHeader("", "%s"), secrets.WithHeader("X Y", "%s"), secrets.WithHeader("X", "none"),
		secrets.WithHeader("X", "%s%s"), secrets.WithHeader("X", "\n%s"),
		secrets.WithHeader("host", "%s"), secrets.WithHeader("Trailer", "%s"), secrets.WithHeader("Connection", "%s"),
	} {
		if _, err := secrets.NewTransport(a, "key", "https://example.com", opt); err == nil {
			t.Error("a wrong option is taken")
		}
	}
	if _, err := secrets.NewTransport(nil, "key", "https://example.com"); err == nil {
		t.Error("a transport without secrets is made")
	}
	if _, err := secrets.NewTransport(a, "../key", "https://example.com"); err == nil {
		t.Error("a name that climbs is taken")
	}
	for _, origin := range []string{"https://example.com:8443", "http://[::1]:80", "http://localhost", "HTTPS://Example.com"} {
		if _, err := secrets.NewTransport(a, "key", origin); err != nil {
			t.Error(err)
		}
	}
	if _, err := secrets.NewTransport(a, "key", "http://example.com", secrets.WithUnsafeHTTP()); err != nil {
		t.Error(err)
	}
}
