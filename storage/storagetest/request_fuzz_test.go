package storagetest

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/httpserver"
	"github.com/cpodkit/cpodkit/storage"
)

// FuzzRequest sends any request that parses, as a raider, to a server in which
// the neighbours have canaries.
func FuzzRequest(f *testing.F) {
	for i, r := range requests(tokens{own: "the-own-token", neighbour: "the-neighbour's", filesCursor: strings.Repeat("f", 60), documentsCursor: strings.Repeat("d", 60), noSignedURLs: true}) {
		if i%4 == 0 && len(r.line) < 200 && len(r.body) < 200 {
			f.Add(r.line, strings.Join(r.header, "\n"), r.body)
		}
	}
	a := raider(storage.Private)
	mux := newMux(f, nil, "https://files.test")
	handler := func(id cpodkit.Identity) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			httpserver.Guard(mux, httpserver.WithKeyPaths("/v1/storage/")).ServeHTTP(w, r.WithContext(cpodkit.WithIdentity(r.Context(), id)))
		})
	}
	send := func(t testing.TB, by actor, r *http.Request) *httptest.ResponseRecorder {
		t.Helper()
		w := httptest.NewRecorder()
		handler(by.identity()).ServeHTTP(w, r.WithContext(t.Context()))
		return w
	}
	paths := []string{"/v1/storage/files/x", "/v1/storage/kv/x", "/v1/storage/db/things/x"}
	near := []actor{
		{"t1", "appx", "u", storage.Private}, {"t2", "raider", "raider", storage.Private}, {"t1", "raider", "raider", storage.Shared},
		{"t1", "raider", "raider", storage.User}, {"t1", "app", "u", storage.User},
	}
	const canary = "canary-AAAAAAAAAAAAAAAAAAAAAAAAAA"
	plant := func(t testing.TB) {
		t.Helper()
		for _, by := range near {
			for _, path := range paths {
				w := send(t, by, httptest.NewRequest("PUT", path+tierQuery(by.tier), strings.NewReader(`{"value":"`+canary+`"}`)))
				if w.Code >= 300 {
					t.Fatalf("PUT %s by the %s: %d %s", path, by, w.Code, w.Body)
				}
			}
		}
	}
	plant(f)
	f.Fuzz(func(t *testing.T, line, header, body string) {
		text := line + " HTTP/1.1\r\nHost: x\r\n" + strings.ReplaceAll(header, "\n", "\r\n") + "\r\nConnection: close\r\n\r\n"
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
		if err != nil {
			return // nothing that a server hands on
		}
		r.Body = http.NoBody
		if body != "" {
			r = r.WithContext(t.Context())
			r.Body = httptest.NewRequest("PUT", "/", strings.NewReader(body)).Body
			r.ContentLength = int64(len(body))
		}
		w := send(t, a, r)
		if strings.Contains(w.Body.String(), canary) {
			t.Fatalf("%q shows a canary: %s", text, w.Body)
		}
		if w.Code >= 500 && w.Code != http.StatusNotImplemented || w.Code >= 300 && w.Code < 400 && w.Code != http.StatusNotModified {
			t.Fatalf("%q is answered %d %v %s", text, w.Code, w.Header(), w.Body)
		}
		if w.Code >= 400 && r.Method != http.MethodHead {
			got := reply{r.Method, w.Code, w.Header(), w.Body.String()}
			if cpodkit.CodeOf(got.err()) == cpodkit.CodeInternal {
				t.Fatalf("%q is answered %v", text, got.err())
			}
		}
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			return
		}
		for _, by := range near {
			for _, path := range paths {
				if w := send(t, by, httptest.NewRequest("GET", path+tierQuery(by.tier), nil)); !strings.Contains(w.Body.String(), canary) {
					t.Fatalf("%q leaves the %s with %d %s at %s", text, by, w.Code, w.Body, path)
				}
			}
		}
	})
}
