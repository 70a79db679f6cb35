package ratelimit_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/cpodkit/cpodkit/ratelimit"
)

// passing is a driver that is not *Memory, so that it gets a deadline.
type passing struct{ ratelimit.Driver }

// A client that cancels its own request does not get past a limit.
func TestCancelledRequestsPay(t *testing.T) {
	t.Parallel()
	charged := ratelimit.Policy{
		Limit: perMinute("charged", 2), ChargeWhen: func(int) bool { return true }, Key: ratelimit.ByIdentity(),
	}
	for name, c := range map[string]struct {
		driver ratelimit.Driver
		opts   []ratelimit.Option
		policy ratelimit.Policy
	}{
		"memory":      {ratelimit.NewMemory(), nil, ratelimit.Policy{Limit: perMinute("", 2), Key: ratelimit.ByIdentity()}},
		"measured":    {ratelimit.NewMemory(), []ratelimit.Option{ratelimit.WithTelemetry(nil, newMeters().provider)}, ratelimit.Policy{Limit: perMinute("", 2), Key: ratelimit.ByIdentity()}},
		"prefetched":  {prefetched(t, ratelimit.NewMemory()), nil, ratelimit.Policy{Limit: perMinute("", 2), Key: ratelimit.ByIdentity()}},
		"another":     {passing{ratelimit.NewMemory()}, nil, ratelimit.Policy{Limit: perMinute("", 2), Key: ratelimit.ByIdentity()}},
		"by answer":   {passing{ratelimit.NewMemory()}, nil, charged},
		"fail closed": {ratelimit.NewMemory(), nil, ratelimit.Policy{Limit: perMinute("", 2), FailClosed: true, Key: ratelimit.ByIdentity()}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newMiddleware(t, newLimiter(t, c.driver, c.opts...), c.policy)(http.HandlerFunc(bareHandler))
			gone, cancel := context.WithCancel(t.Context())
			cancel()
			for i, want := range []int{http.StatusOK, http.StatusOK, http.StatusTooManyRequests} {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequestWithContext(gone, http.MethodGet, "/", nil))
				if w.Code != want || w.Header().Get("Cpod-RateLimit") != "" {
					t.Errorf("request %d: %d %v", i, w.Code, w.Header())
				}
			}
		})
	}
}

// A client that sends a FIN after its request has it cancelled, and reads on.
func TestHalfClosedConnectionsPay(t *testing.T) {
	t.Parallel()
	limit := newMiddleware(t, newLimiter(t, passing{ratelimit.NewMemory()}), ratelimit.Policy{Limit: perMinute("", 1), Key: ratelimit.ByIdentity()})
	limited := limit(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		limited.ServeHTTP(w, r)
	}))
	defer server.Close()
	for i, want := range []int{http.StatusOK, http.StatusTooManyRequests, http.StatusTooManyRequests} {
		answer := overTCP(t, server, func(conn *net.TCPConn) error { return conn.CloseWrite() })
		if answer == nil || answer.StatusCode != want {
			t.Errorf("request %d: %+v, want %d", i, answer, want)
		}
	}
}

// overTCP sends a request by hand, and returns nil if there is no answer.
func overTCP(t *testing.T, server *httptest.Server, then func(*net.TCPConn) error) *http.Response {
	t.Helper()
	dialed, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn := dialed.(*net.TCPConn)
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: test\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := then(conn); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil
	}
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
	return answer
}

// A handler that takes its connection over pays before it has it.
func TestHijackedAnswersAreCharged(t *testing.T) {
	t.Parallel()
	for name, hijack := range map[string]func(http.ResponseWriter) (net.Conn, *bufio.ReadWriter, error){
		"Hijacker": func(w http.ResponseWriter) (net.Conn, *bufio.ReadWriter, error) { return w.(http.Hijacker).Hijack() },
		"controller": func(w http.ResponseWriter) (net.Conn, *bufio.ReadWriter, error) {
			return http.NewResponseController(w).Hijack()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			policy := refusals(1)
			policy.ServeWhenEmpty = true
			policy.ChargeWhen = func(status int) bool { return status == http.StatusSwitchingProtocols }
			limit := newMiddleware(t, newLimiter(t, ratelimit.NewMemory()), policy)
			server := httptest.NewServer(limit(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := hijack(w)
				if err != nil {
					return
				}
				defer conn.Close()
				_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
			})))
			defer server.Close()
			for i := range 2 {
				answer := overTCP(t, server, func(*net.TCPConn) error { return nil })
				if (answer != nil) != (i == 0) || answer != nil && answer.StatusCode != http.StatusSwitchingProtocols {
					t.Errorf("connection %d: %+v", i, answer)
				}
			}
		})
	}
}

// A handler that may not take its connection over answers, and pays for that.
func TestHijackThatFails(t *testing.T) {
	t.Parallel()
	h := newMiddleware(t, newLimiter(t, ratelimit.NewMemory()), refusals(1))(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if _, _, err := w.(http.Hijacker).Hijack(); err == nil {
				t.Error("a recorder has no connection")
			}
			w.WriteHeader(http.StatusUnauthorized)
			w.(http.Flusher).Flush()
		}))
	for _, want := range []int{http.StatusUnauthorized, http.StatusTooManyRequests} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		if w.Code != want || w.Flushed != (want == http.StatusUnauthorized) {
			t.Errorf("%d, want %d", w.Code, want)
		}
	}
}

func TestPanicsAreCharged(t *testing.T) {
	t.Parallel()
	for _, cause := range []any{"boom", http.ErrAbortHandler} {
		policy := refusals(1)
		policy.ChargeWhen = func(status int) bool { return status == http.StatusInternalServerError }
		h := newMiddleware(t, newLimiter(t, ratelimit.NewMemory()), policy)(
			http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(cause) }))
		serve := func() (w *httptest.ResponseRecorder, recovered any) {
			defer func() { recovered = recover() }()
			w = httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
			return w, nil
		}
		if _, got := serve(); got != cause {
			t.Errorf("the panic is %v, want %v", got, cause)
		}
		if w, got := serve(); got != nil || w.Code != http.StatusTooManyRequests {
			t.Errorf("after %v: %v", cause, got)
		}
	}
}
