package crashtest_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/local/localfiles"
	"github.com/cpodkit/cpodkit/httpserver"
	"github.com/cpodkit/cpodkit/storage/files"
)

// target is where bad clients go.
type target struct {
	address string
	token   string
	dir     string      // of the files
	idle    func() bool // nothing is read or written for a client any more
}

const (
	largeKey  = "large"
	largeSize = 32 << 20 // more than all buffers between two processes hold
)

// dial connects, and writes the head of a request.
func (to target) dial(t *testing.T, call string, header ...string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", to.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(2 * watchdog)); err != nil {
		t.Fatal(err)
	}
	lines := append([]string{call + " HTTP/1.1", "Host: x", "Authorization: Bearer " + to.token}, header...)
	if _, err := fmt.Fprintf(conn, "%s\r\n\r\n", strings.Join(lines, "\r\n")); err != nil {
		t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

func status(t *testing.T, conn net.Conn) int {
	t.Helper()
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Errorf("no answer: %v", err)
		return 0
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

// uploading waits until the server has begun to store n uploads.
func (to target) uploading(t *testing.T, n int) {
	t.Helper()
	eventually(t, "the uploads have begun", func() bool { return countFiles(t, filepath.Join(to.dir, "tmp")) >= n })
}

// badClients do what a server on the internet meets every day.
func (to target) badClients(t *testing.T) {
	t.Helper()
	half := strings.Repeat("x", 500_000)
	t.Run("an upload byte by byte", func(t *testing.T) {
		conn := to.dial(t, "PUT /v1/storage/files/slow", "Content-Length: 50")
		pause := time.NewTicker(5 * time.Millisecond)
		defer pause.Stop()
		for range 50 {
			<-pause.C
			if _, err := conn.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		if got := status(t, conn); got != http.StatusOK {
			t.Errorf("the answer is %d", got)
		}
	})
	t.Run("uploads that vanish", func(t *testing.T) {
		var conns []*net.TCPConn
		for range 8 {
			length := to.dial(t, "PUT /v1/storage/files/vanished", "Content-Length: 1000000")
			chunked := to.dial(t, "PUT /v1/storage/files/vanished", "Transfer-Encoding: chunked")
			fmt.Fprint(length, half)
			fmt.Fprintf(chunked, "%x\r\n%s\r\n", len(half), half)
			conns = append(conns, length, chunked)
		}
		to.uploading(t, len(conns))
		for i, conn := range conns {
			if i%3 == 0 {
				_ = conn.SetLinger(0) // a reset instead of an end
			}
			conn.Close()
		}
	})
	t.Run("uploads that end too early and listen on", func(t *testing.T) {
		for _, header := range []string{"Content-Length: 1000000", "Transfer-Encoding: chunked"} {
			conn := to.dial(t, "PUT /v1/storage/files/halfclosed", header)
			if header == "Transfer-Encoding: chunked" {
				fmt.Fprintf(conn, "%x\r\n", len(half))
			}
			fmt.Fprint(conn, half)
			if err := conn.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if got := status(t, conn); got != cpodkit.StatusCanceled { // whether it listens cannot be told
				t.Errorf("%s: the answer is %d", header, got)
			}
		}
	})
	t.Run("downloads that vanish", func(t *testing.T) {
		for i := range 16 {
			conn := to.dial(t, "GET /v1/storage/files/"+largeKey)
			if _, err := io.ReadFull(conn, make([]byte, 1000)); err != nil {
				t.Fatal(err)
			}
			if i%2 == 0 {
				_ = conn.SetLinger(0)
			}
			conn.Close()
		}
	})
	t.Run("a header that never ends", func(t *testing.T) {
		conn, err := net.Dial("tcp", to.address)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "PUT /v1/storage/files/x HTTP/1.1\r\nHost: x\r\nX-")
		conn.Close()
	})
}

// stalledClients hold a connection without a move, until the server cuts it.
func (to target) stalledClients(t *testing.T) {
	t.Helper()
	up := to.dial(t, "PUT /v1/storage/files/stalled", "Content-Length: 1000")
	fmt.Fprint(up, "x")
	down := to.dial(t, "GET /v1/storage/files/"+largeKey)
	if _, err := io.ReadFull(down, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	to.uploading(t, 1)
	eventually(t, "the stalled clients are given up", to.idle)
	if got := status(t, up); got != http.StatusBadRequest {
		t.Errorf("the answer to a stalled upload is %d", got)
	}
	if n, err := io.Copy(io.Discard, down); n >= largeSize {
		t.Errorf("a stalled download got %d bytes, %v", n, err)
	}
}

// TestNoGoroutineIsLeft runs bad clients against the storage of files in this
// process. It is alone, for it counts.
func TestNoGoroutineIsLeft(t *testing.T) { //nolint:paralleltest // it counts the goroutines of the process
	dir := t.TempDir()
	driver, err := localfiles.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	store, err := files.New(driver)
	if err != nil {
		t.Fatal(err)
	}
	id := cpodkit.Identity{TenantID: "t", AppID: "a", Scopes: cpodkit.Scopes{"storage.private.*"}}
	if _, err := store.For(id).Write(t.Context(), largeKey, io.LimitReader(zeros{}, largeSize), nil); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	cpodkit.Mount(mux, store.Routes(), cpodkit.WrapProtected(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(cpodkit.WithIdentity(r.Context(), id)))
		})
	}))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var active atomic.Int64
	srv := httpserver.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		active.Add(1)
		defer active.Add(-1)
		httpserver.Guard(mux, httpserver.WithKeyPaths("/v1/storage/")).ServeHTTP(w, r)
	}), 500*time.Millisecond)
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("Serve: %v", err)
		}
	})
	to := target{address: ln.Addr().String(), token: "x", dir: dir, idle: func() bool { return active.Load() == 0 }}
	before := runtime.NumGoroutine()
	to.badClients(t)
	to.stalledClients(t)
	eventually(t, "every temporary file is gone", func() bool { return countFiles(t, filepath.Join(dir, "tmp")) == 0 })
	t.Cleanup(func() {
		if t.Failed() {
			var stacks strings.Builder
			_ = pprof.Lookup("goroutine").WriteTo(&stacks, 1)
			t.Log(&stacks)
		}
	})
	eventually(t, "every goroutine is gone", func() bool { return runtime.NumGoroutine() <= before })
	if err := srv.Close(); err != nil {
		t.Error(err)
	}
	serving.Wait()
	if err := store.Close(); err != nil {
		t.Error(err)
	}
	if n := countFiles(t, filepath.Join(dir, "objects")); n != 2 {
		t.Errorf("%d files are stored, not those two that came whole", n)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
