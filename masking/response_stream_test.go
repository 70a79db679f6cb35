package masking_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/masking"
)

// streams are bodies with findings, line ends and UTF-8 at many places.
func streams() map[string]string {
	return map[string]string{
		"text/plain":           "é alice@example.com\r\nCall Alice at 555-867-5309\n\npassword=hunter2",
		"application/json":     "{\"email\": \"alice@example.com\",\n \"list\":[1, \"é \\u00e9 555-867-5309\", {\"password\":\"x\"}]} ",
		"application/x-ndjson": "{\"email\":\"alice@example.com\"}\r\n\n[\"555-867-5309\"]\n\"é\"",
		"text/event-stream": "\uFEFF: hello\n\nid: 1\r\ndata: mail alice@example.com\r\ndata:now é\r\n\r\nevent: x\rdata: {\"email\":\r" +
			"data: \"bob@example.com\"}\r\r\ndata\ndata: -----BEGIN PRIVATE KEY-----\ndata: MIIB\ndata: -----END PRIVATE KEY-----\n: 555-867-5309\n\ndata: bob@example.com",
	}
}

// masked returns what a client gets for a body that is written in pieces.
func masked(t testing.TB, m *masking.Masker, contentType string, pieces ...[]byte) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Responses()(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for _, p := range pieces {
			_, _ = w.Write(p)
		}
	})).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	if w.Code != http.StatusOK {
		t.Errorf("%s: %d", contentType, w.Code)
	}
	return w.Body.String()
}

// TestResponsesInPieces: a body is masked as one in one piece is, however it is written, and
// over a real connection.
func TestResponsesInPieces(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	server := serve(t, m, func(w http.ResponseWriter, r *http.Request) {
		contentType := r.URL.Query().Get("type")
		w.Header().Set("Content-Type", contentType)
		var cut int
		_, _ = fmt.Sscan(r.URL.Query().Get("cut"), &cut)
		body := streams()[contentType]
		_, _ = io.WriteString(w, body[:cut])
		w.(http.Flusher).Flush()
		_, _ = io.WriteString(w, body[cut:])
	})
	for contentType, body := range streams() {
		want := masked(t, m, contentType, []byte(body))
		for _, secret := range []string{"alice@", "bob@", "867", "hunter", "MIIB"} {
			if strings.Contains(want, secret) {
				t.Errorf("%s: %q", contentType, want)
			}
		}
		for cut := range len(body) + 1 {
			_, got, err := get(t, fmt.Sprintf("%s?type=%s&cut=%d", server.URL, contentType, cut))
			if err != nil || got != want {
				t.Fatalf("%s, cut at %d: %q, %v; want %q", contentType, cut, got, err, want)
			}
			for next := cut; next <= len(body); next += 7 {
				if got := masked(t, m, contentType, []byte(body[:cut]), []byte(body[cut:next]), []byte(body[next:])); got != want {
					t.Fatalf("%s, cut at %d and %d: %q, want %q", contentType, cut, next, got, want)
				}
			}
		}
	}
}

// TestResponsesKeepEvents: a stream without a finding passes byte by byte.
func TestResponsesKeepEvents(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	for _, body := range []string{
		"\n", "\r", "\r\n\r\n", ": x\n", "data\n\n", "data:\n\n", "data:x\ndata: y\rdata:  z\r\n\r\nid:7\nretry: 5\nx: y\n\n", "data: {\"a\":\ndata: 1}\n: x\ndata: 2",
	} {
		if got := masked(t, m, "text/event-stream", []byte(body)); got != body {
			t.Errorf("%q becomes %q", body, got)
		}
	}
	for body, want := range map[string]string{
		"data: 4111111111111111\n\n":                   "data: ****************\n\n",
		"data:{\"password\":\"x\"}\n\n":                "data: {\"password\":\"[MASKED]\"}\n\n",
		"data: {\"password\":\"hunter2\"\n\n":          "data: {\"password\":\"[PASSWORD]\"\n\n",
		"id: alice@example.com\n: bob@example.com\n\n": "id: alice@example.com\n: [EMAIL]\n\n",
	} {
		if got := masked(t, m, "text/event-stream", []byte(body)); got != want {
			t.Errorf("%q becomes %q, want %q", body, got, want)
		}
	}
}

// TestResponsesAreBounded: the memory of a large body does not grow with it.
func TestResponsesAreBounded(t *testing.T) { //nolint:paralleltest // it measures the memory of the process
	m := newMasker(t)
	const size = 16 << 20
	for contentType, parts := range map[string][3]string{
		"text/plain":           {"", "Call Alice at 555-867-5309\n", ""},
		"application/json":     {"[", `{"email":"alice@example.com"},`, "1]"},
		"application/x-ndjson": {"", "{\"email\":\"alice@example.com\"}\n", ""},
		"text/event-stream":    {"", "data: alice@example.com\n\n", ""},
	} {
		block := strings.Repeat(parts[1], (1<<16)/len(parts[1]))
		most, start := uint64(0), heap()
		h := m.Responses()(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			_, _ = io.WriteString(w, parts[0])
			for n := 0; n < size; n += len(block) {
				if _, err := io.WriteString(w, block); err != nil {
					t.Error(err)
					return
				}
				if n>>21 != (n+len(block))>>21 {
					most = max(most, heap())
				}
			}
			_, _ = io.WriteString(w, parts[2])
		}))
		h.ServeHTTP(&sink{header: http.Header{}}, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
		if most > start+4<<20 {
			t.Errorf("%s: a body of 16 MiB takes %d bytes", contentType, most-start)
		}
	}
}

func heap() uint64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

type sink struct{ header http.Header }

func (s *sink) Header() http.Header           { return s.header }
func (*sink) WriteHeader(int)                 {}
func (*sink) Write(p []byte) (n int, _ error) { return len(p), nil }

// FuzzResponses writes a body in three pieces: the answer is that of one piece, or both
// fail.
func FuzzResponses(f *testing.F) {
	m := newMasker(f)
	kinds := []string{"text/plain", "application/json", "application/x-ndjson", "text/event-stream", ""}
	for i, contentType := range kinds {
		f.Add([]byte(streams()[contentType]), uint16(5), uint16(17), uint8(i))
	}
	f.Fuzz(func(t *testing.T, body []byte, cut, next uint16, kind uint8) {
		contentType := kinds[int(kind)%len(kinds)]
		if contentType == "" {
			contentType = "text/html"
		}
		if len(body) > 8<<10 {
			return
		}
		first := min(int(cut), len(body))
		second := max(first, min(int(next), len(body)))
		whole, ok := attempt(t, m, contentType, body)
		pieces, isWell := attempt(t, m, contentType, body[:first], body[first:second], body[second:])
		if ok != isWell || ok && !bytes.Equal(whole, pieces) {
			t.Errorf("%s, %q in pieces of %d, %d: %q (%v), want %q (%v)", contentType, body, first, second, pieces, isWell, whole, ok)
		}
	})
}

// attempt is masked for a body that may fail.
func attempt(t *testing.T, m *masking.Masker, contentType string, pieces ...[]byte) (body []byte, ok bool) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			if p != http.ErrAbortHandler { //nolint:errorlint // a panic is compared
				panic(p)
			}
			ok = false
		}
	}()
	w := httptest.NewRecorder()
	m.Responses()(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for _, p := range pieces {
			if _, err := w.Write(p); err != nil {
				return
			}
		}
	})).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	return w.Body.Bytes(), w.Code == http.StatusOK
}
