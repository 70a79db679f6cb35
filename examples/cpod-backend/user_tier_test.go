package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/client"
)

// users calls a running server as any user of any app.
type users struct {
	*caller
	srv    *instance
	signer *authz.Signer
	suffix string // of all tenants, where tests share a server
	rounds int    // of what is done again and again
}

func startForUsers(t *testing.T) *users {
	t.Helper()
	srv := start(t, t.TempDir(), nil)
	return &users{newCaller(t, srv.url), srv, ringSigner(t, srv.dir), "", 60}
}

// as makes a token for "tenant|app|user", which is also its name.
func (u *users) as(t *testing.T, who string) string {
	t.Helper()
	if u.tokens[who] != "" {
		return who
	}
	id := strings.Split(who, "|")
	token, err := u.signer.Sign(authz.Claims{
		Issuer: u.srv.url, Audience: u.srv.url, Subject: id[1], ClientID: id[1], TokenID: rand.Text(),
		TenantID: id[0] + u.suffix, AppID: id[1], UserID: id[2],
		Scopes:   cpodkit.ParseScopes("storage.private.* storage.user.* storage.shared.*"),
		IssuedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	u.tokens[who] = token
	return who
}

// put stores body, which must work.
func (u *users) put(t *testing.T, who, target, body string) {
	t.Helper()
	if a := u.do(t, u.as(t, who), "PUT "+target, body); a.status >= 300 {
		t.Fatalf("%s as %s: %d %s", target, who, a.status, a.body)
	}
}

const (
	userFiles = "/v1/storage/files/"
	userDocs  = "/v1/storage/db/notes/"
)

// Several apps of one user, as the contract says it; and nobody else.
func TestUserTier(t *testing.T) {
	t.Parallel()
	userTier(t, startForUsers(t))
}

func userTier(t *testing.T, u *users) {
	t.Helper()
	const tier = "?tier=user"
	for _, put := range []struct{ who, keys string }{
		{"t1|a|ann", "mine both"}, {"t1|b|ann", "theirs both twice"}, {"t1|c/d|ann", "twice deep"},
		{"t1|b|bob", "bobs"}, {"t2|b|ann", "foreign both"}, {"t1|b|ann/apps/b", "foreign"}, {"t1|ann|b", "foreign"},
	} {
		for key := range strings.FieldsSeq(put.keys) {
			for _, at := range []string{userFiles, userDocs} {
				u.put(t, put.who, at+key+tier, fmt.Sprintf("%q", put.who))
			}
		}
	}
	for _, at := range []string{userFiles, userDocs} {
		for _, c := range []struct {
			who, key, query string
			want            string // whose, or a code
		}{
			{"t1|a|ann", "mine", "", "t1|a|ann"},
			{"t1|a|ann", "both", "", "t1|a|ann"},
			{"t1|b|ann", "both", "", "t1|b|ann"},
			{"t1|a|ann", "theirs", "", "t1|b|ann"},
			{"t1|a|ann", "deep", "", "t1|c/d|ann"},
			{"t1|new|ann", "mine", "", "t1|a|ann"},
			{"t1|new|ann", "both", "", "conflict"},
			{"t1|a|ann", "twice", "", "conflict"},
			{"t1|a|ann", "twice", "&app=b", "t1|b|ann"},
			{"t1|a|ann", "twice", "&app=c%2Fd", "t1|c/d|ann"},
			{"t1|a|ann", "both", "&app=a", "t1|a|ann"},
			{"t1|a|ann", "theirs", "&app=a", "not_found"},
			{"t1|a|ann", "theirs", "&app=*", "bad_request"},
			{"t1|a|ann", "theirs", "&app=", "bad_request"},
			{"t1|a|ann", "none", "", "not_found"},
			{"t1|a|ann", "bobs", "", "not_found"},
			{"t1|a|ann", "bobs", "&app=b", "not_found"},
			{"t1|a|ann", "foreign", "", "not_found"},
			{"t1|a|ann", "foreign", "&app=b", "not_found"},
			{"t1|a|bob", "mine", "", "not_found"},
			{"t1|a|bob", "bobs", "", "t1|b|bob"},
			{"t2|a|ann", "both", "", "t2|b|ann"},
			{"t2|a|ann", "mine", "", "not_found"},
			{"t2|a|ann", "mine", "&app=a", "not_found"},
			{"t1|a|", "mine", "", "user_required"},
			{"t1|a|", "mine", "&app=b", "user_required"},
		} {
			target := at + c.key + tier + c.query
			got := u.do(t, u.as(t, c.who), "GET "+target, "")
			if head := u.do(t, c.who, "HEAD "+target, ""); head.status != got.status || head.header.Get("ETag") != got.header.Get("ETag") {
				t.Errorf("%s as %s: HEAD is %d, GET %d", target, c.who, head.status, got.status)
			}
			if got.code == c.want || got.status == http.StatusOK && strings.Contains(got.body, `"`+c.want+`"`) {
				continue
			}
			t.Errorf("%s as %s: %d %s; want %s", target, c.who, got.status, got.body, c.want)
		}
		conflict := u.do(t, "t1|a|ann", "GET "+at+"twice"+tier, "").body
		if !strings.Contains(conflict, `\"b\", \"c/d\".`) || strings.Contains(conflict, "ann") || strings.Contains(conflict, "t1") {
			t.Errorf("the conflict tells %s", conflict)
		}
	}

	for _, c := range []struct{ call, body, want string }{
		{"PUT " + userFiles + "theirs?tier=user&app=b", "x", "bad_request"},
		{"DELETE " + userFiles + "theirs?tier=user&app=b", "", "bad_request"},
		{"PUT " + userDocs + "theirs?tier=user&app=b", "1", "bad_request"},
		{"DELETE " + userDocs + "theirs?tier=user&app=*", "", "bad_request"},
		{"POST " + userDocs + "batch?tier=user&app=b", `{"ops":[{"op":"delete","key":"theirs"}]}`, "bad_request"},
		{"POST " + userDocs + "query?app=*", `{}`, "bad_request"},
		{"POST " + userDocs + "query?tier=shared&app=b", `{}`, "bad_request"},
		{"GET /v1/storage/files?tier=shared&app=*", "", "bad_request"},
		{"GET " + userFiles + "mine?app=b", "", "bad_request"},
		{"POST /v1/storage/file-urls?tier=user&app=b", `{"key":"theirs"}`, "bad_request"},
		{"POST /v1/storage/file-urls", `{"key":"theirs","tier":"user","app":"b"}`, "validation_failed"},
		{"POST /v1/storage/file-urls", `{"key":"twice","tier":"user"}`, "conflict"},
		{"PUT " + userFiles + "theirs?tier=user", "x", ""}, // of its own
		{"PUT /v1/storage/kv/k?tier=user&app=b", `{"value":1}`, "bad_request"},
		{"GET /v1/storage/kv/k?tier=user&app=b", "", "bad_request"},
		{"GET /v1/storage/kv/k?tier=user&app=*", "", "bad_request"},
	} {
		if a := u.do(t, "t1|a|ann", c.call, c.body); a.code != c.want || c.want == "" && a.status >= 300 {
			t.Errorf("%s: %d %s; want %q", c.call, a.status, a.body, c.want)
		}
	}
	u.put(t, "t1|b|ann", "/v1/storage/kv/k?tier=user", `{"value":"theirs"}`)
	if a := u.do(t, "t1|a|ann", "GET /v1/storage/kv/k?tier=user", ""); a.code != "not_found" {
		t.Errorf("kv crosses apps: %d %s", a.status, a.body)
	}

	a := u.do(t, "t1|a|ann", "POST /v1/storage/file-urls", `{"key":"deep","tier":"user"}`)
	var signed struct{ URL string }
	if err := json.Unmarshal([]byte(a.body), &signed); err != nil {
		t.Fatalf("file-urls: %d %s", a.status, a.body)
	}
	if a := u.do(t, "", "GET "+strings.TrimPrefix(signed.URL, u.srv.url), ""); a.body != `"t1|c/d|ann"` {
		t.Errorf("the signed URL gives %d %s", a.status, a.body)
	}
}

// walk lists or queries page by page; the cursor alone carries the apps.
func (u *users) walk(t *testing.T, who, first string, page func(cursor string) (call, body string)) []string {
	t.Helper()
	var all []string
	call, body := first, ""
	if strings.HasPrefix(first, "POST") {
		call, body, _ = strings.Cut(first, "#")
	}
	for {
		a := u.do(t, u.as(t, who), call, body)
		var got struct {
			Items      []struct{ Key, App string }
			Prefixes   []string
			NextCursor string
		}
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.status != http.StatusOK || len(all) > 10_000 {
			t.Fatalf("%s: %d %.300s", call, a.status, a.body)
		}
		entries := got.Prefixes
		for _, item := range got.Items {
			entries = append(entries, item.Key+"\x00"+item.App)
		}
		slices.Sort(entries)
		all = append(all, entries...)
		if got.NextCursor == "" {
			return all
		}
		call, body = page(got.NextCursor)
	}
}

// On the disk and in SQLite too, lists and queries over all apps are in order,
// whatever the size of their pages.
func TestUserTierWalks(t *testing.T) {
	t.Parallel()
	userTierWalks(t, startForUsers(t))
}

func userTierWalks(t *testing.T, u *users) {
	t.Helper()
	rnd := mathrand.New(mathrand.NewPCG(1, 2))
	parts := []string{"a", "b", "a-", "a0", "0", "\U0010FFFF", "é", "aa"}
	apps := []string{"1", "2", "b/c", "B"}
	files, docs := map[string]bool{}, map[string]bool{}
	for range u.rounds {
		key, app := parts[rnd.IntN(len(parts))], apps[rnd.IntN(len(apps))]
		docs[key+"\x00"+app] = true
		u.put(t, "t1|"+app+"|u/apps/b", userDocs+url.PathEscape(key)+"?tier=user", fmt.Sprintf(`{"n":%d}`, len(key)%3))
		// A folder and a file cannot share a name on the disk, in one app.
		key = "d" + key
		for range rnd.IntN(3) {
			key += "/" + parts[rnd.IntN(len(parts))]
		}
		if a := u.do(t, u.as(t, "t1|"+app+"|u/apps/b"), "PUT "+userFiles+(&url.URL{Path: key}).EscapedPath()+"?tier=user", "x"); a.status == http.StatusOK {
			files[key+"\x00"+app] = true
		}
	}
	who := "t1|reader|u/apps/b"
	for _, prefix := range []string{"", "d", "da", "da/", "da-/"} {
		for _, delimiter := range []string{"", "/"} {
			var want []string
			for file := range files {
				rest, ok := strings.CutPrefix(file, prefix)
				if head, _, folded := strings.Cut(rest[:strings.IndexByte(rest, 0)+1], "/"); ok && folded && delimiter != "" {
					want = append(want, prefix+head+"/")
				} else if ok {
					want = append(want, file)
				}
			}
			slices.Sort(want)
			want = slices.Compact(want)
			limit := 1 + rnd.IntN(9)
			first := fmt.Sprintf("GET /v1/storage/files?tier=user&app=*&limit=%d&prefix=%s", limit, url.QueryEscape(prefix))
			if delimiter != "" {
				first += "&delimiter=%2F"
			}
			got := u.walk(t, who, first, func(cursor string) (string, string) {
				return fmt.Sprintf("GET /v1/storage/files?tier=user&limit=%d&cursor=%s", limit, cursor), ""
			})
			if !slices.Equal(got, want) {
				t.Errorf("%s:\n got %q\nwant %q", first, got, want)
			}
		}
	}
	for _, query := range []string{`"sort":{"n":1}`, `"sort":{"n":-1}`, `"filter":{"n":{"gte":0}}`} {
		var want []string
		for doc := range docs {
			want = append(want, doc)
		}
		group := func(doc string) int {
			key, _, _ := strings.Cut(doc, "\x00")
			switch {
			case strings.Contains(query, "-1"):
				return -(len(key) % 3)
			case strings.Contains(query, "sort"):
				return len(key) % 3
			}
			return 0
		}
		slices.SortFunc(want, func(a, b string) int {
			if c := group(a) - group(b); c != 0 {
				return c
			}
			return strings.Compare(a, b)
		})
		first := "POST " + userDocs + `query?tier=user&app=*#{"limit":1,` + query + "}" // a page of one is in order
		got := u.walk(t, who, first, func(cursor string) (string, string) {
			return "POST " + userDocs + "query?tier=user", `{"limit":1,"cursor":"` + cursor + `"}`
		})
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n got %q\nwant %q", first, got, want)
		}
	}
	for _, other := range []string{"t1|reader|u", "t1|reader|u/apps", "t2|reader|u/apps/b", "t1|u|apps/b", "t1|apps|b"} {
		got := u.walk(t, other, "GET /v1/storage/files?tier=user&app=*", nil)
		got = append(got, u.walk(t, other, "POST "+userDocs+"query?tier=user&app=*#{}", nil)...)
		if len(got) > 0 {
			t.Errorf("%s sees %q", other, got)
		}
	}
}

// A cursor is for who got it.
func TestUserTierCursors(t *testing.T) {
	t.Parallel()
	userTierCursors(t, startForUsers(t))
}

func userTierCursors(t *testing.T, u *users) {
	t.Helper()
	for _, app := range []string{"a", "b"} {
		for _, key := range []string{"1", "2", "3"} {
			u.put(t, "t1|"+app+"|ann", userFiles+key+"?tier=user", "x")
			u.put(t, "t1|"+app+"|ann", userDocs+key+"?tier=user", "1")
		}
	}
	for first, next := range map[string]func(cursor string) (call, body string){
		"GET /v1/storage/files?limit=2&tier=user&app=*#": func(cursor string) (string, string) {
			return "GET /v1/storage/files?tier=%s&cursor=" + cursor, ""
		},
		"POST " + userDocs + `query?tier=user&app=*#{"limit":2}`: func(cursor string) (string, string) {
			return "POST " + userDocs + "query?tier=%s", `{"cursor":"` + cursor + `"}`
		},
	} {
		call, body, _ := strings.Cut(first, "#")
		var page struct{ NextCursor string }
		if err := json.Unmarshal([]byte(u.do(t, u.as(t, "t1|a|ann"), call, body).body), &page); err != nil || page.NextCursor == "" {
			t.Fatalf("%s: %v", call, err)
		}
		call, body = next(page.NextCursor)
		if a := u.do(t, "t1|a|ann", fmt.Sprintf(call, "user"), body); strings.Count(a.body, `"app":"`) != 4 {
			t.Errorf("the next page is %d %s", a.status, a.body)
		}
		for _, who := range []string{"t1|b|ann", "t1|a|bob", "t2|a|ann"} {
			if a := u.do(t, u.as(t, who), fmt.Sprintf(call, "user"), body); a.code != "invalid_cursor" {
				t.Errorf("%s goes on: %d %s", who, a.status, a.body)
			}
		}
		if a := u.do(t, "t1|a|ann", fmt.Sprintf(call, "private"), body); a.code != "invalid_cursor" {
			t.Errorf("the private tier goes on: %d %s", a.status, a.body)
		}
	}
}

// What other apps write and delete meanwhile never fails a read.
func TestUserTierStorm(t *testing.T) {
	t.Parallel()
	userTierStorm(t, startForUsers(t))
}

func userTierStorm(t *testing.T, u *users) {
	t.Helper()
	u.put(t, "t1|steady|ann", userFiles+"steady?tier=user", "x")
	u.put(t, "t1|steady|ann", userDocs+"steady?tier=user", "1")
	writers := []string{u.as(t, "t1|w0|ann"), u.as(t, "t1|w1|ann"), u.as(t, "t1|w2|ann")}
	reader := u.as(t, "t1|reader|ann")
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for _, who := range writers {
		wg.Go(func() {
			for ctx.Err() == nil {
				for _, at := range []string{userFiles, userDocs} {
					u.do(t, who, "PUT "+at+"k?tier=user", "1")
					u.do(t, who, "DELETE "+at+"k?tier=user", "")
				}
			}
		})
	}
	for range u.rounds {
		for _, at := range []string{userFiles, userDocs} {
			switch a := u.do(t, reader, "GET "+at+"k?tier=user", ""); a.status {
			case http.StatusOK, http.StatusNotFound, http.StatusConflict:
			default:
				t.Errorf("GET %sk: %d %s", at, a.status, a.body)
			}
			if a := u.do(t, reader, "GET "+at+"steady?tier=user", ""); a.status != http.StatusOK {
				t.Errorf("GET %ssteady: %d %s", at, a.status, a.body)
			}
		}
		for call, body := range map[string]string{"GET /v1/storage/files?tier=user&app=*": "", "POST " + userDocs + "query?tier=user&app=*": "{}"} {
			if a := u.do(t, reader, call, body); a.status != http.StatusOK || !strings.Contains(a.body, `"app":"steady"`) {
				t.Errorf("%s: %d %s", call, a.status, a.body)
			}
		}
	}
	cancel()
	wg.Wait()
}

// The Go client, with tokens from the command line.
func TestUserTierThroughTheClient(t *testing.T) {
	t.Parallel()
	userTierThroughTheClient(t, start(t, t.TempDir(), nil))
}

func userTierThroughTheClient(t *testing.T, srv *instance) {
	t.Helper()
	ctx := t.Context()
	as := func(app string) (*client.Files, *client.Collection) {
		t.Helper()
		srv.register(t, app, "storage.user.read", "storage.user.write")
		token := srv.mustCommand(t, "token", "--app", app, "--user", "ann", "--scope", "storage.user.read storage.user.write")
		c := srv.client(t, client.Config{APIKey: strings.TrimSpace(token)})
		return c.Storage.Files.Tier(client.User), c.Storage.DB.Collection("notes").Tier(client.User)
	}
	files, docs := as("ours-a")
	otherFiles, otherDocs := as("ours-b")
	newFiles, newDocs := as("ours-c")
	for _, write := range []struct {
		files *client.Files
		docs  *client.Collection
		keys  []string
	}{{files, docs, []string{"both"}}, {otherFiles, otherDocs, []string{"both", "theirs"}}} {
		for _, key := range write.keys {
			if _, err := write.files.Write(ctx, key, strings.NewReader("content")); err != nil {
				t.Fatal(err)
			}
			if _, err := write.docs.Set(ctx, key, "value"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := readFile(t, files, "theirs"); got != "content" {
		t.Errorf("theirs is %q", got)
	}
	if got := readFile(t, newFiles.App("ours-a"), "both"); got != "content" {
		t.Errorf("both of ours-a is %q", got)
	}
	if _, err := newFiles.Stat(ctx, "both"); err == nil {
		t.Error("several are one")
	}
	if _, err := newFiles.Read(ctx, "both"); !isConflict(err) || !strings.Contains(err.Error(), `"ours-a", "ours-b"`) {
		t.Errorf("Read of several: %v", err)
	}
	if _, _, err := newDocs.Document(ctx, "both"); !isConflict(err) {
		t.Errorf("Document of several: %v", err)
	}
	var value string
	if found, err := newDocs.App("ours-b").Get(ctx, "both", &value); !found || err != nil || value != "value" {
		t.Errorf("both of ours-b is %q, %t, %v", value, found, err)
	}
	var got []string
	for file, err := range newFiles.AllApps().All(ctx, "") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, file.Key+" "+file.App)
	}
	for d, err := range newDocs.AllApps().All(ctx, client.Query{Limit: 1, Sort: client.Sort{client.Desc("x")}}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, d.Key+" "+d.App)
	}
	if want := []string{"both ours-a", "both ours-b", "theirs ours-b", "both ours-a", "both ours-b", "theirs ours-b"}; !slices.Equal(got, want) {
		t.Errorf("all apps have %q; want %q", got, want)
	}
	if err := files.Delete(ctx, "theirs"); err != nil {
		t.Fatal(err)
	}
	if got := readFile(t, files, "theirs"); got != "content" {
		t.Errorf("after our delete theirs is %q", got)
	}
}

func isConflict(err error) bool {
	_, ok := errors.AsType[*client.ConflictError](err)
	return ok
}
