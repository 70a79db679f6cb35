package documents_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// in returns the identity of user in an app of the tenant t1.
func in(app, user string) cpodkit.Identity {
	return cpodkit.Identity{TenantID: "t1", AppID: app, UserID: user, Scopes: allScopes}
}

// userDoc is the call on one document of the collection c in the user tier.
func userDoc(key, app string) string {
	target := "/v1/storage/db/c/" + url.PathEscape(key) + "?tier=user"
	if app != "" {
		target += "&app=" + url.QueryEscape(app)
	}
	return target
}

const findAll = findPath + "?tier=user&app=*"

// fill gives three apps of alice documents, and others what must not show.
func fill(b *backend) {
	b.Helper()
	for app, keys := range map[string]string{"a1": "mine both", "a2": "theirs both twice", "b/c": "twice deep/x"} {
		for n, key := range strings.Fields(keys) {
			b.call(in(app, "alice"), "PUT", userDoc(key, ""), fmt.Sprintf(`{"n":%d,"of":%q}`, n, app)).want(b, 200, "")
		}
	}
	outsider := in("a2", "alice")
	outsider.TenantID = "t2"
	b.call(in("a1", "bob"), "PUT", userDoc("bobs", ""), `"bob's"`).want(b, 200, "")
	b.call(in("a2", "alice/apps/a9"), "PUT", userDoc("foreign", ""), `"another user's"`).want(b, 200, "")
	b.call(outsider, "PUT", userDoc("foreign", ""), `"another tenant's"`).want(b, 200, "")
	b.call(in("a2", "alice"), "PUT", "/v1/storage/db/c/private", `"another app's own"`).want(b, 200, "")
	b.call(in("a2", "alice"), "PUT", "/v1/storage/db/other/elsewhere?tier=user", `"in another collection"`).want(b, 200, "")
}

func TestGetAcrossApps(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	fill(b)
	outsider, reader, privateReader := in("a1", "alice"), in("a1", "alice"), in("a1", "alice")
	outsider.TenantID = "t2"
	reader.Scopes = cpodkit.Scopes{"storage.user.read"}
	privateReader.Scopes = cpodkit.Scopes{"storage.private.read"}
	for _, c := range []struct {
		id        cpodkit.Identity
		key, app  string
		want      string // whose document, or a code
		isRefused bool
	}{
		{alice, "mine", "", "a1", false},
		{alice, "both", "", "a1", false},
		{in("a2", "alice"), "both", "", "a2", false},
		{alice, "theirs", "", "a2", false},
		{reader, "theirs", "", "a2", false},
		{alice, "deep/x", "", "b/c", false},
		{alice, "twice", "", "conflict", true},
		{in("new", "alice"), "both", "", "conflict", true},
		{alice, "twice", "b/c", "b/c", false},
		{alice, "both", "a1", "a1", false},
		{alice, "theirs", "a1", "not_found", true}, // who names an app gets that one's
		{alice, "mine", "a2", "not_found", true},
		{alice, "mine", "unknown", "not_found", true},
		{alice, "none", "", "not_found", true},
		{alice, "bobs", "", "not_found", true},
		{alice, "foreign", "", "not_found", true},
		{alice, "foreign", "a2", "not_found", true},
		{alice, "private", "a2", "not_found", true},
		{alice, "elsewhere", "", "not_found", true},
		{in("a1", "bob"), "mine", "", "not_found", true},
		{outsider, "mine", "a1", "not_found", true},
		{service, "mine", "", "user_required", true},
		{service, "mine", "a1", "user_required", true},
		{privateReader, "theirs", "a2", "invalid_scope", true},
		{alice, "theirs", "*", "bad_request", true},
		{alice, "theirs", "..", "bad_request", true},
		{alice, "theirs", strings.Repeat("/", 22), "bad_request", true},
	} {
		a := b.call(c.id, "GET", userDoc(c.key, c.app), "")
		if c.isRefused {
			a.want(t, cpodkit.Code(c.want).Status(), cpodkit.Code(c.want))
			continue
		}
		a.want(t, 200, "")
		if body := a.Body.String(); !strings.Contains(body, fmt.Sprintf(`"of":%q`, c.want)) || strings.Contains(body, `"app"`) {
			t.Errorf("%s of %q answers %s; want that of %s", c.key, c.app, body, c.want)
		}
		same := b.call(c.id, "GET", userDoc(c.key, c.app), "", "If-None-Match", a.Header().Get("ETag"))
		same.want(t, 304, "")
	}
	conflict := b.do("GET", userDoc("twice", ""), "").Body.String()
	if !strings.Contains(conflict, `\"a2\", \"b/c\".`) || strings.Contains(conflict, "a1") || strings.Contains(conflict, "alice") {
		t.Errorf("the conflict says %s", conflict)
	}
}

// An app writes its own only, whatever it can read.
func TestWritesStayInTheOwnApp(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	fill(b)
	theirs := b.do("GET", userDoc("theirs", ""), "").Header().Get("ETag")
	for _, match := range []string{theirs, "*"} {
		b.do("PUT", userDoc("theirs", ""), "1", "If-Match", match).want(t, 412, cpodkit.CodePreconditionFailed)
		b.do("DELETE", userDoc("theirs", ""), "", "If-Match", match).want(t, 412, cpodkit.CodePreconditionFailed)
	}
	b.do("DELETE", userDoc("theirs", ""), "").want(t, 204, "")
	if a := b.do("GET", userDoc("theirs", ""), ""); a.Header().Get("ETag") != theirs {
		t.Errorf("after a DELETE of ours theirs is %s", a.Body)
	}
	b.do("PUT", userDoc("theirs", ""), `"now ours"`, "If-None-Match", "*").want(t, 201, "")
	b.do("POST", "/v1/storage/db/c/batch?tier=user", `{"ops":[{"op":"delete","key":"twice"}]}`).want(t, 200, "")
	for app, want := range map[string]string{"": "now ours", "a1": "now ours", "a2": `"of":"a2"`} {
		if a := b.do("GET", userDoc("theirs", app), ""); !strings.Contains(a.Body.String(), want) {
			t.Errorf("of %q: %s; want %s", app, a.Body, want)
		}
	}
	for _, c := range []struct{ method, target, body string }{
		{"PUT", userDoc("x", "a2"), "1"},
		{"PUT", userDoc("x", "a1"), "1"},
		{"PUT", userDoc("x", "*"), "1"},
		{"DELETE", userDoc("theirs", "a2"), ""},
		{"DELETE", userDoc("theirs", "*"), ""},
		{"POST", "/v1/storage/db/c/batch?tier=user&app=a2", `{"ops":[{"op":"delete","key":"theirs"}]}`},
		{"POST", "/v1/storage/db/c/batch?tier=user&app=*", "{"},
		{"POST", findPath + "?app=*", "{}"},
		{"POST", findPath + "?tier=shared&app=a2", "{}"},
		{"POST", findPath + "?tier=user&app=", "{}"},
		{"POST", findPath + "?tier=user&app=*&app=*", "{}"},
	} {
		b.do(c.method, c.target, c.body).want(t, 400, cpodkit.CodeBadRequest)
	}
	b.do("POST", findPath+"?tier=user", `{"app":"a2"}`).want(t, 422, cpodkit.CodeValidationFailed, "/app")
}

// find returns all documents of a query, by pages of limit, as "key@app".
func (b *backend) find(id cpodkit.Identity, target, query string, limit int) []string {
	b.Helper()
	var all []string
	body := fmt.Sprintf(`{"limit":%d%s}`, limit, query)
	for {
		a := b.call(id, "POST", target, body)
		keys, cursor := a.page(b)
		var page documents.Page
		a.decode(b, &page)
		for _, d := range page.Items {
			if d.Version == "" || d.Value == nil {
				b.Fatalf("%s: an item is %+v", a, d)
			}
			all = append(all, d.Key+"@"+d.App)
		}
		if len(keys) > limit || len(keys) < limit && cursor != "" || len(all) > 10_000 {
			b.Fatalf("%s: a page of %d has %d", a, limit, len(keys))
		}
		if cursor == "" {
			return all
		}
		target = strings.TrimSuffix(target, "&app=*") // the cursor carries it
		body = fmt.Sprintf(`{"limit":%d,"cursor":%q}`, limit, cursor)
	}
}

func TestQueryAcrossApps(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	fill(b)
	for _, c := range []struct {
		id           cpodkit.Identity
		target, body string
		want         string
	}{
		{alice, findPath + "?tier=user", "", "both@ mine@"},
		{alice, findPath + "?tier=user&app=a2", "", "both@ theirs@ twice@"},
		{alice, findPath + "?tier=user&app=b%2Fc", `,"sort":{"n":-1}`, "deep/x@ twice@"},
		{alice, findPath + "?tier=user&app=unknown", "", ""},
		{alice, findAll, "", "both@a1 both@a2 deep/x@b/c mine@a1 theirs@a2 twice@a2 twice@b/c"},
		{in("new", "alice"), findAll, `,"sort":{"n":1}`, "mine@a1 theirs@a2 twice@b/c both@a1 both@a2 deep/x@b/c twice@a2"},
		{alice, findAll, `,"sort":[["n",-1],["of",-1]]`, "twice@a2 deep/x@b/c both@a2 both@a1 twice@b/c theirs@a2 mine@a1"},
		{alice, findAll, `,"filter":{"n":{"gt":0}},"sort":{"of":-1}`, "deep/x@b/c both@a2 twice@a2 both@a1"},
		{alice, findAll, `,"filter":{"n":9}`, ""},
		{in("a1", "bob"), findAll, "", "bobs@a1"},
		{in("a1", "nobody"), findAll, "", ""},
		{alice, "/v1/storage/db/other/query?tier=user&app=*", "", "elsewhere@a2"},
	} {
		for _, limit := range []int{1, 2, 3, 5, 500} {
			if got := strings.Join(b.find(c.id, c.target, c.body, limit), " "); got != c.want {
				t.Errorf("%s of %s %s by %d: %s; want %s", c.target, c.id.AppID, c.body, limit, got, c.want)
			}
		}
	}
	b.call(service, "POST", findAll, "{}").want(t, 403, cpodkit.CodeUserRequired)
	b.do("POST", findAll, `{"filter":{"\\":1}}`).want(t, 422, cpodkit.CodeValidationFailed, `/filter/\`)
	reader := alice
	reader.Scopes = cpodkit.Scopes{"storage.private.*", "storage.user.write"}
	b.call(reader, "POST", findAll, "{").want(t, 403, cpodkit.CodeInvalidScope)
}

// A cursor carries whose documents are found; what stands beside it is ignored.
func TestCursorsAcrossApps(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	fill(b)
	next := func(target string) string {
		_, cursor := b.do("POST", target, `{"limit":1,"sort":{"n":1}}`).page(t)
		return cursor
	}
	all, one, own := next(findAll), next(findPath+"?tier=user&app=b%2Fc"), next(findPath+"?tier=user")
	for _, beside := range []string{"", "&app=*", "&app=a2", "&app=unknown"} {
		for cursor, want := range map[string]string{
			all: "theirs@a2 twice@b/c both@a1 both@a2 deep/x@b/c twice@a2", one: "deep/x@", own: "both@",
		} {
			var page documents.Page
			b.do("POST", findPath+"?tier=user"+beside, `{"cursor":"`+cursor+`"}`).decode(t, &page)
			var got []string
			for _, d := range page.Items {
				got = append(got, d.Key+"@"+d.App)
			}
			if strings.Join(got, " ") != want {
				t.Errorf("with %q beside it: %q; want %s", beside, got, want)
			}
		}
	}
	outsider := alice
	outsider.TenantID = "t2"
	for _, cursor := range []string{all, one, own} {
		body := `{"cursor":"` + cursor + `"}`
		for _, id := range []cpodkit.Identity{in("a2", "alice"), in("a1", "bob"), outsider} {
			b.call(id, "POST", findPath+"?tier=user", body).want(t, 400, cpodkit.CodeInvalidCursor)
		}
		b.do("POST", findPath, body).want(t, 400, cpodkit.CodeInvalidCursor)
		b.do("POST", "/v1/storage/db/other/query?tier=user&app=*", body).want(t, 400, cpodkit.CodeInvalidCursor)
		b.do("POST", findPath+"?app=*", body).want(t, 400, cpodkit.CodeBadRequest)
	}
}

func TestTooManyApps(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	for i := range storage.MaxApps {
		b.call(in(fmt.Sprintf("app%03d", i), "alice"), "PUT", userDoc(fmt.Sprintf("k%d", i), ""), "1").want(t, 200, "")
	}
	if got := b.find(alice, findAll, "", 7); len(got) != storage.MaxApps {
		t.Errorf("%d apps are found", len(got))
	}
	b.do("GET", userDoc("k99", ""), "").want(t, 200, "")
	b.do("PUT", "/v1/storage/db/other/k?tier=user", "1").want(t, 200, "")
	b.do("POST", findAll, "{}").want(t, 200, "") // another collection does not count
	b.do("PUT", userDoc("own", ""), "1").want(t, 200, "")
	b.do("POST", findAll, "{}").want(t, 409, cpodkit.CodeConflict)
	b.do("GET", userDoc("k99", ""), "").want(t, 409, cpodkit.CodeConflict)
	b.do("GET", userDoc("own", ""), "").want(t, 200, "")
	b.do("GET", userDoc("k99", "app099"), "").want(t, 200, "")
	b.do("POST", findPath+"?tier=user&app=app099", "{}").want(t, 200, "")
}

func TestHandleAcrossApps(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	fill(b)
	ctx := t.Context()
	h := b.store.For(alice)
	user := h.Tier(storage.User)
	for _, c := range []struct {
		h         documents.Handle
		key, want string
	}{
		{user, "mine", "mine@a1"}, {user, "theirs", "theirs@a2"}, {user, "deep/x", "deep/x@b/c"}, {user, "twice", "conflict"}, {user, "none", "not_found"},
		{user.App("b/c"), "twice", "twice@"}, {h.App("a2").Tier(storage.User), "both", "both@"}, {user.App("a1"), "theirs", "not_found"},
		{user.App(""), "mine", "bad_request"}, {user.AllApps(), "mine", "bad_request"}, {h.App("a2"), "private", "bad_request"},
		{user.App("*"), "mine", "not_found"}, // a client_id like any other
	} {
		d, err := c.h.Collection("c").Get(ctx, c.key)
		got := d.Key + "@" + d.App
		if err != nil {
			got = string(cpodkit.CodeOf(err))
		}
		if got != c.want {
			t.Errorf("%s is %s; want %s", c.key, got, c.want)
		}
	}
	for name, misuse := range map[string]func(documents.Collection) error{
		"Set":    func(c documents.Collection) error { _, err := c.Set(ctx, "x", []byte("1"), nil); return err },
		"Delete": func(c documents.Collection) error { return c.Delete(ctx, "theirs", nil) },
		"Batch": func(c documents.Collection) error {
			_, err := c.Batch(ctx, []documents.BatchOp{{Key: "theirs", Delete: true}})
			return err
		},
	} {
		for _, h := range []documents.Handle{user.App("a2"), user.App("a1"), user.AllApps(), h.App("a2")} {
			if err := misuse(h.Collection("c")); cpodkit.CodeOf(err) != cpodkit.CodeBadRequest {
				t.Errorf("%s with an app: %v", name, err)
			}
		}
	}
	for _, h := range []documents.Handle{h.AllApps(), h.Tier(storage.Shared).App("a2"), user.App("..")} {
		if _, err := h.Collection("c").Query(ctx, documents.Query{}); cpodkit.CodeOf(err) != cpodkit.CodeBadRequest {
			t.Errorf("Query: %v", err)
		}
	}
	page, err := user.AllApps().Collection("c").Query(ctx, documents.Query{Filter: map[string]any{"n": 2}})
	if err != nil || len(page.Items) != 1 || page.Items[0].App != "a2" {
		t.Errorf("Query = %+v, %v", page, err)
	}
	// In an answer an app's id is JSON, whatever it holds.
	odd := in("\"\\\n<é", "odd")
	b.call(odd, "PUT", userDoc("k", ""), "1").want(t, 200, "")
	if got := b.find(odd, findAll, "", 1); !slices.Equal(got, []string{"k@" + odd.AppID}) {
		t.Errorf("an odd app is %q", got)
	}
}
