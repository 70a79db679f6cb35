package files_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/seal"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/files"
)

type urlAnswer struct {
	URL, Method string
	ExpiresAt   time.Time
}

// sign returns the path of a signed URL.
func (s *server) sign(token, body string) string {
	s.Helper()
	w := s.call(token, "POST", "/v1/storage/file-urls", body)
	if w.Code != http.StatusOK {
		s.Fatalf("POST file-urls %s = %d %s", body, w.Code, w.Body)
	}
	path, ok := strings.CutPrefix(webtest.Decode[urlAnswer](s, w).URL, "https://files.test")
	if !ok || !strings.HasPrefix(path, "/v1/storage/signed/") {
		s.Fatalf("the URL is %s", w.Body)
	}
	return path
}

func TestSignedURL(t *testing.T) {
	t.Parallel()
	s := serve(t, files.NewMemory(), files.WithMaxSize(20))
	s.put(alice, "/v1/storage/files/exports/report.html?tier=user", "<h1>report</h1>", "Content-Type", "text/html")
	read := s.sign(alice, `{"key":"exports/report.html","tier":"user"}`)
	for _, method := range []string{"GET", "HEAD"} {
		w := s.call("", method, read, "")
		if w.Code != http.StatusOK || method == "GET" && w.Body.String() != "<h1>report</h1>" {
			t.Errorf("%s = %d %s", method, w.Code, w.Body)
		}
		for name, want := range map[string]string{
			"Content-Type": "text/html", "Content-Disposition": "attachment; filename=report.html",
			"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox",
			"Referrer-Policy": "no-referrer", "Accept-Ranges": "bytes",
		} {
			wantHeader(t, w.Header(), name, want)
		}
	}
	if w := s.call("", "GET", read, "", "Range", "bytes=1-2"); w.Code != http.StatusPartialContent || w.Body.String() != "h1" {
		t.Errorf("GET of a range = %d %s", w.Code, w.Body)
	}
	if w := s.call(outsider, "GET", read+"?tier=shared&app=x", ""); w.Body.String() != "<h1>report</h1>" {
		t.Errorf("GET with somebody's token = %d %s; the URL alone counts", w.Code, w.Body)
	}

	write := s.sign(alice, `{"key":"upload/new","method":"PUT","expiresIn":60}`)
	w := s.call("", "PUT", write, "uploaded", "Content-Type", "text/plain", "If-None-Match", "*")
	got := webtest.Decode[answer](t, w)
	if w.Code != http.StatusCreated || got.Key != "upload/new" || got.Tier != "private" || got.Size != 8 {
		t.Errorf("PUT = %d %s", w.Code, w.Body)
	}
	wantProblem(t, s.call("", "PUT", write, "again", "If-None-Match", "*"), cpodkit.CodePreconditionFailed)
	wantProblem(t, s.call("", "PUT", write, "x", "Content-Type", "nonsense"), cpodkit.CodeUnsupportedMediaType)
	wantProblem(t, s.call("", "PUT", write, strings.Repeat("x", 21)), cpodkit.CodePayloadTooLarge)
	if w := s.call(alice, "GET", "/v1/storage/files/upload/new", ""); w.Body.String() != "uploaded" {
		t.Errorf("the file holds %q", w.Body)
	}
	wantProblem(t, s.call("", "PUT", read, "x"), cpodkit.CodeForbidden)
	wantProblem(t, s.call("", "GET", write, ""), cpodkit.CodeForbidden)
	wantProblem(t, s.call("", "HEAD", write, ""), cpodkit.CodeForbidden)
	wantProblem(t, s.call("", "GET", s.sign(alice, `{"key":"none"}`), ""), cpodkit.CodeNotFound)
}

// The record of a request by a signed URL names the app that made the URL, also for
// another app's file, and no app where the URL is refused.
func TestSignedURLNamesItsApp(t *testing.T) {
	t.Parallel()
	s := serve(t, files.NewMemory())
	for _, app := range []string{"a1", "cpod:admin", "a/\x00%2F"} {
		h := s.store.For(cpodkit.Identity{TenantID: "t", AppID: app, TokenID: "x\x00y", Scopes: cpodkit.Scopes{"storage.shared.*"}})
		signed, err := h.Tier(storage.Shared).SignURL(t.Context(), "x", files.URLOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for method, want := range map[string]string{http.MethodGet: app, http.MethodPut: ""} {
			ctx, record := cpodkit.WithRecord(t.Context(), "r", cpodkit.ServerInfo{})
			s.handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, method, signed.URL, nil))
			if record.ClientID() != want {
				t.Errorf("%s by a URL of %q: the record names %q, want %q", method, app, record.ClientID(), want)
			}
			maker := cpodkit.Identity{}
			if m := record.URLMaker(); m != nil {
				maker = *m
			}
			if maker.AppID != want || want != "" && (maker.TenantID != "t" || maker.TokenID != "x\x00y") {
				t.Errorf("%s by a URL of %q: the record has the maker %+v", method, app, maker)
			}
		}
	}
}

func TestBentURL(t *testing.T) {
	t.Parallel()
	s := serve(t, files.NewMemory())
	s.put(alice, "/v1/storage/files/x", "x")
	path := s.sign(alice, `{"key":"x"}`)
	for i := len("/v1/storage/signed/"); i < len(path); i++ {
		bent := []byte(path)
		bent[i] ^= 1
		if w := s.call("", "GET", string(bent), ""); w.Code == http.StatusOK {
			t.Errorf("the URL bent at %d works", i)
		}
	}
	wantProblem(t, s.call("", "GET", path+"A", ""), cpodkit.CodeForbidden)
	wantProblem(t, s.call("", "GET", path[:len(path)-1], ""), cpodkit.CodeForbidden)
	wantProblem(t, s.call("", "GET", "/v1/storage/signed/"+strings.Repeat("A", 5000), ""), cpodkit.CodeForbidden)
	wantProblem(t, serve(t, files.NewMemory()).call("", "GET", path, ""), cpodkit.CodeForbidden)
	cursor := webtest.Decode[listAnswer](t, func() *server { s.put(alice, "/v1/storage/files/y", "y"); return s }().
		call(alice, "GET", "/v1/storage/files?limit=1", "")).NextCursor
	wantProblem(t, s.call("", "GET", "/v1/storage/signed/"+cursor, ""), cpodkit.CodeForbidden)
}

func TestURLExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, files.NewMemory())
		s.put(alice, "/v1/storage/files/x", "x")
		for body, expiry := range map[string]time.Duration{
			`{"key":"x"}`:                      time.Hour,
			`{"key":"x","expiresIn":1}`:        time.Second,
			`{"key":"x","expiresIn":604800}`:   7 * 24 * time.Hour,
			`{"key":"x","method":"GET"}`:       time.Hour,
			`{"key":"x","tier":"private"}`:     time.Hour,
			`{"key":"x","expiresIn":3600}`:     time.Hour,
			`{"key":"x", "expiresIn" : 86400}`: 24 * time.Hour,
		} {
			signed := webtest.Decode[urlAnswer](t, s.call(alice, "POST", "/v1/storage/file-urls", body))
			if want := time.Now().Add(expiry); !signed.ExpiresAt.Equal(want) || signed.Method != "GET" {
				t.Errorf("%s = %+v; want it to expire at %v", body, signed, want)
			}
			path := strings.TrimPrefix(signed.URL, "https://files.test")
			time.Sleep(expiry - time.Millisecond)
			if w := s.call("", "GET", path, ""); w.Code != http.StatusOK {
				t.Errorf("%s: just before the end GET = %d %s", body, w.Code, w.Body)
			}
			time.Sleep(time.Millisecond)
			wantProblem(t, s.call("", "GET", path, ""), cpodkit.CodeForbidden)
		}
	})
}

func TestNoPublicURL(t *testing.T) {
	t.Parallel()
	store, err := files.New(files.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	cpodkit.Mount(mux, store.Routes(), cpodkit.WrapProtected(webtest.Find(identify).Authenticate))
	s := &server{t, mux, store}
	w := s.call(alice, "POST", "/v1/storage/file-urls", `{"key":"x"}`, "X-Forwarded-Host", "evil.test")
	wantProblem(t, w, cpodkit.CodeNotSupported)
}

// presigner is a driver whose store signs.
type presigner struct {
	files.Driver
	err error
}

func (p presigner) PresignURL(_ context.Context, name, method string, ttl time.Duration) (string, error) {
	return "https://store.test/" + name + "?" + method + "&" + ttl.String(), p.err
}

func TestPresigner(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		err  error
		want string // the URL's beginning
		code cpodkit.Code
	}{
		{"signs", nil, "https://store.test/t/apps/a/x?PUT&1m0s", ""},
		{"cannot", cpodkit.CodeNotSupported, "https://files.test/v1/storage/signed/", ""},
		{"is down", cpodkit.CodeUnavailable, "", cpodkit.CodeUnavailable},
		{"fails", errors.New("no credentials"), "", cpodkit.CodeInternal},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, presigner{files.NewMemory(), c.err})
			h := s.store.For(cpodkit.Identity{TenantID: "t", AppID: "a", Scopes: cpodkit.Scopes{"storage.private.*"}})
			signed, err := h.SignURL(t.Context(), "x", files.URLOptions{Method: "PUT", ExpiresIn: time.Minute})
			if cpodkit.CodeOf(err) != c.code || !strings.HasPrefix(signed.URL, c.want) {
				t.Errorf("SignURL = %+v, %v; want %s, %q", signed, err, c.want, c.code)
			}
		})
	}
}

// No revocation ends what the store has signed, so it signs nothing for long
// where credentials end. How long the credential lives makes no difference.
func TestPresignerAndRevocation(t *testing.T) {
	t.Parallel()
	never := func(context.Context, files.URLMaker) (bool, error) { return false, nil }
	const store, server = "https://store.test/", "https://files.test/v1/storage/signed/"
	for _, c := range []struct {
		opts    []files.Option
		expires time.Duration // of the credential; 0 for never
		lasts   time.Duration
		want    string
	}{
		{nil, 0, files.MaxURLExpiry, store},
		{[]files.Option{files.WithRevoked(never)}, 0, time.Hour, store},
		{[]files.Option{files.WithRevoked(never)}, 0, time.Hour + time.Second, server},
		{[]files.Option{files.WithRevoked(never)}, 10 * time.Minute, time.Hour, store},
		{[]files.Option{files.WithRevoked(never)}, 10 * time.Minute, 2 * time.Hour, server},
		{[]files.Option{files.WithRevoked(never)}, 24 * time.Hour, 2 * time.Hour, server},
	} {
		s := serve(t, presigner{files.NewMemory(), nil}, c.opts...)
		id := cpodkit.Identity{TenantID: "t", AppID: "a", TokenID: "x.y", Scopes: cpodkit.Scopes{"storage.private.*"}}
		if c.expires > 0 {
			id.ExpiresAt = time.Now().Add(c.expires)
		}
		signed, err := s.store.For(id).SignURL(t.Context(), "x", files.URLOptions{ExpiresIn: c.lasts})
		if err != nil || !strings.HasPrefix(signed.URL, c.want) {
			t.Errorf("for %v: %s, %v; want %s", c.lasts, signed.URL, err, c.want)
		}
	}
	nowhere, err := files.New(presigner{files.NewMemory(), nil}, files.WithRevoked(never))
	if err != nil {
		t.Fatal(err)
	}
	h := nowhere.Trusted(storage.Owner{TenantID: "t", AppID: "a"})
	if _, err := h.SignURL(t.Context(), "x", files.URLOptions{ExpiresIn: 2 * time.Hour}); !errors.Is(err, cpodkit.CodeNotSupported) {
		t.Errorf("for two hours without a public URL: %v", err)
	}
}

// makers is somebody to ask about credentials.
type makers struct {
	asked []files.URLMaker
	ended bool
	err   error
}

func (m *makers) ask(_ context.Context, maker files.URLMaker) (bool, error) {
	m.asked = append(m.asked, maker)
	return m.ended, m.err
}

// Each use of a URL asks whether the credential that made it has ended.
func TestURLsEndWithTheirCredential(t *testing.T) {
	t.Parallel()
	var m makers
	s := serve(t, files.NewMemory(), files.WithRevoked(m.ask))
	scopes := cpodkit.ParseScopes(allScopes)
	token := cpodkit.Identity{TenantID: "t/1", AppID: "a1", UserID: "u", TokenID: "I.x\x00y", Issuer: "https://issuer", Scopes: scopes}
	key := cpodkit.Identity{TenantID: "t", AppID: "a\x00/ü", TokenID: "key-1", KeyDigest: "ff00", Scopes: scopes}
	for _, c := range []struct {
		id     cpodkit.Identity
		tier   storage.Tier
		method string
		scope  string
	}{
		{token, storage.Private, http.MethodGet, "storage.private.read"},
		{token, storage.User, http.MethodPut, "storage.user.write"},
		{token, storage.User, http.MethodGet, "storage.user.read"},
		{key, storage.Shared, http.MethodPut, "storage.shared.write"},
		{key, storage.Shared, http.MethodGet, "storage.shared.read"},
	} {
		signed, err := s.store.For(c.id).Tier(c.tier).SignURL(t.Context(), "x", files.URLOptions{Method: c.method})
		if err != nil {
			t.Fatal(err)
		}
		want := files.URLMaker{TenantID: c.id.TenantID, AppID: c.id.AppID, TokenID: c.id.TokenID, KeyDigest: c.id.KeyDigest, Scope: c.scope}
		path := strings.TrimPrefix(signed.URL, "https://files.test")
		for _, answer := range []struct {
			ended bool
			err   error
			code  cpodkit.Code
		}{
			{false, nil, ""},
			{true, nil, cpodkit.CodeForbidden},
			{true, cpodkit.CodeUnavailable, cpodkit.CodeUnavailable},
			{false, cpodkit.Errorf(cpodkit.CodeUnavailable, "Ask again."), cpodkit.CodeUnavailable},
			{false, errors.New("broken"), cpodkit.CodeInternal},
		} {
			m = makers{ended: answer.ended, err: answer.err}
			w := s.call("", c.method, path, "body")
			switch {
			case answer.code != "":
				wantProblem(t, w, answer.code)
			case w.Code != http.StatusOK && w.Code != http.StatusNotFound:
				t.Errorf("%s", w)
			}
			if len(m.asked) != 1 || m.asked[0] != want {
				t.Errorf("asked about %+v, want %+v", m.asked, want)
			}
		}
	}
	// Nobody made what trusted code has signed.
	signed, err := s.store.Trusted(storage.Owner{TenantID: "t", AppID: "a"}).SignURL(t.Context(), "x", files.URLOptions{Method: http.MethodPut})
	if err != nil {
		t.Fatal(err)
	}
	m = makers{ended: true}
	if w := s.call("", "PUT", strings.TrimPrefix(signed.URL, "https://files.test"), "x"); w.Code != http.StatusOK || m.asked != nil {
		t.Errorf("%s; asked about %+v", w, m.asked)
	}
}

// A URL that an older version made goes on to work until it expires, or its credential
// ends.
func TestURLFromBefore(t *testing.T) {
	t.Parallel()
	secret := make([]byte, 32)
	box, err := seal.New(secret, "files signed url")
	if err != nil {
		t.Fatal(err)
	}
	var m makers
	s := serve(t, files.NewMemory(), files.WithSecret(secret), files.WithRevoked(m.ask))
	s.put(alice, "/v1/storage/files/old", "x")
	maker := files.URLMaker{TenantID: "t1", IsOld: true, Scope: "storage.private.read"}
	for _, c := range []struct{ tail, app, id string }{
		{"jti-1", "", "jti-1"}, // before URLs named their app
		{"a1\x00INSTANCE.jti", "a1", "INSTANCE.jti"},
		{"cpod:admin\x00key-1", "cpod:admin", "key-1"},
		{"a%2F1\x00", "a/1", ""},
	} {
		token := box.Seal("GET", fmt.Appendf(nil, "%d\x00private\x00t1/apps/a1/\x00old\x00%s", time.Now().Add(time.Hour).UnixMilli(), c.tail))
		for _, ended := range []bool{false, true} {
			m = makers{ended: ended}
			w := s.call("", "GET", "/v1/storage/signed/"+token, "")
			if ended && c.id != "" {
				wantProblem(t, w, cpodkit.CodeForbidden)
			} else if w.Code != http.StatusOK || w.Body.String() != "x" {
				t.Errorf("%q: %d %s", c.tail, w.Code, w.Body)
			}
			maker.AppID, maker.TokenID = c.app, c.id
			if c.id != "" && (len(m.asked) != 1 || m.asked[0] != maker) || c.id == "" && m.asked != nil {
				t.Errorf("%q: asked about %+v, want %+v", c.tail, m.asked, maker)
			}
		}
	}
	for _, broken := range []string{"", "2", "2\x00", "x\x00private\x00t1/apps/a1/\x00old\x00a1\x00i", "2\x00x\x00private\x00t1/apps/a1/\x00old\x00a1\x00\x00i", "1\x00private"} {
		w := s.call("", "GET", "/v1/storage/signed/"+box.Seal("GET", []byte(broken)), "")
		wantProblem(t, w, cpodkit.CodeInternal)
	}
}
