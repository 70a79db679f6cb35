package kv_test

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/storage/kv"
)

func identity(tenant, app string, scopes ...string) cpodkit.Identity {
	return cpodkit.Identity{TenantID: tenant, AppID: app, Scopes: scopes}
}

func withUser(id cpodkit.Identity, user string) cpodkit.Identity {
	id.UserID = user
	return id
}

var everything = []string{"storage.private.*", "storage.user.*", "storage.shared.*"}

// tokens are the identities of the stub that stands for authentication.
func tokens() map[string]cpodkit.Identity {
	return map[string]cpodkit.Identity{
		"alpha":      identity("t1", "alpha", everything...),
		"beta":       identity("t1", "beta", everything...),
		"elsewhere":  identity("t2", "alpha", everything...),
		"ann":        withUser(identity("t1", "alpha", everything...), "ann"),
		"ann-beta":   withUser(identity("t1", "beta", everything...), "ann"),
		"bob":        withUser(identity("t1", "alpha", everything...), "bob"),
		"reader":     identity("t1", "alpha", "storage.private.read"),
		"writer":     identity("t1", "alpha", "storage.private.write"),
		"scopeless":  identity("t1", "alpha"),
		"impossible": identity("t1", strings.Repeat("a", 65), everything...),
	}
}

type server struct {
	*testing.T
	http *httptest.Server
}

// serve runs the routes of a store behind Mount and Guard.
func serve(t *testing.T, driver kv.Driver) server {
	t.Helper()
	store, err := kv.New(driver)
	if err != nil {
		t.Fatal(err)
	}
	known := tokens()
	find := webtest.Find(func(token string) *cpodkit.Identity {
		if id, ok := known[token]; ok {
			return &id
		}
		return nil
	})
	s := httptest.NewServer(webtest.Handler(store.Routes(), find.Authenticate))
	t.Cleanup(func() {
		s.Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return server{t, s}
}

// request is one call. The path is what follows /v1/storage/kv/, encoded.
type request struct {
	token  string // "alpha" when empty
	method string
	path   string
	body   string
	header map[string]string
}

type answer struct {
	*webtest.Answer

	status int
	header http.Header
	body   string
}

func (s server) do(r request) answer {
	s.Helper()
	req, err := http.NewRequestWithContext(s.Context(), r.method, s.http.URL+"/v1/storage/kv/"+r.path, strings.NewReader(r.body))
	if err != nil {
		s.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+cmp.Or(r.token, "alpha"))
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	a := webtest.Do(s, s.http.Client(), req, r.body)
	return answer{a, a.Code, a.Header(), strings.TrimSuffix(a.Body.String(), "\n")}
}

func (s server) want(r request, status int, body string) answer {
	s.Helper()
	got := s.do(r)
	if got.status != status || got.body != body {
		s.Errorf("%s %.80s %.80s as %q = %d %.200s; want %d %.200s",
			r.method, r.path, r.body, r.token, got.status, got.body, status, body)
	}
	return got
}

// wantError checks an answer of the error format; pointers are those of its
// errors member.
func (s server) wantError(r request, code cpodkit.Code, pointers ...string) answer {
	s.Helper()
	got := s.do(r)
	if r.method == http.MethodHead && got.body != "" {
		s.Errorf("%s; want no body", got)
	}
	got.WantProblem(s, code, append([]string{}, pointers...)...)
	return got
}

func (s server) set(path, body string) {
	s.Helper()
	s.want(request{method: "PUT", path: path, body: body}, http.StatusNoContent, "")
}

func TestSeedCalls(t *testing.T) {
	t.Parallel()
	s := serve(t, kv.NewMemory())
	s.set("session:abc123", `{"value":{"userId":"usr-xxx","plan":"pro"},"ttl":3600}`)
	s.want(request{method: "GET", path: "session:abc123"}, 200, `{"value":"{\"userId\":\"usr-xxx\",\"plan\":\"pro\"}"}`)
	s.want(request{method: "HEAD", path: "session:abc123"}, 200, "")
	s.set("counter:api-calls", `{"value":"0"}`)
	s.want(request{method: "POST", path: "counter:api-calls/incr"}, 200, `{"value":1}`)
	s.want(request{method: "POST", path: "counter:api-calls/incr", body: `{"by":5}`}, 200, `{"value":6}`)
	s.want(request{method: "GET", path: "session:abc123/ttl"}, 200, `{"ttl":3600}`)
	s.want(request{method: "GET", path: "counter:api-calls/ttl"}, 200, `{"ttl":-1}`)
	s.want(request{method: "DELETE", path: "session:abc123"}, 204, "")
	s.want(request{method: "DELETE", path: "session:abc123"}, 204, "")
	s.want(request{method: "HEAD", path: "session:abc123"}, 404, "")
	s.wantError(request{method: "GET", path: "session:abc123"}, cpodkit.CodeNotFound)
	s.wantError(request{method: "GET", path: "session:abc123/ttl"}, cpodkit.CodeNotFound)
}

func TestValuesAreKept(t *testing.T) {
	t.Parallel()
	s := serve(t, kv.NewMemory())
	for _, test := range []struct{ sent, kept string }{
		{`"plain"`, "plain"},
		{`""`, ""},
		{`"a\nb\u0000\ud83c\udf0d\/"`, "a\nb\x00🌍/"},
		{`"1.0"`, "1.0"},
		{`1.0`, "1.0"},
		{`1e400`, "1e400"},
		{`123456789012345678901234567890.10`, "123456789012345678901234567890.10"},
		{`-0`, "-0"},
		{`null`, "null"},
		{`true`, "true"},
		{`[]`, "[]"},
		{" {\n \"b\" : 1.50 , \"a\" : [ 1, \"x y\", \"<&>\\u00e9\" ] } ", `{"b":1.50,"a":[1,"x y","<&>\u00e9"]}`},
	} {
		s.set("k", `{"value":`+test.sent+`}`)
		got := s.do(request{method: "GET", path: "k"})
		var body struct{ Value *string }
		if err := json.Unmarshal([]byte(got.body), &body); err != nil || body.Value == nil || *body.Value != test.kept {
			t.Errorf("value %s comes back as %s; want %q", test.sent, got.body, test.kept)
		}
	}
}

func TestValueLimits(t *testing.T) {
	t.Parallel()
	s := serve(t, kv.NewMemory())
	for name, value := range map[string]string{
		"plain string":   `"` + strings.Repeat("x", kv.MaxValue) + `"`,
		"escaped string": `"` + strings.Repeat(`\u0001`, kv.MaxValue) + `"`,
		"number":         "1" + strings.Repeat("0", kv.MaxValue-1),
		"array":          "[" + strings.Repeat(" 1,", kv.MaxValue/2-2) + `10]`,
	} {
		t.Run(name, func(t *testing.T) {
			s := server{t, s.http}
			s.set("large", `{"value":`+value+`,"ttl":60}`)
			got := s.do(request{method: "GET", path: "large"})
			var body struct{ Value string }
			if err := json.Unmarshal([]byte(got.body), &body); err != nil || len(body.Value) > kv.MaxValue || len(body.Value) < kv.MaxValue-4 {
				t.Errorf("GET = %d, %d bytes, %v", got.status, len(body.Value), err)
			}
		})
	}
	s.set("kept", `{"value":"small"}`)
	for _, value := range []string{
		`"` + strings.Repeat("x", kv.MaxValue+1) + `"`,
		"1" + strings.Repeat("0", kv.MaxValue),
		`"` + strings.Repeat("x", 8<<20) + `"`,
	} {
		s.wantError(request{method: "PUT", path: "kept", body: `{"value":` + value + `}`}, cpodkit.CodePayloadTooLarge)
	}
	s.want(request{method: "GET", path: "kept"}, 200, `{"value":"small"}`)
	s.wantError(request{method: "POST", path: "k/incr", body: `{"by":1` + strings.Repeat(" ", 1<<20) + `}`}, cpodkit.CodePayloadTooLarge)
}

func TestBodies(t *testing.T) {
	t.Parallel()
	s := serve(t, kv.NewMemory())
	put := func(body string) request { return request{method: "PUT", path: "k", body: body} }
	incr := func(body string) request { return request{method: "POST", path: "n/incr", body: body} }
	for _, body := range []string{"", " ", "{", `{"value":}`, `{"value":"x"} {}`, "\xff", `{"value":"\xff"}`, `{"value":"x",}`} {
		s.wantError(put(body), cpodkit.CodeBadRequest)
	}
	s.wantError(put(`{"value":`+strings.Repeat("[", 65)+strings.Repeat("]", 65)+`}`), cpodkit.CodeBadRequest)
	for body, pointer := range map[string]string{
		`{}`:                            "/value",
		`{"ttl":60}`:                    "/value",
		`{"value":"x","ttl":0}`:         "/ttl",
		`{"value":"x","ttl":-1}`:        "/ttl",
		`{"value":"x","ttl":315360001}`: "/ttl",
		`{"value":"x","ttl":9223372036854775807}`: "/ttl",
		`{"value":"x","ttl":1e9}`:                 "/ttl",
		`{"value":"x","ttl":1e999999999}`:         "/ttl",
		`{"value":"x","ttl":60.5}`:                "/ttl",
		`{"value":"x","ttl":1.5}`:                 "/ttl",
		`{"value":"x","ttl":"60"}`:                "/ttl",
		`{"value":"x","Ttl":60}`:                  "/Ttl",
		`{"value":"x","tier":"shared"}`:           "/tier",
		`{"value":"x","value":"y"}`:               "/value",
		`{"value":{"a":{"b/c":1,"b/c":2}}}`:       "/value/a/b~1c",
		`[]`:                                      "",
		`"x"`:                                     "",
	} {
		s.wantError(put(body), cpodkit.CodeValidationFailed, pointer)
	}
	s.want(request{method: "HEAD", path: "k"}, 404, "")
	for _, ttl := range []string{"1", "315360000", "null", "60.0", "6e1", "315360000.000"} {
		s.set("k", `{"value":"x","ttl":`+ttl+`}`)
	}

	for _, body := range []string{"{", "1 2"} {
		s.wantError(incr(body), cpodkit.CodeBadRequest)
	}
	for body, pointer := range map[string]string{
		`{"by":1.5}`: "/by", `{"by":1e19}`: "/by", `{"by":"1"}`: "/by", `{"by":9223372036854775808}`: "/by", `{"to":1}`: "/to", `[]`: "",
	} {
		s.wantError(incr(body), cpodkit.CodeValidationFailed, pointer)
	}
	for body, want := range map[string]string{
		``: "1", `{}`: "1", `{"by":null}`: "1", `{"by":0}`: "0", `{"by":-3}`: "-3", `{"by":-3.0}`: "-3", `{"by":2e1}`: "20", `{"by":9223372036854775807}`: "9223372036854775807",
	} {
		s.want(request{method: "DELETE", path: "n"}, 204, "")
		s.want(incr(body), 200, `{"value":`+want+`}`)
	}
	for media, status := range map[string]int{
		"application/json": 204, "application/json; charset=utf-8": 204, "application/merge-patch+json": 204,
	} {
		r := put(`{"value":"x"}`)
		r.header = map[string]string{"Content-Type": media}
		s.want(r, status, "")
	}
	for _, media := range []string{"text/plain", "application/x-www-form-urlencoded", "nonsense"} {
		for _, r := range []request{put(`{"value":"x"}`), incr(`{}`)} {
			r.header = map[string]string{"Content-Type": media}
			s.wantError(r, cpodkit.CodeUnsupportedMediaType)
		}
	}
}

func TestIncrConflicts(t *testing.T) {
	t.Parallel()
	s := serve(t, kv.NewMemory())
	s.set("text", `{"value":"many"}`)
	s.wantError(request{method: "POST", path: "text/incr"}, cpodkit.CodeConflict)
	s.want(request{method: "GET", path: "text"}, 200, `{"value":"many"}`)
	s.set("full", `{"value":9223372036854775807}`)
	s.wantError(request{method: "POST", path: "full/incr"}, cpodkit.CodeConflict)
	s.want(request{method: "GET", path: "full"}, 200, `{"value":"9223372036854775807"}`)
}

func TestConditions(t *testing.T) {
	t.Parallel()
	s := serve(t, kv.NewMemory())
	take := request{method: "PUT", path: "lock", body: `{"value":"holder 7","ttl":60}`, header: map[string]string{"If-None-Match": "*"}}
	s.want(take, 204, "")
	s.wantError(take, cpodkit.CodePreconditionFailed)

	release := func(query string) request { return request{method: "DELETE", path: "lock" + query} }
	s.wantError(release("?ifValue=holder+8"), cpodkit.CodePreconditionFailed)
	s.wantError(release("?ifValue="), cpodkit.CodePreconditionFailed)
	s.wantError(release("?ifValue=holder+7&ifValue=holder+8"), cpodkit.CodeBadRequest)
	s.want(request{method: "HEAD", path: "lock"}, 200, "")
	s.want(release("?ifValue=holder%207"), 204, "")
	s.wantError(release("?ifValue=holder%207"), cpodkit.CodePreconditionFailed)
	s.want(take, 204, "")

	s.set("empty", `{"value":""}`)
	s.want(request{method: "DELETE", path: "empty?ifValue"}, 204, "")
	s.want(request{method: "HEAD", path: "empty"}, 404, "")

	for _, header := range []map[string]string{
		{"If-None-Match": `"1"`}, {"If-None-Match": `*, "1"`}, {"If-None-Match": ""}, {"If-Match": "*"}, {"If-Match": `"1"`},
		{"If-Match": ""}, {"If-Unmodified-Since": "Sat, 21 Nov 2026 00:00:00 GMT"},
	} {
		s.wantError(request{method: "PUT", path: "lock", body: `{"value":"x"}`, header: header}, cpodkit.CodeBadRequest)
	}
	for _, r := range []request{{method: "DELETE", path: "lock"}, {method: "POST", path: "lock/incr"}} {
		r.header = map[string]string{"If-Match": `"1"`}
		s.wantError(r, cpodkit.CodeBadRequest)
	}
	s.want(request{method: "GET", path: "lock"}, 200, `{"value":"holder 7"}`)
}

func TestLoneSurrogatesAreRefused(t *testing.T) {
	t.Parallel()
	s := serve(t, kv.NewMemory())
	for _, text := range []string{`\ud800`, `\ud800x`, `\udc00`, `\ud83d\ud83d\ude00`, `\ude00\ud83d`, `x\uD800\u0041`} {
		s.wantError(request{method: "PUT", path: "k", body: `{"value":"` + text + `"}`}, cpodkit.CodeValidationFailed, "/value")
	}
	for value, pointer := range map[string]string{
		`["\ud800"]`: "/value/0", `{"a":["x","\udc00"]}`: "/value/a/1", `{"a":{"\ud800":1}}`: "/value/a/\ufffd",
	} {
		s.wantError(request{method: "PUT", path: "k", body: `{"value":` + value + `}`}, cpodkit.CodeValidationFailed, pointer)
	}
	s.want(request{method: "HEAD", path: "k"}, 404, "")
	for text, kept := range map[string]string{`\ud83d\ude00`: "\U0001F600", `\\ud800`: `\\ud800`, `\u00e9\n`: "é\\n"} {
		s.set("k", `{"value":"`+text+`"}`)
		s.want(request{method: "GET", path: "k"}, 200, `{"value":"`+kept+`"}`)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	s := serve(t, kv.NewMemory())
	keys := []string{
		"a", "a/b", "a/incr", "a/ttl", "incr", "ttl", "incr/ttl", "a b", "a+b", "a%2Fb", "a?b#c", "a&b=c", ".a", "a..b", "…",
		"ключ", "a;b", `"`, `a\b`, "%", strings.Repeat("k", 512), strings.Repeat("é", 256),
	}
	for _, key := range keys {
		s.set(url.PathEscape(key), `{"value":"`+url.QueryEscape(key)+`"}`)
	}
	for _, key := range keys {
		path := url.PathEscape(key)
		s.want(request{method: "GET", path: path}, 200, `{"value":"`+url.QueryEscape(key)+`"}`)
		s.want(request{method: "GET", path: path + "/ttl"}, 200, `{"ttl":-1}`)
		s.want(request{method: "DELETE", path: path}, 204, "")
		s.want(request{method: "POST", path: path + "/incr"}, 200, `{"value":1}`)
		s.want(request{method: "HEAD", path: path}, 200, "")
	}
	for _, path := range []string{
		".", "..", "%2e%2e", "a%2F..%2Fb", "a%2F%2Fb", "%2Fa", "a%2F", "a%00b", "a%0Ab", "a%7F", "a%C2%85", "%FF", "a%C3",
		strings.Repeat("k", 513), "a%2F.%2Fb", "..%2Fx", "%2E", "//a", "a%2F../b",
	} {
		for _, method := range []string{"GET", "HEAD", "PUT", "DELETE"} {
			s.wantError(request{method: method, path: path, body: `{"value":"x"}`}, cpodkit.CodeInvalidKey)
		}
		s.wantError(request{method: "POST", path: path + "/incr"}, cpodkit.CodeInvalidKey)
		s.wantError(request{method: "GET", path: path + "/ttl"}, cpodkit.CodeInvalidKey)
	}
}

func TestPathsAndMethods(t *testing.T) {
	t.Parallel()
	s := serve(t, kv.NewMemory())
	for _, test := range []struct{ method, path, allow string }{
		{"POST", "k", "DELETE, GET, HEAD, PUT"},
		{"PATCH", "k", "DELETE, GET, HEAD, PUT"},
		{"PUT", "k/incr", "POST"},
		{"GET", "k/incr", "POST"},
		{"DELETE", "k/ttl", "GET, HEAD"},
	} {
		got := s.wantError(request{method: test.method, path: test.path, body: "{}"}, cpodkit.CodeMethodNotAllowed)
		if got.header.Get("Allow") != test.allow {
			t.Errorf("%s %s: Allow is %q; want %q", test.method, test.path, got.header.Get("Allow"), test.allow)
		}
	}
	for _, path := range []string{"", "k/", "k/other", "k/incr/", "k/incr/x", "a/b/ttl"} {
		s.wantError(request{method: "GET", path: path}, cpodkit.CodeNotFound)
	}
}
