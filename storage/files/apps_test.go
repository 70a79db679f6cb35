package files_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/files"
)

// as returns the token of user in an app of the tenant t1.
func as(app, user string) string { return "t1|" + app + "|" + user + "|" + allScopes }

const inUserTier = "?tier=user"

// fileURL is the call on one file in the user tier.
func fileURL(key, app string) string {
	target := "/v1/storage/files/" + key + inUserTier
	if app != "" {
		target += "&app=" + url.QueryEscape(app)
	}
	return target
}

// fill gives three apps of alice files, and others what must not show.
func fill(s *server) {
	s.Helper()
	for app, keys := range map[string]string{"a1": "mine both", "a2": "theirs both twice in/x", "b/c": "twice deep in/x in/y"} {
		for key := range strings.FieldsSeq(keys) {
			s.put(as(app, "alice"), fileURL(key, ""), key+" of "+app, "Content-Type", "text/plain")
		}
	}
	s.put(bob, fileURL("bobs", ""), "bob's")
	s.put(as("a2", "alice/apps/a9"), fileURL("foreign", ""), "another user's")
	s.put(outsider, fileURL("foreign", ""), "another tenant's")
	s.put("t1|a2|alice|"+allScopes, "/v1/storage/files/private", "another app's own")
}

func TestReadAcrossApps(t *testing.T) {
	t.Parallel()
	s := serve(t, files.NewMemory())
	fill(s)
	for _, c := range []struct {
		token, key, app string
		want            string // the content, or a code
	}{
		{alice, "mine", "", "mine of a1"},
		{alice, "both", "", "both of a1"},
		{otherApp, "both", "", "both of a2"},
		{alice, "theirs", "", "theirs of a2"},
		{alice, "deep", "", "deep of b/c"},
		{as("new", "alice"), "mine", "", "mine of a1"},
		{as("new", "alice"), "both", "", "conflict"},
		{alice, "twice", "", "conflict"},
		{alice, "in/x", "", "conflict"},
		{alice, "in/y", "", "in/y of b/c"},
		{alice, "twice", "a2", "twice of a2"},
		{alice, "twice", "b/c", "twice of b/c"},
		{alice, "both", "a2", "both of a2"},
		{alice, "both", "a1", "both of a1"},
		{alice, "theirs", "a1", "not_found"}, // who names an app gets that one's
		{alice, "mine", "a2", "not_found"},
		{alice, "mine", "unknown", "not_found"},
		{alice, "none", "", "not_found"},
		{alice, "in", "", "not_found"},
		{alice, "bobs", "", "not_found"},
		{alice, "bobs", "a1", "not_found"},
		{alice, "foreign", "", "not_found"},
		{alice, "foreign", "a2", "not_found"},
		{alice, "private", "a2", "not_found"},
		{bob, "mine", "", "not_found"},
		{outsider, "mine", "a1", "not_found"},
		{noUser, "mine", "", "user_required"},
		{noUser, "mine", "a1", "user_required"},
		{"t1|a1|alice|storage.private.read", "theirs", "a2", "invalid_scope"},
		{"t1|a1|alice|storage.user.read", "theirs", "", "theirs of a2"},
		{alice, "theirs", "*", "bad_request"},
		{alice, "theirs", "..", "bad_request"},
		{alice, "theirs", strings.Repeat("a", 65), "bad_request"},
	} {
		name := fmt.Sprintf("%.12s GET %s of %q", c.token, c.key, c.app)
		got := s.call(c.token, "GET", fileURL(c.key, c.app), "")
		head := s.call(c.token, "HEAD", fileURL(c.key, c.app), "")
		if head.Code != got.Code || head.Header().Get("ETag") != got.Header().Get("ETag") {
			t.Errorf("%s: HEAD is %d %v, GET %d %v", name, head.Code, head.Header(), got.Code, got.Header())
		}
		if !strings.Contains(c.want, " ") {
			wantProblem(t, got, cpodkit.Code(c.want))
		} else if got.Code != http.StatusOK || got.Body.String() != c.want || head.Header().Get("Content-Length") != strconv.Itoa(len(c.want)) {
			t.Errorf("%s: %d %s; want %s", name, got.Code, got.Body, c.want)
		}
	}

	conflict := s.call(as("new", "alice"), "GET", fileURL("twice", ""), "").Body.String()
	if !strings.Contains(conflict, `\"a2\", \"b/c\".`) || strings.Contains(conflict, "a1") || strings.Contains(conflict, "alice") {
		t.Errorf("the conflict says %s", conflict)
	}
	part := s.call(alice, "GET", fileURL("theirs", ""), "", "Range", "bytes=0-5")
	if part.Code != http.StatusPartialContent || part.Body.String() != "theirs" {
		t.Errorf("a part is %d %s", part.Code, part.Body)
	}
	etag := part.Header().Get("ETag")
	if w := s.call(alice, "GET", fileURL("theirs", ""), "", "If-None-Match", etag); w.Code != http.StatusNotModified {
		t.Errorf("unchanged is %d %s", w.Code, w.Body)
	}
}

// An app writes its own only, whatever it can read.
func TestWritesStayInTheOwnApp(t *testing.T) {
	t.Parallel()
	s := serve(t, files.NewMemory())
	fill(s)
	theirs := s.call(alice, "HEAD", fileURL("theirs", ""), "").Header().Get("ETag")
	wantProblem(t, s.call(alice, "PUT", fileURL("theirs", ""), "x", "If-Match", theirs), cpodkit.CodePreconditionFailed)
	wantProblem(t, s.call(alice, "PUT", fileURL("theirs", ""), "x", "If-Match", "*"), cpodkit.CodePreconditionFailed)
	s.call(alice, "DELETE", fileURL("theirs", ""), "")
	if w := s.call(alice, "GET", fileURL("theirs", ""), ""); w.Body.String() != "theirs of a2" {
		t.Errorf("after a DELETE of ours theirs is %d %s", w.Code, w.Body)
	}
	if w := s.call(alice, "PUT", fileURL("theirs", ""), "now ours", "If-None-Match", "*"); w.Code != http.StatusCreated {
		t.Errorf("PUT = %d %s", w.Code, w.Body)
	}
	for app, want := range map[string]string{"": "now ours", "a1": "now ours", "a2": "theirs of a2"} {
		if w := s.call(alice, "GET", fileURL("theirs", app), ""); w.Body.String() != want {
			t.Errorf("of %q: %s; want %s", app, w.Body, want)
		}
	}
	const urls = "/v1/storage/file-urls"
	for _, c := range []struct {
		method, target, body string
		want                 cpodkit.Code
	}{
		{"PUT", fileURL("x", "a2"), "x", cpodkit.CodeBadRequest},
		{"PUT", fileURL("x", "a1"), "x", cpodkit.CodeBadRequest},
		{"PUT", fileURL("x", "*"), "x", cpodkit.CodeBadRequest},
		{"DELETE", fileURL("theirs", "a2"), "", cpodkit.CodeBadRequest},
		{"DELETE", fileURL("theirs", "*"), "", cpodkit.CodeBadRequest},
		{"GET", "/v1/storage/files?app=*", "", cpodkit.CodeBadRequest},
		{"GET", "/v1/storage/files?tier=shared&app=a2", "", cpodkit.CodeBadRequest},
		{"GET", "/v1/storage/files?tier=user&app=", "", cpodkit.CodeBadRequest},
		{"GET", "/v1/storage/files?tier=user&app=*&app=*", "", cpodkit.CodeBadRequest},
		{"POST", urls + "?app=a2", `{"key":"theirs","tier":"user"}`, cpodkit.CodeBadRequest},
		{"POST", urls + "?tier=user&app=a2", `{"key":"theirs"}`, cpodkit.CodeBadRequest},
		{"POST", urls, `{"key":"theirs","tier":"user","app":"a2"}`, cpodkit.CodeValidationFailed},
	} {
		wantProblem(t, s.call(alice, c.method, c.target, c.body), c.want)
	}
}

// list returns all pages as "key@app" and folded prefixes, and checks each.
func (s *server) list(token, query string, limit int) []string {
	s.Helper()
	var all []string
	for cursor := ""; ; {
		target := fmt.Sprintf("/v1/storage/files?%s&limit=%d", query, limit)
		if cursor != "" { // it carries prefix, delimiter and apps
			target = fmt.Sprintf("/v1/storage/files?tier=user&limit=%d&cursor=%s", limit, cursor)
		}
		w := s.call(token, "GET", target, "")
		if w.Code != http.StatusOK {
			s.Fatalf("%s: %d %s", target, w.Code, w.Body)
		}
		page := webtest.Decode[listAnswer](s, w)
		n := len(page.Items) + len(page.Prefixes)
		if len(all) > 10_000 || n > limit || n < limit && page.NextCursor != "" || !slices.IsSorted(page.Prefixes) {
			s.Fatalf("%s: a page of %d has %+v", target, limit, page)
		}
		entries := slices.Clone(page.Prefixes)
		for _, item := range page.Items {
			entries = append(entries, item.Key+"@"+item.App)
			if item.Size == 0 || item.ETag == "" {
				s.Fatalf("an item is %+v", item)
			}
		}
		slices.SortStableFunc(entries, func(a, b string) int {
			keyA, _, _ := strings.Cut(a, "@")
			keyB, _, _ := strings.Cut(b, "@")
			return strings.Compare(keyA, keyB)
		})
		all = append(all, entries...)
		if cursor = page.NextCursor; cursor == "" {
			return all
		}
	}
}

func TestListAcrossApps(t *testing.T) {
	t.Parallel()
	s := serve(t, files.NewMemory())
	fill(s)
	for _, c := range []struct{ token, query, want string }{
		{alice, "tier=user", "both@ mine@"},
		{alice, "tier=user&app=a2", "both@ in/x@ theirs@ twice@"},
		{alice, "tier=user&app=b%2Fc", "deep@ in/x@ in/y@ twice@"},
		{alice, "tier=user&app=unknown", ""},
		{alice, "tier=user&app=*", "both@a1 both@a2 deep@b/c in/x@a2 in/x@b/c in/y@b/c mine@a1 theirs@a2 twice@a2 twice@b/c"},
		{as("new", "alice"), "tier=user&app=*&prefix=t", "theirs@a2 twice@a2 twice@b/c"},
		{alice, "tier=user&app=*&delimiter=/", "both@a1 both@a2 deep@b/c in/ mine@a1 theirs@a2 twice@a2 twice@b/c"},
		{alice, "tier=user&app=*&delimiter=/&prefix=in/", "in/x@a2 in/x@b/c in/y@b/c"},
		{alice, "tier=user&app=*&prefix=none", ""},
		{bob, "tier=user&app=*", "bobs@a1"},
		{as("a1", "nobody"), "tier=user&app=*", ""},
		{"t1|a1|alice|storage.user.read", "tier=user&app=a2&delimiter=/", "both@ in/ theirs@ twice@"},
	} {
		for _, limit := range []int{1, 2, 3, 5, 500} {
			if got := strings.Join(s.list(c.token, c.query, limit), " "); got != c.want {
				t.Errorf("%.12s lists %s by %d: %s; want %s", c.token, c.query, limit, got, c.want)
			}
		}
	}
	wantProblem(t, s.call(noUser, "GET", "/v1/storage/files?tier=user&app=*", ""), cpodkit.CodeUserRequired)
	wantProblem(t, s.call(readOnly, "GET", "/v1/storage/files?tier=user&app=*", ""), cpodkit.CodeInvalidScope)
}

// Lists of random files, in pages of any size, are what a simple model says.
func TestListAcrossAppsModel(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(3, 4))
	parts := []string{"a", "b", "a-", "a0", "0", "\U0010FFFF", "é", "~", "aa"}
	for range 30 {
		s := serve(t, files.NewMemory())
		held := map[string][]string{} // apps by key
		for range rnd.IntN(60) {
			key := parts[rnd.IntN(len(parts))]
			for range rnd.IntN(3) {
				key += "/" + parts[rnd.IntN(len(parts))]
			}
			app := strconv.Itoa(rnd.IntN(8))
			if !slices.Contains(held[key], app) {
				s.put(as(app, "alice"), "/v1/storage/files/"+(&url.URL{Path: key}).EscapedPath()+inUserTier, "x")
				held[key] = append(held[key], app)
			}
		}
		for _, prefix := range []string{"", "a", "a/", "b/a"} {
			for _, delimiter := range []string{"", "/"} {
				var want []string
				for key, apps := range held {
					rest, ok := strings.CutPrefix(key, prefix)
					head, _, folded := strings.Cut(rest, "/")
					if folded = folded && delimiter != ""; !ok {
						continue
					}
					for _, app := range apps {
						if folded {
							want = append(want, prefix+head+"/")
						} else {
							want = append(want, key+"@"+app)
						}
					}
				}
				slices.SortFunc(want, func(a, b string) int { // "@" would sort before "a"
					return strings.Compare(strings.Replace(a, "@", "\x00", 1), strings.Replace(b, "@", "\x00", 1))
				})
				want = slices.Compact(want)
				query := "tier=user&app=*&prefix=" + url.QueryEscape(prefix)
				if delimiter != "" {
					query += "&delimiter=%2F"
				}
				if got := s.list(as("9", "alice"), query, 1+rnd.IntN(20)); !slices.Equal(got, want) {
					t.Fatalf("%s of %v:\n got %q\nwant %q", query, held, got, want)
				}
			}
		}
	}
}

// A cursor carries whose files are listed; what stands beside it is ignored.
func TestCursorsAcrossApps(t *testing.T) {
	t.Parallel()
	s := serve(t, files.NewMemory())
	fill(s)
	next := func(query string) string {
		return webtest.Decode[listAnswer](t, s.call(alice, "GET", "/v1/storage/files?limit=3&"+query, "")).NextCursor
	}
	all, one, own := next("tier=user&app=*"), next("tier=user&app=b%2Fc"), webtest.Decode[listAnswer](t,
		s.call(alice, "GET", "/v1/storage/files?limit=1&tier=user", "")).NextCursor
	for _, beside := range []string{"", "&app=*", "&app=a2", "&app=unknown&prefix=none&delimiter=/"} {
		for cursor, want := range map[string]string{
			all: "in/x@a2 in/x@b/c in/y@b/c mine@a1 theirs@a2 twice@a2 twice@b/c", one: "twice@", own: "mine@",
		} {
			w := s.call(alice, "GET", "/v1/storage/files?tier=user&cursor="+cursor+beside, "")
			var got []string
			for _, item := range webtest.Decode[listAnswer](t, w).Items {
				got = append(got, item.Key+"@"+item.App)
			}
			if strings.Join(got, " ") != want {
				t.Errorf("with %q beside it: %q; want %s", beside, got, want)
			}
		}
	}
	for _, token := range []string{otherApp, bob, outsider, as("a1", "alice2")} {
		for _, cursor := range []string{all, one, own} {
			w := s.call(token, "GET", "/v1/storage/files?tier=user&cursor="+cursor, "")
			wantProblem(t, w, cpodkit.CodeInvalidCursor)
		}
	}
	wantProblem(t, s.call(alice, "GET", "/v1/storage/files?cursor="+all, ""), cpodkit.CodeInvalidCursor)
	wantProblem(t, s.call(alice, "GET", "/v1/storage/files?app=*&cursor="+all, ""), cpodkit.CodeBadRequest)
	wantProblem(t, s.call(alice, "GET", "/v1/storage/files?tier=user&app=&cursor="+all, ""), cpodkit.CodeBadRequest)
}

func TestTooManyApps(t *testing.T) {
	t.Parallel()
	s := serve(t, files.NewMemory())
	for i := range storage.MaxApps {
		s.put(as(fmt.Sprintf("app%03d", i), "alice"), fileURL("k"+strconv.Itoa(i), ""), "x")
	}
	if got := s.list(alice, "tier=user&app=*", 7); len(got) != storage.MaxApps {
		t.Errorf("%d apps are listed", len(got))
	}
	if w := s.call(alice, "GET", fileURL("k99", ""), ""); w.Code != http.StatusOK {
		t.Errorf("GET = %d %s", w.Code, w.Body)
	}
	s.put(alice, fileURL("own", ""), "x")
	wantProblem(t, s.call(alice, "GET", "/v1/storage/files?tier=user&app=*", ""), cpodkit.CodeConflict)
	wantProblem(t, s.call(alice, "GET", fileURL("k99", ""), ""), cpodkit.CodeConflict)
	for _, target := range []string{fileURL("own", ""), fileURL("k99", "app099"), "/v1/storage/files?tier=user&app=app099"} {
		if w := s.call(alice, "GET", target, ""); w.Code != http.StatusOK {
			t.Errorf("%s = %d %s", target, w.Code, w.Body)
		}
	}
}
