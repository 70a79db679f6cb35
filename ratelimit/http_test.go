package ratelimit_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/ratelimit"
)

// routes serves the calls of a limiter. A token is "tenant/app", with the scope
// unless it ends in "!".
func routes(t testing.TB, driver ratelimit.Driver) http.Handler {
	t.Helper()
	find := webtest.Find(func(token string) *cpodkit.Identity {
		token, refused := strings.CutSuffix(token, "!")
		tenant, app, _ := strings.Cut(token, "/")
		id := &cpodkit.Identity{TenantID: tenant, AppID: app}
		if !refused {
			id.Scopes = cpodkit.Scopes{"ratelimit.write"}
		}
		return id
	})
	return webtest.Handler(newLimiter(t, driver).Routes(), find.Authenticate)
}

func post(t testing.TB, h http.Handler, token, path, body string) *webtest.Answer {
	t.Helper()
	return webtest.Call(t, h, http.MethodPost, "/v1/ratelimit/"+path, token, body)
}

func TestCheck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := routes(t, ratelimit.NewMemory())
		want := func(body, want string) {
			t.Helper()
			w := post(t, h, "t1/alpha", "check", body)
			if got := strings.TrimSpace(w.Body.String()); w.Code != http.StatusOK || got != want {
				t.Errorf("check %s = %d %s; want %s", body, w.Code, got, want)
			}
		}
		want(`{"key":"k","limit":3,"windowSeconds":60}`, `{"allowed":true,"limit":3,"remaining":2,"resetSeconds":20}`)
		want(`{"key":"k","limit":3,"windowSeconds":60,"cost":2}`, `{"allowed":true,"limit":3,"remaining":0,"resetSeconds":60}`)
		want(`{"key":"k","limit":3,"windowSeconds":60,"cost":2}`, `{"allowed":false,"limit":3,"remaining":0,"resetSeconds":60,"retryAfterSeconds":40}`)
		want(`{"key":"k","limit":3,"windowSeconds":60,"cost":0}`, `{"allowed":false,"limit":3,"remaining":0,"resetSeconds":60,"retryAfterSeconds":20}`)
		pass(time.Millisecond)
		want(`{"key":"k","limit":3,"windowSeconds":60}`, `{"allowed":false,"limit":3,"remaining":0,"resetSeconds":60,"retryAfterSeconds":20}`)
		pass(20*time.Second - time.Millisecond)
		want(`{"key":"k","limit":3,"windowSeconds":60,"cost":null}`, `{"allowed":true,"limit":3,"remaining":0,"resetSeconds":60}`)
		pass(30 * time.Second)
		want(`{"key":"k","limit":100,"windowSeconds":31536000,"cost":0}`, `{"allowed":true,"limit":100,"remaining":50,"resetSeconds":15768000}`)
		want(`{"key":"other","limit":1000000000,"windowSeconds":1}`, `{"allowed":true,"limit":1000000000,"remaining":999999999,"resetSeconds":1}`)
		for range 2 {
			if w := post(t, h, "t1/alpha", "reset", `{"key":"k"}`); w.Code != http.StatusNoContent || w.Body.Len() != 0 {
				t.Errorf("reset = %d %s", w.Code, w.Body)
			}
		}
		want(`{"key":"k","limit":3,"windowSeconds":60}`, `{"allowed":true,"limit":3,"remaining":2,"resetSeconds":20}`)
	})
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	h := routes(t, unreached{ratelimit.NewMemory(), t})
	field := func(name, value string) string {
		fields := map[string]string{"key": `"k"`, "limit": "10", "windowSeconds": "60", "cost": "1"}
		fields[name] = value
		return fmt.Sprintf(`{"key":%s,"limit":%s,"windowSeconds":%s,"cost":%s}`,
			fields["key"], fields["limit"], fields["windowSeconds"], fields["cost"])
	}
	long := strings.Repeat("k", 10<<10)
	for _, tt := range []struct {
		body     string
		code     cpodkit.Code
		pointers string
	}{
		{``, cpodkit.CodeBadRequest, ""},
		{`{`, cpodkit.CodeBadRequest, ""},
		{field("limit", "NaN"), cpodkit.CodeBadRequest, ""},
		{field("limit", "Infinity"), cpodkit.CodeBadRequest, ""},
		{field("limit", "010"), cpodkit.CodeBadRequest, ""},
		{`{}`, cpodkit.CodeValidationFailed, "/key /limit /windowSeconds"},
		{`{"key":null,"limit":null,"windowSeconds":null}`, cpodkit.CodeValidationFailed, "/key /limit /windowSeconds"},
		{`[]`, cpodkit.CodeValidationFailed, ""},
		{`{"key":"k","limit":1,"windowSeconds":1,"tenantId":"t2"}`, cpodkit.CodeValidationFailed, "/tenantId"},
		{`{"key":"k","key":"l","limit":1,"windowSeconds":1}`, cpodkit.CodeValidationFailed, "/key"},
		{field("key", `""`), cpodkit.CodeValidationFailed, "/key"},
		{field("key", `"`+long+`"`), cpodkit.CodeValidationFailed, "/key"},
		{field("key", `"`+long[:513]+`"`), cpodkit.CodeValidationFailed, "/key"},
		{field("key", `"a\u0000b"`), cpodkit.CodeValidationFailed, "/key"},
		{field("key", `"a\nb"`), cpodkit.CodeValidationFailed, "/key"},
		{field("key", `"a\u0085b"`), cpodkit.CodeValidationFailed, "/key"},
		{field("key", `1`), cpodkit.CodeValidationFailed, "/key"},
		{field("limit", "0"), cpodkit.CodeValidationFailed, "/limit"},
		{field("limit", "-1"), cpodkit.CodeValidationFailed, "/limit"},
		{field("limit", "1000000001"), cpodkit.CodeValidationFailed, "/limit"},
		{field("limit", "9223372036854775807"), cpodkit.CodeValidationFailed, "/limit"},
		{field("limit", "9223372036854775808"), cpodkit.CodeValidationFailed, "/limit"},
		{field("limit", "1e400"), cpodkit.CodeValidationFailed, "/limit"},
		{field("limit", "1.5"), cpodkit.CodeValidationFailed, "/limit"},
		{field("limit", `"10"`), cpodkit.CodeValidationFailed, "/limit"},
		{field("windowSeconds", "0"), cpodkit.CodeValidationFailed, "/windowSeconds"},
		{field("windowSeconds", "-60"), cpodkit.CodeValidationFailed, "/windowSeconds"},
		{field("windowSeconds", "0.5"), cpodkit.CodeValidationFailed, "/windowSeconds"},
		{field("windowSeconds", "31536001"), cpodkit.CodeValidationFailed, "/windowSeconds"},
		{field("windowSeconds", "9223372036854775807"), cpodkit.CodeValidationFailed, "/windowSeconds"},
		{field("cost", "-1"), cpodkit.CodeValidationFailed, "/cost"},
		{field("cost", "11"), cpodkit.CodeValidationFailed, "/cost"},
		{field("cost", "9223372036854775807"), cpodkit.CodeValidationFailed, "/cost"},
		{field("cost", "true"), cpodkit.CodeValidationFailed, "/cost"},
		{`{"key":"","limit":0,"windowSeconds":0,"cost":-1}`, cpodkit.CodeValidationFailed, "/cost /key /limit /windowSeconds"},
		{field("key", `"`+strings.Repeat("k", 64<<10)+`"`), cpodkit.CodePayloadTooLarge, ""},
	} {
		wantProblem(t, post(t, h, "t1/alpha", "check", tt.body), tt.code, tt.pointers)
	}
	for body, pointer := range map[string]string{`{}`: "/key", `{"key":""}`: "/key", `{"key":"k","limit":1}`: "/limit", `{"key":"` + long + `"}`: "/key"} {
		wantProblem(t, post(t, h, "t1/alpha", "reset", body), cpodkit.CodeValidationFailed, pointer)
	}
	body := field("cost", "1")
	wantProblem(t, post(t, h, "", "check", body), cpodkit.CodeMissingToken, "")
	wantProblem(t, post(t, h, "t1/alpha!", "check", body), cpodkit.CodeInvalidScope, "")
	wantProblem(t, post(t, h, "t1/alpha!", "reset", body), cpodkit.CodeInvalidScope, "")
	wantProblem(t, post(t, h, "t1/"+strings.Repeat("a", 65), "check", body), cpodkit.CodeForbidden, "")
}

// wantProblem checks the code of an error, and where in the body it is, in any order.
func wantProblem(t *testing.T, a *webtest.Answer, code cpodkit.Code, pointers string) {
	t.Helper()
	a.WantProblem(t, code)
	found := slices.DeleteFunc(a.Pointers(t), func(pointer string) bool { return pointer == "" })
	slices.Sort(found)
	if got := strings.Join(found, " "); got != pointers {
		t.Errorf("%s is wrong at %q; want %q", a, got, pointers)
	}
}

// No tenant, app and key reach the bucket of others, however they are cut.
func TestHandlesAreApart(t *testing.T) {
	t.Parallel()
	l := newLimiter(t, ratelimit.NewMemory())
	limit := ratelimit.Limit{Tokens: 1, Window: time.Hour}
	type owned struct{ tenant, app, key string }
	owners := []owned{
		{"t1", "a", "k"},
		{"t1", "a", "k "},
		{"t1", "b", "k"},
		{"t2", "a", "k"},
		{"t1", "a", "apps/b/k"},
		{"t1/apps/a", "b", "k"},
		{"t1", "a/apps", "k"},
		{"t1", "a", "../b/k"},
		{"t1", "a", "/k"},
		{"t1%2Fapps", "a", "k"},
		{"t1", "%61", "k"},
		{"$t1", "a", "k"},
		{"t1", "apps", "a/k"},
		{"t1", "A", "k"},
		{"t1", "a", "{t2}k"},
	}
	for _, p := range owners {
		h := l.For(cpodkit.Identity{TenantID: p.tenant, AppID: p.app, Scopes: cpodkit.Scopes{ratelimit.Scope}})
		if d, err := h.Take(t.Context(), p.key, limit, 1); err != nil || !d.Allowed {
			t.Errorf("%+v finds a bucket that another has emptied: %+v, %v", p, d, err)
		}
		if d, err := h.Peek(t.Context(), p.key, limit); err != nil || d.Allowed {
			t.Errorf("%+v does not find its own bucket again: %+v, %v", p, d, err)
		}
	}
}

func TestAttach(t *testing.T) {
	t.Parallel()
	l := newLimiter(t, ratelimit.NewMemory())
	served := 0
	h := l.Attach(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		served++
		_, identified := cpodkit.IdentityFromContext(r.Context())
		err := ratelimit.FromContext(r.Context()).Reset(r.Context(), "k")
		if identified && err != nil || !identified && !errors.Is(err, cpodkit.CodeMissingToken) {
			t.Errorf("with an identity %t: %v", identified, err)
		}
	}))
	ctx := cpodkit.WithIdentity(t.Context(), cpodkit.Identity{TenantID: "t", AppID: "a", Scopes: cpodkit.Scopes{ratelimit.Scope}})
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	if served != 2 {
		t.Errorf("%d requests were served; want 2", served)
	}
	if err := ratelimit.FromContext(ctx).Reset(ctx, "k"); !errors.Is(err, cpodkit.CodeMissingToken) {
		t.Errorf("without Attach: %v", err)
	}
}

func FuzzCheckBody(f *testing.F) {
	for _, seed := range []string{
		`{"key":"k","limit":3,"windowSeconds":60}`, `{"key":"k","limit":1e3,"windowSeconds":60,"cost":0}`,
		`{"key":"k","limit":-0,"windowSeconds":1}`, `{"key":"\ud800","limit":1000000000,"windowSeconds":31536000,"cost":1000000000}`,
		`{"key":"k","limit":NaN}`, `[[[[`, `{"limit":9223372036854775807,"windowSeconds":9223372036854775807,"key":"k"}`, "",
	} {
		f.Add(seed)
	}
	h := routes(f, sized(f, 1000))
	f.Fuzz(func(t *testing.T, body string) {
		for _, path := range []string{"check", "reset"} {
			w := post(t, h, "t1/alpha", path, body)
			switch w.Code {
			case http.StatusNoContent, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
				continue
			case http.StatusOK:
			default:
				t.Fatalf("%s = %d %s", path, w.Code, w.Body)
			}
			var answer struct {
				Allowed                                           bool
				Limit, Remaining, ResetSeconds, RetryAfterSeconds int64
			}
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
				t.Fatal(err)
			}
			if answer.Limit < 1 || answer.Limit > ratelimit.MaxTokens || answer.Remaining < 0 || answer.Remaining > answer.Limit ||
				answer.ResetSeconds < 0 || answer.ResetSeconds > int64(ratelimit.MaxWindow/time.Second) ||
				answer.Allowed != (answer.RetryAfterSeconds == 0) || answer.RetryAfterSeconds > answer.ResetSeconds {
				t.Errorf("%q is answered %s", body, w.Body)
			}
		}
	})
}
