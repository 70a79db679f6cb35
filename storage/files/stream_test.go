package files_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/local/localfiles"
	"github.com/cpodkit/cpodkit/httpserver"
)

// onDisk serves files of a folder on a real socket.
func onDisk(t *testing.T) (s *server, srv *httptest.Server, dir string) {
	t.Helper()
	dir = t.TempDir()
	driver, err := localfiles.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	s = serve(t, driver)
	srv = httptest.NewServer(s.handler)
	t.Cleanup(srv.Close)
	return s, srv, dir
}

func entries(t *testing.T, dir string) int {
	t.Helper()
	found, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(found)
}

// eventually waits for what another goroutine brings about.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	watchdog := time.NewTimer(30 * time.Second)
	defer watchdog.Stop()
	poll := time.NewTicker(2 * time.Millisecond)
	defer poll.Stop()
	for !done() {
		select {
		case <-poll.C:
		case <-watchdog.C:
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}

// A client that hangs up in the middle of its body has stored nothing.
func TestBrokenClient(t *testing.T) {
	t.Parallel()
	s, srv, dir := onDisk(t)
	s.put(alice, "/v1/storage/files/old", "what was there")
	temp := filepath.Join(dir, "tmp")
	for name, head := range map[string]string{
		"length":  "Content-Length: 1000000\r\n\r\n" + strings.Repeat("x", 200_000),
		"chunked": "Transfer-Encoding: chunked\r\n\r\n30D40\r\n" + strings.Repeat("x", 200_000) + "\r\n",
		"nothing": "Content-Length: 5\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", srv.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := fmt.Fprintf(conn, "PUT /v1/storage/files/old HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n%s", alice, head); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the upload has begun", func() bool { return entries(t, temp) == 1 })
			conn.Close()
			eventually(t, "the temporary file is gone", func() bool { return entries(t, temp) == 0 })
		})
	}
	if w := s.call(alice, "GET", "/v1/storage/files/old", ""); w.Body.String() != "what was there" {
		t.Errorf("the file holds %.50q", w.Body)
	}
}

// A client that stops in the middle and stays is cut by a deadline, and told.
func TestSlowClient(t *testing.T) {
	t.Parallel()
	s, _, dir := onDisk(t)
	srv := httptest.NewServer(httpserver.RollingDeadlines(200 * time.Millisecond)(s.handler))
	defer srv.Close()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "PUT /v1/storage/files/slow HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 10\r\n\r\nhalf", alice)
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusBadRequest {
		t.Errorf("the answer is %s", answer.Status)
	}
	eventually(t, "the temporary file is gone", func() bool { return entries(t, filepath.Join(dir, "tmp")) == 0 })
	wantProblem(t, s.call(alice, "GET", "/v1/storage/files/slow", ""), cpodkit.CodeNotFound)
}

// A real client gets a large file whole, in parts, and while it is replaced.
func TestRealClient(t *testing.T) {
	t.Parallel()
	s, srv, _ := onDisk(t)
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<17) // 2 MiB
	request := func(method, rng string, body io.Reader) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), method, srv.URL+"/v1/storage/files/large", body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+alice)
		if rng != "" {
			r.Header.Set("Range", rng)
		}
		answer, err := srv.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	put := request("PUT", "", io.MultiReader(bytes.NewReader(content))) // chunked
	put.Body.Close()
	if put.StatusCode != http.StatusOK {
		t.Fatalf("PUT = %s", put.Status)
	}
	for rng, want := range map[string][]byte{
		"": content, "bytes=1000000-1000009": content[1_000_000:1_000_010], "bytes=2097151-": content[2_097_151:],
	} {
		answer := request("GET", rng, nil)
		got, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("GET %q = %s with %d bytes, %v; want %d", rng, answer.Status, len(got), err, len(want))
		}
	}
	answer := request("GET", "", nil)
	defer answer.Body.Close()
	s.put(alice, "/v1/storage/files/large", "replaced")
	if w := s.call(alice, "DELETE", "/v1/storage/files/large", ""); w.Code != http.StatusNoContent {
		t.Errorf("DELETE = %d", w.Code)
	}
	if got, err := io.ReadAll(answer.Body); err != nil || !bytes.Equal(got, content) {
		t.Errorf("while it was replaced, GET read %d bytes, %v", len(got), err)
	}
}

func TestConflictOverHTTP(t *testing.T) {
	t.Parallel()
	s, _, _ := onDisk(t)
	s.put(alice, "/v1/storage/files/a/b", "x")
	wantProblem(t, s.call(alice, "PUT", "/v1/storage/files/a", "x"), cpodkit.CodeConflict)
	wantProblem(t, s.call(alice, "PUT", "/v1/storage/files/a/b/c", "x"), cpodkit.CodeConflict)
	wantProblem(t, s.call(alice, "GET", "/v1/storage/files/a", ""), cpodkit.CodeNotFound)
}
