package documents_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/httpserver"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// FuzzConditions reads and writes under conditions. A call that is refused
// changes nothing, one that is not was allowed to, and a read is of the whole
// document, whatever Range says. In a header {version} stands for its own.
func FuzzConditions(f *testing.F) {
	for _, tag := range []string{
		"", "*", `"{version}"`, `W/"{version}"`, "{version}", `"other"`, `""`, `"`, `"*"`, `"{version}", "b"`, ` "{version}" `, "*,", `"a","{version}"`, "\x00", `"{version}"x`,
	} {
		for method := range uint8(3) {
			f.Add(method, tag, "", "")
			f.Add(method, "", tag, "bytes=0-1")
			f.Add(method, tag, tag, "bytes=-1")
		}
	}
	store, err := documents.New(documents.NewMemory())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = store.Close() })
	mux := http.NewServeMux()
	cpodkit.Mount(mux, store.Routes())
	id := cpodkit.Identity{TenantID: "t", AppID: "a", Scopes: cpodkit.Scopes{"storage.private.*"}}
	c := store.For(id).Collection("c")

	f.Fuzz(func(t *testing.T, call uint8, ifMatch, ifNoneMatch, ranges string) {
		const before, after = `{"n":[1,2]}`, `{"n":3}`
		d, err := c.Set(t.Context(), "k", []byte(before), nil)
		if err != nil {
			t.Fatal(err)
		}
		method := []string{http.MethodGet, http.MethodPut, http.MethodDelete}[call%3]
		r := httptest.NewRequest(method, "/v1/storage/db/c/k", strings.NewReader(map[string]string{http.MethodPut: after}[method]))
		for name, value := range map[string]string{"If-Match": ifMatch, "If-None-Match": ifNoneMatch, "Range": ranges} {
			if value != "" {
				r.Header.Set(name, strings.ReplaceAll(value, "{version}", d.Version))
			}
		}
		w := httptest.NewRecorder()
		httpserver.Guard(mux, httpserver.WithKeyPaths("/v1/storage/")).ServeHTTP(w, r.WithContext(cpodkit.WithIdentity(t.Context(), id)))

		match, none := r.Header.Get("If-Match"), r.Header.Get("If-None-Match")
		matches := match == "" || strings.Trim(match, " \t") == "*" || strings.Trim(match, " \t") == `"`+d.Version+`"`
		want := before // what must be there now
		switch {
		case w.Code >= 500, w.Code == http.StatusPartialContent, w.Code == http.StatusRequestedRangeNotSatisfiable:
			t.Fatalf("%s with %q is %d %s", method, r.Header, w.Code, w.Body)
		case w.Code == http.StatusNotModified:
			if method != http.MethodGet || !strings.Contains(none, d.Version) && !strings.Contains(none, "*") || w.Body.Len() > 0 {
				t.Fatalf("%s with %q is %d %s", method, r.Header, w.Code, w.Body)
			}
		case w.Code >= 400:
			if match == "" && none == "" || none == "" && match == `"`+d.Version+`"` {
				t.Fatalf("%s with %q is %d %s", method, r.Header, w.Code, w.Body)
			}
		case method == http.MethodGet:
			if !strings.Contains(w.Body.String(), `"value":`+before+`,`) {
				t.Fatalf("%s with %q is %d %s", method, r.Header, w.Code, w.Body)
			}
		case !matches, none != "":
			t.Fatalf("%s with %q is done: %d %s", method, r.Header, w.Code, w.Body)
		default:
			want = map[string]string{http.MethodPut: after}[method]
		}
		got, err := c.Get(t.Context(), "k")
		if want == "" && errors.Is(err, cpodkit.CodeNotFound) {
			return
		}
		if err != nil || string(got.Value) != want {
			t.Fatalf("%s with %q is %d, and leaves %s, %v", method, r.Header, w.Code, got.Value, err)
		}
	})
}
