package client_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/cpodkit/cpodkit/client"
)

const (
	testSecret = "cs_very-secret"
	testKey    = "cpod_very-secret"
)

// handlerTransport answers requests in process, so that a test needs no network and can run in a synctest bubble. Like
// a real transport it leaves when the context ends.
type handlerTransport http.HandlerFunc

func (h handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	answered := make(chan *http.Response, 1)
	go func() {
		recorder := httptest.NewRecorder()
		h(recorder, r)
		answered <- recorder.Result()
	}()
	select {
	case response := <-answered:
		return response, nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// roundTripper fails or answers as the function says.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// newClient makes a client with an API key, whose requests go to transport.
func newClient(t *testing.T, transport http.RoundTripper) *client.Client {
	t.Helper()
	return mustNew(t, client.Config{APIKey: testKey, HTTPClient: &http.Client{Transport: transport}})
}

func mustNew(t *testing.T, config client.Config) *client.Client {
	t.Helper()
	c, err := client.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func reply(status int, contentType, body string, headers ...string) handlerTransport {
	return func(w http.ResponseWriter, _ *http.Request) {
		respond(w, status, contentType, body, headers...)
	}
}

func respond(w http.ResponseWriter, status int, contentType, body string, headers ...string) {
	if contentType != "" {
		w.Header().Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		w.Header().Set(headers[i], headers[i+1])
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

func respondProblem(w http.ResponseWriter, status int, code string, headers ...string) {
	respond(w, status, "application/problem+json", `{"code":"`+code+`","detail":"no"}`, headers...)
}

// counter counts from several goroutines.
type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) next() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	return c.n
}

func (c *counter) get() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func baseError(t *testing.T, err error) *client.Error {
	t.Helper()
	base, ok := errors.AsType[*client.Error](err)
	if !ok {
		t.Fatalf("got %v (%T), want a *client.Error", err, err)
	}
	return base
}

// expect answers a request that is as the test wants it.
func expect(t *testing.T, target, body string, status int, answer string) handlerTransport {
	t.Helper()
	return func(w http.ResponseWriter, r *http.Request) {
		sent, _ := io.ReadAll(r.Body)
		equal(t, "request", r.Method+" "+r.URL.RequestURI(), target)
		equal(t, "body", string(sent), body)
		respond(w, status, "application/json", answer)
	}
}
