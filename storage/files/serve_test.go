package files_test

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/storage/files"
)

// ServeFile answers as the route does, header for header.
func TestServeFile(t *testing.T) {
	t.Parallel()
	s := serve(t, files.NewMemory())
	const route = "/v1/storage/files/"
	page := s.put(alice, route+"dir/page.html", "<script>x</script>", "Content-Type", "text/html")
	s.put(alice, route+"me.png", "0123456789", "Content-Type", "image/png")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v0/storage/files/{key...}", func(w http.ResponseWriter, r *http.Request) {
		files.FromContext(r.Context()).ServeFile(w, r, r.PathValue("key"))
	})
	own := cpodkit.Chain(mux, webtest.Find(identify).Authenticate, s.store.Attach)

	for name, c := range map[string]struct {
		token, method, key string
		header             []string
		status             int
	}{
		"an image":         {alice, "GET", "me.png", nil, http.StatusOK},
		"a page":           {alice, "GET", "dir/page.html", nil, http.StatusOK},
		"HEAD":             {alice, "HEAD", "me.png", nil, http.StatusOK},
		"a range":          {alice, "GET", "me.png", []string{"Range", "bytes=2-4"}, http.StatusPartialContent},
		"no such range":    {alice, "GET", "me.png", []string{"Range", "bytes=20-"}, http.StatusRequestedRangeNotSatisfiable},
		"too many ranges":  {alice, "GET", "me.png", []string{"Range", "bytes=0-0" + strings.Repeat(",2-2", 32)}, http.StatusRequestedRangeNotSatisfiable},
		"the same":         {alice, "GET", "dir/page.html", []string{"If-None-Match", strconv.Quote(page.ETag)}, http.StatusNotModified},
		"another":          {alice, "GET", "dir/page.html", []string{"If-Match", `"other"`}, http.StatusPreconditionFailed},
		"none":             {alice, "GET", "none", nil, http.StatusNotFound},
		"a bad key":        {alice, "GET", strings.Repeat("x", 201), nil, http.StatusBadRequest},
		"without a scope":  {writeOnly, "GET", "me.png", nil, http.StatusForbidden},
		"without a token":  {"", "GET", "me.png", nil, http.StatusUnauthorized},
		"HEAD, not there":  {alice, "HEAD", "none", nil, http.StatusNotFound},
		"of another place": {outsider, "GET", "me.png", nil, http.StatusNotFound},
	} {
		want := s.call(c.token, c.method, route+c.key, "", c.header...)
		other := *s
		other.handler = own
		got := other.call(c.token, c.method, "/v0/storage/files/"+c.key, "", c.header...)
		body := strings.Replace(got.Body.String(), `"/v0/`, `"/v1/`, 1) // the instance of an error
		if want.Code != c.status || got.Code != c.status || body != want.Body.String() {
			t.Errorf("%s: %d %s; the route answers %d %s", name, got.Code, got.Body, want.Code, want.Body)
		}
		if !maps.EqualFunc(got.Header(), want.Header(), slices.Equal) {
			t.Errorf("%s: %v; the route has %v", name, got.Header(), want.Header())
		}
	}
	unattached := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		files.FromContext(r.Context()).ServeFile(w, r, "me.png")
	})
	wantProblem(t, webtest.Call(t, unattached, "GET", "/", "", ""), cpodkit.CodeMissingToken)
}
