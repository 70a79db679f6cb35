package httpserver_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/httpserver"
)

// An answer that is not sent in whole is told apart in the log and the metrics, also
// where the handler ignores the error.
func TestCutAnswers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const size = 20 << 20
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
	file := func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, path) }
	fromStore := func(err error) http.HandlerFunc {
		content := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(err))
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, content) }
	}
	wholly := func(conn net.Conn) {
		if res, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
			_, _ = io.Copy(io.Discard, res.Body)
		}
	}
	for _, test := range []struct {
		name  string
		serve http.HandlerFunc
		idle  time.Duration
		read  func(net.Conn)
		want  string // the code in the log and the type in the metrics
	}{
		{"a file that is read", file, watchdog, wholly, ""},
		{"a file that is left", file, watchdog, func(conn net.Conn) {
			_, _ = io.ReadFull(conn, make([]byte, 2048))
			conn.Close()
		}, "canceled"},
		{"a written answer that is left", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(make([]byte, size))
		}, watchdog, func(conn net.Conn) { conn.Close() }, "canceled"},
		{"a file that nobody reads", file, 100 * time.Millisecond, func(net.Conn) {}, "aborted"},
		{"content that fails", fromStore(errors.New("the disk is gone")), watchdog, wholly, "aborted"},
		{"a store that resets", fromStore(&net.OpError{Op: "read", Err: syscall.ECONNRESET}), watchdog, wholly, "aborted"},
		{"a refusal", func(w http.ResponseWriter, r *http.Request) {
			cpodkit.WriteError(w, r, cpodkit.CodeNotFound)
		}, watchdog, wholly, "not_found"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			mux := http.NewServeMux()
			mux.HandleFunc("GET /", test.serve)
			o := observe(t, mux)
			done := make(chan struct{})
			server := httptest.NewServer(httpserver.RollingDeadlines(test.idle)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(done)
				o.handler.ServeHTTP(w, r)
			})))
			t.Cleanup(server.Close)
			conn := dial(t, server.Listener.Addr().String())
			t.Cleanup(func() { conn.Close() }) // before the server waits for it
			if _, err := io.WriteString(conn, get); err != nil {
				t.Fatal(err)
			}
			test.read(conn)
			await(t, "the handler", done)
			line := lastLine(t, o.log)
			if code, _ := line["code"].(string); code != test.want || test.want != "not_found" && line["status"] != 200.0 {
				t.Errorf("the line is %v, want the code %q", line, test.want)
			}
			if test.want == "not_found" {
				test.want = "" // the server is not to blame
			}
			points := o.collect(t)["http.server.request.duration"].(metricdata.Histogram[float64]).DataPoints
			if got, _ := points[0].Attributes.Value("error.type"); got.AsString() != test.want {
				t.Errorf("the error type is %q, want %q", got.AsString(), test.want)
			}
		})
	}
}
