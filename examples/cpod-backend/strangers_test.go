package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// No peer makes the server unreachable for others: not by idle connections, and not by
// reading the answers to a signed URL slowly.
func TestStrangersLeaveConnections(t *testing.T) {
	t.Parallel()
	const most = 80
	srv := start(t, t.TempDir(), map[string]string{"CPOD_MAX_CONNECTIONS": fmt.Sprint(most)})
	_, config := srv.register(t, "app-reader", storageScopes...)
	c := newCaller(t, srv.url)
	c.tokens = map[string]string{"app": srv.token(t, config)}
	if a := c.do(t, "app", "PUT /v1/storage/files/x", strings.Repeat("x", 20<<20)); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	signed := c.signURL(t, "app", "GET")
	open := func(t *testing.T, path string) (status int) {
		t.Helper()
		conn := srv.dial(t)
		t.Cleanup(func() { conn.Close() })
		if err := conn.SetDeadline(time.Now().Add(watchdog)); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: test\r\n\r\n", path); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil) // and no more of a file
		if err != nil {
			t.Fatalf("%s is not answered: %v", path, err)
		}
		if path == "/health" {
			_, _ = io.Copy(io.Discard, res.Body)
		}
		return res.StatusCode
	}
	for name, path := range map[string]string{"idle": "/health", "slow": signed} {
		t.Run(name, func(t *testing.T) {
			count := map[int]int{}
			for range most + 10 {
				count[open(t, path)]++
			}
			if path == signed && (count[http.StatusOK] != most/8 || count[http.StatusTooManyRequests] != most+10-most/8) {
				t.Errorf("the answers are %v, want %d of 200", count, most/8)
			}
			if status := open(t, "/health"); status != http.StatusOK {
				t.Errorf("/health is %d", status)
			}
		})
	}
}
