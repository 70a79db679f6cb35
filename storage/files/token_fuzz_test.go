package files_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/files"
)

// bend puts text into a token, in place of some of its letters. A fuzz target
// bends, because every process of the fuzzer has tokens of its own.
func bend(token, text string, at, instead uint16) string {
	i := int(at) % (len(token) + 1)
	return token[:i] + text + token[min(len(token), i+int(instead)):]
}

func addBends(f *testing.F) {
	f.Helper()
	for _, text := range []string{"", "A", "AAAA", "=", "==", "\r\n", " ", "\x00", ".", "/", "../", "%2e", "+", "-_", "é", "?tier=shared", strings.Repeat("A", 4097)} {
		for _, at := range []uint16{0, 1, 7, 16, 40, 1000} {
			for _, instead := range []uint16{0, 1, 4, 1000} {
				f.Add(text, at, instead)
			}
		}
	}
}

// FuzzCursor looks for a text that lists without being a cursor of this list.
func FuzzCursor(f *testing.F) {
	s := newFuzzed(f, files.NewMemory())
	for _, key := range []string{"dir/a", "dir/b", "dir/c"} {
		s.write(f, key, "x")
	}
	first := func(h files.Handle) string {
		page, err := h.List(f.Context(), files.ListOptions{Prefix: "dir/", Limit: 1})
		if err != nil {
			f.Fatal(err)
		}
		return page.NextCursor
	}
	own := first(s.files)
	if _, err := s.files.Tier(storage.Shared).Write(f.Context(), "dir/a", strings.NewReader("x"), nil); err != nil {
		f.Fatal(err)
	}
	if _, err := s.files.Tier(storage.Shared).Write(f.Context(), "dir/b", strings.NewReader("x"), nil); err != nil {
		f.Fatal(err)
	}
	elsewhere := first(s.files.Tier(storage.Shared))
	addBends(f)
	f.Fuzz(func(t *testing.T, text string, at, instead uint16) {
		cursor := bend(own, text, at, instead)
		if at%7 == 0 {
			cursor = bend(elsewhere, text, at, instead) // not even as it is
		}
		if cursor == "" || cursor == own {
			return
		}
		page, err := s.files.List(t.Context(), files.ListOptions{Cursor: cursor})
		if !errors.Is(err, cpodkit.CodeInvalidCursor) || len(page.Items) > 0 {
			t.Fatalf("List by %q = %+v, %v; want invalid_cursor", cursor, page, err)
		}
	})
}

// FuzzSignedURL looks for a token that reads or writes without having been
// signed for it.
func FuzzSignedURL(f *testing.F) {
	s := newFuzzed(f, files.NewMemory())
	s.write(f, "file", "the content")
	token := func(method string) string {
		signed, err := s.files.SignURL(f.Context(), "file", files.URLOptions{Method: method})
		if err != nil {
			f.Fatal(err)
		}
		return signed.URL[strings.LastIndexByte(signed.URL, '/')+1:]
	}
	get, put := token(http.MethodGet), token(http.MethodPut)
	addBends(f)
	f.Fuzz(func(t *testing.T, text string, at, instead uint16) {
		method, own := http.MethodGet, get
		if instead%2 == 1 {
			method, own = http.MethodPut, put
		}
		bent := bend(own, text, at, instead)
		if at%7 == 0 {
			bent = bend(map[string]string{get: put, put: get}[own], text, at, instead) // the other one's
		}
		if bent == own {
			return
		}
		r := httptest.NewRequest(method, "/v1/storage/signed/x", strings.NewReader("overwritten"))
		r.URL.Path, r.URL.RawPath = "/v1/storage/signed/"+bent, "/v1/storage/signed/"+url.PathEscape(bent)
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		body, err := io.ReadAll(w.Result().Body)
		if err != nil {
			t.Fatal(err)
		}
		if w.Code < 400 || w.Code >= 500 || strings.Contains(string(body), "the content") {
			t.Fatalf("%s with the token %q is %d %q", method, bent, w.Code, body)
		}
		if got, err := s.read(t, "file"); err != nil || got != "the content" {
			t.Fatalf("%s with the token %q leaves %q, %v", method, bent, got, err)
		}
	})
}
