//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/client"
	"github.com/cpodkit/cpodkit/internal/testservice"
)

// pageCall is a fetch of the page in testdata.
type pageCall struct {
	Name    string         `json:"name"`
	URL     string         `json:"url"`
	Options map[string]any `json:"options,omitempty"`
}

// pageAnswer is all that the page could read of the answer. Refused is the name of
// the error when the browser kept the answer from the page.
type pageAnswer struct {
	Status  int
	Headers map[string]string
	Body    string
	Refused string
}

// site serves the page, on an origin of its own.
type site struct {
	*httptest.Server

	calls   []pageCall
	next    string // the page that the browser opens afterwards
	answers chan map[string]pageAnswer
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{answers: make(chan map[string]pageAnswer, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, "testdata/cors.html") })
	mux.HandleFunc("GET /calls", func(w http.ResponseWriter, _ *http.Request) {
		if err := json.NewEncoder(w).Encode(map[string]any{"calls": s.calls, "next": s.next}); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("POST /answers", func(_ http.ResponseWriter, r *http.Request) {
		answers := map[string]pageAnswer{}
		if err := json.NewDecoder(r.Body).Decode(&answers); err != nil {
			t.Error(err)
		}
		s.answers <- answers
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// await returns what the page has made of its calls.
func (s *site) await(t *testing.T) map[string]pageAnswer {
	t.Helper()
	select {
	case answers := <-s.answers:
		if len(answers) != len(s.calls) {
			t.Fatalf("%d answers to %d calls", len(answers), len(s.calls))
		}
		return answers
	case <-time.After(watchdog):
		t.Fatal("the browser has not run the page")
	}
	return nil
}

// Pages in a real browser do what their origin may, and nothing else.
func TestPagesOfOtherOrigins(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	own, others, stranger := newSite(t), newSite(t), newSite(t)
	credentials := srv.registerPage(t, "app-page", own.URL)
	srv.registerPage(t, "app-other", others.URL)
	files := srv.client(t, credentials).Storage.Files
	written, err := files.Write(t.Context(), "report.txt", strings.NewReader("the report"), client.ContentType("text/plain"))
	if err != nil {
		t.Fatal(err)
	}
	download, err := files.URL(t.Context(), "report.txt", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	bearer := map[string]any{"Authorization": "Bearer " + srv.token(t, credentials)}
	calls := func(upload string) []pageCall {
		signed, err := files.UploadURL(t.Context(), upload, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return []pageCall{
			{"download", download.URL, nil},
			{"conditional download", download.URL, map[string]any{"headers": map[string]any{"If-None-Match": `"other"`, "Range": "bytes=4-"}}},
			{"upload", signed.URL, map[string]any{"method": "PUT", "body": "from a page", "headers": map[string]any{"Content-Type": "text/x-page"}}},
			{"list", srv.url + "/v1/storage/files", map[string]any{"headers": bearer}},
			{"error", srv.url + "/v1/storage/files/none", map[string]any{"headers": bearer}},
			{"expired", srv.url + "/v1/storage/files", map[string]any{"headers": map[string]any{"Authorization": "Bearer expired"}}},
			{"health", srv.url + "/health", nil},
		}
	}

	own.calls, others.calls, stranger.calls = calls("of-own.txt"), calls("of-other.txt"), calls("of-stranger.txt")
	own.next, others.next = others.URL, stranger.URL
	testservice.Browse(t, own.URL)

	got := own.await(t)
	wantRefused(t, got)
	for name, want := range map[string]string{
		"etag": fmt.Sprintf("%q", written.ETag), "content-disposition": "inline; filename=report.txt", "content-security-policy": "", "vary": "",
	} {
		if a := got["download"]; a.Status != http.StatusOK || a.Body != "the report" || a.Headers[name] != want || a.Headers["x-request-id"] == "" {
			t.Errorf("download: %+v; want %s %q", a, name, want)
		}
	}
	if a := got["conditional download"]; a.Status != http.StatusPartialContent || a.Body != "report" || a.Headers["content-range"] != "bytes 4-9/10" {
		t.Errorf("conditional download: %+v", a)
	}
	if a := got["upload"]; a.Status != http.StatusOK || a.Headers["etag"] == "" {
		t.Errorf("upload: %+v", a)
	}
	if content := readFile(t, files, "of-own.txt"); content != "from a page" {
		t.Errorf("the uploaded file holds %q", content)
	}
	if a := got["list"]; a.Status != http.StatusOK || !strings.Contains(a.Body, "report.txt") {
		t.Errorf("list: %+v", a)
	}
	if a := got["error"]; a.Status != http.StatusNotFound || !strings.Contains(a.Body, `"not_found"`) {
		t.Errorf("error: %+v", a)
	}
	if a := got["expired"]; a.Status != http.StatusUnauthorized || !strings.Contains(a.Body, `"invalid_token"`) || a.Headers["www-authenticate"] == "" {
		t.Errorf("expired: %+v", a)
	}

	// The page of another app reads why a token is refused. A preflight names no app,
	// so its upload is sent, and the browser keeps the answer from it.
	wantRefused(t, others.await(t), "download", "conditional download", "upload", "list", "error")

	wantRefused(t, stranger.await(t), "download", "conditional download", "upload", "list", "error", "expired")
	if _, err := files.Read(t.Context(), "of-stranger.txt"); !isNotFound(err) {
		t.Errorf("the upload that the preflight refused: %v", err)
	}
}

// wantRefused checks which answers the browser kept from the page.
func wantRefused(t *testing.T, answers map[string]pageAnswer, names ...string) {
	t.Helper()
	refused := 0
	for name, a := range answers {
		if a.Refused != "" {
			refused++
		} else if a.Status == 0 {
			t.Errorf("%s: %+v", name, a)
		}
	}
	for _, name := range names {
		if a := answers[name]; a.Refused != "TypeError" {
			t.Errorf("%s is not refused: %+v", name, a)
		}
	}
	if refused != len(names) {
		t.Errorf("%d answers are refused, want %d: %+v", refused, len(names), answers)
	}
}
