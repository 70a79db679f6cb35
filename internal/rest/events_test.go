package rest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/httpserver"
	"github.com/cpodkit/cpodkit/internal/rest"
)

// idle is a source without an event.
func idle(ctx context.Context, _ string, _ func(rest.Event) error) error {
	<-ctx.Done()
	return ctx.Err()
}

// stream serves source to a recorder, and returns what was written.
func stream(ctx context.Context, t *testing.T, source rest.Source, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/events", nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	if err := rest.ServeEvents(w, r, rest.DefaultHeartbeat, source); err != nil {
		cpodkit.WriteError(w, r, err)
	}
	return w
}

func TestEvents(t *testing.T) {
	t.Parallel()
	w := stream(t.Context(), t, func(_ context.Context, lastID string, send func(rest.Event) error) error {
		return errors.Join(
			send(rest.Event{ID: "8", Data: map[string]string{"after": lastID, "text": "two\nlines\r\n"}}),
			send(rest.Event{ID: "9", Type: "progress", Data: 40}))
	}, "Last-Event-ID", "7")
	const want = `id: 8` + "\n" + `data: {"after":"7","text":"two\nlines\r\n"}` + "\n\n" +
		"event: progress\nid: 9\ndata: 40\n\n"
	if w.Code != http.StatusOK || w.Body.String() != want || !w.Flushed {
		t.Errorf("%d %q, want %q", w.Code, w.Body, want)
	}
	for name, value := range map[string]string{
		"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Accel-Buffering": "no",
	} {
		if got := w.Header().Get(name); got != value {
			t.Errorf("%s is %q", name, got)
		}
	}
}

// What a source hands over cannot inject a field, and what fails ends the stream
// with a code and nothing more.
func TestEventsThatFail(t *testing.T) {
	t.Parallel()
	sending := func(e rest.Event) rest.Source {
		return func(_ context.Context, _ string, send func(rest.Event) error) error {
			_ = send(rest.Event{ID: "1", Data: 1})
			if err := send(e); err != nil {
				return err
			}
			return send(rest.Event{ID: "3", Data: 3})
		}
	}
	for name, c := range map[string]struct {
		source rest.Source
		code   cpodkit.Code
	}{
		"a line in the id":        {sending(rest.Event{ID: "2\ndata: forged", Data: 1}), cpodkit.CodeInternal},
		"a return in the type":    {sending(rest.Event{ID: "2", Type: "x\rid: 9", Data: 1}), cpodkit.CodeInternal},
		"no id":                   {sending(rest.Event{Data: 1}), cpodkit.CodeInternal},
		"data that is not JSON":   {sending(rest.Event{ID: "2", Data: func() {}}), cpodkit.CodeInternal},
		"a source that fails":     {failing(cpodkit.CodeUnavailable), cpodkit.CodeUnavailable},
		"a source that leaks not": {failing(errors.New("hunter2")), cpodkit.CodeInternal},
	} {
		w := stream(t.Context(), t, c.source)
		want := "id: 1\ndata: 1\n\nevent: end\nid: 1\ndata: {\"code\":\"" + string(c.code) + "\"}\n\n"
		if w.Body.String() != want {
			t.Errorf("%s: %q, want %q", name, w.Body, want)
		}
	}
}

func failing(err error) rest.Source {
	return func(_ context.Context, _ string, send func(rest.Event) error) error {
		_ = send(rest.Event{ID: "1", Data: 1})
		return fmt.Errorf("reading: %w", err)
	}
}

func TestEventsRefuseAMalformedID(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"a\x00b", "a\nb", strings.Repeat("i", 1025)} {
		w := stream(t.Context(), t, func(context.Context, string, func(rest.Event) error) error {
			t.Error("the source is asked")
			return nil
		}, "Last-Event-ID", id)
		if w.Code != http.StatusBadRequest {
			t.Errorf("%.10q: %d %s", id, w.Code, w.Body)
		}
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodHead, "/events", nil)
	w := httptest.NewRecorder()
	if err := rest.ServeEvents(w, r, rest.DefaultHeartbeat, idle); err != nil || w.Body.Len() > 0 {
		t.Errorf("HEAD: %v, %q", err, w.Body)
	}
}

// A panic of the source reaches the middleware of the server.
func TestEventsPanic(t *testing.T) {
	t.Parallel()
	defer func() {
		if p := fmt.Sprint(recover()); !strings.HasPrefix(p, "oh\n") {
			t.Errorf("recovered %q", p)
		}
	}()
	stream(t.Context(), t, func(context.Context, string, func(rest.Event) error) error { panic("oh") })
}

// credential answers rechecks, and counts them.
type credential struct {
	mu     sync.Mutex
	err    error
	checks int
}

func (c *credential) set(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

func (c *credential) check(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.checks++
	return c.err
}

func TestEventsEndWithTheCredential(t *testing.T) {
	t.Parallel()
	at := func(after time.Duration, do func()) func() {
		return func() { time.AfterFunc(after, do) }
	}
	for name, c := range map[string]struct {
		happens func(c *credential) func()
		expires time.Duration // 0 for never
		code    cpodkit.Code
		within  time.Duration
	}{
		"revoked": {
			func(c *credential) func() { return at(7*time.Second, func() { c.set(cpodkit.CodeTokenRevoked) }) },
			0, cpodkit.CodeTokenRevoked, 10 * time.Second,
		},
		"expires": {func(*credential) func() { return func() {} }, 12 * time.Second, cpodkit.CodeTokenExpired, 12 * time.Second},
		"cannot be checked": {
			func(c *credential) func() { return at(0, func() { c.set(cpodkit.CodeUnavailable) }) },
			0, cpodkit.CodeUnavailable, 15 * time.Second,
		},
		"cannot be checked for a while": {
			func(c *credential) func() {
				return func() {
					at(time.Second, func() { c.set(errors.New("down")) })()
					at(11*time.Second, func() { c.set(nil) })()
					at(58*time.Second, func() { c.set(cpodkit.CodeTokenRevoked) })()
				}
			},
			0, cpodkit.CodeTokenRevoked, 60 * time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var who credential
				id := cpodkit.Identity{TenantID: "t", AppID: "a"}
				if c.expires > 0 {
					id.ExpiresAt = time.Now().Add(c.expires)
				}
				ctx := cpodkit.WithRecheck(cpodkit.WithIdentity(t.Context(), id), who.check)
				began := time.Now()
				c.happens(&who)()
				w := stream(ctx, t, idle)
				if took := time.Since(began); took != c.within {
					t.Errorf("the stream ended after %v, want %v", took, c.within)
				}
				beats := strings.Repeat(":\n\n", int((c.within-1)/rest.DefaultHeartbeat))
				if want := beats + "event: end\ndata: {\"code\":\"" + string(c.code) + "\"}\n\n"; w.Body.String() != want {
					t.Errorf("%q, want %q", w.Body, want)
				}
			})
		})
	}
}

// A busy stream checks its credential once in a second, not for each event.
func TestEventsRecheckBeforeAnEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var who credential
		ctx := cpodkit.WithRecheck(t.Context(), who.check)
		w := stream(ctx, t, func(_ context.Context, _ string, send func(rest.Event) error) error {
			for i := range 40 {
				if i == 30 {
					who.set(cpodkit.CodeTokenRevoked)
				}
				if err := send(rest.Event{ID: strconv.Itoa(i + 1), Data: i}); err != nil {
					return err
				}
				time.Sleep(100 * time.Millisecond)
			}
			return nil
		})
		if who.checks < 3 || who.checks > 4 || strings.Contains(w.Body.String(), "id: 40\n") ||
			!strings.HasSuffix(w.Body.String(), "data: {\"code\":\"token_revoked\"}\n\n") {
			t.Errorf("%d checks, %q", who.checks, w.Body)
		}
	})
}

// On a real server a quiet stream outlives the idle time, ends with the server
// within its grace, and leaves nothing.
func TestEventsOfARealServer(t *testing.T) { //nolint:paralleltest // it counts goroutines
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	const idleTime, heartbeat, streams = 2 * time.Second, 200 * time.Millisecond, 50
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := rest.ServeEvents(w, r, heartbeat, idle); err != nil {
			t.Error(err)
		}
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- httpserver.Serve(ctx, httpserver.NewServer(handler, idleTime), ln, httpserver.Stop{Grace: 20 * time.Second})
	}()

	var clients sync.WaitGroup
	var alive sync.WaitGroup
	alive.Add(streams)
	for range streams {
		clients.Go(func() {
			lives := sync.OnceFunc(alive.Done)
			defer lives()
			conn, err := net.Dial("tcp", ln.Addr().String())
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			lines, beats, last := bufio.NewReader(conn), 0, ""
			for {
				line, err := lines.ReadString('\n')
				if err != nil {
					if !errors.Is(err, io.EOF) || !strings.HasPrefix(last, "retry: ") {
						t.Errorf("the stream ended with %q, %v", last, err)
					}
					return
				}
				line = strings.TrimSpace(line)
				if line == ":" {
					if beats++; beats == 15 { // longer than the idle time
						lives()
					}
				}
				if strings.HasPrefix(line, "retry: ") {
					last = line
				}
			}
		})
	}
	alive.Wait()
	stop()
	clients.Wait()
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

// A client that leaves ends the source.
func TestEventsEndWithTheClient(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = rest.ServeEvents(w, r, rest.DefaultHeartbeat, func(ctx context.Context, _ string, send func(rest.Event) error) error {
			var err error
			for i := 1; err == nil; i++ {
				err = send(rest.Event{ID: strconv.Itoa(i), Data: strings.Repeat("x", 1<<10)})
			}
			ended <- err
			return err
		})
	}))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if _, err := io.ReadFull(conn, make([]byte, 8<<10)); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("send returned %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the source goes on")
	}
}
