package outbound_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/internal/outbound"
)

func TestURLs(t *testing.T) {
	t.Parallel()
	strict, local := outbound.New(outbound.Options{}), outbound.New(outbound.Options{LoopbackHTTP: true})
	for text, want := range map[string][2]bool{
		"https://id.example.com/x?y": {true, true},
		"http://127.0.0.1:80/":       {false, true},
		"http://localhost":           {false, true},
		"http://id.example.com":      {false, false},
		"https://":                   {false, false},
		"https:id.example.com":       {false, false},
		"https://u:p@id.example.com": {false, false},
		"https://id.example.com/#x":  {false, false},
		"file:///etc/passwd":         {false, false},
		"":                           {false, false},
		"://":                        {false, false},
	} {
		if got := [2]bool{strict.CheckURL(text) == nil, local.CheckURL(text) == nil}; got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// What a server may do with a request: nothing follows a POST, and answers have an end.
func TestRequests(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(elsewhere.Close)
	mux := http.NewServeMux()
	mux.Handle("/here", http.RedirectHandler("/end", http.StatusTemporaryRedirect))
	mux.Handle("/there", http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	mux.Handle("/loop", http.RedirectHandler("/loop", http.StatusFound))
	mux.HandleFunc("/end", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "end") })
	mux.HandleFunc("/long", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat(" ", outbound.MaxBody+1))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	c := outbound.New(outbound.Options{LoopbackHTTP: true})
	for path, want := range map[string]bool{"/end": true, "/here": true, "/there": false, "/loop": false, "/long": false, "/none": false} {
		if body, _, err := c.Get(t.Context(), server.URL+path); (err == nil) != want || want && string(body) != "end" {
			t.Errorf("GET %s: %q, %v", path, body, err)
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/here", strings.NewReader("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := c.Do(r); err != nil || answer.Status != http.StatusTemporaryRedirect {
		t.Errorf("a POST: %v, %v", answer, err)
	}
	if _, _, err := outbound.New(outbound.Options{}).Get(t.Context(), server.URL+"/end"); err == nil {
		t.Error("http is taken without permission")
	}
}
