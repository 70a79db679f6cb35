package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/api/apitest"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/oauth"
)

// caller sends raw requests, with every answer held against the OpenAPI
// document.
type caller struct {
	base   string
	client *http.Client
	tokens map[string]string
}

type answer struct {
	status int
	header http.Header
	body   string
	code   string // of a problem, or the error of OAuth
}

// do sends "METHOD /path" as the holder of a token, without cleaning the path
// and without following a redirect.
func (c *caller) do(t *testing.T, who, call, body string, headers ...string) answer {
	t.Helper()
	method, target, _ := strings.Cut(call, " ")
	r, err := http.NewRequestWithContext(t.Context(), method, c.base, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	path, query, _ := strings.Cut(target, "?")
	r.URL.Opaque, r.URL.RawQuery = path, query
	if token := c.tokens[who]; token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := c.client.Do(r)
	if err != nil {
		t.Fatalf("%s: %v", call, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s: %v", call, err)
	}
	a := answer{status: res.StatusCode, header: res.Header, body: string(text)}
	var failure struct{ Code, Error string }
	if res.StatusCode >= http.StatusBadRequest && json.Unmarshal(text, &failure) == nil {
		a.code = failure.Code + failure.Error
	}
	return a
}

// contractRow is a call, and how it is answered.
type contractRow struct {
	who, call, body string
	status          int
	code            string
}

// wantRows makes the calls in turn.
func (c *caller) wantRows(t *testing.T, rows []contractRow) {
	t.Helper()
	for _, row := range rows {
		a := c.do(t, row.who, row.call, row.body)
		if a.status != row.status || a.code != row.code {
			t.Errorf("%s as %s: %d %q; want %d %q: %.300s", row.call, row.who, a.status, a.code, row.status, row.code, a.body)
		}
	}
}

func newCaller(t *testing.T, base string) *caller {
	t.Helper()
	return &caller{
		base:   base,
		tokens: map[string]string{},
		client: &http.Client{
			Transport:     apitest.Transport(t, nil),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// setup starts a server with the callers that the table needs.
func setup(t *testing.T) *caller {
	t.Helper()
	dir := t.TempDir()
	return setupOn(t, start(t, dir, nil), ringSigner(t, dir))
}

// setupOn is setup for a server that runs, and signs with signer.
func setupOn(t *testing.T, srv *instance, signer *authz.Signer) *caller {
	t.Helper()
	c := newCaller(t, srv.url)
	_, app := srv.register(t, "app-a", append(storageScopes, "storage.user.read", "storage.user.write")...)
	_, reader := srv.register(t, "app-reader", "storage.private.read")
	_, ended := srv.register(t, "app-revoked", "storage.private.read")
	c.tokens["app"] = srv.token(t, app)
	c.tokens["reader"] = srv.token(t, reader)
	c.tokens["admin"] = srv.adminKey
	c.tokens["revoked"] = srv.token(t, ended)
	c.tokens["expired"] = expiredToken(t, signer, srv.url)
	c.tokens["forged"] = c.tokens["app"][:len(c.tokens["app"])-6] + "AAAAAA"

	form := "token=" + c.tokens["revoked"] + "&client_id=" + ended.ClientID + "&client_secret=" + ended.ClientSecret
	if a := c.do(t, "", "POST /v1/oauth/revoke", form, "Content-Type", "application/x-www-form-urlencoded"); a.status != 200 {
		t.Fatalf("revoke: %d %s", a.status, a.body)
	}
	for _, put := range []struct{ call, body string }{
		{"PUT /v1/storage/files/dir/file.txt", "0123456789"},
		{"PUT /v1/storage/db/things/doc", `{"n":1}`},
		{"PUT /v1/storage/db/things/other", `{"n":2}`},
		{"PUT /v1/storage/kv/entry", `{"value":"text"}`},
		{"PUT /v1/storage/kv/largest", `{"value":"9223372036854775807"}`},
	} {
		if a := c.do(t, "app", put.call, put.body); a.status >= 300 {
			t.Fatalf("%s: %d %s", put.call, a.status, a.body)
		}
	}
	return c
}

// expiredToken signs, with the server's own key, a token that has just ended.
func expiredToken(t *testing.T, signer *authz.Signer, issuer string) string {
	t.Helper()
	token, err := signer.Sign(authz.Claims{
		Issuer: issuer, Audience: issuer, Subject: "app-a", ClientID: "app-a", TokenID: "x.y",
		TenantID: defaultTenant, AppID: "app-a", Scopes: cpodkit.Scopes{"storage.private.read"},
		IssuedAt: time.Now().Add(-time.Hour), ExpiresAt: time.Now().Add(-time.Minute),
	})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// Every row of the contract's error table that can occur in this version, sent
// to a running server.
func TestErrorTable(t *testing.T) {
	t.Parallel()
	errorTable(t, setup(t))
}

func errorTable(t *testing.T, c *caller) {
	t.Helper()
	big := strings.Repeat("x", 1<<20+1)
	cursor := func(who, collection string) string {
		a := c.do(t, who, "POST /v1/storage/db/"+collection+"/query", `{"limit":1}`)
		var page struct{ NextCursor string }
		if err := json.Unmarshal([]byte(a.body), &page); err != nil || page.NextCursor == "" {
			t.Fatalf("no cursor: %s", a.body)
		}
		return page.NextCursor
	}("app", "things")

	for _, row := range []struct {
		who, call, body string
		headers         []string
		status          int
		code            string
	}{
		{"app", "PUT /v1/storage/db/things/doc", `{"n":`, nil, 400, "bad_request"},
		{"app", "POST /v1/storage/db/things/query", ``, []string{"Content-Type", "application/json"}, 400, "bad_request"},
		{"app", "GET /v1/storage/files?limit=0", "", nil, 400, "bad_request"},
		{"app", "GET /v1/storage/files?limit=501", "", nil, 400, "bad_request"},
		{"app", "GET /v1/storage/files?tier=public", "", nil, 400, "bad_request"},
		{"app", "GET /v1/storage/files?tier=private&tier=shared", "", nil, 400, "bad_request"},
		{"app", "GET /v1/storage/files/dir/file.txt?app=app-b", "", nil, 400, "bad_request"},
		{"app", "GET /v1/storage/kv/entry?app=*", "", nil, 400, "bad_request"},
		{"app", "GET /v1/storage/files?cursor=bent", "", nil, 400, "invalid_cursor"},
		{"app", "POST /v1/storage/db/others/query", `{"cursor":"` + cursor + `"}`, nil, 400, "invalid_cursor"},
		{"app", "POST /v1/storage/db/things/query?tier=shared", `{"cursor":"` + cursor + `"}`, nil, 400, "invalid_cursor"},
		{"reader", "POST /v1/storage/db/things/query", `{"cursor":"` + cursor + `"}`, nil, 400, "invalid_cursor"},
		{"app", "GET /v1/storage/files/../secret", "", nil, 400, "invalid_key"},
		{"app", "GET /v1/storage/files/%2e%2e/secret", "", nil, 400, "invalid_key"},
		{"app", "GET /v1/storage/files/a%00b", "", nil, 400, "invalid_key"},
		{"app", "PUT /v1/storage/files/" + strings.Repeat("y", 201), "x", nil, 400, "invalid_key"},
		{"app", "PUT /v1/storage/db/bad.name/k", `1`, nil, 400, "invalid_key"},
		{"app", "PUT /v1/storage/kv/" + strings.Repeat("k", 513), `{"value":1}`, nil, 400, "invalid_key"},
		{"app", "GET /v1/storage/kv/%2Fkey", "", nil, 400, "invalid_key"},

		{"", "GET /v1/storage/files", "", nil, 401, "missing_token"},
		{"", "GET /v1/storage/files?access_token=" + c.tokens["app"], "", nil, 401, "missing_token"},
		{"forged", "GET /v1/storage/files", "", nil, 401, "invalid_token"},
		{"", "GET /v1/storage/files", "", []string{"Authorization", "Bearer cpod_unknown"}, 401, "invalid_token"},
		{"expired", "GET /v1/storage/files", "", nil, 401, "token_expired"},
		{"revoked", "GET /v1/storage/files", "", nil, 401, "token_revoked"},

		{"reader", "PUT /v1/storage/files/x", "x", nil, 403, "invalid_scope"},
		{"reader", "GET /v1/storage/files?tier=shared", "", nil, 403, "invalid_scope"},
		{"app", "GET /v1/oauth/apps", "", nil, 403, "invalid_scope"},
		{"admin", "GET /v1/storage/files", "", nil, 403, "invalid_scope"},
		{"app", "GET /v1/storage/files?tier=user", "", nil, 403, "user_required"},
		{"app", "PUT /v1/storage/kv/k?tier=user", `{"value":1}`, nil, 403, "user_required"},
		{"", "GET /v1/storage/signed/bent", "", nil, 403, "forbidden"},

		{"app", "GET /v1/storage/files/missing", "", nil, 404, "not_found"},
		{"reader", "GET /v1/storage/files/dir/file.txt", "", nil, 404, "not_found"},
		{"reader", "GET /v1/storage/db/things/doc", "", nil, 404, "not_found"},
		{"reader", "GET /v1/storage/kv/entry", "", nil, 404, "not_found"},
		{"admin", "GET /v1/oauth/apps/unknown", "", nil, 404, "not_found"},
		{"", "GET /v2/anything", "", nil, 404, "not_found"},
		{"", "GET /v1//oauth/apps", "", nil, 404, "not_found"},
		{"app", "PATCH /v1/storage/files/x", "", nil, 405, "method_not_allowed"},
		{"app", "GET /v1/oauth/token", "", nil, 405, "method_not_allowed"},

		{"app", "PUT /v1/storage/files/dir", "x", nil, 409, "conflict"},
		{"app", "PUT /v1/storage/files/dir/file.txt/below", "x", nil, 409, "conflict"},
		{"app", "POST /v1/storage/kv/entry/incr", "", nil, 409, "conflict"},
		{"app", "POST /v1/storage/kv/largest/incr", "", nil, 409, "conflict"},
		{"admin", "POST /v1/oauth/apps", `{"client_id":"app-a","name":"x","declared_scopes":[],"app_type":"service"}`, nil, 409, "conflict"},
		{"app", "PUT /v1/storage/files/dir/file.txt", "x", []string{"If-None-Match", "*"}, 412, "precondition_failed"},
		{"app", "PUT /v1/storage/files/dir/file.txt", "x", []string{"If-Match", `"other"`}, 412, "precondition_failed"},
		{"app", "PUT /v1/storage/db/things/doc", "1", []string{"If-Match", `"other"`}, 412, "precondition_failed"},
		{"app", "PUT /v1/storage/kv/entry", `{"value":1}`, []string{"If-None-Match", "*"}, 412, "precondition_failed"},
		{"admin", "PATCH /v1/oauth/apps/unknown", `{}`, nil, 404, "not_found"},
		{"app", "PATCH /v1/oauth/apps/app-a", `{}`, nil, 403, "invalid_scope"},
		{"admin", "PATCH /v1/oauth/apps/app-a", `{}`, []string{"If-Match", `"other"`}, 412, "precondition_failed"},
		{"admin", "PATCH /v1/oauth/apps/app-a", `[]`, []string{"Content-Type", "application/json-patch+json"}, 415, "unsupported_media_type"},
		{"admin", "PATCH /v1/oauth/apps/app-a", `{"name":null}`, nil, 422, "validation_failed"},
		{"admin", "PATCH /v1/oauth/apps/app-a", `{"declared_scopes":["storage.private.reed"]}`, nil, 422, "validation_failed"},
		{"admin", "POST /v1/oauth/apps", `{"client_id":"app-b","name":"x","declared_scopes":["storage.*"],"app_type":"service"}`, nil, 422, "validation_failed"},
		{"app", "PUT /v1/storage/db/things/doc", `"` + big + `"`, nil, 413, "payload_too_large"},
		{"app", "PUT /v1/storage/kv/entry", `{"value":"` + big + `"}`, nil, 413, "payload_too_large"},
		{"app", "POST /v1/storage/db/things/query", `{"cursor":"` + big + `"}`, nil, 413, "payload_too_large"},
		{"app", "PUT /v1/storage/db/things/doc", `1`, []string{"Content-Type", "text/plain"}, 415, "unsupported_media_type"},
		{"app", "POST /v1/storage/file-urls", `key=x`, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "unsupported_media_type"},
		{"app", "GET /v1/storage/files/dir/file.txt", "", []string{"Range", "bytes=99-"}, 416, "range_not_satisfiable"},
		{"app", "POST /v1/storage/db/things/query", `{"filtre":{}}`, nil, 422, "validation_failed"},
		{"app", "POST /v1/storage/db/things/query", `{"limit":"20"}`, nil, 422, "validation_failed"},
		{"app", "PUT /v1/storage/kv/entry", `{"value":1,"ttl":0}`, nil, 422, "validation_failed"},
		{"app", "POST /v1/storage/file-urls", `{"key":"x","expiresIn":604801}`, nil, 422, "validation_failed"},
		{"admin", "POST /v1/oauth/apps", `{"client_id":"app-b","name":"x","declared_scopes":["platform.admin"],"app_type":"service"}`, nil, 403, "invalid_scope"},
		{"app", "GET /v1/storage/files?tier=user&app=app-b", "", nil, 403, "user_required"},
	} {
		a := c.do(t, row.who, row.call, row.body, row.headers...)
		name := row.call[:min(len(row.call), 90)]
		if a.status != row.status || a.code != row.code {
			t.Errorf("%s: %d %q; want %d %q: %.300s", name, a.status, a.code, row.status, row.code, a.body)
		}
		if a.status == 401 && !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer ") {
			t.Errorf("%s: WWW-Authenticate is %q", name, a.header.Get("WWW-Authenticate"))
		}
		if a.header.Get("X-Request-Id") == "" || a.header.Get("Location") != "" {
			t.Errorf("%s: headers %v", name, a.header)
		}
	}
}

// The pointers of a validation error name every member that is wrong.
func TestValidationPointers(t *testing.T) {
	t.Parallel()
	c := setup(t)
	a := c.do(t, "app", "POST /v1/storage/db/things/query", `{"limit":"20","sort":{"a":1,"b":1},"colour":1}`)
	var p struct{ Errors []cpodkit.FieldError }
	if err := json.Unmarshal([]byte(a.body), &p); err != nil || a.status != 422 || len(p.Errors) < 2 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	got := map[string]bool{}
	for _, e := range p.Errors {
		got[e.Pointer] = true
	}
	if !got["/limit"] || !got["/colour"] {
		t.Errorf("pointers %v", got)
	}
}

// The token endpoint speaks OAuth's error form, and has a budget.
func TestTokenEndpoint(t *testing.T) {
	t.Parallel()
	c := setup(t)
	const form = "application/x-www-form-urlencoded"
	for _, row := range []struct {
		body, contentType string
		status            int
		code              string
	}{
		{"grant_type=client_credentials&client_id=app-a&client_secret=cs_wrong", form, 401, "invalid_client"},
		{"grant_type=client_credentials&client_id=nobody&client_secret=cs_wrong", form, 401, "invalid_client"},
		{"grant_type=password&client_id=app-a&client_secret=cs_wrong", form, 400, "unsupported_grant_type"},
		{`{"grant_type":"client_credentials"}`, "application/json", 415, "invalid_request"},
		{"grant_type=client_credentials&grant_type=client_credentials", form, 400, "invalid_request"},
		{"client_id=app-a", form, 400, "invalid_request"},
	} {
		a := c.do(t, "", "POST /v1/oauth/token", row.body, "Content-Type", row.contentType)
		if a.status != row.status || a.code != row.code {
			t.Errorf("%s: %d %q; want %d %q", row.body, a.status, a.code, row.status, row.code)
		}
		if a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: may be cached", row.body)
		}
	}
	for range 1000 {
		a := c.do(t, "", "POST /v1/oauth/token", "grant_type=client_credentials&client_id=app-a&client_secret=cs_wrong", "Content-Type", form)
		if a.status == http.StatusTooManyRequests {
			if a.header.Get("Retry-After") == "" {
				t.Error("a 429 without Retry-After")
			}
			return
		}
	}
	t.Error("a thousand wrong secrets were all answered")
}

// When the store of keys is gone, a good credential is 503 and never 401, and
// nothing of the store's error is shown.
func TestBackendDownIsUnavailable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := openForTest(t, quiet(), map[string]string{"CPOD_DATA_DIR": dir})
	h, err := server.handler()
	if err != nil {
		t.Fatal(err)
	}
	_, key, err := oauth.MakeAdminKey(t.Context(), server.records.apiKeys, oauth.NewAdminKey{TenantID: defaultTenant, Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/v1/oauth/apps", nil)
	r.Header.Set("Authorization", "Bearer "+key)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if bytes.Contains(w.Body.Bytes(), []byte("sql")) || bytes.Contains(w.Body.Bytes(), []byte(dir)) {
		t.Errorf("the answer tells of the store: %s", w.Body)
	}
}

// A digest in a trailer that the header does not announce is refused behind all middleware.
func TestTrailerDigest(t *testing.T) {
	t.Parallel()
	c := setup(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(strings.Replace(c.base, "localhost", "127.0.0.1", 1), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = io.WriteString(conn, "PUT /v1/storage/files/trailer HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer "+c.tokens["app"]+
		"\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nContent-Digest: sha-256=:AAAA:\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 400") || !strings.Contains(string(got), `"bad_request"`) {
		t.Errorf("PUT: %q, %v", got, err)
	}
	if a := c.do(t, "app", "GET /v1/storage/files/trailer", ""); a.status != http.StatusNotFound {
		t.Errorf("a file is stored: %d %q", a.status, a.body)
	}
}

// A client that breaks off in the middle of a body leaves nothing behind.
func TestBrokenUpload(t *testing.T) {
	t.Parallel()
	c := setup(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(strings.Replace(c.base, "localhost", "127.0.0.1", 1), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(conn, "PUT /v1/storage/files/half HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+c.tokens["app"]+
		"\r\nContent-Length: 100\r\n\r\nhalf of it")
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, conn) // the server has answered or hung up
	conn.Close()
	if a := c.do(t, "app", "GET /v1/storage/files/half", ""); a.status != http.StatusNotFound {
		t.Errorf("half a file is served: %d %q", a.status, a.body)
	}
}
