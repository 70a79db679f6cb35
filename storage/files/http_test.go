package files_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/storage/files"
)

const allScopes = "storage.private.* storage.user.* storage.shared.*"

// identify takes tokens of the form tenant|app|user|scopes as they are.
func identify(token string) *cpodkit.Identity {
	part := strings.Split(token, "|")
	return &cpodkit.Identity{TenantID: part[0], AppID: part[1], UserID: part[2], Scopes: cpodkit.ParseScopes(part[3])}
}

const (
	alice     = "t1|a1|alice|" + allScopes
	bob       = "t1|a1|bob|" + allScopes
	otherApp  = "t1|a2|alice|" + allScopes
	outsider  = "t2|a1|alice|" + allScopes
	noUser    = "t1|a1||" + allScopes
	readOnly  = "t1|a1|alice|storage.private.read"
	writeOnly = "t1|a1|alice|storage.private.write"
)

// server is a whole server of files.
type server struct {
	testing.TB
	handler http.Handler
	store   *files.Store
}

func serve(t testing.TB, driver files.Driver, opts ...files.Option) *server {
	t.Helper()
	store, err := files.New(driver, append([]files.Option{files.WithPublicURL("https://files.test/")}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return &server{t, webtest.Handler(store.Routes(), webtest.Find(identify).Authenticate), store}
}

// call sends one request. header alternates names and values.
func (s *server) call(token, method, target, body string, header ...string) *webtest.Answer {
	s.Helper()
	return webtest.Call(s, s.handler, method, target, token, body, header...)
}

// put stores a file, which must work.
func (s *server) put(token, target, body string, header ...string) answer {
	s.Helper()
	w := s.call(token, "PUT", target, body, header...)
	if w.Code != http.StatusOK && w.Code != http.StatusCreated {
		s.Fatalf("PUT %s = %d %s", target, w.Code, w.Body)
	}
	return webtest.Decode[answer](s, w)
}

type answer struct {
	Key, Tier, App, ETag, ContentType, LastModified string
	Size                                            int64
}

type listAnswer struct {
	Items      []answer
	Prefixes   []string
	NextCursor string
}

func (l listAnswer) keys() string {
	var keys []string
	for _, item := range l.Items {
		keys = append(keys, item.Key)
	}
	return strings.Join(append(keys, l.Prefixes...), " ")
}

func wantHeader(t testing.TB, h http.Header, name, want string) {
	t.Helper()
	if got := h.Get(name); got != want {
		t.Errorf("%s = %q; want %q", name, got, want)
	}
}

// wantProblem checks the code of an error, and that its text gives nothing away.
func wantProblem(t testing.TB, a *webtest.Answer, code cpodkit.Code) {
	t.Helper()
	a.WantProblem(t, code)
	for _, secret := range []string{"objects", "openat", "/tmp/", "t2", "goroutine"} {
		if strings.Contains(a.Detail(t), secret) {
			t.Errorf("%s: it gives %q away", a, secret)
		}
	}
}

func TestWriteAndRead(t *testing.T) {
	t.Parallel()
	s := serve(t, files.NewMemory())
	w := s.call(alice, "PUT", "/v1/storage/files/config/settings.json", `{"a":1}`, "Content-Type", "application/json")
	written := webtest.Decode[answer](t, w)
	if w.Code != http.StatusOK || written.Key != "config/settings.json" || written.Tier != "private" || written.Size != 7 ||
		written.ContentType != "application/json" || !strings.HasSuffix(written.LastModified, "Z") {
		t.Errorf("PUT = %d %+v", w.Code, written)
	}
	wantHeader(t, w.Header(), "ETag", `"`+written.ETag+`"`)
	for _, method := range []string{"GET", "HEAD"} {
		w = s.call(alice, method, "/v1/storage/files/config/settings.json", "")
		if w.Code != http.StatusOK {
			t.Fatalf("%s = %d %s", method, w.Code, w.Body)
		}
		for name, want := range map[string]string{
			"Content-Type": "application/json", "Content-Length": "7", "ETag": `"` + written.ETag + `"`,
			"Accept-Ranges": "bytes", "X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-cache",
			"Content-Disposition":     "inline; filename=settings.json",
			"Content-Security-Policy": "default-src 'none'; sandbox",
		} {
			wantHeader(t, w.Header(), name, want)
		}
		if _, err := http.ParseTime(w.Header().Get("Last-Modified")); err != nil {
			t.Errorf("%s: Last-Modified: %v", method, err)
		}
		if want := map[string]string{"GET": `{"a":1}`}[method]; w.Body.String() != want {
			t.Errorf("%s = %q; want %q", method, w.Body, want)
		}
	}
	for range 2 {
		if w := s.call(alice, "DELETE", "/v1/storage/files/config/settings.json", ""); w.Code != http.StatusNoContent {
			t.Errorf("DELETE = %d %s", w.Code, w.Body)
		}
	}
	wantProblem(t, s.call(alice, "GET", "/v1/storage/files/config/settings.json", ""), cpodkit.CodeNotFound)
}

func TestKeysInPaths(t *testing.T) {
	t.Parallel()
	s := serve(t, files.NewMemory())
	for path, key := range map[string]string{
		"a%2Fb":                  "a/b",
		"a%20b%25.txt":           "a b%.txt",
		"%E6%97%A5/%F0%9F%99%82": "日/🙂",
		"q%3Fx=1%23y":            "q?x=1#y",
		"a+b":                    "a+b",
		"..a/...":                "..a/...",
	} {
		if got := s.put(alice, "/v1/storage/files/"+path, "x"); got.Key != key {
			t.Errorf("PUT %s wrote %q; want %q", path, got.Key, key)
		}
		if w := s.call(alice, "GET", "/v1/storage/files/"+path, ""); w.Body.String() != "x" {
			t.Errorf("GET %s = %d %s", path, w.Code, w.Body)
		}
	}
}

func TestConditionalWrites(t *testing.T) {
	t.Parallel()
	s := serve(t, files.NewMemory())
	const target = "/v1/storage/files/x"
	w := s.call(alice, "PUT", target, "one", "If-None-Match", "*")
	if w.Code != http.StatusCreated {
		t.Fatalf("PUT = %d %s", w.Code, w.Body)
	}
	tag := w.Header().Get("ETag")
	wantProblem(t, s.call(alice, "PUT", target, "two", "If-None-Match", "*"), cpodkit.CodePreconditionFailed)
	wantProblem(t, s.call(alice, "PUT", target, "two", "If-Match", `"another"`), cpodkit.CodePreconditionFailed)
	wantProblem(t, s.call(alice, "PUT", target, "two", "If-Match", "W/"+tag), cpodkit.CodePreconditionFailed)
	wantProblem(t, s.call(alice, "PUT", target+"y", "two", "If-Match", "*"), cpodkit.CodePreconditionFailed)
	s.put(alice, target, "two", "If-Match", tag)
	wantProblem(t, s.call(alice, "PUT", target, "three", "If-Match", tag), cpodkit.CodePreconditionFailed)
	s.put(alice, target, "three", "If-Match", "*")
	for _, none := range []string{`"*"`, `""`, `W/"*"`} { // tags that nothing has
		wantProblem(t, s.call(alice, "PUT", target, "four", "If-Match", none), cpodkit.CodePreconditionFailed)
	}
	s.put(alice, target, "three", "If-Match", " * ")
	for name, header := range map[string][]string{
		"an ETag not to match": {"If-None-Match", tag},
		"two stars":            {"If-None-Match", "*", "If-None-Match", "*"},
		"a bare word":          {"If-Match", "abc"},
		"tag and absent":       {"If-Match", tag, "If-None-Match", "*"},
		"star and absent":      {"If-Match", "*", "If-None-Match", "*"},
		"two tags":             {"If-Match", `"a", "b"`},
		"two headers":          {"If-Match", `"a"`, "If-Match", `"b"`},
		"a date":               {"If-Unmodified-Since", "Fri, 02 Jan 2026 15:04:05 GMT"},
		"a part":               {"Content-Range", "bytes 0-1/3"},
	} {
		t.Run(name, func(t *testing.T) {
			wantProblem(t, s.call(alice, "PUT", target, "four", header...), cpodkit.CodeBadRequest)
		})
	}
	wantProblem(t, s.call(alice, "DELETE", target, "", "If-Match", tag), cpodkit.CodeBadRequest)
	if w := s.call(alice, "GET", target, ""); w.Body.String() != "three" {
		t.Errorf("the file holds %q", w.Body)
	}
}

func TestContentTypes(t *testing.T) {
	t.Parallel()
	s := serve(t, files.NewMemory())
	for _, c := range []struct{ sent, want, disposition string }{
		{"", "application/octet-stream", "attachment"},
		{"text/plain; charset=utf-8", "text/plain; charset=utf-8", "inline"},
		{"image/png", "image/png", "inline"},
		{"IMAGE/PNG", "IMAGE/PNG", "inline"},
		{"text/html", "text/html", "attachment"},
		{"image/svg+xml", "image/svg+xml", "attachment"},
		{"application/xhtml+xml", "application/xhtml+xml", "attachment"},
		{"text/javascript", "text/javascript", "attachment"},
		{"application/pdf", "application/pdf", "attachment"},
		{"multipart/related; boundary=x", "multipart/related; boundary=x", "attachment"},
		{"made/up-tomorrow", "made/up-tomorrow", "attachment"},
	} {
		t.Run(c.sent, func(t *testing.T) {
			var header []string
			if c.sent != "" {
				header = []string{"Content-Type", c.sent}
			}
			if got := s.put(alice, "/v1/storage/files/typed", "<script>alert(1)</script>", header...); got.ContentType != c.want {
				t.Errorf("PUT kept %q; want %q", got.ContentType, c.want)
			}
			w := s.call(alice, "GET", "/v1/storage/files/typed", "")
			wantHeader(t, w.Header(), "Content-Type", c.want)
			wantHeader(t, w.Header(), "Content-Disposition", c.disposition+"; filename=typed")
			wantHeader(t, w.Header(), "X-Content-Type-Options", "nosniff")
		})
	}
	for _, bad := range []string{
		"text", "/", "text/", "/plain", "text/plain; charset", "text/plain, text/html", "a b/c", "text/pläin",
		"text/plain\r\nX-Evil: 1", "text/\x00plain", "text/" + strings.Repeat("x", 255), "text/plain; a=1; a=2",
		"*/*", "text/*", "image/*; q=1", "*/plain",
	} {
		wantProblem(t, s.call(alice, "PUT", "/v1/storage/files/bad", "x", "Content-Type", bad), cpodkit.CodeUnsupportedMediaType)
	}
	wantProblem(t, s.call(alice, "PUT", "/v1/storage/files/bad", "x", "Content-Encoding", "gzip"), cpodkit.CodeUnsupportedMediaType)
	wantProblem(t, s.call(alice, "PUT", "/v1/storage/files/bad", "x", "Content-Type", "a/b", "Content-Type", "a/c"),
		cpodkit.CodeUnsupportedMediaType)
	wantProblem(t, s.call(alice, "GET", "/v1/storage/files/bad", ""), cpodkit.CodeNotFound)
}

func TestFileNames(t *testing.T) {
	t.Parallel()
	s := serve(t, files.NewMemory())
	for path, want := range map[string]string{
		"exports/report.pdf":         "attachment; filename=report.pdf",
		"my%20file.bin":              `attachment; filename="my file.bin"`,
		"a%22;%20filename=evil.html": `attachment; filename="a_; filename=evil.html"; filename*=UTF-8''a%22%3B%20filename%3Devil.html`,
		"%E6%97%A5.bin":              "attachment; filename=_.bin; filename*=UTF-8''%E6%97%A5.bin",
		"back%5Cslash":               `attachment; filename=back_slash; filename*=UTF-8''back%5Cslash`,
		"50%2525.pdf":                `attachment; filename=50_25.pdf; filename*=UTF-8''50%2525.pdf`,
		"50%25.pdf":                  `attachment; filename=50%.pdf`,
		"50%25%20off,%20now.pdf":     `attachment; filename="50% off, now.pdf"`,
		"na%C3%AFve%20%22x%22.txt":   `attachment; filename="na_ve _x_.txt"; filename*=UTF-8''na%C3%AFve%20%22x%22.txt`,
	} {
		s.put(alice, "/v1/storage/files/"+path, "x")
		wantHeader(t, s.call(alice, "GET", "/v1/storage/files/"+path, "").Header(), "Content-Disposition", want)
	}
}

func TestTiers(t *testing.T) {
	t.Parallel()
	s := serve(t, files.NewMemory())
	for _, tier := range []string{"", "?tier=private", "?tier=user", "?tier=shared"} {
		s.put(alice, "/v1/storage/files/same/key"+tier, "by alice in "+tier)
	}
	for _, c := range []struct {
		who, token, tier, want string
	}{
		{"alice", alice, "", "by alice in ?tier=private"},
		{"alice", alice, "?tier=user", "by alice in ?tier=user"},
		{"alice", alice, "?tier=shared", "by alice in ?tier=shared"},
		{"bob", bob, "", "by alice in ?tier=private"},
		{"bob", bob, "?tier=user", ""},
		{"another app", otherApp, "", ""},
		{"another app", otherApp, "?tier=shared", "by alice in ?tier=shared"},
		{"an outsider", outsider, "", ""},
		{"an outsider", outsider, "?tier=user", ""},
		{"an outsider", outsider, "?tier=shared", ""},
	} {
		t.Run(c.who+c.tier, func(t *testing.T) {
			w := s.call(c.token, "GET", "/v1/storage/files/same/key"+c.tier, "")
			if c.want != "" {
				if w.Body.String() != c.want {
					t.Errorf("GET = %d %s; want %q", w.Code, w.Body, c.want)
				}
				return
			}
			wantProblem(t, w, cpodkit.CodeNotFound)
			query := strings.Replace(c.tier, "?", "&", 1)
			l := webtest.Decode[listAnswer](t, s.call(c.token, "GET", "/v1/storage/files?limit=500"+query, ""))
			if len(l.Items) > 0 {
				t.Errorf("List = %+v", l)
			}
			if w := s.call(c.token, "DELETE", "/v1/storage/files/same/key"+c.tier, ""); w.Code != http.StatusNoContent {
				t.Errorf("DELETE = %d %s", w.Code, w.Body)
			}
		})
	}
	if w := s.call(alice, "GET", "/v1/storage/files/same/key", ""); w.Code != http.StatusOK {
		t.Errorf("somebody else deleted it: %d", w.Code)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s := serve(t, files.NewMemory(), files.WithMaxSize(10))
	s.put(alice, "/v1/storage/files/ok", "0123456789")
	const file, list, urls = "/v1/storage/files/ok", "/v1/storage/files", "/v1/storage/file-urls"
	for _, c := range []struct {
		name, token, method, target, body string
		want                              cpodkit.Code
	}{
		{"no token", "", "GET", file, "", cpodkit.CodeMissingToken},
		{"no token, list", "", "GET", list, "", cpodkit.CodeMissingToken},
		{"no token, url", "", "POST", urls, `{"key":"ok"}`, cpodkit.CodeMissingToken},
		{"no write scope", readOnly, "PUT", file, "x", cpodkit.CodeInvalidScope},
		{"no write scope, delete", readOnly, "DELETE", file, "", cpodkit.CodeInvalidScope},
		{"no write scope, url", readOnly, "POST", urls, `{"key":"ok","method":"PUT"}`, cpodkit.CodeInvalidScope},
		{"no read scope", writeOnly, "GET", file, "", cpodkit.CodeInvalidScope},
		{"no read scope, list", writeOnly, "GET", list, "", cpodkit.CodeInvalidScope},
		{"no read scope, url", writeOnly, "POST", urls, `{"key":"ok"}`, cpodkit.CodeInvalidScope},
		{"no scope of the tier", readOnly, "GET", file + "?tier=shared", "", cpodkit.CodeInvalidScope},
		{"no user", noUser, "GET", file + "?tier=user", "", cpodkit.CodeUserRequired},
		{"no user, url", noUser, "POST", urls, `{"key":"ok","tier":"user"}`, cpodkit.CodeUserRequired},
		{"unknown tier", alice, "GET", file + "?tier=mine", "", cpodkit.CodeBadRequest},
		{"tier twice", alice, "GET", file + "?tier=private&tier=shared", "", cpodkit.CodeBadRequest},
		{"app in the private tier", alice, "GET", file + "?app=a2", "", cpodkit.CodeBadRequest},
		{"app in the user tier without a user", noUser, "GET", file + "?tier=user&app=a2", "", cpodkit.CodeUserRequired},
		{"broken query", alice, "GET", file + "?tier=%zz", "", cpodkit.CodeBadRequest},
		{"empty key", alice, "PUT", "/v1/storage/files/", "x", cpodkit.CodeInvalidKey},
		{"empty key, read", alice, "GET", "/v1/storage/files/", "", cpodkit.CodeInvalidKey},
		{"slash at the end", alice, "PUT", "/v1/storage/files/a/", "x", cpodkit.CodeInvalidKey},
		{"dot segment", alice, "PUT", "/v1/storage/files/a/../b", "x", cpodkit.CodeInvalidKey},
		{"encoded dot segment", alice, "GET", "/v1/storage/files/%2e%2e/%2e%2e/x", "", cpodkit.CodeInvalidKey},
		{"encoded slashes", alice, "GET", "/v1/storage/files/a%2F..%2Fb", "", cpodkit.CodeInvalidKey},
		{"double slash", alice, "GET", "/v1/storage/files/a//b", "", cpodkit.CodeInvalidKey},
		{"NUL", alice, "PUT", "/v1/storage/files/a%00b", "x", cpodkit.CodeInvalidKey},
		{"newline", alice, "PUT", "/v1/storage/files/a%0Ab", "x", cpodkit.CodeInvalidKey},
		{"not UTF-8", alice, "PUT", "/v1/storage/files/%ff", "x", cpodkit.CodeInvalidKey},
		{"long segment", alice, "PUT", "/v1/storage/files/" + strings.Repeat("x", 201), "x", cpodkit.CodeInvalidKey},
		{"long key", alice, "PUT", "/v1/storage/files/" + strings.Repeat("x/", 350) + "x", "x", cpodkit.CodeInvalidKey},
		{"missing", alice, "GET", "/v1/storage/files/none", "", cpodkit.CodeNotFound},
		{"missing folder", alice, "GET", "/v1/storage/files/none/none", "", cpodkit.CodeNotFound},
		{"wrong method", alice, "POST", file, "x", cpodkit.CodeMethodNotAllowed},
		{"wrong method, url", alice, "GET", urls, "", cpodkit.CodeMethodNotAllowed},
		{"too large", alice, "PUT", file, "0123456789a", cpodkit.CodePayloadTooLarge},
		{"limit 0", alice, "GET", list + "?limit=0", "", cpodkit.CodeBadRequest},
		{"limit 501", alice, "GET", list + "?limit=501", "", cpodkit.CodeBadRequest},
		{"limit no number", alice, "GET", list + "?limit=ten", "", cpodkit.CodeBadRequest},
		{"limit twice", alice, "GET", list + "?limit=1&limit=2", "", cpodkit.CodeBadRequest},
		{"delimiter", alice, "GET", list + "?delimiter=-", "", cpodkit.CodeBadRequest},
		{"no delimiter", alice, "GET", list + "?delimiter=", "", cpodkit.CodeBadRequest},
		{"prefix twice", alice, "GET", list + "?prefix=a&prefix=b", "", cpodkit.CodeBadRequest},
		{"prefix with dots", alice, "GET", list + "?prefix=../", "", cpodkit.CodeInvalidKey},
		{"prefix from the root", alice, "GET", list + "?prefix=/", "", cpodkit.CodeInvalidKey},
		{"cursor", alice, "GET", list + "?cursor=abc", "", cpodkit.CodeInvalidCursor},
		{"empty cursor", alice, "GET", list + "?cursor=", "", cpodkit.CodeInvalidCursor},
		{"long cursor", alice, "GET", list + "?cursor=" + strings.Repeat("A", 5000), "", cpodkit.CodeInvalidCursor},
		{"url: broken JSON", alice, "POST", urls, `{"key":`, cpodkit.CodeBadRequest},
		{"url: no key", alice, "POST", urls, `{}`, cpodkit.CodeValidationFailed},
		{"url: empty key", alice, "POST", urls, `{"key":""}`, cpodkit.CodeInvalidKey},
		{"url: bad key", alice, "POST", urls, `{"key":"../x"}`, cpodkit.CodeInvalidKey},
		{"url: unknown member", alice, "POST", urls, `{"key":"ok","ttl":1}`, cpodkit.CodeValidationFailed},
		{"url: wrong type", alice, "POST", urls, `{"key":1}`, cpodkit.CodeValidationFailed},
		{"url: tier", alice, "POST", urls, `{"key":"ok","tier":"mine"}`, cpodkit.CodeValidationFailed},
		{"url: method", alice, "POST", urls, `{"key":"ok","method":"DELETE"}`, cpodkit.CodeValidationFailed},
		{"url: empty method", alice, "POST", urls, `{"key":"ok","method":""}`, cpodkit.CodeValidationFailed},
		{"url: expires never", alice, "POST", urls, `{"key":"ok","expiresIn":0}`, cpodkit.CodeValidationFailed},
		{"url: expired before", alice, "POST", urls, `{"key":"ok","expiresIn":-5}`, cpodkit.CodeValidationFailed},
		{"url: expires late", alice, "POST", urls, `{"key":"ok","expiresIn":604801}`, cpodkit.CodeValidationFailed},
		{"url: expires very late", alice, "POST", urls, `{"key":"ok","expiresIn":9223372036854775807}`, cpodkit.CodeValidationFailed},
		{"url: tier in the query", alice, "POST", urls + "?tier=shared", `{"key":"ok"}`, cpodkit.CodeBadRequest},
		{"signed: nonsense", "", "GET", "/v1/storage/signed/abc", "", cpodkit.CodeForbidden},
		{"signed: wrong method", "", "DELETE", "/v1/storage/signed/abc", "", cpodkit.CodeMethodNotAllowed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			wantProblem(t, s.call(c.token, c.method, c.target, c.body), c.want)
		})
	}
	t.Run("url: form", func(t *testing.T) {
		t.Parallel()
		w := s.call(alice, "POST", urls, "key=ok", "Content-Type", "application/x-www-form-urlencoded")
		wantProblem(t, w, cpodkit.CodeUnsupportedMediaType)
	})
	t.Run("too large without a length", func(t *testing.T) {
		t.Parallel()
		r := httptest.NewRequest("PUT", "/v1/storage/files/chunked", io.MultiReader(strings.NewReader("0123456789a")))
		r.Header.Set("Authorization", "Bearer "+alice)
		wantProblem(t, webtest.Serve(s.handler, r, "11 bytes"), cpodkit.CodePayloadTooLarge)
		wantProblem(t, s.call(alice, "GET", "/v1/storage/files/chunked", ""), cpodkit.CodeNotFound)
	})
}
