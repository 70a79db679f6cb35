package httpserver_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/httpserver"
)

// watchdog bounds what would otherwise hang; no test depends on its length.
const watchdog = 30 * time.Second

// serve runs h until the test ends and returns the address and the result.
func serve(t *testing.T, ctx context.Context, h http.Handler, idle, grace time.Duration) (string, <-chan error) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		done <- httpserver.Serve(ctx, httpserver.NewServer(h, idle), ln, httpserver.Stop{Grace: grace})
	}()
	return ln.Addr().String(), done
}

func await[T any](t *testing.T, what string, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(watchdog):
		t.Fatal("waited too long for " + what)
		panic("unreachable")
	}
}

func TestServeFinishesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	entered, release := make(chan struct{}), make(chan struct{})
	addr, done := serve(t, ctx, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-release
		_, _ = io.WriteString(w, "finished")
	}), time.Minute, time.Minute)

	answer := make(chan string, 1)
	go func() {
		res, err := http.Get("http://" + addr)
		if err != nil {
			answer <- err.Error()
			return
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		answer <- string(body)
	}()
	await(t, "the request", entered)
	stop()
	close(release)
	if got := await(t, "the answer", answer); got != "finished" {
		t.Errorf("a request under way at shutdown got %q", got)
	}
	if err := await(t, "the end", done); err != nil {
		t.Errorf("Serve returned %v", err)
	}
}

func TestServeCutsWhatOutlivesTheGrace(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	entered, cut := make(chan struct{}), make(chan struct{})
	addr, done := serve(t, ctx, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
		close(cut)
	}), time.Minute, 10*time.Millisecond)
	go func() {
		if res, err := http.Get("http://" + addr); err == nil {
			res.Body.Close()
		}
	}()
	await(t, "the request", entered)
	stop()
	if err := await(t, "the end", done); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Serve returned %v", err)
	}
	await(t, "the cut", cut)
}

func TestServeReportsADeadListener(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	if err := httpserver.Serve(t.Context(), httpserver.NewServer(http.NotFoundHandler(), time.Minute), ln, httpserver.Stop{Grace: time.Second}); err == nil {
		t.Error("Serve returned nil on a closed listener")
	}
}

func TestDeadlinesRoll(t *testing.T) {
	t.Parallel()
	const idle = time.Second
	read := make(chan error, 8)
	addr, _ := serve(t, t.Context(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			_, err := io.Copy(io.Discard, r.Body)
			read <- err
			if err != nil {
				cpodkit.WriteError(w, r, cpodkit.CodeBadRequest)
				return
			}
		}
		if err := r.Context().Err(); err != nil {
			t.Errorf("the context of a live request ended: %v", err)
		}
		_, _ = io.WriteString(w, "ok")
	}), idle, time.Second)

	t.Run("a slow upload lives", func(t *testing.T) {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
		tick := time.NewTicker(idle / 2)
		defer tick.Stop()
		for range 5 { // 2.5 times idle in all
			<-tick.C
			fmt.Fprint(conn, "x")
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("answer %v, %v", res, err)
		}
		if err := await(t, "the body", read); err != nil {
			t.Errorf("reading it: %v", err)
		}
	})
	t.Run("a stuck upload is cut", func(t *testing.T) {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nx")
		if err := await(t, "the cut", read); err == nil {
			t.Error("a body that never came was read without an error")
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || res.StatusCode != http.StatusBadRequest {
			t.Errorf("the answer to a stuck upload: %v, %v", res, err)
		}
	})
	t.Run("an idle connection is used again", func(t *testing.T) {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		answers := bufio.NewReader(conn)
		pause := time.NewTicker(2 * idle)
		defer pause.Stop()
		for range 2 {
			fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n")
			line, err := answers.ReadString('\n')
			if err != nil || !strings.Contains(line, "100") {
				t.Fatalf("got %q, %v", line, err)
			}
			_, _ = answers.ReadString('\n')
			fmt.Fprint(conn, "x")
			res, err := http.ReadResponse(answers, nil)
			if err != nil || res.StatusCode != http.StatusOK {
				t.Fatalf("answer %v, %v", res, err)
			}
			_, _ = io.Copy(io.Discard, res.Body)
			<-pause.C
		}
	})
}

// A refusal does not wait for a body that the client holds back.
func TestRefusalBeforeTheBody(t *testing.T) {
	t.Parallel()
	addr, _ := serve(t, t.Context(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cpodkit.WriteError(w, r, cpodkit.CodeForbidden)
	}), 2*watchdog, time.Second)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(watchdog)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("answer %v, %v", res, err)
	}
}

// A client that reads slowly, but reads, gets all of a large answer.
func TestSlowReaderLives(t *testing.T) {
	t.Parallel()
	const idle, size = 2 * time.Second, 16 << 20
	failed := make(chan error, 1)
	addr, _ := serve(t, t.Context(), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, err := w.Write(make([]byte, size))
		failed <- err
	}), idle, time.Second)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.(*net.TCPConn).SetReadBuffer(64 << 10); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "GET / HTTP/1.0\r\n\r\n")
	pause := time.NewTicker(10 * time.Millisecond)
	defer pause.Stop()
	read := 0
	buf := make([]byte, 64<<10)
	for {
		n, err := conn.Read(buf)
		read += n
		if err != nil {
			break
		}
		<-pause.C
	}
	if err := await(t, "the handler", failed); err != nil || read < size {
		t.Errorf("%d of %d bytes, %v", read, size, err)
	}
}

// A client that is refused in the middle of its body, and only then looks for an
// answer, finds it.
func TestRefusalInTheMiddleIsRead(t *testing.T) {
	t.Parallel()
	addr, _ := serve(t, t.Context(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			_, _ = io.CopyN(io.Discard, r.Body, 1000)
		}
		cpodkit.WriteError(w, r, cpodkit.CodeUnavailable)
	}), watchdog, time.Second)
	const size = 4 << 20
	for _, header := range []string{"", "Connection: close\r\n", "Expect: 100-continue\r\n"} {
		for _, method := range []string{"PUT", "POST"} {
			if method == "POST" && strings.HasPrefix(header, "Expect") {
				continue // it is refused before it sends
			}
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := conn.SetDeadline(time.Now().Add(watchdog)); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(conn, "%s / HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n", method, header, size)
			if _, err := conn.Write(make([]byte, size)); err != nil {
				t.Errorf("%s %q: %v", method, header, err)
			}
			answers := bufio.NewReader(conn)
			res, err := http.ReadResponse(answers, nil)
			if err == nil && res.StatusCode == http.StatusContinue {
				res, err = http.ReadResponse(answers, nil)
			}
			if err != nil || res.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("%s %q: answer %v, %v", method, header, res, err)
			}
		}
	}
}

// A request that is refused with its short body unread leaves the connection
// fit for the next one.
func TestRefusalKeepsTheConnection(t *testing.T) {
	t.Parallel()
	addr, _ := serve(t, t.Context(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.Context().Err(); err != nil {
			t.Errorf("the context of a live request has ended: %v", err)
		}
		cpodkit.WriteError(w, r, cpodkit.CodeUnavailable)
	}), watchdog, time.Second)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	for range 50 {
		fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n%s", make([]byte, 1000))
		res, err := http.ReadResponse(answers, nil)
		if err != nil || res.StatusCode != http.StatusServiceUnavailable {
			t.Fatalf("answer %v, %v", res, err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
	}
}

// The head of a stream may come later than the idle time, when a flush alone sends
// it.
func TestALateFlushHasADeadlineOfItsOwn(t *testing.T) {
	t.Parallel()
	const idle = 100 * time.Millisecond
	server := httptest.NewServer(httpserver.RollingDeadlines(idle)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		<-time.After(3 * idle)
		w.WriteHeader(http.StatusOK)
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Errorf("Flush: %v", err)
		}
	})))
	defer server.Close()
	res, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Error(err)
	}
}

// A server that drains answers new requests, and closes their connections; streams
// are told only afterwards. The log names what is waited for.
func TestDrain(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	streaming, told := make(chan struct{}), make(chan struct{})
	mux := http.NewServeMux()
	route := func(name string, serve http.HandlerFunc) cpodkit.Route {
		return cpodkit.Route{Name: name, Pattern: "GET /" + name, Public: true, Handler: serve}
	}
	cpodkit.Mount(mux, []cpodkit.Route{
		route("quick", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }),
		route("stream", func(_ http.ResponseWriter, r *http.Request) {
			close(streaming)
			<-cpodkit.Stopping(r.Context())
			close(told)
		}),
	})
	var mu sync.Mutex
	var log bytes.Buffer
	handler := httpserver.Record(cpodkit.ServerInfo{})(mux)
	done := make(chan error, 1)
	go func() {
		done <- httpserver.Serve(ctx, httpserver.NewServer(handler, time.Minute), ln, httpserver.Stop{
			Drain: 500 * time.Millisecond, Grace: watchdog, Log: slog.New(slog.NewTextHandler(locked{&mu, &log}, nil)),
		})
	}()
	go func() {
		if res, err := http.Get("http://" + ln.Addr().String() + "/stream"); err == nil {
			res.Body.Close()
		}
	}()
	await(t, "the stream", streaming)
	stop()
	answered := 0
	for {
		res, err := http.Get("http://" + ln.Addr().String() + "/quick")
		if err != nil {
			break // the listener is closed
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			t.Error(err)
		}
		res.Body.Close()
		if answered++; answered > 5 && !res.Close {
			t.Error("an answer while the server drains keeps its connection")
		}
	}
	if answered == 0 {
		t.Error("nothing was answered while the server drained")
	}
	await(t, "the stream to be told", told)
	if err := await(t, "the end", done); err != nil {
		t.Error(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if !strings.Contains(log.String(), "1 GET /stream") { // a quick one may be under way too
		t.Errorf("the log: %s", &log)
	}
}
