package masking_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/masking"
)

// serve starts a server whose answers are masked.
func serve(t testing.TB, m *masking.Masker, h http.HandlerFunc, opts ...masking.ResponseOption) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(m.Responses(opts...)(h))
	server.Config.ErrorLog = quietLog()
	server.Start()
	t.Cleanup(server.Close)
	return server
}

// get sends a request without the Accept-Encoding of net/http, and returns the answer with
// its body.
func get(t testing.TB, url string, header ...string) (*http.Response, string, error) {
	t.Helper()
	return do(t, http.MethodGet, url, header...)
}

func do(t testing.TB, method, url string, header ...string) (*http.Response, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	answer, err := (&http.Client{Transport: transport, Timeout: time.Minute}).Do(r)
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer, string(body), err
}

func gzipped(t testing.TB, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const (
	plainText = "Call Alice at 555-867-5309\nor mail alice@example.com now"
	safeText  = "Call [NAME] at [PHONE]\nor mail [EMAIL] now"
)

// TestResponses: which bodies are masked, and how.
func TestResponses(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	for name, test := range map[string]struct {
		header []string
		body   string
		want   string
	}{
		"text":             {[]string{"Content-Type", "text/plain"}, plainText, safeText},
		"text in UTF-8":    {[]string{"Content-Type", `text/html; charset="UTF-8"`}, plainText, safeText},
		"text in ASCII":    {[]string{"Content-Type", "text/csv;charset=us-ascii"}, plainText, safeText},
		"without a type":   {nil, plainText, safeText},
		"a malformed type": {[]string{"Content-Type", "whatever"}, plainText, safeText},
		"JSON":             {[]string{"Content-Type", "application/json"}, `{"email":"alice@example.com","n":1}`, `{"email":"a***@example.com","n":1}`},
		"a problem":        {[]string{"Content-Type", "application/problem+json"}, `{"detail":"no alice@example.com here"}`, `{"detail":"no [EMAIL] here"}`},
		"lines of JSON": {
			[]string{"Content-Type", "application/x-ndjson"},
			"{\"email\":\"alice@example.com\"}\n\n \r\n{\"n\":1}\n\"bob@example.com\"",
			"{\"email\":\"a***@example.com\"}\n\n \r\n{\"n\":1}\n\"b***@example.com\"",
		},
		"events":            {[]string{"Content-Type", "text/event-stream"}, "data: mail alice@example.com now\n\n", "data: mail [EMAIL] now\n\n"},
		"no body of JSON":   {[]string{"Content-Type", "application/json"}, "", ""},
		"no body":           {nil, "", ""},
		"octets":            {[]string{"Content-Type", "application/octet-stream"}, plainText, plainText},
		"octets, unnamed":   {nil, "\x00\x01" + plainText, "\x00\x01" + plainText},
		"XML":               {[]string{"Content-Type", "application/xml"}, "<a>alice@example.com</a>", "<a>alice@example.com</a>"},
		"identity":          {[]string{"Content-Type", "text/plain", "Content-Encoding", "identity"}, plainText, safeText},
		"octets in gzip":    {[]string{"Content-Type", "image/png", "Content-Encoding", "gzip"}, plainText, plainText},
		"octets in Latin-1": {[]string{"Content-Type", "image/png; charset=latin1"}, plainText, plainText},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, m, func(w http.ResponseWriter, _ *http.Request) {
				setHeader(w, test.header)
				_, _ = io.WriteString(w, test.body)
			})
			answer, body, err := get(t, server.URL)
			if err != nil || answer.StatusCode != http.StatusOK || body != test.want {
				t.Errorf("%q, %v; want %q", body, err, test.want)
			}
			if n := answer.ContentLength; n >= 0 && n != int64(len(test.want)) {
				t.Errorf("Content-Length is %d, want %d", n, len(test.want))
			}
		})
	}
}

func setHeader(w http.ResponseWriter, header []string) {
	for i := 0; i < len(header); i += 2 {
		w.Header().Add(header[i], header[i+1])
	}
}

func TestResponsesOfMoreTypes(t *testing.T) {
	t.Parallel()
	server := serve(t, newMasker(t), func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", r.URL.Query().Get("type"))
		_, _ = io.WriteString(w, plainText)
	}, masking.WithContentTypes("Application/XML; charset=utf-8", "image/*"))
	for contentType, want := range map[string]string{
		"application/xml": safeText, "image/svg": safeText, "application/pdf": plainText,
	} {
		if _, body, err := get(t, server.URL+"?type="+contentType); err != nil || body != want {
			t.Errorf("%s: %q, %v; want %q", contentType, body, err, want)
		}
	}
}

// TestResponsesFailClosed: what cannot be masked is not sent. Where nothing has been sent,
// the answer is 500.
func TestResponsesFailClosed(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	const secret = "alice@example.com"
	for name, test := range map[string]struct {
		header []string
		body   string
		status int
		flush  bool
	}{
		"broken JSON":            {header: []string{"Content-Type", "application/json"}, body: `{"email":"` + secret},
		"text as JSON":           {header: []string{"Content-Type", "application/json"}, body: secret},
		"a broken line":          {header: []string{"Content-Type", "application/x-ndjson"}, body: "{}\n" + secret + "\n"},
		"JSON in two values":     {header: []string{"Content-Type", "application/json"}, body: `{} "` + secret + `"`},
		"Latin-1":                {header: []string{"Content-Type", "text/plain; charset=iso-8859-1"}, body: secret},
		"UTF-16":                 {body: "\xff\xfea\x00@\x00"},
		"a broken charset":       {header: []string{"Content-Type", "text/plain; charset"}, body: secret},
		"two types":              {header: []string{"Content-Type", "text/plain", "Content-Type", "image/png"}, body: secret},
		"a coding":               {header: []string{"Content-Type", "text/plain", "Content-Encoding", "br"}, body: secret},
		"a coding, unnamed type": {header: []string{"Content-Encoding", "deflate"}, body: secret},
		"two codings":            {header: []string{"Content-Type", "text/plain", "Content-Encoding", "gzip", "Content-Encoding", "gzip"}, body: secret},
		"no gzip":                {header: []string{"Content-Type", "text/plain", "Content-Encoding", "gzip"}, body: secret},
		"half of a gzip":         {header: []string{"Content-Type", "text/plain", "Content-Encoding", "gzip"}, body: string(gzipped(t, secret)[:20])},
		"a part":                 {header: []string{"Content-Type", "text/plain", "Content-Range", "bytes 0-16/99"}, body: secret, status: http.StatusPartialContent},
		"a part of octets":       {header: []string{"Content-Type", "image/png", "Content-Range", "bytes 0-16/99"}, body: secret, status: http.StatusPartialContent},
		"a short body":           {header: []string{"Content-Type", "text/plain", "Content-Length", "99"}, body: secret},
		"a long event":           {header: []string{"Content-Type", "text/event-stream"}, body: "data: " + secret + strings.Repeat("x", 1<<20) + "\n\n"},
		"JSON after a flush":     {header: []string{"Content-Type", "application/json"}, body: `{"a":"` + secret, flush: true},
		"UTF-16 after a flush":   {body: "\xff\xfea\x00@\x00", flush: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			writes := make(chan error, 1)
			server := serve(t, m, func(w http.ResponseWriter, _ *http.Request) {
				setHeader(w, test.header)
				w.Header().Set("Etag", `"x"`)
				if test.status != 0 {
					w.WriteHeader(test.status)
				}
				if test.flush {
					w.(http.Flusher).Flush()
				}
				_, err := io.WriteString(w, test.body)
				writes <- err
			})
			answer, body, err := get(t, server.URL)
			<-writes
			if strings.Contains(body, "alice") || strings.Contains(body, "example.com") {
				t.Errorf("the body is %q", body)
			}
			if test.flush {
				if err == nil {
					t.Errorf("the answer ends well: %q", body)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if answer.StatusCode != http.StatusInternalServerError || !strings.Contains(body, `"code":"internal"`) ||
				answer.Header.Get("Etag") != "" || answer.Header.Get("Content-Encoding") != "" {
				t.Errorf("%d, %v, %q", answer.StatusCode, answer.Header, body)
			}
		})
	}
}

// TestResponsesDecode: a body in gzip is sent as it is masked.
func TestResponsesDecode(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	body := gzipped(t, plainText)
	for _, contentType := range []string{"text/plain; charset=utf-8", ""} {
		for _, size := range []int{1, 7, len(body)} {
			server := serve(t, m, func(w http.ResponseWriter, r *http.Request) {
				if got := r.Header.Get("Accept-Encoding"); got != "" {
					t.Errorf("the handler gets Accept-Encoding %q", got)
				}
				if contentType != "" {
					w.Header().Set("Content-Type", contentType)
				}
				w.Header().Set("Content-Encoding", "gzip")
				w.Header().Set("Content-Length", fmt.Sprint(len(body)))
				for rest := body; len(rest) > 0; rest = rest[min(size, len(rest)):] {
					_, _ = w.Write(rest[:min(size, len(rest))])
				}
			})
			answer, got, err := get(t, server.URL, "Accept-Encoding", "gzip")
			if err != nil || got != safeText || answer.Header.Get("Content-Encoding") != "" ||
				answer.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
				t.Errorf("%q in pieces of %d: %q, %v, %v", contentType, size, got, answer.Header, err)
			}
		}
	}
}

// TestResponsesHeader: what the header says of the body's bytes is taken out, and nothing
// else.
func TestResponsesHeader(t *testing.T) {
	t.Parallel()
	var seen http.Header
	server := serve(t, newMasker(t), func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header
		setHeader(w, []string{
			"Content-Type", r.URL.Query().Get("type"), "Content-Length", fmt.Sprint(len(plainText)),
			"Accept-Ranges", "bytes", "Content-Digest", "sha-256=:AA==:", "Repr-Digest", "sha-256=:AA==:",
			"Digest", "md5=AA==", "Content-MD5", "AA==", "X-Kept", "alice@example.com", "Last-Modified", "Mon, 30 Nov 2026 00:00:00 GMT",
			"Trailer", "X-Sum, Content-Digest",
		})
		if r.Method == http.MethodGet {
			_, _ = io.WriteString(w, plainText)
		}
	})
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		answer, _, err := do(t, method, server.URL+"?type=text/plain", "Range", "bytes=5-9", "If-Range", `"x"`,
			"If-Modified-Since", "Mon, 30 Nov 2026 00:00:00 GMT", "X-Sent", "x")
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatal(answer, err)
		}
		for _, name := range []string{"Content-Length", "Accept-Ranges", "Content-Digest", "Repr-Digest", "Digest", "Content-Md5"} {
			if got := answer.Header.Get(name); got != "" {
				t.Errorf("%s: %s is %q", method, name, got)
			}
		}
		if answer.Header.Get("X-Kept") != "alice@example.com" || answer.Header.Get("Last-Modified") == "" {
			t.Errorf("%s: %v", method, answer.Header)
		}
		if seen.Get("Range")+seen.Get("If-Range")+seen.Get("If-Modified-Since") != "" || seen.Get("X-Sent") != "x" {
			t.Errorf("%s: the handler gets %v", method, seen)
		}
	}
	answer, _, err := do(t, http.MethodHead, server.URL+"?type=image/png")
	if err != nil || answer.Header.Get("Content-Length") != fmt.Sprint(len(plainText)) || answer.Header.Get("Content-Digest") == "" ||
		answer.Header.Get("Accept-Ranges") != "" {
		t.Errorf("HEAD of an image: %v, %v", answer.Header, err)
	}
}

// TestResponsesConditions: ETags are translated both ways.
func TestResponsesConditions(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	mark := func(kind string) string { return "-" + kind + "-" + m.Revision() }
	stale := `W/"v1-m-0000000000000000"`
	server := serve(t, m, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Etag", r.URL.Query().Get("etag"))
		w.Header().Set("X-None-Match", strings.Join(r.Header["If-None-Match"], "|"))
		w.Header().Set("X-Match", strings.Join(r.Header["If-Match"], "|"))
		http.ServeContent(w, r, "a.txt", time.Time{}, strings.NewReader(plainText))
	})
	for name, test := range map[string]struct {
		method, etag string
		header       []string
		status       int
		want, seen   string
	}{
		"strong":              {etag: `"v1"`, status: 200, want: `W/"v1` + mark("m") + `"`},
		"weak":                {etag: `W/"v1"`, status: 200, want: `W/"v1` + mark("w") + `"`},
		"malformed":           {etag: `v1`, status: 200},
		"a hit":               {etag: `"v1"`, header: []string{"If-None-Match", `"a,b", W/"v1` + mark("m") + `"`}, status: 304, want: `W/"v1` + mark("m") + `"`, seen: `"v1"`},
		"a weak hit":          {etag: `W/"v1"`, header: []string{"If-None-Match", `W/"v1` + mark("w") + `"`}, status: 304, want: `W/"v1` + mark("w") + `"`, seen: `W/"v1"`},
		"in two fields":       {etag: `"v1"`, header: []string{"If-None-Match", `W/"v1` + mark("m") + `"`, "If-None-Match", `W/"v2` + mark("m") + `"`}, status: 304, want: `W/"v1` + mark("m") + `"`, seen: `"v1", "v2"`},
		"any":                 {etag: `"v1"`, header: []string{"If-None-Match", `*`}, status: 304, want: `W/"v1` + mark("m") + `"`, seen: `*`},
		"of an old profile":   {etag: `"v1"`, header: []string{"If-None-Match", stale}, status: 200, want: `W/"v1` + mark("m") + `"`},
		"not masked":          {etag: `"v1"`, header: []string{"If-None-Match", `"v1"`}, status: 200, want: `W/"v1` + mark("m") + `"`},
		"match":               {etag: `"v1"`, header: []string{"If-Match", `W/"v1` + mark("m") + `"`}, status: 200, want: `W/"v1` + mark("m") + `"`, seen: `"v1"`},
		"match of an old one": {etag: `"v1"`, header: []string{"If-Match", stale}, status: 200, want: `W/"v1` + mark("m") + `"`, seen: `"v1"`},
		"match of a raw one":  {etag: `"v1"`, header: []string{"If-Match", `"v2"`}, status: 412, want: `W/"v1` + mark("m") + `"`, seen: `"v2"`},
		"put":                 {method: http.MethodPut, etag: `"v1"`, header: []string{"If-None-Match", `"v2"`}, status: 200, want: `W/"v1` + mark("m") + `"`, seen: `"v2"`},
	} {
		answer, body, err := do(t, method(test.method), server.URL+"?etag="+strings.ReplaceAll(test.etag, `"`, "%22"), test.header...)
		if err != nil {
			t.Fatal(err)
		}
		seen := answer.Header.Get("X-None-Match") + answer.Header.Get("X-Match")
		if answer.StatusCode != test.status || answer.Header.Get("Etag") != test.want || seen != test.seen {
			t.Errorf("%s: %d, ETag %s, the handler gets %s; want %d, %s, %s",
				name, answer.StatusCode, answer.Header.Get("Etag"), seen, test.status, test.want, test.seen)
		}
		if test.status == http.StatusOK && body != safeText {
			t.Errorf("%s: %q", name, body)
		}
	}
}

func method(name string) string {
	if name == "" {
		return http.MethodGet
	}
	return name
}

// TestResponsesPassStatus: the status, trailers and 1xx pass.
func TestResponsesPassStatus(t *testing.T) {
	t.Parallel()
	server := serve(t, newMasker(t), func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/created":
			w.WriteHeader(http.StatusCreated)
			w.Header().Set("X-Late", "x")
			w.WriteHeader(http.StatusAccepted)
			_, _ = io.WriteString(w, plainText)
		case "/no-content":
			w.WriteHeader(http.StatusNoContent)
			if _, err := io.WriteString(w, "x"); !errors.Is(err, http.ErrBodyNotAllowed) {
				t.Errorf("a body of 204: %v", err)
			}
		case "/long":
			w.Header().Set("Content-Length", "3")
			if _, err := io.WriteString(w, "long"); !errors.Is(err, http.ErrContentLength) {
				t.Errorf("a body that is too long: %v", err)
			}
			_, _ = io.WriteString(w, "abc")
		case "/hints":
			w.Header().Set("Link", "</style.css>")
			w.WriteHeader(http.StatusEarlyHints)
			w.Header().Del("Link")
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, "broken")
		case "/trailer":
			w.Header().Set("Trailer", "X-Sum, Content-Digest")
			_, _ = io.WriteString(w, plainText)
			w.(http.Flusher).Flush()
			w.Header().Set("X-Sum", "1")
			w.Header().Set("Content-Digest", "2")
			w.Header().Set(http.TrailerPrefix+"X-More", "3")
			w.Header().Set(http.TrailerPrefix+"Repr-Digest", "4")
		}
	})
	for path, want := range map[string]string{
		"/created": "201 " + safeText, "/no-content": "204 ", "/long": "200 abc", "/nothing": "200 ", "/trailer": "200 " + safeText,
	} {
		answer, body, err := get(t, server.URL+path)
		if got := fmt.Sprintf("%d %s", answer.StatusCode, body); err != nil || got != want || answer.Header.Get("X-Late") != "" {
			t.Errorf("%s: %q, %v; want %q", path, got, err, want)
		}
		if path == "/trailer" && fmt.Sprint(answer.Trailer) != "map[X-More:[3] X-Sum:[1]]" {
			t.Errorf("the trailer is %v", answer.Trailer)
		}
	}
	answer, _, err := get(t, server.URL+"/hints")
	if err != nil || answer.StatusCode != http.StatusInternalServerError || answer.Header.Get("Link") != "" {
		t.Errorf("hints before a broken body: %v, %v", answer, err)
	}
}
