package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// A client that leaves in the middle is "canceled" in the log, on every route with a
// body, and never a failure of the server.
func TestClientsThatLeave(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	leaveEverywhere(t, srv)
}

// So is one that leaves a download, and its line says so beside the status that was sent.
func TestDownloadsThatAreLeft(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	_, config := srv.register(t, "app-leaving", storageScopes...)
	c := newCaller(t, srv.url)
	c.tokens = map[string]string{"app": srv.token(t, config)}
	if a := c.do(t, "app", "PUT /v1/storage/files/x", strings.Repeat("x", 20<<20)); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for _, path := range []string{"/v1/storage/files/x", c.signURL(t, "app", "GET")} {
		conn := srv.dial(t)
		_, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer %s\r\n\r\n", path, c.tokens["app"])
		if err == nil {
			_, err = io.ReadFull(conn, make([]byte, 2048))
		}
		if err = errors.Join(err, conn.Close()); err != nil {
			t.Fatal(err)
		}
	}
	for _, route := range []string{"GET /v1/storage/files/{key...}", "GET /v1/storage/signed/{token}"} {
		(&eventWorld{instance: srv}).wantEvent(t, map[string]string{"msg": "request", "route": route, "status": "200", "code": "canceled"})
	}
}

func leaveEverywhere(t *testing.T, srv *instance) {
	t.Helper()
	_, config := srv.register(t, "app-leaving", append(storageScopes, "ratelimit.write")...)
	token := srv.token(t, config)
	calls := []string{
		"PUT /v1/storage/files/upload", "PUT /v1/storage/db/c/k", "PUT /v1/storage/kv/k", "POST /v1/storage/kv/k/incr",
		"POST /v1/storage/db/c/query", "POST /v1/storage/db/c/batch", "POST /v1/storage/file-urls", "POST /v1/ratelimit/check",
		"POST /v1/oauth/token", "POST /v1/oauth/introspect",
	}
	const times = 4
	for range times {
		for _, call := range calls {
			leave(t, srv, call, token)
		}
	}
	eventually(t, "every request that was left is canceled", func() bool {
		canceled, faults := leftOf(srv.log.String())
		if len(faults) > 0 {
			t.Fatalf("a client that left is a failure of the server: %q", faults)
		}
		return canceled >= times*len(calls)
	})
}

// dial opens a connection to the server.
func (s *instance) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// leave sends the half of a request and closes the connection.
func leave(t *testing.T, srv *instance, call, token string) {
	t.Helper()
	conn := srv.dial(t)
	contentType := "application/json"
	if strings.Contains(call, "oauth") {
		contentType = "application/x-www-form-urlencoded"
	}
	_, err := fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: 60000\r\n\r\n%s",
		call, token, contentType, strings.Repeat(" ", 30000))
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
}

// leftOf counts the requests of a log that were canceled, and returns the lines of
// those that count as failures of the server.
func leftOf(log string) (canceled int, faults []string) {
	lines := bufio.NewScanner(strings.NewReader(log))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct {
			Message string `json:"msg"`
			Code    string `json:"code"`
			Status  int    `json:"status"`
		}
		if json.Unmarshal(lines.Bytes(), &line) != nil || line.Message != "request" {
			continue
		}
		if line.Code == "canceled" {
			canceled++
		}
		if line.Status >= 500 {
			faults = append(faults, lines.Text())
		}
	}
	return canceled, faults
}
