package httpserver_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/httpserver"
)

// limited serves h with limits until the test ends.
func limited(t *testing.T, h http.Handler, limits httpserver.ConnectionLimits) (addr string) {
	t.Helper()
	return limitedOn(t, nil, h, limits)
}

// limitedOn is limited, where the next connection is of the next one of peers.
func limitedOn(t *testing.T, peers <-chan string, h http.Handler, limits httpserver.ConnectionLimits) (addr string) {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := httpserver.NewServer(h, watchdog)
	bounded, err := limits.Listen(server, peerListener{ln, peers})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- httpserver.Serve(ctx, server, bounded, httpserver.Stop{}) }()
	t.Cleanup(func() {
		stop()
		<-done
	})
	return ln.Addr().String()
}

// peerListener gives connections the addresses of peers, if it has any.
type peerListener struct {
	net.Listener

	peers <-chan string
}

func (l peerListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil || l.peers == nil {
		return conn, err
	}
	return peerConn{conn, net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(<-l.peers), 1))}, nil
}

type peerConn struct {
	net.Conn

	remote net.Addr
}

func (c peerConn) RemoteAddr() net.Addr { return c.remote }

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(watchdog)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// isClosed waits until the other side has closed a connection, or has answered.
func isClosed(conn net.Conn) bool {
	_, err := conn.Read(make([]byte, 1))
	return err != nil
}

func send(t *testing.T, conn net.Conn, text string) *http.Response {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return res
}

const get = "GET / HTTP/1.1\r\nHost: test\r\n\r\n"

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

// Connections whose head never ends take a quarter of the room and no more. Those that
// are answered, or idle, do not count.
func TestSlowHeadsLeaveRoom(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var mu sync.Mutex
	addr := limited(t, http.HandlerFunc(hello), httpserver.ConnectionLimits{Max: 40, Log: slog.New(slog.NewTextHandler(locked{&mu, &log}, nil))})
	for range 12 { // idle after an answer
		send(t, dial(t, addr), get)
	}
	var slow []net.Conn
	for range 10 {
		conn := dial(t, addr)
		if _, err := io.WriteString(conn, "GET / HT"); err != nil {
			t.Fatal(err)
		}
		slow = append(slow, conn)
	}
	if !isClosed(dial(t, addr)) {
		t.Error("an eleventh connection without a head is kept")
	}
	for _, conn := range slow[:5] { // the first ones live, and go on
		if res := send(t, conn, "TP/1.1\r\nHost: test\r\n\r\n"); res.StatusCode != http.StatusOK {
			t.Errorf("a slow head that ends is answered %d", res.StatusCode)
		}
	}
	if res := send(t, dial(t, addr), get); res.StatusCode != http.StatusOK {
		t.Errorf("with room again: %d", res.StatusCode)
	}
	mu.Lock()
	defer mu.Unlock()
	if n := strings.Count(log.String(), "connections are closed for their limit"); n != 1 {
		t.Errorf("%d warnings: %s", n, &log)
	}
}

type locked struct {
	mu *sync.Mutex
	w  io.Writer
}

func (l locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// So do connections whose whole body is waited for; a streamed one does not count.
func TestSlowBodiesLeaveRoom(t *testing.T) {
	t.Parallel()
	streaming := make(chan struct{}, 100)
	addr := limited(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			streaming <- struct{}{}
			_, _ = io.Copy(io.Discard, r.Body)
			return
		}
		if _, err := cpodkit.ReadJSON(w, r, 0); err != nil {
			cpodkit.WriteError(w, r, err)
		}
	}), httpserver.ConnectionLimits{Max: 16})
	begin := func(method string) net.Conn {
		conn := dial(t, addr)
		if _, err := fmt.Fprintf(conn, "%s / HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\n{", method); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	for range 6 {
		begin(http.MethodPut)
		await(t, "a streamed body", streaming)
	}
	var slow []net.Conn
	for range 4 {
		slow = append(slow, begin(http.MethodPost))
	}
	if !isClosed(begin(http.MethodPost)) {
		t.Error("a fifth body is waited for")
	}
	if res := send(t, slow[0], `"a": 123}`); res.StatusCode != http.StatusOK {
		t.Errorf("a body that ends is answered %d", res.StatusCode)
	}
	if res := send(t, dial(t, addr), strings.Replace(get, "GET", "POST", 1)); res.StatusCode != http.StatusOK {
		t.Errorf("with room again: %d", res.StatusCode)
	}
}

// Without an idle connection, the newest one is closed. 127.0.0.1 may hold all.
func TestAllConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	loopback := func(peer netip.Addr) bool { return peer.IsLoopback() }
	entered, release := make(chan struct{}, 100), make(chan struct{})
	addr := limited(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hold" {
			entered <- struct{}{}
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}
	}), httpserver.ConnectionLimits{Max: 8, Trusted: loopback})
	t.Cleanup(func() { close(release) })
	var open []net.Conn
	for range 8 {
		conn := dial(t, addr)
		if _, err := io.WriteString(conn, strings.Replace(get, "/", "/hold", 1)); err != nil {
			t.Fatal(err)
		}
		await(t, "the request", entered)
		open = append(open, conn)
	}
	if !isClosed(dial(t, addr)) {
		t.Error("a ninth connection is kept")
	}
	for range 2 {
		open[0].Close()
		open = open[1:]
	}
	for { // the server sees it in its own time
		conn := dial(t, addr)
		if _, err := io.WriteString(conn, get); err == nil && !isClosed(conn) {
			return
		}
	}
}

// When all connections are taken, idle ones make room: first those of the peer that has
// most of them, and those of proxies last.
func TestIdleConnectionsMakeRoom(t *testing.T) {
	t.Parallel()
	const most = 40
	trusted := func(peer netip.Addr) bool { return peer == netip.MustParseAddr("192.0.2.1") }
	peers := make(chan string, 1)
	addr := limitedOn(t, peers, http.HandlerFunc(hello), httpserver.ConnectionLimits{Max: most, Trusted: trusted})
	ask := func(peer string) net.Conn {
		peers <- peer
		conn := dial(t, addr)
		if res := send(t, conn, get); res.StatusCode != http.StatusOK {
			t.Fatalf("%s is answered %d", peer, res.StatusCode)
		}
		return conn
	}
	isOpen := func(conn net.Conn) bool {
		if _, err := io.WriteString(conn, get); err != nil {
			return false
		}
		return !isClosed(conn)
	}
	var proxied, others, stranger []net.Conn
	for range 20 {
		proxied = append(proxied, ask("192.0.2.1"))
	}
	for i := range 5 {
		others = append(others, ask(fmt.Sprint("198.51.100.", i+1)))
	}
	for range 90 {
		stranger = append(stranger, ask("203.0.113.9"))
	}
	for i, conn := range append(proxied, others...) {
		if !isOpen(conn) {
			t.Errorf("idle connection %d of the other peers was closed", i)
		}
	}
	kept := 0
	for _, conn := range stranger {
		if isOpen(conn) {
			kept++
		}
	}
	if want := most - len(proxied) - len(others); kept != want {
		t.Errorf("the peer with most idle connections has kept %d, want %d", kept, want)
	}
}

func TestConnectionLimitsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, most := range []int{-1, 0, 3} {
		if _, err := (httpserver.ConnectionLimits{Max: most}).Listen(&http.Server{}, nil); err == nil {
			t.Errorf("%d connections are accepted", most)
		}
	}
}

// A limited connection sends files as any other.
func TestLimitedConnectionsSendFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	addr := limited(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, path) }),
		httpserver.ConnectionLimits{Max: 8})
	got, err := io.ReadAll(send(t, dial(t, addr), get).Body)
	if err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// The line of a head that cannot be read names the client, and a proxy as the peer.
func TestRefusedHeadsNameTheirPeer(t *testing.T) {
	t.Parallel()
	for want, trusted := range map[string]func(netip.Addr) bool{
		" client_addr=127.0.0.1 ": nil,
		" peer=127.0.0.1 ":        netip.Addr.IsLoopback,
	} {
		var mu sync.Mutex
		var log bytes.Buffer
		addr := limited(t, http.HandlerFunc(hello), httpserver.ConnectionLimits{
			Max: 8, Trusted: trusted, Log: slog.New(slog.NewTextHandler(locked{&mu, &log}, nil)),
		})
		send(t, dial(t, addr), "hello\r\n\r\n") // the line comes before the answer
		mu.Lock()
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %q in %s", want, &log)
		}
		mu.Unlock()
	}
}

// What net/http refuses by itself has the form of all refusals, and a request id.
func TestRefusedHeads(t *testing.T) {
	t.Parallel()
	addr := limited(t, http.HandlerFunc(hello), httpserver.ConnectionLimits{Max: 100, Server: cpodkit.ServerInfo{ErrorTypeBase: "https://e.test/"}})
	for name, c := range map[string]struct {
		head   string
		status int
		code   string
	}{
		"a stray %":        {"GET /% HTTP/1.1\r\nHost: test\r\n\r\n", 400, "bad_request"},
		"a bad method":     {"G@T / HTTP/1.1\r\nHost: test\r\n\r\n", 400, "bad_request"},
		"no host":          {"GET / HTTP/1.1\r\n\r\n", 400, "bad_request"},
		"a large header":   {"GET / HTTP/1.1\r\nHost: test\r\nX: " + strings.Repeat("x", 80<<10) + "\r\n\r\n", 431, "bad_request"},
		"unknown encoding": {"POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "not_supported"},
		"no HTTP":          {"hello\r\n\r\n", 400, "bad_request"},
	} {
		for _, before := range []string{"", get} { // on a new connection, and after an answer
			conn := dial(t, addr)
			if before != "" {
				if _, err := io.WriteString(conn, before); err != nil {
					t.Fatal(err)
				}
				answer := make([]byte, 1024)
				if _, err := conn.Read(answer); err != nil {
					t.Fatal(err)
				}
			}
			res := send(t, conn, c.head)
			var problem struct{ Type, Code, RequestID, Title string }
			err := json.NewDecoder(res.Body).Decode(&problem)
			if err != nil || res.StatusCode != c.status || problem.Code != c.code || problem.Type != "https://e.test/"+c.code ||
				problem.RequestID == "" || res.Header.Get("X-Request-Id") != problem.RequestID || !res.Close ||
				res.Header.Get("Content-Type") != "application/problem+json" || res.Header.Get("Vary") != "Origin" {
				t.Errorf("%s: %d %+v %v, %v", name, res.StatusCode, problem, res.Header, err)
			}
		}
	}
}
