package masking_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
)

// TestResponsesHaveNoHole: a handler reaches no writer that does not mask.
func TestResponsesHaveNoHole(t *testing.T) {
	t.Parallel()
	server := serve(t, newMasker(t), func(w http.ResponseWriter, r *http.Request) {
		if _, ok := w.(interface{ Unwrap() http.ResponseWriter }); ok {
			t.Error("the writer can be unwrapped")
		}
		control := http.NewResponseController(w)
		if _, _, err := control.Hijack(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("Hijack returns %v", err)
		}
		if err := errors.Join(control.SetReadDeadline(time.Now().Add(time.Hour)), control.SetWriteDeadline(time.Now().Add(time.Hour)),
			control.EnableFullDuplex()); err != nil {
			t.Error(err)
		}
		if r.URL.Path == "/late" {
			if err := control.SetWriteDeadline(time.Unix(1, 0)); err != nil {
				t.Error(err)
			}
		}
		if _, err := io.Copy(w, strings.NewReader(plainText)); err != nil {
			t.Error(err)
		}
		err := control.Flush()
		if late := r.URL.Path == "/late"; (err != nil) != late {
			t.Errorf("%s: Flush returns %v", r.URL.Path, err)
		}
	})
	if _, body, err := get(t, server.URL); err != nil || body != safeText {
		t.Errorf("%q, %v", body, err)
	}
	if _, _, err := get(t, server.URL+"/late"); err == nil {
		t.Error("a write after its deadline is sent")
	}
}

// TestResponsesAreNotHeldBack: a line and an event are sent by the flush after their end.
func TestResponsesAreNotHeldBack(t *testing.T) {
	t.Parallel()
	for contentType, parts := range map[string][][2]string{
		"text/plain": {{"mail alice@example.com\nand", "mail [EMAIL]\n"}, {" bob@example.com\n", "and [EMAIL]\n"}},
		"text/event-stream": {
			{": ping\n", ": ping\n"},
			{"id: 1\ndata: alice@exa", "id: 1\n"},
			{"mple.com\n\n", "data: a***@example.com\n\n"},
			{"data: {\"email\":\ndata: \"bob@example.com\"}\r\n\r\n", "data: {\"email\":\ndata: \"b***@example.com\"}\r\n\r\n"},
		},
		"application/x-ndjson": {{"{\"email\":\"alice@example.com\"}\n{", "{\"email\":\"a***@example.com\"}\n"}, {"}\n", "{}\n"}},
	} {
		t.Run(contentType, func(t *testing.T) {
			t.Parallel()
			turn := make(chan struct{})
			server := serve(t, newMasker(t), func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", contentType)
				w.(http.Flusher).Flush()
				for _, part := range parts {
					_, _ = io.WriteString(w, part[0])
					w.(http.Flusher).Flush()
					select {
					case <-turn:
					case <-r.Context().Done():
					}
				}
			})
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			client := server.Client()
			client.Timeout = time.Minute
			answer, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			for _, part := range parts {
				got := make([]byte, len(part[1]))
				if _, err := io.ReadFull(answer.Body, got); err != nil || string(got) != part[1] {
					t.Fatalf("after %q: %q, %v; want %q", part[0], got, err, part[1])
				}
				turn <- struct{}{}
			}
		})
	}
}

// TestResponsesOfOddHeaders: a header that two readers read differently is no hole.
func TestResponsesOfOddHeaders(t *testing.T) {
	t.Parallel()
	server := serve(t, newMasker(t), func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		switch r.URL.Path {
		case "/types":
			h["Content-Type"] = []string{"image/png", "text/plain"}
		case "/case":
			h["Content-Type"], h["content-type"] = []string{"image/png"}, []string{"text/plain"}
		case "/coding":
			h["content-type"], h["content-encoding"] = []string{"text/plain"}, []string{"br"}
		case "/lower":
			h["content-type"] = []string{"application/json"}
			_, _ = io.WriteString(w, `{"password":"x"}`)
			return
		}
		_, _ = io.WriteString(w, plainText)
	})
	for path, want := range map[string]int{"/types": 500, "/case": 500, "/coding": 500, "/lower": 200} {
		answer, body, err := get(t, server.URL+path)
		if err != nil || answer.StatusCode != want || strings.Contains(body, "alice") {
			t.Errorf("%s: %d %q, %v; want %d", path, answer.StatusCode, body, err, want)
		}
		if path == "/lower" && body != `{"password":"[MASKED]"}` {
			t.Errorf("%s: %q", path, body)
		}
	}
}

// TestResponsesOfPanics: a panic of the handler passes, and what is held back is not sent.
func TestResponsesOfPanics(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	for _, coding := range []string{"", "gzip"} {
		broken := errors.New("broken")
		h := m.Responses()(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", coding)
			body := []byte(plainText)
			if coding != "" {
				body = gzipped(t, plainText)
			}
			_, _ = w.Write(body[:len(body)-2])
			panic(broken)
		}))
		w := httptest.NewRecorder()
		func() {
			defer func() {
				if p := recover(); p != any(broken) {
					t.Errorf("the panic is %v", p)
				}
			}()
			h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
		}()
		if got := w.Body.String(); strings.Contains(got, "now") || strings.Contains(got, "alice") {
			t.Errorf("%q is sent", got)
		}
	}
}

// TestResponsesToClientsThatLeave: the handler gets the error of the connection.
func TestResponsesToClientsThatLeave(t *testing.T) {
	t.Parallel()
	failed := make(chan error, 1)
	server := serve(t, newMasker(t), func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		for {
			if _, err := io.WriteString(w, "mail alice@example.com now\n"); err != nil {
				failed <- err
				return
			}
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if line, err := bufio.NewReader(answer.Body).ReadString('\n'); err != nil || line != "mail [EMAIL] now\n" {
		t.Errorf("%q, %v", line, err)
	}
	cancel()
	select {
	case err := <-failed:
		if err == nil {
			t.Error("the handler gets no error")
		}
	case <-time.After(time.Minute):
		t.Error("the handler goes on")
	}
}

// TestResponsesToSlowClients: the handler waits for a client that reads slowly.
func TestResponsesToSlowClients(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const lines = 1000
		m := newMasker(t)
		w := &slowWriter{header: http.Header{}, wait: func() { time.Sleep(time.Second) }}
		written := 0
		h := m.Responses()(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			for range lines {
				n, err := io.WriteString(w, "mail alice@example.com now\n")
				if written += n; err != nil {
					t.Error(err)
				}
			}
		}))
		start := time.Now()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
		if took := time.Since(start); took != lines*time.Second {
			t.Errorf("the handler waited %v", took)
		}
		if w.n != lines*len("mail [EMAIL] now\n") {
			t.Errorf("%d bytes are sent", w.n)
		}
	})
}

// slowWriter waits at each write.
type slowWriter struct {
	header http.Header
	wait   func()
	n      int
}

func (w *slowWriter) Header() http.Header { return w.header }
func (w *slowWriter) WriteHeader(int)     {}

func (w *slowWriter) Write(p []byte) (int, error) {
	w.wait()
	w.n += len(p)
	return len(p), nil
}

// TestResponsesInsideOfOthers: middleware outside keeps its header, and the record of the
// request keeps why an answer was not sent.
func TestResponsesInsideOfOthers(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	outer := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Outside", "x")
			next.ServeHTTP(w, r)
		})
	}
	h := cpodkit.Chain(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Inside", w.Header().Get("X-Outside"))
		_, _ = io.WriteString(w, plainText)
	}), outer, m.Responses())
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	if w.Body.String() != safeText || w.Header().Get("X-Outside") != "x" || w.Header().Get("X-Inside") != "x" {
		t.Errorf("%q, %v", w.Body.String(), w.Header())
	}
}
