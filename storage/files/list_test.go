package files_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/storage/files"
)

func TestList(t *testing.T) {
	t.Parallel()
	s := serve(t, files.NewMemory())
	for _, key := range []string{"a", "b/c", "b/d/e", "b-", "z"} {
		s.put(alice, "/v1/storage/files/"+key, "x", "Content-Type", "text/plain")
	}
	for query, want := range map[string]string{
		"":                                "a b- b/c b/d/e z",
		"?prefix=b":                       "b- b/c b/d/e",
		"?prefix=b/":                      "b/c b/d/e",
		"?delimiter=/":                    "a b- z b/",
		"?prefix=b/&delimiter=%2F":        "b/c b/d/",
		"?prefix=nothing":                 "",
		"?tier=shared":                    "",
		"?limit=500&tier=private&prefix=": "a b- b/c b/d/e z",
	} {
		w := s.call(alice, "GET", "/v1/storage/files"+query, "")
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", query, w.Code, w.Body)
		}
		if got := webtest.Decode[listAnswer](t, w); got.keys() != want || got.NextCursor != "" {
			t.Errorf("%s: %q, cursor %q; want %q", query, got.keys(), got.NextCursor, want)
		}
		if want == "" && !strings.Contains(w.Body.String(), `"items":[]`) {
			t.Errorf("%s: %s; want an empty array", query, w.Body)
		}
	}
	item := webtest.Decode[listAnswer](t, s.call(alice, "GET", "/v1/storage/files?prefix=a", "")).Items[0]
	if item.Size != 1 || item.ContentType != "text/plain" || item.ETag == "" || item.Tier != "" || !strings.HasSuffix(item.LastModified, "Z") {
		t.Errorf("an item is %+v", item)
	}
}

func TestCursors(t *testing.T) {
	t.Parallel()
	s := serve(t, files.NewMemory())
	for i := range 7 {
		for _, tier := range []string{"private", "user", "shared"} {
			s.put(alice, "/v1/storage/files/in/"+strconv.Itoa(i)+"?tier="+tier, "x")
		}
		s.put(alice, "/v1/storage/files/out/"+strconv.Itoa(i), "x")
	}
	first := webtest.Decode[listAnswer](t, s.call(alice, "GET", "/v1/storage/files?prefix=in/&limit=3", ""))
	if first.keys() != "in/0 in/1 in/2" || first.NextCursor == "" {
		t.Fatalf("first page = %+v", first)
	}
	// The cursor carries the prefix; what stands beside it is ignored, but the limit counts.
	rest := webtest.Decode[listAnswer](t, s.call(alice, "GET",
		"/v1/storage/files?prefix=out/&delimiter=-&limit=100&cursor="+first.NextCursor, ""))
	if rest.keys() != "in/3 in/4 in/5 in/6" || rest.NextCursor != "" {
		t.Errorf("second page = %+v", rest)
	}
	for name, c := range map[string]struct{ token, query string }{
		"bob":         {bob, ""},
		"another app": {otherApp, ""},
		"an outsider": {outsider, ""},
		"no user":     {noUser, ""},
		"user tier":   {alice, "&tier=user"},
		"shared tier": {alice, "&tier=shared"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := s.call(c.token, "GET", "/v1/storage/files?cursor="+first.NextCursor+c.query, "")
			wantProblem(t, w, cpodkit.CodeInvalidCursor)
		})
	}
	for i := range len(first.NextCursor) {
		bent := []byte(first.NextCursor)
		bent[i] ^= 1
		w := s.call(alice, "GET", "/v1/storage/files?cursor="+strings.ReplaceAll(string(bent), "%", "%25"), "")
		if w.Code != http.StatusBadRequest {
			t.Errorf("the cursor bent at %d = %d %s", i, w.Code, w.Body)
		}
	}
	other := serve(t, files.NewMemory())
	wantProblem(t, other.call(alice, "GET", "/v1/storage/files?cursor="+first.NextCursor, ""), cpodkit.CodeInvalidCursor)
}

// The longest and most awkward keys still make a cursor that is taken back.
func TestLongestCursor(t *testing.T) {
	t.Parallel()
	s := serve(t, files.NewMemory())
	ctx, h := t.Context(), s.store.For(cpodkit.Identity{TenantID: "t", AppID: "a", Scopes: cpodkit.Scopes{"storage.private.*"}})
	long := strings.Repeat("<\"\\\u2028>/", 77)
	for _, end := range []string{"1", "2"} {
		if _, err := h.Write(ctx, long+end, strings.NewReader("x"), nil); err != nil {
			t.Fatal(err)
		}
	}
	page, err := h.List(ctx, files.ListOptions{Prefix: long, Delimiter: "/", Limit: 1})
	if err != nil || len(page.Items) != 1 || page.NextCursor == "" {
		t.Fatalf("List = %+v, %v", page, err)
	}
	page, err = h.List(ctx, files.ListOptions{Cursor: page.NextCursor})
	if err != nil || len(page.Items) != 1 || page.Items[0].Key != long+"2" || page.NextCursor != "" {
		t.Errorf("List = %+v, %v", page, err)
	}
	signed, err := h.SignURL(ctx, long+"1", files.URLOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if w := s.call("", "GET", strings.TrimPrefix(signed.URL, "https://files.test"), ""); w.Code != http.StatusOK {
		t.Errorf("GET = %d %s", w.Code, w.Body)
	}
}
