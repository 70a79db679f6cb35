package httpserver_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/httpserver"
)

// pipes is a listener whose connections are pipes in memory, which keep the time of a
// bubble.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if conn, ok := <-p; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (p pipes) Close() error { return nil }
func (p pipes) Addr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}
}

// A body that is read whole has a time for all of it, however often a byte comes; one
// that is streamed lives as long as it moves.
func TestDripFeed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		limit  int64
		stream bool
		status int
		within time.Duration
	}{
		"JSON":          {0, false, http.StatusBadRequest, 42 * time.Second},
		"a small limit": {64, false, http.StatusBadRequest, 10 * time.Second},
		"a stream":      {0, true, http.StatusOK, 150 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					var err error
					if c.stream {
						_, err = io.Copy(io.Discard, r.Body)
					} else {
						_, err = cpodkit.ReadJSON(w, r, c.limit)
					}
					if err != nil {
						cpodkit.WriteError(w, r, err)
					}
				})
				server, ln := httpserver.NewServer(handler, 30*time.Second), make(pipes)
				served := make(chan error, 1)
				go func() { served <- server.Serve(ln) }()
				ours, theirs := net.Pipe()
				ln <- theirs
				began := time.Now()
				sent := make(chan struct{})
				go func() {
					defer close(sent)
					fmt.Fprint(ours, "POST / HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: 50\r\n\r\n")
					for range 50 { // a byte every three seconds
						time.Sleep(3 * time.Second)
						if _, err := io.WriteString(ours, " "); err != nil {
							return
						}
					}
				}()
				res, err := http.ReadResponse(bufio.NewReader(ours), nil)
				if err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); res.StatusCode != c.status || took > c.within+3*time.Second || took < c.within-time.Second {
					t.Errorf("answered %d after %s", res.StatusCode, took)
				}
				ours.Close()
				close(ln)
				<-served
				server.Close()
				<-sent
			})
		})
	}
}
