package apitest_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/api/apitest"
	"github.com/cpodkit/cpodkit/internal/mustfail"
)

// canned is an exchange with a server that answers as told.
type canned struct {
	name string

	method, target, body string
	send                 http.Header

	status  int
	headers http.Header
	answer  string

	want string // part of the failure; none means that the exchange is fine
}

func headers(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

func problem(status int, code string) string {
	return fmt.Sprintf(`{"type":"urn:cpodkit:error:%s","title":"T","status":%d,`+
		`"detail":"D","instance":"/x","code":%q,"requestId":"r1"}`, code, status, code)
}

func (c canned) run(t *testing.T, contract *apitest.Contract) (*http.Response, []byte, string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got, err := io.ReadAll(r.Body); err != nil || string(got) != c.body {
			t.Errorf("the server got %q, %v, want %q", got, err, c.body)
		}
		w.Header().Set("X-Request-Id", "r1")
		maps.Copy(w.Header(), c.headers)
		w.WriteHeader(c.status)
		io.WriteString(w, c.answer)
	}))
	t.Cleanup(server.Close)
	var resp *http.Response
	var got []byte
	said := mustfail.Run(t, func(t testing.TB) {
		client := &http.Client{Transport: contract.Transport(t, server.Client().Transport)}
		req, err := http.NewRequestWithContext(t.Context(), c.method, server.URL+c.target, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer x")
		maps.Copy(req.Header, c.send)
		if resp, err = client.Do(req); err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if got, err = io.ReadAll(resp.Body); err != nil {
			t.Fatal(err)
		}
	})
	return resp, got, strings.Join(said, "\n")
}

func TestTransportPassesWhatIsDocumented(t *testing.T) {
	t.Parallel()
	contract := apitest.Load(t)
	asJSON := headers("Content-Type", "application/json")
	asProblem := headers("Content-Type", "application/problem+json")
	withETag := headers("Content-Type", "application/json", "Etag", `"v1"`, "Last-Modified", "Fri, 02 Jan 2026 15:04:05 GMT")
	for _, c := range []canned{
		{name: "health", method: "GET", target: "/health", status: 200, headers: asJSON, answer: `{"status":"ok"}`},
		{
			name: "HEAD served by GET", method: "HEAD", target: "/health", status: 200, headers: asJSON,
		},
		{
			name: "numbers of any size", method: "GET", target: "/v1/storage/db/c/k", status: 200, headers: withETag,
			answer: `{"key":"k","value":[1e400,123456789012345678901234567890.5,null],"version":"v1","updatedAt":"2026-01-02T15:04:05.123Z"}`,
		},
		{
			name: "a document whose key is query", method: "GET", target: "/v1/storage/db/c/query", status: 200, headers: withETag,
			answer: `{"key":"query","value":1,"version":"v1","updatedAt":"2026-01-02T15:04:05.000Z"}`,
		},
		{
			name: "form body and OAuth answer", method: "POST", target: "/v1/oauth/token", status: 200,
			body: "grant_type=client_credentials&scope=a", send: headers("Content-Type", "application/x-www-form-urlencoded"),
			headers: headers("Content-Type", "application/json", "Cache-Control", "no-store"),
			answer:  `{"access_token":"a.b.c","token_type":"Bearer","expires_in":3600,"scope":"a"}`,
		},
		{
			name: "OAuth error", method: "POST", target: "/v1/oauth/token", status: 401,
			headers: headers("Content-Type", "application/json", "Cache-Control", "no-store", "Www-Authenticate", `Basic realm="x"`),
			answer:  `{"error":"invalid_client","error_description":"Wrong secret."}`,
		},
		{
			name: "inactive token", method: "POST", target: "/v1/oauth/introspect", status: 200, body: "token=x",
			send:    headers("Content-Type", "application/x-www-form-urlencoded"),
			headers: headers("Content-Type", "application/json", "Cache-Control", "no-store"), answer: `{"active":false}`,
		},
		{name: "no content", method: "DELETE", target: "/v1/storage/kv/a%2Fb", status: 204},
		{
			name: "file in folders", method: "GET", target: "/v1/storage/files/a/b/c.txt", status: 200, answer: "{not json",
			headers: headers("Content-Type", "application/json", "Etag", `"e"`, "X-Content-Type-Options", "nosniff",
				"Last-Modified", "Fri, 02 Jan 2026 15:04:05 GMT"),
		},
		{name: "file unchanged", method: "GET", target: "/v1/storage/files/a", status: 304, headers: headers("Etag", `"e"`)},
		{
			name: "problem", method: "GET", target: "/v1/storage/kv/none", status: 404, headers: asProblem,
			answer: problem(404, "not_found"),
		},
		{name: "entry does not exist", method: "HEAD", target: "/v1/storage/kv/none", status: 404},
		{
			name: "unknown path", method: "GET", target: "/v1/nothing", status: 404, headers: asProblem,
			answer: problem(404, "not_found"),
		},
		{
			name: "wrong method", method: "PATCH", target: "/health", status: 405,
			headers: headers("Content-Type", "application/problem+json", "Allow", "GET, HEAD"),
			answer:  problem(405, "method_not_allowed"),
		},
		{
			name: "unclean storage path", method: "GET", target: "/v1/storage/kv/a%2F..%2Fb", status: 400, headers: asProblem,
			answer: problem(400, "invalid_key"),
		},
		{
			name: "unclean path", method: "GET", target: "/v1//oauth/apps", status: 404, headers: asProblem,
			answer: problem(404, "not_found"),
		},
		{
			name: "a bad request that is refused", method: "GET", target: "/v1/oauth/apps?limit=0&limit=1", status: 400,
			headers: asProblem, answer: problem(400, "bad_request"),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			resp, body, failure := c.run(t, contract)
			if failure != "" {
				t.Errorf("failed: %s", failure)
			}
			if resp.StatusCode != c.status || c.method != "HEAD" && string(body) != c.answer {
				t.Errorf("the caller got %d %q, want %d %q", resp.StatusCode, body, c.status, c.answer)
			}
		})
	}
}

func TestTransportFailsOnDrift(t *testing.T) {
	t.Parallel()
	contract := apitest.Load(t)
	asJSON := headers("Content-Type", "application/json")
	asProblem := headers("Content-Type", "application/problem+json")
	asForm := headers("Content-Type", "application/x-www-form-urlencoded")
	noStore := headers("Content-Type", "application/json", "Cache-Control", "no-store")
	withETag := headers("Content-Type", "application/json", "Etag", `"v1"`, "Last-Modified", "Fri, 02 Jan 2026 15:04:05 GMT")
	for _, c := range []canned{
		{
			name: "undocumented status", method: "GET", target: "/health", status: 202, headers: asJSON, answer: `{"status":"ok"}`,
			want: "GET /health answered 202, against api/openapi.yaml:\n\tthe status is not documented for getHealth",
		},
		{
			name: "undocumented path", method: "GET", target: "/v1/nothing", status: 200, headers: asJSON, answer: `{}`,
			want: "a path that is not documented must be answered 404",
		},
		{
			name: "undocumented method", method: "PATCH", target: "/health", status: 200, headers: asJSON, answer: `{}`,
			want: "a method that is not documented must be answered 405",
		},
		{
			name: "405 without Allow", method: "PATCH", target: "/health", status: 405, headers: asProblem,
			answer: problem(405, "method_not_allowed"), want: "header Allow is missing",
		},
		{
			name: "plain 404", method: "GET", target: "/v1/nothing", status: 404, headers: headers("Content-Type", "text/plain"),
			answer: "404 page not found", want: `content type "text/plain" is not documented`,
		},
		{
			name: "unclean path followed", method: "GET", target: "/v1/storage/files/a/../b", status: 200, answer: "x",
			want: "a path that is not clean must be answered 400 invalid_key",
		},
		{
			name: "unknown member", method: "GET", target: "/health", status: 200, headers: asJSON,
			answer: `{"status":"ok","up":true}`, want: "additional properties 'up' not allowed",
		},
		{
			name: "unknown member beside allOf", method: "PUT", target: "/v1/storage/files/a", status: 200, headers: withETag,
			answer: `{"key":"a","tier":"private","size":1,"etag":"e","contentType":"a/b","lastModified":"2026-01-02T15:04:05.000Z","path":"/srv/a"}`,
			want:   "/path",
		},
		{
			name: "missing member", method: "GET", target: "/v1/storage/kv/a/ttl", status: 200, headers: asJSON, answer: `{}`,
			want: "missing property 'ttl'",
		},
		{
			name: "list of null", method: "GET", target: "/v1/oauth/apps", status: 200, headers: asJSON, answer: `{"items":null}`,
			want: "got null, want array",
		},
		{
			name: "time that is not UTC", method: "GET", target: "/v1/storage/db/c/k", status: 200, headers: withETag,
			answer: `{"key":"k","value":1,"version":"v1","updatedAt":"2026-01-02T15:04:05+01:00"}`, want: "/updatedAt",
		},
		{
			name: "time that is none", method: "GET", target: "/v1/storage/db/c/k", status: 200, headers: withETag,
			answer: `{"key":"k","value":1,"version":"v1","updatedAt":"2026-13-02T15:04:05.000Z"}`, want: "/updatedAt",
		},
		{
			name: "private key in the key set", method: "GET", target: "/.well-known/jwks.json", status: 200, headers: asJSON,
			answer: `{"keys":[{"kty":"EC","crv":"P-256","kid":"k","use":"sig","alg":"ES256","x":"x","y":"y","d":"d"}]}`,
			want:   "additional properties 'd' not allowed",
		},
		{
			name: "two JSON values", method: "GET", target: "/health", status: 200, headers: asJSON,
			answer: `{"status":"ok"}{}`, want: "body: ",
		},
		{
			name: "wrong content type", method: "GET", target: "/health", status: 200, headers: headers("Content-Type", "text/html"),
			answer: `{"status":"ok"}`, want: `content type "text/html" is not documented`,
		},
		{
			name: "missing header", method: "GET", target: "/v1/storage/db/c/k", status: 200, headers: asJSON,
			answer: `{"key":"k","value":1,"version":"v1","updatedAt":"2026-01-02T15:04:05.000Z"}`, want: "header ETag is missing",
		},
		{
			name: "cached token", method: "POST", target: "/v1/oauth/token", status: 200, body: "grant_type=client_credentials", send: asForm,
			headers: headers("Content-Type", "application/json", "Cache-Control", "max-age=60"),
			answer:  `{"access_token":"a.b.c","token_type":"Bearer","expires_in":3600,"scope":""}`, want: "header Cache-Control: ",
		},
		{
			name: "Retry-After that is no number", method: "GET", target: "/v1/storage/kv/a", status: 503,
			headers: headers("Content-Type", "application/problem+json", "Retry-After", "soon"),
			answer:  problem(503, "unavailable"), want: "header Retry-After: not an integer",
		},
		{
			name: "401 without a challenge", method: "GET", target: "/v1/storage/kv/a", status: 401, headers: asProblem,
			answer: problem(401, "missing_token"), want: "header WWW-Authenticate is missing",
		},
		{
			name: "body where there is none", method: "POST", target: "/v1/oauth/revoke", status: 200, body: "token=x", send: asForm,
			headers: noStore, answer: `{}`, want: "there is a body, but none is documented",
		},
		{
			name: "code of another status", method: "GET", target: "/v1/storage/kv/a", status: 404, headers: asProblem,
			answer: problem(404, "forbidden"), want: "/code",
		},
		{
			name: "status of another answer", method: "GET", target: "/v1/nothing", status: 404, headers: asProblem,
			answer: problem(410, "not_found"), want: "problem: status is 410",
		},
		{
			name: "another request's id", method: "GET", target: "/v1/nothing", status: 404,
			headers: headers("Content-Type", "application/problem+json", "X-Request-Id", "r2"),
			answer:  problem(404, "not_found"), want: `problem: requestId "r1" is not the header's "r2"`,
		},
		{
			name: "request id not returned", method: "GET", target: "/health", send: headers("X-Request-Id", "mine"), status: 200,
			headers: asJSON, answer: `{"status":"ok"}`, want: `header X-Request-Id is "r1", not the request's "mine"`,
		},
		{
			name: "accepted without a token", method: "DELETE", target: "/v1/storage/kv/a", send: headers("Authorization", ""), status: 204,
			want: "the request was accepted without a token",
		},
		{
			name: "accepted limit out of range", method: "GET", target: "/v1/oauth/apps?limit=501", status: 200, headers: asJSON,
			answer: `{"items":[]}`, want: `the request was accepted with limit "501"`,
		},
		{
			name: "accepted parameter twice", method: "GET", target: "/v1/oauth/apps?limit=1&limit=2", status: 200, headers: asJSON,
			answer: `{"items":[]}`, want: "the request was accepted with 2 values of limit",
		},
		{
			name: "accepted unknown member", method: "PUT", target: "/v1/storage/kv/a", status: 204, body: `{"value":"x","tll":3}`,
			send: asJSON, want: "the request's body was accepted: ",
		},
		{
			name: "accepted empty body", method: "PUT", target: "/v1/storage/kv/a", status: 204,
			want: "the request's body was accepted: there is none, but one is required",
		},
		{
			name: "accepted grant", method: "POST", target: "/v1/oauth/token", status: 200, body: "grant_type=password", send: asForm,
			headers: noStore, answer: `{"access_token":"a.b.c","token_type":"Bearer","expires_in":3600,"scope":""}`,
			want: "the request's body was accepted: ",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, body, failure := c.run(t, contract)
			if !strings.Contains(failure, c.want) || failure == "" {
				t.Errorf("failure is %q, want it to contain %q", failure, c.want)
			}
			if !strings.Contains(failure, c.method+" ") {
				t.Errorf("failure %q does not name the method", failure)
			}
			if string(body) != c.answer {
				t.Errorf("the caller got %q, want %q", body, c.answer)
			}
		})
	}
}

// A download is handed on while the server is still sending it.
func TestTransportDoesNotHoldBackFiles(t *testing.T) {
	t.Parallel()
	read := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Request-Id", "r1")
		h.Set("ETag", `"e"`)
		h.Set("Last-Modified", "Fri, 02 Jan 2026 15:04:05 GMT")
		h.Set("Content-Type", "application/octet-stream")
		h.Set("X-Content-Type-Options", "nosniff")
		io.WriteString(w, "first")
		http.NewResponseController(w).Flush()
		select {
		case <-read:
			io.WriteString(w, "second")
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	client := &http.Client{Transport: apitest.Transport(t, server.Client().Transport)}
	req, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/v1/storage/files/big.bin", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer x")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	first := make([]byte, len("first"))
	if _, err := io.ReadFull(resp.Body, first); err != nil {
		t.Fatal(err)
	}
	close(read)
	second, err := io.ReadAll(resp.Body)
	if err != nil || string(first)+string(second) != "firstsecond" {
		t.Errorf("got %q, %q, %v", first, second, err)
	}
}
