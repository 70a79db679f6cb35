package cpodkit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
)

// contractCodes are the rows of the contract's error table.
var contractCodes = map[int][]cpodkit.Code{
	400: {"bad_request", "invalid_cursor", "invalid_key", "digest_mismatch"},
	401: {"missing_token", "invalid_token", "token_expired", "token_revoked"},
	403: {"invalid_scope", "policy_denied", "user_required", "forbidden"},
	404: {"not_found"},
	405: {"method_not_allowed"},
	406: {"not_acceptable"},
	409: {"conflict"},
	412: {"precondition_failed"},
	413: {"payload_too_large"},
	415: {"unsupported_media_type"},
	416: {"range_not_satisfiable"},
	422: {"validation_failed"},
	429: {"rate_limited"},
	500: {"internal"},
	501: {"not_supported"},
	503: {"unavailable"},
	504: {"timeout"},
	507: {"quota_exceeded"},
}

type problem struct {
	Type, Title, Detail, Instance, Code, RequestID string
	Status                                         int
	Errors                                         []cpodkit.FieldError
}

func answerOf(t *testing.T, h http.Handler, r *http.Request) (*http.Response, problem) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	res := w.Result()
	var p problem
	if res.Header.Get("Content-Type") == "application/problem+json" {
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatalf("body %q: %v", w.Body, err)
		}
	}
	return res, p
}

func failing(err error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, _ := cpodkit.WithRecord(r.Context(), "r-1", cpodkit.ServerInfo{Realm: "cpod"})
		cpodkit.WriteError(w, r.WithContext(ctx), err)
	})
}

func TestWriteErrorFollowsTheContract(t *testing.T) {
	t.Parallel()
	docs, err := os.ReadFile("docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	for status, codes := range contractCodes {
		for _, code := range codes {
			res, p := answerOf(t, failing(cpodkit.Errorf(code, "Say %d.", 1)), httptest.NewRequest("GET", "/v1/x?token=1", nil))
			if res.StatusCode != status || p.Status != status || p.Code != string(code) {
				t.Errorf("%s: status %d, body %+v; want %d", code, res.StatusCode, p, status)
			}
			if ct := res.Header.Get("Content-Type"); ct != "application/problem+json" {
				t.Errorf("%s: Content-Type %q", code, ct)
			}
			if p.Detail != "Say 1." || p.Instance != "/v1/x" || p.Title == "" || p.RequestID != "r-1" {
				t.Errorf("%s: body %+v", code, p)
			}
			if got := res.Header.Get("WWW-Authenticate"); (status == 401) != strings.HasPrefix(got, "Bearer ") && code != "invalid_scope" {
				t.Errorf("%s: WWW-Authenticate %q", code, got)
			}
			if p.Type != "urn:cpodkit:error:"+string(code) || !strings.Contains(string(docs), "## "+string(code)+"\n") {
				t.Errorf("%s: the type is %q, or docs/errors.md has no heading", code, p.Type)
			}
		}
	}
}

func TestChallenges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		err  *cpodkit.Error
		want string
	}{
		{"RFC 6750 3.1: no error code without a token", cpodkit.Errorf(cpodkit.CodeMissingToken, "x"), `Bearer realm="cpod"`},
		{"RFC 6750 3.1: invalid_token", cpodkit.Errorf(cpodkit.CodeTokenExpired, `ended "then"`),
			`Bearer realm="cpod", error="invalid_token", error_description="ended 'then'"`},
		{"RFC 6750 3.1: insufficient_scope", &cpodkit.Error{Code: cpodkit.CodeInvalidScope, Scope: "a.read"},
			`Bearer realm="cpod", error="insufficient_scope", scope="a.read"`},
	} {
		res, _ := answerOf(t, failing(c.err), httptest.NewRequest("GET", "/", nil))
		if got := res.Header.Get("WWW-Authenticate"); got != c.want {
			t.Errorf("%s: got %s", c.name, got)
		}
	}
}

func TestErrorsLeakNoCause(t *testing.T) {
	t.Parallel()
	secret := errors.New("dial tcp 10.0.0.7:5432: password hunter2")
	for name, err := range map[string]error{
		"raw":     secret,
		"wrapped": fmt.Errorf("storing: %w", secret),
		"cause":   cpodkit.Errorf(cpodkit.CodeUnavailable, "Try again.").WithCause(secret),
		"code":    fmt.Errorf("%w: %w", cpodkit.CodeConflict, secret),
	} {
		w := httptest.NewRecorder()
		failing(err).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if strings.Contains(w.Body.String(), "hunter2") || strings.Contains(fmt.Sprint(w.Header()), "hunter2") {
			t.Errorf("%s: the client sees the cause: %s", name, w.Body)
		}
		if !errors.Is(err, secret) {
			t.Errorf("%s: the cause is out of reach", name)
		}
	}
}

func TestCodeOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want cpodkit.Code
	}{
		{nil, ""},
		{errors.New("x"), cpodkit.CodeInternal},
		{cpodkit.CodeNotFound, cpodkit.CodeNotFound},
		{fmt.Errorf("x: %w", cpodkit.CodeNotFound), cpodkit.CodeNotFound},
		{fmt.Errorf("x: %w", cpodkit.Errorf(cpodkit.CodeConflict, "y")), cpodkit.CodeConflict},
		{fmt.Errorf("x: %w", context.DeadlineExceeded), cpodkit.CodeTimeout},
		{fmt.Errorf("x: %w", context.Canceled), cpodkit.CodeUnavailable},
		{&http.MaxBytesError{Limit: 1}, cpodkit.CodePayloadTooLarge},
	} {
		if got := cpodkit.CodeOf(c.err); got != c.want {
			t.Errorf("CodeOf(%v) = %s; want %s", c.err, got, c.want)
		}
	}
	if err := fmt.Errorf("x: %w", cpodkit.Errorf(cpodkit.CodeConflict, "y")); !errors.Is(err, cpodkit.CodeConflict) || errors.Is(err, cpodkit.CodeNotFound) {
		t.Error("errors.Is does not find the code of an Error")
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  *cpodkit.Error
		want string
	}{
		{&cpodkit.Error{Code: cpodkit.CodeRateLimited, RetryAfter: 1200 * time.Millisecond}, "2"},
		{&cpodkit.Error{Code: cpodkit.CodeUnavailable}, "1"},
		{&cpodkit.Error{Code: cpodkit.CodeNotFound}, ""},
	} {
		res, _ := answerOf(t, failing(c.err), httptest.NewRequest("GET", "/", nil))
		if got := res.Header.Get("Retry-After"); got != c.want {
			t.Errorf("%v: Retry-After %q; want %q", c.err, got, c.want)
		}
	}
}

func TestWriteOAuthError(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		status int
		code   string
	}{
		{&cpodkit.OAuthError{OAuth: "invalid_grant", Status: 400, Err: cpodkit.Errorf(cpodkit.CodeBadRequest, "x")}, 400, "invalid_grant"},
		{cpodkit.CodeInvalidScope, 400, "invalid_scope"},
		{cpodkit.CodeInvalidToken, 401, "invalid_client"},
		{cpodkit.CodeUnavailable, 503, "temporarily_unavailable"},
		{cpodkit.CodeUnsupportedMediaType, 415, "invalid_request"},
		{errors.New("hunter2"), 500, "server_error"},
	} {
		w := httptest.NewRecorder()
		cpodkit.WriteOAuthError(w, httptest.NewRequest("POST", "/v1/oauth/token", nil), c.err)
		var body map[string]string
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		if w.Code != c.status || body["error"] != c.code || strings.Contains(w.Body.String(), "hunter2") {
			t.Errorf("%v: %d %s", c.err, w.Code, w.Body)
		}
		if w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%v: may be cached", c.err)
		}
		if got := w.Header().Get("WWW-Authenticate"); (c.status == 401) != strings.HasPrefix(got, "Basic ") {
			t.Errorf("%v: WWW-Authenticate %q", c.err, got)
		}
	}
}

// A user's own code carries its status and title.
func TestOwnCodes(t *testing.T) {
	t.Parallel()
	own := &cpodkit.Error{Code: "out_of_stock", Status: 409, Title: "Out of stock", Detail: "The last one was sold."}
	for name, c := range map[string]struct {
		err    error
		status int
		title  string
	}{
		"own":              {own, 409, "Out of stock"},
		"own, wrapped":     {fmt.Errorf("order: %w", own.WithCause(errors.New("x"))), 409, "Out of stock"},
		"without a status": {&cpodkit.Error{Code: "out_of_stock"}, 500, "Internal error"},
		"no error status":  {&cpodkit.Error{Code: "out_of_stock", Status: 200}, 500, "Internal error"},
		"of the contract":  {&cpodkit.Error{Code: cpodkit.CodeConflict, Title: "Sold"}, 409, "Sold"},
	} {
		res, p := answerOf(t, failing(c.err), httptest.NewRequest("GET", "/", nil))
		if res.StatusCode != c.status || p.Status != c.status || p.Title != c.title || p.Code != string(cpodkit.CodeOf(c.err)) {
			t.Errorf("%s: %d %+v", name, res.StatusCode, p)
		}
		if got := cpodkit.StatusOf(c.err); got != c.status {
			t.Errorf("%s: StatusOf is %d", name, got)
		}
	}
	if got := cpodkit.StatusOf(nil); got != 200 {
		t.Errorf("StatusOf(nil) is %d", got)
	}
}

// What an answer says of the server comes from the server.
func TestServerInfo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		server                   cpodkit.ServerInfo
		typeURI, bearer, missing string
	}{
		"its own": {
			cpodkit.ServerInfo{ErrorTypeBase: "https://example.com/errors/", Realm: `shop"`, CallsHint: "See /calls."},
			"https://example.com/errors/not_found", `Bearer realm="shop'"`, "There is nothing at this path. See /calls.",
		},
		"none": {cpodkit.ServerInfo{}, "urn:cpodkit:error:not_found", `Bearer realm="api"`, "There is nothing at this path."},
	} {
		ctx, rec := cpodkit.WithRecord(t.Context(), "r-1", c.server)
		answer := func(write func(http.ResponseWriter, *http.Request)) (*http.Response, problem) {
			return answerOf(t, http.HandlerFunc(write), httptest.NewRequestWithContext(ctx, "GET", "/", nil))
		}
		if _, p := answer(cpodkit.NotFound); p.Type != c.typeURI || p.Detail != c.missing {
			t.Errorf("%s: %+v", name, p)
		}
		if got := cpodkit.CodeOf(rec.Failure()); got != cpodkit.CodeNotFound {
			t.Errorf("%s: the record has the failure %q", name, got)
		}
		res, _ := answer(func(w http.ResponseWriter, r *http.Request) { cpodkit.WriteError(w, r, cpodkit.CodeMissingToken) })
		if got := res.Header.Get("WWW-Authenticate"); got != c.bearer {
			t.Errorf("%s: challenge %s", name, got)
		}
	}
}
